/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which entries of the issuance log are for a key: 16 bytes an entry, so that a million
 * devices fit into the signer's memory. It keeps 8 bytes of the key's hash only; who asks
 * reads the entries and compares the whole hash. Not locked.
 */
#pragma once

#include <glib.h>

typedef struct LogIndex LogIndex;

LogIndex *log_index_new (void);
void log_index_free (LogIndex *index);

/* `key` has at least 8 bytes. A key may be added more than once. */
void log_index_add (LogIndex *index, const guint8 *key, guint64 place);

/* Calls `each` for all that was added, in no order; `prefix` has 8 bytes. */
typedef void (*LogIndexEach) (const guint8 *prefix, guint64 place, gpointer data);
void log_index_each (const LogIndex *index, LogIndexEach each, gpointer data);

/* The places added for keys that begin like `key`, as guint64; log_index_look() appends them. */
GArray *log_index_find (const LogIndex *index, const guint8 *key);
void log_index_look (const LogIndex *index, const guint8 *key, GArray *places);

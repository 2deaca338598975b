/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a stretch of the log says, in memory: the entries that the index on the disk does not cover
 * yet. Not locked.
 */
#pragma once

#include "ca/log/log-format.h"
#include "ca/log/log-index.h"
#include "ca/proof/merkle.h"

#define LOG_LEVELS 64 /* of the Merkle tree */

typedef struct {
  guint8 bytes[LOG_HASH];
} LogHash;

typedef struct {
  guint64 first;   /* place of its first entry */
  GArray *offsets; /* guint64 of each entry's frame */
  LogIndex *keys;
  GArray *nodes[LOG_LEVELS]; /* LogHash of each subtree above the leaves that became whole here; at
                                level n the first one is number `first` >> n */
  GArray *places[LOG_ENTRY_LAST + 1]; /* guint64 of entries by type; not of certificates */
  GHashTable *accounts;               /* GBytes → GBytes: see log-view.h */
} LogTail;

LogTail *log_tail_new (guint64 first);
void log_tail_free (LogTail *tail);

/* How many entries it has. */
guint64 log_tail_length (const LogTail *tail);

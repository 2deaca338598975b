/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which of many records have the same key, in flat memory: records go to unnamed temporary files,
 * those of one key to the same, and are sorted file by file. Errors are G_FILE_ERROR.
 */
#pragma once

#include <glib.h>

typedef struct {
  guint64 key; /* evenly spread: a hash */
  guint64 order;
  guint64 value;
  guint64 other;
} SpillRecord;

/* A new file without a name, for reading and writing; -1 with error. */
int spill_file (GError **error);

typedef struct Spill Spill;

Spill *spill_new (void);
void spill_free (Spill *spill);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Spill, spill_free)

gboolean spill_add (Spill *spill, SpillRecord record, GError **error);

/* The `n` records of one key, by order. FALSE with error ends it. */
typedef gboolean (*SpillGroup) (const SpillRecord *records, gsize n, gpointer data, GError **error);

/* Calls `group` for each key; the keys come in no order. */
gboolean spill_groups (Spill *spill, SpillGroup group, gpointer data, GError **error);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A layer below SQLite that counts syncs and lets the disk fail on order. Becomes the
 * default for every database that is opened afterwards.
 */
#pragma once

#include <glib.h>

typedef enum {
  FAULT_NONE,
  FAULT_NO_SPACE, /* every write fails as on a full disk */
  FAULT_SYNC,     /* every sync fails with EIO */
  FAULT_WRITE,    /* every write fails with EIO */
} Fault;

void fault_vfs_install (void);
void fault_vfs_set (Fault fault);
/* Bytes that were read from database, WAL and journal since the start. */
guint64 fault_vfs_bytes_read (void);
/* Syncs of WAL and database since the start. */
guint fault_vfs_syncs (void);

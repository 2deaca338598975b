/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whether a ledger's file is the very one that its last owner closed in order. Reading all of it to
 * find out that it is sound takes minutes in a large ledger; so that is done where a process was
 * killed, the power failed, or the file was copied or written to by somebody else. The mark,
 * PATH.clean, is there only while nobody has the ledger open for writing, and tells the file by its
 * inode, size and times: a copy is another file, and so is one that was put back.
 */
#pragma once

#include <glib.h>

/* To be asked before SQLite opens the file, whose WAL comes to life then. */
gboolean clean_mark_holds (const char *path);

/* Gone from the disk when this returns TRUE: to be done before the first byte is written. */
gboolean clean_mark_remove (const char *path, GError **error);

/* Damage was seen: this process leaves no mark any more. Any thread may call. */
void clean_mark_forbid (void);

/* For the file as it lies there now, closed and synced. Where it can't be left (the disk is full,
 * another process still reads, so that the WAL stays), the next start reads the whole file. */
void clean_mark_leave (const char *path);

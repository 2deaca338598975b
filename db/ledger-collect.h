/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is asked of a ledger's file alone: is it sound, and the evidence for an owner: all that ties
 * it to the signer's log and to its own events, as JSON lines (docs/evidence.md, "Ledger's
 * evidence"). Errors are LEDGER_ERROR, and G_FILE_ERROR for `fd`.
 */
#pragma once

#include "db/ledger.h"

/* One snapshot, in a connection of its own that only reads: the line goes on meanwhile. */
gboolean ledger_collect (Ledger *ledger, int fd, GError **error);

/* The same from a ledger that no station has open, say on a copy of a disk. Its -wal file must be
 * beside it, where there is one. */
gboolean ledger_file_collect (const char *path, int fd, GError **error);

/* Reads all of the file, and holds its indexes against its tables, in a connection that only reads:
 * a station may have it open. NOT_FOUND, NEWER_SCHEMA, CORRUPT with what is wrong. */
gboolean ledger_file_check (const char *path, GError **error);

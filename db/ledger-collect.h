/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The ledger's evidence for an owner: all that ties it to the signer's log and to its own events,
 * as JSON lines (docs/evidence.md, "Ledger's evidence"). Errors are LEDGER_ERROR, and G_FILE_ERROR
 * for `fd`.
 */
#pragma once

#include "db/ledger.h"

/* One snapshot, in a connection of its own that only reads: the line goes on meanwhile. */
gboolean ledger_collect (Ledger *ledger, int fd, GError **error);

/* The same from a ledger that no station has open, say on a copy of a disk. Its -wal file must be
 * beside it, where there is one. */
gboolean ledger_file_collect (const char *path, int fd, GError **error);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One export, with a line on standard error that says how far it is.
 */
#pragma once

#include "station/cli/cli.h"

/* Has the daemon write the manifest that `cli` speaks of to `fd`, or with --check what it would
 * leave out. `split`: it may be the first part of several; `after`: the id of the part before, 0
 * for the first. The summary, or NULL. */
GVariant *export_run (Cli *cli, int fd, gboolean split, gint64 after, GError **error);

/* "1200 of 5000 devices, 24%, 400/s, 10 s left" after `microseconds`; free with g_free(). */
char *export_progress_text (GVariant *progress, gint64 microseconds);

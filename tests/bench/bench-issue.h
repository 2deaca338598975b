/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the parts of bench-issue share. Whatever goes wrong ends the program.
 */
#pragma once

#include "ca/signer/signer.h"

void must (gboolean ok, const GError *error);

/* The files of `paths`, as GBytes. */
GPtrArray *read_requests (char **paths);

/* By its configuration file, to write. */
Signer *open_signer (const char *path);

/* Of the first profile. Free with g_free(). */
char *first_digest (Signer *signer);

/* The command `fill`; its words behind that. */
int run_fill (char **words);

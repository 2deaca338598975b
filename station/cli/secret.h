/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Badges and PINs: from a file, from standard input, or asked for on a terminal without echo. Never
 * from the command line, which every user of the machine can read.
 */
#pragma once

#include "station/cli/cli.h"

/* TRUE where a person sits at standard input. */
gboolean secret_can_ask (void);

/* The first line of `file`, "-" being standard input; where that is a terminal, `prompt` asks for
 * it. May be "". CLI_USAGE, or CLI_NOT_FOUND for a file that can't be read. Free with
 * secret_free(). */
char *secret_read (const char *file, const char *prompt, GError **error);

/* What the scanner sends before each code, by the file `screen_config`, is no part of a badge: the
 * screen takes it off, so it is taken off here too. */
void secret_take_prefix_off (char *badge, const char *screen_config);

/* Wipes it first; NULL is fine. */
void secret_free (char *secret);

typedef char *Secret;
G_DEFINE_AUTO_CLEANUP_FREE_FUNC (Secret, secret_free, NULL)

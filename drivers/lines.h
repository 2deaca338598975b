/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Text that a command line takes and answers, for dialects with a prompt. Pure.
 */
#pragma once

#include <glib.h>

/* TRUE where `line` is something, printable ASCII alone, and at most `most` bytes long: it can be
 * typed as one line and does nothing else. */
gboolean line_fits (const char *line, gsize most);

/* The first line of `answer` (lines end with LF) that starts with `text`, or NULL: points into
 * `answer`. */
const char *find_line (const char *answer, const char *text);

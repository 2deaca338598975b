/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A line that a person types and nobody sees.
 */
#pragma once

#include <glib.h>

/* TRUE where a person sits at standard input. */
gboolean silent_line_can_ask (void);

/* Writes `prompt` to standard error, and reads one line from the terminal at standard input into
 * `line`, NUL-ended and without its line end; the terminal does not show it, and there is no other
 * copy of it in this process. A line of `size` bytes or more is cut. G_FILE_ERROR where the
 * terminal can't be silenced or read. */
gboolean silent_line_read (const char *prompt, char *line, gsize size, GError **error);

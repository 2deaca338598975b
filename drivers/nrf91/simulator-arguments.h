/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The arguments of an AT command, as the simulated modem reads them.
 */
#pragma once

#include <glib.h>

/* What stands between commas, quotes taken off; a comma inside quotes is text. Of char *. */
GPtrArray *parse_arguments (const char *text);

/* NULL, or FALSE, where there is no such argument. */
const char *argument_text (GPtrArray *arguments, guint place);
gboolean argument_number (GPtrArray *arguments, guint place, guint64 most, guint64 *number);

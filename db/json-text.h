/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Text as JSON has it, where lines are written faster than a tree of nodes could be.
 */
#pragma once

#include <glib.h>

/* With its quotes; NULL is an empty string. */
void append_json_string (GString *text, const char *value);

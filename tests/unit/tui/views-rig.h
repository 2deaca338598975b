/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A view alone, without the frame around it: as large as the frame leaves it on a terminal of 80x24
 * or of 132x43.
 */
#pragma once

#include "tests/unit/tui/golden.h"
#include "tests/unit/tui/samples.h"

/* Draws `view` small and wide, in UTF-8, and small in ASCII, and compares with screens/NAME-80.txt,
 * NAME-132.txt and NAME-ascii.txt. Frees the model. */
void check_view (const View *view, const char *name, Model *model);

/* The same for what stands in front of a view: at 80x24 in both glyphs, and at 132x43. */
void check_dialog (const char *name, Model *model);

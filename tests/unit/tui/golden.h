/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Golden screens: what a model looks like, as text and as a map of styles, beside what it looked
 * like when somebody last agreed to it (screens/NAME.txt).
 *
 *   KEYCRADLE_WRITE_SCREENS=1 meson test -C build --suite tui     writes them anew; read the diff
 *   tests/unit/tui/show-screen NAME...                            shows them in colour
 */
#pragma once

#include "ui-tui/view.h"

typedef enum { GOLDEN_UTF8, GOLDEN_ASCII } GoldenGlyphs;

/* Fixes time zone and language; call it before anything is drawn (a checked fixture). */
void golden_setup (void);

/* Draws the whole screen of `model` at `width` x `height` and fails the test where it differs from
 * screens/NAME.txt. */
void golden_check (const char *name, Model *model, int width, int height, GoldenGlyphs glyphs);

/* The same for a canvas that was drawn already. */
void golden_check_canvas (const char *name, const Canvas *canvas);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The Chinese words of tiles and banners in characters of 7x10 dots, two dots in a cell.
 */
#pragma once

#include "ui-tui/canvas.h"

/* Draws `word` in the middle of `area` as large as it fits. FALSE where it has a character that is
 * not drawn here, where there is no room, or where the terminal has only ASCII: nothing is drawn.
 */
gboolean huge_characters_draw (Canvas *canvas, Area area, Style style, const char *word);

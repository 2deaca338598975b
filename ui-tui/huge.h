/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Words that are read from three metres: letters of 3x5 blocks (and of 6x9 where there is room).
 */
#pragma once

#include "ui-tui/canvas.h"

/* Draws `word` in the middle of `area` in the largest letters that fit: blocks ('#' in ASCII), or
 * plain strong text, spaced where there is room, for words or areas that no letter fits. */
void huge_draw (Canvas *canvas, Area area, Style style, const char *word);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the files of the canvas share.
 */
#pragma once

#include "ui-tui/canvas.h"

/* The part of `area` that is on the canvas. */
Area canvas_clip (const Canvas *canvas, Area area);

/* One character at a place of the canvas, if that is within `clip` (made by canvas_clip()); a wide
 * one that would stand there half becomes blank. */
void canvas_put (Canvas *canvas, Area clip, int row, int column, gunichar glyph, Style style);

/* What the canvas shows for a character that must take one column. */
gunichar canvas_glyph (const Canvas *canvas, gunichar glyph);

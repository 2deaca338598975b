/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a Style looks like: a table for each palette, with a column for terminals without colour.
 */
#pragma once

#include "ui-tui/canvas.h"

/* The eight colours, as every terminal numbers them, and the terminal's own. */
enum {
  COLOUR_OWN = -1,
  COLOUR_BLACK,
  COLOUR_RED,
  COLOUR_GREEN,
  COLOUR_YELLOW,
  COLOUR_BLUE,
  COLOUR_MAGENTA,
  COLOUR_CYAN,
  COLOUR_WHITE,
};

/* How letters look besides their colour. Nothing is told by LOOK_BOLD or LOOK_DIM alone: some
 * terminals show neither. */
typedef enum { LOOK_PLAIN, LOOK_BOLD, LOOK_DIM, LOOK_UNDERLINE, LOOK_REVERSE } Look;

typedef struct {
  gint8 letters; /* a colour */
  gint8 ground;
  guint8 look;       /* with these colours */
  guint8 monochrome; /* without colours */
} StyleLook;

/* By Style; an unknown palette is "standard". */
const StyleLook *style_looks (const char *palette);

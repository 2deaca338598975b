/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A line of facts of which the less important ones go where the line is too short.
 */
#pragma once

#include "ui-tui/canvas.h"

#define MOST_BAR_ITEMS 12

typedef struct {
  const char *label; /* translated; "" for none */
  char *text;
  Style style; /* of the text */
  guint rank;  /* the highest goes first; 0 stays */
} BarItem;

typedef struct {
  BarItem items[MOST_BAR_ITEMS];
  guint used;
  Style label_style;
  gboolean last_right; /* the last item stands at the right edge */
} Bar;

/* Takes `text`; NULL or "" adds nothing. */
void bar_add (Bar *bar, guint rank, const char *label, Style style, char *text);

/* Draws what fits, in the order of adding, and frees the texts. */
void bar_draw (Bar *bar, Canvas *canvas, Area area, int row);

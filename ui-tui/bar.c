/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See bar.h.
 */
#include "ui-tui/bar.h"

#include "ui-tui/text.h"

#define GAP 2

void
bar_add (Bar *bar, guint rank, const char *label, Style style, char *text)
{
  if (text == NULL || *text == '\0' || bar->used == MOST_BAR_ITEMS) {
    g_free (text);
    return;
  }
  bar->items[bar->used++] = (BarItem){ .label = label, .text = text, .style = style, .rank = rank };
}

static int
item_width (const BarItem *item)
{
  return text_width (item->text) + (*item->label != '\0' ? text_width (item->label) + 1 : 0);
}

static int
bar_width (const Bar *bar)
{
  int width = 1;

  for (guint i = 0; i < bar->used; i++)
    width += item_width (&bar->items[i]) + (i > 0 ? GAP : 0);
  return width;
}

static void
drop (Bar *bar, guint which)
{
  g_free (bar->items[which].text);
  bar->used--;
  for (guint i = which; i < bar->used; i++)
    bar->items[i] = bar->items[i + 1];
}

static void
drop_least (Bar *bar)
{
  guint least = 0;

  for (guint i = 1; i < bar->used; i++)
    if (bar->items[i].rank >= bar->items[least].rank)
      least = i;
  drop (bar, least);
}

void
bar_draw (Bar *bar, Canvas *canvas, Area area, int row)
{
  int column = 1;

  while (bar->used > 1 && bar_width (bar) > area.width)
    drop_least (bar);
  for (guint i = 0; i < bar->used; i++) {
    const BarItem *item = &bar->items[i];

    if (bar->last_right && i + 1 == bar->used)
      column = area.width - item_width (item) - 1;
    if (*item->label != '\0')
      column += canvas_text (canvas, area, row, column, -1, bar->label_style, item->label) + 1;
    column += canvas_text (canvas, area, row, column, -1, item->style, item->text) + GAP;
  }
  while (bar->used > 0)
    drop (bar, bar->used - 1);
}

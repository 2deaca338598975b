/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Any bytes as text, drawn anywhere: nothing outside its area changes, no wide character stands
 * half, and no more columns and lines are used than are there.
 */
#include "ui-tui/canvas.h"
#include "ui-tui/text.h"

#define GROUND '.'

/* What the first bytes of the input decide. */
typedef struct {
  gint8 height;
  gint8 width;
  Area area;
  int row;
  int column;
  int room;
  guint8 what;
  gboolean ascii;
} Order;

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

static gboolean
is_in (Area area, int row, int column)
{
  return row >= area.row && row - area.row < area.height && column >= area.column
         && column - area.column < area.width;
}

/* A wide character of the ground's would be parted by what is drawn, so it has none. */
static void
expect_within (const Canvas *canvas, Area area)
{
  for (int row = 0; row < canvas->height; row++)
    for (int column = 0; column < canvas->width; column++) {
      const gunichar glyph = canvas_cell (canvas, row, column).glyph;
      const gunichar before = column > 0 ? canvas_cell (canvas, row, column - 1).glyph : ' ';

      if (!is_in (area, row, column) && glyph != GROUND)
        g_abort ();
      if ((glyph == 0) != (glyph_width (before) == 2))
        g_abort ();
      if (glyph != 0 && (glyph_width (glyph) == 0 || (canvas->ascii && glyph >= 0x7f)))
        g_abort ();
    }
}

static void
draw (Canvas *canvas, const Order *order, const char *text)
{
  const Area area = order->area;
  int used = 0;

  switch (order->what % 8) {
  case 0:
    used = canvas_text (canvas, area, order->row, order->column, order->room, STYLE_FAIL, text);
    break;
  case 1:
    used = canvas_text_right (canvas, area, order->row, STYLE_FAIL, text);
    break;
  case 2:
    used = canvas_text_middle (canvas, area, order->row, STYLE_FAIL, text);
    break;
  case 3:
    used = canvas_paragraph (canvas, area, order->row, STYLE_FAIL, text);
    if (used > MAX (area.height - order->row, 0))
      g_abort ();
    used = 0;
    break;
  case 4:
    canvas_box (canvas, area, order->room % 2 == 0 ? BOX_SINGLE : BOX_DOUBLE, STYLE_FAIL);
    canvas_rule (canvas, area, order->row, STYLE_FAIL);
    break;
  case 5:
    canvas_pattern (canvas, area, (Pattern)ABS (order->room % 5), STYLE_FAIL);
    break;
  case 6:
    canvas_bar (canvas, area, order->row, order->column, order->room, (guint64)order->row, 7,
                STYLE_FAIL);
    break;
  case 7:
    canvas_fill (canvas, area, g_utf8_get_char_validated (text, -1), STYLE_FAIL);
    break;
  }
  if (used < 0 || used > MAX (area.width - (order->what % 8 == 0 ? order->column : 0), 0))
    g_abort ();
}

/* Every cut of a run of glyphs measures what it draws. */
static void
expect_measured (const Canvas *canvas, const char *text)
{
  const int width = canvas_text_width (canvas, text);
  g_autoptr (Canvas) wide = canvas_new (1, width, canvas->ascii);

  if (canvas_text (wide, canvas_area (wide), 0, 0, -1, STYLE_NORMAL, text) != width)
    g_abort ();
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  if (size < 10)
    return 0;
  const gint8 *numbers = (const gint8 *)data;
  const Order order = { .height = numbers[0],
                        .width = numbers[1],
                        .area = { numbers[2], numbers[3], numbers[4], numbers[5] },
                        .row = numbers[6],
                        .column = numbers[7],
                        .room = numbers[8],
                        .what = data[9] & 7,
                        .ascii = (data[9] & 8) != 0 };
  g_autoptr (Canvas) canvas = canvas_new (order.height, order.width, order.ascii);
  g_autofree char *text = g_strndup ((const char *)data + 10, size - 10);

  canvas_fill (canvas, canvas_area (canvas), GROUND, STYLE_NORMAL);
  draw (canvas, &order, text);
  expect_within (canvas, order.area);
  expect_measured (canvas, text);
  return 0;
}

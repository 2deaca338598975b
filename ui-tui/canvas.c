/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The grid itself: size, areas, single cells. A wide character stands in two cells, the right one
 * with glyph 0; who overwrites one half blanks the other, so that no half is ever left over.
 */
#include "ui-tui/canvas-private.h"

#include "ui-tui/text.h"

Canvas *
canvas_new (int height, int width, gboolean ascii)
{
  Canvas *canvas = g_new0 (Canvas, 1);

  canvas->ascii = ascii;
  canvas_resize (canvas, height, width);
  return canvas;
}

void
canvas_free (Canvas *canvas)
{
  if (canvas == NULL)
    return;
  canvas_forget (canvas);
  g_free (canvas->cells);
  g_free (canvas);
}

void
canvas_resize (Canvas *canvas, int height, int width)
{
  canvas->height = MAX (height, 0);
  canvas->width = MAX (width, 0);
  canvas_forget (canvas);
  g_free (canvas->cells);
  canvas->cells = g_new (Cell, (gsize)canvas->height * (gsize)canvas->width);
  canvas_clear (canvas);
}

void
canvas_clear (Canvas *canvas)
{
  const gsize count = (gsize)canvas->height * (gsize)canvas->width;

  for (gsize i = 0; i < count; i++)
    canvas->cells[i] = (Cell){ ' ', STYLE_NORMAL };
  canvas->cursor_row = -1;
  canvas->cursor_column = -1;
}

/* ---- areas ---- */

Area
canvas_area (const Canvas *canvas)
{
  return (Area){ 0, 0, canvas->height, canvas->width };
}

Area
area_top (Area area, int rows)
{
  area.height = CLAMP (rows, 0, MAX (area.height, 0));
  return area;
}

Area
area_below (Area area, int rows)
{
  const int skipped = CLAMP (rows, 0, MAX (area.height, 0));

  area.row += skipped;
  area.height -= skipped;
  return area;
}

Area
area_inside (Area area, int rows, int columns)
{
  area.row += rows;
  area.column += columns;
  area.height = MAX (area.height - 2 * rows, 0);
  area.width = MAX (area.width - 2 * columns, 0);
  return area;
}

Area
canvas_clip (const Canvas *canvas, Area area)
{
  const int bottom = MIN (area.row + area.height, canvas->height);
  const int right = MIN (area.column + area.width, canvas->width);

  area.row = MAX (area.row, 0);
  area.column = MAX (area.column, 0);
  area.height = MAX (bottom - area.row, 0);
  area.width = MAX (right - area.column, 0);
  return area;
}

/* ---- cells ---- */

static Cell *
cell_at (const Canvas *canvas, int row, int column)
{
  return &canvas->cells[(gsize)row * (gsize)canvas->width + (gsize)column];
}

static gboolean
is_within (Area area, int row, int column)
{
  return row >= area.row && row < area.row + area.height && column >= area.column
         && column < area.column + area.width;
}

Cell
canvas_cell (const Canvas *canvas, int row, int column)
{
  if (!is_within (canvas_area (canvas), row, column))
    return (Cell){ ' ', STYLE_NORMAL };
  return *cell_at (canvas, row, column);
}

/* Makes a cell free to be written: the other half of a wide character that stands there goes. */
static void
part_wide (Canvas *canvas, int row, int column)
{
  Cell *cell = cell_at (canvas, row, column);

  if (cell->glyph == 0 && column > 0)
    cell[-1].glyph = ' ';
  else if (column + 1 < canvas->width && cell[1].glyph == 0)
    cell[1].glyph = ' ';
}

void
canvas_put (Canvas *canvas, Area clip, int row, int column, gunichar glyph, Style style)
{
  const gboolean wide = glyph_width (glyph) == 2;

  if (wide && is_within (clip, row, column) != is_within (clip, row, column + 1)) {
    canvas_put (canvas, clip, row, column, ' ', style);
    canvas_put (canvas, clip, row, column + 1, ' ', style);
    return;
  }
  if (!is_within (clip, row, column))
    return;
  part_wide (canvas, row, column);
  *cell_at (canvas, row, column) = (Cell){ glyph, (guint8)style };
  if (!wide)
    return;
  part_wide (canvas, row, column + 1);
  *cell_at (canvas, row, column) = (Cell){ glyph, (guint8)style };
  *cell_at (canvas, row, column + 1) = (Cell){ 0, (guint8)style };
}

gunichar
canvas_glyph (const Canvas *canvas, gunichar glyph)
{
  if (canvas->ascii && glyph >= 0x7f)
    glyph = (gunichar)glyph_to_ascii (glyph)[0];
  return glyph_width (glyph) == 1 ? glyph : ' ';
}

void
canvas_fill (Canvas *canvas, Area area, gunichar glyph, Style style)
{
  const Area clip = canvas_clip (canvas, area);
  const gunichar shown = canvas_glyph (canvas, glyph);

  for (int row = clip.row; row < clip.row + clip.height; row++)
    for (int column = clip.column; column < clip.column + clip.width; column++)
      canvas_put (canvas, clip, row, column, shown, style);
}

void
canvas_paint (Canvas *canvas, Area area, Style style)
{
  const Area clip = canvas_clip (canvas, area);

  for (int row = clip.row; row < clip.row + clip.height; row++)
    for (int column = clip.column; column < clip.column + clip.width; column++)
      cell_at (canvas, row, column)->style = (guint8)style;
}

void
canvas_grey (Canvas *canvas, Area area)
{
  canvas_paint (canvas, area, STYLE_QUIET);
}

/* ---- for tests and pictures ---- */

char *
canvas_to_text (const Canvas *canvas)
{
  GString *text = g_string_new (NULL);

  for (int row = 0; row < canvas->height; row++) {
    const gsize start = text->len;
    gsize end = start;

    for (int column = 0; column < canvas->width; column++) {
      const gunichar glyph = cell_at (canvas, row, column)->glyph;

      if (glyph != 0)
        g_string_append_unichar (text, glyph);
      if (glyph != ' ')
        end = text->len;
    }
    g_string_truncate (text, end);
    g_string_append_c (text, '\n');
  }
  return g_string_free (text, FALSE);
}

char *
canvas_styles_to_text (const Canvas *canvas)
{
  GString *text = g_string_new (NULL);

  for (int row = 0; row < canvas->height; row++) {
    for (int column = 0; column < canvas->width; column++) {
      const guint8 style = cell_at (canvas, row, column)->style;

      g_string_append_c (text, style == STYLE_NORMAL ? '.' : (char)('a' + style - 1));
    }
    g_string_append_c (text, '\n');
  }
  return g_string_free (text, FALSE);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See parts.h.
 */
#include "ui-tui/parts.h"

#include "ui-tui/language.h"
#include "ui-tui/text.h"

#define MARKER_COLUMNS 2 /* "> " in front of the selected row */
#define GAP 2            /* between columns, and between a fact's name and value */

/* ---- tables ---- */

static gboolean
column_is_shown (const Column *column, Area area)
{
  return area.width >= column->from;
}

static int
column_width (const Column *column)
{
  return MAX (column->width, text_width (_ (column->title)));
}

/* What the column without a width of its own gets. */
static int
rest_of_columns (Area area, const Column *columns)
{
  int rest = area.width - MARKER_COLUMNS;

  for (const Column *column = columns; column->title != NULL; column++)
    if (column_is_shown (column, area) && column->width != 0)
      rest -= column_width (column) + GAP;
  return MAX (rest - 1, 0);
}

/* What is left when a text is cut at its beginning. */
static const char *
tail_that_fits (const char *text, int width)
{
  while (*text != '\0' && text_width (text) > width)
    text = g_utf8_next_char (text);
  return text;
}

static void
draw_cell (Canvas *canvas, Area area, int row, int start, int width, const Column *column,
           Style style, const char *text)
{
  if (column->right && text_width (text) < width)
    start += width - text_width (text);
  if (!column->tail || text_width (text) <= width || width < 2) {
    canvas_text (canvas, area, row, start, width, style, text);
    return;
  }
  canvas_text (canvas, area, row, start, 1, style, canvas->ascii ? "~" : "…");
  canvas_text (canvas, area, row, start + 1, width - 1, style, tail_that_fits (text, width - 1));
}

static void
draw_row (Canvas *canvas, Area area, int row, const Column *columns, Style style,
          const char *const *texts)
{
  const int rest = rest_of_columns (area, columns);
  int start = MARKER_COLUMNS;

  for (guint i = 0; columns[i].title != NULL; i++) {
    const Column *column = &columns[i];
    const int width = column->width == 0 ? rest : column_width (column);
    const char *text = texts != NULL ? texts[i] : _ (column->title);

    if (!column_is_shown (column, area))
      continue;
    if (text != NULL)
      draw_cell (canvas, area, row, start, width, column, style, text);
    start += width + GAP;
  }
}

void
table_head (Canvas *canvas, Area area, int row, const Column *columns)
{
  draw_row (canvas, area, row, columns, STYLE_QUIET, NULL);
}

void
table_row (Canvas *canvas, Area area, int row, const Column *columns, gboolean selected,
           const char *const *texts)
{
  draw_row (canvas, area, row, columns, STYLE_NORMAL, texts);
  if (!selected || row < 0 || row >= area.height)
    return;
  canvas_text (canvas, area, row, 0, 1, STYLE_STRONG, ">");
  canvas_paint (canvas, (Area){ area.row + row, area.column, 1, area.width }, STYLE_SELECTED);
}

/* ---- facts ---- */

static gboolean
is_known (const Fact *fact)
{
  return fact->value != NULL && *fact->value != '\0';
}

static int
widest_label (const Fact *facts)
{
  int widest = 0;

  for (const Fact *fact = facts; fact->label != NULL; fact++)
    if (is_known (fact))
      widest = MAX (widest, text_width (fact->label));
  return widest;
}

int
facts_draw (Canvas *canvas, Area area, int row, const Fact *facts)
{
  const int start = 1 + widest_label (facts) + GAP;
  const int first = row;

  for (const Fact *fact = facts; fact->label != NULL && row < area.height; fact++) {
    if (!is_known (fact))
      continue;
    canvas_text (canvas, area, row, 1, -1, STYLE_QUIET, fact->label);
    row += MAX (
        1, canvas_paragraph (canvas, area_right (area, start), row, STYLE_NORMAL, fact->value));
  }
  return row - first;
}

Area
area_right (Area area, int columns)
{
  columns = CLAMP (columns, 0, area.width);
  return (Area){ area.row, area.column + columns, area.height, area.width - columns };
}

void
heading_draw (Canvas *canvas, Area area, int row, const char *title, const char *right)
{
  g_autofree char *spaced = g_strdup_printf (" %s ", title);

  canvas_rule (canvas, area, row, STYLE_QUIET);
  canvas_text (canvas, area, row, 1, area.width - 2, STYLE_STRONG, spaced);
  if (right == NULL || text_width (spaced) + text_width (right) + 5 > area.width)
    return;
  g_autofree char *spaced_right = g_strdup_printf (" %s ", right);
  Area inside = { area.row, area.column, area.height, area.width - 1 };
  canvas_text_right (canvas, inside, row, STYLE_NORMAL, spaced_right);
}

void
filter_draw (Canvas *canvas, Area area, int row, const Model *model, guint shown)
{
  const char *filter = model->lists[model->view].filter;
  g_autofree char *hits = g_strdup_printf (
      ngettext ("%u line has these words", "%u lines have these words", shown), shown);
  const int room = area.width - text_width (hits) - 6;
  int used = 1 + canvas_text (canvas, area, row, 1, -1, STYLE_QUIET, _ ("Find:")) + 1;
  const int start = used;

  canvas_fill (canvas, (Area){ area.row + row, area.column + start, 1, MAX (room - start, 1) }, ' ',
               STYLE_INPUT);
  used += canvas_text (canvas, area, row, start, MAX (room - start, 1), STYLE_INPUT,
                       filter != NULL ? filter : "");
  canvas_text_right (canvas, (Area){ area.row, area.column, area.height, area.width - 1 }, row,
                     STYLE_NORMAL, hits);
  if (!model->filtering)
    return;
  canvas->cursor_row = area.row + row;
  canvas->cursor_column = area.column + MIN (used, area.width - 1);
}

int
paragraph_lines (const char *text, int width, int most)
{
  if (width <= 0 || most <= 0)
    return 0;

  g_autoptr (Canvas) scratch = canvas_new (most, width, FALSE);
  return canvas_paragraph (scratch, canvas_area (scratch), 0, STYLE_NORMAL, text);
}

/* ---- words ---- */

const char *
key_name (Request request)
{
  const Key *key = key_of_request (request);

  return key != NULL ? _ (key->key_name) : "";
}

char *
done_words (const BatchLine *batch)
{
  if (batch->target == 0)
    return g_strdup_printf ("%u", batch->passed);
  return g_strdup_printf ("%u/%u", batch->passed, batch->target);
}

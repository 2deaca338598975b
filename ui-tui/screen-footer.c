/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The lines at the bottom that take and answer what the operator does: notice, scan field, keys.
 */
#include "ui-tui/keys.h"
#include "ui-tui/language.h"
#include "ui-tui/parts.h"
#include "ui-tui/screen-parts.h"
#include "ui-tui/text.h"

/* ---- the notice ---- */

#define MOST_NOTICE_LINES 4

static Style
notice_style (NoticeKind kind)
{
  switch (kind) {
  case NOTICE_INFORMATION:
    return STYLE_STRONG;
  case NOTICE_GOOD:
    return STYLE_PASS;
  case NOTICE_BAD:
    return STYLE_FAIL;
  }
  return STYLE_NORMAL;
}

/* A sentence is shown to its end: it has as many rows as it needs, up from the last one of the
 * area. */
static void
draw_sentence (Canvas *canvas, Area area, Style style, const char *text, int most)
{
  const int lines = MIN (paragraph_lines (text, area.width - 2, most), area.height);
  const Area rows = area_below (area, area.height - lines);

  canvas_fill (canvas, rows, ' ', style);
  canvas_paragraph (canvas, area_inside (rows, 0, 1), 0, style, text);
}

void
notice_draw (const Model *model, Canvas *canvas, Area area)
{
  g_autofree char *marked = NULL;
  g_autofree char *failure = NULL;
  const char *text = model->notice;
  Style style = notice_style (model->notice_kind);

  if (text == NULL && model->view != VIEW_LINE) {
    text = failure = line_failure_text (model);
    style = STYLE_FAIL;
  }
  if (text == NULL)
    return;
  marked = g_strdup_printf (style == STYLE_FAIL ? "! %s" : "%s", text);
  draw_sentence (canvas, area, style, marked, failure != NULL ? 1 : MOST_NOTICE_LINES);
}

/* ---- the scan field ---- */

/* What is to be scanned now, where the field is empty. */
static const char *
scan_hint (const Model *model)
{
  const BatchLine *batch = model_running_batch (model);

  if (model->locked || (model->health.operators > 0 && model->health.operator_name == NULL))
    return _ ("(your badge)");
  if (batch == NULL || batch_is_done (batch))
    return _ ("(a batch's name)");
  return batch->serial_scan ? _ ("(a unit's serial number)") : "";
}

static void
draw_last_scan (const Model *model, Canvas *canvas, Area area, int from)
{
  g_autofree char *text = NULL;

  if (model->health.next_serial != NULL)
    text = g_strdup_printf (_ ("INSERT UNIT %s"), model->health.next_serial);
  else if (model->last_scan != NULL)
    text = g_strdup_printf (_ ("LAST SCAN %s"), model->last_scan);
  if (text == NULL || area.width - from < 12)
    return;
  canvas_text (canvas, area, 0, from, area.width - from - 1,
               model->health.next_serial != NULL ? STYLE_ATTENTION : STYLE_STRONG, text);
}

void
scan_field_draw (const Model *model, Canvas *canvas, Area area)
{
  const int label = canvas_printf (canvas, area, 0, 1, -1, STYLE_STRONG, "%s ", _ ("SCAN>")) + 1;
  Area field = { area.row, area.column + label, 1, MAX (MIN (area.width - label - 1, 32), 0) };
  const gboolean empty = model->scan->len == 0;
  int used;

  canvas_fill (canvas, field, ' ', STYLE_INPUT);
  used = canvas_text (canvas, field, 0, 0, field.width - 1, STYLE_INPUT, model->scan->str);
  if (empty && !model->typing)
    canvas_text (canvas, field, 0, 1, field.width - 2, STYLE_INPUT, scan_hint (model));
  canvas->cursor_row = field.row;
  canvas->cursor_column = field.column + used;
  draw_last_scan (model, canvas, area, label + field.width + 2);
}

/* ---- the keys ---- */

/* The key of the view that is shown already needs no room; a locked screen takes nothing but a
 * code.
 */
static gboolean
is_in_footer (const Model *model, const Key *key)
{
  if (model->locked)
    return key->request == REQUEST_TYPE;
  return key->footer && (key->views & IN_VIEW (model->view)) != 0
         && key->request != request_of_view (model->view);
}

static gboolean
needs_supervisor (const Model *model, const Key *key)
{
  return key->supervisor && g_strcmp0 (model->health.role, "supervisor") != 0;
}

static int
key_width (const Model *model, const Key *key)
{
  return text_width (_ (key->key_name)) + 1 + text_width (_ (key->label))
         + (needs_supervisor (model, key) ? 1 : 0);
}

static int
footer_width (const Model *model, int gap)
{
  int width = -gap;

  for (const Key *key = key_table; key->request != REQUEST_NONE; key++)
    if (is_in_footer (model, key))
      width += key_width (model, key) + gap;
  return width;
}

static void
draw_key (const Model *model, Canvas *canvas, Area area, int column, const Key *key)
{
  column += canvas_text (canvas, area, 0, column, -1, STYLE_KEY, _ (key->key_name));
  canvas_printf (canvas, area, 0, column, -1, STYLE_LABEL, " %s%s", _ (key->label),
                 needs_supervisor (model, key) ? "*" : "");
}

void
footer_draw (const Model *model, Canvas *canvas, Area area)
{
  const int gap = footer_width (model, 2) <= area.width ? 2 : 1;
  const char *legend = _ ("* supervisor");
  gboolean marked = FALSE;
  int column = 0;

  for (const Key *key = key_table; key->request != REQUEST_NONE; key++) {
    if (!is_in_footer (model, key))
      continue;
    if (column + key_width (model, key) > area.width)
      break;
    draw_key (model, canvas, area, column, key);
    column += key_width (model, key) + gap;
    marked |= needs_supervisor (model, key);
  }
  if (marked && column + text_width (legend) <= area.width)
    canvas_text_right (canvas, area, 0, STYLE_QUIET, legend);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The whole screen. Lines that tell (header, health) and lines that are acted on (notice, scan
 * field, keys) stand where they always stand; the view has what is left. What covers the view makes
 * it smaller and hides nothing of it.
 */
#include "ui-tui/huge.h"
#include "ui-tui/language.h"
#include "ui-tui/parts.h"
#include "ui-tui/screen-parts.h"

#define LEAST_WIDTH 40
#define LEAST_HEIGHT 12
/* Below this the line of health shows only when something is wrong. */
#define HEALTH_HEIGHT 14

/* ---- what covers the view ---- */

Cover
cover_of (const Model *model)
{
  if (!model->connected)
    return COVER_DISCONNECTED;
  return model->locked ? COVER_LOCKED : COVER_NONE;
}

int
cover_rows (Cover cover, Area area)
{
  switch (cover) {
  case COVER_NONE:
    return 0;
  case COVER_LOCKED:
    return area.height >= 14 ? 8 : 4;
  case COVER_DISCONNECTED:
    return area.height >= 14 ? 9 : 4;
  }
  return 0;
}

static void
draw_cover (Canvas *canvas, Area area, Style style, const char *word, const char *text)
{
  const gboolean boxed = area.height >= 6;
  const Area inside = boxed ? area_inside (area, 1, 2) : area;
  const int lines = paragraph_lines (text, inside.width, boxed ? 2 : 3);

  canvas_fill (canvas, area, ' ', style);
  if (boxed)
    canvas_box (canvas, area, BOX_DOUBLE, style);
  huge_draw (canvas, area_top (inside, inside.height - lines), style, word);
  canvas_paragraph (canvas, area_below (inside, inside.height - lines), 0, style, text);
}

void
cover_draw (const Model *model, Canvas *canvas, Area area)
{
  g_autofree char *text = NULL;

  if (model->connected) {
    draw_cover (canvas, area, STYLE_DIALOG, _ ("SCAN YOUR BADGE"),
                _ ("Nobody is signed in. The slots go on with their units."));
    return;
  }
  /* what to do comes first: the reason may be long, and is the engineer's */
  text = g_strdup_printf ("%s %s", _ ("Leave units in; this screen comes back by itself."),
                          model->disconnected_because != NULL ? model->disconnected_because
                                                              : _ ("The station does not answer."));
  draw_cover (canvas, area, STYLE_ALARM, _ ("NO STATION"), text);
}

/* ---- the layout ---- */

static Area
take_bottom (Area *area, int rows)
{
  Area taken = area_below (*area, area->height - rows);

  *area = area_top (*area, area->height - rows);
  return taken;
}

/* Locked, the tiles are what can be shown to everybody. */
static void
draw_view (Model *model, Canvas *canvas, Area area)
{
  const View *view = model->locked ? &view_line : view_of_kind (model->view);

  view->draw (model, canvas, area);
}

/* The Line view's own last line and the notice share a row: a notice goes away, a FAIL stays. */
static void
draw_middle (Model *model, Canvas *canvas, Area area)
{
  const gboolean line = model->locked || model->view == VIEW_LINE;
  const Cover cover = cover_of (model);
  const int covered = cover_rows (cover, area);
  const Area whole = area;

  if (!line)
    area = area_top (area, area.height - 1);
  draw_view (model, canvas, area_below (area, covered));
  notice_draw (model, canvas, whole);
}

/* Before the station has said its first word, nothing can be said of batch, slots or health. */
static gboolean
is_known (const Model *model)
{
  return model->connected || model->health.station != NULL;
}

static void
draw_all (Model *model, Canvas *canvas)
{
  Area left = canvas_area (canvas);
  const Area whole = left;
  Area footer = take_bottom (&left, 1);
  Area middle;

  footer_draw (model, canvas, footer);
  if (!is_known (model)) {
    header_draw (model, canvas, area_top (left, HEADER_ROWS));
    middle = area_below (left, HEADER_ROWS);
    cover_draw (model, canvas, area_top (middle, cover_rows (COVER_DISCONNECTED, middle)));
    notice_draw (model, canvas, middle);
    dialog_draw (model, canvas);
    return;
  }
  if (canvas->height >= HEALTH_HEIGHT || health_has_problem (model))
    health_draw (model, canvas, take_bottom (&left, 1));
  scan_field_draw (model, canvas, take_bottom (&left, 1));
  header_draw (model, canvas, area_top (left, HEADER_ROWS));
  middle = area_below (left, HEADER_ROWS);
  draw_middle (model, canvas, middle);
  if (!model->connected)
    canvas_grey (canvas, whole);
  if (cover_of (model) != COVER_NONE)
    cover_draw (model, canvas, area_top (middle, cover_rows (cover_of (model), middle)));
  dialog_draw (model, canvas);
}

void
screen_draw (Model *model, Canvas *canvas)
{
  canvas_clear (canvas);
  if (canvas->width < LEAST_WIDTH || canvas->height < LEAST_HEIGHT) {
    canvas_paragraph (canvas, canvas_area (canvas), 0, STYLE_STRONG,
                      _ ("This window is too small: make it at least 40 columns wide and 12 lines "
                         "high."));
    return;
  }
  draw_all (model, canvas);
}

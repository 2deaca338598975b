/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whether the station is well: what is wrong and what to do about it first, then what is right,
 * then the certificate authority itself.
 */
#include "ui-tui/health-checks.h"
#include "ui-tui/language.h"
#include "ui-tui/parts.h"
#include "ui-tui/text.h"
#include "ui-tui/view.h"

#define WORD_COLUMNS 6
#define TITLE_COLUMNS 16
#define BAR_COLUMNS 30

/* ---- checks ---- */

static const char *
verdict_label (CheckVerdict verdict)
{
  switch (verdict) {
  case CHECK_OK:
    return _ ("OK");
  case CHECK_LOOK:
    return _ ("LOOK");
  case CHECK_STOP:
    return _ ("STOP");
  }
  return "?";
}

static Style
verdict_style (CheckVerdict verdict)
{
  switch (verdict) {
  case CHECK_OK:
    return STYLE_NORMAL;
  case CHECK_LOOK:
    return STYLE_WARNING;
  case CHECK_STOP:
    return STYLE_ALARM;
  }
  return STYLE_NORMAL;
}

static int
widest_title (const GPtrArray *checks)
{
  int widest = TITLE_COLUMNS;

  for (guint i = 0; i < checks->len; i++)
    widest = MAX (widest, text_width (((HealthCheck *)g_ptr_array_index (checks, i))->title) + 2);
  return widest;
}

/* Returns the lines used. */
static int
draw_check (Canvas *canvas, Area area, int row, const HealthCheck *check, int title_columns)
{
  const Style style = verdict_style (check->verdict);
  const int start = 1 + WORD_COLUMNS + title_columns;
  const Area texts = area_right (area, start);
  int used;

  canvas_text (canvas, area, row, 1, WORD_COLUMNS, style, verdict_label (check->verdict));
  canvas_text (canvas, area, row, 1 + WORD_COLUMNS, title_columns - 1,
               check->verdict == CHECK_OK ? STYLE_NORMAL : STYLE_STRONG, check->title);
  used = canvas_paragraph (canvas, texts, row, STYLE_NORMAL, check->found);
  if (check->advice != NULL && row + used < area.height)
    used += canvas_paragraph (canvas, texts, row + used, STYLE_QUIET, check->advice);
  return MAX (used, 1);
}

static int
check_lines (const HealthCheck *check, int width)
{
  return MAX (1, paragraph_lines (check->found, width, 20))
         + (check->advice != NULL ? paragraph_lines (check->advice, width, 20) : 0);
}

static int
all_lines (const GPtrArray *checks, Area area)
{
  const int width = area.width - 1 - WORD_COLUMNS - widest_title (checks);
  int lines = 0;

  for (guint i = 0; i < checks->len; i++)
    lines += check_lines (g_ptr_array_index (checks, i), width);
  return lines;
}

static char *
summary_words (const GPtrArray *checks)
{
  guint wrong = 0;

  for (guint i = 0; i < checks->len; i++)
    wrong += ((HealthCheck *)g_ptr_array_index (checks, i))->verdict != CHECK_OK;
  if (wrong == 0)
    return g_strdup (_ ("all is well"));
  return g_strdup_printf (ngettext ("%u thing to look at", "%u things to look at", wrong), wrong);
}

/* All of them, or as many as fit from the selected one on, so that each can be reached. Returns the
 * lines used. */
static int
draw_checks (Canvas *canvas, Area area, Model *model, const GPtrArray *checks)
{
  g_autofree char *summary = summary_words (checks);
  const int title_columns = widest_title (checks);
  const gboolean fits = all_lines (checks, area) < area.height;
  const Area part = area_top (area, fits ? area.height : area.height - 1);
  int row = 1;

  heading_draw (canvas, area, 0, _ ("Health"), summary);
  model->health_fits = fits;
  for (guint i = fits ? 0 : MIN (model->lists[VIEW_CA].selected, checks->len - 1);
       i < checks->len && row < part.height; i++)
    row += draw_check (canvas, part, row, g_ptr_array_index (checks, i), title_columns);
  if (fits)
    return row;
  canvas_printf (canvas, area, area.height - 1, 1, -1, STYLE_LABEL, _ ("%s and %s show more"),
                 key_name (REQUEST_DOWN), key_name (REQUEST_UP));
  return area.height;
}

/* ---- the authority ---- */

static void
draw_validity (Canvas *canvas, Area area, int row, const Model *model)
{
  const CaHealth *ca = &model->health.ca;
  const gint64 now = model->now / G_USEC_PER_SEC;
  const gint64 whole = MAX (ca->not_after - ca->not_before, 1);
  const gint64 past = CLAMP (now - ca->not_before, 0, whole);
  g_autofree char *first = day_words (ca->not_before);
  g_autofree char *last = day_words (ca->not_after);
  const guint days = (guint)CLAMP (ca->days_left, 0, G_MAXINT);
  int column = 1 + canvas_printf (canvas, area, row, 1, -1, STYLE_NORMAL, "%s ", first);

  if (area.width >= 70) {
    canvas_bar (canvas, area, row, column, BAR_COLUMNS, (guint64)past, (guint64)whole,
                STYLE_NORMAL);
    column += BAR_COLUMNS + 1;
  }
  column += canvas_printf (canvas, area, row, column, -1, STYLE_NORMAL, "%s", last);
  canvas_printf (canvas, area, row, column + 2, -1, STYLE_STRONG,
                 ngettext ("%u day left", "%u days left", days), days);
}

static void
draw_authority (Canvas *canvas, Area area, const Model *model)
{
  const CaHealth *ca = &model->health.ca;
  g_autofree char *print = grouped_words (ca->fingerprint);
  const Fact facts[] = {
    { _ ("Subject"), ca->subject },    { _ ("Key"), ca->key }, { _ ("SHA-256"), print },
    { _ ("Its log"), ca->log_origin }, { NULL, NULL },
  };

  if (area.height < 3)
    return;
  heading_draw (canvas, area, 0, _ ("Certificate authority"), ca->demo ? _ ("DEMO") : NULL);
  if (ca->subject == NULL) {
    canvas_text (canvas, area, 1, 1, -1, STYLE_NORMAL,
                 _ ("Nothing is known of it: the signer has not answered yet."));
    return;
  }
  draw_validity (canvas, area, 1, model);
  facts_draw (canvas, area, 2, facts);
}

static void
draw (Model *model, Canvas *canvas, Area area)
{
  g_autoptr (GPtrArray) checks = health_checks (model);
  const int used = draw_checks (canvas, area, model, checks);

  draw_authority (canvas, area_below (area, used), model);
}

static guint
rows (const Model *model)
{
  g_autoptr (GPtrArray) checks = health_checks (model);

  return model->health_fits ? 0 : checks->len; /* what fits does not move */
}

const View view_ca = { VIEW_CA, "ca", draw, rows };

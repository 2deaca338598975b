/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What was done and by whom (audit events), or every attempt: newest first, filtered as one types,
 * the selected line in full below.
 */
#include "ui-tui/language.h"
#include "ui-tui/parts.h"
#include "ui-tui/text.h"
#include "ui-tui/view.h"

#define LEAST_DETAILS 6 /* lines, with their heading */

static const Column event_columns[] = {
  { N_ ("When"), 16, FALSE, 0, FALSE },  { N_ ("Who"), 12, FALSE, 60, FALSE },
  { N_ ("What"), 20, FALSE, 0, FALSE },  { N_ ("Of what"), 22, FALSE, 76, FALSE },
  { N_ ("More"), 0, FALSE, 100, FALSE }, { NULL, 0, FALSE, 0, FALSE },
};

static const Column narrow_event_columns[] = {
  { N_ ("When"), 16, FALSE, 0, FALSE }, { N_ ("Who"), 12, FALSE, 60, FALSE },
  { N_ ("What"), 20, FALSE, 0, FALSE }, { N_ ("Of what"), 0, FALSE, 0, FALSE },
  { NULL, 0, FALSE, 0, FALSE },
};

static const Column attempt_columns[] = {
  { N_ ("When"), 16, FALSE, 0, FALSE },  { N_ ("Unit"), 20, FALSE, 60, FALSE },
  { N_ ("Slot"), 4, TRUE, 0, FALSE },    { N_ ("Result"), 8, FALSE, 0, FALSE },
  { N_ ("Took"), 12, TRUE, 100, FALSE }, { N_ ("Operator"), 12, FALSE, 120, FALSE },
  { N_ ("Why"), 0, FALSE, 0, FALSE },    { NULL, 0, FALSE, 0, FALSE },
};

static const Column *
columns_for (const Model *model, Area area)
{
  if (model->log_attempts)
    return attempt_columns;
  return area.width >= 100 ? event_columns : narrow_event_columns;
}

/* ---- the list ---- */

static const char *
actor_words (const EventLine *event)
{
  return event->actor != NULL && *event->actor != '\0' ? event->actor : _ ("station");
}

static void
draw_event (Canvas *canvas, Area area, int row, const Model *model, const EventLine *event,
            gboolean selected)
{
  g_autofree char *when = when_words (event->at, model->now);
  const char *const texts[] = { when, actor_words (event), event->kind, event->subject,
                                event->detail };

  table_row (canvas, area, row, columns_for (model, area), selected, texts);
}

static char *
took_words (const AttemptLine *attempt)
{
  if (attempt->ended_at <= attempt->started_at)
    return g_strdup ("");
  return duration_words (attempt->ended_at - attempt->started_at);
}

static void
draw_attempt (Canvas *canvas, Area area, int row, const Model *model, const AttemptLine *attempt,
              gboolean selected)
{
  g_autofree char *when = when_words (attempt->started_at, model->now);
  g_autofree char *took = took_words (attempt);
  const char *const texts[] = {
    when,
    or_dash (attempt->device),
    attempt->slot,
    result_label (attempt->result),
    took,
    or_dash (attempt->operator_name),
    reason_label (attempt->reason, attempt->operator_text),
  };

  table_row (canvas, area, row, columns_for (model, area), selected, texts);
}

static void
draw_row (Canvas *canvas, Area area, int row, const Model *model, gpointer line, gboolean selected)
{
  if (model->log_attempts)
    draw_attempt (canvas, area, row, model, line, selected);
  else
    draw_event (canvas, area, row, model, line, selected);
}

static const char *
empty_words (const Model *model)
{
  if (model_has_filter (model))
    return _ ("No line has these words.");
  return model->log_attempts ? _ ("No unit was tried yet.") : _ ("Nothing was done yet.");
}

/* What is shown, and which keys show something else. */
static void
draw_title (Canvas *canvas, Area area, const Model *model)
{
  g_autofree char *other =
      g_strdup_printf (model->log_attempts ? _ ("%s shows audit events") : _ ("%s shows attempts"),
                       key_name (REQUEST_TOGGLE));
  g_autofree char *follow = g_strdup_printf (model->follow ? _ ("follows the newest (%s stops)")
                                                           : _ ("stands still (%s follows)"),
                                             key_name (REQUEST_FOLLOW));
  g_autofree char *right = g_strdup_printf ("%s, %s", follow, other);

  heading_draw (canvas, area, 0, model->log_attempts ? _ ("Attempts") : _ ("Audit events"), right);
}

static void
draw_list (Canvas *canvas, Area area, Model *model, const GPtrArray *rows)
{
  ListPlace *place = &model->lists[VIEW_LOG];
  const int head = model_has_filter (model) ? 3 : 2;
  const int visible = MAX (area.height - head, 1);

  draw_title (canvas, area, model);
  if (head == 3)
    filter_draw (canvas, area, 1, model, rows->len);
  table_head (canvas, area, head - 1, columns_for (model, area));
  if (rows->len == 0)
    canvas_text (canvas, area, head, 2, -1, STYLE_NORMAL, empty_words (model));
  list_keep_in_sight (place, rows->len, (guint)visible);
  for (int i = 0; i < visible && place->top + (guint)i < rows->len; i++)
    draw_row (canvas, area, head + i, model, g_ptr_array_index (rows, place->top + (guint)i),
              place->top + (guint)i == place->selected);
}

/* ---- the selected line in full ---- */

static void
draw_event_details (Canvas *canvas, Area area, const EventLine *event)
{
  g_autofree char *when = date_words (event->at);
  g_autofree char *who = g_strdup_printf (_ ("%s by %s"), when, actor_words (event));
  g_autofree char *number = g_strdup_printf ("%" G_GINT64_FORMAT, event->id);
  g_autofree char *title = g_strdup_printf (_ ("Event %s"), number);
  const Fact facts[] = {
    { _ ("When"), who },
    { _ ("What"), event->kind },
    { _ ("Of what"), event->subject },
    { _ ("More"), event->detail },
    { NULL, NULL },
  };

  heading_draw (canvas, area, 0, title, NULL);
  facts_draw (canvas, area, 1, facts);
}

static char *
attempt_words (const AttemptLine *attempt)
{
  g_autofree char *when = date_words (attempt->started_at);
  g_autofree char *took = took_words (attempt);

  if (*took == '\0')
    return g_strdup_printf (_ ("%s in slot %s"), when, or_dash (attempt->slot));
  return g_strdup_printf (_ ("%s in slot %s, took %s"), when, or_dash (attempt->slot), took);
}

static void
draw_attempt_details (Canvas *canvas, Area area, const AttemptLine *attempt)
{
  g_autofree char *when = attempt_words (attempt);
  g_autofree char *title =
      g_strdup_printf ("%s  %s", result_label (attempt->result),
                       attempt->device != NULL ? attempt->device : _ ("unit not identified"));
  g_autofree char *open = g_strdup_printf (_ ("%s shows the unit"), key_name (REQUEST_ENTER));
  const gboolean passed = g_strcmp0 (attempt->result, "passed") == 0;
  const Fact facts[] = {
    { _ ("Why"),
      attempt->reason != NULL ? reason_label (attempt->reason, attempt->operator_text) : NULL },
    { _ ("What to do"), attempt->operator_text != NULL ? _ (attempt->operator_text) : NULL },
    { _ ("Exactly"), attempt->detail },
    { _ ("Last step"), attempt->step != NULL && !passed ? step_label (attempt->step) : NULL },
    { _ ("When"), when },
    { _ ("Batch"), attempt->batch },
    { _ ("Operator"), attempt->operator_name },
    { NULL, NULL },
  };

  heading_draw (canvas, area, 0, title, attempt->device != NULL ? open : NULL);
  facts_draw (canvas, area, 1, facts);
}

static void
draw (Model *model, Canvas *canvas, Area area)
{
  g_autoptr (GPtrArray) rows = model_log_rows (model);
  const int details = area.height >= 12 ? MAX (LEAST_DETAILS, area.height * 2 / 5) : 0;
  const int list = area.height - details;

  draw_list (canvas, area_top (area, list), model, rows);
  if (details == 0 || rows->len == 0)
    return;

  gpointer line = g_ptr_array_index (rows, model->lists[VIEW_LOG].selected);
  if (model->log_attempts)
    draw_attempt_details (canvas, area_below (area, list), line);
  else
    draw_event_details (canvas, area_below (area, list), line);
}

static guint
rows (const Model *model)
{
  g_autoptr (GPtrArray) shown = model_log_rows (model);

  return shown->len;
}

const View view_log = { VIEW_LOG, "log", draw, rows };

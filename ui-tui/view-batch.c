/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Batches: the list, and below it how the selected one goes, why units fail and in which slots, and
 * what can be done next.
 */
#include "ui-tui/language.h"
#include "ui-tui/parts.h"
#include "ui-tui/text.h"
#include "ui-tui/view.h"

#define LEAST_ROWS 3 /* of the list */

static const Column columns[] = {
  { N_ ("Batch"), 0, FALSE, 0, FALSE },
  { N_ ("Product"), 16, FALSE, 60, FALSE },
  { N_ ("State"), 11, FALSE, 0, FALSE },
  { N_ ("Done"), 11, TRUE, 0, FALSE },
  { N_ ("First pass"), 10, TRUE, 50, FALSE },
  { N_ ("Failed"), 6, TRUE, 76, FALSE },
  { N_ ("Made"), 19, FALSE, 110, FALSE },
  { N_ ("By"), 12, FALSE, 130, FALSE },
  { NULL, 0, FALSE, 0, FALSE },
};

/* ---- the list ---- */

static void
draw_line (Canvas *canvas, Area area, int row, const BatchLine *batch, gboolean selected)
{
  g_autofree char *done = done_words (batch);
  g_autofree char *first =
      percent_words (batch->first_passed, (guint64)batch->first_passed + batch->first_failed);
  g_autofree char *failed = g_strdup_printf ("%u", batch->failed);
  g_autofree char *made = batch->created_at != 0 ? date_words (batch->created_at) : g_strdup ("");
  const char *const texts[] = {
    batch->name, batch->product,   batch_state_label (batch->state), done, first, failed,
    made,        batch->created_by
  };

  table_row (canvas, area, row, columns, selected, texts);
}

static void
draw_empty (Canvas *canvas, Area area, int row, const Model *model)
{
  g_autofree char *make =
      g_strdup_printf (_ ("There is no batch yet. %s makes one."), key_name (REQUEST_NEW));

  canvas_text (canvas, area, row, 2, -1, STYLE_NORMAL,
               model_has_filter (model) ? _ ("No batch has these words.") : make);
}

/* Returns the lines used. */
static int
draw_list (Canvas *canvas, Area area, Model *model, const GPtrArray *rows)
{
  ListPlace *place = &model->lists[VIEW_BATCH];
  const int head = model_has_filter (model) ? 2 : 1;
  const int least = MIN ((int)rows->len, LEAST_ROWS);
  const int visible = MAX (1, MIN ((int)rows->len, MAX (least, area.height / 4)));

  if (head == 2)
    filter_draw (canvas, area, 0, model, rows->len);
  table_head (canvas, area, head - 1, columns);
  if (rows->len == 0)
    draw_empty (canvas, area, head, model);
  list_keep_in_sight (place, rows->len, (guint)visible);
  for (int i = 0; i < visible && place->top + (guint)i < rows->len; i++)
    draw_line (canvas, area, head + i, g_ptr_array_index (rows, place->top + (guint)i),
               place->top + (guint)i == place->selected);
  return head + visible;
}

/* ---- what is known of the selected one ---- */

static void
draw_progress (Canvas *canvas, Area area, int row, const BatchLine *batch)
{
  const guint left = batch->target > batch->passed ? batch->target - batch->passed : 0;
  g_autofree char *percent = percent_words (batch->passed, batch->target);
  g_autofree char *words = NULL;

  if (batch->target == 0) {
    canvas_printf (canvas, area, row, 1, -1, STYLE_STRONG,
                   ngettext ("%u unit done; this batch has no target.",
                             "%u units done; this batch has no target.", batch->passed),
                   batch->passed);
    return;
  }
  words = left > 0 ? g_strdup_printf (_ ("%u of %u done (%s), %u to go"), batch->passed,
                                      batch->target, percent, left)
                   : g_strdup_printf (_ ("%u of %u: all done"), batch->passed, batch->target);
  const int width = CLAMP (area.width - text_width (words) - 4, 0, 60);
  if (width >= 10)
    canvas_bar (canvas, area, row, 1, width, batch->passed, batch->target, STYLE_STRONG);
  canvas_text (canvas, area, row, width >= 10 ? width + 3 : 1, -1, STYLE_STRONG, words);
}

static char *
yield_words (const BatchLine *batch)
{
  const guint judged = batch->first_passed + batch->first_failed;
  g_autofree char *first = percent_words (batch->first_passed, judged);
  g_autofree char *final = percent_words (batch->passed, batch->devices);

  if (batch->devices == 0)
    return g_strdup (_ ("no unit so far"));
  return g_strdup_printf (_ ("first pass %s (%u of %u), final %s (%u of %u)"), first,
                          batch->first_passed, judged, final, batch->passed, batch->devices);
}

/* When the target is reached at the pace of the last hour, or of what of it the batch has been at
 * work; 0 where nobody can tell. */
static gint64
estimated_end (const BatchLine *batch, gint64 now)
{
  const guint rate = batch_units_per_hour (batch, now);

  if (g_strcmp0 (batch->state, "running") != 0 || rate == 0 || batch->target <= batch->passed)
    return 0;
  return now + G_TIME_SPAN_HOUR / rate * (batch->target - batch->passed);
}

static char *
pace_words (const BatchLine *batch, gint64 now)
{
  const gint64 end = estimated_end (batch, now);
  const gboolean running = g_strcmp0 (batch->state, "running") == 0;
  g_autofree char *cycle = duration_words (batch->cycle_time);
  GString *words;

  if (!running && batch->passed_last_hour == 0)
    return NULL; /* nobody expects any */
  words = g_string_new (NULL);
  if (batch->passed_last_hour == 0)
    g_string_append (words, _ ("no unit passed in the last hour"));
  else
    g_string_append_printf (
        words,
        ngettext ("%u unit in the last hour", "%u units in the last hour", batch->passed_last_hour),
        batch->passed_last_hour);
  if (batch->cycle_time > 0) {
    g_string_append (words, ", ");
    g_string_append_printf (words, _ ("%s a unit"), cycle);
  }
  if (end != 0) {
    g_autofree char *when = minute_words (end, now);
    g_string_append (words, ", ");
    g_string_append_printf (words, _ ("done at about %s"), when);
  }
  return g_string_free (words, FALSE);
}

static char *
serial_words (const BatchLine *batch)
{
  if (batch->serial_scan && batch->serial_pattern != NULL)
    return g_strdup_printf (_ ("scanned for each unit; must look like %s"), batch->serial_pattern);
  if (batch->serial_scan)
    return g_strdup (_ ("scanned for each unit"));
  if (batch->serial_prefix == NULL)
    return g_strdup (_ ("each unit's own, from its chip"));

  const int width = (int)MIN (batch->serial_width, 20u);
  g_autofree char *first =
      g_strdup_printf ("%s%0*" G_GUINT64_FORMAT, batch->serial_prefix, width, batch->serial_first);
  g_autofree char *last =
      g_strdup_printf ("%s%0*" G_GUINT64_FORMAT, batch->serial_prefix, width, batch->serial_last);
  return g_strdup_printf (_ ("given by the station, %s to %s"), first, last);
}

static char *
made_words (const BatchLine *batch)
{
  g_autofree char *when = date_words (batch->created_at);

  if (batch->created_at == 0)
    return NULL;
  return batch->created_by != NULL ? g_strdup_printf (_ ("%s by %s"), when, batch->created_by)
                                   : g_steal_pointer (&when);
}

/* ---- what can be done with it ---- */

static char *
running_next (const BatchLine *batch)
{
  if (batch_is_done (batch))
    return g_strdup_printf (
        _ ("All units are done. %s exports the batch, then start the next one."),
        key_name (REQUEST_EXPORT));
  return g_strdup_printf (_ ("It runs: put units in. %s pauses it, %s closes it for good."),
                          key_name (REQUEST_PAUSE), key_name (REQUEST_CLOSE));
}

static char *
next_words (const Model *model, const BatchLine *batch)
{
  const BatchLine *running = model_running_batch (model);

  if (g_strcmp0 (batch->state, "closed") == 0)
    return g_strdup_printf (_ ("It is closed. %s exports it."), key_name (REQUEST_EXPORT));
  if (running == batch)
    return running_next (batch);
  if (running != NULL)
    return g_strdup_printf (_ ("It waits: %s runs now. %s pauses that one and starts this one."),
                            running->name, key_name (REQUEST_START));
  if (g_strcmp0 (batch->state, "paused") == 0)
    return g_strdup_printf (_ ("It is paused. %s goes on with it, %s closes it for good."),
                            key_name (REQUEST_START), key_name (REQUEST_CLOSE));
  return g_strdup_printf (_ ("It was not started yet. %s starts it."), key_name (REQUEST_START));
}

static int
draw_facts (Canvas *canvas, Area area, int row, const Model *model, const BatchLine *batch)
{
  g_autofree char *yield = yield_words (batch);
  g_autofree char *pace = pace_words (batch, model->now);
  g_autofree char *serials = serial_words (batch);
  g_autofree char *made = made_words (batch);
  g_autofree char *next = next_words (model, batch);
  const Fact facts[] = {
    { _ ("Next"), next },
    { _ ("Yield"), yield },
    { _ ("Pace"), pace },
    { _ ("Serials"), serials },
    { _ ("Profile"), batch->profile },
    { _ ("Made"), made },
    { NULL, NULL },
  };

  return facts_draw (canvas, area, row, facts);
}

static void
draw_details (Canvas *canvas, Area area, const Model *model, const BatchLine *batch)
{
  const char *kind = batch_kind_words (batch->kind);
  g_autofree char *title = g_strdup_printf ("%s  %s%s%s", batch->name, or_dash (batch->product),
                                            kind != NULL ? "  " : "", kind != NULL ? kind : "");
  int row = 1;

  heading_draw (canvas, area, 0, title, batch_state_label (batch->state));
  draw_progress (canvas, area, row++, batch);
  row += draw_facts (canvas, area, row, model, batch);
  failure_chart_draw (canvas, area_below (area, row), batch);
}

static void
draw (Model *model, Canvas *canvas, Area area)
{
  g_autoptr (GPtrArray) rows = model_batch_rows (model);
  const int used = draw_list (canvas, area, model, rows);
  const BatchLine *batch = model_selected_batch (model);

  if (batch != NULL)
    draw_details (canvas, area_below (area, used), model, batch);
}

static guint
rows (const Model *model)
{
  g_autoptr (GPtrArray) shown = model_batch_rows (model);

  return shown->len;
}

const View view_batch = { VIEW_BATCH, "batch", draw, rows };

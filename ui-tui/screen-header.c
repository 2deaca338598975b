/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The two lines at the top. Where they are too short: which batch, how far and what failed stay;
 * rates and names go.
 */
#include "ui-tui/bar.h"
#include "ui-tui/language.h"
#include "ui-tui/parts.h"
#include "ui-tui/screen-parts.h"
#include "ui-tui/text.h"

/* The batch that runs, or else the one that an operator thinks of: the newest that was paused. */
static const BatchLine *
batch_at_hand (const Model *model)
{
  const BatchLine *running = model_running_batch (model);

  if (running != NULL)
    return running;
  for (guint i = 0; i < model->batches->len; i++) {
    const BatchLine *batch = g_ptr_array_index (model->batches, i);

    if (g_strcmp0 (batch->state, "paused") == 0)
      return batch;
  }
  return NULL;
}

static char *
operator_words (const Health *health)
{
  if (health->auditor != NULL)
    return g_strdup_printf (_ ("%s reads"), health->auditor);
  if (health->operator_name != NULL)
    return g_strdup (health->operator_name);
  return health->operators > 0 ? g_strdup (_ ("nobody")) : NULL;
}

static void
draw_place (const Model *model, Canvas *canvas, Area area)
{
  const Health *health = &model->health;
  const BatchLine *batch = batch_at_hand (model);
  Bar bar = { .label_style = STYLE_BAR, .last_right = TRUE };

  if (g_strcmp0 (health->mode, "demo") == 0)
    bar_add (&bar, 0, "", STYLE_ATTENTION, g_strdup (_ (" DEMO ")));
  bar_add (&bar, 4, "", STYLE_BAR, g_strdup (health->station));
  if (batch != NULL) {
    bar_add (&bar, 1, batch_kind_label (batch->kind), STYLE_BAR, g_strdup (batch->name));
    bar_add (&bar, 5, "", STYLE_BAR, g_strdup (batch->product));
  }
  bar_add (&bar, 2, _ ("OPERATOR"), STYLE_BAR, operator_words (health));
  bar_add (&bar, 3, "", STYLE_BAR, clock_words (model->now));
  canvas_fill (canvas, area_top (area, 1), ' ', STYLE_BAR);
  bar_draw (&bar, canvas, area, 0);
}

/* In words, and only where it does not run. */
static char *
state_words (const Model *model, const BatchLine *batch)
{
  if (batch == NULL)
    return model->connected ? g_strdup (_ ("NO BATCH RUNS")) : NULL;
  if (model_running_batch (model) != NULL)
    return NULL;
  return g_strdup (batch_state_label (batch->state));
}

static char *
cycle_words (const BatchLine *batch)
{
  if (batch->cycle_time <= 0)
    return NULL;
  return duration_words (batch->cycle_time);
}

static char *
rate_words (const BatchLine *batch, gint64 now)
{
  const guint rate = batch_units_per_hour (batch, now);

  return rate > 0 ? g_strdup_printf ("%u", rate) : g_strdup ("-");
}

static void
draw_progress (const Model *model, Canvas *canvas, Area area)
{
  const BatchLine *batch = batch_at_hand (model);
  Bar bar = { .label_style = STYLE_NORMAL };

  bar_add (&bar, 0, "", STYLE_ATTENTION, state_words (model, batch));
  if (batch != NULL) {
    bar_add (&bar, 1, _ ("DONE"), STYLE_STRONG, done_words (batch));
    bar_add (&bar, 3, _ ("PASS"), STYLE_STRONG, g_strdup_printf ("%u", batch->passed));
    bar_add (&bar, 2, _ ("FAIL"), STYLE_STRONG, g_strdup_printf ("%u", batch->failed));
    bar_add (
        &bar, 4, _ ("FPY"), STYLE_STRONG,
        percent_words (batch->first_passed, (guint64)batch->first_passed + batch->first_failed));
    bar_add (&bar, 5, _ ("UPH"), STYLE_STRONG, rate_words (batch, model->now));
    bar_add (&bar, 6, _ ("CYCLE"), STYLE_STRONG, cycle_words (batch));
  }
  bar_draw (&bar, canvas, area, 1);
}

void
header_draw (const Model *model, Canvas *canvas, Area area)
{
  draw_place (model, canvas, area);
  draw_progress (model, canvas, area);
}

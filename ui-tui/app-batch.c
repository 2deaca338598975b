/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Batches: start, pause, close. One batch runs at a time, so that starting another one asks
 * whether the first shall pause.
 */
#include "ui-tui/app-private.h"
#include "ui-tui/language.h"

void
app_select_batch (App *app, const char *name)
{
  Model *model = app->model;
  g_autoptr (GPtrArray) rows = NULL;

  g_clear_pointer (&model->lists[VIEW_BATCH].filter, g_free);
  rows = model_batch_rows (model);
  for (guint i = 0; i < rows->len; i++)
    if (g_strcmp0 (((const BatchLine *)rows->pdata[i])->name, name) == 0)
      model->lists[VIEW_BATCH].selected = i;
  if (app->client != NULL)
    client_fetch_batch (app->client, name);
}

void
app_choose_running (App *app)
{
  const BatchLine *running = model_running_batch (app->model);

  if (running != NULL)
    app_select_batch (app, running->name);
}

/* ---- start ---- */

static void
start (App *app, const char *name)
{
  g_autofree char *done = g_strdup_printf (_ ("Batch %s runs."), name);

  app_act (app, "SetBatchState", g_variant_new ("(ss)", name, "running"), done);
}

/* The supervisor lets the running batch pause; then the one that was asked for starts. */
static void
pause_running (App *app)
{
  const BatchLine *running = model_running_batch (app->model);
  g_autofree char *wanted = g_strdup (app->subject);
  g_autofree char *what = NULL, *done = NULL;

  app_close_dialog (app);
  if (running == NULL) {
    start (app, wanted);
    return;
  }
  what = g_strdup_printf (_ ("Pause batch %s, so that %s can start?"), running->name, wanted);
  done = g_strdup_printf (_ ("Batch %s pauses."), running->name);
  app_act_supervised (app, what, "SetBatchState", g_variant_new ("(ss)", running->name, "paused"),
                      done);
  app_then (app, start);
}

static void
ask_other (App *app, const BatchLine *running, const char *wanted)
{
  g_autofree char *text =
      g_strdup_printf (_ ("Batch %s runs, and one batch runs at a time. Pause it, so that %s can "
                          "start?"),
                       running->name, wanted);

  app_confirm (app, _ ("Another batch runs"), text, pause_running);
  g_free (app->subject);
  app->subject = g_strdup (wanted);
}

static void
start_or_ask (App *app, const BatchLine *batch)
{
  const BatchLine *running = model_running_batch (app->model);

  if (!app_has_contact (app))
    return;
  if (running == batch)
    model_notice (app->model, NOTICE_INFORMATION, _ ("Batch %s runs already."), batch->name);
  else if (g_strcmp0 (batch->state, "closed") == 0)
    model_notice (app->model, NOTICE_BAD, _ ("Batch %s is closed: it can't go on."), batch->name);
  else if (running != NULL && !batch_is_done (running)) /* a done one makes way by itself */
    ask_other (app, running, batch->name);
  else
    start (app, batch->name);
}

/* Another batch than the running one is shown, so that the question has its picture. */
void
app_batch_code (App *app, const char *name)
{
  const BatchLine *batch = model_batch_as_typed (app->model, name);
  const BatchLine *running = model_running_batch (app->model);

  if (batch == NULL) {
    model_notice (app->model, NOTICE_BAD, _ ("There is no batch %s."), name);
    return;
  }
  if (running != NULL) {
    app_show (app, VIEW_BATCH);
    app_select_batch (app, batch->name);
  }
  start_or_ask (app, batch);
}

/* ---- pause and close ---- */

static void
pause_batch (App *app, const BatchLine *batch)
{
  g_autofree char *what = NULL, *done = NULL;

  if (g_strcmp0 (batch->state, "running") != 0) {
    model_notice (app->model, NOTICE_INFORMATION, _ ("Batch %s does not run."), batch->name);
    return;
  }
  what = g_strdup_printf (_ ("Pause batch %s? Slots finish their units and wait."), batch->name);
  done = g_strdup_printf (_ ("Batch %s pauses."), batch->name);
  app_act_supervised (app, what, "SetBatchState", g_variant_new ("(ss)", batch->name, "paused"),
                      done);
}

static void
close_batch (App *app, const BatchLine *batch)
{
  g_autofree char *what = NULL, *done = NULL;

  if (g_strcmp0 (batch->state, "closed") == 0) {
    model_notice (app->model, NOTICE_INFORMATION, _ ("Batch %s is closed already."), batch->name);
    return;
  }
  what = g_strdup_printf (_ ("Close batch %s for good? %u units have passed, %u were wanted. A "
                             "closed batch can't go on."),
                          batch->name, batch->passed, batch->target);
  done = g_strdup_printf (_ ("Batch %s is closed. Export it with F7."), batch->name);
  app_act_supervised (app, what, "SetBatchState", g_variant_new ("(ss)", batch->name, "closed"),
                      done);
}

/* ---- requests ---- */

/* The batch's attempts, in the log. */
static void
open_batch (App *app, const BatchLine *batch)
{
  Model *model = app->model;

  g_free (model->lists[VIEW_LOG].filter);
  model->lists[VIEW_LOG].filter = g_strdup (batch->name);
  model->lists[VIEW_LOG].selected = model->lists[VIEW_LOG].top = 0;
  model->log_attempts = TRUE;
  app_show (app, VIEW_LOG);
}

void
app_batch_request (App *app, Request request)
{
  const BatchLine *batch = model_selected_batch (app->model);

  if (request == REQUEST_NEW) {
    app_new_batch (app);
    return;
  }
  if (batch == NULL) {
    model_notice (app->model, NOTICE_BAD, "%s", _ ("No batch is chosen."));
    return;
  }
  switch ((int)request) {
  case REQUEST_START:
    start_or_ask (app, batch);
    break;
  case REQUEST_PAUSE:
    pause_batch (app, batch);
    break;
  case REQUEST_CLOSE:
    close_batch (app, batch);
    break;
  case REQUEST_ENTER:
    open_batch (app, batch);
    break;
  default: /* not for batches */
    break;
  }
}

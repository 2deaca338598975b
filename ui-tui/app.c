/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where keys, codes and time come in: each goes to what it is for, a dialog first, then what is
 * being typed, then the view.
 */
#include "ui-tui/app-private.h"
#include "ui-tui/language.h"

#define FOCUS_SECONDS 60

/* ---- views ---- */

static gboolean
shows_batch (ViewKind view)
{
  return view == VIEW_BATCH || view == VIEW_EXPORT;
}

static gboolean
shows_slots (ViewKind view)
{
  return view == VIEW_LINE || view == VIEW_SLOTS;
}

/* From the slots, the unit of the chosen one is meant. */
void
app_show (App *app, ViewKind view)
{
  Model *model = app->model;
  const ViewKind before = model->view;
  const Tile *tile = shows_slots (before) ? model_tile (model, model->focus) : NULL;

  if (view == VIEW_DEVICE && tile != NULL && tile->device != NULL) {
    app_show_device (app, tile->device);
    return;
  }
  model->view = view;
  model->filtering = FALSE;
  model->show_transcript = model->show_transcript && view == VIEW_DEVICE;
  if (shows_batch (view) && !shows_batch (before))
    app_choose_running (app);
  if (view == VIEW_EXPORT)
    app_propose_file (app);
  if (app->client != NULL)
    client_watch_view (app->client, view);
}

static void
go_back (App *app)
{
  Model *model = app->model;
  ListPlace *place = &model->lists[model->view];

  if (model->show_transcript) {
    model->show_transcript = FALSE;
  }
  else if (place->filter != NULL) {
    g_clear_pointer (&place->filter, g_free);
    place->selected = place->top = 0;
  }
  else if (model->view == VIEW_LINE) {
    model->focus = 0;
  }
  else {
    app_show (app, VIEW_LINE);
  }
}

static void
show_help (App *app)
{
  app_open_dialog (app, DIALOG_HELP, _ ("Help"), NULL);
}

static void
begin_typing (App *app)
{
  g_string_truncate (app->model->scan, 0);
  app->model->typing = TRUE;
  model_notice (app->model, NOTICE_INFORMATION, "%s",
                _ ("Type the code, then Enter. Esc leaves it."));
}

/* ---- requests ---- */

static void
enter (App *app)
{
  switch (app->model->view) {
  case VIEW_LINE:
  case VIEW_SLOTS:
    app_line_request (app, REQUEST_ENTER);
    break;
  case VIEW_BATCH:
    app_batch_request (app, REQUEST_ENTER);
    break;
  case VIEW_DEVICE:
    app_device_request (app, REQUEST_ENTER);
    break;
  case VIEW_LOG:
    app_log_request (app, REQUEST_ENTER);
    break;
  case VIEW_EXPORT:
    app_export_request (app, REQUEST_ENTER);
    break;
  case VIEW_CA:
    break; /* nothing to open */
  }
}

/* What was said of another view is over. */
static void
show_view (App *app, Request request)
{
  const ViewKind view = (ViewKind)(request - REQUEST_LINE); /* both in one order */

  if (view != app->model->view)
    g_clear_pointer (&app->model->notice, g_free);
  app_show (app, view);
}

static void
perform_anywhere (App *app, Request request)
{
  switch ((int)request) {
  case REQUEST_HELP:
    show_help (app);
    break;
  case REQUEST_LANGUAGE:
    app_choose_language (app);
    break;
  case REQUEST_LOCK:
    app_lock (app);
    break;
  case REQUEST_QUIT:
    if (app->quit != NULL)
      app->quit (app);
    break;
  case REQUEST_TYPE:
    begin_typing (app);
    break;
  case REQUEST_ENTER:
    enter (app);
    break;
  case REQUEST_BACK:
    go_back (app);
    break;
  case REQUEST_FILTER:
    app->model->filtering = TRUE;
    break;
  default: /* to draw anew is the display's own */
    break;
  }
}

/* Who performs which stretch of keys.h's requests; the first that fits. */
static const struct {
  Request first;
  Request last;
  void (*perform) (App *app, Request request);
} stretches[] = {
  { REQUEST_LINE, REQUEST_LINE + N_VIEWS - 1, show_view },
  { REQUEST_UP, REQUEST_NEXT_FIELD, app_move },
  { REQUEST_ACKNOWLEDGE, REQUEST_SWAP, app_line_request },
  { REQUEST_NEW, REQUEST_CLOSE, app_batch_request },
  { REQUEST_RETRY_USED, REQUEST_TRANSCRIPT, app_device_request },
  { REQUEST_APPROVALS, REQUEST_APPROVALS, app_approval_request },
  { REQUEST_FOLLOW, REQUEST_TOGGLE, app_log_request },
  { REQUEST_RANGE, REQUEST_RUN, app_export_request },
  { REQUEST_NONE, REQUEST_RUN, perform_anywhere },
};

static void
perform (App *app, Request request)
{
  guint i = 0;

  while (request < stretches[i].first || request > stretches[i].last)
    i++;
  stretches[i].perform (app, request);
}

static ViewKind
first_view_of (const Key *key)
{
  for (int view = 0; view < N_VIEWS; view++)
    if ((key->views & IN_VIEW (view)) != 0)
      return (ViewKind)view;
  return VIEW_LINE;
}

static gboolean
is_move (Request request)
{
  return request >= REQUEST_UP && request <= REQUEST_BACK;
}

/* A control barcode of another view: it brings that view, and asks to be scanned again, because
 * what it would act on has only now come into sight. */
static gboolean
brought_its_view (App *app, Request request)
{
  const Key *key = key_of_request (request);

  if (key == NULL || is_move (request) || (key->views & IN_VIEW (app->model->view)) != 0)
    return FALSE;
  app_show (app, first_view_of (key));
  model_notice (app->model, NOTICE_INFORMATION, _ ("Look, then once more: %s"), _ (key->help));
  return TRUE;
}

/* What only the station can do. */
static gboolean
is_act (Request request)
{
  return (request >= REQUEST_ACKNOWLEDGE && request <= REQUEST_CLOSE)
         || request == REQUEST_RETRY_USED || request == REQUEST_VOID || request == REQUEST_RUN
         || request == REQUEST_APPROVALS;
}

static void
say_locked (App *app)
{
  model_notice (app->model, NOTICE_BAD, "%s", _ ("The screen is locked: scan your badge."));
}

void
app_request (App *app, Request request)
{
  if (app->model->locked) {
    if (request == REQUEST_TYPE)
      begin_typing (app);
    else if (request != REQUEST_NONE)
      say_locked (app);
    return;
  }
  if (brought_its_view (app, request) || (is_act (request) && !app_has_contact (app)))
    return;
  const AppLook before = app_look (app);
  perform (app, request);
  app_say_if_nothing (app, request, &before);
}

/* ---- keys ---- */

static void
typing_key (App *app, gunichar key)
{
  Model *model = app->model;
  g_autofree char *code = NULL;

  if (key == KEY_CODE_ESCAPE) {
    model->typing = FALSE;
    g_string_truncate (model->scan, 0);
    return;
  }
  if (key != KEY_CODE_ENTER && key != '\r' && key != '\n') {
    app_edit (model->scan, key);
    return;
  }
  code = g_strstrip (g_strdup (model->scan->str));
  model->typing = FALSE;
  g_string_truncate (model->scan, 0);
  if (*code != '\0')
    app_code (app, code);
}

static gboolean
has_tiles (ViewKind view)
{
  return view == VIEW_LINE || view == VIEW_SLOTS;
}

void
app_key (App *app, gunichar key)
{
  Model *model = app->model;

  app->last_input_at = g_get_monotonic_time ();
  if (model->typing)
    typing_key (app, key);
  else if (model->locked)
    app_request (app, key == ' ' ? REQUEST_TYPE : REQUEST_HELP);
  else if (model->dialog.kind != DIALOG_NONE)
    app_dialog_key (app, key);
  else if (model->filtering)
    app_filter_key (app, key);
  else if (has_tiles (model->view) && key >= '0' && key <= '9')
    app_digit (app, (guint)(key - '0'));
  else if (key_request (model->view, key) == REQUEST_NONE)
    app_say_no_such_key (app, key);
  else
    app_request (app, key_request (model->view, key));
}

/* ---- time ---- */

static gboolean
was_left_alone (const App *app, gint64 now)
{
  const gint64 minutes = app->preferences->lock_minutes;

  return minutes > 0 && app->last_input_at != 0
         && now - app->last_input_at >= minutes * 60 * G_USEC_PER_SEC;
}

/* Who comes back after a while looks at the line again, not at one slot of before. */
static void
forget_focus (App *app, gint64 now)
{
  if (app->model->view == VIEW_LINE && app->model->focus != 0
      && app->model->dialog.kind == DIALOG_NONE
      && now - app->last_input_at >= FOCUS_SECONDS * G_USEC_PER_SEC)
    app->model->focus = 0;
}

/* That there is no contact is said no longer than it is true. */
static void
note_contact (App *app)
{
  Model *model = app->model;

  if (app->was_away && model->connected)
    g_clear_pointer (&model->notice, g_free);
  app->was_away = !model->connected;
}

/* Where people sign in, a screen that is started waits for one of them: it may have been ended to
 * get past its lock. */
void
app_hear (App *app)
{
  const Health *health = &app->model->health;

  if (app->has_met || !app->model->connected || health->station == NULL)
    return;
  app->has_met = TRUE;
  app->model->locked =
      app->preferences->lock_minutes > 0 && health->operators > 0 && health->operator_name == NULL;
}

void
app_tick (App *app, gint64 monotonic_now)
{
  Model *model = app->model;

  model->now = g_get_real_time ();
  if (app->last_input_at == 0)
    app->last_input_at = monotonic_now;
  if (model->notice != NULL && model->now >= model->notice_until)
    g_clear_pointer (&model->notice, g_free);
  if (model->health.operators == 0)
    model->locked = FALSE;
  else if (!model->locked && was_left_alone (app, monotonic_now))
    app_lock (app);
  forget_focus (app, monotonic_now);
  app_speak_to_operator (app);
  app_wait_tick (app);
  note_contact (app);
}

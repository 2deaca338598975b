/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the station is asked to do, and by whom. An act for which a supervisor is needed waits until
 * one has let it pass; his role is given back when the act is done. Every refusal is a sentence on
 * the screen.
 */
#include <string.h>

#include "ui-tui/app-private.h"
#include "ui-tui/language.h"

/* One call under way. */
struct Act {
  App *app;
  char *what; /* the question for a supervisor, or NULL */
  char *done;
  char *method;
  GVariant *parameters;
  gboolean supervised; /* the role is given back in the end */
  void (*then) (App *app, const char *subject);
  char *subject;
  struct Act *next;
};

static struct Act *
act_new (App *app, const char *what, const char *method, GVariant *parameters, const char *done)
{
  struct Act *act = g_new0 (struct Act, 1);

  act->app = app;
  act->what = g_strdup (what);
  act->done = g_strdup (done);
  act->method = g_strdup (method);
  act->parameters = parameters != NULL ? g_variant_ref_sink (parameters) : NULL;
  act->next = app->acts;
  app->acts = act;
  return act;
}

static void
act_free (struct Act *act)
{
  struct Act **link = &act->app->acts;

  while (*link != act)
    link = &(*link)->next;
  *link = act->next;
  g_free (act->what);
  g_free (act->done);
  g_free (act->method);
  g_free (act->subject);
  g_clear_pointer (&act->parameters, g_variant_unref);
  g_free (act);
}

static void
forget_pending (App *app)
{
  g_clear_pointer (&app->pending_method, g_free);
  g_clear_pointer (&app->pending_parameters, g_variant_unref);
  g_clear_pointer (&app->pending_done, g_free);
  app->pending_then = NULL;
}

void
app_clear (App *app)
{
  while (app->acts != NULL)
    act_free (app->acts);
  forget_pending (app);
  g_clear_pointer (&app->subject, g_free);
  g_clear_pointer (&app->spoken_to, g_free);
  g_clear_pointer (&app->profile_names, g_strfreev);
  g_clear_pointer (&app->approvals, g_variant_unref);
}

/* ---- calls ---- */

gboolean
app_has_contact (App *app)
{
  if (app->model->connected)
    return TRUE;
  model_notice (app->model, NOTICE_BAD, "%s",
                _ ("Nothing was done: there is no contact with the station. Wait until the screen "
                   "is back."));
  return FALSE;
}

static void
call (App *app, const char *method, GVariant *parameters, ClientDone done, gpointer data)
{
  app->calls++;
  if (app->call != NULL)
    app->call (app, method, parameters, done, data);
  else if (app->client != NULL)
    client_call (app->client, method, parameters, done, data);
}

void
app_ask (App *app, const char *method, GVariant *parameters, ClientDone done)
{
  call (app, method, parameters, done, app);
}

/* That it was not there to be given back does not matter. */
static void
deauthorized (Client *client, GVariant *answer, const GError *error, gpointer data)
{
}

void
app_deauthorize (App *app)
{
  if (app->model->connected)
    call (app, "Deauthorize", NULL, deauthorized, app);
}

static void
succeed (const struct Act *act)
{
  if (act->done != NULL)
    model_notice (act->app->model, NOTICE_GOOD, "%s", act->done);
  if (act->then != NULL)
    act->then (act->app, act->subject);
}

/* Whoever asked for it scanned the same badge again. */
static gboolean
is_own_request (const struct Act *act, const GError *error)
{
  return act->supervised && g_str_equal (act->method, "GrantApproval")
         && client_error_is_not_permitted (error);
}

static void
acted (Client *client, GVariant *answer, const GError *error, gpointer data)
{
  struct Act *act = data;
  App *app = act->app;

  if (act->supervised)
    app_deauthorize (app);
  if (app->model->dialog.kind == DIALOG_WAIT && g_strcmp0 (app->subject, act->method) == 0)
    app_close_dialog (app);
  if (error == NULL)
    succeed (act);
  else if (client_error_needs_approval (error) || is_own_request (act, error))
    app_ask_second (app, error->message, act->done);
  else if (client_error_is_not_permitted (error) && !act->supervised)
    app_act_supervised (app, act->what != NULL ? act->what : error->message, act->method,
                        act->parameters, act->done);
  else
    model_notice (app->model, NOTICE_BAD, "%s", error->message);
  act_free (act);
}

static void
start (struct Act *act)
{
  call (act->app, act->method, act->parameters, acted, act);
}

void
app_act (App *app, const char *method, GVariant *parameters, const char *done)
{
  struct Act *act = act_new (app, NULL, method, parameters, done);

  if (app_has_contact (app))
    start (act);
  else
    act_free (act);
}

/* ---- the supervisor ---- */

/* The answer to LearnSlot follows, and says on the screen that it was cancelled. */
static void
stop_waiting (App *app)
{
  app_act (app, "CancelLearn", NULL, NULL);
}

static void
count_down (App *app)
{
  const gint64 left = app->wait_until - g_get_monotonic_time ();
  const guint seconds = (guint)(MAX (left, 0) / G_USEC_PER_SEC);

  g_free (app->model->dialog.text);
  app->model->dialog.text =
      g_strdup_printf (_ ("Plug a device into the place of slot %u now. %u seconds are left."),
                       app->wait_slot, seconds);
}

void
app_wait_tick (App *app)
{
  if (app->model->dialog.kind == DIALOG_WAIT)
    count_down (app);
}

static void
show_waiting (App *app, struct Act *act)
{
  guint seconds = 0;

  g_variant_get (act->parameters, "(uu)", &app->wait_slot, &seconds);
  app_open_dialog (app, DIALOG_WAIT, _ ("Learn"), NULL);
  app->wait_until = g_get_monotonic_time () + (gint64)seconds * G_USEC_PER_SEC;
  count_down (app);
  app->cancel = stop_waiting;
  g_free (app->subject);
  app->subject = g_strdup (act->method);
}

static void
run_pending (App *app, gboolean supervised)
{
  g_autoptr (GVariant) parameters = g_steal_pointer (&app->pending_parameters);
  g_autofree char *method = g_steal_pointer (&app->pending_method);
  g_autofree char *done = g_steal_pointer (&app->pending_done);
  struct Act *act = act_new (app, NULL, method, parameters, done);

  act->supervised = supervised;
  act->then = app->pending_then;
  act->subject = g_strdup (app->subject);
  app->pending_then = NULL;
  app_close_dialog (app);
  if (g_str_equal (method, "LearnSlot"))
    show_waiting (app, act);
  start (act);
}

static void
authorized (Client *client, GVariant *answer, const GError *error, gpointer data)
{
  App *app = data;

  if (app->pending_method == NULL) { /* the dialog was left meanwhile */
    if (error == NULL)
      app_deauthorize (app);
    return;
  }
  if (error == NULL) {
    run_pending (app, TRUE);
    return;
  }
  for (guint i = 0; app->model->dialog.fields != NULL && i < app->model->dialog.fields->len; i++)
    g_string_truncate (((Field *)app->model->dialog.fields->pdata[i])->value, 0);
  app->model->dialog.field = 0;
  app_dialog_problem (app, error->message);
}

static void
authorize (App *app, const char *badge, const char *pin)
{
  const guint seconds =
      app->preferences->supervisor_seconds > 0 ? app->preferences->supervisor_seconds : 30;

  if (app_has_contact (app))
    app_ask (app, "Authorize", g_variant_new ("(ssu)", badge, pin, seconds), authorized);
}

static void
accept_badge (App *app)
{
  const char *badge = app_field (app, 0);

  if (*badge == '\0')
    app_dialog_problem (app, _ ("Scan the supervisor's badge."));
  else
    authorize (app, badge, app_field (app, 1));
}

/* Nobody has a supervisor's badge: who sits here answers for it himself. */
static void
accept_alone (App *app)
{
  authorize (app, "", "");
}

static void
leave (App *app)
{
  forget_pending (app);
  model_notice (app->model, NOTICE_INFORMATION, "%s", _ ("Nothing was done."));
}

static gboolean
supervisor_has_badge (const Model *model)
{
  for (guint i = 0; i < model->operators->len; i++) {
    const OperatorLine *line = g_ptr_array_index (model->operators, i);

    if (line->enabled && g_strcmp0 (line->role, "supervisor") == 0)
      return TRUE;
  }
  return FALSE;
}

static void
ask_badge (App *app, const char *what)
{
  app_open_dialog (app, DIALOG_SUPERVISOR, _ ("Supervisor"), what);
  app_add_field (app, N_ ("Badge"), "", TRUE, NULL);
  app_add_field (app, N_ ("PIN"), "", TRUE, NULL);
  app->accept = accept_badge;
  app->cancel = leave;
}

static void
ask_alone (App *app, const char *what)
{
  g_autofree char *text = g_strdup_printf (
      _ ("%s\n\nThis is for a supervisor. Nobody has a supervisor's badge yet; you answer for it "
         "as the user %s."),
      what, app->model->health.user != NULL ? app->model->health.user : "?");

  app_confirm (app, _ ("Supervisor"), text, accept_alone);
  app->cancel = leave;
}

/* The station keeps the request; only this dialog ends. */
static void
leave_waiting (App *app)
{
  forget_pending (app);
  model_notice (app->model, NOTICE_INFORMATION, "%s",
                _ ("Not done yet: it waits for a second supervisor, among the requests of F5."));
}

void
app_ask_badge_for (App *app, const char *title, const char *what, const char *method,
                   GVariant *parameters, const char *done)
{
  forget_pending (app);
  ask_badge (app, what);
  g_free (app->model->dialog.title);
  app->model->dialog.title = g_strdup (title);
  app->cancel = leave_waiting;
  app->pending_method = g_strdup (method);
  app->pending_parameters = g_variant_ref_sink (parameters);
  app->pending_done = g_strdup (done);
}

static void
accept_with_role (App *app)
{
  run_pending (app, FALSE);
}

void
app_act_supervised (App *app, const char *what, const char *method, GVariant *parameters,
                    const char *done)
{
  g_autoptr (GVariant) owned = parameters != NULL ? g_variant_ref_sink (parameters) : NULL;

  if (!app_has_contact (app))
    return;
  forget_pending (app);
  g_autofree char *question = g_strdup (what); /* may be a text of the dialog that closes */
  if (g_strcmp0 (app->model->health.role, "supervisor") == 0) {
    app_confirm (app, _ ("Supervisor"), question, accept_with_role);
    app->cancel = leave;
  }
  else if (supervisor_has_badge (app->model)) {
    ask_badge (app, question);
  }
  else {
    ask_alone (app, question);
  }
  app->pending_method = g_strdup (method);
  app->pending_parameters = g_steal_pointer (&owned);
  app->pending_done = g_strdup (done);
}

void
app_then (App *app, void (*then) (App *app, const char *subject))
{
  if (app->pending_method != NULL)
    app->pending_then = then;
}

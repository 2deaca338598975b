/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who works at this screen: badges, language, and the lock of a screen that was left alone. Any
 * badge unlocks: what is done from then on is done by its owner.
 */
#include "ui-tui/app-private.h"
#include "ui-tui/language.h"

static void
use_language (App *app, const char *code)
{
  app->model->language = language_use (code, app->ascii);
}

/* Once for each change of the operator: who chooses another language afterwards keeps it. */
static void
speak_to (App *app, const char *name, const char *language)
{
  if (g_strcmp0 (app->spoken_to, name) == 0)
    return;
  g_free (app->spoken_to);
  app->spoken_to = g_strdup (name);
  if (language != NULL && *language != '\0')
    use_language (app, language);
}

void
app_speak_to_operator (App *app)
{
  speak_to (app, app->model->health.operator_name, app->model->health.operator_language);
}

/* ---- badges ---- */

/* Without a prefix for badges, one was only a guess at what the code is. */
static void
say_refused (App *app, const GError *error)
{
  const gboolean guessed = !app->model->locked && *app->preferences->badge_prefix == '\0';

  if (guessed && client_error_is_not_permitted (error))
    model_notice (app->model, NOTICE_BAD, "%s",
                  _ ("Nobody knows this code: it is no batch, no serial that is waited for, and no "
                     "badge of this station."));
  else
    model_notice (app->model, NOTICE_BAD, "%s", error->message);
}

static void
signed_in (Client *client, GVariant *answer, const GError *error, gpointer data)
{
  App *app = data;
  g_autoptr (GVariant) record = NULL;
  const char *name = NULL, *language = NULL;

  if (error != NULL) {
    say_refused (app, error);
    return;
  }
  app->model->locked = FALSE;
  if (answer != NULL && g_variant_is_of_type (answer, G_VARIANT_TYPE ("(a{sv})"))) {
    record = g_variant_get_child_value (answer, 0);
    g_variant_lookup (record, "name", "&s", &name);
    g_variant_lookup (record, "language", "&s", &language);
  }
  g_clear_pointer (&app->spoken_to, g_free); /* who scans again wants it again */
  speak_to (app, name, language);
  model_notice (app->model, NOTICE_GOOD, _ ("%s works here now."), name != NULL ? name : "?");
}

void
app_sign_in (App *app, const char *badge)
{
  if (app_has_contact (app))
    app_ask (app, "SignIn", g_variant_new ("(s)", badge), signed_in);
}

/* ---- the lock ---- */

static void
signed_out (Client *client, GVariant *answer, const GError *error, gpointer data)
{
  App *app = data;

  if (error != NULL)
    model_notice (app->model, NOTICE_BAD, "%s", error->message);
}

void
app_lock (App *app)
{
  Model *model = app->model;

  if (model->health.operators == 0) {
    model_notice (model, NOTICE_INFORMATION, "%s",
                  _ ("Nobody has a badge here yet, so that nobody could unlock the screen."));
    return;
  }
  if (model->dialog.kind != DIALOG_NONE) {
    void (*cancel) (App * app) = app->cancel;

    app_close_dialog (app);
    if (cancel != NULL)
      cancel (app);
  }
  model->locked = TRUE;
  model->typing = model->filtering = FALSE;
  g_string_truncate (model->scan, 0);
  if (model->connected)
    app_ask (app, "SignOut", NULL, signed_out);
}

/* ---- language ---- */

static void
accept_language (App *app)
{
  const guint chosen = app->model->dialog.field;

  app_close_dialog (app);
  use_language (app, languages[chosen].code);
}

void
app_choose_language (App *app)
{
  g_autoptr (GStrvBuilder) titles = g_strv_builder_new ();
  Dialog *dialog = app_open_dialog (app, DIALOG_CHOICE, _ ("Language"), NULL);

  for (guint i = 0; languages[i].code != NULL; i++) {
    g_strv_builder_add (titles, languages[i].title);
    if (g_strcmp0 (languages[i].code, app->model->language) == 0)
      dialog->field = i;
  }
  dialog->choices = g_strv_builder_end (titles);
  app->accept = accept_language;
}

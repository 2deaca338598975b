/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who works at this screen: badges, language, and the lock of a screen that was left alone. Any
 * badge unlocks: what is done from then on is done by its owner.
 */
#include "ui-tui/app-private.h"
#include "ui-tui/language.h"

#define CHINESE_IS_NOT_SHOWN                                                                       \
  N_ ("This terminal can't show Chinese: use one with UTF-8 and a Chinese font.")

void
app_use_language (App *app, const char *code)
{
  const gboolean shown = language_is_shown (code, app->latin_only);

  app->model->language = language_use (shown ? code : "en", app->ascii);
  if (!shown)
    model_notice (app->model, NOTICE_INFORMATION, "%s", _ (CHINESE_IS_NOT_SHOWN));
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
    app_use_language (app, language);
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
  const char *name = NULL, *language = NULL, *role = NULL;

  if (error != NULL) {
    say_refused (app, error);
    return;
  }
  app->model->locked = FALSE;
  if (answer != NULL && g_variant_is_of_type (answer, G_VARIANT_TYPE ("(a{sv})"))) {
    record = g_variant_get_child_value (answer, 0);
    g_variant_lookup (record, "name", "&s", &name);
    g_variant_lookup (record, "language", "&s", &language);
    g_variant_lookup (record, "role", "&s", &role);
  }
  g_clear_pointer (&app->spoken_to, g_free); /* who scans again wants it again */
  speak_to (app, name, language);
  if (app->client != NULL) /* whose screen this is changes for this screen alone */
    client_ask_status (app->client);
  if (g_strcmp0 (role, "auditor") == 0)
    model_notice (app->model, NOTICE_GOOD, _ ("%s reads here now; the line goes on."), name);
  else
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
  else if (app->client != NULL)
    client_ask_status (app->client);
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

/* The titles are names, the same in every language. */
static void
accept_language (App *app)
{
  const Dialog *dialog = &app->model->dialog;
  g_autofree char *title = g_strdup (dialog->choices[dialog->field]);

  app_close_dialog (app);
  for (const Language *language = languages; language->code != NULL; language++)
    if (g_str_equal (language->title, title))
      app_use_language (app, language->code);
}

void
app_choose_language (App *app)
{
  g_autoptr (GStrvBuilder) titles = g_strv_builder_new ();
  const char *text = app->latin_only ? _ (CHINESE_IS_NOT_SHOWN) : NULL;
  Dialog *dialog = app_open_dialog (app, DIALOG_CHOICE, _ ("Language"), text);
  guint shown = 0;

  for (const Language *language = languages; language->code != NULL; language++) {
    if (!language_is_shown (language->code, app->latin_only))
      continue;
    if (g_strcmp0 (language->code, app->model->language) == 0)
      dialog->field = shown;
    g_strv_builder_add (titles, language->title);
    shown++;
  }
  dialog->choices = g_strv_builder_end (titles);
  app->accept = accept_language;
}

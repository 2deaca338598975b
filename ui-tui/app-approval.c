/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What takes two supervisors: the second one scans a badge right where the first one acted, or
 * finds the request later in a list and grants or refuses it there.
 */
#include <string.h>

#include "base/text.h"
#include "ui-tui/app-private.h"
#include "ui-tui/language.h"

#define ABOUT_MOST 52 /* characters of a request in the list */
#define WHOLE_MOST 600

void
app_ask_second (App *app, const char *sentence, const char *done)
{
  const char *digits = strpbrk (sentence, "0123456789");
  const gint64 id = digits != NULL ? g_ascii_strtoll (digits, NULL, 10) : 0;

  app_ask_badge_for (app, _ ("Second supervisor"), sentence, "GrantApproval",
                     g_variant_new ("(x)", id), done);
}

/* ---- the list ---- */

static GVariant *
chosen (const App *app)
{
  const guint place = app->model->dialog.field;

  if (app->approvals == NULL || place >= g_variant_n_children (app->approvals))
    return NULL;
  return g_variant_get_child_value (app->approvals, place);
}

/* A text of the record, safe to show and cut after `most` characters. Free with g_free(). */
static char *
text_of (GVariant *record, const char *key, gsize most)
{
  const char *text = "";

  g_variant_lookup (record, key, "&s", &text);
  return text_for_display (text, most);
}

static gint64
number_of (GVariant *record)
{
  gint64 id = 0;

  g_variant_lookup (record, "id", "x", &id);
  return id;
}

static char *
number_words (gint64 id)
{
  return g_strdup_printf ("%" G_GINT64_FORMAT, id);
}

/* ---- one of them ---- */

static void
grant (App *app, GVariant *record)
{
  const gint64 id = number_of (record);
  g_autofree char *number = number_words (id);
  g_autofree char *about = text_of (record, "about", WHOLE_MOST);
  g_autofree char *asked_by = text_of (record, "asked-by", WHOLE_MOST);
  g_autofree char *done = g_strdup_printf (_ ("Request %s was granted, and is done."), number);
  g_autofree char *what = g_strdup_printf (_ ("Grant what %s asked for?\n\n%s"), asked_by, about);

  app_act_supervised (app, what, "GrantApproval", g_variant_new ("(x)", id), done);
}

static void
accept_refusal (App *app)
{
  g_autofree char *reason = g_strstrip (g_strdup (app_field (app, 0)));
  const gint64 id = app->approval;
  g_autofree char *number = number_words (id);
  g_autofree char *what = g_strdup_printf (_ ("Refuse request %s? Nothing is done then."), number);
  g_autofree char *done = g_strdup_printf (_ ("Request %s is refused. Nothing was done."), number);

  if (*reason == '\0') {
    app_dialog_problem (app, _ ("Say why: it is kept on record."));
    return;
  }
  app_close_dialog (app);
  app_act_supervised (app, what, "RefuseApproval", g_variant_new ("(xs)", id, reason), done);
}

static void
ask_reason (App *app, GVariant *record)
{
  g_autofree char *about = text_of (record, "about", WHOLE_MOST);
  g_autofree char *text = g_strdup_printf (_ ("Why is this refused?\n\n%s"), about);

  app->approval = number_of (record);
  app_open_dialog (app, DIALOG_INPUT, _ ("Refuse"), text);
  app_add_field (app, N_ ("Reason"), "", FALSE, NULL);
  app->accept = accept_refusal;
}

static void
accept_decision (App *app)
{
  const gboolean granted = app->model->dialog.field == 0;
  g_autoptr (GVariant) record = g_variant_ref (app->approvals);

  app_close_dialog (app);
  if (granted)
    grant (app, record);
  else
    ask_reason (app, record);
}

/* From here on the one record is all that is left of the list. */
static void
accept_request (App *app)
{
  g_autoptr (GVariant) record = chosen (app);
  g_autofree char *about = NULL;
  g_autofree char *asked_by = NULL;
  g_autofree char *text = NULL;
  Dialog *dialog;

  if (record == NULL) {
    app_close_dialog (app);
    return;
  }
  about = text_of (record, "about", WHOLE_MOST);
  asked_by = text_of (record, "asked-by", WHOLE_MOST);
  text = g_strdup_printf (_ ("%s asked for it:\n\n%s"), asked_by, about);
  g_variant_unref (app->approvals);
  app->approvals = g_steal_pointer (&record);
  dialog = app_open_dialog (app, DIALOG_CHOICE, _ ("Request"), text);
  dialog->choices = g_new0 (char *, 3);
  dialog->choices[0] = g_strdup (_ ("Grant it"));
  dialog->choices[1] = g_strdup (_ ("Refuse it"));
  app->accept = accept_decision;
}

static char *
line_of (GVariant *record)
{
  g_autofree char *about = text_of (record, "about", ABOUT_MOST);
  g_autofree char *number = number_words (number_of (record));

  return g_strdup_printf ("%s  %s", number, about);
}

static void
show_list (App *app)
{
  const gsize count = g_variant_n_children (app->approvals);
  Dialog *dialog = app_open_dialog (app, DIALOG_CHOICE, _ ("Requests"),
                                    _ ("These wait for a second supervisor."));

  dialog->choices = g_new0 (char *, count + 1);
  for (gsize i = 0; i < count; i++) {
    g_autoptr (GVariant) record = g_variant_get_child_value (app->approvals, i);

    dialog->choices[i] = line_of (record);
  }
  app->accept = accept_request;
}

static void
listed (Client *client, GVariant *answer, const GError *error, gpointer data)
{
  App *app = data;

  if (error != NULL) {
    model_notice (app->model, NOTICE_BAD, "%s", error->message);
    return;
  }
  g_clear_pointer (&app->approvals, g_variant_unref);
  if (answer != NULL && g_variant_is_of_type (answer, G_VARIANT_TYPE ("(aa{sv})")))
    app->approvals = g_variant_get_child_value (answer, 0);
  if (app->approvals == NULL || g_variant_n_children (app->approvals) == 0)
    model_notice (app->model, NOTICE_INFORMATION, "%s",
                  _ ("Nothing waits for a second supervisor."));
  else if (app->model->dialog.kind == DIALOG_NONE)
    show_list (app);
}

void
app_approval_request (App *app, Request request)
{
  if (request == REQUEST_APPROVALS)
    app_ask (app, "ListApprovals", g_variant_new_parsed ("({'waiting': <true>},)"), listed);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Dialogs: keys, control barcodes and scans mean the same in all of them. A key that was meant for
 * what was there before does not answer a question that has just appeared.
 */
#include <string.h>

#include "base/text.h"
#include "ui-tui/app-private.h"
#include "ui-tui/language.h"

#define TOO_SOON (300 * G_TIME_SPAN_MILLISECOND)
#define MOST_TYPED 128

/* ---- opening and closing ---- */

Dialog *
app_open_dialog (App *app, DialogKind kind, const char *title, const char *text)
{
  Dialog *dialog = &app->model->dialog;
  char *own_title = g_strdup (title);
  char *own_text = g_strdup (text);

  dialog_clear (dialog);
  dialog->kind = kind;
  dialog->title = own_title;
  dialog->text = own_text;
  dialog->fields = g_ptr_array_new_with_free_func ((GDestroyNotify)field_free);
  app->accept = app->cancel = app->changed = NULL;
  app->model->typing = app->model->filtering = FALSE;
  app->dialog_at = g_get_monotonic_time ();
  return dialog;
}

void
app_add_field (App *app, const char *label, const char *value, gboolean hidden,
               const char *const *choices)
{
  Field *field = g_new0 (Field, 1);

  field->label = label;
  field->value = g_string_new (value);
  field->hidden = hidden;
  field->choices = choices;
  g_ptr_array_add (app->model->dialog.fields, field);
}

static Field *
field_at (const App *app, guint number)
{
  const GPtrArray *fields = app->model->dialog.fields;

  return fields != NULL && number < fields->len ? g_ptr_array_index (fields, number) : NULL;
}

const char *
app_field (const App *app, guint number)
{
  const Field *field = field_at (app, number);

  return field != NULL ? field->value->str : "";
}

void
app_close_dialog (App *app)
{
  dialog_clear (&app->model->dialog);
  app->accept = app->cancel = app->changed = NULL;
}

void
app_dialog_problem (App *app, const char *sentence)
{
  char *problem = g_strdup (sentence);

  g_free (app->model->dialog.problem);
  app->model->dialog.problem = problem;
}

void
app_confirm (App *app, const char *title, const char *text, void (*accept) (App *app))
{
  app_open_dialog (app, DIALOG_CONFIRM, title, text);
  app->accept = accept;
}

/* ---- yes and no ---- */

static void
say_no (App *app)
{
  void (*cancel) (App * app) = app->cancel;

  app_close_dialog (app);
  if (cancel != NULL)
    cancel (app);
}

/* accept() closes the dialog itself when it is content. */
static void
say_yes (App *app)
{
  g_clear_pointer (&app->model->dialog.problem, g_free);
  if (app->accept != NULL)
    app->accept (app);
  else
    app_close_dialog (app);
}

/* ---- fields ---- */

static void
changed (App *app)
{
  if (app->changed != NULL)
    app->changed (app);
}

gboolean
app_edit (GString *text, gunichar key)
{
  if (key == KEY_CODE_BACKSPACE || key == KEY_CODE_DELETE || key == 0x7f || key == 0x08) {
    if (text->len > 0)
      g_string_truncate (text, (gsize)(g_utf8_prev_char (text->str + text->len) - text->str));
    return TRUE;
  }
  if (key >= KEY_CODE_BASE || !g_unichar_isprint (key))
    return FALSE;
  if (g_utf8_strlen (text->str, -1) < MOST_TYPED)
    g_string_append_unichar (text, key);
  return TRUE;
}

static void
turn_choice (Field *field, int step)
{
  const int n = (int)g_strv_length ((char **)field->choices);
  int now = 0;

  for (int i = 0; i < n; i++)
    if (g_str_equal (field->choices[i], field->value->str))
      now = i;
  if (n > 0)
    g_string_assign (field->value, field->choices[(now + step + n) % n]);
}

static void
next_field (App *app, int step)
{
  Dialog *dialog = &app->model->dialog;
  const guint n = dialog->fields->len;

  if (n > 0)
    dialog->field = (dialog->field + n + (guint)step) % n;
}

static void
field_request (App *app, Request request)
{
  Field *field = field_at (app, app->model->dialog.field);

  if (field == NULL)
    return;
  if (request == REQUEST_NEXT_FIELD || request == REQUEST_DOWN)
    next_field (app, 1);
  if (request == REQUEST_UP)
    next_field (app, -1);
  if (field->choices != NULL && (request == REQUEST_RIGHT || request == REQUEST_LEFT)) {
    turn_choice (field, request == REQUEST_RIGHT ? 1 : -1);
    changed (app);
  }
}

static void
choice_request (App *app, Request request)
{
  Dialog *dialog = &app->model->dialog;
  const guint n = g_strv_length (dialog->choices);

  if (n == 0)
    return;
  if (request == REQUEST_DOWN || request == REQUEST_NEXT_FIELD || request == REQUEST_RIGHT)
    dialog->field = (dialog->field + 1) % n;
  if (request == REQUEST_UP || request == REQUEST_LEFT)
    dialog->field = (dialog->field + n - 1) % n;
}

/* A badge that was typed is followed by its PIN. */
static gboolean
wants_pin (const App *app)
{
  const Dialog *dialog = &app->model->dialog;

  return dialog->kind == DIALOG_SUPERVISOR && dialog->field == 0 && *app_field (app, 0) != '\0';
}

static gboolean
supervisors_have_pins (const Model *model)
{
  for (guint i = 0; i < model->operators->len; i++) {
    const OperatorLine *line = g_ptr_array_index (model->operators, i);

    if (line->enabled && line->pin && g_strcmp0 (line->role, "supervisor") == 0)
      return TRUE;
  }
  return FALSE;
}

/* ---- requests ---- */

/* From field to field; the last one ends the form. */
static void
enter_in_form (App *app)
{
  if (app->model->dialog.field + 1 < app->model->dialog.fields->len)
    next_field (app, 1);
  else
    say_yes (app);
}

static void
enter (App *app)
{
  switch (app->model->dialog.kind) {
  case DIALOG_SUPERVISOR:
    if (wants_pin (app) && supervisors_have_pins (app->model))
      app->model->dialog.field = 1;
    else
      say_yes (app);
    break;
  case DIALOG_CONFIRM:
  case DIALOG_INPUT:
  case DIALOG_CHOICE:
    say_yes (app);
    break;
  case DIALOG_FORM:
    enter_in_form (app);
    break;
  case DIALOG_HELP:
  case DIALOG_MESSAGE:
    say_no (app);
    break;
  case DIALOG_WAIT:
  case DIALOG_NONE:
    break;
  }
}

/* What a dialog has no use for is answered as well. */
static void
say_if_nothing (App *app, const AppLook *before)
{
  const AppLook now = app_look (app);

  if (app->model->dialog.problem == NULL && app_looks_same (before, &now))
    app_dialog_problem (app, _ ("Answer this first."));
}

static void
perform_in_dialog (App *app, Request request)
{
  const DialogKind kind = app->model->dialog.kind;

  if (request == REQUEST_BACK || (kind == DIALOG_HELP && request == REQUEST_HELP)
      || kind == DIALOG_MESSAGE)
    say_no (app);
  else if (request == REQUEST_ENTER)
    enter (app);
  else if (kind == DIALOG_CHOICE)
    choice_request (app, request);
  else
    field_request (app, request);
}

static void
dialog_request (App *app, Request request)
{
  const AppLook before = app_look (app);

  g_clear_pointer (&app->model->dialog.problem, g_free);
  perform_in_dialog (app, request);
  say_if_nothing (app, &before);
}

/* The keys that move and answer; letters are for fields. */
static Request
request_of_key (gunichar key)
{
  switch (key) {
  case KEY_CODE_ENTER:
  case '\r':
  case '\n':
    return REQUEST_ENTER;
  case KEY_CODE_ESCAPE:
    return REQUEST_BACK;
  case KEY_CODE_TAB:
  case '\t':
    return REQUEST_NEXT_FIELD;
  case KEY_CODE_UP:
    return REQUEST_UP;
  case KEY_CODE_DOWN:
    return REQUEST_DOWN;
  case KEY_CODE_LEFT:
    return REQUEST_LEFT;
  case KEY_CODE_RIGHT:
    return REQUEST_RIGHT;
  case KEY_CODE_F1:
    return REQUEST_HELP;
  default: /* characters and keys that mean nothing here */
    return REQUEST_NONE;
  }
}

static gboolean
type_into_field (App *app, gunichar key)
{
  Field *field = field_at (app, app->model->dialog.field);

  if (field == NULL)
    return FALSE;
  if (field->choices == NULL && !app_edit (field->value, key))
    return FALSE;
  if (field->choices != NULL && key == ' ')
    turn_choice (field, 1);
  changed (app);
  return TRUE;
}

/* The help has pages: what moves on turns them, everything else ends it. */
static void
help_request (App *app, Request request)
{
  guint *page = &app->model->dialog.field;

  if (request == REQUEST_PAGE_DOWN || request == REQUEST_DOWN || request == REQUEST_TYPE)
    (*page)++;
  else if (request == REQUEST_PAGE_UP || request == REQUEST_UP)
    *page -= *page > 0 ? 1 : 0;
  else
    say_no (app);
}

void
app_dialog_key (App *app, gunichar key)
{
  const Dialog *dialog = &app->model->dialog;
  const gboolean typed = key < KEY_CODE_BASE && g_unichar_isprint (key);

  if (dialog->kind != DIALOG_HELP && g_get_monotonic_time () - app->dialog_at < TOO_SOON)
    return;
  if (dialog->kind == DIALOG_HELP)
    help_request (app, key_request (app->model->view, key));
  else if (dialog->kind == DIALOG_MESSAGE)
    say_no (app);
  else if ((typed || key == KEY_CODE_BACKSPACE) && type_into_field (app, key))
    g_clear_pointer (&app->model->dialog.problem, g_free);
  else
    dialog_request (app, request_of_key (key));
}

/* ---- scans ---- */

/* Behind the badge comes the PIN: one that is typed fast, or printed as a code, looks like a scan.
 */
static void
badge_scanned (App *app, const char *badge)
{
  const gboolean is_pin = app->model->dialog.field == 1;

  g_string_assign (field_at (app, is_pin ? 1 : 0)->value, badge);
  if (is_pin) {
    say_yes (app);
    return;
  }
  if (supervisors_have_pins (app->model))
    app->model->dialog.field = 1;
  else
    say_yes (app);
}

/* A slot's barcode is its number where something is typed. A scan ends its field as Enter does,
 * but not the form. */
static void
field_scanned (App *app, const char *code)
{
  Field *field = field_at (app, app->model->dialog.field);
  g_autofree char *number = g_strdup_printf ("%u", code_slot (code));
  g_autofree char *safe = text_for_display (code, MOST_TYPED);

  if (field == NULL)
    return;
  if (field->choices != NULL) {
    app_dialog_problem (app, _ ("Choose here with Left and Right."));
    return;
  }
  g_clear_pointer (&app->model->dialog.problem, g_free);
  g_string_assign (field->value, code_slot (code) != 0 ? number : safe);
  changed (app);
  if (app->model->dialog.field + 1 < app->model->dialog.fields->len)
    next_field (app, 1);
}

void
app_dialog_code (App *app, const char *code)
{
  const Request request = code_request (code);

  switch (app->model->dialog.kind) {
  case DIALOG_HELP:
    help_request (app, request);
    break;
  case DIALOG_MESSAGE:
    say_no (app);
    break;
  case DIALOG_SUPERVISOR:
    if (request == REQUEST_NONE)
      badge_scanned (app, code);
    else
      dialog_request (app, request);
    break;
  case DIALOG_INPUT:
  case DIALOG_FORM:
    if (request == REQUEST_NONE)
      field_scanned (app, code);
    else
      dialog_request (app, request);
    break;
  case DIALOG_CONFIRM:
  case DIALOG_CHOICE:
  case DIALOG_WAIT:
    if (request == REQUEST_NONE)
      app_dialog_problem (app, _ ("Answer this first."));
    else
      dialog_request (app, request);
    break;
  case DIALOG_NONE:
    break;
  }
}

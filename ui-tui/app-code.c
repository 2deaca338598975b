/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a scan does: whatever it is, the screen shows what was scanned and says what came of it.
 */
#include "base/text.h"
#include "ui-tui/app-private.h"
#include "ui-tui/language.h"

#define MOST_CODE 64

/* ---- serials ---- */

static void
serial_bound (Client *client, GVariant *answer, const GError *error, gpointer data)
{
  App *app = data;
  const char *serial = app->model->last_scan != NULL ? app->model->last_scan : "";
  guint slot = 0;

  if (error != NULL) {
    model_notice (app->model, NOTICE_BAD, "%s", error->message);
    return;
  }
  if (answer != NULL && g_variant_is_of_type (answer, G_VARIANT_TYPE ("(u)")))
    g_variant_get (answer, "(u)", &slot);
  if (slot == 0)
    model_notice (app->model, NOTICE_GOOD, _ ("%s is for the next unit that comes."), serial);
  else
    model_notice (app->model, NOTICE_GOOD, _ ("%s is the unit in slot %u."), serial, slot);
}

static void
bind_serial (App *app, const char *serial)
{
  if (app_has_contact (app))
    app_ask (app, "BindSerial", g_variant_new ("(us)", 0, serial), serial_bound);
}

/* ---- kinds ---- */

static void
say_unknown (App *app, const char *text)
{
  const Model *model = app->model;

  if (scan_fits_keyboard (text))
    model_notice (app->model, NOTICE_BAD, _ ("Nobody knows the code '%s'. Nothing was done."),
                  model->last_scan);
  else
    model_notice (app->model, NOTICE_BAD,
                  _ ("Nobody knows the code '%s'. Is the scanner set to another country's "
                     "keyboard?"),
                  model->last_scan);
}

static void
slot_scanned (App *app, guint slot)
{
  if (app->model->view != VIEW_LINE && app->model->view != VIEW_SLOTS)
    app_show (app, VIEW_LINE);
  app_focus (app, slot);
}

/* On the Device view a code that could be a serial is the unit to be shown. */
static gboolean
names_unit (const App *app, const char *text, CodeKind kind)
{
  if (app->model->view != VIEW_DEVICE || !serial_is_valid (text))
    return FALSE;
  return kind == CODE_SERIAL || kind == CODE_UNKNOWN
         || (kind == CODE_BADGE && *app->preferences->badge_prefix == '\0');
}

static void
do_code (App *app, const char *text)
{
  const Code code = scan_judge (text, app->model, app->preferences);

  if (names_unit (app, text, code.kind)) {
    app_show_device (app, text);
    return;
  }
  switch (code.kind) {
  case CODE_REQUEST:
    app_request (app, code.request);
    break;
  case CODE_SLOT:
    slot_scanned (app, code.slot);
    break;
  case CODE_BATCH:
    app_batch_code (app, text);
    break;
  case CODE_SERIAL:
    bind_serial (app, text);
    break;
  case CODE_BADGE:
    app_sign_in (app, text);
    break;
  case CODE_UNKNOWN:
    if (app_has_contact (app))
      say_unknown (app, text);
    break;
  }
}

/* Anything that is not one of our own codes may be a badge. */
static void
unlock (App *app, const char *text)
{
  if (code_request (text) != REQUEST_NONE || code_slot (text) != 0)
    app_request (app, code_request (text) != REQUEST_NONE ? code_request (text) : REQUEST_HELP);
  else
    app_sign_in (app, text);
}

/* A badge or a PIN is a key: it is not shown, whatever else it could be. */
static gboolean
is_secret (const App *app, const char *text)
{
  const Model *model = app->model;
  const Code code = scan_judge (text, model, app->preferences);

  if (code.kind == CODE_REQUEST || code.kind == CODE_SLOT)
    return FALSE;
  if (model->locked || model->dialog.kind == DIALOG_SUPERVISOR || model->health.station == NULL)
    return TRUE; /* before the station has said who works here, anything may be a badge */
  return code.kind == CODE_BADGE && !names_unit (app, text, code.kind);
}

/* What is typed into a field stands there. */
static void
show_code (App *app, const char *text)
{
  Model *model = app->model;
  const DialogKind dialog = model->dialog.kind;

  g_clear_pointer (&model->last_scan, g_free);
  if (dialog == DIALOG_INPUT || dialog == DIALOG_FORM)
    return;
  model->last_scan =
      is_secret (app, text) ? g_strdup (_ ("(a badge)")) : text_for_display (text, MOST_CODE);
}

void
app_code (App *app, const char *code)
{
  Model *model = app->model;

  app->last_input_at = g_get_monotonic_time ();
  model->typing = FALSE;
  g_string_truncate (model->scan, 0);
  show_code (app, code);
  if (model->locked)
    unlock (app, code);
  else if (model->dialog.kind == DIALOG_NONE)
    do_code (app, code);
  else
    app_dialog_code (app, code);
}

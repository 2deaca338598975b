/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One unit, its attempts and what a supervisor may do to it; and the log, from which units and
 * batches are opened.
 */
#include <string.h>

#include "ui-tui/app-private.h"
#include "ui-tui/language.h"

/* ---- the unit ---- */

void
app_show_device (App *app, const char *serial)
{
  Model *model = app->model;
  g_autofree char *wanted = g_strdup (serial); /* may stand in what is cleared */

  model->show_transcript = FALSE;
  model->transcript_top = 0;
  if (app->client != NULL) {
    client_listen (app->client, VIEW_DEVICE);
    client_fetch_device (app->client, wanted);
  }
  else if (g_strcmp0 (model->detail.wanted, wanted) != 0) {
    device_detail_clear (&model->detail);
    model->detail.wanted = g_steal_pointer (&wanted);
  }
  model->view = VIEW_DEVICE;
  model->filtering = FALSE;
}

void
app_fetch_attempt (App *app)
{
  const AttemptLine *attempt = model_selected_attempt (app->model);

  app->model->transcript_top = 0;
  if (attempt != NULL && attempt->transcript == NULL && app->client != NULL)
    client_fetch_attempt (app->client, attempt->id);
}

/* The slot that the unit is in; 0: none. */
static guint
slot_of_unit (const Model *model, const char *serial)
{
  for (guint i = 0; i < model->tiles->len; i++) {
    const Tile *tile = g_ptr_array_index (model->tiles, i);

    if (tile->present && g_strcmp0 (tile->device, serial) == 0)
      return tile->number;
  }
  return 0;
}

static void
request_retry (App *app, const char *serial)
{
  const guint slot = slot_of_unit (app->model, serial);
  g_autofree char *what = g_strdup_printf (
      _ ("Let unit %s run once more? It gets a certificate again where it needs one."), serial);
  g_autofree char *done =
      slot > 0 ? g_strdup_printf (_ ("Unit %s runs again in slot %u."), serial, slot)
               : g_strdup_printf (_ ("Unit %s may run again: put it into a slot."), serial);

  app_act_supervised (app, what, "RetryDevice", g_variant_new ("(s)", serial), done);
}

static void
accept_void (App *app)
{
  g_autofree char *reason = g_strstrip (g_strdup (app_field (app, 0)));
  g_autofree char *serial = g_strdup (app->subject);
  g_autofree char *what =
      g_strdup_printf (_ ("Void the certificate of unit %s? It stays void for good."), serial);
  g_autofree char *done = g_strdup_printf (_ ("The certificate of unit %s is void."), serial);

  if (*reason == '\0') {
    app_dialog_problem (app, _ ("Say why: it is kept on record."));
    return;
  }
  app_close_dialog (app);
  app_act_supervised (app, what, "VoidDevice", g_variant_new ("(ss)", serial, reason), done);
}

static void
request_void (App *app, const char *serial)
{
  g_autofree char *text = g_strdup_printf (_ ("Why is the certificate of unit %s voided?"), serial);

  if (!app_has_contact (app))
    return;
  app_open_dialog (app, DIALOG_INPUT, _ ("Void"), text);
  app_add_field (app, N_ ("Reason"), "", FALSE, NULL);
  app->accept = accept_void;
  g_free (app->subject);
  app->subject = g_strdup (serial);
}

static void
toggle_transcript (App *app)
{
  Model *model = app->model;

  if (model_selected_attempt (model) == NULL) {
    model_notice (model, NOTICE_INFORMATION, "%s", _ ("This unit has no attempt."));
    return;
  }
  model->show_transcript = !model->show_transcript;
  app_fetch_attempt (app);
}

void
app_device_request (App *app, Request request)
{
  const DeviceLine *device = app->model->detail.device;

  if (device == NULL || device->serial == NULL) {
    model_notice (app->model, NOTICE_BAD, "%s",
                  _ ("No unit is shown: scan its serial, or type it after Space."));
    return;
  }
  switch ((int)request) {
  case REQUEST_RETRY_USED:
    request_retry (app, device->serial);
    break;
  case REQUEST_VOID:
    request_void (app, device->serial);
    break;
  case REQUEST_TRANSCRIPT:
  case REQUEST_ENTER:
    toggle_transcript (app);
    break;
  default: /* not for units */
    break;
  }
}

/* ---- the log ---- */

static void
open_event (App *app, const EventLine *event)
{
  const char *subject = event->subject;

  if (subject != NULL && model_batch (app->model, subject) != NULL) {
    app_show (app, VIEW_BATCH);
    app_select_batch (app, subject);
  }
  else if (subject != NULL && event->kind != NULL
           && (strstr (event->kind, "device") != NULL
               || strstr (event->kind, "certificate") != NULL))
  {
    app_show_device (app, subject);
  }
  else {
    model_notice (app->model, NOTICE_INFORMATION, "%s",
                  _ ("There is no more to show of this entry."));
  }
}

static void
open_row (App *app)
{
  Model *model = app->model;
  g_autoptr (GPtrArray) rows = model_log_rows (model);
  const guint selected = model->lists[VIEW_LOG].selected;
  const AttemptLine *attempt;

  if (selected >= rows->len)
    return;
  if (!model->log_attempts) {
    open_event (app, g_ptr_array_index (rows, selected));
    return;
  }
  attempt = g_ptr_array_index (rows, selected);
  if (attempt->device != NULL)
    app_show_device (app, attempt->device);
  else
    model_notice (model, NOTICE_INFORMATION, "%s", _ ("The unit did not say who it is."));
}

void
app_log_request (App *app, Request request)
{
  Model *model = app->model;
  ListPlace *place = &model->lists[VIEW_LOG];

  switch ((int)request) {
  case REQUEST_FOLLOW:
    model->follow = !model->follow;
    if (model->follow)
      place->selected = place->top = 0;
    break;
  case REQUEST_TOGGLE:
    model->log_attempts = !model->log_attempts;
    place->selected = place->top = 0;
    break;
  case REQUEST_ENTER:
    open_row (app);
    break;
  default: /* not for the log */
    break;
  }
}

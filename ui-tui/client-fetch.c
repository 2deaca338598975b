/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is asked for, and when: the line at once, the rest when its view is shown.
 */
#include "ui-tui/client-private.h"

#define LOG_ROWS 200
#define EXPORT_ROWS 50
#define DEVICE_ROWS 100

static GVariant *
filter (const char *key, const char *value, guint limit)
{
  GVariantDict options;

  g_variant_dict_init (&options, NULL);
  if (key != NULL)
    g_variant_dict_insert (&options, key, "s", value);
  if (limit != 0)
    g_variant_dict_insert (&options, "limit", "u", limit);
  return g_variant_new ("(@a{sv})", g_variant_dict_end (&options));
}

/* Counting costs what the batch has, so it is asked only where it is shown. */
static void
fetch_counts (Client *client, const char *batch)
{
  client_ask (client, "ListFormats", filter ("batch", batch, 0), client_take_counts);
}

void
client_fetch_view (Client *client, ViewKind view)
{
  const BatchLine *batch = model_selected_batch (client->model);

  switch (view) {
  case VIEW_LINE:
  case VIEW_SLOTS:
    break; /* kept fresh always */
  case VIEW_BATCH:
    if (batch != NULL)
      client_fetch_batch (client, batch->name);
    break;
  case VIEW_DEVICE:
    if (client->model->detail.wanted != NULL) {
      g_autofree char *wanted = g_strdup (client->model->detail.wanted);

      client_fetch_device (client, wanted);
    }
    break;
  case VIEW_CA:
    client_ask_status (client);
    break;
  case VIEW_LOG:
    client_ask (client, "ListEvents", g_variant_new ("(u)", LOG_ROWS), client_take_events);
    client_ask (client, "ListAttempts", filter (NULL, NULL, LOG_ROWS), client_take_attempts);
    break;
  case VIEW_EXPORT:
    client_ask (client, "ListExports", filter (NULL, NULL, EXPORT_ROWS), client_take_exports);
    if (batch != NULL)
      fetch_counts (client, batch->name);
    break;
  }
}

/* The log costs more than all the rest of the line: it is heard where it is shown. */
void
client_listen (Client *client, ViewKind view)
{
  static const char *const always[] = { "SlotsChanged", "BatchChanged", "StatusChanged",
                                        "ExportProgress", NULL };
  static const char *const with_log[] = { "SlotsChanged",
                                          "BatchChanged",
                                          "StatusChanged",
                                          "ExportProgress",
                                          "EventRecorded",
                                          "AttemptEnded",
                                          NULL };
  const gboolean log = view == VIEW_LOG || view == VIEW_DEVICE;

  client_ask (client, "Listen", g_variant_new ("(^as)", log ? with_log : always), NULL);
}

void
client_watch_view (Client *client, ViewKind view)
{
  client_listen (client, view);
  client_fetch_view (client, view);
}

/* The slots come last: with them the model is true. */
void
client_fetch_all (Client *client)
{
  client_listen (client, client->model->view);
  client_ask_status (client);
  client_ask (client, "ListBatches", NULL, client_take_batches);
  client_ask (client, "ListProfiles", NULL, client_take_profiles);
  client_ask (client, "ListOperators", NULL, client_take_operators);
  client_ask (client, "ListSlots", NULL, client_take_slots);
  client_fetch_view (client, client->model->view);
}

void
client_fetch_batch (Client *client, const char *name)
{
  client_ask (client, "GetBatch", g_variant_new ("(s)", name), client_take_batch);
  if (client->model->view == VIEW_EXPORT)
    fetch_counts (client, name);
}

void
client_fetch_stale (Client *client)
{
  const BatchLine *batch = model_selected_batch (client->model);

  if (!client->batch_stale || client->model->view != VIEW_BATCH || batch == NULL)
    return;
  client->batch_stale = FALSE;
  client_fetch_batch (client, batch->name);
}

static void
device_refused (Client *client, const char *sentence)
{
  g_free (client->model->detail.problem);
  client->model->detail.problem = g_strdup (sentence);
}

/* A device that has no certificate yet: the device itself says whether it is there. */
static void
certificate_refused (Client *client, const char *sentence)
{
  g_clear_pointer (&client->model->detail.certificate, certificate_line_free);
}

void
client_fetch_device (Client *client, const char *serial)
{
  DeviceDetail *detail = &client->model->detail;

  g_cancellable_cancel (client->device);
  g_object_unref (client->device);
  client->device = g_cancellable_new ();
  if (g_strcmp0 (detail->wanted, serial) != 0) {
    device_detail_clear (detail);
    detail->wanted = g_strdup (serial);
    client->model->lists[VIEW_DEVICE].selected = client->model->lists[VIEW_DEVICE].top = 0;
  }
  client_ask_device (client, "GetDevice", g_variant_new ("(s)", detail->wanted), client_take_device,
                     device_refused);
  client_ask_device (client, "GetCertificate", g_variant_new ("(s)", detail->wanted),
                     client_take_certificate, certificate_refused);
  client_ask_device (client, "ListAttempts", filter ("device", detail->wanted, DEVICE_ROWS),
                     client_take_device_attempts, device_refused);
}

void
client_fetch_attempt (Client *client, gint64 id)
{
  client_ask_device (client, "GetAttempt", g_variant_new ("(x)", id), client_take_attempt, NULL);
}

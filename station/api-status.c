/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The methods about the station, its signer and its drivers. The signer is asked afresh, in a
 * thread: it may hang, the main loop may not.
 */
#include "station/api-private.h"

#define ASK_SIGNER_TIME 1500 /* milliseconds */

static GVariant *
ask_signer (Station *station, SignerClient *client)
{
  const Deadline deadline = deadline_in (ASK_SIGNER_TIME);
  g_autoptr (GError) error = NULL;
  g_autoptr (SignerStatus) status = NULL;
  g_autofree char *problem = NULL;

  status = signer_client_status (client, deadline, &error);
  issuer_heard (station->issuer, error);
  /* Only now: catching up with a signer that does not answer would take its time. */
  if (status != NULL)
    issuer_ready (station->issuer, client, deadline, &error);
  if (error != NULL)
    problem = g_strdup (error->message);
  return record_ca (status, problem);
}

static void
work_ca_status (ApiErrand *errand, Station *station, SignerClient *client)
{
  errand->answer = g_variant_ref_sink (ask_signer (station, client));
}

static gboolean
handle_get_ca_status (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, Station *station)
{
  return api_errand_run (api_errand_new (invocation, work_ca_status), station);
}

static void
record_warnings (GVariantDict *record, const Station *station)
{
  g_auto (GStrv) warnings = station_warnings (station);

  g_variant_dict_insert_value (record, "warnings",
                               g_variant_new_strv ((const char *const *)warnings, -1));
}

/* The rest of the status, on the main loop: it reads the slots. */
static GVariant *
record_status (const Station *station, GVariant *ca)
{
  const Config *config = station->config;
  GVariantDict record;

  g_variant_dict_init (&record, NULL);
  record_text (&record, "station", config->name);
  record_text (&record, "version", KEYCRADLE_VERSION);
  record_text (&record, "mode", config->demo ? "demo" : "production");
  g_variant_dict_insert (&record, "started-at", "x", station->started_at);
  g_variant_dict_insert (&record, "slots", "u", station->slots->len);
  g_variant_dict_insert (&record, "busy", "u", station_busy_slots (station));
  if (station->site.order != NULL)
    record_text (&record, "batch", station->site.order->batch);
  g_variant_dict_insert_value (&record, "ca", ca);
  record_text (&record, "ledger", station->ledger_path);
  record_text (&record, "transcripts", station->site.transcript_folder);
  record_warnings (&record, station);
  return g_variant_dict_end (&record);
}

static void
finish_status (ApiErrand *errand, Station *station)
{
  g_autoptr (GVariant) ca = g_steal_pointer (&errand->answer);

  errand->answer = g_variant_ref_sink (record_status (station, ca));
}

static gboolean
handle_get_status (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, Station *station)
{
  ApiErrand *errand = api_errand_new (invocation, work_ca_status);

  errand->finish = finish_status;
  return api_errand_run (errand, station);
}

static gboolean
handle_list_drivers (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, Station *station)
{
  GVariantBuilder list;

  g_variant_builder_init (&list, G_VARIANT_TYPE ("aa{sv}"));
  for (const Driver *const *driver = driver_list (); *driver != NULL; driver++)
    g_variant_builder_add_value (&list, record_driver (*driver));
  return api_return (invocation, g_variant_builder_end (&list));
}

void
api_connect_status (ApiStation1 *skeleton, Station *station)
{
  g_signal_connect (skeleton, "handle-get-status", G_CALLBACK (handle_get_status), station);
  g_signal_connect (skeleton, "handle-get-ca-status", G_CALLBACK (handle_get_ca_status), station);
  g_signal_connect (skeleton, "handle-list-drivers", G_CALLBACK (handle_list_drivers), station);
}

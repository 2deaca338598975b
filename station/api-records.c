/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The methods that read the ledger: devices, attempts, certificates, events,
 * what was found among keys.
 */
#include "db/registry.h"
#include "station/api-private.h"
#include "station/records-renewal.h"
#include "station/transcript.h"

#define REGISTRATIONS_MOST 100 /* targets in which one certificate is shown to be */

static GVariant *
make_device (gconstpointer item)
{
  return record_device (item, NULL);
}

static gboolean
handle_list_devices (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, GVariant *filter,
                     Station *station)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) devices = ledger_devices (
      station->ledger, api_filter_text (filter, "batch"), api_limit (filter), &error);

  if (devices == NULL)
    return api_refuse (invocation, error);
  return api_return (invocation, record_list (devices, make_device));
}

static gboolean
handle_get_device (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, const char *serial,
                   Station *station)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Device) device = ledger_device (station->ledger, serial, &error);
  g_autoptr (AttestationRecord) attestation = NULL;
  g_autoptr (GPtrArray) lineage = NULL;
  g_autoptr (DeviceTrust) trust = NULL;

  if (device != NULL)
    attestation = ledger_attestation (station->ledger, serial, &error);
  if (error == NULL)
    lineage = ledger_lineage (station->ledger, serial, &error);
  if (error == NULL)
    trust = ledger_device_trust (station->ledger, serial, &error);
  if (error != NULL)
    return api_refuse (invocation, error);
  return api_return (invocation, record_device_whole (device, attestation, lineage, trust));
}

static gboolean
handle_get_attestation (ApiStation1 *skeleton, GDBusMethodInvocation *invocation,
                        const char *serial, Station *station)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (AttestationRecord) attestation = ledger_attestation (station->ledger, serial, &error);

  if (attestation == NULL && error == NULL)
    g_set_error (&error, LEDGER_ERROR, LEDGER_ERROR_NOT_FOUND,
                 "there is no evidence of device %s: its profile asked for none, or it had none",
                 serial);
  if (error != NULL)
    return api_refuse (invocation, error);
  return api_return (invocation, record_attestation (attestation));
}

static gboolean
handle_retry_device (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, const char *serial,
                     Station *station)
{
  g_autoptr (GError) error = NULL;

  if (!station_retry_device (station, serial, api_actor (invocation), &error))
    return api_refuse (invocation, error);
  return api_return_nothing (invocation);
}

static GVariant *
make_attempt (gconstpointer item)
{
  return record_attempt (item, NULL, NULL);
}

static gboolean
handle_list_attempts (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, GVariant *filter,
                      Station *station)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) attempts =
      ledger_attempts (station->ledger, api_filter_text (filter, "batch"),
                       api_filter_text (filter, "device"), api_limit (filter), &error);

  if (attempts == NULL)
    return api_refuse (invocation, error);
  return api_return (invocation, record_list (attempts, make_attempt));
}

/* One that a crash cut off, or that is under way, has no name in the ledger yet. */
static char *
load_transcript (const Station *station, const Attempt *attempt)
{
  g_autofree char *name = attempt->transcript != NULL
                              ? g_strdup (attempt->transcript)
                              : transcript_name (attempt->id, attempt->started_at);

  return transcript_load (station->site.transcript_folder, name, NULL);
}

static gboolean
handle_get_attempt (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, gint64 id,
                    Station *station)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Attempt) attempt = ledger_attempt (station->ledger, id, &error);
  g_autoptr (AttestationRecord) attestation = NULL;
  g_autofree char *transcript = NULL;

  if (attempt != NULL)
    attestation = ledger_attestation_of_attempt (station->ledger, id, &error);
  if (error != NULL)
    return api_refuse (invocation, error);
  transcript = load_transcript (station, attempt);
  return api_return (invocation, record_attempt (attempt, transcript, attestation));
}

static GVariant *
make_certificate (gconstpointer item)
{
  return record_certificate (item, FALSE);
}

static gboolean
handle_list_certificates (ApiStation1 *skeleton, GDBusMethodInvocation *invocation,
                          GVariant *filter, Station *station)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) certificates = ledger_certificates (
      station->ledger, api_filter_text (filter, "batch"), api_limit (filter), &error);

  if (certificates == NULL)
    return api_refuse (invocation, error);
  return api_return (invocation, record_list (certificates, make_certificate));
}

/* Where it is registered, as "production ACTIVE"; takes `record` over. NULL with error. */
static GVariant *
with_registrations (GVariant *record, const Certificate *certificate, Station *station,
                    GError **error)
{
  const RegistrationFilter filter = { .sha256 = certificate->sha256 };
  g_autoptr (GVariant) known = g_variant_ref_sink (record);
  g_autofree char *next = NULL;
  g_autoptr (GPtrArray) registrations =
      ledger_registrations (station->ledger, &filter, REGISTRATIONS_MOST, NULL, &next, error);
  g_autoptr (GStrvBuilder) words = g_strv_builder_new ();
  g_auto (GStrv) all = NULL;
  GVariantDict whole;

  if (registrations == NULL)
    return NULL;
  for (guint i = 0; i < registrations->len; i++) {
    const Registration *one = g_ptr_array_index (registrations, i);
    g_autofree char *word =
        g_strdup_printf ("%s %s", one->target, registration_status_word (one->status));

    g_strv_builder_add (words, word);
  }
  all = g_strv_builder_end (words);
  g_variant_dict_init (&whole, known);
  if (*all != NULL)
    record_words (&whole, "registrations", (const char *const *)all);
  return g_variant_dict_end (&whole);
}

static gboolean
handle_get_certificate (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, const char *key,
                        Station *station)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Certificate) certificate = ledger_certificate (station->ledger, key, &error);

  GVariant *record = NULL;

  if (certificate != NULL)
    record =
        with_registrations (record_certificate (certificate, TRUE), certificate, station, &error);
  if (record == NULL)
    return api_refuse (invocation, error);
  return api_return (invocation, record);
}

static GVariant *
make_event (gconstpointer item)
{
  return record_event (item);
}

static gboolean
handle_list_events (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, guint limit,
                    Station *station)
{
  const guint most = limit == 0 ? API_LIMIT_DEFAULT : MIN (limit, API_LIMIT_MOST);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) events = ledger_events (station->ledger, most, &error);

  if (events == NULL)
    return api_refuse (invocation, error);
  return api_return (invocation, record_list (events, make_event));
}

static GVariant *
make_finding (gconstpointer item)
{
  return record_finding (item);
}

static gboolean
handle_list_key_findings (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, guint limit,
                          Station *station)
{
  const guint most = limit == 0 ? API_LIMIT_DEFAULT : MIN (limit, API_LIMIT_MOST);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) findings = ledger_key_findings (station->ledger, most, &error);

  if (findings == NULL)
    return api_refuse (invocation, error);
  return api_return (invocation, record_list (findings, make_finding));
}

void
api_connect_records (ApiStation1 *skeleton, Station *station)
{
  g_signal_connect (skeleton, "handle-list-devices", G_CALLBACK (handle_list_devices), station);
  g_signal_connect (skeleton, "handle-get-device", G_CALLBACK (handle_get_device), station);
  g_signal_connect (skeleton, "handle-get-attestation", G_CALLBACK (handle_get_attestation),
                    station);
  g_signal_connect (skeleton, "handle-retry-device", G_CALLBACK (handle_retry_device), station);
  g_signal_connect (skeleton, "handle-list-attempts", G_CALLBACK (handle_list_attempts), station);
  g_signal_connect (skeleton, "handle-get-attempt", G_CALLBACK (handle_get_attempt), station);
  g_signal_connect (skeleton, "handle-list-certificates", G_CALLBACK (handle_list_certificates),
                    station);
  g_signal_connect (skeleton, "handle-get-certificate", G_CALLBACK (handle_get_certificate),
                    station);
  g_signal_connect (skeleton, "handle-list-key-findings", G_CALLBACK (handle_list_key_findings),
                    station);
  g_signal_connect (skeleton, "handle-list-events", G_CALLBACK (handle_list_events), station);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The methods about the station, its signer and its drivers. The signer is asked afresh, in a
 * thread: it may hang, the main loop may not.
 */
#include "station/api-status.h"

#include <sys/statvfs.h>
#include <sys/timex.h>

#include "station/api-peer.h"
#include "station/api-private.h"
#include "station/dual-control.h"
#include "station/operators.h"
#include "station/registry-watch.h"

#define ASK_SIGNER_TIME 1500                  /* milliseconds */
#define REGISTRY_WARNINGS "registry-warnings" /* from the errand to the main loop only */

static GVariant *
ask_signer (Station *station, SignerClient *client)
{
  const Deadline deadline = deadline_in (ASK_SIGNER_TIME);
  g_autoptr (GError) error = NULL;
  g_autoptr (SignerStatus) status = NULL;
  g_autoptr (GHashTable) profiles = NULL;
  g_autofree char *problem = NULL;

  status = issuer_status (station->issuer, client, deadline, &error);
  /* Only now: catching up with a signer that does not answer would take its time. */
  if (status != NULL)
    issuer_ready (station->issuer, client, deadline, &error);
  if (status != NULL)
    ticket_book_look (station->tickets, client, status, deadline);
  if (error != NULL)
    problem = g_strdup (error->message);
  profiles = profile_load_folder (station->config->profile_folder, NULL);
  return record_ca (status, profiles, issuer_acceptance (station->issuer), problem);
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

/* ---- gathered in an errand ---- */

static void
record_disk (GVariantDict *record, const char *folder)
{
  struct statvfs disk;

  if (statvfs (folder, &disk) != 0)
    return;
  g_variant_dict_insert (record, "disk-free", "t", (guint64)disk.f_bavail * disk.f_frsize);
  g_variant_dict_insert (record, "disk-size", "t", (guint64)disk.f_blocks * disk.f_frsize);
}

/* The kernel knows whether something (NTP, chrony, PTP) keeps its clock right. */
static const char *
clock_word (void)
{
  struct timex query = { 0 };

  if (adjtimex (&query) < 0)
    return "unknown";
  return query.status & STA_UNSYNC ? "free" : "synchronised";
}

static void
record_people (GVariantDict *record, Station *station)
{
  gboolean supervisor;
  guint enabled, waiting;

  if (operator_count (station->ledger, &enabled, &supervisor, NULL))
    g_variant_dict_insert (record, "operators", "u", enabled);
  if (ledger_expire_approvals (station->ledger, NULL)
      && ledger_count_approvals (station->ledger, &waiting, NULL))
    g_variant_dict_insert (record, "approvals-waiting", "u", waiting);
}

static void
record_last_export (GVariantDict *record, Station *station)
{
  g_autoptr (GPtrArray) exports = ledger_exports (station->ledger, NULL, 1, NULL);

  if (exports != NULL && exports->len > 0)
    g_variant_dict_insert_value (record, "last-export",
                                 record_export_line (g_ptr_array_index (exports, 0)));
}

static void
record_keys (GVariantDict *record, Station *station)
{
  g_autofree char *problem = fleet_watch_problem (station->fleet);
  KeyState keys;

  record_text (record, "keys-problem", problem);
  if (!ledger_key_state (station->ledger, &keys, NULL))
    return;
  g_variant_dict_insert (record, "keys-seen", "t", keys.newest);
  g_variant_dict_insert (record, "keys-checked", "t", keys.checked);
  g_variant_dict_insert (record, "key-findings", "t", keys.findings);
  g_variant_dict_insert (record, "weak-units", "t", keys.units);
}

/* Becomes part of the warnings. */
static void
record_registry (GVariantDict *record, Station *station)
{
  g_auto (GStrv) warnings = registry_warnings (station->ledger);

  g_variant_dict_insert_value (record, REGISTRY_WARNINGS,
                               g_variant_new_strv ((const char *const *)warnings, -1));
}

GVariant *
api_status_gather (Station *station, SignerClient *client)
{
  GVariantDict record;

  g_variant_dict_init (&record, NULL);
  if (client != NULL)
    g_variant_dict_insert_value (&record, "ca", ask_signer (station, client));
  record_disk (&record, station->config->state_folder);
  record_text (&record, "clock", clock_word ());
  record_people (&record, station);
  record_last_export (&record, station);
  record_keys (&record, station);
  record_registry (&record, station);
  return g_variant_dict_end (&record);
}

/* ---- read on the main loop ---- */

static void
record_warnings (GVariantDict *record, const Station *station)
{
  g_auto (GStrv) warnings = station_warnings (station);
  g_auto (GStrv) alarms = station_alarms (station);
  g_autofree const char **of_registry = NULL;
  g_autoptr (GPtrArray) all = g_ptr_array_new ();

  g_variant_dict_lookup (record, REGISTRY_WARNINGS, "^a&s", &of_registry);
  for (char **warning = warnings; *warning != NULL; warning++)
    g_ptr_array_add (all, *warning);
  for (const char **warning = of_registry; warning != NULL && *warning != NULL; warning++)
    g_ptr_array_add (all, (char *)*warning);
  g_ptr_array_add (all, NULL);
  record_words (record, "alarms", (const char *const *)alarms);
  record_words (record, "warnings", (const char *const *)all->pdata);
  g_variant_dict_remove (record, REGISTRY_WARNINGS);
}

/* The rest of the status: it reads the slots. `record` holds what was gathered. */
static void
record_station (GVariantDict *record, const Station *station)
{
  const Config *config = station->config;
  g_autofree char *dual_control = dual_control_text (config->dual_control);

  record_text (record, "station", config->name);
  record_text (record, "version", KEYCRADLE_VERSION);
  record_text (record, "mode", config->demo ? "demo" : "production");
  record_text (record, "dual-control", dual_control);
  g_variant_dict_insert (record, "started-at", "x", station->started_at);
  g_variant_dict_insert (record, "slots", "u", station->slots->len);
  g_variant_dict_insert (record, "busy", "u", station_busy_slots (station));
  if (station->site.order != NULL)
    record_text (record, "batch", station->site.order->batch);
  record_text (record, "next-serial", station->site.next_serial);
  record_text (record, "ledger", station->ledger_path);
  record_text (record, "transcripts", station->site.transcript_folder);
  if (station->signed_in != NULL) {
    record_text (record, "operator", station->signed_in->name);
    record_text (record, "operator-language", station->signed_in->language);
  }
  record_warnings (record, station);
}

GVariant *
api_status_for_signal (const Station *station, GVariant *gathered)
{
  GVariantDict record;

  g_variant_dict_init (&record, gathered);
  g_variant_dict_remove (&record, "ca");
  record_station (&record, station);
  return g_variant_dict_end (&record);
}

/* Percents: every write moves the bytes. */
static guint64
disk_percent (GVariant *status)
{
  guint64 available = 0, size = 0;

  g_variant_lookup (status, "disk-free", "t", &available);
  g_variant_lookup (status, "disk-size", "t", &size);
  return size > 0 ? available / MAX (size / 100, 1) : 0;
}

gboolean
api_status_differs (GVariant *before, GVariant *now)
{
  static const char *const keys[] = {
    "warnings",     "operator",    "operator-language", "operators",        "clock",
    "batch",        "next-serial", "last-export",       "alarms",           "keys-checked",
    "key-findings", "weak-units",  "keys-problem",      "approvals-waiting"
  };

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++) {
    g_autoptr (GVariant) first = g_variant_lookup_value (before, keys[i], NULL);
    g_autoptr (GVariant) second = g_variant_lookup_value (now, keys[i], NULL);

    if ((first == NULL) != (second == NULL) || (first != NULL && !g_variant_equal (first, second)))
      return TRUE;
  }
  return disk_percent (before) != disk_percent (now);
}

static void
work_status (ApiErrand *errand, Station *station, SignerClient *client)
{
  errand->answer = g_variant_ref_sink (api_status_gather (station, client));
}

static void
finish_status (ApiErrand *errand, Station *station)
{
  g_autoptr (GVariant) gathered = g_steal_pointer (&errand->answer);
  GVariantDict record;

  g_variant_dict_init (&record, gathered);
  record_station (&record, station);
  api_peer_record (api_peer_of (g_dbus_method_invocation_get_connection (errand->invocation)),
                   &record);
  errand->answer = g_variant_ref_sink (g_variant_dict_end (&record));
}

static gboolean
handle_get_status (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, Station *station)
{
  ApiErrand *errand = api_errand_new (invocation, work_status);

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

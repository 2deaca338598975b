/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle status, ca status, and the short lists: drivers, profiles, events.
 */
#include "station/cli/cli.h"

#include <stdio.h>

#include "base/text.h"
#include "station/cli/arguments.h"
#include "station/cli/output.h"

static const Field status_fields[] = {
  { "station", "Station", FIELD_TEXT },
  { "version", "Version", FIELD_TEXT },
  { "mode", "Mode", FIELD_TEXT },
  { "started-at", "Running since", FIELD_TIME },
  { "slots", "Slots", FIELD_NUMBER },
  { "busy", "At work", FIELD_NUMBER },
  { "batch", "Batch", FIELD_TEXT },
  { "next-serial", "Next serial", FIELD_TEXT },
  { "operator", "Operator", FIELD_TEXT },
  { "operators", "May sign in", FIELD_NUMBER },
  { "dual-control", "Takes two", FIELD_TEXT },
  { "approvals-waiting", "Requests waiting", FIELD_NUMBER },
  { "user", "You are", FIELD_TEXT },
  { "role", "Your role", FIELD_TEXT },
  { "clock", "Clock", FIELD_TEXT },
  { "keys-seen", "Keys seen", FIELD_NUMBER },
  { "keys-checked", "Keys checked", FIELD_NUMBER },
  { "key-findings", "Key findings", FIELD_NUMBER },
  { "weak-units", "To void", FIELD_NUMBER },
  { "keys-problem", "Key check", FIELD_TEXT },
  { "ledger", "Ledger", FIELD_TEXT },
  { "transcripts", "Transcripts", FIELD_TEXT },
  { NULL, NULL, FIELD_TEXT },
};

static const Field ca_fields[] = {
  { "subject", "CA", FIELD_TEXT },
  { "reachable", "Signer answers", FIELD_YES_NO },
  { "problem", "Problem", FIELD_TEXT },
  { "name", "Name", FIELD_TEXT },
  { "signature", "Signs with", FIELD_TEXT },
  { "keystore", "Key is kept in", FIELD_TEXT },
  { "demo", "Demo CA", FIELD_YES_NO },
  { "key", "CA key", FIELD_TEXT },
  { "fingerprint", "CA SHA-256", FIELD_DIGEST },
  { "accepted", "CA accepted", FIELD_YES_NO },
  { "not-before", "CA valid from", FIELD_SECONDS },
  { "not-after", "CA valid until", FIELD_SECONDS },
  { "days-left", "CA days left", FIELD_NUMBER },
  { "log-size", "Signed so far", FIELD_NUMBER },
  { "log-origin", "Log", FIELD_DIGEST },
  { "log-verified", "Log checked", FIELD_NUMBER },
  { "station-key", "Station key", FIELD_DIGEST },
  { "station-certificate", "Station SHA-256", FIELD_DIGEST },
  { "tickets-demanded", "Tickets demanded", FIELD_YES_NO },
  { "tpm-count", "TPM count", FIELD_NUMBER },
  { "tpm-limit", "TPM limit", FIELD_NUMBER },
  { NULL, NULL, FIELD_TEXT },
};

static const Field authority_columns[] = {
  { "name", "CA", FIELD_TEXT },
  { "issuing", "ISSUES", FIELD_YES_NO },
  { "accepted", "ACCEPTED", FIELD_YES_NO },
  { "subject", "SUBJECT", FIELD_TEXT },
  { "key", "KEY", FIELD_TEXT },
  { "signature", "SIGNS WITH", FIELD_TEXT },
  { "keystore", "KEPT IN", FIELD_TEXT },
  { "not-after", "VALID UNTIL", FIELD_SECONDS },
  { "days-left", "DAYS LEFT", FIELD_NUMBER },
  { "problem", "PROBLEM", FIELD_TEXT },
  { NULL, NULL, FIELD_TEXT },
};

static const Field driver_columns[] = {
  { "name", "DRIVER", FIELD_TEXT }, { "title", "FAMILY", FIELD_TEXT },
  { "keys", "KEYS", FIELD_LIST },   { "baud", "BAUD", FIELD_NUMBER },
  { NULL, NULL, FIELD_TEXT },
};

static const Field profile_columns[] = {
  { "name", "PROFILE", FIELD_TEXT }, { "subject", "SUBJECT", FIELD_TEXT },
  { "keys", "KEYS", FIELD_LIST },    { "sha256", "SHA-256", FIELD_DIGEST },
  { NULL, NULL, FIELD_TEXT },
};

static const Field event_columns[] = {
  { "id", "EVENT", FIELD_NUMBER },    { "at", "TIME", FIELD_TIME },
  { "actor", "WHO", FIELD_TEXT },     { "kind", "WHAT", FIELD_TEXT },
  { "subject", "WHICH", FIELD_TEXT }, { "detail", "DETAIL", FIELD_TEXT },
  { NULL, NULL, FIELD_TEXT },
};

static void
print_warnings (GVariant *status)
{
  g_autoptr (GVariant) warnings =
      g_variant_lookup_value (status, "warnings", G_VARIANT_TYPE_STRING_ARRAY);
  g_autofree const char **texts = warnings == NULL ? NULL : g_variant_get_strv (warnings, NULL);

  for (const char **text = texts; text != NULL && *text != NULL; text++) {
    g_autofree char *safe = text_for_display (*text, 1000);
    printf ("%-16s %s\n", "Warning", safe);
  }
}

static void
print_disk (GVariant *status)
{
  guint64 free_bytes = 0, size = 0;

  if (!g_variant_lookup (status, "disk-free", "t", &free_bytes)
      || !g_variant_lookup (status, "disk-size", "t", &size) || size == 0)
    return;
  g_autofree char *free_text = g_format_size (free_bytes);
  g_autofree char *size_text = g_format_size (size);
  printf ("%-16s %s of %s free (%.0f%%)\n", "Disk", free_text, size_text,
          100.0 * (double)free_bytes / (double)size);
}

static void
print_last_export (GVariant *status)
{
  g_autoptr (GVariant) export =
      g_variant_lookup_value (status, "last-export", G_VARIANT_TYPE_VARDICT);
  gint64 at = 0;
  guint64 rows = 0;

  if (export == NULL || !g_variant_lookup (export, "at", "x", &at) || at == 0)
    return;
  g_variant_lookup (export, "rows", "t", &rows);
  g_autofree char *when = date_and_time (at);
  g_autofree char *batch = record_text (export, "batch");
  g_autofree char *format = record_text (export, "format");
  printf ("%-16s %s: %" G_GUINT64_FORMAT " devices of %s as %s\n", "Last export", when, rows, batch,
          format);
}

CliExit
cli_status (Cli *cli, GError **error)
{
  g_autoptr (GVariant) status = NULL;

  if (!cli_connect (cli, error)
      || !api_station1_call_get_status_sync (cli->api, &status, NULL, error))
    return CLI_FAILED;
  cli_print_record (cli, status, status_fields);
  if (cli->options.json)
    return CLI_OK;
  print_disk (status);
  print_last_export (status);
  g_autoptr (GVariant) ca = g_variant_lookup_value (status, "ca", G_VARIANT_TYPE_VARDICT);
  if (ca != NULL)
    cli_print_record (cli, ca, ca_fields);
  print_warnings (status);
  return CLI_OK;
}

CliExit
cli_ca_status (Cli *cli, GError **error)
{
  g_autoptr (GVariant) ca = NULL;
  gboolean reachable = TRUE;

  if (!cli_connect (cli, error)
      || !api_station1_call_get_ca_status_sync (cli->api, &ca, NULL, error))
    return CLI_FAILED;
  cli_print_record (cli, ca, ca_fields);
  if (!cli->options.json)
    print_warnings (ca);
  g_variant_lookup (ca, "reachable", "b", &reachable);
  return reachable ? CLI_OK : CLI_CA_UNAVAILABLE;
}

CliExit
cli_ca_list (Cli *cli, GError **error)
{
  g_autoptr (GVariant) ca = NULL;
  g_autoptr (GVariant) authorities = NULL;

  if (!cli_connect (cli, error)
      || !api_station1_call_get_ca_status_sync (cli->api, &ca, NULL, error))
    return CLI_FAILED;
  authorities = g_variant_lookup_value (ca, "cas", G_VARIANT_TYPE ("aa{sv}"));
  if (authorities == NULL)
    return CLI_CA_UNAVAILABLE;
  cli_print_records (cli, authorities, authority_columns);
  return CLI_OK;
}

CliExit
cli_driver_list (Cli *cli, GError **error)
{
  g_autoptr (GVariant) drivers = NULL;

  if (!cli_connect (cli, error)
      || !api_station1_call_list_drivers_sync (cli->api, &drivers, NULL, error))
    return CLI_FAILED;
  cli_print_records (cli, drivers, driver_columns);
  return CLI_OK;
}

CliExit
cli_profile_list (Cli *cli, GError **error)
{
  g_autoptr (GVariant) profiles = NULL;

  if (!cli_connect (cli, error)
      || !api_station1_call_list_profiles_sync (cli->api, &profiles, NULL, error))
    return CLI_FAILED;
  cli_print_records (cli, profiles, profile_columns);
  return CLI_OK;
}

CliExit
cli_event_list (Cli *cli, GError **error)
{
  g_autoptr (GVariant) events = NULL;
  guint limit = 100;

  if (!argument_count ("limit", cli->options.limit, G_MAXUINT32, &limit, error)
      || !cli_connect (cli, error)
      || !api_station1_call_list_events_sync (cli->api, limit == 0 ? G_MAXUINT32 : limit, &events,
                                              NULL, error))
    return CLI_FAILED;
  cli_print_records (cli, events, event_columns);
  return CLI_OK;
}

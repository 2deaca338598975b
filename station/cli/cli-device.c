/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle device, attempt and cert: what the ledger knows of units.
 */
#include "station/cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "station/cli/arguments.h"
#include "station/cli/output.h"

static const Field device_columns[] = {
  { "serial", "SERIAL", FIELD_TEXT },
  { "state", "STATE", FIELD_TEXT },
  { "batch", "BATCH", FIELD_TEXT },
  { "driver", "DRIVER", FIELD_TEXT },
  { "model", "MODEL", FIELD_TEXT },
  { "attempts", "ATTEMPTS", FIELD_NUMBER },
  { "created-at", "FIRST SEEN", FIELD_TIME },
  { "certificate", "CERTIFICATE", FIELD_DIGEST },
  { NULL, NULL, FIELD_TEXT },
};

static const Field device_fields[] = {
  { "serial", "Serial", FIELD_TEXT },
  { "chip-id", "Chip", FIELD_TEXT },
  { "state", "State", FIELD_TEXT },
  { "batch", "Batch", FIELD_TEXT },
  { "driver", "Driver", FIELD_TEXT },
  { "model", "Model", FIELD_TEXT },
  { "firmware", "Firmware", FIELD_TEXT },
  { "attempts", "Attempts", FIELD_NUMBER },
  { "created-at", "First seen", FIELD_TIME },
  { "endpoint", "Endpoint", FIELD_TEXT },
  { "certificate", "Certificate", FIELD_DIGEST },
  { "attestation", "Attestation", FIELD_TEXT },
  { "attestation-format", "Format", FIELD_TEXT },
  { "attestation-detail", "Shown", FIELD_TEXT },
  { NULL, NULL, FIELD_TEXT },
};

static const Field attempt_columns[] = {
  { "id", "ATTEMPT", FIELD_NUMBER },  { "started-at", "STARTED", FIELD_TIME },
  { "slot", "SLOT", FIELD_TEXT },     { "device", "DEVICE", FIELD_TEXT },
  { "driver", "DRIVER", FIELD_TEXT }, { "operator", "OPERATOR", FIELD_TEXT },
  { "result", "RESULT", FIELD_TEXT }, { "step", "STEP", FIELD_TEXT },
  { "reason", "REASON", FIELD_TEXT }, { NULL, NULL, FIELD_TEXT },
};

static const Field attempt_fields[] = {
  { "id", "Attempt", FIELD_NUMBER },
  { "slot", "Slot", FIELD_TEXT },
  { "batch", "Batch", FIELD_TEXT },
  { "device", "Device", FIELD_TEXT },
  { "driver", "Driver", FIELD_TEXT },
  { "operator", "Operator", FIELD_TEXT },
  { "started-at", "Started", FIELD_TIME },
  { "ended-at", "Ended", FIELD_TIME },
  { "result", "Result", FIELD_TEXT },
  { "step", "Step", FIELD_TEXT },
  { "reason", "Reason", FIELD_TEXT },
  { "operator-text", "What to do", FIELD_TEXT },
  { "detail", "Detail", FIELD_TEXT },
  { "attestation", "Attestation", FIELD_TEXT },
  { "attestation-format", "Format", FIELD_TEXT },
  { "attestation-detail", "Shown", FIELD_TEXT },
  { NULL, NULL, FIELD_TEXT },
};

static const Field certificate_columns[] = {
  { "device", "DEVICE", FIELD_TEXT },
  { "status", "STATUS", FIELD_TEXT },
  { "batch", "BATCH", FIELD_TEXT },
  { "profile", "PROFILE", FIELD_TEXT },
  { "not-after", "VALID UNTIL", FIELD_SECONDS },
  { "sha256", "SHA-256", FIELD_DIGEST },
  { "issued-at", "ISSUED", FIELD_TIME },
  { NULL, NULL, FIELD_TEXT },
};

static const Field certificate_fields[] = {
  { "device", "Device", FIELD_TEXT },
  { "subject", "Subject", FIELD_TEXT },
  { "serial-number", "Number", FIELD_TEXT },
  { "status", "Status", FIELD_TEXT },
  { "state", "State", FIELD_TEXT },
  { "registrations", "Registered", FIELD_LIST },
  { "void-reason", "Void because", FIELD_TEXT },
  { "batch", "Batch", FIELD_TEXT },
  { "profile", "Profile", FIELD_TEXT },
  { "not-before", "Valid from", FIELD_SECONDS },
  { "not-after", "Valid until", FIELD_SECONDS },
  { "sha256", "SHA-256", FIELD_DIGEST },
  { "sha1", "SHA-1", FIELD_DIGEST },
  { "spki-sha256", "Key SHA-256", FIELD_DIGEST },
  { "log-index", "Log index", FIELD_NUMBER },
  { "issued-at", "Issued", FIELD_TIME },
  { "verified-at", "Verified", FIELD_TIME },
  { NULL, NULL, FIELD_TEXT },
};

CliExit
cli_device_list (Cli *cli, GError **error)
{
  GVariant *filter;
  g_autoptr (GVariant) devices = NULL;

  if (!cli_connect (cli, error) || !argument_filter (cli, &filter, error)
      || !api_station1_call_list_devices_sync (cli->api, filter, &devices, NULL, error))
    return CLI_FAILED;
  cli_print_records (cli, devices, device_columns);
  return CLI_OK;
}

static const Field lineage_columns[] = {
  { "issued-at", "CERTIFICATE OF", FIELD_TIME },
  { "batch", "BATCH", FIELD_TEXT },
  { "state", "STATE", FIELD_TEXT },
  { "void-reason", "VOID BECAUSE", FIELD_TEXT },
  { "voided-at", "SINCE", FIELD_TIME },
  { "not-after", "VALID UNTIL", FIELD_SECONDS },
  { "sha256", "SHA-256", FIELD_DIGEST },
  { "replaces", "REPLACES", FIELD_DIGEST },
  { NULL, NULL, FIELD_TEXT },
};

static const Field root_columns[] = {
  { "subject", "TRUSTS", FIELD_TEXT },
  { "not-after", "VALID UNTIL", FIELD_SECONDS },
  { "sha256", "SHA-256", FIELD_DIGEST },
  { NULL, NULL, FIELD_TEXT },
};

static void
print_list (const Cli *cli, GVariant *device, const char *key, const Field *columns)
{
  g_autoptr (GVariant) list = g_variant_lookup_value (device, key, G_VARIANT_TYPE ("aa{sv}"));

  if (list == NULL || g_variant_n_children (list) == 0)
    return;
  putchar ('\n');
  cli_print_records (cli, list, columns);
}

CliExit
cli_device_show (Cli *cli, GError **error)
{
  g_autoptr (GVariant) device = NULL;

  if (!argument_text (cli->arguments[0], error) || !cli_connect (cli, error)
      || !api_station1_call_get_device_sync (cli->api, cli->arguments[0], &device, NULL, error))
    return CLI_FAILED;
  cli_print_record (cli, device, device_fields);
  if (cli->options.json)
    return CLI_OK;
  print_list (cli, device, "certificates", lineage_columns);
  print_list (cli, device, "roots", root_columns);
  return CLI_OK;
}

CliExit
cli_device_retry (Cli *cli, GError **error)
{
  if (!argument_text (cli->arguments[0], error) || !cli_connect (cli, error)
      || !api_station1_call_retry_device_sync (cli->api, cli->arguments[0], NULL, error))
    return CLI_FAILED;
  printf ("Device %s may run once more. Plug it in, or type 'keycradle slot start N'.\n",
          cli->arguments[0]);
  return CLI_OK;
}

CliExit
cli_device_void (Cli *cli, GError **error)
{
  const char *serial = cli->arguments[0];
  const char *reason = cli->options.reason;

  if (reason == NULL || *reason == '\0') {
    g_set_error (error, CLI_ERROR, CLI_USAGE,
                 "Say why with --reason, for those who find the certificate void.");
    return CLI_USAGE;
  }
  if (!argument_text (serial, error) || !argument_text (reason, error) || !cli_connect (cli, error)
      || !api_station1_call_void_device_sync (cli->api, serial, reason, NULL, error))
    return CLI_FAILED;
  printf ("The certificate of %s is void. A cloud that knows it must be told as well.\n", serial);
  return CLI_OK;
}

CliExit
cli_attempt_list (Cli *cli, GError **error)
{
  GVariant *filter;
  g_autoptr (GVariant) attempts = NULL;

  if (!cli_connect (cli, error) || !argument_filter (cli, &filter, error)
      || !api_station1_call_list_attempts_sync (cli->api, filter, &attempts, NULL, error))
    return CLI_FAILED;
  cli_print_records (cli, attempts, attempt_columns);
  return CLI_OK;
}

/* When each step began, and how long until the next one or the attempt's end. */
static void
print_steps (GVariant *attempt)
{
  g_autoptr (GVariant) steps = g_variant_lookup_value (attempt, "steps", G_VARIANT_TYPE ("aa{sv}"));
  const gsize n = steps == NULL ? 0 : g_variant_n_children (steps);
  gint64 end = 0;

  g_variant_lookup (attempt, "ended-at", "x", &end);
  for (gsize i = 0; i < n; i++) {
    g_autoptr (GVariant) step = g_variant_get_child_value (steps, i);
    g_autoptr (GVariant) next = i + 1 < n ? g_variant_get_child_value (steps, i + 1) : NULL;
    g_autofree char *name = record_text (step, "step");
    gint64 at = 0, until = end;

    g_variant_lookup (step, "at", "x", &at);
    if (next != NULL)
      g_variant_lookup (next, "at", "x", &until);
    g_autofree char *time = time_of_day (at);
    printf ("%s  %s.%03d  %-14s", i == 0 ? "\n" : "", time, (int)(at / 1000 % 1000), name);
    if (until >= at && until > 0)
      printf (" %9.3f s", (double)(until - at) / G_USEC_PER_SEC);
    putchar ('\n');
  }
}

/* The dialogue is escaped already; line by line it is made safe once more. */
static void
print_transcript (GVariant *attempt)
{
  const char *transcript = NULL;

  if (!g_variant_lookup (attempt, "transcript", "&s", &transcript))
    return;
  g_auto (GStrv) lines = g_strsplit (transcript, "\n", -1);
  putchar ('\n');
  for (char **line = lines; *line != NULL; line++) {
    g_autofree char *safe = text_for_display (*line, strlen (*line));
    if (*safe != '\0' || line[1] != NULL)
      puts (safe);
  }
}

CliExit
cli_attempt_show (Cli *cli, GError **error)
{
  g_autoptr (GVariant) attempt = NULL;
  gint64 id;

  if (!argument_attempt (cli->arguments[0], &id, error) || !cli_connect (cli, error)
      || !api_station1_call_get_attempt_sync (cli->api, id, &attempt, NULL, error))
    return CLI_FAILED;
  cli_print_record (cli, attempt, attempt_fields);
  if (cli->options.json)
    return CLI_OK;
  print_steps (attempt);
  print_transcript (attempt);
  return CLI_OK;
}

CliExit
cli_cert_list (Cli *cli, GError **error)
{
  GVariant *filter;
  g_autoptr (GVariant) certificates = NULL;

  if (!cli_connect (cli, error) || !argument_filter (cli, &filter, error)
      || !api_station1_call_list_certificates_sync (cli->api, filter, &certificates, NULL, error))
    return CLI_FAILED;
  cli_print_records (cli, certificates, certificate_columns);
  return CLI_OK;
}

CliExit
cli_cert_show (Cli *cli, GError **error)
{
  g_autoptr (GVariant) certificate = NULL;
  const char *key = cli->arguments[0];
  const char *pem = "";

  if (!argument_text (key, error) || !cli_connect (cli, error)
      || !api_station1_call_get_certificate_sync (cli->api, key, &certificate, NULL, error))
    return CLI_FAILED;
  g_variant_lookup (certificate, "pem", "&s", &pem);
  if (!cli->options.pem)
    cli_print_record (cli, certificate, certificate_fields);
  if (!cli->options.json && !cli->options.pem)
    putchar ('\n');
  if (!cli->options.json)
    fputs (pem, stdout);
  return CLI_OK;
}

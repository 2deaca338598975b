/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle registry: where certificates are registered, with which status, and how that came
 * about.
 */
#include "station/cli/cli.h"

#include <stdio.h>

#include "station/cli/arguments.h"
#include "station/cli/cli-operation.h"
#include "station/cli/pages.h"
#include "station/cli/registry-run.h"

static const Field registration_columns[] = {
  { "device", "DEVICE", FIELD_TEXT },
  { "target", "TARGET", FIELD_TEXT },
  { "status", "STATUS", FIELD_TEXT },
  { "ca", "CA", FIELD_TEXT },
  { "batch", "BATCH", FIELD_TEXT },
  { "changed-at", "CHANGED", FIELD_TIME },
  { "not-after", "ENDS", FIELD_SECONDS },
  { "transferred-to", "GOES TO", FIELD_TEXT },
  { "waiting", "WAITING", FIELD_NUMBER },
  { "sha256", "SHA-256", FIELD_DIGEST },
  { NULL, NULL, FIELD_TEXT },
};

CliExit
cli_registry_change (Cli *cli, GError **error)
{
  return registry_run (cli, cli->verb->verb, error);
}

/* ---- list ---- */

static gboolean
list_registrations (ApiStation1 *api, GVariant *filter, GVariant **records, char **next,
                    GError **error)
{
  return api_station1_call_list_registrations_sync (api, filter, records, next, NULL, error);
}

static GVariant *
filter_of (const Cli *cli, GError **error)
{
  const CliOptions *options = &cli->options;
  g_auto (GVariantDict) filter;

  g_variant_dict_init (&filter, NULL);
  if (options->ascending)
    g_variant_dict_insert (&filter, "ascending", "b", TRUE);
  if (!argument_insert (&filter, "target", cli->arguments[0], error)
      || !argument_insert (&filter, "ca", options->ca, error)
      || !argument_insert (&filter, "batch", options->batch, error)
      || !argument_insert (&filter, "device", options->device, error)
      || !argument_insert (&filter, "status", options->status, error))
    return NULL;
  return g_variant_ref_sink (g_variant_dict_end (&filter));
}

CliExit
cli_registry_list (Cli *cli, GError **error)
{
  g_autoptr (GVariant) filter = filter_of (cli, error);
  const PagedList list = { list_registrations, filter, registration_columns, NULL, NULL };

  if (filter == NULL || !cli_connect (cli, error) || !pages_print (cli, &list, error))
    return CLI_FAILED;
  return CLI_OK;
}

/* ---- one device ---- */

static const Field certificate_fields[] = {
  { "device", "Device", FIELD_TEXT },
  { "batch", "Batch", FIELD_TEXT },
  { "sha256", "Certificate", FIELD_DIGEST },
  { "state", "State", FIELD_TEXT },
  { "void-reason", "Void because", FIELD_TEXT },
  { "not-after", "Ends", FIELD_SECONDS },
  { NULL, NULL, FIELD_TEXT },
};

static GVariant *
filter_of_device (const char *device)
{
  GVariantDict filter;

  g_variant_dict_init (&filter, NULL);
  g_variant_dict_insert (&filter, "device", "s", device);
  return g_variant_ref_sink (g_variant_dict_end (&filter));
}

static GVariant *
gather (Cli *cli, PageCall call, const char *device,
        gboolean (*keep) (GVariant *record, gconstpointer data), GError **error)
{
  g_autoptr (GVariant) filter = filter_of_device (device);
  const PagedList list = { call, filter, NULL, keep, NULL };

  return pages_gather (cli, &list, error);
}

static void
print_part (const Cli *cli, const char *heading, GVariant *records, const Field *fields)
{
  if (g_variant_n_children (records) == 0)
    return;
  printf ("\n%s\n", heading);
  cli_print_records (cli, records, fields);
}

static void
print_device (const Cli *cli, GVariant *certificate, GVariant *registrations, GVariant *operations)
{
  GVariantDict whole;
  g_autoptr (GVariant) value = NULL;
  g_autofree char *text = NULL;

  if (!cli->options.json) {
    cli_print_record (cli, certificate, certificate_fields);
    print_part (cli, "Registered", registrations, registration_columns);
    print_part (cli, "The clouds are to be told", operations, operation_columns);
    return;
  }
  g_variant_dict_init (&whole, NULL);
  g_variant_dict_insert_value (&whole, "certificate", certificate);
  g_variant_dict_insert_value (&whole, "registrations", registrations);
  g_variant_dict_insert_value (&whole, "operations", operations);
  value = g_variant_ref_sink (g_variant_dict_end (&whole));
  text = json_text (value, TRUE);
  fputs (text, stdout);
}

CliExit
cli_registry_show (Cli *cli, GError **error)
{
  const char *device = cli->arguments[0];
  g_autoptr (GVariant) certificate = NULL;
  g_autoptr (GVariant) registrations = NULL;
  g_autoptr (GVariant) operations = NULL;

  if (!argument_text (device, error) || !cli_connect (cli, error)
      || !api_station1_call_get_certificate_sync (cli->api, device, &certificate, NULL, error))
    return CLI_FAILED;
  g_autofree char *serial = record_text (certificate, "device");
  registrations = gather (cli, list_registrations, serial, NULL, error);
  if (registrations == NULL)
    return CLI_FAILED;
  g_variant_ref_sink (registrations);
  operations = gather (cli, operation_page, serial, operation_is_open, error);
  if (operations == NULL)
    return CLI_FAILED;
  g_variant_ref_sink (operations);
  print_device (cli, certificate, registrations, operations);
  return CLI_OK;
}

CliExit
cli_registry_history (Cli *cli, GError **error)
{
  g_autoptr (GVariant) filter = NULL;

  if (!argument_text (cli->arguments[0], error))
    return CLI_USAGE;
  filter = filter_of_device (cli->arguments[0]);
  const PagedList list = { operation_page, filter, operation_columns, NULL, NULL };
  return cli_connect (cli, error) && pages_print (cli, &list, error) ? CLI_OK : CLI_FAILED;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle batch: work orders.
 */
#include "station/cli/cli.h"

#include <stdio.h>

#include "station/cli/arguments.h"
#include "station/cli/output.h"

static const Field batch_columns[] = {
  { "name", "BATCH", FIELD_TEXT },         { "state", "STATE", FIELD_TEXT },
  { "product", "PRODUCT", FIELD_TEXT },    { "profile", "PROFILE", FIELD_TEXT },
  { "target", "TARGET", FIELD_NUMBER },    { "passed", "PASSED", FIELD_NUMBER },
  { "failed", "FAILED", FIELD_NUMBER },    { "attempts", "ATTEMPTS", FIELD_NUMBER },
  { "created-at", "CREATED", FIELD_TIME }, { NULL, NULL, FIELD_TEXT },
};

static const Field batch_fields[] = {
  { "name", "Batch", FIELD_TEXT },
  { "kind", "Kind", FIELD_TEXT },
  { "state", "State", FIELD_TEXT },
  { "product", "Product", FIELD_TEXT },
  { "profile", "Profile", FIELD_TEXT },
  { "target", "Target", FIELD_NUMBER },
  { "passed", "Passed", FIELD_NUMBER },
  { "failed", "Failed", FIELD_NUMBER },
  { "attempts", "Attempts", FIELD_NUMBER },
  { "devices", "Devices seen", FIELD_NUMBER },
  { "listed", "Units listed", FIELD_NUMBER },
  { "left", "Of them left", FIELD_NUMBER },
  { "passed-last-hour", "Units per hour", FIELD_NUMBER },
  { "serial-scan", "Serials scanned", FIELD_YES_NO },
  { "serial-pattern", "They look like", FIELD_TEXT },
  { "serial-prefix", "Serials begin", FIELD_TEXT },
  { "serial-first", "First number", FIELD_NUMBER },
  { "serial-last", "Last number", FIELD_NUMBER },
  { "serial-width", "Digits", FIELD_NUMBER },
  { "ticket", "Ticket", FIELD_NUMBER },
  { "ticket-count", "Allows", FIELD_NUMBER },
  { "ticket-issued", "Issued on it", FIELD_NUMBER },
  { "ticket-remaining", "Left on it", FIELD_NUMBER },
  { "ticket-not-before", "Good from", FIELD_SECONDS },
  { "ticket-not-after", "Good until", FIELD_SECONDS },
  { "targets", "Registered in", FIELD_LIST },
  { "report-due", "Report to come", FIELD_YES_NO },
  { "created-at", "Created", FIELD_TIME },
  { "created-by", "By", FIELD_TEXT },
  { NULL, NULL, FIELD_TEXT },
};

static const Field failure_columns[] = {
  { "count", "FAILED", FIELD_NUMBER },
  { "reason", "REASON", FIELD_TEXT },
  { "slot", "SLOT", FIELD_TEXT },
  { "last-at", "LAST", FIELD_TIME },
  { "operator-text", "WHAT TO DO", FIELD_TEXT },
  { NULL, NULL, FIELD_TEXT },
};

static gboolean
insert_count (GVariantDict *dictionary, const char *key, gint64 value, GError **error)
{
  guint count = 0;

  if (!argument_count (key, value, G_MAXUINT32, &count, error))
    return FALSE;
  if (value >= 0)
    g_variant_dict_insert (dictionary, key, "u", count);
  return TRUE;
}

static gboolean
refuse_serials (const CliOptions *options, GError **error)
{
  const gboolean range = options->serial_prefix != NULL || options->serial_first >= 0
                         || options->serial_last >= 0 || options->serial_width >= 0;

  if (options->serial_prefix == NULL && range) {
    g_set_error (error, CLI_ERROR, CLI_USAGE,
                 "A range of serials needs --serial-prefix too, as in --serial-prefix AC24- "
                 "--serial-first 1 --serial-last 500 --serial-width 6.");
    return TRUE;
  }
  if (options->serial_scan && range) {
    g_set_error (error, CLI_ERROR, CLI_USAGE,
                 "Serials are either scanned or given from a range: leave out --serial-scan or the "
                 "range.");
    return TRUE;
  }
  if (options->serial_pattern != NULL && !options->serial_scan) {
    g_set_error (error, CLI_ERROR, CLI_USAGE,
                 "--serial-pattern judges what is scanned: add --serial-scan.");
    return TRUE;
  }
  return FALSE;
}

static gboolean
insert_serials (GVariantDict *dictionary, const CliOptions *options, GError **error)
{
  if (refuse_serials (options, error))
    return FALSE;
  if (options->serial_scan)
    g_variant_dict_insert (dictionary, "serial-scan", "b", TRUE);
  if (options->serial_first >= 0)
    g_variant_dict_insert (dictionary, "serial-first", "t", (guint64)options->serial_first);
  if (options->serial_last >= 0)
    g_variant_dict_insert (dictionary, "serial-last", "t", (guint64)options->serial_last);
  return argument_insert (dictionary, "serial-prefix", options->serial_prefix, error)
         && argument_insert (dictionary, "serial-pattern", options->serial_pattern, error)
         && insert_count (dictionary, "serial-width", options->serial_width, error);
}

/* Only what has passed before, and with --file of that only what is listed. */
static gboolean
insert_kind (GVariantDict *dictionary, const CliOptions *options, GError **error)
{
  if (options->renew && options->refresh) {
    g_set_error (error, CLI_ERROR, CLI_USAGE,
                 "A batch either renews certificates or refreshes roots and endpoint: take --renew "
                 "or --refresh.");
    return FALSE;
  }
  if (options->file != NULL && !options->renew && !options->refresh) {
    g_set_error (error, CLI_ERROR, CLI_USAGE,
                 "A list of units is for devices that come back: add --renew or --refresh.");
    return FALSE;
  }
  if (options->renew || options->refresh)
    g_variant_dict_insert (dictionary, "kind", "s", options->renew ? "renew" : "refresh");
  if (options->file != NULL)
    g_variant_dict_insert (dictionary, "listed", "b", TRUE);
  return TRUE;
}

static gboolean
insert_target (GVariantDict *dictionary, const char *word, GError **error)
{
  guint64 target;

  if (word == NULL)
    return TRUE;
  if (!g_ascii_string_to_unsigned (word, 10, 0, G_MAXUINT32, &target, NULL)) {
    g_set_error (error, CLI_ERROR, CLI_USAGE,
                 "--target of a batch is how many devices it shall have: a number, 0 for no "
                 "limit.");
    return FALSE;
  }
  g_variant_dict_insert (dictionary, "target", "u", (guint)target);
  return TRUE;
}

static gboolean
batch_options (const CliOptions *options, GVariant **batch, GError **error)
{
  g_auto (GVariantDict) dictionary;

  g_variant_dict_init (&dictionary, NULL);
  if (options->profile == NULL) {
    g_set_error (error, CLI_ERROR, CLI_USAGE,
                 "A batch needs --profile. 'keycradle profile list' shows what there is.");
    return FALSE;
  }
  if (!insert_kind (&dictionary, options, error)
      || !argument_insert (&dictionary, "product", options->product, error)
      || !argument_insert (&dictionary, "profile", options->profile, error)
      || !insert_target (&dictionary, options->target, error)
      || !insert_serials (&dictionary, options, error))
    return FALSE;
  *batch = g_variant_dict_end (&dictionary);
  return TRUE;
}

CliExit
cli_batch_create (Cli *cli, GError **error)
{
  const char *name = cli->arguments[0];
  g_autoptr (GVariant) options = NULL;

  if (!argument_text (name, error) || !batch_options (&cli->options, &options, error))
    return CLI_USAGE;
  g_variant_ref_sink (options);
  if (!cli_connect (cli, error)
      || !api_station1_call_create_batch_sync (cli->api, name, options, NULL, error))
    return CLI_FAILED;
  printf ("Batch %s is created. 'keycradle batch start %s' lets devices in.\n", name, name);
  return cli->options.file == NULL || cli_add_batch_units (cli, name, error) ? CLI_OK : CLI_FAILED;
}

CliExit
cli_batch_list (Cli *cli, GError **error)
{
  g_autoptr (GVariant) batches = NULL;

  if (!cli_connect (cli, error)
      || !api_station1_call_list_batches_sync (cli->api, &batches, NULL, error))
    return CLI_FAILED;
  cli_print_records (cli, batches, batch_columns);
  return CLI_OK;
}

/* What the counts come to. */
static void
print_rates (GVariant *batch)
{
  guint passed = 0, failed = 0;
  gint64 cycle = 0;

  g_variant_lookup (batch, "first-passed", "u", &passed);
  g_variant_lookup (batch, "first-failed", "u", &failed);
  g_variant_lookup (batch, "cycle-time", "x", &cycle);
  if (passed + failed > 0)
    printf ("%-16s %.1f%% (%u of %u passed at once)\n", "First-pass yield",
            100.0 * passed / ((double)passed + failed), passed, passed + failed);
  if (cycle > 0)
    printf ("%-16s %.2f s\n", "Cycle time", (double)cycle / G_USEC_PER_SEC);
}

static void
print_failures (const Cli *cli, GVariant *batch)
{
  g_autoptr (GVariant) failures =
      g_variant_lookup_value (batch, "failures", G_VARIANT_TYPE ("aa{sv}"));

  if (failures == NULL || g_variant_n_children (failures) == 0)
    return;
  putchar ('\n');
  cli_print_records (cli, failures, failure_columns);
}

CliExit
cli_batch_show (Cli *cli, GError **error)
{
  g_autoptr (GVariant) batch = NULL;

  if (!argument_text (cli->arguments[0], error) || !cli_connect (cli, error)
      || !api_station1_call_get_batch_sync (cli->api, cli->arguments[0], &batch, NULL, error))
    return CLI_FAILED;
  cli_print_record (cli, batch, batch_fields);
  if (cli->options.json)
    return CLI_OK;
  print_rates (batch);
  print_failures (cli, batch);
  return CLI_OK;
}

static CliExit
set_state (Cli *cli, const char *state, GError **error)
{
  const char *name = cli->arguments[0];

  if (!argument_text (name, error) || !cli_connect (cli, error)
      || !api_station1_call_set_batch_state_sync (cli->api, name, state, NULL, error))
    return CLI_FAILED;
  printf ("Batch %s is %s.\n", name, state);
  return CLI_OK;
}

CliExit
cli_batch_start (Cli *cli, GError **error)
{
  return set_state (cli, "running", error);
}

CliExit
cli_batch_pause (Cli *cli, GError **error)
{
  return set_state (cli, "paused", error);
}

/* Those of its list that never came. */
static void
tell_of_left (Cli *cli)
{
  const char *name = cli->arguments[0];
  g_autoptr (GVariant) batch = NULL;
  guint64 left = 0;

  if (api_station1_call_get_batch_sync (cli->api, name, &batch, NULL, NULL)
      && g_variant_lookup (batch, "left", "t", &left) && left > 0)
    printf ("%" G_GUINT64_FORMAT
            " units of its list are left; those that never came are on record. "
            "'keycradle campaign progress %s --state left' names them.\n",
            left, name);
}

CliExit
cli_batch_close (Cli *cli, GError **error)
{
  const CliExit end = set_state (cli, "closed", error);

  if (end == CLI_OK)
    tell_of_left (cli);
  return end;
}

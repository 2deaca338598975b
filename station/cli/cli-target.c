/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle target, and batch targets: the registries of clouds, and which of them a batch goes to.
 */
#include "station/cli/cli.h"

#include <stdio.h>

#include "station/cli/arguments.h"
#include "station/cli/output.h"

static const Field target_columns[] = {
  { "name", "TARGET", FIELD_TEXT },
  { "kind", "KIND", FIELD_TEXT },
  { "mode", "MODE", FIELD_TEXT },
  { "account", "ACCOUNT", FIELD_TEXT },
  { "region", "REGION", FIELD_TEXT },
  { "registered", "REGISTERED", FIELD_NUMBER },
  { "waiting", "WAITING", FIELD_NUMBER },
  { "alarms", "ALARMS", FIELD_NUMBER },
  { NULL, NULL, FIELD_TEXT },
};

static const Field target_fields[] = {
  { "name", "Target", FIELD_TEXT },
  { "kind", "Kind", FIELD_TEXT },
  { "mode", "Mode", FIELD_TEXT },
  { "account", "Account", FIELD_TEXT },
  { "region", "Region", FIELD_TEXT },
  { "endpoint", "Endpoint", FIELD_TEXT },
  { "policy", "Policy", FIELD_TEXT },
  { "thing-type", "Thing type", FIELD_TEXT },
  { "thing-group", "Thing group", FIELD_TEXT },
  { "registered", "Registered", FIELD_NUMBER },
  { "waiting", "Waiting", FIELD_NUMBER },
  { "alarms", "Alarms", FIELD_NUMBER },
  { "added-at", "Added", FIELD_TIME },
  { "added-by", "By", FIELD_TEXT },
  { NULL, NULL, FIELD_TEXT },
};

static gboolean
insert_settings (GVariantDict *dictionary, const CliOptions *options, GError **error)
{
  return argument_insert (dictionary, "endpoint", options->endpoint, error)
         && argument_insert (dictionary, "policy", options->policy, error)
         && argument_insert (dictionary, "thing-type", options->thing_type, error)
         && argument_insert (dictionary, "thing-group", options->thing_group, error);
}

static gboolean
check_kind (const CliOptions *options, GError **error)
{
  if (options->kind != NULL && options->mode != NULL)
    return TRUE;
  g_set_error_literal (error, CLI_ERROR, CLI_USAGE,
                       "A target needs --kind (aws, azure-hub, azure-dps, nrfcloud, other) and "
                       "--mode (registered-ca, sni-only, without-ca, csr, self-signed).");
  return FALSE;
}

CliExit
cli_target_add (Cli *cli, GError **error)
{
  const CliOptions *options = &cli->options;
  const char *name = cli->arguments[0];
  g_auto (GVariantDict) dictionary;

  g_variant_dict_init (&dictionary, NULL);
  if (!argument_text (name, error) || !check_kind (options, error)
      || !argument_insert (&dictionary, "kind", options->kind, error)
      || !argument_insert (&dictionary, "mode", options->mode, error)
      || !argument_insert (&dictionary, "account", options->account, error)
      || !argument_insert (&dictionary, "region", options->region, error)
      || !insert_settings (&dictionary, options, error) || !cli_connect (cli, error)
      || !api_station1_call_add_target_sync (cli->api, name, g_variant_dict_end (&dictionary), NULL,
                                             error))
    return CLI_FAILED;
  printf ("Target %s is added. 'keycradle batch targets BATCH %s' registers a batch there.\n", name,
          name);
  return CLI_OK;
}

CliExit
cli_target_set (Cli *cli, GError **error)
{
  const char *name = cli->arguments[0];
  g_auto (GVariantDict) dictionary;

  g_variant_dict_init (&dictionary, NULL);
  if (!argument_text (name, error) || !insert_settings (&dictionary, &cli->options, error)
      || !cli_connect (cli, error)
      || !api_station1_call_set_target_sync (cli->api, name, g_variant_dict_end (&dictionary), NULL,
                                             error))
    return CLI_FAILED;
  printf ("Target %s is set.\n", name);
  return CLI_OK;
}

CliExit
cli_target_list (Cli *cli, GError **error)
{
  g_autoptr (GVariant) targets = NULL;

  if (!cli_connect (cli, error)
      || !api_station1_call_list_targets_sync (cli->api, &targets, NULL, error))
    return CLI_FAILED;
  cli_print_records (cli, targets, target_columns);
  return CLI_OK;
}

/* NULL where none has that name. */
static GVariant *
find_target (GVariant *targets, const char *name)
{
  for (gsize i = 0; i < g_variant_n_children (targets); i++) {
    g_autoptr (GVariant) target = g_variant_get_child_value (targets, i);
    const char *found = "";

    if (g_variant_lookup (target, "name", "&s", &found) && g_str_equal (found, name))
      return g_steal_pointer (&target);
  }
  return NULL;
}

CliExit
cli_target_show (Cli *cli, GError **error)
{
  g_autoptr (GVariant) targets = NULL;
  g_autoptr (GVariant) target = NULL;

  if (!argument_text (cli->arguments[0], error) || !cli_connect (cli, error)
      || !api_station1_call_list_targets_sync (cli->api, &targets, NULL, error))
    return CLI_FAILED;
  target = find_target (targets, cli->arguments[0]);
  if (target == NULL) {
    g_set_error (error, CLI_ERROR, CLI_NOT_FOUND,
                 "There is no target %s. 'keycradle target list' shows what there is.",
                 cli->arguments[0]);
    return CLI_NOT_FOUND;
  }
  cli_print_record (cli, target, target_fields);
  return CLI_OK;
}

/* ---- of a batch ---- */

static void
say_targets (const Cli *cli, const char *status)
{
  g_autofree char *names = g_strjoinv (", ", cli->arguments + 1);

  if (cli->n_arguments == 1)
    printf ("Units of batch %s are registered nowhere as they pass.\n", cli->arguments[0]);
  else
    printf ("Units of batch %s are registered as they pass, %s, in: %s. Those that have passed are "
            "'keycradle registry register TARGET --batch %s'.\n",
            cli->arguments[0], status, names, cli->arguments[0]);
}

CliExit
cli_batch_targets (Cli *cli, GError **error)
{
  const char *status = cli->options.status != NULL ? cli->options.status : "ACTIVE";

  for (guint i = 0; i < cli->n_arguments; i++)
    if (!argument_text (cli->arguments[i], error))
      return CLI_FAILED;
  if (!argument_text (status, error) || !cli_connect (cli, error)
      || !api_station1_call_set_batch_targets_sync (cli->api, cli->arguments[0],
                                                    (const char *const *)cli->arguments + 1, status,
                                                    NULL, error))
    return CLI_FAILED;
  say_targets (cli, status);
  return CLI_OK;
}

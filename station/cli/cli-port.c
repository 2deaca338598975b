/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle port list and keycradle driver rules: what is plugged in, and who may open it.
 */
#include "station/cli/cli.h"

#include <stdio.h>

#include "station/cli/output.h"

static const Field port_columns[] = {
  { "slot", "SLOT", FIELD_NUMBER },     { "state", "STATE", FIELD_TEXT },
  { "device", "DEVICE", FIELD_TEXT },   { "place", "PLACE", FIELD_TEXT },
  { "drivers", "DRIVERS", FIELD_LIST }, { "reason", "WHY NOT", FIELD_TEXT },
  { NULL, NULL, FIELD_TEXT },
};

CliExit
cli_port_list (Cli *cli, GError **error)
{
  g_autoptr (GVariant) ports = NULL;

  if (!cli_connect (cli, error)
      || !api_station1_call_list_ports_sync (cli->api, &ports, NULL, error))
    return CLI_FAILED;
  cli_print_records (cli, ports, port_columns);
  return CLI_OK;
}

CliExit
cli_driver_rules (Cli *cli, GError **error)
{
  g_autofree char *rules = NULL;
  g_autoptr (GVariant) text = NULL;
  g_autofree char *json = NULL;

  if (!cli_connect (cli, error)
      || !api_station1_call_get_udev_rules_sync (cli->api, &rules, NULL, error))
    return CLI_FAILED;
  text = g_variant_ref_sink (g_variant_new_string (rules));
  json = json_text (text, TRUE);
  fputs (cli->options.json ? json : rules, stdout);
  return CLI_OK;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle key: what the fleet's keys tell of each other.
 */
#include "station/cli/arguments.h"
#include "station/cli/cli.h"
#include "station/cli/output.h"

static const Field finding_columns[] = {
  { "id", "FINDING", FIELD_NUMBER },
  { "found-at", "TIME", FIELD_TIME },
  { "kind", "WHAT", FIELD_TEXT },
  { "device", "DEVICE", FIELD_TEXT },
  { "batch", "BATCH", FIELD_TEXT },
  { "live", "TO VOID", FIELD_YES_NO },
  { "partner", "WITH DEVICE", FIELD_TEXT },
  { "partner-batch", "BATCH", FIELD_TEXT },
  { "partner-live", "TO VOID", FIELD_YES_NO },
  { NULL, NULL, FIELD_TEXT },
};

CliExit
cli_key_findings (Cli *cli, GError **error)
{
  g_autoptr (GVariant) findings = NULL;
  guint limit = 100;

  if (!argument_count ("limit", cli->options.limit, G_MAXUINT32, &limit, error)
      || !cli_connect (cli, error)
      || !api_station1_call_list_key_findings_sync (cli->api, limit == 0 ? G_MAXUINT32 : limit,
                                                    &findings, NULL, error))
    return CLI_FAILED;
  cli_print_records (cli, findings, finding_columns);
  return CLI_OK;
}

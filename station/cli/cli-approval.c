/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle approval: what one supervisor asked for and another is to allow; and clock, which is
 * one of these acts.
 */
#include "station/cli/cli.h"

#include <stdio.h>

#include "station/cli/arguments.h"
#include "station/cli/output.h"

static const Field approval_columns[] = {
  { "id", "REQUEST", FIELD_NUMBER },   { "state", "STATE", FIELD_TEXT },
  { "asked-at", "ASKED", FIELD_TIME }, { "asked-by", "BY", FIELD_TEXT },
  { "about", "WHAT", FIELD_TEXT },     { "decided-by", "DECIDED BY", FIELD_TEXT },
  { "reason", "BECAUSE", FIELD_TEXT }, { "outcome", "OUTCOME", FIELD_TEXT },
  { NULL, NULL, FIELD_TEXT },
};

CliExit
cli_approval_list (Cli *cli, GError **error)
{
  g_autoptr (GVariant) records = NULL;
  GVariant *filter;
  GVariantDict wanted;

  if (!cli_connect (cli, error) || !argument_filter (cli, &filter, error))
    return CLI_FAILED;
  g_variant_dict_init (&wanted, filter);
  g_variant_unref (g_variant_ref_sink (filter));
  g_variant_dict_insert (&wanted, "waiting", "b", !cli->options.all);
  if (!api_station1_call_list_approvals_sync (cli->api, g_variant_dict_end (&wanted), &records,
                                              NULL, error))
    return CLI_FAILED;
  cli_print_records (cli, records, approval_columns);
  return CLI_OK;
}

static gboolean
read_number (const char *word, gint64 *number, GError **error)
{
  guint64 value;

  if (!g_ascii_string_to_unsigned (word, 10, 1, G_MAXINT64, &value, NULL)) {
    g_set_error (error, CLI_ERROR, CLI_USAGE,
                 "A request is a number; 'keycradle approval list' shows them.");
    return FALSE;
  }
  *number = (gint64)value;
  return TRUE;
}

/* The act may take as long as it needs: a signer is asked for some of them. */
CliExit
cli_approval_grant (Cli *cli, GError **error)
{
  g_autoptr (GVariant) record = NULL;
  gint64 id;

  if (!read_number (cli->arguments[0], &id, error) || !cli_connect (cli, error))
    return CLI_FAILED;
  cli_wait_forever (cli);
  if (!api_station1_call_grant_approval_sync (cli->api, id, &record, NULL, error))
    return CLI_FAILED;
  if (cli->options.json) {
    cli_print_record (cli, record, approval_columns);
    return CLI_OK;
  }
  g_autofree char *about = record_text (record, "about");
  g_autofree char *asked_by = record_text (record, "asked-by");
  printf ("Request %" G_GINT64_FORMAT " of %s is done: %s.\n", id, asked_by, about);
  return CLI_OK;
}

/* The --reason, where one was given. */
static const char *
needed_reason (const Cli *cli, GError **error)
{
  const char *reason = cli->options.reason;

  if (reason != NULL && *reason != '\0')
    return argument_text (reason, error) ? reason : NULL;
  g_set_error (error, CLI_ERROR, CLI_USAGE, "Say why with --reason, for those who come later.");
  return NULL;
}

CliExit
cli_approval_refuse (Cli *cli, GError **error)
{
  const char *reason = needed_reason (cli, error);
  gint64 id;

  if (reason == NULL || !read_number (cli->arguments[0], &id, error) || !cli_connect (cli, error)
      || !api_station1_call_refuse_approval_sync (cli->api, id, reason, NULL, error))
    return CLI_FAILED;
  printf ("Request %" G_GINT64_FORMAT " is refused. Nothing was done.\n", id);
  return CLI_OK;
}

CliExit
cli_clock_reset (Cli *cli, GError **error)
{
  const char *reason = needed_reason (cli, error);

  if (reason == NULL || !cli_connect (cli, error)
      || !api_station1_call_reset_clock_sync (cli->api, reason, NULL, error))
    return CLI_FAILED;
  printf ("The signer goes by this PC's clock again.\n");
  return CLI_OK;
}

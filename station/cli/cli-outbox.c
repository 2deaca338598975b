/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle outbox: what the clouds are to be told, and what people decide about it.
 */
#include "station/cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "station/cli/arguments.h"
#include "station/cli/cli-operation.h"

const Field operation_columns[] = {
  { "id", "OPERATION", FIELD_NUMBER }, { "at", "AT", FIELD_TIME },
  { "target", "TARGET", FIELD_TEXT },  { "operation", "WHAT", FIELD_TEXT },
  { "device", "DEVICE", FIELD_TEXT },  { "from", "FROM", FIELD_TEXT },
  { "to", "TO", FIELD_TEXT },          { "state", "STATE", FIELD_TEXT },
  { "tries", "TRIES", FIELD_NUMBER },  { "answer", "ANSWER", FIELD_TEXT },
  { "actor", "WHO", FIELD_TEXT },      { "sha256", "SHA-256", FIELD_DIGEST },
  { NULL, NULL, FIELD_TEXT },
};

gboolean
operation_page (ApiStation1 *api, GVariant *filter, GVariant **records, char **next, GError **error)
{
  return api_station1_call_list_operations_sync (api, filter, records, next, NULL, error);
}

/* ---- list ---- */

gboolean
operation_is_open (GVariant *operation, gconstpointer data)
{
  static const char *const ended[] = { "done", "dropped", NULL };
  const char *state = "";

  g_variant_lookup (operation, "state", "&s", &state);
  return !g_strv_contains (ended, state);
}

static GVariant *
filter_of (const Cli *cli, GError **error)
{
  g_auto (GVariantDict) filter;

  g_variant_dict_init (&filter, NULL);
  if (!argument_insert (&filter, "target", cli->arguments[0], error)
      || !argument_insert (&filter, "state", cli->options.state, error)
      || !argument_insert (&filter, "device", cli->options.device, error))
    return NULL;
  return g_variant_ref_sink (g_variant_dict_end (&filter));
}

CliExit
cli_outbox_list (Cli *cli, GError **error)
{
  const gboolean all = cli->options.all || cli->options.state != NULL;
  g_autoptr (GVariant) filter = filter_of (cli, error);
  const PagedList list = { operation_page, filter, operation_columns,
                           all ? NULL : operation_is_open, NULL };

  if (filter == NULL || !cli_connect (cli, error) || !pages_print (cli, &list, error))
    return CLI_FAILED;
  return CLI_OK;
}

/* ---- a person's word ---- */

static gboolean
operation_number (const char *word, gint64 *number, GError **error)
{
  if (g_ascii_string_to_signed (word, 10, 1, G_MAXINT64, number, NULL))
    return TRUE;
  g_set_error_literal (error, CLI_ERROR, CLI_USAGE,
                       "An operation is a number from 1 on. 'keycradle outbox list' shows them.");
  return FALSE;
}

/* Of all those that fail, each is told; the others are done. */
static CliExit
set_states (Cli *cli, const char *state, const char *reason, GError **error)
{
  guint failed = 0;

  for (guint i = 0; i < cli->n_arguments; i++) {
    g_autoptr (GError) problem = NULL;
    gint64 number;

    if (!operation_number (cli->arguments[i], &number, error))
      return CLI_USAGE;
    if (api_station1_call_set_operation_state_sync (cli->api, number, state, reason, NULL,
                                                    &problem))
      continue;
    if (cli->n_arguments == 1 || cli_exit_for_error (problem) == CLI_UNREACHABLE) {
      g_propagate_error (error, g_steal_pointer (&problem));
      return CLI_FAILED;
    }
    g_dbus_error_strip_remote_error (problem);
    fprintf (stderr, "keycradle: operation %s: %s\n", cli->arguments[i], problem->message);
    failed++;
  }
  printf ("%u %s\n", cli->n_arguments - failed, state);
  return failed > 0 ? CLI_PARTIAL : CLI_OK;
}

static CliExit
set_with_reason (Cli *cli, const char *state, const char *usual, GError **error)
{
  const char *reason = cli->options.reason != NULL ? cli->options.reason : usual;

  if (reason == NULL) {
    g_set_error_literal (error, CLI_ERROR, CLI_USAGE,
                         "Say why, with --reason: it stands on record.");
    return CLI_USAGE;
  }
  if (!argument_text (reason, error) || !cli_connect (cli, error))
    return CLI_FAILED;
  return set_states (cli, state, reason, error);
}

CliExit
cli_outbox_retry (Cli *cli, GError **error)
{
  return set_with_reason (cli, "waiting", "to be tried again", error);
}

CliExit
cli_outbox_park (Cli *cli, GError **error)
{
  return set_with_reason (cli, "parked", NULL, error);
}

CliExit
cli_outbox_drop (Cli *cli, GError **error)
{
  return set_with_reason (cli, "dropped", NULL, error);
}

/* ---- done by other ways ---- */

static CliExit
confirm_batch (Cli *cli, GError **error)
{
  guint64 count = 0;

  if (!argument_text (cli->arguments[0], error) || !argument_text (cli->options.batch, error)
      || !cli_connect (cli, error))
    return CLI_FAILED;
  cli_wait_forever (cli);
  if (!api_station1_call_confirm_batch_sync (cli->api, cli->arguments[0], cli->options.batch,
                                             &count, NULL, error))
    return CLI_FAILED;
  printf ("%" G_GUINT64_FORMAT " done\n", count);
  return CLI_OK;
}

static GVariant *
handed_page (Cli *cli, GError **error)
{
  g_auto (GVariantDict) filter;
  g_autofree char *next = NULL;
  GVariant *page = NULL;

  g_variant_dict_init (&filter, NULL);
  g_variant_dict_insert (&filter, "target", "s", cli->arguments[0]);
  g_variant_dict_insert (&filter, "state", "s", "handed");
  api_station1_call_list_operations_sync (cli->api, g_variant_dict_end (&filter), &page, &next,
                                          NULL, error);
  return page;
}

static GVariant *
done_answers (GVariant *page)
{
  GVariantBuilder answers;

  g_variant_builder_init (&answers, G_VARIANT_TYPE ("aa{sv}"));
  for (gsize i = 0; i < g_variant_n_children (page); i++) {
    g_autoptr (GVariant) operation = g_variant_get_child_value (page, i);
    GVariantDict answer;
    gint64 id = 0;

    g_variant_lookup (operation, "id", "x", &id);
    g_variant_dict_init (&answer, NULL);
    g_variant_dict_insert (&answer, "id", "x", id);
    g_variant_dict_insert (&answer, "state", "s", "done");
    g_variant_builder_add_value (&answers, g_variant_dict_end (&answer));
  }
  return g_variant_builder_end (&answers);
}

/* All that stands in exported calls; what was answered is not handed any more. */
static CliExit
confirm_handed (Cli *cli, GError **error)
{
  gsize count = 0;

  if (!argument_text (cli->arguments[0], error) || !cli_connect (cli, error))
    return CLI_FAILED;
  for (;;) {
    g_autoptr (GVariant) page = handed_page (cli, error);

    if (page == NULL)
      return CLI_FAILED;
    if (g_variant_n_children (page) == 0)
      break;
    count += g_variant_n_children (page);
    if (!api_station1_call_answer_operations_sync (cli->api, done_answers (page), NULL, error))
      return CLI_FAILED;
  }
  printf ("%" G_GSIZE_FORMAT " done\n", count);
  return CLI_OK;
}

CliExit
cli_outbox_done (Cli *cli, GError **error)
{
  const gboolean batch = cli->options.batch != NULL;

  if (!batch && cli->n_arguments == 1 && cli->options.reason == NULL
      && strspn (cli->arguments[0], "0123456789") < strlen (cli->arguments[0]))
    return confirm_handed (cli, error);

  if (batch && (cli->n_arguments != 1 || cli->options.reason != NULL)) {
    g_set_error_literal (error, CLI_ERROR, CLI_USAGE,
                         "Say what the cloud took: 'keycradle outbox done TARGET --batch BATCH' "
                         "after a bulk manifest, or operations by number, with --reason.");
    return CLI_USAGE;
  }
  return batch ? confirm_batch (cli, error) : set_with_reason (cli, "done", NULL, error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle report, and what of tickets needs a station: the owner's permission in, the station's
 * signed word out.
 */
#include "station/cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "base/files.h"
#include "base/output-file.h"
#include "base/text.h"
#include "ca/proof/statement.h"
#include "station/cli/arguments.h"
#include "station/cli/output.h"

static const Field ticket_columns[] = {
  { "number", "TICKET", FIELD_NUMBER },
  { "batch", "BATCH", FIELD_TEXT },
  { "profile", "PROFILE", FIELD_TEXT },
  { "count", "CERTIFICATES", FIELD_NUMBER },
  { "issued", "ISSUED", FIELD_NUMBER },
  { "remaining", "LEFT", FIELD_NUMBER },
  { "not-before", "FROM", FIELD_SECONDS },
  { "not-after", "UNTIL", FIELD_SECONDS },
  { "newest", "COUNTS", FIELD_YES_NO },
  { "note", "NOTE", FIELD_TEXT },
  { NULL, NULL, FIELD_TEXT },
};

static const Field report_columns[] = {
  { "id", "REPORT", FIELD_NUMBER },
  { "at", "MADE", FIELD_TIME },
  { "batch", "BATCH", FIELD_TEXT },
  { "final", "FINAL", FIELD_YES_NO },
  { "log-index", "ENTRY", FIELD_NUMBER },
  { "sha256", "SHA-256", FIELD_DIGEST },
  { NULL, NULL, FIELD_TEXT },
};

/* ---- tickets ---- */

static GVariant *
read_ticket (const char *file, GError **error)
{
  g_autofree char *content = NULL;
  g_autoptr (GError) problem = NULL;
  gsize length;

  if (!g_file_get_contents (file, &content, &length, &problem)) {
    g_autofree char *shown = g_filename_display_name (file);

    g_set_error (error, CLI_ERROR, CLI_NOT_FOUND, "%s can't be read: %s.", shown, problem->message);
    return NULL;
  }
  if (length > STATEMENT_MOST) {
    g_set_error (error, CLI_ERROR, CLI_USAGE, "That is no ticket: it is too large.");
    return NULL;
  }
  return g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, content, length, 1);
}

CliExit
cli_ticket_load (Cli *cli, GError **error)
{
  g_autoptr (GVariant) state = NULL;
  g_autoptr (GVariant) ticket = read_ticket (cli->arguments[0], error);
  guint64 number = 0;
  guint count = 0;

  if (ticket == NULL)
    return CLI_FAILED;
  g_variant_ref_sink (ticket);
  if (!cli_connect (cli, error)
      || !api_station1_call_load_ticket_sync (cli->api, ticket, &state, NULL, error))
    return CLI_FAILED;
  g_variant_lookup (state, "number", "t", &number);
  g_variant_lookup (state, "count", "u", &count);
  g_autofree char *batch = record_text (state, "batch");
  printf ("Ticket %" G_GUINT64_FORMAT " is loaded: %u certificates for batch %s.\n", number, count,
          batch);
  return CLI_OK;
}

CliExit
cli_ticket_list (Cli *cli, GError **error)
{
  g_autoptr (GVariant) tickets = NULL;

  if (!cli_connect (cli, error)
      || !api_station1_call_list_tickets_sync (cli->api, &tickets, NULL, error))
    return CLI_FAILED;
  cli_print_records (cli, tickets, ticket_columns);
  return CLI_OK;
}

/* ---- reports ---- */

/* The CMS of `record` under `key` to `file`, whole or not at all. */
static gboolean
save (GVariant *record, const char *key, const char *file, GError **error)
{
  g_autoptr (GVariant) bytes = g_variant_lookup_value (record, key, G_VARIANT_TYPE_BYTESTRING);
  g_auto (OutputFile) output = OUTPUT_FILE_INIT;
  gsize length = 0;
  const void *data = bytes != NULL ? g_variant_get_fixed_array (bytes, &length, 1) : NULL;

  if (data == NULL) {
    g_set_error (error, CLI_ERROR, CLI_FAILED, "The station answered without a %s.", key);
    return FALSE;
  }
  return output_file_open (&output, file, error) && fd_write_all (output.fd, data, length, error)
         && output_file_finish (&output, error);
}

static gboolean
save_report (const Cli *cli, GVariant *report, GError **error)
{
  gint64 id = 0;
  gboolean final = FALSE;

  g_variant_lookup (report, "id", "x", &id);
  g_variant_lookup (report, "final", "b", &final);
  g_autofree char *usual = g_strdup_printf ("report-%" G_GINT64_FORMAT ".p7s", id);
  const char *file = cli->options.output != NULL ? cli->options.output : usual;
  if (!save (report, "report", file, error))
    return FALSE;
  g_autofree char *batch = record_text (report, "batch");
  g_autofree char *shown = g_filename_display_name (file);
  if (cli->options.json)
    cli_print_record (cli, report, report_columns);
  fprintf (stderr, "%s: report %" G_GINT64_FORMAT " about batch %s%s\n", shown, id, batch,
           final ? ", the final one" : "");
  return TRUE;
}

CliExit
cli_report_make (Cli *cli, GError **error)
{
  g_autoptr (GVariant) report = NULL;

  if (!argument_text (cli->arguments[0], error) || !cli_connect (cli, error))
    return CLI_FAILED;
  cli_wait_forever (cli);
  if (!api_station1_call_make_report_sync (cli->api, cli->arguments[0], &report, NULL, error))
    return CLI_FAILED;
  return save_report (cli, report, error) ? CLI_OK : CLI_FAILED;
}

CliExit
cli_report_list (Cli *cli, GError **error)
{
  GVariant *filter;
  g_autoptr (GVariant) reports = NULL;

  if (!cli_connect (cli, error) || !argument_filter (cli, &filter, error)
      || !api_station1_call_list_reports_sync (cli->api, filter, &reports, NULL, error))
    return CLI_FAILED;
  cli_print_records (cli, reports, report_columns);
  return CLI_OK;
}

static gboolean
argument_id (const char *word, const char *noun, gint64 *id, GError **error)
{
  if (g_ascii_string_to_signed (word, 10, 1, G_MAXINT64, id, NULL))
    return TRUE;
  g_set_error (error, CLI_ERROR, CLI_USAGE,
               "Say which one by its number: 'keycradle %s list' shows them.", noun);
  return FALSE;
}

static GVariant *
get_report (Cli *cli, GError **error)
{
  GVariant *report = NULL;
  gint64 id;

  if (argument_id (cli->arguments[0], "report", &id, error) && cli_connect (cli, error))
    api_station1_call_get_report_sync (cli->api, id, &report, NULL, error);
  return report;
}

CliExit
cli_report_show (Cli *cli, GError **error)
{
  g_autoptr (GVariant) report = get_report (cli, error);
  const char *text = "";

  if (report == NULL)
    return CLI_FAILED;
  if (cli->options.json) {
    cli_print_record (cli, report, report_columns);
    return CLI_OK;
  }
  g_variant_lookup (report, "text", "&s", &text);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line != NULL && (line[1] != NULL || **line != '\0'); line++) {
    g_autofree char *safe = text_for_display (*line, 1000);
    puts (safe);
  }
  return CLI_OK;
}

CliExit
cli_report_save (Cli *cli, GError **error)
{
  g_autoptr (GVariant) report = get_report (cli, error);

  return report != NULL && save_report (cli, report, error) ? CLI_OK : CLI_FAILED;
}

/* ---- statements of exports ---- */

CliExit
cli_export_statement (Cli *cli, GError **error)
{
  g_autoptr (GVariant) statement = NULL;
  gint64 id;

  if (!argument_id (cli->arguments[0], "export", &id, error) || !cli_connect (cli, error))
    return CLI_FAILED;
  g_autofree char *usual = g_strdup_printf ("export-%" G_GINT64_FORMAT ".p7s", id);
  const char *file = cli->options.output != NULL ? cli->options.output : usual;
  cli_wait_forever (cli);
  if (!api_station1_call_get_export_statement_sync (cli->api, id, &statement, NULL, error)
      || !save (statement, "statement", file, error))
    return CLI_FAILED;
  g_autofree char *shown = g_filename_display_name (file);
  fprintf (stderr, "%s: what the station signed about export %" G_GINT64_FORMAT "\n", shown, id);
  return CLI_OK;
}

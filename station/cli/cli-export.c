/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle export: we open the output, the daemon streams into it. The file
 * appears whole or not at all, and says afterwards what to type at the cloud.
 */
#include "station/cli/cli.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/output-file.h"
#include "base/text.h"
#include "station/cli/arguments.h"
#include "station/cli/export-run.h"
#include "station/cli/output.h"

static const Field export_columns[] = {
  { "at", "EXPORTED", FIELD_TIME },           { "batch", "BATCH", FIELD_TEXT },
  { "format", "FORMAT", FIELD_TEXT },         { "new-only", "NEW ONLY", FIELD_YES_NO },
  { "confirmed", "CONFIRMED", FIELD_YES_NO }, { "rows", "DEVICES", FIELD_NUMBER },
  { "bytes", "BYTES", FIELD_NUMBER },         { "actor", "WHO", FIELD_TEXT },
  { "stated", "SIGNED", FIELD_YES_NO },       { "id", "EXPORT", FIELD_NUMBER },
  { "sha256", "SHA-256", FIELD_DIGEST },      { NULL, NULL, FIELD_TEXT },
};

/* What some formats want beside the manifest: AWS a template, FILE.template.json. */
static gboolean
write_template (const OutputFile *output, GVariant *summary, char **path, GError **error)
{
  const char *template = NULL, *suffix = NULL;

  if (output->path == NULL || !g_variant_lookup (summary, "template", "&s", &template)
      || !g_variant_lookup (summary, "template-suffix", "&s", &suffix))
    return TRUE;
  *path = output_file_write_beside (output, suffix, template, strlen (template), error);
  return *path != NULL;
}

/* What the station signed about it: FILE.p7s. */
static gboolean
write_statement (const OutputFile *output, GVariant *summary, char **path, GError **error)
{
  g_autoptr (GVariant) statement =
      g_variant_lookup_value (summary, "statement", G_VARIANT_TYPE_BYTESTRING);
  gsize length = 0;

  if (output->path == NULL || statement == NULL)
    return TRUE;
  const void *data = g_variant_get_fixed_array (statement, &length, 1);
  *path = output_file_write_beside (output, ".p7s", data, length, error);
  return *path != NULL;
}

static void
report_statement (const OutputFile *output, GVariant *summary)
{
  g_autofree char *missing = record_text (summary, "statement-missing");
  gint64 id = 0;

  g_variant_lookup (summary, "id", "x", &id);
  if (*missing != '\0')
    fprintf (stderr, "keycradle: %s\n", missing);
  else if (output->path == NULL)
    fprintf (stderr,
             "'keycradle export statement %" G_GINT64_FORMAT "' saves what the station "
             "signed about it.\n",
             id);
}

static gsize
report_omitted (GVariant *summary)
{
  g_autoptr (GVariant) omitted =
      g_variant_lookup_value (summary, "omitted", G_VARIANT_TYPE ("aa{sv}"));
  gsize n = omitted == NULL ? 0 : g_variant_n_children (omitted);

  for (gsize i = 0; i < n; i++) {
    g_autoptr (GVariant) line = g_variant_get_child_value (omitted, i);
    g_autofree char *device = record_text (line, "device");
    g_autofree char *reason = record_text (line, "reason");
    fprintf (stderr, "keycradle: left out %s: %s\n", device, reason);
  }
  return n;
}

static void
print_next_command (const OutputFile *output, GVariant *summary)
{
  const char *next = NULL;
  g_autofree char *command = NULL;

  if (output->path == NULL || !g_variant_lookup (summary, "next", "&s", &next))
    return;
  command = command_for_file (next, output->path);
  printf ("Next, with what is in capitals your own:\n  %s\n", command);
}

static void
print_summary (const Cli *cli, const OutputFile *output, const char *statement, GVariant *summary)
{
  guint64 rows = 0;
  g_autofree char *sha256 = record_text (summary, "sha256");
  gboolean to_standard_output = output->fd == STDOUT_FILENO;

  if (cli->options.json && !to_standard_output) {
    g_autofree char *json = json_text (summary, TRUE);
    fputs (json, stdout);
    return;
  }
  g_variant_lookup (summary, "rows", "t", &rows);
  g_autofree char *file = text_for_display (cli->options.output, 1000);
  fprintf (to_standard_output ? stderr : stdout,
           "%s: %" G_GUINT64_FORMAT "%s devices of batch %s, SHA-256 %s\n", file, rows,
           cli->options.new_only ? " new" : "", cli->options.batch, sha256);
  if (statement != NULL) {
    g_autofree char *shown = g_filename_display_name (statement);
    printf ("%s: what the station signed about it\n", shown);
  }
  print_next_command (output, summary);
}

/* The file is there: what it holds is not new any more. Where the station does not hear that, the
 * next export of what is new has the same units once more, which loses none. */
static void
confirm (const Cli *cli, GVariant *summary)
{
  g_autoptr (GError) error = NULL;
  gint64 id = 0;

  if (!g_variant_lookup (summary, "id", "x", &id)
      || api_station1_call_confirm_export_sync (cli->api, id, NULL, &error))
    return;
  g_dbus_error_strip_remote_error (error);
  g_autofree char *reason = text_for_display (error->message, 1000);
  fprintf (stderr,
           "keycradle: the file is written, but the station has not noted that: the next export "
           "with --new-only has the same devices again (%s)\n",
           reason);
}

static gboolean
check_options (const Cli *cli, GError **error)
{
  const CliOptions *options = &cli->options;

  if (options->batch == NULL || options->output == NULL) {
    g_set_error (error, CLI_ERROR, CLI_USAGE,
                 "Type 'keycradle export %s --batch BATCH --output FILE'; - is standard output.",
                 cli->arguments[0]);
    return FALSE;
  }
  if (options->json && g_str_equal (options->output, "-")) {
    g_set_error (error, CLI_ERROR, CLI_USAGE,
                 "Standard output can't take both the manifest and --json: name a file with "
                 "--output.");
    return FALSE;
  }
  return argument_text (cli->arguments[0], error) && argument_text (options->batch, error);
}

CliExit
cli_export (Cli *cli, GError **error)
{
  g_auto (OutputFile) output = OUTPUT_FILE_INIT;
  g_autofree char *template = NULL;
  g_autofree char *statement = NULL;

  if (!check_options (cli, error) || !output_file_open (&output, cli->options.output, error))
    return CLI_FAILED;
  g_autoptr (GVariant) summary = export_run (cli, output.fd, error);
  if (summary == NULL || !write_template (&output, summary, &template, error)
      || !write_statement (&output, summary, &statement, error)
      || !output_file_finish (&output, error))
    return CLI_FAILED;
  confirm (cli, summary);
  print_summary (cli, &output, statement, summary);
  report_statement (&output, summary);
  return report_omitted (summary) == 0 ? CLI_OK : CLI_PARTIAL;
}

CliExit
cli_export_list (Cli *cli, GError **error)
{
  GVariant *filter;
  g_autoptr (GVariant) exports = NULL;

  if (!cli_connect (cli, error) || !argument_filter (cli, &filter, error)
      || !api_station1_call_list_exports_sync (cli->api, filter, &exports, NULL, error))
    return CLI_FAILED;
  cli_print_records (cli, exports, export_columns);
  return CLI_OK;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle export: we open the output, the daemon streams into it. The file
 * appears whole or not at all, and says afterwards what to type at the cloud.
 */
#include "station/cli/cli.h"

#include <stdio.h>
#include <unistd.h>

#include "base/text.h"
#include "station/cli/arguments.h"
#include "station/cli/export-check.h"
#include "station/cli/export-operations.h"
#include "station/cli/export-set.h"
#include "station/cli/output.h"

static const Field export_columns[] = {
  { "at", "EXPORTED", FIELD_TIME },
  { "batch", "BATCH", FIELD_TEXT },
  { "format", "FORMAT", FIELD_TEXT },
  { "new-only", "NEW ONLY", FIELD_YES_NO },
  { "confirmed", "CONFIRMED", FIELD_YES_NO },
  { "rows", "DEVICES", FIELD_NUMBER },
  { "bytes", "BYTES", FIELD_NUMBER },
  { "actor", "WHO", FIELD_TEXT },
  { "stated", "SIGNED", FIELD_YES_NO },
  { "target", "TARGET", FIELD_TEXT },
  { "part", "PART", FIELD_NUMBER },
  { "parts", "OF", FIELD_NUMBER },
  { "id", "EXPORT", FIELD_NUMBER },
  { "sha256", "SHA-256", FIELD_DIGEST },
  { NULL, NULL, FIELD_TEXT },
};

static void
report_statement (const ExportFile *file)
{
  g_autofree char *missing = record_text (file->summary, "statement-missing");
  gint64 id = 0;

  g_variant_lookup (file->summary, "id", "x", &id);
  if (*missing != '\0')
    fprintf (stderr, "keycradle: %s\n", missing);
  else if (file->output.path == NULL)
    fprintf (stderr,
             "'keycradle export statement %" G_GINT64_FORMAT "' saves what the station "
             "signed about it.\n",
             id);
}

static guint64
report_omitted (GVariant *summary)
{
  g_autoptr (GVariant) omitted =
      g_variant_lookup_value (summary, "omitted", G_VARIANT_TYPE ("aa{sv}"));
  const gsize n = omitted == NULL ? 0 : g_variant_n_children (omitted);
  guint64 count = 0;

  for (gsize i = 0; i < n; i++) {
    g_autoptr (GVariant) line = g_variant_get_child_value (omitted, i);
    g_autofree char *device = record_text (line, "device");
    g_autofree char *reason = record_text (line, "reason");
    fprintf (stderr, "keycradle: left out %s: %s\n", device, reason);
  }
  g_variant_lookup (summary, "omitted-count", "t", &count);
  if (count > n)
    fprintf (stderr,
             "keycradle: left out %" G_GUINT64_FORMAT " more; 'keycradle export FORMAT --check' "
             "names them all\n",
             count - n);
  return count;
}

static void
print_next_command (const ExportFile *file)
{
  const char *next = NULL;
  g_autofree char *command = NULL;

  if (file->output.path == NULL || !g_variant_lookup (file->summary, "next", "&s", &next))
    return;
  command = command_for_file (next, file->output.path);
  printf ("Next, with what is in capitals your own:\n  %s\n", command);
}

static void
print_file (const Cli *cli, const ExportFile *file)
{
  const char *name = file->output.path != NULL ? file->output.path : cli->options.output;
  guint64 rows = 0;
  g_autofree char *sha256 = record_text (file->summary, "sha256");
  g_autofree char *shown = text_for_display (name, 1000);

  g_variant_lookup (file->summary, "rows", "t", &rows);
  fprintf (file->output.fd == STDOUT_FILENO ? stderr : stdout,
           "%s: %" G_GUINT64_FORMAT "%s devices of batch %s, SHA-256 %s\n", shown, rows,
           cli->options.new_only ? " new" : "", cli->options.batch, sha256);
  if (file->statement != NULL) {
    g_autofree char *statement = g_filename_display_name (file->statement);
    printf ("%s: what the station signed about it\n", statement);
  }
}

/* One summary, or of several parts a list of them. */
static void
print_json (GPtrArray *set)
{
  GVariantBuilder list;
  g_autoptr (GVariant) summaries = NULL;
  g_autofree char *json = NULL;

  g_variant_builder_init (&list, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < set->len; i++) {
    const ExportFile *file = g_ptr_array_index (set, i);
    g_variant_builder_add_value (&list, file->summary);
  }
  summaries = g_variant_ref_sink (g_variant_builder_end (&list));
  if (set->len > 1)
    json = json_text (summaries, TRUE);
  else
    json = json_text (((ExportFile *)g_ptr_array_index (set, 0))->summary, TRUE);
  fputs (json, stdout);
}

static void
print_set (const Cli *cli, GPtrArray *set)
{
  const ExportFile *first = g_ptr_array_index (set, 0);

  if (cli->options.json && first->output.fd != STDOUT_FILENO) {
    print_json (set);
    return;
  }
  for (guint i = 0; i < set->len; i++)
    print_file (cli, g_ptr_array_index (set, i));
  print_next_command (first);
  if (set->len > 1)
    printf ("The same goes for each of the %u files.\n", set->len);
}

/* The file is there: what it holds is not new any more. Where the station does not hear that, the
 * next export of what is new has the same units once more, which loses none. */
static gboolean
confirm (const Cli *cli, GVariant *summary)
{
  g_autoptr (GError) error = NULL;
  gint64 id = 0;

  if (!g_variant_lookup (summary, "id", "x", &id)
      || api_station1_call_confirm_export_sync (cli->api, id, NULL, &error))
    return TRUE;
  g_dbus_error_strip_remote_error (error);
  g_autofree char *reason = text_for_display (error->message, 1000);
  fprintf (stderr,
           "keycradle: the file is written, but the station has not noted that: the next export "
           "with --new-only has the same devices again (%s)\n",
           reason);
  return FALSE;
}

/* In order: what is new begins behind the last that was confirmed. */
static void
confirm_set (const Cli *cli, GPtrArray *set)
{
  for (guint i = 0; i < set->len; i++) {
    const ExportFile *file = g_ptr_array_index (set, i);

    if (!confirm (cli, file->summary))
      return;
  }
}

static gboolean
check_options (const Cli *cli, GError **error)
{
  const CliOptions *options = &cli->options;

  if (options->batch == NULL || (options->output == NULL && !options->check)) {
    g_set_error (error, CLI_ERROR, CLI_USAGE,
                 "Type 'keycradle export %s --batch BATCH --output FILE'; - is standard output.",
                 cli->arguments[0]);
    return FALSE;
  }
  if (options->check && options->output != NULL) {
    g_set_error (error, CLI_ERROR, CLI_USAGE,
                 "--check writes no manifest: leave out --output, or --check.");
    return FALSE;
  }
  if (options->json && g_strcmp0 (options->output, "-") == 0) {
    g_set_error (error, CLI_ERROR, CLI_USAGE,
                 "Standard output can't take both the manifest and --json: name a file with "
                 "--output.");
    return FALSE;
  }
  return argument_text (cli->arguments[0], error) && argument_text (options->batch, error)
         && argument_text (options->target, error);
}

CliExit
cli_export (Cli *cli, GError **error)
{
  g_autoptr (GPtrArray) set = NULL;
  guint64 omitted = 0;

  if (g_str_equal (cli->arguments[0], "aws-calls") && cli->options.batch == NULL)
    return export_operations (cli, error);
  if (!check_options (cli, error))
    return CLI_FAILED;
  if (cli->options.check)
    return export_check (cli, error);
  set = export_set_make (cli, error);
  if (set == NULL || !export_set_finish (set, cli->options.output, error))
    return CLI_FAILED;
  confirm_set (cli, set);
  print_set (cli, set);
  for (guint i = 0; i < set->len; i++) {
    const ExportFile *file = g_ptr_array_index (set, i);

    report_statement (file);
    omitted += report_omitted (file->summary);
  }
  return omitted == 0 ? CLI_OK : CLI_PARTIAL;
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

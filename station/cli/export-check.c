/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See export-check.h. There may be a million of them: they come through a file without a name.
 */
#include "station/cli/export-check.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <unistd.h>

#include "base/text.h"
#include "station/cli/export-run.h"

#define LONGEST_REASON 1000

static FILE *
open_scratch (GError **error)
{
  g_autofree char *path = NULL;
  const int fd = g_file_open_tmp ("keycradle-check-XXXXXX", &path, error);

  if (fd < 0)
    return NULL;
  g_unlink (path);
  return fdopen (fd, "r+");
}

static void
print_refusal (const char *line, JsonParser *parser)
{
  JsonObject *object;

  if (!json_parser_load_from_data (parser, line, -1, NULL)
      || !JSON_NODE_HOLDS_OBJECT (json_parser_get_root (parser)))
    return;
  object = json_node_get_object (json_parser_get_root (parser));
  g_autofree char *device = text_for_display (
      json_object_get_string_member_with_default (object, "device", ""), LONGEST_REASON);
  g_autofree char *reason = text_for_display (
      json_object_get_string_member_with_default (object, "reason", ""), LONGEST_REASON);
  printf ("line %" G_GINT64_FORMAT ": %s: %s\n",
          json_object_get_int_member_with_default (object, "line", 0), device, reason);
}

static void
print_refusals (const Cli *cli, FILE *refusals)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autofree char *line = NULL;
  size_t room = 0;

  rewind (refusals);
  while (getline (&line, &room, refusals) > 0) {
    if (cli->options.json)
      fputs (line, stdout);
    else
      print_refusal (line, parser);
  }
}

CliExit
export_check (Cli *cli, GError **error)
{
  guint64 rows = 0, omitted = 0;
  guint parts = 1;
  FILE *refusals = open_scratch (error);

  if (refusals == NULL)
    return CLI_FAILED;
  g_autoptr (GVariant) summary = export_run (cli, fileno (refusals), TRUE, 0, error);
  if (summary != NULL)
    print_refusals (cli, refusals);
  fclose (refusals);
  if (summary == NULL)
    return CLI_FAILED;
  g_variant_lookup (summary, "rows", "t", &rows);
  g_variant_lookup (summary, "omitted-count", "t", &omitted);
  g_variant_lookup (summary, "parts", "u", &parts);
  fprintf (stderr,
           "%" G_GUINT64_FORMAT
           " devices of batch %s would be written, in %u file%s; %" G_GUINT64_FORMAT
           " would be left out\n",
           rows, cli->options.batch, parts, parts == 1 ? "" : "s", omitted);
  return omitted == 0 ? CLI_OK : CLI_PARTIAL;
}

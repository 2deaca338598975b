/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle manifest verify: the daemon holds the file against its ledger; it
 * gets the open file, not a path.
 */
#include "station/cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gunixfdlist.h>
#include <stdio.h>
#include <unistd.h>

#include "base/text.h"
#include "station/cli/output.h"

/* What people read; programs get all. */
#define PROBLEMS_MOST 10u

static const Field verdict_fields[] = {
  { "genuine", "Genuine", FIELD_YES_NO },
  { "format", "Format", FIELD_TEXT },
  { "batch", "Batch", FIELD_TEXT },
  { "rows", "Rows", FIELD_NUMBER },
  { "exported-at", "Exported", FIELD_TIME },
  { "exported-by", "By", FIELD_TEXT },
  { NULL, NULL, FIELD_TEXT },
};

static GUnixFDList *
open_manifest (const char *file, GError **error)
{
  g_autoptr (GUnixFDList) files = g_unix_fd_list_new ();
  gboolean standard_input = g_str_equal (file, "-");
  int fd = standard_input ? STDIN_FILENO : open (file, O_RDONLY | O_NOCTTY | O_CLOEXEC);

  if (fd < 0) {
    g_autofree char *shown = g_filename_display_name (file);
    g_set_error (error, CLI_ERROR, errno == ENOENT ? CLI_NOT_FOUND : CLI_FAILED,
                 "%s can't be opened: %s.", shown, g_strerror (errno));
    return NULL;
  }
  int index = g_unix_fd_list_append (files, fd, error);
  if (!standard_input)
    close (fd);
  return index < 0 ? NULL : g_steal_pointer (&files);
}

static void
print_problems (GVariant *verdict)
{
  g_autoptr (GVariant) problems =
      g_variant_lookup_value (verdict, "problems", G_VARIANT_TYPE_STRING_ARRAY);
  g_autofree const char **texts = problems == NULL ? NULL : g_variant_get_strv (problems, NULL);

  guint n = texts == NULL ? 0 : g_strv_length ((char **)texts);

  for (guint i = 0; i < MIN (n, PROBLEMS_MOST); i++) {
    g_autofree char *safe = text_for_display (texts[i], 1000);
    printf ("%-16s %s\n", "Problem", safe);
  }
  if (n > PROBLEMS_MOST)
    printf ("%-16s and %u more; --json shows them\n", "", n - PROBLEMS_MOST);
}

CliExit
cli_manifest_verify (Cli *cli, GError **error)
{
  g_autoptr (GUnixFDList) files = open_manifest (cli->arguments[0], error);
  g_autoptr (GVariant) verdict = NULL;
  gboolean genuine = FALSE;

  if (files == NULL || !cli_connect (cli, error))
    return CLI_FAILED;
  cli_wait_forever (cli);
  if (!api_station1_call_verify_manifest_sync (cli->api, g_variant_new_handle (0), files, &verdict,
                                               NULL, NULL, error))
    return CLI_FAILED;
  cli_print_record (cli, verdict, verdict_fields);
  if (!cli->options.json)
    print_problems (verdict);
  g_variant_lookup (verdict, "genuine", "b", &genuine);
  return genuine ? CLI_OK : CLI_VERDICT;
}

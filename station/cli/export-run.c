/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See export-run.h.
 */
#include "station/cli/export-run.h"

#include <gio/gunixfdlist.h>
#include <stdio.h>
#include <unistd.h>

#include "station/cli/arguments.h"

#define CLEAR_LINE "\r\033[K"

typedef struct {
  Cli *cli;
  GMainLoop *loop;
  GVariant *summary;
  GError *error;
  gint64 began;
  gboolean shown; /* a line of progress stands on the terminal */
} Run;

/* Before the first row, all keys are held against each other. */
static char *
key_progress_text (GVariant *progress)
{
  guint64 checked = 0, keys = 0;

  if (!g_variant_lookup (progress, "keys", "t", &keys))
    return NULL;
  g_variant_lookup (progress, "keys-checked", "t", &checked);
  return g_strdup_printf ("%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " keys checked", checked,
                          keys);
}

char *
export_progress_text (GVariant *progress, gint64 microseconds)
{
  char *keys = key_progress_text (progress);
  guint64 rows = 0, total = 0;
  const double seconds = (double)MAX (microseconds, 1) / G_USEC_PER_SEC;

  if (keys != NULL)
    return keys;
  g_variant_lookup (progress, "rows", "t", &rows);
  g_variant_lookup (progress, "total", "t", &total);
  const double rate = (double)rows / seconds;
  g_autoptr (GString) text = g_string_new (NULL);
  g_string_append_printf (text, "%" G_GUINT64_FORMAT, rows);
  if (total > 0)
    g_string_append_printf (text, " of %" G_GUINT64_FORMAT, total);
  g_string_append_printf (text, " devices");
  if (total > 0)
    g_string_append_printf (text, ", %.0f%%", 100.0 * (double)MIN (rows, total) / (double)total);
  g_string_append_printf (text, ", %.0f/s", rate);
  if (rows > 0 && total >= rows)
    g_string_append_printf (text, ", %.0f s left", (double)(total - rows) / rate);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* Others export too: only what is ours is shown. */
static void
export_progress (ApiStation1 *api, GVariant *progress, Run *run)
{
  const char *batch = "", *format = "";

  g_variant_lookup (progress, "batch", "&s", &batch);
  g_variant_lookup (progress, "format", "&s", &format);
  if (!g_str_equal (batch, run->cli->options.batch)
      || !g_str_equal (format, run->cli->arguments[0]))
    return;
  g_autofree char *text = export_progress_text (progress, g_get_monotonic_time () - run->began);
  fprintf (stderr, CLEAR_LINE "%s", text);
  fflush (stderr);
  run->shown = TRUE;
}

static void
exported (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Run *run = user_data;

  api_station1_call_export_finish (API_STATION1 (source), &run->summary, NULL, result, &run->error);
  g_main_loop_quit (run->loop);
}

static gboolean
export_options (const Cli *cli, gboolean split, gint64 after, GVariant **options, GError **error)
{
  g_auto (GVariantDict) dictionary;
  guint most_rows = 0;

  if (!argument_count ("most-rows", cli->options.most_rows, G_MAXUINT32, &most_rows, error))
    return FALSE;
  g_variant_dict_init (&dictionary, NULL);
  if (cli->options.new_only)
    g_variant_dict_insert (&dictionary, "new-only", "b", TRUE);
  if (cli->options.target != NULL)
    g_variant_dict_insert (&dictionary, "target", "s", cli->options.target);
  if (most_rows > 0)
    g_variant_dict_insert (&dictionary, "most-rows", "u", most_rows);
  if (cli->options.check)
    g_variant_dict_insert (&dictionary, "check", "b", TRUE);
  if (split)
    g_variant_dict_insert (&dictionary, "split", "b", TRUE);
  if (after != 0)
    g_variant_dict_insert (&dictionary, "after", "x", after);
  *options = g_variant_dict_end (&dictionary);
  return TRUE;
}

GVariant *
export_run (Cli *cli, int fd, gboolean split, gint64 after, GError **error)
{
  GVariant *options;
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GUnixFDList) files = g_unix_fd_list_new ();
  Run run = { .cli = cli, .loop = loop, .began = g_get_monotonic_time () };

  if (g_unix_fd_list_append (files, fd, error) < 0 || !cli_connect (cli, error)
      || !export_options (cli, split, after, &options, error))
    return NULL;
  cli_wait_forever (cli);
  if (isatty (STDERR_FILENO))
    g_signal_connect (cli->api, "export-progress", G_CALLBACK (export_progress), &run);
  api_station1_call_export (cli->api, cli->arguments[0], cli->options.batch, options,
                            g_variant_new_handle (0), files, NULL, exported, &run);
  g_main_loop_run (loop);
  g_signal_handlers_disconnect_by_data (cli->api, &run);
  if (run.shown)
    fputs (CLEAR_LINE, stderr);
  if (run.error != NULL)
    g_propagate_error (error, run.error);
  return run.summary;
}

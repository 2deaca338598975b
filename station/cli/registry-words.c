/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which certificates a command line names: a batch, the lines of a file, or words. See
 * registry-run.h.
 */
#include "station/cli/registry-run.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "station/cli/arguments.h"

void
registry_words_clear (RegistryWords *words)
{
  g_clear_pointer (&words->devices, g_ptr_array_unref);
  g_clear_pointer (&words->numbers, g_array_unref);
  g_clear_pointer (&words->file, g_free);
}

static FILE *
open_list (const char *file, GError **error)
{
  FILE *stream = g_str_equal (file, "-") ? stdin : fopen (file, "re");
  const int code = errno;

  if (stream == NULL) {
    g_autofree char *shown = g_filename_display_name (file);
    g_set_error (error, CLI_ERROR, CLI_NOT_FOUND, "%s can't be read: %s.", shown,
                 g_strerror (code));
  }
  return stream;
}

/* Blank lines and those that begin with # are for people. A byte of 0 ends no line: a serial of
 * UTF-16 would be its first letter. */
static gboolean
take_line (RegistryWords *words, char *line, gsize length, guint64 number, GError **error)
{
  const gboolean is_text = strlen (line) == length;
  g_autofree char *shown = NULL;

  g_strstrip (line);
  if (is_text && (*line == '\0' || *line == '#'))
    return TRUE;
  if (!is_text || !serial_is_valid (line)) {
    shown = bytes_for_display ((const guint8 *)line, strlen (line), 80);
    g_set_error (error, CLI_ERROR, CLI_USAGE,
                 "Line %" G_GUINT64_FORMAT " of %s is neither a serial nor the SHA-256 of a "
                 "certificate: %s%s",
                 number, words->file, shown, is_text ? "" : " (and bytes of 0: save it as UTF-8)");
    return FALSE;
  }
  g_ptr_array_add (words->devices, g_strdup (line));
  g_array_append_val (words->numbers, number);
  return TRUE;
}

static gboolean
read_lines (RegistryWords *words, FILE *stream, GError **error)
{
  g_autofree char *line = NULL;
  gboolean good = TRUE;
  guint64 number = 0;
  size_t space = 0;
  ssize_t length;

  while (good && (length = getline (&line, &space, stream)) >= 0)
    good = take_line (words, line, (gsize)length, ++number, error);
  if (good && ferror (stream)) {
    g_set_error (error, CLI_ERROR, CLI_FAILED, "%s can't be read to its end: %s.", words->file,
                 g_strerror (errno));
    return FALSE;
  }
  return good;
}

static gboolean
read_file (RegistryWords *words, const char *file, GError **error)
{
  FILE *stream = open_list (file, error);
  gboolean good;

  if (stream == NULL)
    return FALSE;
  words->file = g_str_equal (file, "-") ? g_strdup ("the input") : g_filename_display_name (file);
  good = read_lines (words, stream, error);
  if (stream != stdin)
    fclose (stream);
  return good;
}

static gboolean
take_arguments (RegistryWords *words, const Cli *cli, GError **error)
{
  for (guint i = 1; i < cli->n_arguments; i++) {
    const guint64 number = i;

    if (!serial_is_valid (cli->arguments[i])) {
      g_autofree char *shown = g_filename_display_name (cli->arguments[i]);
      g_set_error (error, CLI_ERROR, CLI_USAGE,
                   "'%s' is neither a serial nor the SHA-256 of a certificate.", shown);
      return FALSE;
    }
    g_ptr_array_add (words->devices, g_strdup (cli->arguments[i]));
    g_array_append_val (words->numbers, number);
  }
  return TRUE;
}

gboolean
registry_words_read (const Cli *cli, RegistryWords *words, GError **error)
{
  const CliOptions *options = &cli->options;
  const gboolean batch = options->batch != NULL, file = options->file != NULL;
  const gboolean devices = cli->n_arguments > 1;

  if (batch + file + devices != 1) {
    g_set_error_literal (error, CLI_ERROR, CLI_USAGE,
                         "Say which certificates: with --batch BATCH, with --file FILE, or by "
                         "serials behind the target.");
    return FALSE;
  }
  words->batch = options->batch;
  if (batch)
    return argument_text (options->batch, error);
  words->devices = g_ptr_array_new_with_free_func (g_free);
  words->numbers = g_array_new (FALSE, FALSE, sizeof (guint64));
  return file ? read_file (words, options->file, error) : take_arguments (words, cli, error);
}

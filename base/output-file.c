/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See output-file.h.
 */
#include "base/output-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"

void
output_file_clear (OutputFile *output)
{
  if (output->temporary != NULL)
    unlink (output->temporary);
  if (output->fd > STDERR_FILENO)
    close (output->fd);
  output->fd = -1;
  g_clear_pointer (&output->temporary, g_free);
  g_clear_pointer (&output->path, g_free);
}

static gboolean
refuse_output (const char *path, GError **error)
{
  const int code = errno;
  g_autofree char *shown = g_filename_display_name (path);

  g_set_error (error, G_FILE_ERROR, (int)g_file_error_from_errno (code), "%s can't be written: %s.",
               shown, g_strerror (code));
  return FALSE;
}

static gboolean
open_in_place (OutputFile *output, const char *file, GError **error)
{
  output->fd = open (file, O_WRONLY | O_NOCTTY | O_CLOEXEC);
  return output->fd >= 0 || refuse_output (file, error);
}

gboolean
output_file_open (OutputFile *output, const char *file, GError **error)
{
  struct stat about;

  if (g_str_equal (file, "-")) {
    output->fd = STDOUT_FILENO;
    return TRUE;
  }
  if (stat (file, &about) == 0 && !S_ISREG (about.st_mode))
    return open_in_place (output, file, error);

  char *target = realpath (file, NULL); /* a link stays, its target is replaced */
  output->path = g_canonicalize_filename (target != NULL ? target : file, NULL);
  free (target);
  g_autofree char *folder = g_path_get_dirname (output->path);
  g_autofree char *name = g_path_get_basename (output->path);
  g_autofree char *hidden = g_strdup_printf (".%s.XXXXXX", name);
  g_autofree char *temporary = g_build_filename (folder, hidden, NULL);
  output->fd = g_mkstemp_full (temporary, O_RDWR | O_CLOEXEC, 0644);
  if (output->fd < 0)
    return refuse_output (file, error);
  output->temporary = g_steal_pointer (&temporary);
  return TRUE;
}

gboolean
output_file_finish (OutputFile *output, GError **error)
{
  if (output->path == NULL)
    return TRUE;
  if (fsync (output->fd) != 0 || rename (output->temporary, output->path) != 0)
    return refuse_output (output->path, error);
  g_clear_pointer (&output->temporary, g_free);
  return folder_sync (output->path, error);
}

char *
output_file_write_beside (const OutputFile *output, const char *suffix, const void *data,
                          gsize length, GError **error)
{
  g_autofree char *path = NULL;

  if (output->path == NULL)
    return NULL;
  path = g_strconcat (output->path, suffix, NULL);
  if (!file_replace_durably (path, data, length, 0644, error))
    return NULL;
  return g_steal_pointer (&path);
}

static char *
shell_word (const char *text)
{
  const char *plain = G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "._/-";

  return *text != '\0' && text[strspn (text, plain)] == '\0' ? g_strdup (text)
                                                             : g_shell_quote (text);
}

char *
command_for_file (const char *pattern, const char *path)
{
  g_autofree char *base = g_path_get_basename (path);
  g_autofree char *file = shell_word (path);
  g_autofree char *name = shell_word (base);
  g_auto (GStrv) parts = g_strsplit (pattern, "{file}", -1);
  g_autoptr (GString) command = g_string_new (NULL);

  /* one after the other: a path may hold the words */
  for (char **part = parts; *part != NULL; part++) {
    g_auto (GStrv) pieces = g_strsplit (*part, "{name}", -1);
    g_autofree char *joined = g_strjoinv (name, pieces);

    g_string_append_printf (command, "%s%s", part != parts ? file : "", joined);
  }
  return g_string_free (g_steal_pointer (&command), FALSE);
}

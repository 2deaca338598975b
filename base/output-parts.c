/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See output-parts.h.
 */
#include "base/output-parts.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "base/files.h"

#define FEWEST_DIGITS 3
#define MARK ".part-"

/* "b1.csv" is "b1" and ".csv"; ".csv" alone is no suffix. */
static gsize
stem_length (const char *name)
{
  const char *dot = strrchr (name, '.');

  return dot == NULL || dot == name ? strlen (name) : (gsize)(dot - name);
}

char *
output_part_path (const char *path, guint part, guint parts)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *name = g_path_get_basename (path);
  g_autofree char *last = g_strdup_printf ("%u", parts);
  const gsize stem = stem_length (name);
  const int digits = (int)MAX (strlen (last), FEWEST_DIGITS);
  g_autofree char *named =
      g_strdup_printf ("%.*s" MARK "%0*u%s", (int)stem, name, digits, part, name + stem);

  return g_build_filename (folder, named, NULL);
}

/* The number of a part of `name`, 0 where `file` is none; what stands beside one has its number. */
static guint64
part_number (const char *file, const char *name)
{
  const gsize stem = stem_length (name);
  const char *at = file + stem;
  char *end = NULL;

  if (strncmp (file, name, stem) != 0 || !g_str_has_prefix (at, MARK))
    return 0;
  at += strlen (MARK);
  const guint64 number = g_ascii_isdigit (*at) ? g_ascii_strtoull (at, &end, 10) : 0;
  if (number == 0 || end - at < FEWEST_DIGITS || !g_str_has_prefix (end, name + stem))
    return 0;
  end += strlen (name + stem);
  return *end == '\0' || *end == '.' ? number : 0;
}

static gboolean
remove_file (const char *folder, const char *file, GError **error)
{
  g_autofree char *path = g_build_filename (folder, file, NULL);

  if (g_unlink (path) == 0 || errno == ENOENT)
    return TRUE;
  const int code = errno;
  g_autofree char *shown = g_filename_display_name (path);
  g_set_error (error, G_FILE_ERROR, (int)g_file_error_from_errno (code),
               "%s, of an earlier export, can't be removed: %s.", shown, g_strerror (code));
  return FALSE;
}

/* Of the files in the folder those with this number (0: with any). */
static gboolean
remove_parts (const char *folder, const char *name, guint64 number, GError **error)
{
  g_autoptr (GDir) files = g_dir_open (folder, 0, error);
  const char *file;

  if (files == NULL)
    return FALSE;
  while ((file = g_dir_read_name (files)) != NULL) {
    const guint64 its = part_number (file, name);

    if (its > 0 && (number == 0 || its == number) && !remove_file (folder, file, error))
      return FALSE;
  }
  return TRUE;
}

gboolean
output_parts_remove (const char *path, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *name = g_path_get_basename (path);

  return remove_parts (folder, name, 1, error) && folder_sync (path, error)
         && remove_parts (folder, name, 0, error) && folder_sync (path, error);
}

gboolean
output_parts_finish (GPtrArray *files, GError **error)
{
  for (guint i = files->len; i > 0; i--)
    if (!output_file_finish (g_ptr_array_index (files, i - 1), error))
      return FALSE;
  return TRUE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See transcript.h. Transcripts help to understand a failure; unlike the ledger they need not
 * survive a power cut, so they are not synced.
 */
#include "station/transcript.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "base/files.h"

char *
transcript_name (gint64 attempt_id, gint64 at)
{
  g_autoptr (GDateTime) begin = g_date_time_new_from_unix_utc (at / G_USEC_PER_SEC);
  g_autofree char *day = g_date_time_format (begin, "%Y%m%d");

  return g_strdup_printf ("%s/%" G_GINT64_FORMAT ".txt", day, attempt_id);
}

static gboolean
refuse (const char *path, const char *what, GError **error)
{
  int number = errno;

  g_set_error (error, G_FILE_ERROR, (int)g_file_error_from_errno (number), "%s can't be %s: %s",
               path, what, g_strerror (number));
  return FALSE;
}

static gboolean
write_text (const char *folder, const char *name, int how, const char *text, GError **error)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *day = g_path_get_dirname (path);
  gboolean written;
  int fd;

  if (g_mkdir_with_parents (day, 0750) != 0)
    return refuse (day, "made", error);
  fd = g_open (path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | how, 0640);
  if (fd < 0)
    return refuse (path, "written", error);
  written = fd_write_all (fd, text, strlen (text), error);
  return g_close (fd, written ? error : NULL) && written;
}

gboolean
transcript_save (const char *folder, const char *name, const char *text, GError **error)
{
  return write_text (folder, name, O_TRUNC, text, error);
}

gboolean
transcript_add (const char *folder, const char *name, const char *line)
{
  return write_text (folder, name, O_APPEND, line, NULL);
}

char *
transcript_load (const char *folder, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *raw = NULL;
  gsize length;

  if (!g_file_get_contents (path, &raw, &length, error))
    return NULL;
  return g_utf8_make_valid (raw, (gssize)length);
}

/* ---- steps ---- */

#define STEP_NOTE "# step "

char *
transcript_step (const char *step, gint64 at)
{
  return g_strdup_printf ("%s %" G_GINT64_FORMAT, step, at);
}

/* What a device said stands behind '<', so it can't note a step. */
static void
add_step (GVariantBuilder *list, const char *line)
{
  g_auto (GStrv) words = g_strsplit (line, " ", 4);
  GVariantDict record;
  gint64 at;

  if (g_strv_length (words) != 4
      || !g_ascii_string_to_signed (words[3], 10, 0, G_MAXINT64, &at, NULL))
    return;
  g_variant_dict_init (&record, NULL);
  g_variant_dict_insert (&record, "step", "s", words[2]);
  g_variant_dict_insert (&record, "at", "x", at);
  g_variant_builder_add_value (list, g_variant_dict_end (&record));
}

GVariant *
transcript_steps (const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  GVariantBuilder list;

  g_variant_builder_init (&list, G_VARIANT_TYPE ("aa{sv}"));
  for (char **line = lines; *line != NULL; line++)
    if (g_str_has_prefix (*line, STEP_NOTE))
      add_step (&list, *line);
  return g_variant_builder_end (&list);
}

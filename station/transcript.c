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
transcript_name (gint64 attempt_id)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *day = g_date_time_format (now, "%Y%m%d");

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

gboolean
transcript_save (const char *folder, const char *name, const char *text, GError **error)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *day = g_path_get_dirname (path);
  gboolean written;
  int fd;

  if (g_mkdir_with_parents (day, 0750) != 0)
    return refuse (day, "made", error);
  fd = g_open (path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
  if (fd < 0)
    return refuse (path, "written", error);
  written = fd_write_all (fd, text, strlen (text), error);
  return g_close (fd, written ? error : NULL) && written;
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

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See clean-mark.h.
 */
#include "db/clean-mark.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "base/files.h"

#define MARK_MODE 0640

static char *
mark_of (const char *path)
{
  return g_strconcat (path, ".clean", NULL);
}

/* SQLite deletes the WAL when the last connection has folded it in. One that a reader made is
 * empty. */
static gboolean
has_wal (const char *path)
{
  g_autofree char *wal = g_strconcat (path, "-wal", NULL);
  GStatBuf status;

  return g_stat (wal, &status) == 0 ? status.st_size > 0 : errno != ENOENT;
}

/* Which file it is, and when it was written last. Not the device: its number may be another one
 * after each start of the PC. NULL where it was not closed. Free with g_free(). */
static char *
describe (const char *path)
{
  GStatBuf status;

  if (has_wal (path) || g_stat (path, &status) != 0)
    return NULL;
  return g_strdup_printf ("inode %" G_GUINT64_FORMAT ", %" G_GINT64_FORMAT " bytes, written at "
                          "%" G_GINT64_FORMAT ".%09ld, changed at %" G_GINT64_FORMAT ".%09ld\n",
                          (guint64)status.st_ino, (gint64)status.st_size,
                          (gint64)status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
                          (gint64)status.st_ctim.tv_sec, status.st_ctim.tv_nsec);
}

gboolean
clean_mark_holds (const char *path)
{
  g_autofree char *mark = mark_of (path);
  g_autofree char *now = describe (path);
  g_autofree char *then = NULL;

  return now != NULL && g_file_get_contents (mark, &then, NULL, NULL) && g_str_equal (now, then);
}

gboolean
clean_mark_remove (const char *path, GError **error)
{
  g_autofree char *mark = mark_of (path);

  if (g_unlink (mark) == 0)
    return folder_sync (path, error);
  if (errno == ENOENT)
    return TRUE;
  g_set_error (error, G_FILE_ERROR, (int)g_file_error_from_errno (errno), "%s can't be removed: %s",
               mark, g_strerror (errno));
  return FALSE;
}

static gint forbidden; /* atomic */

void
clean_mark_forbid (void)
{
  g_atomic_int_set (&forbidden, TRUE);
}

void
clean_mark_leave (const char *path)
{
  g_autofree char *mark = mark_of (path);
  g_autofree char *now = describe (path);

  if (now != NULL && !g_atomic_int_get (&forbidden))
    file_replace_durably (mark, now, strlen (now), MARK_MODE, NULL);
}

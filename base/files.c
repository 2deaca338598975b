/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Durable files. GLib's g_file_set_contents_full() syncs the file but not the
 * folder, so that a rename may still be lost with the power; this does both.
 */
#include "base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static gboolean
fail (const char *what, const char *path, GError **error)
{
  int code = errno;

  g_set_error (error, G_FILE_ERROR, (int)g_file_error_from_errno (code), "%s %s: %s", what, path,
               g_strerror (code));
  return FALSE;
}

gboolean
fd_write_all (int fd, const void *data, gsize length, GError **error)
{
  const guint8 *at = data;

  while (length > 0) {
    ssize_t written = write (fd, at, length);

    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return fail ("cannot write to", "the output", error);
    at += written;
    length -= (gsize)written;
  }
  return TRUE;
}

static gboolean
wait_for (int fd, short what, int patience, const char *complaint, GError **error)
{
  struct pollfd look = { .fd = fd, .events = what };
  int ready;

  do
    ready = poll (&look, 1, patience);
  while (ready < 0 && errno == EINTR);
  if (ready < 0)
    return fail ("cannot wait for", "the other end", error);
  if (ready > 0)
    return TRUE;
  g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_AGAIN, "%s for %d seconds", complaint,
               patience / 1000);
  return FALSE;
}

gboolean
fd_wait_for_writer (int fd, int patience, GError **error)
{
  return wait_for (fd, POLLIN, patience, "nothing came from the input", error);
}

/* Where poll() says that something fits, PIPE_BUF bytes do, and never wait. */
gboolean
fd_write_for_reader (int fd, const void *data, gsize length, int patience, GError **error)
{
  const guint8 *at = data;
  struct stat about;

  if (fstat (fd, &about) == 0 && S_ISREG (about.st_mode))
    return fd_write_all (fd, data, length, error);
  while (length > 0) {
    ssize_t written;

    if (!wait_for (fd, POLLOUT, patience, "nobody read the output", error))
      return FALSE;
    written = write (fd, at, MIN (length, PIPE_BUF));
    if (written < 0 && (errno == EINTR || errno == EAGAIN))
      continue;
    if (written < 0)
      return fail ("cannot write to", "the output", error);
    at += written;
    length -= (gsize)written;
  }
  return TRUE;
}

gboolean
folder_sync (const char *path, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);
  int fd = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  gboolean synced;

  if (fd < 0)
    return fail ("cannot open the folder", folder, error);
  synced = fsync (fd) == 0;
  if (!synced)
    fail ("cannot sync the folder", folder, error);
  close (fd);
  return synced;
}

static gboolean
write_and_sync (int fd, const char *path, const void *data, gsize length, mode_t mode,
                GError **error)
{
  if (!fd_write_all (fd, data, length, error))
    return FALSE;
  if (fchmod (fd, mode) != 0 || fsync (fd) != 0)
    return fail ("cannot finish", path, error);
  return TRUE;
}

/* Where it is put: over whatever has that name, or only where nothing has. */
static gboolean
put_in_place (const char *beside, const char *path, gboolean replace, GError **error)
{
  if (replace)
    return rename (beside, path) == 0 || fail ("cannot put in place", path, error);
  if (link (beside, path) != 0)
    return fail ("cannot put in place", path, error);
  return g_unlink (beside) == 0 || fail ("cannot remove", beside, error);
}

static gboolean
write_durably (const char *path, const void *data, gsize length, mode_t mode, gboolean replace,
               GError **error)
{
  g_autofree char *beside = g_strconcat (path, ".XXXXXX", NULL);
  int fd = g_mkstemp_full (beside, O_WRONLY | O_CLOEXEC, 0600);
  gboolean written;

  if (fd < 0)
    return fail ("cannot create a file beside", path, error);
  written = write_and_sync (fd, path, data, length, mode, error);
  if (close (fd) != 0 && written)
    written = fail ("cannot close", path, error);
  if (!written || !put_in_place (beside, path, replace, error)) {
    g_unlink (beside);
    return FALSE;
  }
  return folder_sync (path, error);
}

gboolean
file_replace_durably (const char *path, const void *data, gsize length, mode_t mode, GError **error)
{
  return write_durably (path, data, length, mode, TRUE, error);
}

gboolean
file_create_durably (const char *path, const void *data, gsize length, mode_t mode, GError **error)
{
  return write_durably (path, data, length, mode, FALSE, error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The checkpoints' file. Only its end is read: the signer needs the newest one, whoever holds the
 * file can read the others.
 */
#include "ca/signer/checkpoints-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"

#define END_BYTES (32 * 1024) /* a note has less than 300 */
#define BEGIN "\n\n" CHECKPOINT_ORIGIN

static gboolean
refuse_errno (const Checkpoints *checkpoints, const char *doing, GError **error)
{
  return ca_refuse (error, CA_ERROR_LOG, "%s: %s: %s", checkpoints->path, doing,
                    g_strerror (errno));
}

static gboolean
refuse_damaged (const Checkpoints *checkpoints, const char *problem, GError **error)
{
  return ca_refuse (error, CA_ERROR_LOG, "%s: %s; put back a good copy of the file",
                    checkpoints->path, problem);
}

static gboolean
open_file (Checkpoints *checkpoints, LogOpenMode mode, GError **error)
{
  const int flags = (mode == LOG_OPEN_CHECK ? O_RDONLY : O_RDWR | O_CREAT) | O_CLOEXEC | O_NOFOLLOW;
  const gboolean is_new = !g_file_test (checkpoints->path, G_FILE_TEST_EXISTS);

  checkpoints->fd = open (checkpoints->path, flags, 0640);
  if (checkpoints->fd < 0 && errno == ENOENT && mode == LOG_OPEN_CHECK)
    return TRUE;
  if (checkpoints->fd < 0)
    return refuse_errno (checkpoints, "can't be opened", error);
  return !is_new || folder_sync (checkpoints->path, NULL)
         || refuse_errno (checkpoints, "can't be made", error);
}

/* The file's end with a NUL behind it; `from` receives where it begins in the file. */
static char *
read_end (const Checkpoints *checkpoints, guint64 *from, GError **error)
{
  g_autofree char *text = g_malloc0 (END_BYTES + 1);
  struct stat info;

  if (fstat (checkpoints->fd, &info) < 0 || !S_ISREG (info.st_mode)) {
    refuse_errno (checkpoints, "is no plain file", error);
    return NULL;
  }
  *from = (guint64)info.st_size > END_BYTES ? (guint64)info.st_size - END_BYTES : 0;
  for (gsize done = 0; done < END_BYTES;) {
    const gssize got =
        pread (checkpoints->fd, text + done, END_BYTES - done, (off_t)(*from + done));

    if (got < 0) {
      refuse_errno (checkpoints, "can't be read", error);
      return NULL;
    }
    if (got == 0)
      break;
    done += (gsize)got;
  }
  return g_steal_pointer (&text);
}

/* The last whole note in `text`, or NULL; `rest` receives what follows it. */
static const char *
last_note (const char *text, const char **rest)
{
  const char *last = NULL;
  Checkpoint checkpoint;
  gsize length;

  *rest = text;
  while (checkpoint_read (*rest, NULL, &checkpoint, &length, NULL) && (*rest)[length] == '\n') {
    last = *rest;
    *rest += length + 1;
  }
  return last;
}

/* Nobody relied on a checkpoint whose write was cut off. */
static gboolean
cut_off (Checkpoints *checkpoints, guint64 end, LogOpenMode mode, GError **error)
{
  struct stat info;

  checkpoints->end = end;
  if (mode == LOG_OPEN_CHECK || fstat (checkpoints->fd, &info) < 0 || (guint64)info.st_size == end)
    return TRUE;
  g_message ("%s: cut off a torn write behind byte %" G_GUINT64_FORMAT, checkpoints->path, end);
  return (ftruncate (checkpoints->fd, (off_t)end) == 0 && fdatasync (checkpoints->fd) == 0)
         || refuse_errno (checkpoints, "a torn write can't be cut off", error);
}

static gboolean
take_newest (Checkpoints *checkpoints, const char *note, GError **error)
{
  EVP_PKEY *key = X509_get0_pubkey (station_key_certificate (checkpoints->station));
  g_autoptr (GError) problem = NULL;
  gsize length;

  if (!checkpoint_read (note, key, &checkpoints->newest, &length, &problem))
    return ca_refuse (error, CA_ERROR_LOG,
                      "%s: the newest checkpoint: %s; the station's key was "
                      "exchanged, or the file changed; put both back as they were",
                      checkpoints->path, problem->message);
  checkpoints->note = g_strndup (note, length);
  return TRUE;
}

static gboolean
read_file (Checkpoints *checkpoints, LogOpenMode mode, GError **error)
{
  guint64 from = 0;
  g_autofree char *text = read_end (checkpoints, &from, error);
  const char *begin, *note, *rest;

  if (text == NULL)
    return FALSE;
  begin = from == 0 ? text : strstr (text, BEGIN);
  if (begin == NULL)
    return refuse_damaged (checkpoints, "there are no checkpoints at its end", error);
  if (from > 0)
    begin += 2;
  note = last_note (begin, &rest);
  if (strstr (rest, BEGIN) != NULL || (note == NULL && from > 0))
    return refuse_damaged (checkpoints, "a checkpoint before the last one can't be read", error);
  return cut_off (checkpoints, from + (guint64)(rest - text), mode, error)
         && (note == NULL || take_newest (checkpoints, note, error));
}

Checkpoints *
checkpoints_open (const char *folder, StationKey *station, LogOpenMode mode, GError **error)
{
  g_autoptr (Checkpoints) checkpoints = g_new0 (Checkpoints, 1);

  g_mutex_init (&checkpoints->signing);
  g_mutex_init (&checkpoints->mutex);
  g_cond_init (&checkpoints->changed);
  checkpoints->path = g_build_filename (folder, "checkpoints", NULL);
  checkpoints->station = station;
  checkpoints->fd = -1;
  if (!open_file (checkpoints, mode, error)
      || (checkpoints->fd >= 0 && !read_file (checkpoints, mode, error)))
    return NULL;
  return g_steal_pointer (&checkpoints);
}

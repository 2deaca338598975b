/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Opening and closing the issuance log: the lock, the header, the torn tail.
 */
#include "ca/log/log-settle.h"

#include "base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_MODE 0640

static gboolean
refuse_errno (const char *path, const char *doing, GError **error)
{
  g_set_error (error, CA_ERROR, CA_ERROR_LOG, "%s: %s: %s", path, doing, g_strerror (errno));
  return FALSE;
}

/* Made whole under a temporary name, so that no crash leaves half a header. */
static gboolean
create (const char *path, const guint8 origin[LOG_HASH], GError **error)
{
  g_autoptr (GError) problem = NULL;
  guint8 header[LOG_HEADER];

  log_header_encode (origin, header);
  if (file_replace_durably (path, header, sizeof header, LOG_MODE, &problem))
    return TRUE;
  g_set_error (error, CA_ERROR, CA_ERROR_LOG, "can't make the issuance log: %s", problem->message);
  return FALSE;
}

static gboolean
open_file (IssuanceLog *log, const char *path, LogOpenMode mode, GError **error)
{
  int flags = (mode == LOG_OPEN_CHECK ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NOFOLLOW;

  log->fd = open (path, flags);
  if (log->fd < 0 && errno == ENOENT) {
    if (mode == LOG_OPEN_CHECK)
      return TRUE;
    if (!create (path, log->origin, error))
      return FALSE;
    log->fd = open (path, flags);
  }
  if (log->fd < 0)
    return refuse_errno (path, "can't open the issuance log", error);
  if (mode == LOG_OPEN_WRITE && flock (log->fd, LOCK_EX | LOCK_NB) < 0)
    return refuse_errno (path, "another signer holds the issuance log", error);
  return TRUE;
}

static gboolean
read_header (IssuanceLog *log, const char *path, const guint8 *content, gsize length,
             GError **error)
{
  guint8 header[LOG_HEADER];
  const char *problem = NULL;

  log_header_encode (log->origin, header);
  if (length < LOG_HEADER || memcmp (content, header, 8) != 0)
    problem = "is no issuance log; put back a good copy";
  else if (memcmp (content + 8, header + 8, 4) != 0)
    problem = "is of a version that this signer does not know; use the release that wrote it";
  if (problem != NULL) {
    g_set_error (error, CA_ERROR, CA_ERROR_LOG, "%s %s", path, problem);
    return FALSE;
  }
  memcpy (log->origin, content + 12, LOG_HASH);
  return TRUE;
}

/* What is cut off stays beside the log: a disk may have lost what it had said was written. */
static gboolean
cut_off (IssuanceLog *log, const char *path, const guint8 *content, gsize length, GError **error)
{
  const gsize from = (gsize)log->end;
  g_autofree char *kept = g_strdup_printf ("%s.cut-%" G_GUINT64_FORMAT, path, log->edge.size);
  g_autoptr (GError) problem = NULL;

  if (!file_replace_durably (kept, content + from, length - from, LOG_MODE, &problem)) {
    g_set_error (error, CA_ERROR, CA_ERROR_LOG,
                 "%s: its last write was torn, and can't be kept before it is cut off: %s", path,
                 problem->message);
    return FALSE;
  }
  g_message ("%s: cut off a torn write of %" G_GSIZE_FORMAT " bytes behind %" G_GUINT64_FORMAT
             " entries; nobody was answered from it. It is kept in %s",
             path, length - from, log->edge.size, kept);
  if (ftruncate (log->fd, (off_t)from) < 0 || fdatasync (log->fd) < 0)
    return refuse_errno (path, "can't cut off a torn write", error);
  return TRUE;
}

static gboolean
read_content (IssuanceLog *log, const char *path, LogOpenMode mode, const guint8 *content,
              gsize length, GError **error)
{
  if (!read_header (log, path, content, length, error))
    return FALSE;
  log->end = LOG_HEADER;
  if (mode == LOG_OPEN_WRITE)
    log_settle_open (log, content, length);
  if (!log_scan (log, path, content, length, error))
    return FALSE;
  if (mode == LOG_OPEN_CHECK)
    return TRUE;
  if (log->end < length && !cut_off (log, path, content, length, error))
    return FALSE;
  /* What a killed signer wrote but did not sync has been read now, and may be told of. */
  if (fdatasync (log->fd) < 0)
    return refuse_errno (path, "can't sync the issuance log", error);
  log_settle_start (log);
  return TRUE;
}

static gboolean
read_file (IssuanceLog *log, const char *path, LogOpenMode mode, GError **error)
{
  struct stat info;
  gsize length;
  void *content;
  gboolean ok;

  if (log->fd < 0)
    return TRUE;
  if (fstat (log->fd, &info) < 0)
    return refuse_errno (path, "can't read the issuance log", error);
  length = (gsize)info.st_size;
  if (!S_ISREG (info.st_mode) || length == 0)
    return read_header (log, path, NULL, 0, error);
  content = mmap (NULL, length, PROT_READ, MAP_PRIVATE, log->fd, 0);
  if (content == MAP_FAILED)
    return refuse_errno (path, "can't read the issuance log", error);
  madvise (content, length, MADV_SEQUENTIAL);
  munlock (content, length); /* it is no secret, and may be longer than the memory */
  ok = read_content (log, path, mode, content, length, error);
  munmap (content, length);
  return ok;
}

IssuanceLog *
issuance_log_open (const char *path, const guint8 origin[LOG_HASH], LogOpenMode mode,
                   GError **error)
{
  return log_open_with_step (path, origin, mode, LOG_STEP, error);
}

IssuanceLog *
log_open_with_step (const char *path, const guint8 origin[LOG_HASH], LogOpenMode mode, guint64 step,
                    GError **error)
{
  g_autoptr (IssuanceLog) log = g_new0 (IssuanceLog, 1);

  g_mutex_init (&log->mutex);
  g_cond_init (&log->flushed);
  g_cond_init (&log->work);
  log->path = g_strdup (path);
  log->step = step;
  log->fd = -1;
  log->waiting = g_ptr_array_new ();
  log->tail = log_tail_new (0);
  log->recounted = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  memcpy (log->origin, origin, LOG_HASH);
  if (!open_file (log, path, mode, error) || !read_file (log, path, mode, error))
    return NULL;
  return g_steal_pointer (&log);
}

void
issuance_log_close (IssuanceLog *log)
{
  if (log == NULL)
    return;
  log_settle_close (log);
  if (log->fd >= 0)
    close (log->fd);
  g_ptr_array_unref (log->waiting);
  log_tail_free (log->tail);
  log_tail_free (log->older);
  g_hash_table_unref (log->recounted);
  g_free (log->dead);
  g_free (log->path);
  g_free (log->index_folder);
  g_mutex_clear (&log->mutex);
  g_cond_clear (&log->flushed);
  g_cond_clear (&log->work);
  g_free (log);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Appending and reading. Appends are group commits: the thread that finds nobody writing
 * writes what all have queued, syncs once, and wakes them. What the kernel holds after a failed
 * write or sync is unknown, so the log then takes nothing more until the signer starts anew and
 * reads what is really there.
 */
#include "ca/log/log.h"

#include "ca/log/log-settle.h"
#include "ca/log/log-view.h"
#include "ca/proof/merkle.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One append on its way to the disk. */
typedef struct {
  const LogEntry *entry;
  GByteArray *frame;
  guint64 index;
  gboolean done;
} Record;

static gboolean
refuse (GError **error, const char *message)
{
  g_set_error (error, CA_ERROR, CA_ERROR_LOG,
               "the issuance log can't be written, so nothing is issued until the signer is "
               "started again: %s",
               message);
  return FALSE;
}

static GByteArray *
frame_of (const LogEntry *entry)
{
  GByteArray *frame = log_entry_encode (entry);
  gsize length = frame->len;
  guint8 hash[LOG_HASH];

  merkle_leaf_hash (frame->data, length, hash);
  g_byte_array_set_size (frame, (guint)length + 4);
  memmove (frame->data + 4, frame->data, length);
  log_write_u32 (frame->data, (guint32)length);
  g_byte_array_append (frame, hash, LOG_HASH);
  return frame;
}

static gboolean
write_at (int fd, const guint8 *data, gsize length, guint64 offset)
{
  while (length > 0) {
    gssize written = pwrite (fd, data, length, (off_t)offset);

    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
      return FALSE;
    data += written;
    length -= (gsize)written;
    offset += (guint64)written;
  }
  return TRUE;
}

gboolean
log_read_at (int fd, guint8 *data, gsize length, guint64 offset)
{
  while (length > 0) {
    gssize got = pread (fd, data, length, (off_t)offset);

    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return FALSE;
    data += got;
    length -= (gsize)got;
    offset += (guint64)got;
  }
  return TRUE;
}

/* What goes into a file that was moved, deleted or written by somebody else would be in no log at
 * the next start. */
static gboolean
is_in_place (const IssuanceLog *log)
{
  struct stat ours, there;

  return fstat (log->fd, &ours) == 0 && (guint64)ours.st_size == log->end
         && stat (log->path, &there) == 0 && there.st_ino == ours.st_ino
         && there.st_dev == ours.st_dev;
}

/* One write and one sync for all of `records`; not under the lock. NULL, or why it failed. */
static char *
write_records (const IssuanceLog *log, GPtrArray *records)
{
  const int fd = log->fd;
  const guint64 offset = log->end; /* which only the thread that writes changes */
  g_autoptr (GByteArray) all = g_byte_array_new ();
  g_autofree char *problem = NULL;

  for (guint i = 0; i < records->len; i++) {
    const Record *record = g_ptr_array_index (records, i);
    g_byte_array_append (all, record->frame->data, record->frame->len);
  }
  if (!is_in_place (log))
    return g_strdup_printf ("%s is not as this signer left it: somebody moved, replaced or changed "
                            "it; put the newest copy back",
                            log->path);
  if (write_at (fd, all->data, all->len, offset) && fdatasync (fd) == 0)
    return NULL;
  problem = g_strdup (g_strerror (errno));
  if (ftruncate (fd, (off_t)offset) < 0 || fdatasync (fd) < 0)
    g_warning ("what a failed write left in the issuance log could not be cut off: %s",
               g_strerror (errno));
  return g_steal_pointer (&problem);
}

static void
note_records (IssuanceLog *log, GPtrArray *records)
{
  for (guint i = 0; i < records->len; i++) {
    Record *record = g_ptr_array_index (records, i);

    record->index = log->edge.size;
    record->done = TRUE;
    log_note_entry (log, record->entry, record->frame->data);
  }
}

void
log_die (IssuanceLog *log, const char *why)
{
  if (log->dead == NULL)
    log->dead = g_strdup (why);
  g_cond_broadcast (&log->flushed);
  g_cond_broadcast (&log->work);
}

/* The first of those that wait, as many as one write takes. */
static GPtrArray *
take_records (IssuanceLog *log)
{
  GPtrArray *records = g_ptr_array_new ();
  gsize bytes = 0;

  for (guint i = 0; i < log->waiting->len; i++) {
    Record *record = g_ptr_array_index (log->waiting, i);

    bytes += record->frame->len;
    if (bytes > LOG_WRITE_MOST)
      break;
    g_ptr_array_add (records, record);
  }
  g_ptr_array_remove_range (log->waiting, 0, records->len);
  return records;
}

/* With the lock held, which is let go while the disk works. */
static void
flush (IssuanceLog *log)
{
  g_autoptr (GPtrArray) records = take_records (log);
  g_autofree char *problem = NULL;

  log->flushing = TRUE;
  g_mutex_unlock (&log->mutex);
  problem = write_records (log, records);
  g_mutex_lock (&log->mutex);
  log->flushing = FALSE;
  if (problem == NULL) {
    note_records (log, records);
    log_settle_noted (log);
  }
  else {
    log_die (log, problem);
  }
  g_cond_broadcast (&log->flushed);
}

/* With the lock held: in the order of their places, times never decrease. */
static void
order_time (IssuanceLog *log, LogEntry *entry)
{
  if (entry->type == LOG_ENTRY_REFUSAL)
    return;
  if (log->latest == 0)
    log->latest = log->newest;
  if (entry->type != LOG_ENTRY_CLOCK)
    entry->signed_at = MAX (entry->signed_at, log->latest);
  log->latest = entry->signed_at;
}

gboolean
issuance_log_append (IssuanceLog *log, LogEntry *entry, guint64 *index, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&log->mutex);
  g_autoptr (GByteArray) frame = NULL;
  Record record = { .entry = entry };

  order_time (log, entry);
  record.frame = frame = frame_of (entry);
  if (frame->len > LOG_ENTRY_MOST + LOG_FRAME)
    return refuse (error, "the entry is too large");
  if (log->dead == NULL)
    g_ptr_array_add (log->waiting, &record);
  /* Who writes has the records of others in hand: they stay until he is done, whatever ends the log
   * meanwhile. */
  while (!record.done && (log->flushing || log->dead == NULL)) {
    if (log->flushing)
      g_cond_wait (&log->flushed, &log->mutex);
    else
      flush (log);
  }
  if (!record.done)
    return refuse (error, log->dead);
  *index = record.index;
  return TRUE;
}

char *
issuance_log_problem (IssuanceLog *log)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&log->mutex);

  return g_strdup (log->dead);
}

const guint8 *
issuance_log_origin (const IssuanceLog *log)
{
  return log->origin;
}

guint64
issuance_log_size (IssuanceLog *log)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&log->mutex);

  return log->edge.size;
}

gint64
issuance_log_newest (IssuanceLog *log)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&log->mutex);

  return log->newest;
}

GArray *
issuance_log_find (IssuanceLog *log, const guint8 key[LOG_HASH])
{
  GArray *places = g_array_new (FALSE, FALSE, sizeof (guint64));
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&log->mutex);

  log_view_find (log, key, places);
  return places;
}

/* Where entry `index` begins and ends in the file; what the index says of it may be anything. */
static gboolean
place_of (IssuanceLog *log, guint64 index, guint64 *from, guint64 *to)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&log->mutex);

  return index < log->edge.size && log_view_offset (log, index, from)
         && log_view_offset (log, index + 1, to) && *from < *to && *to - *from >= LOG_FRAME
         && *to - *from <= LOG_ENTRY_MOST + LOG_FRAME;
}

GBytes *
issuance_log_read (IssuanceLog *log, guint64 index, GError **error)
{
  g_autofree guint8 *frame = NULL;
  g_autoptr (GBytes) whole = NULL;
  guint8 hash[LOG_HASH];
  guint64 from = 0, to = 0;
  gsize length;

  if (!place_of (log, index, &from, &to)) {
    g_set_error (error, CA_ERROR, CA_ERROR_LOG, "the issuance log has no entry %" G_GUINT64_FORMAT,
                 index);
    return NULL;
  }
  frame = g_malloc (to - from);
  length = to - from - LOG_FRAME;
  if (log_read_at (log->fd, frame, to - from, from)) {
    merkle_leaf_hash (frame + 4, length, hash);
    if (memcmp (hash, frame + 4 + length, LOG_HASH) == 0) {
      whole = g_bytes_new_take (g_steal_pointer (&frame), to - from);
      return g_bytes_new_from_bytes (whole, 4, length);
    }
  }
  g_set_error (error, CA_ERROR, CA_ERROR_LOG,
               "entry %" G_GUINT64_FORMAT
               " of the issuance log can't be read; look at the disk, and put back a good copy",
               index);
  return NULL;
}

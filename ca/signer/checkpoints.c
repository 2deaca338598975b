/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See checkpoints.h. A thread of its own signs those that are due, so that no order waits for it.
 */
#include "ca/signer/checkpoints-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- holding the log against it ---- */

/* TRUE where `log` still begins with what `newest` covers. */
static gboolean
is_extension (IssuanceLog *log, const Checkpoint *newest, GError **error)
{
  guint8 root[MERKLE_HASH];
  const guint64 size = issuance_log_size (log);

  if (memcmp (issuance_log_origin (log), newest->origin, MERKLE_HASH) != 0)
    return ca_refuse (error, CA_ERROR_LOG,
                      "the log was rolled back or replaced: the newest checkpoint is of another "
                      "log; put back the log that belongs to it");
  if (size < newest->size)
    return ca_refuse (error, CA_ERROR_LOG,
                      "the log was rolled back or replaced: the newest checkpoint covers "
                      "%" G_GUINT64_FORMAT " entries, but the log has %" G_GUINT64_FORMAT
                      "; put back the newest log",
                      newest->size, size);
  if (!issuance_log_root (log, newest->size, root, error))
    return FALSE;
  return memcmp (root, newest->root, MERKLE_HASH) == 0
         || ca_refuse (error, CA_ERROR_LOG,
                       "the log was rolled back or replaced: its first %" G_GUINT64_FORMAT
                       " entries are not those that the newest checkpoint covers; put back the log "
                       "that belongs to it",
                       newest->size);
}

/* ---- signing ---- */

static gboolean
refuse_errno (const Checkpoints *checkpoints, GError **error)
{
  return ca_refuse (error, CA_ERROR_LOG, "%s can't be written: %s", checkpoints->path,
                    g_strerror (errno));
}

/* Under `signing`. What an earlier failure left behind the end is written over. */
static gboolean
append (Checkpoints *checkpoints, const char *note, GError **error)
{
  g_autofree char *whole = g_strconcat (note, "\n", NULL);
  const gsize length = strlen (whole);

  if (ftruncate (checkpoints->fd, (off_t)checkpoints->end) < 0)
    return refuse_errno (checkpoints, error);
  for (gsize done = 0; done < length;) {
    const gssize written =
        pwrite (checkpoints->fd, whole + done, length - done, (off_t)(checkpoints->end + done));

    if (written < 0 && errno != EINTR)
      return refuse_errno (checkpoints, error);
    done += written > 0 ? (gsize)written : 0;
  }
  if (fdatasync (checkpoints->fd) < 0)
    return refuse_errno (checkpoints, error);
  checkpoints->end += length;
  return TRUE;
}

static char *
sign (Checkpoints *checkpoints, const Checkpoint *checkpoint, GError **error)
{
  g_autofree char *text = checkpoint_text (checkpoint);
  g_autoptr (GByteArray) signature = g_byte_array_new ();

  if (!station_key_sign (checkpoints->station, span_of_text (text), signature, error))
    return NULL;
  return checkpoint_note (text, checkpoint, station_key_sha256 (checkpoints->station),
                          signature->data, signature->len);
}

/* Under `signing`. */
static gboolean
make_next (Checkpoints *checkpoints, GError **error)
{
  Checkpoint next = { .size = issuance_log_size (checkpoints->log) };
  g_autofree char *note = NULL;

  if (checkpoints->note != NULL && checkpoints->newest.size == next.size)
    return TRUE;
  memcpy (next.origin, issuance_log_origin (checkpoints->log), MERKLE_HASH);
  if ((checkpoints->note != NULL && !is_extension (checkpoints->log, &checkpoints->newest, error))
      || !issuance_log_root (checkpoints->log, next.size, next.root, error))
    return FALSE;
  note = sign (checkpoints, &next, error);
  if (note == NULL || !append (checkpoints, note, error))
    return FALSE;
  g_mutex_lock (&checkpoints->mutex);
  checkpoints->newest = next;
  g_free (checkpoints->note);
  checkpoints->note = g_steal_pointer (&note);
  g_mutex_unlock (&checkpoints->mutex);
  return TRUE;
}

gboolean
checkpoints_newest (Checkpoints *checkpoints, Checkpoint *newest, char **note)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&checkpoints->mutex);

  if (checkpoints->note == NULL)
    return FALSE;
  *newest = checkpoints->newest;
  if (note != NULL)
    *note = g_strdup (checkpoints->note);
  return TRUE;
}

gboolean
checkpoints_make (Checkpoints *checkpoints, Checkpoint *newest, char **note, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&checkpoints->signing);

  return make_next (checkpoints, error) && checkpoints_newest (checkpoints, newest, note);
}

/* ---- those that are due ---- */

/* Under the mutex. */
static gboolean
is_due (const Checkpoints *checkpoints)
{
  return checkpoints->every > 0
         && issuance_log_size (checkpoints->log) >= checkpoints->tried + checkpoints->every;
}

/* A failure is tried again when as many entries more have come, or somebody asks. */
static gpointer
follow_thread (gpointer data)
{
  Checkpoints *checkpoints = data;

  g_mutex_lock (&checkpoints->mutex);
  while (!checkpoints->ending) {
    if (!is_due (checkpoints)) {
      g_cond_wait (&checkpoints->changed, &checkpoints->mutex);
      continue;
    }
    checkpoints->tried = issuance_log_size (checkpoints->log);
    g_mutex_unlock (&checkpoints->mutex);
    checkpoints_try (checkpoints);
    g_mutex_lock (&checkpoints->mutex);
  }
  g_mutex_unlock (&checkpoints->mutex);
  return NULL;
}

void
checkpoints_try (Checkpoints *checkpoints)
{
  g_autoptr (GError) problem = NULL;
  Checkpoint newest;

  if (!checkpoints_make (checkpoints, &newest, NULL, &problem))
    g_warning ("no checkpoint was signed: %s", problem->message);
}

void
checkpoints_grown (Checkpoints *checkpoints)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&checkpoints->mutex);

  if (checkpoints->log != NULL && is_due (checkpoints))
    g_cond_signal (&checkpoints->changed);
}

gboolean
checkpoints_follow (Checkpoints *checkpoints, IssuanceLog *log, guint every, GError **error)
{
  if (checkpoints->note != NULL && !is_extension (log, &checkpoints->newest, error))
    return FALSE;
  checkpoints->log = log;
  checkpoints->every = every;
  checkpoints->tried = checkpoints->newest.size;
  if (every > 0)
    checkpoints->thread = g_thread_new ("checkpoints", follow_thread, checkpoints);
  return TRUE;
}

void
checkpoints_close (Checkpoints *checkpoints)
{
  if (checkpoints == NULL)
    return;
  g_mutex_lock (&checkpoints->mutex);
  checkpoints->ending = TRUE;
  g_cond_signal (&checkpoints->changed);
  g_mutex_unlock (&checkpoints->mutex);
  if (checkpoints->thread != NULL)
    g_thread_join (checkpoints->thread);
  if (checkpoints->fd >= 0)
    close (checkpoints->fd);
  g_free (checkpoints->path);
  g_free (checkpoints->note);
  g_mutex_clear (&checkpoints->signing);
  g_mutex_clear (&checkpoints->mutex);
  g_cond_clear (&checkpoints->changed);
  g_free (checkpoints);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reading the whole log when it is opened. A power cut may leave the last write torn: cut
 * short, or with blocks that were never written, in any order, and read as zeros. Nobody got an
 * answer from such a write, so it may go. Anything else that does not fit is damage, or
 * somebody's hand: the signer does not start, and says which entry it is.
 */
#include "ca/log/log-frame.h"
#include "ca/log/log-settle.h"

#include <string.h>

static gboolean
all_zero (const guint8 *data, gsize length)
{
  for (gsize i = 0; i < length; i++)
    if (data[i] != 0)
      return FALSE;
  return TRUE;
}

#define SECTOR 512u /* what a disk writes whole or not at all; larger ones are several of these */

static gsize
next_sector (gsize offset)
{
  return (offset / SECTOR + 1) * SECTOR;
}

/* The frame at `from`, which is no entry, has a sector that was never written: one of zeros, or
 * zeros up to the end of the sector that it begins in. Four of them are enough there, for no length
 * is 0. */
static gboolean
has_hole (const guint8 *content, gsize length, gsize from)
{
  const gsize frame = LOG_FRAME + log_read_u32 (content + from);
  const gsize to = MIN (length, next_sector (from + frame - 1));
  gsize at = next_sector (from);

  if (at <= to && at - from >= 4 && all_zero (content + from, at - from))
    return TRUE;
  for (; at + SECTOR <= to; at += SECTOR)
    if (all_zero (content + at, SECTOR))
      return TRUE;
  return FALSE;
}

/* Only the last write may have holes. Released entries would be cut off where a disk lost what it
 * had said was written; then the ledger knows more than the log, and the station stops. */
static gboolean
is_last_write_with_hole (const guint8 *content, gsize length, gsize from)
{
  return length - from >= LOG_FRAME && length - from <= LOG_WRITE_MOST
         && log_read_u32 (content + from) <= LOG_ENTRY_MOST && has_hole (content, length, from);
}

/* What stands at `frame` is no entry: may it be cut off? */
static gboolean
is_torn (const guint8 *frame, gsize left)
{
  gsize length;

  if (left < LOG_FRAME)
    return TRUE;
  length = log_read_u32 (frame);
  if (length > LOG_ENTRY_MOST || log_frame_holds_entry (frame, left))
    return FALSE;
  if (length <= left - LOG_FRAME) {
    gsize hash = length == 0 ? 0 : 4 + length;
    return all_zero (frame + hash, left - hash);
  }
  return !log_frame_is_followed (frame, left);
}

gboolean
log_scan (IssuanceLog *log, const char *path, const guint8 *content, gsize length, GError **error)
{
  while (log->end < length) {
    const guint8 *frame = content + log->end;
    const gsize left = length - log->end;
    LogEntry entry;

    if (!log_frame_read (frame, left, &entry)) {
      if (is_torn (frame, left) || is_last_write_with_hole (content, length, log->end))
        break;
      g_set_error (error, CA_ERROR, CA_ERROR_LOG,
                   "%s: entry %" G_GUINT64_FORMAT " (at byte %" G_GUINT64_FORMAT
                   ") is damaged; the signer does not go on with a log that it can't trust: "
                   "put back a good copy",
                   path, log->edge.size, log->end);
      return FALSE;
    }
    log_note_entry (log, &entry, frame);
    log_settle_scanned (log);
  }
  return TRUE;
}

#define CHUNK (256 * 1024) /* more than the longest frame */

/* The whole frames of a chunk; the rest of its last one may be in the next. */
static gboolean
walk_chunk (const guint8 *chunk, gsize length, guint64 *at, LogEach each, gpointer data)
{
  gsize done = 0;
  LogEntry entry;

  while (done < length && log_frame_read (chunk + done, length - done, &entry)) {
    const gsize frame = LOG_FRAME + log_read_u32 (chunk + done);

    if (!each (&entry, chunk + done, data))
      return FALSE;
    done += frame;
    *at += frame;
  }
  return done > 0;
}

gboolean
log_walk (int fd, guint64 *at, guint64 to, LogEach each, gpointer data)
{
  g_autofree guint8 *chunk = g_malloc (CHUNK);

  while (*at < to) {
    const gsize length = (gsize)MIN (CHUNK, to - *at);

    if (!log_read_at (fd, chunk, length, *at) || !walk_chunk (chunk, length, at, each, data))
      return FALSE;
  }
  return TRUE;
}

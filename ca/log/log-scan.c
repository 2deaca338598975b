/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reading the whole log when it is opened. A power cut may leave the last write torn: cut
 * short, or with blocks at its end that were never written and read as zeros. Nobody got an
 * answer from such a write, so it may go. Anything else that does not fit is damage, or
 * somebody's hand: the signer does not start, and says which entry it is.
 */
#include "ca/log/log-settle.h"
#include "ca/proof/merkle.h"

#include <string.h>

static gboolean
all_zero (const guint8 *data, gsize length)
{
  for (gsize i = 0; i < length; i++)
    if (data[i] != 0)
      return FALSE;
  return TRUE;
}

static gboolean
hash_fits (const guint8 *entry, gsize length)
{
  guint8 hash[LOG_HASH];

  merkle_leaf_hash (entry, length, hash);
  return memcmp (hash, entry + length, LOG_HASH) == 0;
}

/* A whole entry stands behind a length that is wrong: that is no torn write. */
static gboolean
holds_whole_entry (const guint8 *frame, gsize left)
{
  LogEntry entry;
  gsize consumed = 0;

  return left > LOG_FRAME && log_entry_decode (frame + 4, left - 4, &entry, &consumed)
         && left - 4 - consumed >= LOG_HASH && hash_fits (frame + 4, consumed);
}

/* A whole frame begins somewhere in what is left, so what is left is no torn write. */
static gboolean
holds_later_entry (const guint8 *data, gsize left)
{
  for (gsize at = 1; at + LOG_FRAME < left; at++) {
    gsize length = log_read_u32 (data + at);

    if (length > 0 && length <= LOG_ENTRY_MOST && length <= left - at - LOG_FRAME
        && hash_fits (data + at + 4, length))
      return TRUE;
  }
  return FALSE;
}

/* What stands at `frame` is no entry: may it be cut off? */
static gboolean
is_torn (const guint8 *frame, gsize left)
{
  gsize length;

  if (left < LOG_FRAME)
    return TRUE;
  length = log_read_u32 (frame);
  if (length > LOG_ENTRY_MOST || holds_whole_entry (frame, left))
    return FALSE;
  if (length <= left - LOG_FRAME) {
    gsize hash = length == 0 ? 0 : 4 + length;
    return all_zero (frame + hash, left - hash);
  }
  return !holds_later_entry (frame, left);
}

gboolean
log_read_frame (const guint8 *frame, gsize left, LogEntry *entry)
{
  gsize length;

  if (left < LOG_FRAME)
    return FALSE;
  length = log_read_u32 (frame);
  return length <= LOG_ENTRY_MOST && length <= left - LOG_FRAME && hash_fits (frame + 4, length)
         && log_entry_decode (frame + 4, length, entry, NULL);
}

gboolean
log_scan (IssuanceLog *log, const char *path, const guint8 *content, gsize length, GError **error)
{
  while (log->end < length) {
    const guint8 *frame = content + log->end;
    const gsize left = length - log->end;
    LogEntry entry;

    if (!log_read_frame (frame, left, &entry)) {
      if (is_torn (frame, left))
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

  while (done < length && log_read_frame (chunk + done, length - done, &entry)) {
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

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See log-frame.h.
 */
#include "ca/log/log-frame.h"

#include "ca/proof/merkle.h"

#include <string.h>

gboolean
log_frame_hash_fits (const guint8 *entry, gsize length)
{
  guint8 hash[LOG_HASH];

  merkle_leaf_hash (entry, length, hash);
  return memcmp (hash, entry + length, LOG_HASH) == 0;
}

gboolean
log_frame_read (const guint8 *frame, gsize left, LogEntry *entry)
{
  gsize length;

  if (left < LOG_FRAME)
    return FALSE;
  length = log_read_u32 (frame);
  return length <= LOG_ENTRY_MOST && length <= left - LOG_FRAME
         && log_frame_hash_fits (frame + 4, length)
         && log_entry_decode (frame + 4, length, entry, NULL);
}

gboolean
log_frame_holds_entry (const guint8 *frame, gsize left)
{
  LogEntry entry;
  gsize consumed = 0;

  return left > LOG_FRAME && log_entry_decode (frame + 4, left - 4, &entry, &consumed)
         && left - 4 - consumed >= LOG_HASH && log_frame_hash_fits (frame + 4, consumed);
}

gboolean
log_frame_is_followed (const guint8 *frame, gsize left)
{
  for (gsize at = 1; at + LOG_FRAME < left; at++) {
    gsize length = log_read_u32 (frame + at);

    if (length > 0 && length <= LOG_ENTRY_MOST && length <= left - at - LOG_FRAME
        && log_frame_hash_fits (frame + at + 4, length))
      return TRUE;
  }
  return FALSE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See card-frame.h.
 */
#include "drivers/card-frame.h"

#define COMMAND_HEAD 5u /* CLA INS P1 P2 Lc */

gsize
card_frame_length (const guint8 head[CARD_FRAME_HEAD])
{
  return (gsize)head[0] << 8 | head[1];
}

void
card_frame_put (GByteArray *stream, const guint8 *apdu, gsize length)
{
  const guint8 head[CARD_FRAME_HEAD] = { (guint8)(length >> 8), (guint8)length };

  g_return_if_fail (length <= CARD_FRAME_MAX);
  g_byte_array_append (stream, head, sizeof head);
  g_byte_array_append (stream, apdu, (guint)length);
}

GBytes *
card_frame_take (GByteArray *stream)
{
  if (stream->len < CARD_FRAME_HEAD)
    return NULL;
  gsize length = card_frame_length (stream->data);
  if (stream->len - CARD_FRAME_HEAD < length)
    return NULL;
  GBytes *apdu = g_bytes_new (stream->data + CARD_FRAME_HEAD, length);
  g_byte_array_remove_range (stream, 0, CARD_FRAME_HEAD + (guint)length);
  return apdu;
}

gsize
card_command_length_t0 (const guint8 *apdu, gsize length)
{
  const gboolean has_both = length > COMMAND_HEAD && apdu[COMMAND_HEAD - 1] != 0
                            && length == COMMAND_HEAD + apdu[COMMAND_HEAD - 1] + 1u;

  return has_both ? length - 1 : length;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Any bytes as what a board sends: however they are cut, the same frames come out, each of them
 * sound; and as a description.
 */
#include <string.h>

#include "drivers/arduino/proto.h"

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

/* A frame that was taken can be written again, and is taken again. */
static void
check_frame (guint8 type, const GByteArray *payload)
{
  g_autoptr (GByteArray) again = g_byte_array_new ();
  g_autoptr (GByteArray) same = g_byte_array_new ();
  guint8 same_type;

  arduino_put_frame (again, (ArduinoType)type, payload->data, payload->len);
  if (arduino_take_frame (again, &same_type, same) != ARDUINO_FRAME || same_type != type
      || same->len != payload->len || again->len != 0
      || (same->len > 0 && memcmp (same->data, payload->data, same->len) != 0))
    g_abort ();
}

/* How many frames come out where `piece` bytes come at once. */
static guint
count_frames (const guint8 *data, size_t size, size_t piece)
{
  g_autoptr (GByteArray) input = g_byte_array_new ();
  g_autoptr (GByteArray) payload = g_byte_array_new ();
  ArduinoFound found;
  guint count = 0;
  guint8 type;

  for (size_t at = 0; at < size; at += piece) {
    g_byte_array_append (input, data + at, (guint)MIN (piece, size - at));
    while ((found = arduino_take_frame (input, &type, payload)) != ARDUINO_NO_FRAME) {
      if (found != ARDUINO_FRAME)
        continue;
      check_frame (type, payload);
      count++;
    }
  }
  return count;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  g_auto (ArduinoIdentity) identity = { 0 };

  if (size == 0)
    return 0;
  if (count_frames (data, size, size) != count_frames (data, size, 1))
    g_abort ();
  if (arduino_parse_identity (data, size, &identity) && strlen (identity.serial) > 36)
    g_abort ();
  return 0;
}

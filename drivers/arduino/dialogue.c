/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Every command is answered by one frame, and every answer is read. Only a command that came
 * garbled (NACK) is sent again: it has not been run.
 */
#include "drivers/arduino/dialogue.h"

#include <string.h>

#define MOST_TRIES 3u
#define TOKEN_LENGTH 4u

/* As many descriptions in a row as fill the longest frame that may be waiting for its end. */
#define FLUSH_COUNT 16u

static gboolean
send_command (Transport *transport, ArduinoNumber number, const guint8 *content, gsize length,
              Deadline deadline, GError **error)
{
  const guint8 first = (guint8)number;
  g_autoptr (GByteArray) payload = g_byte_array_new ();
  g_autoptr (GByteArray) frame = g_byte_array_new ();

  g_byte_array_append (payload, &first, 1);
  g_byte_array_append (payload, content, (guint)length);
  arduino_put_frame (frame, ARDUINO_COMMAND, payload->data, payload->len);
  return transport_write (transport, frame->data, frame->len, deadline, error);
}

/* The next frame. Bytes behind it stay in the transport. Where there is a broken one, it is passed
 * over, or `broken` is the error. */
static gboolean
read_frame (Transport *transport, const char *broken, guint8 *type, GByteArray *payload,
            Deadline deadline, GError **error)
{
  g_autoptr (GByteArray) input = g_byte_array_new ();
  gsize read = 0;

  while (read <= TRANSPORT_ANSWER_MAX) {
    guint before = input->len;

    if (!transport_read_some (transport, input, deadline, error))
      return FALSE;
    read += input->len - before;
    ArduinoFound found;
    while ((found = arduino_take_frame (input, type, payload)) == ARDUINO_BROKEN_FRAME)
      if (broken != NULL) {
        g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_GARBLED, broken);
        return FALSE;
      }
    if (found == ARDUINO_NO_FRAME)
      continue;
    transport_unread (transport, input->data, input->len);
    return TRUE;
  }
  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_FLOOD,
               "the board sent more than %u bytes without a frame", TRANSPORT_ANSWER_MAX);
  return FALSE;
}

/* What kind of sketch an answer to the question with `token` shows; NOBODY where it is another's
 * answer. */
static ArduinoSketch
sketch_of (guint8 type, GByteArray *payload, const guint8 *token)
{
  if (type == ARDUINO_RESPONSE && payload->len == 1 && payload->data[0] == ARDUINO_ACK)
    return ARDUINO_STOCK;
  if (type != ARDUINO_DATA || payload->len < TOKEN_LENGTH
      || memcmp (payload->data, token, TOKEN_LENGTH) != 0)
    return ARDUINO_NOBODY;
  g_byte_array_remove_range (payload, 0, TOKEN_LENGTH);
  return ARDUINO_KEYCRADLE;
}

static gboolean
ask_once (Transport *transport, ArduinoSketch *sketch, GByteArray *description, Deadline deadline,
          GError **error)
{
  guint8 token[TOKEN_LENGTH], type;

  /* Letters: who is no Arduino board shall see no control characters. */
  for (guint i = 0; i < TOKEN_LENGTH; i++)
    token[i] = (guint8)g_random_int_range ('a', 'z' + 1);
  *sketch = ARDUINO_NOBODY;
  if (!send_command (transport, ARDUINO_SKETCH_INFO, token, sizeof token, deadline, error))
    return FALSE;
  while (*sketch == ARDUINO_NOBODY) {
    if (!read_frame (transport, NULL, &type, description, deadline, error))
      return FALSE;
    *sketch = sketch_of (type, description, token);
  }
  return TRUE;
}

/* TRUE, without the error, where it only says that nobody answered. */
static gboolean
was_silence (GError **trouble)
{
  if (!g_error_matches (*trouble, DRIVER_ERROR, DRIVER_ERROR_NO_ANSWER))
    return FALSE;
  g_clear_error (trouble);
  return TRUE;
}

static gboolean
flush_half_frame (Transport *transport, Deadline deadline, GError **error)
{
  const guint8 command = ARDUINO_SKETCH_INFO;
  g_autoptr (GByteArray) frames = g_byte_array_new ();

  for (guint i = 0; i < FLUSH_COUNT; i++)
    arduino_put_frame (frames, ARDUINO_COMMAND, &command, 1);
  return transport_write (transport, frames->data, frames->len, deadline, error);
}

gboolean
arduino_ask_sketch (Transport *transport, ArduinoSketch *sketch, GByteArray *description,
                    Deadline deadline, GError **error)
{
  g_autoptr (GByteArray) own = g_byte_array_new ();
  GByteArray *into = description != NULL ? description : own;
  gint64 now = g_get_monotonic_time ();
  Deadline halfway = now + MAX (deadline - now, 0) / 2;
  GError *trouble = NULL;

  if (ask_once (transport, sketch, into, halfway, &trouble))
    return TRUE;
  if (was_silence (&trouble) && flush_half_frame (transport, deadline, &trouble)
      && ask_once (transport, sketch, into, deadline, &trouble))
    return TRUE;
  if (trouble == NULL || was_silence (&trouble))
    return TRUE;
  g_propagate_error (error, trouble);
  return FALSE;
}

/* Sends a command, again where it came garbled, and reads what is answered. */
static gboolean
exchange (Transport *transport, ArduinoNumber number, const guint8 *content, gsize length,
          guint8 *type, GByteArray *payload, Deadline deadline, GError **error)
{
  for (guint i = 0; i < MOST_TRIES; i++) {
    if (!send_command (transport, number, content, length, deadline, error)
        || !read_frame (transport, "the board's answer came garbled", type, payload, deadline,
                        error))
      return FALSE;
    if (*type != ARDUINO_RESPONSE || payload->len != 1 || payload->data[0] != ARDUINO_NACK)
      return TRUE;
    transport_note (transport, "again", "the board received a garbled command");
  }
  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_GARBLED,
               "command 0x%02x reached the board garbled, %u times", (guint)number, MOST_TRIES);
  return FALSE;
}

/* The error for an answer of the wrong kind. */
static void
set_unexpected (GError **error, ArduinoNumber number, guint8 type, const GByteArray *payload,
                DriverError refusal)
{
  if (type == ARDUINO_RESPONSE && payload->len == 1 && payload->data[0] == ARDUINO_ERROR)
    g_set_error (error, DRIVER_ERROR, (int)refusal, "the board answers command 0x%02x with ERROR",
                 (guint)number);
  else
    g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_GARBLED,
                 "the board answers command 0x%02x with a frame of type %u and %u bytes",
                 (guint)number, type, payload->len);
}

gboolean
arduino_run (Transport *transport, ArduinoNumber number, const guint8 *content, gsize length,
             DriverError refusal, Deadline deadline, GError **error)
{
  g_autoptr (GByteArray) payload = g_byte_array_new ();
  guint8 type;

  if (!exchange (transport, number, content, length, &type, payload, deadline, error))
    return FALSE;
  if (type == ARDUINO_RESPONSE && payload->len == 1 && payload->data[0] == ARDUINO_ACK)
    return TRUE;
  set_unexpected (error, number, type, payload, refusal);
  return FALSE;
}

GByteArray *
arduino_fetch (Transport *transport, ArduinoNumber number, const guint8 *content, gsize length,
               DriverError refusal, Deadline deadline, GError **error)
{
  g_autoptr (GByteArray) payload = g_byte_array_new ();
  guint8 type;

  if (!exchange (transport, number, content, length, &type, payload, deadline, error))
    return NULL;
  if (type == ARDUINO_DATA)
    return g_steal_pointer (&payload);
  set_unexpected (error, number, type, payload, refusal);
  return NULL;
}

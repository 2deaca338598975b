/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Bytes to frames and back.
 */
#include "drivers/arduino/proto.h"

#include <string.h>

#include "base/encode.h"

#define START_LENGTH 2u
#define HEAD_LENGTH 5u /* start, type, length */
#define CRC_LENGTH 2u
#define END_LENGTH 2u
#define SERIAL_MIN 4u
#define SERIAL_MAX 18u
#define IDENTITY_MAX 512u

static const guint8 start[START_LENGTH] = { 0x55, 0xaa };
static const guint8 end[END_LENGTH] = { 0xaa, 0x55 };

guint16
arduino_crc (const guint8 *data, gsize length)
{
  guint value = 0xffff;

  for (gsize i = 0; i < length; i++) {
    value ^= data[i];
    for (guint bit = 0; bit < 8; bit++)
      value = (value & 1) != 0 ? value >> 1 ^ 0x8408 : value >> 1;
  }
  return (guint16)(value ^ 0xffff);
}

static void
put_number (GByteArray *out, gsize number)
{
  const guint8 bytes[2] = { (guint8)(number >> 8), (guint8)number };

  g_byte_array_append (out, bytes, sizeof bytes);
}

void
arduino_put_frame (GByteArray *out, ArduinoType type, const guint8 *payload, gsize length)
{
  const guint8 kind = (guint8)type;

  g_byte_array_append (out, start, sizeof start);
  g_byte_array_append (out, &kind, 1);
  put_number (out, length + CRC_LENGTH);
  g_byte_array_append (out, payload, (guint)length);
  put_number (out, arduino_crc (payload, length));
  g_byte_array_append (out, end, sizeof end);
}

/* Where a frame may begin: 55 AA, or a 55 at the very end. */
static gsize
find_start (const GByteArray *input)
{
  for (gsize i = 0; i < input->len; i++)
    if (input->data[i] == start[0] && (i + 1 == input->len || input->data[i + 1] == start[1]))
      return i;
  return input->len;
}

static gsize
number_at (const guint8 *data)
{
  return (gsize)data[0] << 8 | data[1];
}

/* Looks at the frame that begins with the first byte of `input`: how many bytes it has, 0 where
 * they are not all there. */
static gsize
whole_length (const GByteArray *input, gboolean *sound)
{
  *sound = FALSE;
  if (input->len < HEAD_LENGTH)
    return 0;
  gsize length = number_at (input->data + 3);
  if (length < CRC_LENGTH || length > ARDUINO_PAYLOAD_MAX + CRC_LENGTH)
    return START_LENGTH;
  gsize whole = HEAD_LENGTH + length + END_LENGTH;
  if (input->len < whole)
    return 0;
  const guint8 *payload = input->data + HEAD_LENGTH;
  gsize payload_length = length - CRC_LENGTH;
  *sound = memcmp (input->data + whole - END_LENGTH, end, END_LENGTH) == 0
           && number_at (payload + payload_length) == arduino_crc (payload, payload_length);
  /* The true frame may begin within one that is none. */
  return *sound ? whole : START_LENGTH;
}

ArduinoFound
arduino_take_frame (GByteArray *input, guint8 *type, GByteArray *payload)
{
  gboolean sound;

  g_byte_array_set_size (payload, 0);
  g_byte_array_remove_range (input, 0, (guint)find_start (input));
  gsize whole = whole_length (input, &sound);
  if (whole == 0)
    return ARDUINO_NO_FRAME;
  if (sound) {
    *type = input->data[2];
    g_byte_array_append (payload, input->data + HEAD_LENGTH,
                         (guint)(whole - HEAD_LENGTH - CRC_LENGTH - END_LENGTH));
  }
  g_byte_array_remove_range (input, 0, (guint)whole);
  return sound ? ARDUINO_FRAME : ARDUINO_BROKEN_FRAME;
}

void
arduino_identity_clear (ArduinoIdentity *identity)
{
  g_free (identity->serial);
  g_free (identity->model);
  g_free (identity->version);
  *identity = (ArduinoIdentity){ 0 };
}

/* The serial in lower case, or NULL: an element that was never given one shows 00 or FF all over.
 */
static char *
read_serial (const char *hex)
{
  g_autoptr (GBytes) number = hex_decode (hex);
  gsize length = 0;
  const guint8 *bytes = number == NULL ? NULL : g_bytes_get_data (number, &length);
  gboolean blank = TRUE;

  if (length < SERIAL_MIN || length > SERIAL_MAX)
    return NULL;
  for (gsize i = 1; i < length; i++)
    blank = blank && bytes[i] == bytes[0];
  return blank ? NULL : hex_encode (bytes, length);
}

gboolean
arduino_parse_identity (const guint8 *text, gsize length, ArduinoIdentity *identity)
{
  *identity = (ArduinoIdentity){ 0 };
  if (length == 0 || length > IDENTITY_MAX)
    return FALSE;
  g_autofree char *copy = g_strndup ((const char *)text, length);
  g_auto (GStrv) words = g_strsplit (copy, " ", -1);
  for (char **word = words; *word != NULL; word++) {
    if (g_str_has_prefix (*word, "serial=") && identity->serial == NULL)
      identity->serial = read_serial (*word + strlen ("serial="));
    else if (g_str_has_prefix (*word, "model=") && identity->model == NULL)
      identity->model = g_strdup (*word + strlen ("model="));
    else if (g_str_has_prefix (*word, "version=") && identity->version == NULL)
      identity->version = g_strdup (*word + strlen ("version="));
    else if (g_str_equal (*word, "locked=yes"))
      identity->locked = TRUE;
  }
  return identity->serial != NULL;
}

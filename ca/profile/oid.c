/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See oid.h.
 */
#include "ca/profile/oid.h"

#include "base/der-write.h"
#include "ca/der.h"

#define MOST_NUMBERS 32

/* Base 128, the highest seven bits first, all bytes but the last one marked. */
static void
put_number (GByteArray *out, guint64 number)
{
  guint8 bytes[10];
  guint at = sizeof bytes;

  bytes[--at] = number & 0x7f;
  for (number >>= 7; number > 0; number >>= 7)
    bytes[--at] = (guint8)(0x80 | (number & 0x7f));
  g_byte_array_append (out, bytes + at, (guint)sizeof bytes - at);
}

/* A number as it is written by people: without a sign, a blank or a leading zero. */
static gboolean
read_number (const char *text, guint64 *number)
{
  if (text[0] == '0' && text[1] != '\0')
    return FALSE;
  return g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT32, number, NULL);
}

static gboolean
put_numbers (GByteArray *out, char **words)
{
  guint64 first, number;

  if (words[0] == NULL || words[1] == NULL || g_strv_length (words) > MOST_NUMBERS
      || !read_number (words[0], &first) || !read_number (words[1], &number) || first > 2
      || (first < 2 && number > 39))
    return FALSE;
  put_number (out, first * 40 + number);
  for (guint i = 2; words[i] != NULL; i++) {
    if (!read_number (words[i], &number))
      return FALSE;
    put_number (out, number);
  }
  return TRUE;
}

gboolean
oid_put (GByteArray *out, const char *text)
{
  g_auto (GStrv) words = g_strsplit (text, ".", -1);
  const guint start = out->len;

  if (!put_numbers (out, words)) {
    g_byte_array_set_size (out, start);
    return FALSE;
  }
  der_wrap (out, start, DER_OID);
  return TRUE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See der-write.h.
 */
#include "base/der-write.h"

#include <string.h>
#include <time.h>

#define TAG_UTC_TIME 0x17
#define TAG_GENERALIZED_TIME 0x18

/* Returns how many bytes of `header` are used; contents stay below 16 MiB. */
static gsize
make_header (guint8 tag, gsize length, guint8 header[5])
{
  gsize bytes = length < 0x80 ? 0 : length < 0x100 ? 1 : length < 0x10000 ? 2 : 3;

  header[0] = tag;
  header[1] = (guint8)(bytes == 0 ? length : 0x80 | bytes);
  for (gsize i = 0; i < bytes; i++)
    header[2 + i] = (guint8)(length >> (8 * (bytes - 1 - i)));
  return 2 + bytes;
}

void
der_put (GByteArray *out, guint8 tag, const void *content, gsize length)
{
  guint8 header[5];
  gsize header_length = make_header (tag, length, header);

  g_byte_array_append (out, header, (guint)header_length);
  if (length > 0)
    g_byte_array_append (out, content, (guint)length);
}

void
der_wrap (GByteArray *out, guint from, guint8 tag)
{
  guint8 header[5];
  gsize length = out->len - from;
  gsize header_length = make_header (tag, length, header);

  g_byte_array_set_size (out, out->len + (guint)header_length);
  memmove (out->data + from + header_length, out->data + from, length);
  memcpy (out->data + from, header, header_length);
}

void
der_put_time (GByteArray *out, gint64 seconds)
{
  time_t time = (time_t)seconds;
  struct tm parts;
  char text[32];
  gsize length;

  gmtime_r (&time, &parts);
  length = strftime (text, sizeof text, "%Y%m%d%H%M%SZ", &parts);
  if (parts.tm_year < 150)
    der_put (out, TAG_UTC_TIME, text + 2, length - 2);
  else
    der_put (out, TAG_GENERALIZED_TIME, text, length);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See der.h. Every length is checked against what is left before it is used.
 */
#include "ca/der.h"

#include "ca/error.h"

#include <string.h>

/* Deeper than any certificate or request that makes sense. */
#define MAX_DEPTH 12

DerReader
der_reader (const guint8 *data, gsize length)
{
  return (DerReader){ .start = data, .next = data, .end = data + length };
}

DerReader
der_reader_within (const DerReader *outer, Span span)
{
  return (DerReader){ .start = outer->start, .next = span.data, .end = span.data + span.length };
}

gboolean
der_at_end (const DerReader *reader)
{
  return reader->next == reader->end;
}

gboolean
span_equal (Span span, const void *data, gsize length)
{
  return span.length == length && memcmp (span.data, data, length) == 0;
}

gboolean
der_refuse (const DerReader *reader, const guint8 *at, int code, GError **error, const char *format,
            ...)
{
  g_autofree char *message = NULL;
  va_list arguments;

  va_start (arguments, format);
  message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, CA_ERROR, code, "%s (at offset %" G_GSIZE_FORMAT ")", message,
               (gsize)(at - reader->start));
  return FALSE;
}

static gboolean
malformed (const DerReader *reader, const char *what, const char *problem, GError **error)
{
  return der_refuse (reader, reader->next, CA_ERROR_CSR_MALFORMED, error, "%s: %s", what, problem);
}

/* The length bytes at `at`: at most three, so that no sum can overflow. NULL where they are
 * not the shortest form; else the first byte of the content. */
static const guint8 *
read_length (const guint8 *at, const guint8 *end, gsize *length)
{
  gsize count = *at & 0x7f;
  gsize value = 0;

  if (*at < 0x80) {
    *length = *at;
    return at + 1;
  }
  if (count == 0 || count > 3 || (gsize)(end - at - 1) < count)
    return NULL;
  for (gsize i = 1; i <= count; i++)
    value = value << 8 | at[i];
  if (value < 0x80 || value >> (8 * (count - 1)) == 0)
    return NULL;
  *length = value;
  return at + 1 + count;
}

/* Tags of one byte. Of the universal ones SEQUENCE and SET are constructed, and no others. */
static gboolean
is_tag (guint8 tag)
{
  if (tag == 0 || (tag & 0x1f) == 0x1f)
    return FALSE;
  return (tag & 0xc0) != 0
         || ((tag & 0x20) != 0)
                == (tag == DER_SEQUENCE || tag == DER_SET || tag == (DER_SEQUENCE & 0x1f)
                    || tag == (DER_SET & 0x1f));
}

/* X.690, 8.19.2: groups of seven bits, the last one without its upper bit, none begun with zeros.
 */
static gboolean
is_oid (Span content)
{
  gboolean begins = TRUE;

  for (gsize i = 0; i < content.length; i++) {
    if (begins && content.data[i] == 0x80)
      return FALSE;
    begins = (content.data[i] & 0x80) == 0;
  }
  return content.length > 0 && begins;
}

/* The next value, whatever its tag. */
static gboolean
read_any (DerReader *reader, const char *what, Span *content, Span *whole, GError **error)
{
  const guint8 *body;
  gsize length = 0;

  if (reader->end - reader->next < 2)
    return malformed (reader, what, "missing or cut short", error);
  if (!is_tag (reader->next[0]))
    return malformed (reader, what, "a tag that has no place here", error);
  body = read_length (reader->next + 1, reader->end, &length);
  if (body == NULL)
    return malformed (reader, what, "its length is indefinite or not in its shortest form", error);
  if ((gsize)(reader->end - body) < length)
    return malformed (reader, what, "longer than what holds it", error);
  *content = (Span){ body, length };
  if (reader->next[0] == DER_OID && !is_oid (*content))
    return malformed (reader, what, "an object identifier that is none", error);
  *whole = (Span){ reader->next, (gsize)(body - reader->next) + length };
  reader->next = body + length;
  return TRUE;
}

gboolean
der_read (DerReader *reader, guint8 tag, const char *what, Span *content, Span *whole,
          GError **error)
{
  Span own_content;
  Span own_whole;

  if (der_at_end (reader))
    return malformed (reader, what, "missing", error);
  if (reader->next[0] != tag)
    return der_refuse (reader, reader->next, CA_ERROR_CSR_MALFORMED, error,
                       "%s: tag %02x where %02x must stand", what, reader->next[0], tag);
  return read_any (reader, what, content != NULL ? content : &own_content,
                   whole != NULL ? whole : &own_whole, error);
}

gboolean
der_enter (DerReader *reader, guint8 tag, const char *what, DerReader *inner, GError **error)
{
  Span content;

  if (!der_read (reader, tag, what, &content, NULL, error))
    return FALSE;
  *inner = der_reader_within (reader, content);
  return TRUE;
}

gboolean
der_expect_end (const DerReader *reader, const char *what, GError **error)
{
  return der_at_end (reader) || malformed (reader, what, "something follows inside it", error);
}

gboolean
der_read_unsigned (DerReader *reader, const char *what, Span *magnitude, GError **error)
{
  const DerReader before = *reader;
  Span content;

  if (!der_read (reader, DER_INTEGER, what, &content, NULL, error))
    return FALSE;
  if (content.length == 0)
    return malformed (&before, what, "an integer without bytes", error);
  if (content.data[0] & 0x80)
    return malformed (&before, what, "negative", error);
  if (content.data[0] == 0 && content.length > 1 && !(content.data[1] & 0x80))
    return malformed (&before, what, "an integer not in its shortest form", error);
  if (content.data[0] == 0)
    content = (Span){ content.data + 1, content.length - 1 };
  *magnitude = content;
  return TRUE;
}

gboolean
der_read_bytes (DerReader *reader, const char *what, Span *bytes, GError **error)
{
  const DerReader before = *reader;

  if (!der_read (reader, DER_BIT_STRING, what, bytes, NULL, error))
    return FALSE;
  if (bytes->length < 2 || bytes->data[0] != 0)
    return malformed (&before, what, "a bit string that is empty or not whole bytes", error);
  bytes->data++;
  bytes->length--;
  return TRUE;
}

gboolean
der_read_null (DerReader *reader, const char *what, GError **error)
{
  const DerReader before = *reader;
  Span content;

  if (!der_read (reader, DER_NULL, what, &content, NULL, error))
    return FALSE;
  return content.length == 0 || malformed (&before, what, "a NULL with content", error);
}

/* What the common primitive types hold (X.690, sections 8 and 11). Strings and times are anybody's.
 */
static gboolean
is_value (guint8 tag, Span content)
{
  const guint8 first = content.length > 0 ? content.data[0] : 0;

  switch (tag) {
  case DER_BOOLEAN:
    return content.length == 1 && (first == 0 || first == 0xff);
  case DER_INTEGER:
  case DER_ENUMERATED:
    return content.length == 1
           || (content.length > 1 && !(first == 0 && content.data[1] < 0x80)
               && !(first == 0xff && content.data[1] >= 0x80));
  case DER_BIT_STRING:
    return first <= 7 && content.length > (first > 0 ? 1 : 0);
  case DER_NULL:
    return content.length == 0;
  case DER_BMP_STRING:
    return content.length % 2 == 0;
  case DER_UNIVERSAL_STRING:
    return content.length % 4 == 0;
  }
  return TRUE;
}

static gboolean
check_values (DerReader *reader, guint depth, const char *what, GError **error)
{
  Span content;
  Span whole;

  if (depth > MAX_DEPTH)
    return malformed (reader, what, "nested too deeply", error);
  while (!der_at_end (reader)) {
    DerReader inner;
    gboolean constructed = (*reader->next & 0x20) != 0;

    if (!read_any (reader, what, &content, &whole, error))
      return FALSE;
    if (!is_value (*whole.data, content))
      return malformed (reader, what, "a value that its type can't have", error);
    inner = der_reader_within (reader, content);
    if (constructed && !check_values (&inner, depth + 1, what, error))
      return FALSE;
  }
  return TRUE;
}

gboolean
der_check_values (DerReader *reader, const char *what, GError **error)
{
  return check_values (reader, 0, what, error);
}

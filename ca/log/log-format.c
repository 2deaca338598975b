/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See log-format.h. The style is that of TLS (RFC 8446, section 3): big-endian numbers of fixed
 * width, opaque fields behind their length.
 */
#include "ca/log/log-format.h"

#include <string.h>

#define ENTRY_VERSION 1

Span
span_of_text (const char *text)
{
  return (Span){ (const guint8 *)text, text != NULL ? strlen (text) : 0 };
}

gboolean
span_is_text (Span span, const char *text)
{
  return span_equal (span, text, strlen (text));
}

guint32
log_read_u32 (const guint8 *data)
{
  return (guint32)data[0] << 24 | (guint32)data[1] << 16 | (guint32)data[2] << 8 | data[3];
}

void
log_write_u32 (guint8 *data, guint32 value)
{
  for (int i = 0; i < 4; i++)
    data[i] = (guint8)(value >> (24 - 8 * i));
}

gboolean
log_entry_type_is_bare (LogEntryType type)
{
  return type == LOG_ENTRY_CRL || type == LOG_ENTRY_REFUSAL || type == LOG_ENTRY_CLOCK
         || type == LOG_ENTRY_LOST;
}

static void
put_number (GByteArray *out, guint64 value, int width)
{
  guint8 bytes[8];

  for (int i = 0; i < width; i++)
    bytes[i] = (guint8)(value >> (8 * (width - 1 - i)));
  g_byte_array_append (out, bytes, (guint)width);
}

static void
put_opaque (GByteArray *out, Span span, int width)
{
  put_number (out, span.length, width);
  if (span.length > 0)
    g_byte_array_append (out, span.data, (guint)span.length);
}

GByteArray *
log_entry_encode (const LogEntry *entry)
{
  GByteArray *out = g_byte_array_sized_new (1024);

  put_number (out, ENTRY_VERSION, 1);
  put_number (out, entry->type, 1);
  put_number (out, (guint64)entry->signed_at, 8);
  put_opaque (out, entry->batch, 1);
  put_opaque (out, entry->profile, 1);
  g_byte_array_append (out, entry->profile_sha256, LOG_HASH);
  put_opaque (out, entry->product, 1);
  put_opaque (out, entry->device, 1);
  put_opaque (out, entry->chip, 1);
  g_byte_array_append (out, entry->csr_sha256, LOG_HASH);
  g_byte_array_append (out, entry->spki_sha256, LOG_HASH);
  put_opaque (out, entry->certificate, 3);
  return out;
}

/* What is left to read; `failed` once something was missing, and then for good. */
typedef struct {
  const guint8 *next;
  gsize left;
  gboolean failed;
} Input;

static Span
take (Input *input, gsize length)
{
  Span span = { input->next, length };

  if (input->failed || input->left < length) {
    input->failed = TRUE;
    return (Span){ NULL, 0 };
  }
  input->next += length;
  input->left -= length;
  return span;
}

static guint64
take_number (Input *input, gsize width)
{
  Span bytes = take (input, width);
  guint64 value = 0;

  for (gsize i = 0; i < bytes.length; i++)
    value = value << 8 | bytes.data[i];
  return value;
}

static Span
take_opaque (Input *input, gsize width)
{
  return take (input, (gsize)take_number (input, width));
}

static void
take_hash (Input *input, guint8 hash[LOG_HASH])
{
  Span bytes = take (input, LOG_HASH);

  if (bytes.length == LOG_HASH)
    memcpy (hash, bytes.data, LOG_HASH);
}

gboolean
log_entry_decode (const guint8 *data, gsize length, LogEntry *entry, gsize *consumed)
{
  Input input = { data, length, FALSE };
  guint64 version = take_number (&input, 1);
  guint64 type = take_number (&input, 1);

  if (version != ENTRY_VERSION || type < LOG_ENTRY_CERTIFICATE || type > LOG_ENTRY_LAST)
    return FALSE;
  entry->type = (LogEntryType)type;
  entry->signed_at = (gint64)take_number (&input, 8);
  entry->batch = take_opaque (&input, 1);
  entry->profile = take_opaque (&input, 1);
  take_hash (&input, entry->profile_sha256);
  entry->product = take_opaque (&input, 1);
  entry->device = take_opaque (&input, 1);
  entry->chip = take_opaque (&input, 1);
  take_hash (&input, entry->csr_sha256);
  take_hash (&input, entry->spki_sha256);
  entry->certificate = take_opaque (&input, 3);
  if (consumed != NULL)
    *consumed = length - input.left;
  return !input.failed && (consumed != NULL || input.left == 0);
}

void
log_header_encode (const guint8 origin[LOG_HASH], guint8 header[LOG_HEADER])
{
  memcpy (header, LOG_MAGIC, 8);
  log_write_u32 (header + 8, LOG_VERSION);
  memcpy (header + 12, origin, LOG_HASH);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See manifest-records.h.
 */
#include "db/manifest-records.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_SIZE (64 * 1024)

void
record_reader_init (RecordReader *reader, int fd, off_t start, RecordShape shape)
{
  *reader = (RecordReader){ .fd = fd, .shape = shape, .at = start, .next_number = 1 };
  reader->buffer = g_malloc (BUFFER_SIZE);
  reader->line = g_string_new (NULL);
}

void
record_reader_clear (RecordReader *reader)
{
  g_clear_pointer (&reader->buffer, g_free);
  if (reader->line != NULL)
    g_string_free (g_steal_pointer (&reader->line), TRUE);
}

static gboolean
fill (RecordReader *reader, GError **error)
{
  ssize_t length;

  do
    length = pread (reader->fd, reader->buffer, BUFFER_SIZE, reader->at);
  while (length < 0 && errno == EINTR);
  if (length < 0) {
    g_set_error (error, G_FILE_ERROR, (gint)g_file_error_from_errno (errno),
                 "the manifest can't be read: %s", g_strerror (errno));
    return FALSE;
  }
  reader->at += length;
  reader->filled = (gsize)length;
  reader->used = 0;
  return TRUE;
}

static guint
count_quotes (const guint8 *data, gsize length)
{
  guint quotes = 0;

  for (gsize i = 0; i < length; i++)
    quotes += data[i] == '"';
  return quotes;
}

/* Puts `length` bytes of the buffer behind the line. */
static void
take (RecordReader *reader, gsize length)
{
  const gsize room = LONGEST_MANIFEST_LINE - reader->line->len;

  g_string_append_len (reader->line, (const char *)reader->buffer + reader->used,
                       (gssize)MIN (length, room));
  reader->too_long |= length > room;
  reader->used += length;
}

/* Up to and with the next line end, or all that is in the buffer; TRUE where the line has ended. */
static gboolean
take_text (RecordReader *reader, guint *quotes)
{
  const guint8 *data = reader->buffer + reader->used;
  const gsize rest = reader->filled - reader->used;
  const guint8 *end = memchr (data, '\n', rest);
  const gsize length = end == NULL ? rest : (gsize)(end - data) + 1;

  take (reader, length);
  reader->next_number += end != NULL ? 1 : 0;
  *quotes += count_quotes (data, length);
  return end != NULL && (!reader->shape.quoted || *quotes % 2 == 0 || reader->too_long);
}

static void
read_bracket (RecordReader *reader, guint8 byte, gsize at)
{
  if (byte == '{' || byte == '[') {
    if (reader->open == reader->shape.depth && byte == '{' && reader->row == 0) {
      reader->row = at;
      reader->number = reader->next_number;
    }
    reader->open++;
  }
  else if ((byte == '}' || byte == ']') && reader->open > 0)
    reader->open--;
}

/* One more byte of JSON, at `at` of the line; TRUE where it ends an object of the envelope. */
static gboolean
read_json (RecordReader *reader, guint8 byte, gsize at)
{
  const gboolean escaped = reader->escaped;

  reader->escaped = reader->in_string && !escaped && byte == '\\';
  reader->next_number += byte == '\n' ? 1 : 0;
  if (byte == '"' && !escaped)
    reader->in_string = !reader->in_string;
  if (reader->in_string || byte == '"')
    return FALSE;
  read_bracket (reader, byte, at);
  return byte == '}' && reader->row > 0 && reader->open == reader->shape.depth;
}

/* Up to and with the end of the next object, or all that is in the buffer. */
static gboolean
take_object (RecordReader *reader)
{
  const gsize before = reader->line->len;
  const gsize rest = reader->filled - reader->used;
  gboolean ended = FALSE;
  gsize length = 0;

  while (length < rest && !ended) {
    ended = read_json (reader, reader->buffer[reader->used + length], before + length);
    length++;
  }
  take (reader, length);
  return ended;
}

gboolean
record_reader_next (RecordReader *reader, gboolean *more, GError **error)
{
  guint quotes = 0;
  gboolean ended = FALSE;

  reader->number = reader->next_number;
  reader->too_long = FALSE;
  reader->row = 0;
  g_string_truncate (reader->line, 0);
  while (!ended) {
    if (reader->used == reader->filled && !fill (reader, error))
      return FALSE;
    if (reader->filled == 0)
      break;
    ended = reader->shape.depth > 0 ? take_object (reader) : take_text (reader, &quotes);
  }
  if (reader->shape.depth > 0 && !ended)
    reader->row = reader->line->len;
  *more = reader->line->len > 0;
  return TRUE;
}

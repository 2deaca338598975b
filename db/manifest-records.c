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
record_reader_init (RecordReader *reader, int fd, off_t start)
{
  *reader = (RecordReader){ .fd = fd, .at = start, .next_number = 1 };
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

/* Up to and with the next line end, or all that is in the buffer; TRUE at a line end. */
static gboolean
take_piece (RecordReader *reader, guint *quotes)
{
  const guint8 *data = reader->buffer + reader->used;
  gsize rest = reader->filled - reader->used;
  const guint8 *end = memchr (data, '\n', rest);
  gsize length = end == NULL ? rest : (gsize)(end - data) + 1;
  gsize room = LONGEST_MANIFEST_LINE - reader->line->len;

  g_string_append_len (reader->line, (const char *)data, (gssize)MIN (length, room));
  reader->too_long |= length > room;
  reader->used += length;
  reader->next_number += end != NULL ? 1 : 0;
  *quotes += count_quotes (data, length);
  return end != NULL;
}

gboolean
record_reader_next (RecordReader *reader, gboolean quoted, gboolean *more, GError **error)
{
  guint quotes = 0;
  gboolean ended = FALSE;

  reader->number = reader->next_number;
  reader->too_long = FALSE;
  g_string_truncate (reader->line, 0);
  while (!ended) {
    if (reader->used == reader->filled && !fill (reader, error))
      return FALSE;
    if (reader->filled == 0)
      break;
    ended = take_piece (reader, &quotes) && (!quoted || quotes % 2 == 0 || reader->too_long);
  }
  *more = reader->line->len > 0;
  return TRUE;
}

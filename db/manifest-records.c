/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See manifest-records.h.
 */
#include "db/manifest-records.h"

#include <errno.h>
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

static void
add_byte (RecordReader *reader, guint8 byte)
{
  if (reader->line->len < LONGEST_MANIFEST_LINE)
    g_string_append_c (reader->line, (char)byte);
  else
    reader->too_long = TRUE;
  if (byte == '\n')
    reader->next_number++;
}

gboolean
record_reader_next (RecordReader *reader, gboolean quoted, gboolean *more, GError **error)
{
  gboolean inside = FALSE;
  guint8 byte = 0;

  reader->number = reader->next_number;
  reader->too_long = FALSE;
  g_string_truncate (reader->line, 0);
  while (byte != '\n' || (quoted && inside && !reader->too_long)) {
    if (reader->used == reader->filled && !fill (reader, error))
      return FALSE;
    if (reader->filled == 0)
      break;
    byte = reader->buffer[reader->used++];
    inside ^= byte == '"';
    add_byte (reader, byte);
  }
  *more = reader->line->len > 0;
  return TRUE;
}

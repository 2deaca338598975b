/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See line-reader.h.
 */
#include "audit/line-reader.h"

#include <string.h>

#include "audit/file-buffer.h"

struct LineReader {
  FileBuffer *file;
  gboolean over; /* the last line was read, or can't be */
};

LineReader *
line_reader_open (const char *path, GError **error)
{
  g_autoptr (LineReader) reader = g_new0 (LineReader, 1);

  reader->file = file_buffer_open (path, 2 * LINE_READER_LONGEST, error);
  return reader->file != NULL ? g_steal_pointer (&reader) : NULL;
}

void
line_reader_close (LineReader *reader)
{
  g_clear_pointer (&reader->file, file_buffer_close);
  g_free (reader);
}

static const char *
find_end (const LineReader *reader, const char **line, gsize *held)
{
  *line = (const char *)file_buffer_bytes (reader->file, held);
  return memchr (*line, '\n', MIN (*held, LINE_READER_LONGEST));
}

LineKind
line_reader_next (LineReader *reader, const char **line, gsize *length, GError **error)
{
  const char *end;

  if (reader->over)
    return LINE_END;
  end = find_end (reader, line, length);
  if (end == NULL) {
    if (!file_buffer_fill (reader->file, LINE_READER_LONGEST, error))
      return LINE_FAILED;
    end = find_end (reader, line, length);
  }
  reader->over = end == NULL;
  if (reader->over)
    return *length == 0 ? LINE_END : LINE_UNENDED;
  *length = (gsize)(end - *line);
  file_buffer_skip (reader->file, *length + 1);
  return LINE_WHOLE;
}

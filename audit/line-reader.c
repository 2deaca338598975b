/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See line-reader.h.
 */
#include "audit/line-reader.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define BUFFER (2 * LINE_READER_LONGEST)

struct LineReader {
  int fd;
  char *path;
  char *buffer;
  gsize next;
  gsize end;
  gboolean at_end;
};

static gboolean
refuse (const LineReader *reader, GError **error)
{
  int code = errno;

  g_set_error (error, G_FILE_ERROR, (gint)g_file_error_from_errno (code), "%s can't be read: %s",
               reader->path, g_strerror (code));
  return FALSE;
}

LineReader *
line_reader_open (const char *path, GError **error)
{
  g_autoptr (LineReader) reader = g_new0 (LineReader, 1);

  reader->path = g_filename_display_name (path);
  reader->buffer = g_malloc (BUFFER);
  reader->fd = open (path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
  if (reader->fd >= 0)
    return g_steal_pointer (&reader);
  refuse (reader, error);
  return NULL;
}

void
line_reader_close (LineReader *reader)
{
  if (reader->fd >= 0)
    close (reader->fd);
  g_free (reader->path);
  g_free (reader->buffer);
  g_free (reader);
}

static gboolean
fill (LineReader *reader, GError **error)
{
  memmove (reader->buffer, reader->buffer + reader->next, reader->end - reader->next);
  reader->end -= reader->next;
  reader->next = 0;
  while (reader->end < BUFFER && !reader->at_end) {
    ssize_t got = read (reader->fd, reader->buffer + reader->end, BUFFER - reader->end);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return refuse (reader, error);
    reader->at_end = got == 0;
    reader->end += (gsize)got;
  }
  return TRUE;
}

static const char *
find_end (const LineReader *reader)
{
  gsize left = MIN (reader->end - reader->next, LINE_READER_LONGEST);

  return memchr (reader->buffer + reader->next, '\n', left);
}

LineKind
line_reader_next (LineReader *reader, const char **line, gsize *length, GError **error)
{
  const char *end = find_end (reader);

  if (end == NULL && !reader->at_end) {
    if (!fill (reader, error))
      return LINE_FAILED;
    end = find_end (reader);
  }
  *line = reader->buffer + reader->next;
  *length = reader->end - reader->next;
  if (end == NULL && *length == 0)
    return LINE_END;
  if (end == NULL) {
    reader->next = reader->end;
    reader->at_end = TRUE;
    return LINE_UNENDED;
  }
  *length = (gsize)(end - *line);
  reader->next += *length + 1;
  return LINE_WHOLE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See log-stream.h. The buffer holds more than two of the longest frames, so that what follows
 * a torn one is always in it.
 */
#include "audit/log-stream.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ca/error.h"
#include "ca/log/log-frame.h"

#define BUFFER (1024 * 1024)
#define LONGEST (LOG_ENTRY_MOST + LOG_FRAME)

struct LogStream {
  int fd;
  char *path;
  guint8 origin[LOG_HASH];
  guint64 offset; /* in the file, of the byte at `next` */
  guint64 index;
  guint8 *buffer;
  gsize next;
  gsize end;
  gboolean at_end; /* nothing is left in the file behind the buffer */
};

static gboolean
refuse (const LogStream *stream, GError **error)
{
  int code = errno;

  g_set_error (error, G_FILE_ERROR, (gint)g_file_error_from_errno (code), "%s can't be read: %s",
               stream->path, g_strerror (code));
  return FALSE;
}

static gsize
available (const LogStream *stream)
{
  return stream->end - stream->next;
}

/* Sees to it that `wanted` bytes are in the buffer, or all that are left. */
static gboolean
fill (LogStream *stream, gsize wanted, GError **error)
{
  if (available (stream) >= wanted || stream->at_end)
    return TRUE;
  memmove (stream->buffer, stream->buffer + stream->next, available (stream));
  stream->end -= stream->next;
  stream->next = 0;
  while (stream->end < wanted) {
    ssize_t got = pread (stream->fd, stream->buffer + stream->end, BUFFER - stream->end,
                         (off_t)(stream->offset + stream->end));
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return refuse (stream, error);
    if (got == 0) {
      stream->at_end = TRUE;
      return TRUE;
    }
    stream->end += (gsize)got;
  }
  return TRUE;
}

static void
skip (LogStream *stream, gsize length)
{
  stream->next += length;
  stream->offset += length;
}

static gboolean
read_header (LogStream *stream, GError **error)
{
  guint8 header[LOG_HEADER];

  if (!fill (stream, LOG_HEADER, error))
    return FALSE;
  if (available (stream) < LOG_HEADER)
    return ca_refuse (error, CA_ERROR_LOG, "%s is shorter than a log's header", stream->path);
  memcpy (stream->origin, stream->buffer + LOG_HEADER - LOG_HASH, LOG_HASH);
  log_header_encode (stream->origin, header);
  if (memcmp (stream->buffer, header, LOG_HEADER) != 0)
    return ca_refuse (error, CA_ERROR_LOG, "%s does not begin as an issuance log of version %d",
                      stream->path, LOG_VERSION);
  skip (stream, LOG_HEADER);
  return TRUE;
}

LogStream *
log_stream_open (const char *path, GError **error)
{
  g_autoptr (LogStream) stream = g_new0 (LogStream, 1);

  stream->path = g_filename_display_name (path);
  stream->buffer = g_malloc (BUFFER);
  stream->fd = open (path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
  if (stream->fd < 0) {
    refuse (stream, error);
    return NULL;
  }
  posix_fadvise (stream->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  return read_header (stream, error) ? g_steal_pointer (&stream) : NULL;
}

void
log_stream_close (LogStream *stream)
{
  if (stream->fd >= 0)
    close (stream->fd);
  g_free (stream->path);
  g_free (stream->buffer);
  g_free (stream);
}

const guint8 *
log_stream_origin (const LogStream *stream)
{
  return stream->origin;
}

void
log_stream_seek (LogStream *stream, guint64 offset, guint64 index)
{
  stream->offset = offset;
  stream->index = index;
  stream->next = stream->end = 0;
  stream->at_end = FALSE;
}

guint64
log_stream_rest (LogStream *stream)
{
  struct stat status;

  return fstat (stream->fd, &status) == 0 && (guint64)status.st_size > stream->offset
             ? (guint64)status.st_size - stream->offset
             : 0;
}

/* From `offset` to the file's end; the buffer stays as it is. */
static gboolean
only_zeros_from (LogStream *stream, guint64 offset)
{
  guint8 bytes[16 * 1024];

  for (;;) {
    ssize_t got = pread (stream->fd, bytes, sizeof bytes, (off_t)offset);
    if (got <= 0)
      return got == 0;
    for (ssize_t i = 0; i < got; i++)
      if (bytes[i] != 0)
        return FALSE;
    offset += (guint64)got;
  }
}

gboolean
log_stream_is_unwritten (LogStream *stream, const LogFrame *frame)
{
  guint64 from = frame->offset + (frame->entry.length == 0 ? 0 : 4 + frame->entry.length);

  return !log_frame_holds_entry (frame->entry.data - 4, LOG_FRAME + frame->entry.length)
         && only_zeros_from (stream, from);
}

/* No whole frame stands at `frame`, which has `left` bytes before it ends or the buffer does. */
static LogFrameKind
judge_rest (const guint8 *frame, gsize left)
{
  if (left < LOG_FRAME)
    return LOG_FRAME_TORN;
  if (log_read_u32 (frame) > LOG_ENTRY_MOST || log_frame_holds_entry (frame, left))
    return LOG_FRAME_BROKEN;
  return log_frame_is_followed (frame, left) ? LOG_FRAME_BROKEN : LOG_FRAME_TORN;
}

LogFrameKind
log_stream_next (LogStream *stream, LogFrame *frame, GError **error)
{
  const guint8 *data;
  gsize length;

  if (!fill (stream, LONGEST, error))
    return LOG_FRAME_FAILED;
  if (available (stream) == 0)
    return LOG_FRAME_END;
  data = stream->buffer + stream->next;
  length = available (stream) < LOG_FRAME ? 0 : log_read_u32 (data);
  if (available (stream) < LOG_FRAME || length > LOG_ENTRY_MOST
      || length > available (stream) - LOG_FRAME)
    return judge_rest (data, available (stream));
  *frame = (LogFrame){ stream->index++, stream->offset, { data + 4, length }, data + 4 + length };
  skip (stream, LOG_FRAME + length);
  return LOG_FRAME_WHOLE;
}

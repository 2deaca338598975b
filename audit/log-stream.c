/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See log-stream.h. The buffer holds more than two of the longest frames, so that what follows
 * a torn one is always in it.
 */
#include "audit/log-stream.h"

#include <string.h>

#include "audit/file-buffer.h"
#include "ca/error.h"
#include "ca/log/log-frame.h"

#define BUFFER (1024 * 1024)
#define LONGEST (LOG_ENTRY_MOST + LOG_FRAME)

struct LogStream {
  FileBuffer *file;
  guint8 origin[LOG_HASH];
  guint64 index;
};

static gboolean
read_header (LogStream *stream, GError **error)
{
  const char *name = file_buffer_name (stream->file);
  guint8 header[LOG_HEADER];
  const guint8 *bytes;
  gsize left;

  if (!file_buffer_fill (stream->file, LOG_HEADER, error))
    return FALSE;
  bytes = file_buffer_bytes (stream->file, &left);
  if (left < LOG_HEADER)
    return ca_refuse (error, CA_ERROR_LOG, "%s is shorter than a log's header", name);
  memcpy (stream->origin, bytes + LOG_HEADER - LOG_HASH, LOG_HASH);
  log_header_encode (stream->origin, header);
  if (memcmp (bytes, header, LOG_HEADER) != 0)
    return ca_refuse (error, CA_ERROR_LOG, "%s does not begin as an issuance log of version %d",
                      name, LOG_VERSION);
  file_buffer_skip (stream->file, LOG_HEADER);
  return TRUE;
}

LogStream *
log_stream_open (const char *path, GError **error)
{
  g_autoptr (LogStream) stream = g_new0 (LogStream, 1);

  stream->file = file_buffer_open (path, BUFFER, error);
  if (stream->file == NULL || !read_header (stream, error))
    return NULL;
  return g_steal_pointer (&stream);
}

void
log_stream_close (LogStream *stream)
{
  g_clear_pointer (&stream->file, file_buffer_close);
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
  file_buffer_seek (stream->file, offset);
  stream->index = index;
}

guint64
log_stream_rest (LogStream *stream)
{
  const guint64 length = file_buffer_length (stream->file);
  const guint64 offset = file_buffer_offset (stream->file);

  return length > offset ? length - offset : 0;
}

gboolean
log_stream_is_unwritten (LogStream *stream, const LogFrame *frame)
{
  guint64 from = frame->offset + (frame->entry.length == 0 ? 0 : 4 + frame->entry.length);

  return !log_frame_holds_entry (frame->entry.data - 4, LOG_FRAME + frame->entry.length)
         && file_buffer_only_zeros_from (stream->file, from);
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
  gsize length, left;

  if (!file_buffer_fill (stream->file, LONGEST, error))
    return LOG_FRAME_FAILED;
  data = file_buffer_bytes (stream->file, &left);
  if (left == 0)
    return LOG_FRAME_END;
  length = left < LOG_FRAME ? 0 : log_read_u32 (data);
  if (left < LOG_FRAME || length > LOG_ENTRY_MOST || length > left - LOG_FRAME)
    return judge_rest (data, left);
  *frame = (LogFrame){
    stream->index++, file_buffer_offset (stream->file), { data + 4, length }, data + 4 + length
  };
  file_buffer_skip (stream->file, LOG_FRAME + length);
  return LOG_FRAME_WHOLE;
}

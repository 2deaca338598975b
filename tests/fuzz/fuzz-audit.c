/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Any bytes as what an owner is sent: an issuance log as a stream, or a line of ledger.jsonl. The
 * first byte says which.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "audit/json-line.h"
#include "audit/log-stream.h"
#include "base/files.h"

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

static const JsonMember members[] = {
  { "event",
    { JSON_KEY ("id", JSON_NUMBER, FALSE), JSON_KEY ("kind", JSON_TEXT, FALSE),
      JSON_KEY ("detail", JSON_TEXT, TRUE), JSON_KEY ("confirmed", JSON_FLAG, TRUE) } },
  { NULL, { JSON_KEY (NULL, JSON_NUMBER, FALSE) } }
};

/* What a value points to can be read, and is UTF-8 as the line was. */
static void
check_line (const char *data, gsize length)
{
  JsonLine line;

  json_line_init (&line);
  if (json_line_read (&line, members, data, length) == NULL)
    for (guint i = 0; i < 4; i++) {
      const Span text = line.values[i].text;
      if (text.length > length || !g_utf8_validate_len ((const char *)text.data, text.length, NULL))
        g_abort ();
    }
  json_line_clear (&line);
}

/* Frames lie one behind the other within the file, and are counted. */
static void
check_frames (LogStream *stream, gsize length)
{
  guint64 at = LOG_HEADER, index = 0;
  LogFrame frame;
  LogEntry entry;

  while (log_stream_next (stream, &frame, NULL) == LOG_FRAME_WHOLE) {
    if (frame.offset != at || frame.index != index++)
      g_abort ();
    at += LOG_FRAME + frame.entry.length;
    if (at > length || log_stream_rest (stream) != length - at)
      g_abort ();
    log_entry_decode (frame.entry.data, frame.entry.length, &entry, NULL);
    log_stream_is_unwritten (stream, &frame);
  }
}

static void
check_log (const guint8 *data, gsize length)
{
  int fd = memfd_create ("log", MFD_CLOEXEC);
  g_autofree char *path = g_strdup_printf ("/proc/self/fd/%d", fd);
  LogStream *stream;

  if (fd < 0 || !fd_write_all (fd, data, length, NULL))
    g_abort ();
  stream = log_stream_open (path, NULL);
  if (stream != NULL) {
    check_frames (stream, length);
    log_stream_close (stream);
  }
  close (fd);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  if (size < 1)
    return 0;
  if ((data[0] & 1) != 0)
    check_line ((const char *)data + 1, size - 1);
  else
    check_log (data + 1, size - 1);
  return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The issuance log's file as a stream of frames, in a buffer of fixed size (docs/issuance-log.md).
 * It finds frames and tells a torn end from damage, by the same rules as the signer; whether a
 * frame's hash fits is the reader's business. Errors are G_FILE_ERROR, and CA_ERROR_LOG for a file
 * that is no log.
 */
#pragma once

#include <glib.h>

#include "ca/log/log-format.h"

typedef struct {
  guint64 index;
  guint64 offset;     /* where the frame begins */
  Span entry;         /* valid until the next call */
  const guint8 *leaf; /* the hash behind it, as it stands in the file */
} LogFrame;

typedef enum {
  LOG_FRAME_WHOLE,  /* by its length; the hash may be wrong */
  LOG_FRAME_END,    /* the file ends here, cleanly */
  LOG_FRAME_TORN,   /* an unfinished write: nobody got an answer from it */
  LOG_FRAME_BROKEN, /* no frame, and no unfinished write */
  LOG_FRAME_FAILED, /* `error` */
} LogFrameKind;

typedef struct LogStream LogStream;

LogStream *log_stream_open (const char *path, GError **error);
void log_stream_close (LogStream *stream);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LogStream, log_stream_close)

/* The origin in the header. */
const guint8 *log_stream_origin (const LogStream *stream);

LogFrameKind log_stream_next (LogStream *stream, LogFrame *frame, GError **error);

/* A frame of the right length whose hash or encoding is wrong: TRUE where it may be an unfinished
 * write after all, its end and all behind it being zeros. To be asked before the next frame. */
gboolean log_stream_is_unwritten (LogStream *stream, const LogFrame *frame);

/* Goes on with the frame at `offset`, which is entry `index`. */
void log_stream_seek (LogStream *stream, guint64 offset, guint64 index);

/* How many bytes of the file lie behind the frames that were read. */
guint64 log_stream_rest (LogStream *stream);

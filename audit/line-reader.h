/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A text file line by line, in a buffer of fixed size. Errors are G_FILE_ERROR.
 */
#pragma once

#include <glib.h>

#define LINE_READER_LONGEST (1024 * 1024)

typedef struct LineReader LineReader;

LineReader *line_reader_open (const char *path, GError **error);
void line_reader_close (LineReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LineReader, line_reader_close)

typedef enum {
  LINE_WHOLE,   /* without its end */
  LINE_UNENDED, /* the file ends without a line's end, or the line is too long: the last one */
  LINE_END,
  LINE_FAILED,
} LineKind;

/* `line` is valid until the next call. */
LineKind line_reader_next (LineReader *reader, const char **line, gsize *length, GError **error);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A manifest file, line by line, in bounded memory. A "line" may hold line ends inside
 * double quotes where the format says so; it is named by the number of its first one.
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

#define LONGEST_MANIFEST_LINE (256 * 1024)

typedef struct {
  int fd;
  off_t at; /* of the next read */
  guint8 *buffer;
  gsize filled;
  gsize used;
  GString *line; /* the current one, with its line end */
  guint64 number;
  guint64 next_number;
  gboolean too_long; /* the current one was cut */
} RecordReader;

/* Reads `fd` from `start` on with pread(). */
void record_reader_init (RecordReader *reader, int fd, off_t start);
void record_reader_clear (RecordReader *reader);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RecordReader, record_reader_clear)

/* The next line; `more` FALSE at the end. Errors are G_FILE_ERROR. */
gboolean record_reader_next (RecordReader *reader, gboolean quoted, gboolean *more, GError **error);

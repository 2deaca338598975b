/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A manifest file, line by line, in bounded memory. A "line" may hold line ends inside
 * double quotes where the format says so; it is named by the number of its first one. In a file of
 * JSON envelopes a "line" is an object, with what stands between it and the one before.
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

#define LONGEST_MANIFEST_LINE (256 * 1024)

/* What ends a line. */
typedef struct {
  gboolean quoted; /* no line end inside double quotes does */
  guint depth;     /* not 0: the end of an object around which so many brackets are open does */
} RecordShape;

typedef struct {
  int fd;
  RecordShape shape;
  off_t at; /* of the next read */
  guint8 *buffer;
  gsize filled;
  gsize used;
  GString *line; /* the current one, with its line end */
  gsize row;     /* in `line`, where the object begins; 0 where there are no envelopes */
  guint64 number;
  guint64 next_number;
  gboolean too_long; /* the current one was cut */
  guint open;        /* brackets; the next three: of JSON */
  gboolean in_string;
  gboolean escaped;
} RecordReader;

/* Reads `fd` from `start` on with pread(). */
void record_reader_init (RecordReader *reader, int fd, off_t start, RecordShape shape);
void record_reader_clear (RecordReader *reader);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RecordReader, record_reader_clear)

/* The next line; `more` FALSE at the end. What follows the last object of an envelope is a line
 * without an object: `row` is its length. Errors are G_FILE_ERROR. */
gboolean record_reader_next (RecordReader *reader, gboolean *more, GError **error);

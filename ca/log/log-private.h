/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What log-open.c and log.c share, and nobody else sees.
 */
#pragma once

#include "ca/log/log-tail.h"
#include "ca/log/log.h"

struct IssuanceLog {
  int fd;
  guint8 origin[LOG_HASH];
  GMutex mutex; /* guards all below */
  GCond flushed;
  gboolean flushing;  /* one thread writes */
  char *dead;         /* why nothing is taken any more, or NULL */
  GPtrArray *waiting; /* of Record, in the order of their index */
  guint64 end;        /* of what is on the disk, in bytes */
  gint64 newest;
  gint64 latest;   /* the same with those that wait; 0 before the first append */
  MerkleEdge edge; /* its size is that of the log */
  LogTail *tail;
  LogTail *older; /* what stands in front of `tail` and not in the index; or NULL */
};

/* Adds what stands on the disk at the log's end to what it says: the whole frame of `entry`. With
 * the mutex held. */
void log_note_entry (IssuanceLog *log, const LogEntry *entry, const guint8 *frame);

/* Reads `content` (the whole file) into the memory's view. `log->end` is then where the last whole
 * entry ends: below `length` where the tail is torn. */
gboolean log_scan (IssuanceLog *log, const char *path, const guint8 *content, gsize length,
                   GError **error);

/* All of it, or FALSE. */
gboolean log_read_at (int fd, guint8 *data, gsize length, guint64 offset);

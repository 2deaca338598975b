/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What log-open.c and log.c share, and nobody else sees.
 */
#pragma once

#include "ca/log/log-index.h"
#include "ca/log/log.h"

/* Where a CA's newest revocation list is told of. */
typedef struct {
  guint8 spki_sha256[LOG_HASH];
  guint64 place;
} LogCrl;

struct IssuanceLog {
  int fd;
  guint8 origin[LOG_HASH];
  GMutex mutex; /* guards all below */
  GCond flushed;
  gboolean flushing;  /* one thread writes */
  char *dead;         /* why nothing is taken any more, or NULL */
  GPtrArray *waiting; /* of Record, in the order of their index */
  guint64 end;        /* of what is on the disk, in bytes */
  GArray *offsets;    /* guint64 of each entry's frame */
  LogIndex *index;
  GArray *crls; /* of LogCrl, one a CA */
  gint64 newest;
};

/* Adds what stands on the disk at `offset` to the memory's view. */
void log_note_entry (IssuanceLog *log, const LogEntry *entry, guint64 offset);

/* Reads `content` (the whole file) into the memory's view. `end` receives where the last whole
 * entry ends: below `length` where the tail is torn. */
gboolean log_scan (IssuanceLog *log, const char *path, const guint8 *content, gsize length,
                   gsize *end, GError **error);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What log-open.c and log.c share, and nobody else sees.
 */
#pragma once

#include "ca/log/log-store.h"
#include "ca/log/log.h"

/* So many entries are carried into the index at a time; a log that never had as many is read whole
 * at each start. */
#define LOG_STEP 4096

/* Bytes that are written and synced at a time, more than the longest frame: what a power cut may
 * leave with holes. */
#define LOG_WRITE_MOST (256u * 1024)

struct IssuanceLog {
  char *path;
  int fd;
  guint8 origin[LOG_HASH];
  guint64 step;
  GMutex mutex; /* guards all below */
  GCond flushed;
  gboolean flushing;  /* one thread writes */
  char *dead;         /* why nothing is taken any more, or NULL */
  GPtrArray *waiting; /* of Record, in the order of their index */
  guint64 end;        /* of what is on the disk, in bytes */
  gint64 newest;
  gint64 latest;   /* the same with those that wait; 0 before the first append */
  MerkleEdge edge; /* its size is that of the log */
  guint8 last_leaf[LOG_HASH];
  LogTail *tail;
  LogTail *older;  /* what stands in front of `tail` and not in the index; or NULL */
  LogStore *store; /* the index, with all that stands before these two; or NULL */
  LogReader *reader;
  gboolean held; /* the reader is at one moment for several questions */
  char *index_folder;
  gboolean index_stopped;    /* nothing more goes into it */
  LogStoreState older_state; /* of the log at the end of `older` */
  GCond work;                /* there is some for the carrier, or the log is closing */
  gboolean closing;
  GThread *carrier;
  GThread *verifier;
  LogReader *snapshot; /* of the index as it was opened, for the verifier */
  guint64 verified;    /* entries, of those that the index covered when it was opened: */
  guint64 to_verify;
  GHashTable *recounted; /* char *: batches whose count was checked before all was read again */
};

/* issuance_log_open() with another LOG_STEP, for tests. */
IssuanceLog *log_open_with_step (const char *path, const guint8 origin[LOG_HASH], LogOpenMode mode,
                                 guint64 step, GError **error);

/* Adds what stands on the disk at the log's end to what it says: the whole frame of `entry`. With
 * the mutex held. */
void log_note_entry (IssuanceLog *log, const LogEntry *entry, const guint8 *frame);

/* Reads `content` (the whole file) from the log's end on into the memory's view. `log->end` is then
 * where the last whole entry ends: below `length` where the tail is torn. */
gboolean log_scan (IssuanceLog *log, const char *path, const guint8 *content, gsize length,
                   GError **error);

/* Reads the frames of `fd` from byte `at` to byte `to`, with memory for a few; FALSE where what
 * stands at `at` is no whole entry, or `each` said FALSE, and `at` is then where it stopped. */
typedef gboolean (*LogEach) (const LogEntry *entry, const guint8 *frame, gpointer data);
gboolean log_walk (int fd, guint64 *at, guint64 to, LogEach each, gpointer data);

/* All of it, or FALSE. */
gboolean log_read_at (int fd, guint8 *data, gsize length, guint64 offset);

/* From here on nothing is taken any more, until the log is opened anew; `why` is a sentence. With
 * the mutex held. */
void log_die (IssuanceLog *log, const char *why);

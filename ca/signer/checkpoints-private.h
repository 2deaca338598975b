/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What checkpoints.c (signing) and checkpoints-open.c (the file) share.
 */
#pragma once

#include "ca/signer/checkpoints.h"

struct Checkpoints {
  char *path;
  StationKey *station;
  IssuanceLog *log;
  GMutex signing; /* held while one is signed and written */
  int fd;         /* -1 where nothing is written; under `signing`, as the next */
  guint64 end;    /* of what is whole in the file */
  GMutex mutex;   /* guards what follows, and is never held for long */
  GCond changed;
  Checkpoint newest;
  char *note;    /* NULL: none yet; changes under both */
  guint every;   /* entries, or 0 */
  guint64 tried; /* the log's size when one was due last */
  gboolean ending;
  GThread *thread;
};

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The one thread that writes. Callers hand it a job and block until the commit that
 * holds their job was synced; whatever waits meanwhile shares the next commit, so that
 * 64 slots cost little more syncs than one.
 *
 * What nothing outside can depend on yet (an attempt that only begins, a device that is only
 * recognised) need not wait for the disk: it is visible at once and synced with whatever
 * comes next. A power cut may take it, and nothing else with it.
 *
 * When the disk fails the writer stops for good: every later job fails until the ledger is
 * opened anew, because after a failed sync nobody knows what the disk holds. A full disk is
 * different: nothing was half done, so the group fails and the next one may succeed.
 */
#pragma once

#include "db/database.h"

typedef struct Writer Writer;

/* Runs in the writer's thread inside a savepoint: SQL and nothing else. FALSE undoes this job
 * alone. */
typedef gboolean (*WriterJob) (Database *database, gpointer data, GError **error);

typedef enum {
  WRITE_SYNCED, /* on the disk when writer_run() returns */
  WRITE_SOON,   /* visible when it returns, on the disk with the next synced write or checkpoint */
} WriteUrgency;

/* Takes `database`, closes it at the end. */
Writer *writer_new (Database *database);
/* No job may be running or come any more. */
void writer_free (Writer *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Writer, writer_free)

/* `committed` is called in the writer's thread after each commit that holds audit events, before
 * their callers go on; it must return at once. NULL: nobody listens any more; when this returns it
 * does not run. */
void writer_watch (Writer *writer, void (*committed) (gpointer data), gpointer data);

gboolean writer_run (Writer *writer, WriteUrgency urgency, WriterJob job, gpointer data,
                     GError **error);

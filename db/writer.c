/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Group commit. A request lives on its caller's stack until it is answered.
 */
#include "db/writer.h"

#include "db/clean-mark.h"
#include "db/statement.h"

/* Folding the WAL into the file is done when nobody waits for the disk. */
#define IDLE_BEFORE_CHECKPOINT (200 * G_TIME_SPAN_MILLISECOND)
#define LARGEST_GROUP 256

typedef struct {
  WriteUrgency urgency;
  WriterJob job;
  gpointer data;
  gboolean succeeded;
  gboolean answered;
  GError *error;
  GCond answer;
} Request;

struct Writer {
  Database *database;
  GThread *thread;
  GMutex mutex; /* of all below */
  GCond arrival;
  GQueue queue; /* of Request */
  gboolean closing;
  void (*committed) (gpointer data);
  gpointer committed_data;
  /* Only of the thread. */
  gboolean unfolded;    /* the WAL holds what the file does not */
  WriteUrgency urgency; /* of the connection's commits, as set last */
  char *broken;         /* why nothing is written any more */
};

static gboolean
is_storage_failure (const GError *error)
{
  return error->domain == LEDGER_ERROR
         && (error->code == LEDGER_ERROR_STORAGE || error->code == LEDGER_ERROR_CORRUPT);
}

/* Undoes one job; FALSE where the whole transaction can't go on. */
static gboolean
undo_job (Writer *writer, Request *request, GError **error)
{
  if (is_storage_failure (request->error)) {
    g_propagate_error (error, g_steal_pointer (&request->error));
    return FALSE;
  }
  return statement_execute (writer->database, "ROLLBACK TO job", error)
         && statement_execute (writer->database, "RELEASE job", error);
}

static gboolean
run_job (Writer *writer, Request *request, GError **error)
{
  if (!statement_execute (writer->database, "SAVEPOINT job", error))
    return FALSE;
  request->succeeded = request->job (writer->database, request->data, &request->error);
  if (!request->succeeded)
    return undo_job (writer, request, error);
  return statement_execute (writer->database, "RELEASE job", error);
}

static WriteUrgency
urgency_of (GPtrArray *group)
{
  for (guint i = 0; i < group->len; i++)
    if (((Request *)g_ptr_array_index (group, i))->urgency == WRITE_SYNCED)
      return WRITE_SYNCED;
  return WRITE_SOON;
}

/* In WAL mode NORMAL leaves out the sync of a commit; the next FULL commit syncs the whole WAL,
 * what came before it too (SQLite, PRAGMA synchronous). */
static gboolean
set_urgency (Writer *writer, WriteUrgency urgency, GError **error)
{
  if (writer->urgency == urgency)
    return TRUE;
  if (!statement_execute (writer->database,
                          urgency == WRITE_SYNCED ? "PRAGMA synchronous = FULL"
                                                  : "PRAGMA synchronous = NORMAL",
                          error))
    return FALSE;
  writer->urgency = urgency;
  return TRUE;
}

static gboolean
run_and_commit (Writer *writer, GPtrArray *group, GError **error)
{
  if (!set_urgency (writer, urgency_of (group), error)
      || !statement_execute (writer->database, "BEGIN IMMEDIATE", error))
    return FALSE;
  for (guint i = 0; i < group->len; i++)
    if (!run_job (writer, g_ptr_array_index (group, i), error))
      return FALSE;
  return statement_execute (writer->database, "COMMIT", error);
}

/* The error that everyone of a failed group gets, and after a broken disk everyone later. */
static GError *
describe_failure (Writer *writer, const GError *cause)
{
  if (writer->database->disk_full)
    return g_error_new (LEDGER_ERROR, LEDGER_ERROR_STORAGE,
                        "the ledger's disk is full and nothing was recorded: free some space, then "
                        "run the device again (%s)",
                        cause->message);
  writer->broken = g_strdup_printf (
      "the ledger can't be written, so nothing leaves this station: restart keycradled after the "
      "disk problem is mended (%s)",
      cause->message);
  return g_error_new_literal (LEDGER_ERROR, LEDGER_ERROR_STORAGE, writer->broken);
}

static void
fail_group (Writer *writer, GPtrArray *group, const GError *cause)
{
  g_autoptr (GError) failure = NULL;

  if (writer->broken != NULL)
    failure = g_error_new_literal (LEDGER_ERROR, LEDGER_ERROR_STORAGE, writer->broken);
  else
    failure = describe_failure (writer, cause);
  for (guint i = 0; i < group->len; i++) {
    Request *request = g_ptr_array_index (group, i);
    request->succeeded = FALSE;
    g_clear_error (&request->error);
    request->error = g_error_copy (failure);
  }
}

static void
run_group (Writer *writer, GPtrArray *group)
{
  g_autoptr (GError) error = NULL;

  if (writer->broken != NULL) {
    fail_group (writer, group, NULL);
    return;
  }
  if (run_and_commit (writer, group, &error)) {
    writer->unfolded = TRUE;
    return;
  }
  gboolean full = writer->database->disk_full;
  if (!sqlite3_get_autocommit (writer->database->handle))
    statement_execute (writer->database, "ROLLBACK", NULL);
  writer->database->disk_full = full;
  fail_group (writer, group, error);
}

static void
checkpoint (Writer *writer)
{
  int result = sqlite3_wal_checkpoint_v2 (writer->database->handle, NULL, SQLITE_CHECKPOINT_PASSIVE,
                                          NULL, NULL);

  writer->unfolded = FALSE;
  if (result == SQLITE_OK || result == SQLITE_BUSY)
    return;
  g_autoptr (GError) error = NULL;
  database_fail (writer->database, result, "folding in the WAL", &error);
  g_autoptr (GError) failure = describe_failure (writer, error);
  g_warning ("%s", failure->message);
}

static void
tell_committed (Writer *writer)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&writer->mutex);

  if (writer->database->audited && writer->committed != NULL)
    writer->committed (writer->committed_data);
  writer->database->audited = FALSE;
}

/* TRUE with the next group, or with none where there was time to fold; FALSE at the end. */
static gboolean
wait_for_group (Writer *writer, GPtrArray *group, gboolean *idle)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&writer->mutex);
  gint64 until = g_get_monotonic_time () + IDLE_BEFORE_CHECKPOINT;

  *idle = FALSE;
  while (g_queue_is_empty (&writer->queue) && !writer->closing && !*idle) {
    if (!writer->unfolded)
      g_cond_wait (&writer->arrival, &writer->mutex);
    else
      *idle = !g_cond_wait_until (&writer->arrival, &writer->mutex, until);
  }
  while (group->len < LARGEST_GROUP && !g_queue_is_empty (&writer->queue))
    g_ptr_array_add (group, g_queue_pop_head (&writer->queue));
  return group->len > 0 || !writer->closing;
}

static void
answer_group (Writer *writer, GPtrArray *group)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&writer->mutex);

  for (guint i = 0; i < group->len; i++) {
    Request *request = g_ptr_array_index (group, i);
    request->answered = TRUE;
    g_cond_signal (&request->answer);
  }
  g_ptr_array_set_size (group, 0);
}

static gpointer
writer_thread (gpointer data)
{
  Writer *writer = data;
  g_autoptr (GPtrArray) group = g_ptr_array_new ();
  gboolean idle;

  while (wait_for_group (writer, group, &idle)) {
    if (group->len == 0) {
      if (idle && writer->broken == NULL)
        checkpoint (writer);
      continue;
    }
    run_group (writer, group);
    tell_committed (writer);
    answer_group (writer, group);
  }
  return NULL;
}

Writer *
writer_new (Database *database)
{
  Writer *writer = g_new0 (Writer, 1);

  writer->database = database;
  writer->urgency = WRITE_SYNCED; /* as database_open_writer() leaves it */
  g_mutex_init (&writer->mutex);
  g_cond_init (&writer->arrival);
  g_queue_init (&writer->queue);
  writer->thread = g_thread_new ("ledger-writer", writer_thread, writer);
  return writer;
}

void
writer_free (Writer *writer)
{
  if (writer == NULL)
    return;
  g_mutex_lock (&writer->mutex);
  writer->closing = TRUE;
  g_cond_signal (&writer->arrival);
  g_mutex_unlock (&writer->mutex);
  g_thread_join (writer->thread);
  g_autofree char *path = g_strdup (writer->database->path);
  database_close (writer->database);
  if (writer->broken == NULL)
    clean_mark_leave (path);
  g_cond_clear (&writer->arrival);
  g_mutex_clear (&writer->mutex);
  g_free (writer->broken);
  g_free (writer);
}

void
writer_watch (Writer *writer, void (*committed) (gpointer data), gpointer data)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&writer->mutex);

  writer->committed = committed;
  writer->committed_data = data;
}

gboolean
writer_run (Writer *writer, WriteUrgency urgency, WriterJob job, gpointer data, GError **error)
{
  Request request = { .urgency = urgency, .job = job, .data = data };

  g_cond_init (&request.answer);
  g_mutex_lock (&writer->mutex);
  g_queue_push_tail (&writer->queue, &request);
  g_cond_signal (&writer->arrival);
  while (!request.answered)
    g_cond_wait (&request.answer, &writer->mutex);
  g_mutex_unlock (&writer->mutex);
  g_cond_clear (&request.answer);
  if (!request.succeeded)
    g_propagate_error (error, request.error);
  return request.succeeded;
}

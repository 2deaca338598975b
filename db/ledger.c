/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Opening and closing the ledger, and what its nouns share.
 */
#include "db/ledger.h"

#include <unistd.h>

#include "db/ledger-collect.h"
#include "db/ledger-private.h"
#include "db/migrate.h"

G_DEFINE_QUARK (keycradle - ledger - error, ledger_error)

const char *
ledger_error_word (LedgerError code)
{
  switch (code) {
  case LEDGER_ERROR_STORAGE:
    return "storage";
  case LEDGER_ERROR_NEWER_SCHEMA:
    return "newer-schema";
  case LEDGER_ERROR_CORRUPT:
    return "corrupt";
  case LEDGER_ERROR_NOT_FOUND:
    return "not-found";
  case LEDGER_ERROR_EXISTS:
    return "exists";
  case LEDGER_ERROR_BATCH_STATE:
    return "batch-state";
  case LEDGER_ERROR_BATCH_FULL:
    return "batch-full";
  case LEDGER_ERROR_DUPLICATE_KEY:
    return "duplicate-key";
  case LEDGER_ERROR_DUPLICATE_DEVICE:
    return "duplicate-device";
  case LEDGER_ERROR_ALREADY_DONE:
    return "already-done";
  case LEDGER_ERROR_DEVICE_VOIDED:
    return "device-voided";
  case LEDGER_ERROR_KEY_FINDING:
    return "key-finding";
  case LEDGER_ERROR_BUSY_DEVICE:
    return "busy-device";
  case LEDGER_ERROR_NOT_FINISHED:
    return "not-finished";
  case LEDGER_ERROR_NOT_LISTED:
    return "not-listed";
  case LEDGER_ERROR_INVALID:
    return "invalid";
  }
  return "unknown";
}

static Database *
open_and_migrate (const char *path, GError **error)
{
  guint count;
  const Migration *list = migrations (&count);
  g_autoptr (Database) database = database_open_writer (path, count, error);

  if (database == NULL || !migrate (database, list, count, error))
    return NULL;
  return g_steal_pointer (&database);
}

static gboolean
open_connections (Ledger *ledger, GError **error)
{
  Database *database = open_and_migrate (ledger->path, error);
  if (database == NULL)
    return FALSE;
  ledger->writer = writer_new (database);
  ledger->line.database = database_open_reader (ledger->path, error);
  if (ledger->line.database == NULL)
    return FALSE;
  ledger->list.database = database_open_reader (ledger->path, error);
  return ledger->list.database != NULL;
}

Ledger *
ledger_open (const char *path, GError **error)
{
  int lock = database_lock (path, error);
  if (lock < 0)
    return NULL;

  g_autoptr (Ledger) ledger = g_new0 (Ledger, 1);
  ledger->path = g_strdup (path);
  ledger->lock = lock;
  g_mutex_init (&ledger->line.mutex);
  g_mutex_init (&ledger->list.mutex);
  if (!open_connections (ledger, error)
      || !ledger_write (ledger, attempts_close_interrupted, NULL, error))
    return NULL;
  return g_steal_pointer (&ledger);
}

void
ledger_close (Ledger *ledger)
{
  if (ledger == NULL)
    return;
  /* Readers first: the last connection to close is the one that may write. */
  database_close (ledger->line.database);
  database_close (ledger->list.database);
  writer_free (ledger->writer);
  g_mutex_clear (&ledger->line.mutex);
  g_mutex_clear (&ledger->list.mutex);
  close (ledger->lock);
  g_free (ledger->path);
  g_free (ledger);
}

gboolean
ledger_file_check (const char *path, GError **error)
{
  guint count;

  migrations (&count);
  return database_check_file (path, count, error);
}

gboolean
ledger_write (Ledger *ledger, WriterJob job, gpointer data, GError **error)
{
  return writer_run (ledger->writer, WRITE_SYNCED, job, data, error);
}

gboolean
ledger_write_soon (Ledger *ledger, WriterJob job, gpointer data, GError **error)
{
  return writer_run (ledger->writer, WRITE_SOON, job, data, error);
}

gboolean
ledger_not_found (const char *kind, const char *name, GError **error)
{
  g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_NOT_FOUND, "there is no %s %s", kind, name);
  return FALSE;
}

GPtrArray *
load_rows (Statement *statement, RowLoader load, GDestroyNotify free_row, GError **error)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func (free_row);
  gboolean row = FALSE;

  do {
    if (!statement_step (statement, &row, error))
      return NULL;
    if (row)
      g_ptr_array_add (rows, load (statement));
  } while (row);
  return g_steal_pointer (&rows);
}

GPtrArray *
load_list (Ledger *ledger, const char *batch, guint most, const char *all, const char *of_batch,
           RowLoader load, GDestroyNotify free_row, GError **error)
{
  Database *database = ledger->list.database;
  gint64 batch_id = 0;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->list.mutex);

  if (batch != NULL && !batch_find_existing (database, batch, &batch_id, error))
    return NULL;
  g_autoptr (Statement) select =
      statement_prepare (database, batch == NULL ? all : of_batch, error);
  if (select == NULL)
    return NULL;
  if (batch != NULL)
    statement_bind_int64 (select, batch_id);
  statement_bind_int64 (select, limit_of (most));
  return load_rows (select, load, free_row, error);
}

gboolean
load_row (Statement *statement, RowLoader load, gpointer *row, GError **error)
{
  gboolean found;

  *row = NULL;
  if (!statement_step (statement, &found, error))
    return FALSE;
  if (found)
    *row = load (statement);
  return TRUE;
}

gboolean
load_id (Statement *statement, gint64 *id, gboolean *found, GError **error)
{
  *id = 0;
  if (!statement_step (statement, found, error))
    return FALSE;
  if (*found)
    *id = statement_int64 (statement);
  return TRUE;
}

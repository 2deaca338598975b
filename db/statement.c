/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Prepared statements, kept for a connection's life.
 */
#include "db/statement.h"

#include <string.h>

#include "base/encode.h"

static gboolean
rest_is_blank (const char *rest)
{
  return rest[strspn (rest, " \t\r\n;")] == '\0';
}

static Statement *
prepare_new (Database *database, const char *sql, GError **error)
{
  const char *rest = NULL;
  sqlite3_stmt *handle = NULL;
  int result =
      sqlite3_prepare_v3 (database->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &handle, &rest);

  if (result != SQLITE_OK) {
    database_fail (database, result, sql, error);
    return NULL;
  }
  if (handle == NULL || !rest_is_blank (rest)) {
    sqlite3_finalize (handle);
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_INVALID, "not exactly one statement: %s", sql);
    return NULL;
  }

  Statement *statement = g_new0 (Statement, 1);
  statement->database = database;
  statement->handle = handle;
  g_hash_table_insert (database->statements, g_strdup (sql), statement);
  return statement;
}

Statement *
statement_prepare (Database *database, const char *sql, GError **error)
{
  Statement *statement = g_hash_table_lookup (database->statements, sql);

  if (statement == NULL)
    statement = prepare_new (database, sql, error);
  if (statement == NULL)
    return NULL;
  g_assert (!statement->busy);
  statement->busy = TRUE;
  statement->bound = 0;
  statement->column = 0;
  statement->bind_result = SQLITE_OK;
  return statement;
}

void
statement_finish (Statement *statement)
{
  sqlite3_reset (statement->handle);
  sqlite3_clear_bindings (statement->handle);
  statement->busy = FALSE;
}

void
statement_free (Statement *statement)
{
  sqlite3_finalize (statement->handle);
  g_free (statement);
}

static void
note_binding (Statement *statement, int result)
{
  if (statement->bind_result == SQLITE_OK)
    statement->bind_result = result;
}

void
statement_bind_text (Statement *statement, const char *text)
{
  int place = ++statement->bound;

  if (text == NULL || g_utf8_validate (text, -1, NULL)) {
    note_binding (statement, sqlite3_bind_text (statement->handle, place, text, -1, SQLITE_STATIC));
    return;
  }
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  note_binding (statement,
                sqlite3_bind_text (statement->handle, place, valid, -1, SQLITE_TRANSIENT));
}

void
statement_bind_int64 (Statement *statement, gint64 number)
{
  note_binding (statement, sqlite3_bind_int64 (statement->handle, ++statement->bound, number));
}

void
statement_bind_blob (Statement *statement, const void *data, gsize length)
{
  note_binding (statement, sqlite3_bind_blob64 (statement->handle, ++statement->bound, data, length,
                                                SQLITE_STATIC));
}

void
statement_bind_bytes (Statement *statement, GBytes *bytes)
{
  gsize length = 0;
  const void *data = bytes == NULL ? NULL : g_bytes_get_data (bytes, &length);

  statement_bind_blob (statement, data, length);
}

void
statement_bind_null (Statement *statement)
{
  note_binding (statement, sqlite3_bind_null (statement->handle, ++statement->bound));
}

gboolean
statement_step (Statement *statement, gboolean *row, GError **error)
{
  *row = FALSE;
  statement->column = 0;
  if (statement->bind_result != SQLITE_OK)
    return database_fail (statement->database, statement->bind_result, "binding a value", error);

  int result = sqlite3_step (statement->handle);
  if (result != SQLITE_ROW && result != SQLITE_DONE)
    return database_fail (statement->database, result, sqlite3_sql (statement->handle), error);
  *row = result == SQLITE_ROW;
  return TRUE;
}

gboolean
statement_run (Statement *statement, GError **error)
{
  gboolean row = TRUE;

  while (row)
    if (!statement_step (statement, &row, error))
      return FALSE;
  return TRUE;
}

gboolean
statement_execute (Database *database, const char *sql, GError **error)
{
  g_autoptr (Statement) statement = statement_prepare (database, sql, error);

  return statement != NULL && statement_run (statement, error);
}

const char *
statement_text (Statement *statement)
{
  return (const char *)sqlite3_column_text (statement->handle, statement->column++);
}

char *
statement_dup_text (Statement *statement)
{
  return g_strdup (statement_text (statement));
}

gint64
statement_int64 (Statement *statement)
{
  return sqlite3_column_int64 (statement->handle, statement->column++);
}

const guint8 *
statement_blob (Statement *statement, gsize *length)
{
  int column = statement->column++;
  const guint8 *data = sqlite3_column_blob (statement->handle, column);

  *length = (gsize)sqlite3_column_bytes (statement->handle, column);
  return data;
}

GBytes *
statement_dup_bytes (Statement *statement)
{
  gsize length;
  const guint8 *data = statement_blob (statement, &length);

  return data == NULL ? NULL : g_bytes_new (data, length);
}

char *
statement_dup_hex (Statement *statement)
{
  gsize length;
  const guint8 *data = statement_blob (statement, &length);

  return data == NULL ? NULL : hex_encode (data, length);
}

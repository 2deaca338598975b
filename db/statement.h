/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A prepared statement. SQL stands next to the function that uses it; parameters are bound
 * by calls in order, columns are read by calls in order. Each is prepared once a connection
 * and used again. Not re-entrant: the same SQL can't run inside itself.
 */
#pragma once

#include "db/database.h"

typedef struct {
  Database *database;
  sqlite3_stmt *handle;
  int bound;
  int column;
  int bind_result;
  gboolean busy;
} Statement;

/* NULL with error where `sql` is not exactly one statement. */
Statement *statement_prepare (Database *database, const char *sql, GError **error);
/* Gives it back for the next use. */
void statement_finish (Statement *statement);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Statement, statement_finish)
/* For the cache: frees it for good. */
void statement_free (Statement *statement);

/* The next parameter. NULL text or bytes bind NULL. The data must outlive the statement's use. */
void statement_bind_text (Statement *statement, const char *text);
void statement_bind_int64 (Statement *statement, gint64 number);
void statement_bind_blob (Statement *statement, const void *data, gsize length);
void statement_bind_bytes (Statement *statement, GBytes *bytes);
void statement_bind_null (Statement *statement);

/* The next row: `row` tells whether there is one. */
gboolean statement_step (Statement *statement, gboolean *row, GError **error);
/* To its end, for what gives no rows. */
gboolean statement_run (Statement *statement, GError **error);
/* Prepares, binds nothing, runs. */
gboolean statement_execute (Database *database, const char *sql, GError **error);

/* The next column of the row. NULL stays NULL; numbers of NULL are 0. */
const char *statement_text (Statement *statement);
char *statement_dup_text (Statement *statement);
gint64 statement_int64 (Statement *statement);
const guint8 *statement_blob (Statement *statement, gsize *length);
GBytes *statement_dup_bytes (Statement *statement);
char *statement_dup_hex (Statement *statement);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One SQLite connection, set up the way a ledger wants it: WAL, every commit synced,
 * foreign keys, nothing trusted that the file says of itself. Only db/ includes this.
 */
#pragma once

#include <glib.h>
#include <sqlite3.h>

#include "db/ledger.h"

/* "KCRL", in the file's header: tells a ledger from any other database. */
#define LEDGER_APPLICATION_ID 0x4b43524c

typedef struct {
  sqlite3 *handle;
  char *path;
  GHashTable *statements; /* SQL → Statement, prepared once */
  gboolean disk_full;     /* the last failure was a lack of space, which may pass */
  gboolean audited;       /* an audit event was added since this was last looked at */
} Database;

/* Opens or creates for writing; the caller holds the lock. Refuses, before a byte is written,
 * what is not a ledger, is damaged, or was made by a schema newer than `newest_schema`. All of it
 * is read for that only where it was not closed in order (clean-mark.h). */
Database *database_open_writer (const char *path, guint newest_schema, GError **error);

/* A connection that can't write; sees what is committed. */
Database *database_open_reader (const char *path, GError **error);

/* Reads all of a ledger, and its indexes against its tables; a station may have it open. CORRUPT
 * with what is wrong, NOT_FOUND, NEWER_SCHEMA. */
gboolean database_check_file (const char *path, guint newest_schema, GError **error);

void database_close (Database *database);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Database, database_close)

/* Sets `error` from SQLite's `result`; always FALSE. */
gboolean database_fail (Database *database, int result, const char *doing, GError **error);

/* Runs `script`, which may be many statements, or reads one number. */
gboolean database_run_script (Database *database, const char *script, GError **error);
gboolean database_read_number (Database *database, const char *sql, gint64 *number, GError **error);
gint64 database_last_id (Database *database);
/* How many rows the last statement changed, triggers not counted. */
gint64 database_changes (Database *database);

/* Copies the whole database to `path`, synced, in place only when complete. */
gboolean database_back_up (Database *database, const char *path, GError **error);

/* Takes "PATH.lock" for this process; the descriptor holds it. -1 with error where another
 * process has it. */
int database_lock (const char *path, GError **error);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Opening a ledger file with suspicion: it is looked at before it is touched, and a file
 * that is not ours, not sound, or newer than we are stays as it was.
 */
#include "db/database.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/files.h"
#include "db/clean-mark.h"
#include "db/event-chain.h"
#include "db/key-functions.h"
#include "db/statement.h"

#define HEADER_LENGTH 100
#define FILE_MODE 0640

static LedgerError
code_for (int result)
{
  int primary = result & 0xff;

  if (primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB)
    return LEDGER_ERROR_CORRUPT;
  if (primary == SQLITE_CONSTRAINT || primary == SQLITE_MISMATCH || primary == SQLITE_TOOBIG)
    return LEDGER_ERROR_INVALID;
  return LEDGER_ERROR_STORAGE;
}

static gboolean
means_full (Database *database, int result)
{
  if ((result & 0xff) == SQLITE_FULL)
    return TRUE;
  /* On tmpfs, growing the WAL's index fails as an I/O error, though it is lack of space. */
  int system_error = sqlite3_system_errno (database->handle);
  return (result & 0xff) == SQLITE_IOERR && (system_error == ENOSPC || system_error == EDQUOT);
}

static gboolean
is_damaged (const char *path, const char *how, GError **error)
{
  g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_CORRUPT,
               "%s is damaged (%s): put back a backup; the signer's log fills in what it lacks",
               path, how);
  return FALSE;
}

gboolean
database_fail (Database *database, int result, const char *doing, GError **error)
{
  const LedgerError code = code_for (result);

  database->disk_full = means_full (database, result);
  if (code == LEDGER_ERROR_CORRUPT) {
    clean_mark_forbid ();
    return is_damaged (database->path, sqlite3_errmsg (database->handle), error);
  }
  g_set_error (error, LEDGER_ERROR, (gint)code, "%s: %s (%d, %s)", database->path,
               sqlite3_errmsg (database->handle), result, doing);
  return FALSE;
}

gboolean
database_run_script (Database *database, const char *script, GError **error)
{
  int result = sqlite3_exec (database->handle, script, NULL, NULL, NULL);

  return result == SQLITE_OK || database_fail (database, result, "running a script", error);
}

gboolean
database_read_number (Database *database, const char *sql, gint64 *number, GError **error)
{
  gboolean row;
  g_autoptr (Statement) statement = statement_prepare (database, sql, error);

  if (statement == NULL || !statement_step (statement, &row, error))
    return FALSE;
  *number = row ? statement_int64 (statement) : 0;
  return TRUE;
}

gint64
database_changes (Database *database)
{
  return sqlite3_changes64 (database->handle);
}

gint64
database_last_id (Database *database)
{
  return sqlite3_last_insert_rowid (database->handle);
}

static void
free_cached_statement (gpointer statement)
{
  statement_free (statement);
}

static Database *
open_connection (const char *path, int flags, GError **error)
{
  g_autoptr (Database) database = g_new0 (Database, 1);

  database->path = g_strdup (path);
  database->statements =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_cached_statement);
  int result = sqlite3_open_v2 (path, &database->handle,
                                flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
  if (database->handle == NULL) {
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_STORAGE, "%s: out of memory", path);
    return NULL;
  }
  if (result != SQLITE_OK) {
    database_fail (database, result, "opening", error);
    return NULL;
  }
  sqlite3_busy_timeout (database->handle, 5000);
  result = key_functions_add (database->handle);
  if (result == SQLITE_OK)
    result = event_chain_add_function (database->handle);
  if (result != SQLITE_OK) {
    database_fail (database, result, "adding functions", error);
    return NULL;
  }
  return g_steal_pointer (&database);
}

void
database_close (Database *database)
{
  if (database == NULL)
    return;
  g_clear_pointer (&database->statements, g_hash_table_unref);
  sqlite3_close (database->handle);
  g_free (database->path);
  g_free (database);
}

static gboolean
not_a_ledger (const char *path, GError **error)
{
  g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_CORRUPT,
               "%s is not a Keycradle ledger; it was left as it is", path);
  return FALSE;
}

static gboolean
check_identity (const char *path, gint64 application_id, gint64 schema, guint newest,
                GError **error)
{
  if (application_id != LEDGER_APPLICATION_ID)
    return not_a_ledger (path, error);
  if (schema <= newest)
    return TRUE;
  g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_NEWER_SCHEMA,
               "%s has schema %" G_GINT64_FORMAT ", this Keycradle knows schemas up to %u: "
               "install the newer Keycradle; the ledger was left as it is",
               path, schema, newest);
  return FALSE;
}

static guint32
big_endian_at (const guint8 *header, gsize offset)
{
  guint32 value;

  memcpy (&value, header + offset, sizeof value);
  return GUINT32_FROM_BE (value);
}

/* Looks at the file's own header, so that a foreign or newer file is not even opened for
 * writing. What only stands in the WAL yet is caught by check_opened(). */
static gboolean
check_header (const char *path, guint newest, GError **error)
{
  guint8 header[HEADER_LENGTH];
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return errno == ENOENT || not_a_ledger (path, error);

  ssize_t length = pread (fd, header, sizeof header, 0);
  close (fd);
  if (length == 0)
    return TRUE;
  if (length != HEADER_LENGTH || memcmp (header, "SQLite format 3", 16) != 0)
    return not_a_ledger (path, error);
  /* A database whose every page is still in the WAL has zeros here. */
  if (big_endian_at (header, 68) == 0 && big_endian_at (header, 60) == 0)
    return TRUE;
  return check_identity (path, big_endian_at (header, 68), big_endian_at (header, 60), newest,
                         error);
}

/* `question` is a PRAGMA that answers "ok", or with what is wrong. */
static gboolean
check_sound (Database *database, const char *question, GError **error)
{
  gboolean row;
  g_autoptr (Statement) statement = statement_prepare (database, question, error);

  if (statement == NULL || !statement_step (statement, &row, error))
    return FALSE;
  const char *verdict = row ? statement_text (statement) : "no answer";
  if (g_strcmp0 (verdict, "ok") == 0)
    return TRUE;
  return is_damaged (database->path, verdict, error);
}

/* Killed, cut off, copied or put back: then all of the file is read once. */
static gboolean
check_unclean (Database *database, GError **error)
{
  g_message ("%s was not closed in order, or is another file than the one that was: all of it is "
             "read to see that it is sound",
             database->path);
  return check_sound (database, "PRAGMA quick_check (1)", error);
}

static gboolean
check_opened (Database *database, guint newest, gboolean clean, GError **error)
{
  gint64 application_id;
  gint64 schema;
  gint64 tables;

  if (!database_read_number (database, "PRAGMA application_id", &application_id, error)
      || !database_read_number (database, "PRAGMA user_version", &schema, error)
      || !database_read_number (database, "SELECT count(*) FROM sqlite_schema", &tables, error))
    return FALSE;
  if (tables == 0 && application_id == 0 && schema == 0)
    return TRUE;
  return check_identity (database->path, application_id, schema, newest, error)
         && (clean || check_unclean (database, error));
}

static gboolean
create_file (const char *path, GError **error)
{
  int fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);

  if (fd < 0) {
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_STORAGE, "%s can't be opened: %s", path,
                 g_strerror (errno));
    return FALSE;
  }
  close (fd);
  return folder_sync (path, error);
}

/* Some file systems can't share the memory that a WAL needs; SQLite then stays silently with
 * another journal. */
static gboolean
turn_on_wal (Database *database, GError **error)
{
  gboolean row;
  g_autoptr (Statement) pragma = statement_prepare (database, "PRAGMA journal_mode = WAL", error);

  if (pragma == NULL || !statement_step (pragma, &row, error))
    return FALSE;
  if (row && g_strcmp0 (statement_text (pragma), "wal") == 0)
    return TRUE;
  g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_STORAGE,
               "%s lies on a file system that can't hold a ledger: use a local disk",
               database->path);
  return FALSE;
}

static gboolean
set_up_commits (Database *database, GError **error)
{
  return turn_on_wal (database, error)
         && database_run_script (database,
                                 "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;"
                                 "PRAGMA journal_size_limit = 67108864;"
                                 "PRAGMA temp_store = MEMORY;",
                                 error);
}

Database *
database_open_writer (const char *path, guint newest_schema, GError **error)
{
  const gboolean clean = clean_mark_holds (path);

  if (!check_header (path, newest_schema, error) || !create_file (path, error))
    return NULL;

  g_autoptr (Database) database = open_connection (path, SQLITE_OPEN_READWRITE, error);
  if (database == NULL)
    return NULL;
  /* Until the file is accepted, closing must not fold its WAL into it. */
  sqlite3_db_config (database->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
  if (!database_run_script (database,
                            "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
                            "PRAGMA foreign_keys = ON;",
                            error)
      || !check_opened (database, newest_schema, clean, error) || !clean_mark_remove (path, error)
      || !set_up_commits (database, error))
    return NULL;
  sqlite3_db_config (database->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
  return g_steal_pointer (&database);
}

Database *
database_open_reader (const char *path, GError **error)
{
  g_autoptr (Database) database = open_connection (path, SQLITE_OPEN_READONLY, error);

  if (database == NULL
      || !database_run_script (database,
                               "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
                               "PRAGMA query_only = ON;",
                               error))
    return NULL;
  return g_steal_pointer (&database);
}

gboolean
database_check_file (const char *path, guint newest_schema, GError **error)
{
  g_autoptr (Database) database = NULL;

  if (!g_file_test (path, G_FILE_TEST_EXISTS)) {
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_NOT_FOUND, "there is no file %s", path);
    return FALSE;
  }
  if (!check_header (path, newest_schema, error))
    return FALSE;
  database = database_open_reader (path, error);
  return database != NULL && check_opened (database, newest_schema, TRUE, error)
         && check_sound (database, "PRAGMA integrity_check (1)", error);
}

static gboolean
sync_file (const char *path, GError **error)
{
  int fd = open (path, O_RDWR | O_CLOEXEC);
  gboolean synced = fd >= 0 && fsync (fd) == 0;
  int reason = errno;

  if (fd >= 0)
    close (fd);
  if (!synced)
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_STORAGE, "%s can't be synced: %s", path,
                 g_strerror (reason));
  return synced;
}

static gboolean
copy_into (Database *from, Database *to, GError **error)
{
  sqlite3_backup *backup = sqlite3_backup_init (to->handle, "main", from->handle, "main");

  if (backup == NULL)
    return database_fail (to, sqlite3_errcode (to->handle), "starting a backup", error);
  sqlite3_backup_step (backup, -1);
  int result = sqlite3_backup_finish (backup);
  return result == SQLITE_OK || database_fail (to, result, "copying a backup", error);
}

static gboolean
copy_to_file (Database *from, const char *path, GError **error)
{
  g_autoptr (Database) to =
      open_connection (path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, error);

  return to != NULL && copy_into (from, to, error);
}

gboolean
database_back_up (Database *database, const char *path, GError **error)
{
  g_autofree char *unfinished = g_strconcat (path, ".unfinished", NULL);

  g_unlink (unfinished);
  if (!copy_to_file (database, unfinished, error) || !sync_file (unfinished, error))
    return FALSE;
  if (g_rename (unfinished, path) != 0) {
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_STORAGE, "%s can't be put in place: %s", path,
                 g_strerror (errno));
    return FALSE;
  }
  return folder_sync (path, error);
}

int
database_lock (const char *path, GError **error)
{
  g_autofree char *name = g_strconcat (path, ".lock", NULL);
  int fd = open (name, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);

  if (fd >= 0 && flock (fd, LOCK_EX | LOCK_NB) == 0)
    return fd;
  int reason = errno;
  if (fd >= 0)
    close (fd);
  if (reason == EWOULDBLOCK)
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_STORAGE,
                 "%s is in use by another keycradled: stop that one first", path);
  else
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_STORAGE, "%s can't be locked: %s", name,
                 g_strerror (reason));
  return -1;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the station signed and the ledger keeps: reports, and the statements of exports. Each has
 * its own entry in the signer's log, and the mark there (ledger-log.c) steps over what is here.
 */
#include "base/encode.h"
#include "db/ledger-private.h"

void
batch_report_free (BatchReport *report)
{
  if (report == NULL)
    return;
  g_free (report->batch);
  g_free (report->sha256);
  g_clear_pointer (&report->der, g_bytes_unref);
  g_free (report);
}

#define REPORT_QUERY                                                                               \
  "SELECT reports.id, at, batches.name, log_index, final, sha256, der FROM reports"                \
  " JOIN batches ON batches.id = reports.batch"

static gpointer
load_report (Statement *statement)
{
  BatchReport *report = g_new0 (BatchReport, 1);

  report->id = statement_int64 (statement);
  report->at = statement_int64 (statement);
  report->batch = statement_dup_text (statement);
  report->log_index = (guint64)statement_int64 (statement);
  report->final = statement_int64 (statement) != 0;
  report->sha256 = statement_dup_hex (statement);
  report->der = statement_dup_bytes (statement);
  return report;
}

GPtrArray *
ledger_reports (Ledger *ledger, const char *batch, guint most, GError **error)
{
  return load_list (ledger, batch, most, REPORT_QUERY " ORDER BY reports.id DESC LIMIT ?",
                    REPORT_QUERY " WHERE reports.batch = ? ORDER BY reports.id DESC LIMIT ?",
                    load_report, (GDestroyNotify)batch_report_free, error);
}

static BatchReport *
read_report (Ledger *ledger, const char *sql, gint64 number, const char *kind, GError **error)
{
  gpointer report;
  g_autofree char *name = g_strdup_printf ("%" G_GINT64_FORMAT, number);
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->list.mutex);
  g_autoptr (Statement) select = statement_prepare (ledger->list.database, sql, error);

  if (select == NULL)
    return NULL;
  statement_bind_int64 (select, number);
  if (!load_row (select, load_report, &report, error))
    return NULL;
  if (report == NULL)
    ledger_not_found (kind, name, error);
  return report;
}

BatchReport *
ledger_report (Ledger *ledger, gint64 id, GError **error)
{
  return read_report (ledger, REPORT_QUERY " WHERE reports.id = ?", id, "report", error);
}

BatchReport *
ledger_report_of_entry (Ledger *ledger, guint64 log_index, GError **error)
{
  return read_report (ledger, REPORT_QUERY " WHERE log_index = ?", (gint64)log_index,
                      "report in the signer's log at", error);
}

static gpointer
load_name (Statement *statement)
{
  return statement_dup_text (statement);
}

GPtrArray *
ledger_reports_due (Ledger *ledger, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->line.mutex);
  g_autoptr (Statement) select = statement_prepare (
      ledger->line.database, "SELECT name FROM batches WHERE report_due ORDER BY id", error);

  return select == NULL ? NULL : load_rows (select, load_name, g_free, error);
}

/* ---- storing ---- */

/* TRUE with `stored` where this very record is there; INVALID where another one has its index. */
static gboolean
find_stored (Database *database, const char *sql, guint64 log_index, GBytes *der, gboolean *stored,
             GError **error)
{
  g_autoptr (Statement) select = statement_prepare (database, sql, error);

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, (gint64)log_index);
  if (!statement_step (select, stored, error))
    return FALSE;
  if (!*stored)
    return TRUE;
  g_autoptr (GBytes) there = statement_dup_bytes (select);
  if (g_bytes_equal (there, der))
    return TRUE;
  g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
               "entry %" G_GUINT64_FORMAT " of the signer's log is another one in the ledger: "
               "signer and ledger do not belong together",
               log_index);
  return FALSE;
}

static gboolean
audit_record (Database *database, const char *kind, const char *batch, const char *what,
              guint64 log_index, GBytes *der, GError **error)
{
  g_autofree char *digest = sha256_hex (g_bytes_get_data (der, NULL), g_bytes_get_size (der));
  g_autofree char *detail =
      g_strdup_printf ("%slog index %" G_GUINT64_FORMAT ", SHA-256 %s", what, log_index, digest);

  return audit_add (database, "signer", kind, batch, detail, NULL, error);
}

static gboolean
insert_report (Database *database, const BatchReport *report, gint64 batch_id, GError **error)
{
  g_autoptr (GBytes) digest =
      sha256_of (g_bytes_get_data (report->der, NULL), g_bytes_get_size (report->der));
  g_autoptr (Statement) insert =
      statement_prepare (database,
                         "INSERT INTO reports (at, batch, log_index, final, sha256, der)"
                         " VALUES (?, ?, ?, ?, ?, ?)",
                         error);

  if (insert == NULL)
    return FALSE;
  statement_bind_int64 (insert, g_get_real_time ());
  statement_bind_int64 (insert, batch_id);
  statement_bind_int64 (insert, (gint64)report->log_index);
  statement_bind_int64 (insert, report->final);
  statement_bind_bytes (insert, digest);
  statement_bind_bytes (insert, report->der);
  return statement_run (insert, error);
}

static gboolean
store_report (Database *database, gpointer data, GError **error)
{
  const BatchReport *report = data;
  gint64 batch_id;
  gboolean stored;

  if (!find_stored (database, "SELECT der FROM reports WHERE log_index = ?", report->log_index,
                    report->der, &stored, error))
    return FALSE;
  return stored
         || (batch_find_existing (database, report->batch, &batch_id, error)
             && insert_report (database, report, batch_id, error)
             && audit_record (database, "report", report->batch, report->final ? "final, " : "",
                              report->log_index, report->der, error)
             && log_mark_advance (database, error));
}

gboolean
ledger_store_report (Ledger *ledger, const BatchReport *report, GError **error)
{
  return ledger_write (ledger, store_report, (gpointer)report, error);
}

/* ---- statements of exports ---- */

static gboolean
find_export (Database *database, const ExportStatement *statement, gint64 *id, GError **error)
{
  gboolean found;
  g_autoptr (GBytes) digest = hex_decode (statement->sha256);
  g_autoptr (Statement) select = statement_prepare (
      database,
      "SELECT exports.id FROM exports JOIN batches ON batches.id = exports.batch"
      " WHERE sha256 = ? AND batches.name = ? AND format = ? AND statement IS NULL"
      " ORDER BY exports.id DESC LIMIT 1",
      error);

  if (select == NULL)
    return FALSE;
  statement_bind_bytes (select, digest);
  statement_bind_text (select, statement->batch);
  statement_bind_text (select, statement->format);
  if (!load_id (select, id, &found, error))
    return FALSE;
  return found
         || ledger_not_found ("export without a statement that has SHA-256", statement->sha256,
                              error);
}

static gboolean
write_statement (Database *database, gint64 id, const ExportStatement *statement, GError **error)
{
  g_autoptr (Statement) update = statement_prepare (
      database, "UPDATE exports SET statement = ?, statement_index = ? WHERE id = ?", error);

  if (update == NULL)
    return FALSE;
  statement_bind_bytes (update, statement->der);
  statement_bind_int64 (update, (gint64)statement->log_index);
  statement_bind_int64 (update, id);
  return statement_run (update, error);
}

static gboolean
store_statement (Database *database, gpointer data, GError **error)
{
  const ExportStatement *statement = data;
  gint64 id;
  gboolean stored;

  if (!find_stored (database, "SELECT statement FROM exports WHERE statement_index = ?",
                    statement->log_index, statement->der, &stored, error))
    return FALSE;
  if (stored)
    return TRUE;
  if (!find_export (database, statement, &id, error)
      || !write_statement (database, id, statement, error))
    return FALSE;
  g_autofree char *what = g_strdup_printf ("export %" G_GINT64_FORMAT ", ", id);
  return audit_record (database, "manifest-statement", statement->batch, what, statement->log_index,
                       statement->der, error)
         && log_mark_advance (database, error);
}

gboolean
ledger_store_statement (Ledger *ledger, const ExportStatement *statement, GError **error)
{
  return ledger_write (ledger, store_statement, (gpointer)statement, error);
}

GBytes *
ledger_export_statement (Ledger *ledger, gint64 id, GError **error)
{
  gboolean row;
  g_autofree char *name = g_strdup_printf ("%" G_GINT64_FORMAT, id);
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->list.mutex);
  g_autoptr (Statement) select = statement_prepare (
      ledger->list.database, "SELECT statement FROM exports WHERE id = ?", error);

  if (select == NULL)
    return NULL;
  statement_bind_int64 (select, id);
  if (!statement_step (select, &row, error))
    return NULL;
  if (!row)
    ledger_not_found ("export", name, error);
  return row ? statement_dup_bytes (select) : NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What was exported, as it stands on record. manifest.c writes the records.
 */
#include "db/ledger-private.h"

#define EXPORT_COLUMNS                                                                             \
  "exports.at, exports.actor, batches.name, exports.format,"                                       \
  " exports.since > 0 AND exports.part = 1, exports.rows,"                                         \
  " exports.bytes, exports.sha256, exports.id, exports.confirmed,"                                 \
  " exports.statement_index IS NOT NULL, exports.part, exports.parts, targets.name"
#define EXPORT_TABLES                                                                              \
  " FROM exports JOIN batches ON batches.id = exports.batch"                                       \
  " LEFT JOIN targets ON targets.id = exports.target"

void
export_record_free (ExportRecord *record)
{
  if (record == NULL)
    return;
  g_free (record->actor);
  g_free (record->batch);
  g_free (record->format);
  g_free (record->sha256);
  g_free (record->target);
  g_free (record);
}

static gpointer
load_export (Statement *statement)
{
  ExportRecord *record = g_new0 (ExportRecord, 1);

  record->at = statement_int64 (statement);
  record->actor = statement_dup_text (statement);
  record->batch = statement_dup_text (statement);
  record->format = statement_dup_text (statement);
  record->new_only = statement_int64 (statement) != 0;
  record->rows = (guint64)statement_int64 (statement);
  record->bytes = (guint64)statement_int64 (statement);
  record->sha256 = statement_dup_hex (statement);
  record->id = statement_int64 (statement);
  record->confirmed = statement_int64 (statement) != 0;
  record->stated = statement_int64 (statement) != 0;
  record->part = (guint)statement_int64 (statement);
  record->parts = (guint)statement_int64 (statement);
  record->target = statement_dup_text (statement);
  return record;
}

GPtrArray *
ledger_exports (Ledger *ledger, const char *batch, guint most, GError **error)
{
  return load_list (ledger, batch, most,
                    "SELECT " EXPORT_COLUMNS EXPORT_TABLES " ORDER BY exports.id DESC LIMIT ?",
                    "SELECT " EXPORT_COLUMNS EXPORT_TABLES
                    " WHERE exports.batch = ? ORDER BY exports.id DESC LIMIT ?",
                    load_export, (GDestroyNotify)export_record_free, error);
}

/* ---- confirmation ---- */

typedef struct {
  gint64 id;
  const char *actor;
} Confirmation;

static gboolean
read_export (Database *database, gint64 id, gpointer *record, GError **error)
{
  g_autoptr (Statement) select = statement_prepare (
      database, "SELECT " EXPORT_COLUMNS EXPORT_TABLES " WHERE exports.id = ?", error);

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, id);
  return load_row (select, load_export, record, error);
}

ExportRecord *
ledger_export (Ledger *ledger, gint64 id, GError **error)
{
  gpointer record = NULL;
  g_autofree char *name = g_strdup_printf ("%" G_GINT64_FORMAT, id);
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->list.mutex);

  if (read_export (ledger->list.database, id, &record, error) && record == NULL)
    ledger_not_found ("export", name, error);
  return record;
}

static gboolean
write_confirmed (Database *database, gint64 id, GError **error)
{
  g_autoptr (Statement) update =
      statement_prepare (database, "UPDATE exports SET confirmed = 1 WHERE id = ?", error);

  if (update == NULL)
    return FALSE;
  statement_bind_int64 (update, id);
  return statement_run (update, error);
}

static gboolean
confirm_export (Database *database, gpointer data, GError **error)
{
  const Confirmation *confirmation = data;
  g_autofree char *name = g_strdup_printf ("%" G_GINT64_FORMAT, confirmation->id);
  g_autofree char *detail = NULL;
  gpointer found = NULL;

  if (!read_export (database, confirmation->id, &found, error))
    return FALSE;
  if (found == NULL)
    return ledger_not_found ("export", name, error);
  g_autoptr (ExportRecord) record = found;
  if (record->confirmed)
    return TRUE;
  detail = g_strdup_printf ("export %s: %s, %" G_GUINT64_FORMAT " rows, SHA-256 %s", name,
                            record->format, record->rows, record->sha256);
  return write_confirmed (database, confirmation->id, error)
         && audit_add (database, confirmation->actor, "export-confirmed", record->batch, detail,
                       NULL, error);
}

gboolean
ledger_confirm_export (Ledger *ledger, gint64 id, const char *actor, GError **error)
{
  Confirmation confirmation = { .id = id, .actor = actor };

  return ledger_write (ledger, confirm_export, &confirmation, error);
}

/* ---- what a next one would have ---- */

gboolean
export_read_since (Database *database, gint64 batch_id, const char *format, gint64 target,
                   gint64 *since, GError **error)
{
  gboolean found;
  g_autoptr (Statement) select = statement_prepare (
      database,
      "SELECT max (through) FROM exports WHERE batch = ? AND format = ? AND confirmed"
      " AND target IS nullif (?, 0)",
      error);

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, batch_id);
  statement_bind_text (select, format);
  statement_bind_int64 (select, target);
  return load_id (select, since, &found, error);
}

/* Two indexes answer: no certificate is read for it. */
#define UNITS_QUERY                                                                                \
  "SELECT (SELECT count (*) FROM certificates WHERE batch = ?1 AND verified_event IS NOT NULL"     \
  "   AND verified_event > ?2)"                                                                    \
  " - (SELECT count (*) FROM certificates WHERE batch = ?1 AND verified_event IS NOT NULL"         \
  "   AND void_event IS NOT NULL AND verified_event > ?2)"

static gboolean
count_units (Database *database, gint64 batch_id, gint64 since, guint64 *units, GError **error)
{
  gint64 count;
  gboolean found;
  g_autoptr (Statement) select = statement_prepare (database, UNITS_QUERY, error);

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, batch_id);
  statement_bind_int64 (select, since);
  if (!load_id (select, &count, &found, error))
    return FALSE;
  *units = (guint64)count;
  return TRUE;
}

gboolean
ledger_count_export (Ledger *ledger, const char *batch, const char *format, ExportCount *count,
                     GError **error)
{
  gint64 batch_id;
  gint64 since;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->list.mutex);
  Database *database = ledger->list.database;

  return batch_find_existing (database, batch, &batch_id, error)
         && export_read_since (database, batch_id, format, 0, &since, error)
         && count_units (database, batch_id, 0, &count->units, error)
         && count_units (database, batch_id, since, &count->new_units, error);
}

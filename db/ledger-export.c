/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What was exported, as it stands on record. manifest.c writes the records.
 */
#include "db/ledger-private.h"

#define EXPORT_COLUMNS                                                                             \
  "exports.at, exports.actor, batches.name, exports.format, exports.since > 0, exports.rows,"      \
  " exports.bytes, exports.sha256"
#define EXPORT_TABLES " FROM exports JOIN batches ON batches.id = exports.batch"

void
export_record_free (ExportRecord *record)
{
  if (record == NULL)
    return;
  g_free (record->actor);
  g_free (record->batch);
  g_free (record->format);
  g_free (record->sha256);
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
  return record;
}

GPtrArray *
ledger_exports (Ledger *ledger, const char *batch, guint most, GError **error)
{
  gint64 batch_id = 0;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->list.mutex);

  if (batch != NULL && !batch_find_existing (ledger->list.database, batch, &batch_id, error))
    return NULL;
  g_autoptr (Statement) select = statement_prepare (
      ledger->list.database,
      batch == NULL ? "SELECT " EXPORT_COLUMNS EXPORT_TABLES " ORDER BY exports.id DESC LIMIT ?"
                    : "SELECT " EXPORT_COLUMNS EXPORT_TABLES
                      " WHERE exports.batch = ? ORDER BY exports.id DESC LIMIT ?",
      error);
  if (select == NULL)
    return NULL;
  if (batch != NULL)
    statement_bind_int64 (select, batch_id);
  statement_bind_int64 (select, limit_of (most));
  return load_rows (select, load_export, (GDestroyNotify)export_record_free, error);
}

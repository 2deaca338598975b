/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How a batch goes: its rate, and what it fails of. Neither costs more in a large batch: the
 * rate reads an index from a time on, failures are counted by a trigger as attempts end.
 */
#include "db/ledger-private.h"

static gboolean
read_rate (Database *database, gint64 batch_id, gint64 since, BatchRate *rate, GError **error)
{
  gboolean row;
  g_autoptr (Statement) select = statement_prepare (database, BATCH_RATE_QUERY, error);

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, batch_id);
  statement_bind_int64 (select, since);
  if (!statement_step (select, &row, error))
    return FALSE;
  rate->passed = (guint)statement_int64 (select);
  rate->mean_time = statement_int64 (select);
  return TRUE;
}

gboolean
ledger_batch_rate (Ledger *ledger, const char *name, gint64 since, BatchRate *rate, GError **error)
{
  gint64 batch_id;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->line.mutex);

  return batch_find_existing (ledger->line.database, name, &batch_id, error)
         && read_rate (ledger->line.database, batch_id, since, rate, error);
}

gboolean
ledger_batch_begun (Ledger *ledger, const char *name, gint64 *at, GError **error)
{
  gint64 batch_id;
  gboolean found;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->line.mutex);

  if (!batch_find_existing (ledger->line.database, name, &batch_id, error))
    return FALSE;
  g_autoptr (Statement) select = statement_prepare (
      ledger->line.database, "SELECT started_at FROM attempts WHERE batch = ? ORDER BY id LIMIT 1",
      error);
  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, batch_id);
  return load_id (select, at, &found, error);
}

void
failure_count_free (FailureCount *count)
{
  if (count == NULL)
    return;
  g_free (count->reason);
  g_free (count->slot);
  g_free (count);
}

static gpointer
load_failure_count (Statement *statement)
{
  FailureCount *count = g_new0 (FailureCount, 1);

  count->reason = statement_dup_text (statement);
  count->slot = statement_dup_text (statement);
  count->count = (guint)statement_int64 (statement);
  count->last_at = statement_int64 (statement);
  return count;
}

GPtrArray *
ledger_batch_failures (Ledger *ledger, const char *name, GError **error)
{
  gint64 batch_id;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->line.mutex);

  if (!batch_find_existing (ledger->line.database, name, &batch_id, error))
    return NULL;
  g_autoptr (Statement) select =
      statement_prepare (ledger->line.database, BATCH_FAILURES_QUERY, error);
  if (select == NULL)
    return NULL;
  statement_bind_int64 (select, batch_id);
  return load_rows (select, load_failure_count, (GDestroyNotify)failure_count_free, error);
}

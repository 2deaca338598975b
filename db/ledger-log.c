/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How far the ledger has followed the signer's log: the mark next_log_index. Certificates, reports
 * and manifests' statements are stored in any order, and the mark follows when the gap before it
 * closes. Entries of other types leave no row; they come in order, when the station catches up, and
 * each becomes an audit event.
 */
#include "db/ledger-private.h"

#define NEXT_LOG_INDEX "SELECT value FROM meta WHERE name = 'next_log_index'"

#define STORED_QUERY                                                                               \
  "SELECT id FROM certificates WHERE log_index = ?1"                                               \
  " UNION ALL SELECT id FROM reports WHERE log_index = ?1"                                         \
  " UNION ALL SELECT id FROM exports WHERE statement_index = ?1 LIMIT 1"

static gboolean
log_index_stored (Database *database, gint64 index, gboolean *stored, GError **error)
{
  gint64 id;
  g_autoptr (Statement) select = statement_prepare (database, STORED_QUERY, error);

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, index);
  return load_id (select, &id, stored, error);
}

static gboolean
set_mark (Database *database, gint64 next, GError **error)
{
  g_autoptr (Statement) update = statement_prepare (
      database, "UPDATE meta SET value = ? WHERE name = 'next_log_index'", error);

  if (update == NULL)
    return FALSE;
  statement_bind_int64 (update, next);
  return statement_run (update, error);
}

/* Each index is stepped over once in the ledger's life. */
gboolean
log_mark_advance (Database *database, GError **error)
{
  gint64 next;
  gboolean stored = TRUE;

  if (!database_read_number (database, NEXT_LOG_INDEX, &next, error))
    return FALSE;
  gint64 first = next;
  while (stored) {
    if (!log_index_stored (database, next, &stored, error))
      return FALSE;
    next += stored ? 1 : 0;
  }
  return next == first || set_mark (database, next, error);
}

typedef struct {
  gint64 index;
  const LogNotice *notice;
} Passing;

static gboolean
pass_entry (Database *database, gpointer data, GError **error)
{
  const Passing *passing = data;
  const LogNotice *notice = passing->notice;
  gint64 next;

  if (!database_read_number (database, NEXT_LOG_INDEX, &next, error))
    return FALSE;
  if (next > passing->index)
    return TRUE;
  if (next < passing->index) {
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
                 "entry %" G_GINT64_FORMAT " of the signer's log is not stored yet", next);
    return FALSE;
  }
  return audit_add (database, "signer", notice->kind, notice->subject, notice->detail, NULL, error)
         && set_mark (database, next + 1, error) && log_mark_advance (database, error);
}

gboolean
ledger_pass_log_entry (Ledger *ledger, guint64 index, const LogNotice *notice, GError **error)
{
  Passing passing = { (gint64)index, notice };

  return ledger_write (ledger, pass_entry, &passing, error);
}

gboolean
ledger_next_log_index (Ledger *ledger, guint64 *index, GError **error)
{
  gint64 next;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->line.mutex);

  if (!database_read_number (ledger->line.database, NEXT_LOG_INDEX, &next, error))
    return FALSE;
  *index = (guint64)next;
  return TRUE;
}

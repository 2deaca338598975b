/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Batches: work orders, their states and their serial ranges.
 */
#include "db/ledger-private.h"

#define BATCH_COLUMNS                                                                              \
  "id, name, product, profile, state, target, serial_prefix, serial_first, serial_last,"           \
  " serial_width, serial_scan, serial_pattern, created_at, created_by, passed, failed, attempts,"  \
  " devices, first_passed, first_failed, started_at, report_due, order_kind, listed IS NOT NULL, " \
  "listed"

const char *
batch_state_word (BatchState state)
{
  switch (state) {
  case BATCH_CREATED:
    return "created";
  case BATCH_RUNNING:
    return "running";
  case BATCH_PAUSED:
    return "paused";
  case BATCH_CLOSED:
    return "closed";
  }
  return "unknown";
}

static BatchState
batch_state_from_word (const char *word)
{
  for (BatchState state = BATCH_CREATED; state < BATCH_CLOSED; state++)
    if (g_strcmp0 (word, batch_state_word (state)) == 0)
      return state;
  return BATCH_CLOSED;
}

Batch *
batch_new (void)
{
  return g_new0 (Batch, 1);
}

void
batch_free (Batch *batch)
{
  if (batch == NULL)
    return;
  g_free (batch->name);
  g_free (batch->product);
  g_free (batch->profile);
  g_free (batch->serial_prefix);
  g_free (batch->serial_pattern);
  g_free (batch->created_by);
  g_free (batch);
}

static gpointer
load_batch (Statement *statement)
{
  Batch *batch = batch_new ();

  batch->id = statement_int64 (statement);
  batch->name = statement_dup_text (statement);
  batch->product = statement_dup_text (statement);
  batch->profile = statement_dup_text (statement);
  batch->state = batch_state_from_word (statement_text (statement));
  batch->target = (guint)statement_int64 (statement);
  batch->serial_prefix = statement_dup_text (statement);
  batch->serial_first = (guint64)statement_int64 (statement);
  batch->serial_last = (guint64)statement_int64 (statement);
  batch->serial_width = (guint)statement_int64 (statement);
  batch->serial_scan = statement_int64 (statement) != 0;
  batch->serial_pattern = statement_dup_text (statement);
  batch->created_at = statement_int64 (statement);
  batch->created_by = statement_dup_text (statement);
  batch->passed = (guint)statement_int64 (statement);
  batch->failed = (guint)statement_int64 (statement);
  batch->attempts = (guint)statement_int64 (statement);
  batch->devices = (guint)statement_int64 (statement);
  batch->first_passed = (guint)statement_int64 (statement);
  batch->first_failed = (guint)statement_int64 (statement);
  batch->started_at = statement_int64 (statement);
  batch->report_due = statement_int64 (statement) != 0;
  batch_kind_from_word (statement_text (statement), &batch->kind);
  batch->listed = statement_int64 (statement) != 0;
  batch->units = (guint64)statement_int64 (statement);
  return batch;
}

gboolean
batch_find (Database *database, const char *name, gint64 *id, gboolean *found, GError **error)
{
  g_autoptr (Statement) select =
      statement_prepare (database, "SELECT id FROM batches WHERE name = ?", error);

  if (select == NULL)
    return FALSE;
  statement_bind_text (select, name);
  return load_id (select, id, found, error);
}

gboolean
batch_find_existing (Database *database, const char *name, gint64 *id, GError **error)
{
  gboolean found;

  if (!batch_find (database, name, id, &found, error))
    return FALSE;
  return found || ledger_not_found ("batch", name, error);
}

gboolean
batch_check_running (Database *database, gint64 id, GError **error)
{
  gboolean row;
  g_autoptr (Statement) select =
      statement_prepare (database, "SELECT state, name FROM batches WHERE id = ?", error);

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, id);
  if (!statement_step (select, &row, error))
    return FALSE;
  const char *state = row ? statement_text (select) : "gone";
  if (g_strcmp0 (state, "running") == 0)
    return TRUE;
  g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_BATCH_STATE, "batch %s is %s, not running",
               statement_text (select), state);
  return FALSE;
}

gboolean
batch_find_running (Database *database, const char *name, gint64 *id, GError **error)
{
  return batch_find_existing (database, name, id, error)
         && batch_check_running (database, *id, error);
}

static gboolean
insert_batch (Database *database, const Batch *batch, BatchState state, GError **error)
{
  gboolean ranged = batch->serial_prefix != NULL;
  g_autoptr (Statement) insert = statement_prepare (
      database,
      "INSERT INTO batches (name, product, profile, state, target, serial_prefix, serial_first,"
      " serial_last, serial_width, serial_next, serial_scan, serial_pattern, created_at,"
      " created_by, order_kind, listed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      error);

  if (insert == NULL)
    return FALSE;
  statement_bind_text (insert, batch->name);
  statement_bind_text (insert, batch->product == NULL ? "" : batch->product);
  statement_bind_text (insert, batch->profile);
  statement_bind_text (insert, batch_state_word (state));
  statement_bind_int64 (insert, batch->target);
  statement_bind_text (insert, batch->serial_prefix);
  statement_bind_int64 (insert, ranged ? (gint64)batch->serial_first : 0);
  statement_bind_int64 (insert, ranged ? (gint64)batch->serial_last : 0);
  statement_bind_int64 (insert, ranged ? batch->serial_width : 0);
  statement_bind_int64 (insert, ranged ? (gint64)batch->serial_first : 0);
  statement_bind_int64 (insert, batch->serial_scan);
  statement_bind_text (insert, batch->serial_pattern);
  statement_bind_int64 (insert, g_get_real_time ());
  statement_bind_text (insert, batch->created_by == NULL ? "" : batch->created_by);
  statement_bind_text (insert, batch_kind_word (batch->kind));
  if (batch->listed)
    statement_bind_int64 (insert, 0);
  else
    statement_bind_null (insert);
  return statement_run (insert, error);
}

static gboolean
create_batch (Database *database, gpointer data, GError **error)
{
  const Batch *batch = data;
  gint64 id;
  gboolean found;

  if (!batch_find (database, batch->name, &id, &found, error))
    return FALSE;
  if (found) {
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_EXISTS, "there is a batch %s already",
                 batch->name);
    return FALSE;
  }
  g_autofree char *detail = g_strdup_printf (
      "product %s, profile %s, target %u%s%s%s", batch->product == NULL ? "" : batch->product,
      batch->profile, batch->target, batch->serial_scan ? ", serials scanned" : "",
      batch->kind == BATCH_NEW       ? ""
      : batch->kind == BATCH_REFRESH ? ", refreshes roots and endpoint"
                                     : ", renews certificates",
      batch->listed ? " of listed units" : "");
  return insert_batch (database, batch, BATCH_CREATED, error)
         && audit_add (database, batch->created_by, "batch-create", batch->name, detail, NULL,
                       error);
}

gboolean
ledger_create_batch (Ledger *ledger, const Batch *batch, const char *actor, GError **error)
{
  Batch created = *batch;

  if (!batch_is_sound (batch, error))
    return FALSE;
  created.created_by = (char *)actor;
  return ledger_write (ledger, create_batch, &created, error);
}

gboolean
batch_find_or_recover (Database *database, const char *name, const char *profile, BatchKind kind,
                       gint64 *id, GError **error)
{
  Batch batch = { .kind = kind,
                  .name = (char *)name,
                  .product = (char *)"",
                  .profile = (char *)profile,
                  .created_by = (char *)"recovery" };
  gboolean found;

  if (!batch_find (database, name, id, &found, error))
    return FALSE;
  if (found)
    return TRUE;
  if (!insert_batch (database, &batch, BATCH_PAUSED, error))
    return FALSE;
  *id = database_last_id (database);
  return audit_add (database, NULL, "batch-recovered", name,
                    "made from the signer's log: the ledger did not have it", NULL, error);
}

typedef struct {
  const char *name;
  BatchState state;
  const char *actor;
} StateChange;

static gboolean
may_become (BatchState from, BatchState to)
{
  switch (to) {
  case BATCH_CREATED:
    return FALSE;
  case BATCH_RUNNING:
    return from == BATCH_CREATED || from == BATCH_PAUSED;
  case BATCH_PAUSED:
    return from == BATCH_RUNNING;
  case BATCH_CLOSED:
    return TRUE;
  }
  return FALSE;
}

static const char *
state_event (BatchState state)
{
  switch (state) {
  case BATCH_CREATED:
    return "batch-create";
  case BATCH_RUNNING:
    return "batch-start";
  case BATCH_PAUSED:
    return "batch-pause";
  case BATCH_CLOSED:
    return "batch-close";
  }
  return "batch";
}

static gboolean
read_state (Database *database, const char *name, BatchState *state, GError **error)
{
  gboolean row;
  g_autoptr (Statement) select =
      statement_prepare (database, "SELECT state FROM batches WHERE name = ?", error);

  if (select == NULL)
    return FALSE;
  statement_bind_text (select, name);
  if (!statement_step (select, &row, error))
    return FALSE;
  if (!row)
    return ledger_not_found ("batch", name, error);
  *state = batch_state_from_word (statement_text (select));
  return TRUE;
}

static gboolean
write_state (Database *database, const char *name, BatchState state, GError **error)
{
  g_autoptr (Statement) update = statement_prepare (
      database,
      "UPDATE batches SET state = ?1,"
      " started_at = CASE ?1 WHEN 'running' THEN ?3 ELSE started_at END WHERE name = ?2",
      error);

  if (update == NULL)
    return FALSE;
  statement_bind_text (update, batch_state_word (state));
  statement_bind_text (update, name);
  statement_bind_int64 (update, g_get_real_time ());
  return statement_run (update, error);
}

static gboolean
void_open (Database *database, const StateChange *change, GError **error)
{
  gint64 batch_id;

  return batch_find_existing (database, change->name, &batch_id, error)
         && certificates_void_open (database, batch_id, change->actor, error);
}

static gboolean
set_batch_state (Database *database, gpointer data, GError **error)
{
  const StateChange *change = data;
  BatchState state = BATCH_CLOSED;

  if (!read_state (database, change->name, &state, error))
    return FALSE;
  if (state == change->state)
    return TRUE;
  if (!may_become (state, change->state)) {
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_BATCH_STATE,
                 "batch %s is %s and can't become %s", change->name, batch_state_word (state),
                 batch_state_word (change->state));
    return FALSE;
  }
  return write_state (database, change->name, change->state, error)
         && audit_add (database, change->actor, state_event (change->state), change->name, NULL,
                       NULL, error)
         && (change->state != BATCH_RUNNING || batch_check_units (database, change->name, error))
         && (change->state != BATCH_CLOSED
             || (void_open (database, change, error)
                 && batch_note_missing (database, change->name, change->actor, error)));
}

gboolean
ledger_set_batch_state (Ledger *ledger, const char *name, BatchState state, const char *actor,
                        GError **error)
{
  StateChange change = { .name = name, .state = state, .actor = actor };

  return ledger_write (ledger, set_batch_state, &change, error);
}

Batch *
ledger_batch (Ledger *ledger, const char *name, GError **error)
{
  gpointer batch;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->line.mutex);
  g_autoptr (Statement) select = statement_prepare (
      ledger->line.database, "SELECT " BATCH_COLUMNS " FROM batches WHERE name = ?", error);

  if (select == NULL)
    return NULL;
  statement_bind_text (select, name);
  if (!load_row (select, load_batch, &batch, error))
    return NULL;
  if (batch == NULL)
    ledger_not_found ("batch", name, error);
  return batch;
}

GPtrArray *
ledger_batches (Ledger *ledger, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->list.mutex);
  g_autoptr (Statement) select = statement_prepare (
      ledger->list.database, "SELECT " BATCH_COLUMNS " FROM batches ORDER BY id DESC", error);

  return select == NULL ? NULL : load_rows (select, load_batch, (GDestroyNotify)batch_free, error);
}

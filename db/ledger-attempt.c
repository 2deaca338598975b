/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Attempts: one row for every time a port opened, whatever came of it.
 */
#include "db/ledger-private.h"

#define ATTEMPT_COLUMNS                                                                            \
  "attempts.id, slot, batches.name, devices.serial, coalesce (attempts.driver, devices.driver),"   \
  " operator_name, attempts.started_at, ended_at, result, step, reason, detail, transcript"
#define ATTEMPT_TABLES                                                                             \
  " FROM attempts LEFT JOIN batches ON batches.id = attempts.batch"                                \
  " LEFT JOIN devices ON devices.id = attempts.device"

const char *
attempt_result_word (AttemptResult result)
{
  switch (result) {
  case ATTEMPT_RUNNING:
    return "running";
  case ATTEMPT_PASSED:
    return "passed";
  case ATTEMPT_FAILED:
    return "failed";
  case ATTEMPT_INTERRUPTED:
    return "interrupted";
  }
  return "unknown";
}

static AttemptResult
attempt_result_from_word (const char *word)
{
  for (AttemptResult result = ATTEMPT_RUNNING; result < ATTEMPT_INTERRUPTED; result++)
    if (g_strcmp0 (word, attempt_result_word (result)) == 0)
      return result;
  return ATTEMPT_INTERRUPTED;
}

void
attempt_free (Attempt *attempt)
{
  if (attempt == NULL)
    return;
  g_free (attempt->slot);
  g_free (attempt->batch);
  g_free (attempt->device);
  g_free (attempt->driver);
  g_free (attempt->operator_name);
  g_free (attempt->step);
  g_free (attempt->reason);
  g_free (attempt->detail);
  g_free (attempt->transcript);
  g_free (attempt);
}

static gpointer
load_attempt (Statement *statement)
{
  Attempt *attempt = g_new0 (Attempt, 1);

  attempt->id = statement_int64 (statement);
  attempt->slot = statement_dup_text (statement);
  attempt->batch = statement_dup_text (statement);
  attempt->device = statement_dup_text (statement);
  attempt->driver = statement_dup_text (statement);
  attempt->operator_name = statement_dup_text (statement);
  attempt->started_at = statement_int64 (statement);
  attempt->ended_at = statement_int64 (statement);
  attempt->result = attempt_result_from_word (statement_text (statement));
  attempt->step = statement_dup_text (statement);
  attempt->reason = statement_dup_text (statement);
  attempt->detail = statement_dup_text (statement);
  attempt->transcript = statement_dup_text (statement);
  return attempt;
}

/* ---- begin ---- */

typedef struct {
  const char *slot;
  const char *batch;
  const char *operator_name;
  gint64 id;
} Beginning;

static gboolean
insert_attempt (Database *database, Beginning *beginning, gint64 batch_id, GError **error)
{
  g_autoptr (Statement) insert = statement_prepare (
      database,
      "INSERT INTO attempts (slot, batch, operator_name, started_at, result, step)"
      " VALUES (?, ?, ?, ?, 'running', 'open')",
      error);

  if (insert == NULL)
    return FALSE;
  statement_bind_text (insert, beginning->slot);
  if (batch_id == 0)
    statement_bind_null (insert);
  else
    statement_bind_int64 (insert, batch_id);
  statement_bind_text (insert, beginning->operator_name);
  statement_bind_int64 (insert, g_get_real_time ());
  if (!statement_run (insert, error))
    return FALSE;
  beginning->id = database_last_id (database);
  return TRUE;
}

static gboolean
begin_attempt (Database *database, gpointer data, GError **error)
{
  Beginning *beginning = data;
  gint64 batch_id = 0;

  if (beginning->batch != NULL
      && !batch_find_running (database, beginning->batch, &batch_id, error))
    return FALSE;
  return insert_attempt (database, beginning, batch_id, error);
}

gboolean
ledger_begin_attempt (Ledger *ledger, const char *slot, const char *batch,
                      const char *operator_name, gint64 *attempt_id, GError **error)
{
  Beginning beginning = { .slot = slot, .batch = batch, .operator_name = operator_name };

  if (!ledger_write_soon (ledger, begin_attempt, &beginning, error))
    return FALSE;
  *attempt_id = beginning.id;
  return TRUE;
}

gboolean
attempt_running (Database *database, gint64 attempt_id, gint64 *batch_id, gint64 *device_id,
                 GError **error)
{
  gboolean row;
  g_autoptr (Statement) select = statement_prepare (
      database, "SELECT batch, device FROM attempts WHERE id = ? AND result = 'running'", error);

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, attempt_id);
  if (!statement_step (select, &row, error))
    return FALSE;
  if (!row) {
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
                 "attempt %" G_GINT64_FORMAT " is not running", attempt_id);
    return FALSE;
  }
  *batch_id = statement_int64 (select);
  *device_id = statement_int64 (select);
  return TRUE;
}

/* ---- end ---- */

typedef struct {
  gint64 id;
  AttemptResult result;
  const char *step;
  const char *reason;
  const char *detail;
  const char *transcript;
} Ending;

static gboolean
write_ending (Database *database, const Ending *ending, GError **error)
{
  g_autoptr (Statement) update = statement_prepare (
      database,
      "UPDATE attempts SET result = ?, ended_at = ?, step = coalesce (?, step), reason = ?,"
      " detail = ?, transcript = ? WHERE id = ?",
      error);

  if (update == NULL)
    return FALSE;
  statement_bind_text (update, attempt_result_word (ending->result));
  statement_bind_int64 (update, g_get_real_time ());
  statement_bind_text (update, ending->step);
  statement_bind_text (update, ending->result == ATTEMPT_FAILED ? ending->reason : NULL);
  statement_bind_text (update, ending->detail);
  statement_bind_text (update, ending->transcript);
  statement_bind_int64 (update, ending->id);
  return statement_run (update, error);
}

static gboolean
audit_ending (Database *database, const Ending *ending, GError **error)
{
  g_autofree char *subject = g_strdup_printf ("attempt %" G_GINT64_FORMAT, ending->id);
  g_autofree char *detail =
      g_strdup_printf ("%s: %s", ending->step == NULL ? "" : ending->step,
                       ending->reason == NULL ? "interrupted" : ending->reason);
  const char *kind = ending->result == ATTEMPT_FAILED ? "attempt-failed" : "attempt-interrupted";

  return audit_add (database, NULL, kind, subject, detail, NULL, error);
}

static gboolean
end_attempt (Database *database, gpointer data, GError **error)
{
  const Ending *ending = data;
  gint64 batch_id;
  gint64 device_id;

  if (!attempt_running (database, ending->id, &batch_id, &device_id, error)
      || !write_ending (database, ending, error))
    return FALSE;
  if (ending->result == ATTEMPT_FAILED && device_id != 0
      && !device_set_state (database, device_id, "failed", error))
    return FALSE;
  return audit_ending (database, ending, error);
}

gboolean
ledger_end_attempt (Ledger *ledger, gint64 attempt_id, AttemptResult result, const char *step,
                    const char *reason, const char *detail, const char *transcript, GError **error)
{
  Ending ending = { .id = attempt_id,
                    .result = result,
                    .step = step,
                    .reason = reason,
                    .detail = detail,
                    .transcript = transcript };

  if (result == ATTEMPT_RUNNING || result == ATTEMPT_PASSED
      || (result == ATTEMPT_FAILED && reason == NULL))
  {
    g_set_error_literal (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
                         "an attempt ends as failed with a reason, or as interrupted; only a "
                         "verified certificate makes it passed");
    return FALSE;
  }
  return ledger_write (ledger, end_attempt, &ending, error);
}

static gpointer
load_number (Statement *statement)
{
  gint64 *number = g_new (gint64, 1);

  *number = statement_int64 (statement);
  return number;
}

static GPtrArray *
read_running (Database *database, GError **error)
{
  g_autoptr (Statement) select =
      statement_prepare (database, "SELECT id FROM attempts WHERE result = 'running'", error);

  return select == NULL ? NULL : load_rows (select, load_number, g_free, error);
}

gboolean
attempts_close_interrupted (Database *database, gpointer unused, GError **error)
{
  g_autoptr (GPtrArray) running = read_running (database, error);

  if (running == NULL)
    return FALSE;
  for (guint i = 0; i < running->len; i++) {
    const gint64 *id = g_ptr_array_index (running, i);
    Ending ending = { .id = *id,
                      .result = ATTEMPT_INTERRUPTED,
                      .detail = "the station stopped in the middle of it" };
    if (!end_attempt (database, &ending, error))
      return FALSE;
  }
  return TRUE;
}

/* ---- read ---- */

Attempt *
ledger_attempt (Ledger *ledger, gint64 id, GError **error)
{
  gpointer attempt;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->line.mutex);
  g_autoptr (Statement) select =
      statement_prepare (ledger->line.database,
                         "SELECT " ATTEMPT_COLUMNS ATTEMPT_TABLES " WHERE attempts.id = ?", error);

  if (select == NULL)
    return NULL;
  statement_bind_int64 (select, id);
  if (!load_row (select, load_attempt, &attempt, error))
    return NULL;
  if (attempt == NULL) {
    g_autofree char *name = g_strdup_printf ("%" G_GINT64_FORMAT, id);
    ledger_not_found ("attempt", name, error);
  }
  return attempt;
}

static const char *
attempts_query (gboolean of_batch, gboolean of_device)
{
  if (of_batch && of_device)
    return "SELECT " ATTEMPT_COLUMNS ATTEMPT_TABLES
           " WHERE attempts.batch = ? AND attempts.device = ? ORDER BY attempts.id DESC LIMIT ?";
  if (of_batch)
    return "SELECT " ATTEMPT_COLUMNS ATTEMPT_TABLES
           " WHERE attempts.batch = ? ORDER BY attempts.id DESC LIMIT ?";
  if (of_device)
    return "SELECT " ATTEMPT_COLUMNS ATTEMPT_TABLES
           " WHERE attempts.device = ? ORDER BY attempts.id DESC LIMIT ?";
  return "SELECT " ATTEMPT_COLUMNS ATTEMPT_TABLES " ORDER BY attempts.id DESC LIMIT ?";
}

GPtrArray *
ledger_attempts (Ledger *ledger, const char *batch, const char *device, guint most, GError **error)
{
  gint64 batch_id;
  gint64 device_id;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->list.mutex);

  if (batch != NULL && !batch_find_existing (ledger->list.database, batch, &batch_id, error))
    return NULL;
  if (device != NULL && !device_find_existing (ledger->list.database, device, &device_id, error))
    return NULL;
  g_autoptr (Statement) select = statement_prepare (
      ledger->list.database, attempts_query (batch != NULL, device != NULL), error);
  if (select == NULL)
    return NULL;
  if (batch != NULL)
    statement_bind_int64 (select, batch_id);
  if (device != NULL)
    statement_bind_int64 (select, device_id);
  statement_bind_int64 (select, limit_of (most));
  return load_rows (select, load_attempt, (GDestroyNotify)attempt_free, error);
}

/* ---- acknowledgement ---- */

typedef struct {
  const Attempt *attempts;
  guint count;
  const char *actor;
} Acknowledgement;

static gboolean
audit_acknowledged (Database *database, const Attempt *attempt, const char *actor, GError **error)
{
  g_autofree char *subject = attempt->id == 0
                                 ? g_strdup_printf ("slot %s", attempt->slot)
                                 : g_strdup_printf ("attempt %" G_GINT64_FORMAT, attempt->id);
  g_autofree char *detail = g_strdup_printf ("slot %s, device %s: %s", attempt->slot,
                                             attempt->device != NULL ? attempt->device : "unknown",
                                             attempt->reason != NULL ? attempt->reason : "unknown");

  return audit_add (database, actor, "fail-acknowledged", subject, detail, NULL, error);
}

static gboolean
acknowledge_failures (Database *database, gpointer data, GError **error)
{
  const Acknowledgement *seen = data;

  for (guint i = 0; i < seen->count; i++)
    if (!audit_acknowledged (database, &seen->attempts[i], seen->actor, error))
      return FALSE;
  return TRUE;
}

gboolean
ledger_acknowledge_failures (Ledger *ledger, const Attempt *attempts, guint count,
                             const char *actor, GError **error)
{
  Acknowledgement seen = { .attempts = attempts, .count = count, .actor = actor };

  return count == 0 || ledger_write (ledger, acknowledge_failures, &seen, error);
}

static gboolean
is_acknowledged (Database *database, gint64 attempt_id, gboolean *acknowledged, GError **error)
{
  g_autofree char *subject = g_strdup_printf ("attempt %" G_GINT64_FORMAT, attempt_id);
  g_autoptr (Statement) select = statement_prepare (
      database, "SELECT 1 FROM audit_events WHERE kind = 'fail-acknowledged' AND subject = ?",
      error);

  if (select == NULL)
    return FALSE;
  statement_bind_text (select, subject);
  return statement_step (select, acknowledged, error);
}

static gboolean
read_last_of_slot (Database *database, const char *slot, gpointer *attempt, GError **error)
{
  g_autoptr (Statement) select = statement_prepare (
      database,
      "SELECT " ATTEMPT_COLUMNS ATTEMPT_TABLES " WHERE slot = ? ORDER BY attempts.id DESC LIMIT 1",
      error);

  if (select == NULL)
    return FALSE;
  statement_bind_text (select, slot);
  return load_row (select, load_attempt, attempt, error);
}

Attempt *
ledger_last_pass (Ledger *ledger, const char *slot, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->list.mutex);
  gpointer last = NULL;

  if (!read_last_of_slot (ledger->list.database, slot, &last, error))
    return NULL;
  g_autoptr (Attempt) attempt = last;
  return attempt != NULL && attempt->result == ATTEMPT_PASSED ? g_steal_pointer (&attempt) : NULL;
}

Attempt *
ledger_unacknowledged_failure (Ledger *ledger, const char *slot, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->list.mutex);
  gboolean acknowledged = FALSE;
  gpointer last = NULL;

  if (!read_last_of_slot (ledger->list.database, slot, &last, error))
    return NULL;
  g_autoptr (Attempt) attempt = last;
  if (attempt == NULL || attempt->result != ATTEMPT_FAILED
      || !is_acknowledged (ledger->list.database, attempt->id, &acknowledged, error)
      || acknowledged)
    return NULL;
  return g_steal_pointer (&attempt);
}

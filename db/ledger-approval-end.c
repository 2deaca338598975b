/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How a request ends: granted or refused by a person, expired, done or not. See ledger-approval.h.
 */
#include "db/ledger-approval-private.h"

/* ---- deciding ---- */

typedef struct {
  gint64 id;
  ApprovalState state;
  const char *decider;
  const char *actor;
  const char *reason;
} Decision;

static gboolean
check_decision (const Approval *approval, const Decision *decision, GError **error)
{
  if (approval->state != APPROVAL_WAITING)
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
                 "request %" G_GINT64_FORMAT " waits no more: it is %s, by %s", approval->id,
                 approval_state_word (approval->state), approval->decider_actor);
  else if (decision->state == APPROVAL_GRANTED && person_is (approval->person, decision->decider))
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
                 "request %" G_GINT64_FORMAT " is %s's own: another supervisor must grant it",
                 approval->id, approval->person);
  else
    return TRUE;
  return FALSE;
}

static gboolean
write_decision (Database *database, const Decision *decision, GError **error)
{
  g_autoptr (Statement) update = statement_prepare (
      database,
      "UPDATE approvals SET state = ?, decider = ?, decider_actor = ?, decided_at = ?, reason = ?"
      " WHERE id = ?",
      error);

  if (update == NULL)
    return FALSE;
  statement_bind_text (update, approval_state_word (decision->state));
  statement_bind_text (update, decision->decider);
  statement_bind_text (update, decision->actor);
  statement_bind_int64 (update, g_get_real_time ());
  statement_bind_text (update, decision->reason);
  statement_bind_int64 (update, decision->id);
  return statement_run (update, error);
}

static const char *
decision_kind (ApprovalState state)
{
  switch (state) {
  case APPROVAL_GRANTED:
    return "approval-grant";
  case APPROVAL_REFUSED:
    return "approval-refuse";
  case APPROVAL_WAITING:
  case APPROVAL_EXPIRED:
    return "approval-expire";
  }
  return "approval-refuse";
}

static gboolean
decide (Database *database, gpointer data, GError **error)
{
  const Decision *decision = data;
  g_autoptr (Approval) approval = approval_read (database, decision->id, error);
  g_autofree char *detail = NULL;

  if (approval == NULL || !check_decision (approval, decision, error)
      || !write_decision (database, decision, error))
    return FALSE;
  detail = g_strdup_printf ("asked by %s: %s: %s%s%s", approval->actor, approval->control,
                            approval->about, decision->reason != NULL ? "; " : "",
                            decision->reason != NULL ? decision->reason : "");
  return approval_audit (database, decision->actor, decision_kind (decision->state), decision->id,
                         detail, error);
}

gboolean
ledger_decide_approval (Ledger *ledger, gint64 id, ApprovalState state, const char *decider,
                        const char *actor, const char *reason, GError **error)
{
  Decision decision = {
    .id = id, .state = state, .decider = decider, .actor = actor, .reason = reason
  };

  return ledger_write (ledger, decide, &decision, error);
}

/* ---- what became of it ---- */

typedef struct {
  gint64 id;
  const char *failure;
} Conclusion;

static gboolean
write_outcome (Database *database, const Conclusion *conclusion, GError **error)
{
  g_autoptr (Statement) update =
      statement_prepare (database, "UPDATE approvals SET outcome = ? WHERE id = ?", error);

  if (update == NULL)
    return FALSE;
  statement_bind_text (update, conclusion->failure != NULL ? conclusion->failure : "done");
  statement_bind_int64 (update, conclusion->id);
  return statement_run (update, error);
}

static gboolean
conclude (Database *database, gpointer data, GError **error)
{
  const Conclusion *conclusion = data;
  g_autoptr (Approval) approval = approval_read (database, conclusion->id, error);

  if (approval == NULL || !write_outcome (database, conclusion, error))
    return FALSE;
  return conclusion->failure == NULL
         || approval_audit (database, "station", "approval-failed", conclusion->id,
                            conclusion->failure, error);
}

gboolean
ledger_conclude_approval (Ledger *ledger, gint64 id, const char *failure, GError **error)
{
  Conclusion conclusion = { id, failure };

  return ledger_write (ledger, conclude, &conclusion, error);
}

/* ---- many at once ---- */

/* Which of those that wait, and what becomes of them. */
typedef struct {
  const char *where; /* of the query, with one parameter pair: numbers, or a text */
  gint64 from;
  gint64 to;
  const char *person;
  Decision decision;
} Sweep;

static gpointer
load_number (Statement *statement)
{
  gint64 *id = g_new (gint64, 1);

  *id = statement_int64 (statement);
  return id;
}

static GPtrArray *
find_swept (Database *database, const Sweep *sweep, GError **error)
{
  g_autoptr (Statement) select = statement_prepare (database, sweep->where, error);

  if (select == NULL)
    return NULL;
  if (sweep->person != NULL)
    statement_bind_text (select, sweep->person);
  else {
    statement_bind_int64 (select, sweep->from);
    statement_bind_int64 (select, sweep->to);
  }
  return load_rows (select, load_number, g_free, error);
}

static gboolean
run_sweep (Database *database, gpointer data, GError **error)
{
  const Sweep *sweep = data;
  g_autoptr (GPtrArray) ids = find_swept (database, sweep, error);
  Decision decision = sweep->decision;

  if (ids == NULL)
    return FALSE;
  for (guint i = 0; i < ids->len; i++) {
    decision.id = *(const gint64 *)g_ptr_array_index (ids, i);
    if (!decide (database, &decision, error))
      return FALSE;
  }
  return TRUE;
}

/* Writes only where something is to be written: lists ask for this as well. */
static gboolean
sweep (Ledger *ledger, Sweep *what, GError **error)
{
  guint count;

  g_mutex_lock (&ledger->line.mutex);
  g_autoptr (GPtrArray) ids = find_swept (ledger->line.database, what, error);
  g_mutex_unlock (&ledger->line.mutex);
  if (ids == NULL)
    return FALSE;
  count = ids->len;
  return count == 0 || ledger_write (ledger, run_sweep, what, error);
}

gboolean
ledger_expire_approvals (Ledger *ledger, GError **error)
{
  const gint64 now = g_get_real_time ();
  Sweep old = {
    .where = "SELECT id FROM approvals WHERE state = 'waiting' AND (asked_at < ? OR asked_at > ?)",
    .from = now - APPROVAL_LIFETIME,
    .to = now + APPROVAL_LIFETIME,
    .decision = { .state = APPROVAL_EXPIRED, .decider = "station", .actor = "station" },
  };

  return sweep (ledger, &old, error);
}

gboolean
approvals_refuse_of (Database *database, const char *person, const char *actor, GError **error)
{
  Sweep own = {
    .where = "SELECT id FROM approvals WHERE state = 'waiting' AND lower (person) = lower (?)",
    .person = person,
    .decision = { .state = APPROVAL_REFUSED,
                  .decider = "station",
                  .actor = actor,
                  .reason = "who asked may sign in no more" },
  };

  return run_sweep (database, &own, error);
}

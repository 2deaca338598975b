/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See ledger-approval.h. Each change is one transaction with its audit event.
 */
#include "db/ledger-approval.h"

#include "db/ledger-approval-private.h"

#define APPROVAL_QUERY                                                                             \
  "SELECT id, control, method, type, parameters, about, person, actor, asked_at, state, decider,"  \
  " decider_actor, decided_at, reason, outcome FROM approvals"

static const char *const state_words[] = {
  [APPROVAL_WAITING] = "waiting",
  [APPROVAL_GRANTED] = "granted",
  [APPROVAL_REFUSED] = "refused",
  [APPROVAL_EXPIRED] = "expired",
};

const char *
approval_state_word (ApprovalState state)
{
  return state_words[state];
}

void
approval_free (Approval *approval)
{
  if (approval == NULL)
    return;
  g_free (approval->control);
  g_free (approval->method);
  g_free (approval->type);
  g_clear_pointer (&approval->parameters, g_bytes_unref);
  g_free (approval->about);
  g_free (approval->person);
  g_free (approval->actor);
  g_free (approval->decider);
  g_free (approval->decider_actor);
  g_free (approval->reason);
  g_free (approval->outcome);
  g_free (approval);
}

gboolean
person_is (const char *a, const char *b)
{
  return g_ascii_strcasecmp (a, b) == 0;
}

static ApprovalState
state_from_word (const char *word)
{
  for (ApprovalState state = APPROVAL_WAITING; state <= APPROVAL_EXPIRED; state++)
    if (g_strcmp0 (word, state_words[state]) == 0)
      return state;
  return APPROVAL_REFUSED;
}

static gpointer
load_approval (Statement *statement)
{
  Approval *approval = g_new0 (Approval, 1);

  approval->id = statement_int64 (statement);
  approval->control = statement_dup_text (statement);
  approval->method = statement_dup_text (statement);
  approval->type = statement_dup_text (statement);
  approval->parameters = statement_dup_bytes (statement);
  approval->about = statement_dup_text (statement);
  approval->person = statement_dup_text (statement);
  approval->actor = statement_dup_text (statement);
  approval->asked_at = statement_int64 (statement);
  approval->state = state_from_word (statement_text (statement));
  approval->decider = statement_dup_text (statement);
  approval->decider_actor = statement_dup_text (statement);
  approval->decided_at = statement_int64 (statement);
  approval->reason = statement_dup_text (statement);
  approval->outcome = statement_dup_text (statement);
  return approval;
}

Approval *
approval_read (Database *database, gint64 id, GError **error)
{
  g_autofree char *name = g_strdup_printf ("%" G_GINT64_FORMAT, id);
  gpointer approval;
  g_autoptr (Statement) select =
      statement_prepare (database, APPROVAL_QUERY " WHERE id = ?", error);

  if (select == NULL)
    return NULL;
  statement_bind_int64 (select, id);
  if (!load_row (select, load_approval, &approval, error))
    return NULL;
  if (approval == NULL)
    ledger_not_found ("request", name, error);
  return approval;
}

gboolean
approval_audit (Database *database, const char *actor, const char *kind, gint64 id,
                const char *detail, GError **error)
{
  g_autofree char *subject = g_strdup_printf ("request %" G_GINT64_FORMAT, id);

  return audit_add (database, actor, kind, subject, detail, NULL, error);
}

/* ---- asking ---- */

typedef struct {
  const Approval *request;
  Approval *kept;
} Asking;

static gboolean
find_same (Database *database, Asking *asking, GError **error)
{
  gpointer found;
  g_autoptr (Statement) select = statement_prepare (
      database,
      APPROVAL_QUERY " WHERE state = 'waiting' AND method = ? AND parameters = ? AND about = ?",
      error);

  if (select == NULL)
    return FALSE;
  statement_bind_text (select, asking->request->method);
  statement_bind_bytes (select, asking->request->parameters);
  statement_bind_text (select, asking->request->about);
  if (!load_row (select, load_approval, &found, error))
    return FALSE;
  asking->kept = found;
  return TRUE;
}

static gboolean
count_waiting (Database *database, gint64 *count, GError **error)
{
  gboolean found;
  g_autoptr (Statement) select = statement_prepare (
      database, "SELECT count (*) FROM approvals WHERE state = 'waiting'", error);

  return select != NULL && load_id (select, count, &found, error);
}

static gboolean
check_room (Database *database, GError **error)
{
  gint64 count;

  if (!count_waiting (database, &count, error))
    return FALSE;
  if (count < APPROVALS_WAITING_MOST)
    return TRUE;
  g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
               "%u requests wait already: have them granted or refused first",
               APPROVALS_WAITING_MOST);
  return FALSE;
}

static gboolean
insert_request (Database *database, const Approval *request, GError **error)
{
  g_autoptr (Statement) insert = statement_prepare (
      database,
      "INSERT INTO approvals (control, method, type, parameters, about, person, actor, asked_at)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      error);

  if (insert == NULL)
    return FALSE;
  statement_bind_text (insert, request->control);
  statement_bind_text (insert, request->method);
  statement_bind_text (insert, request->type);
  statement_bind_bytes (insert, request->parameters);
  statement_bind_text (insert, request->about);
  statement_bind_text (insert, request->person);
  statement_bind_text (insert, request->actor);
  statement_bind_int64 (insert, g_get_real_time ());
  return statement_run (insert, error);
}

static gboolean
request_approval (Database *database, gpointer data, GError **error)
{
  Asking *asking = data;
  const Approval *request = asking->request;
  g_autofree char *detail = g_strdup_printf ("%s: %s", request->control, request->about);
  gint64 id;

  if (!find_same (database, asking, error))
    return FALSE;
  if (asking->kept != NULL)
    return TRUE;
  if (!check_room (database, error) || !insert_request (database, request, error))
    return FALSE;
  id = database_last_id (database);
  asking->kept = approval_read (database, id, error);
  return asking->kept != NULL
         && approval_audit (database, request->actor, "approval-request", id, detail, error);
}

Approval *
ledger_request_approval (Ledger *ledger, const Approval *request, GError **error)
{
  Asking asking = { request, NULL };

  if (g_bytes_get_size (request->parameters) > APPROVAL_PARAMETERS_MOST) {
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
                 "what is asked for has more than %u bytes", APPROVAL_PARAMETERS_MOST);
    return NULL;
  }
  if (ledger_write (ledger, request_approval, &asking, error))
    return asking.kept;
  approval_free (asking.kept);
  return NULL;
}

/* ---- reading ---- */

Approval *
ledger_approval (Ledger *ledger, gint64 id, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->line.mutex);

  return approval_read (ledger->line.database, id, error);
}

GPtrArray *
ledger_approvals (Ledger *ledger, gboolean waiting_only, guint most, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->list.mutex);
  g_autoptr (Statement) select = statement_prepare (
      ledger->list.database,
      waiting_only ? APPROVAL_QUERY " WHERE state = 'waiting' ORDER BY id DESC LIMIT ?"
                   : APPROVAL_QUERY " ORDER BY id DESC LIMIT ?",
      error);

  if (select == NULL)
    return NULL;
  statement_bind_int64 (select, limit_of (most));
  return load_rows (select, load_approval, (GDestroyNotify)approval_free, error);
}

gboolean
ledger_count_approvals (Ledger *ledger, guint *waiting, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->line.mutex);
  gint64 count;

  if (!count_waiting (ledger->line.database, &count, error))
    return FALSE;
  *waiting = (guint)count;
  return TRUE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What an allowed operation does to registrations, and the operations that tell of it. A
 * registration is one row from its beginning to its end; the operations are its history and what
 * the cloud is to be told.
 */
#include "db/registry-private.h"

#define WAITING "waiting"
#define DONE "done"
#define REFUSED "refused"

static void
note (Registrar *registrar, const Candidate *candidate, gint64 target, gint64 registration,
      RegistrationStatus from, RegistrationStatus to, const char *state, const char *answer)
{
  const RegistryDeed deed = { .target = target,
                              .certificate = candidate->id,
                              .registration = registration,
                              .operation = registrar->request->operation,
                              .from = from,
                              .to = to,
                              .state = state,
                              .answer = g_strdup (answer) };

  g_array_append_val (registrar->deeds, deed);
}

void
registrar_note_refused (Registrar *registrar, const Candidate *candidate, const char *refusal)
{
  note (registrar, candidate, registrar->target->id, candidate->registration, candidate->status,
        registrar->request->status, REFUSED, refusal);
}

/* ---- rows of registrations ---- */

static gboolean
insert_registration (Registrar *registrar, const Candidate *candidate, RegistrationStatus status,
                     const char *previous_owner, gint64 *id, GError **error)
{
  g_autoptr (Statement) insert = statement_prepare (
      registrar->database,
      "INSERT INTO registrations (target, certificate, batch, authority, status, registered_at,"
      " changed_at, previous_owner) VALUES (?, ?, ?, ?, ?, ?6, ?6, ?7)",
      error);

  if (insert == NULL)
    return FALSE;
  statement_bind_int64 (insert, registrar->target->id);
  statement_bind_int64 (insert, candidate->id);
  statement_bind_int64 (insert, candidate->batch);
  if (candidate->authority == NULL)
    statement_bind_null (insert);
  else
    statement_bind_int64 (insert, candidate->authority->id);
  statement_bind_text (insert, registration_status_word (status));
  statement_bind_int64 (insert, registrar->now);
  statement_bind_text (insert, previous_owner);
  if (!statement_run (insert, error))
    return FALSE;
  *id = database_last_id (registrar->database);
  return TRUE;
}

static gboolean
set_status (Registrar *registrar, gint64 registration, RegistrationStatus status, GError **error)
{
  g_autoptr (Statement) update = statement_prepare (
      registrar->database,
      "UPDATE registrations SET status = ?, changed_at = ?, transferred_to = NULL,"
      " transfer_message = NULL WHERE id = ?",
      error);

  if (update == NULL)
    return FALSE;
  statement_bind_text (update, registration_status_word (status));
  statement_bind_int64 (update, registrar->now);
  statement_bind_int64 (update, registration);
  return statement_run (update, error);
}

static gboolean
set_transfer (Registrar *registrar, gint64 registration, GError **error)
{
  g_autoptr (Statement) update = statement_prepare (
      registrar->database,
      "UPDATE registrations SET status = 'PENDING_TRANSFER', changed_at = ?1, transfer_at = ?1,"
      " transferred_to = ?2, transfer_message = ?3, reject_reason = NULL WHERE id = ?4",
      error);

  if (update == NULL)
    return FALSE;
  statement_bind_int64 (update, registrar->now);
  statement_bind_text (update, registrar->request->account);
  statement_bind_text (update, registrar->request->message);
  statement_bind_int64 (update, registration);
  return statement_run (update, error);
}

static gboolean
set_rejected (Registrar *registrar, gint64 registration, GError **error)
{
  g_autoptr (Statement) update = statement_prepare (
      registrar->database,
      "UPDATE registrations SET status = 'INACTIVE', changed_at = ?, transferred_to = NULL,"
      " reject_reason = ? WHERE id = ?",
      error);

  if (update == NULL)
    return FALSE;
  statement_bind_int64 (update, registrar->now);
  statement_bind_text (update, registrar->request->message);
  statement_bind_int64 (update, registration);
  return statement_run (update, error);
}

static gboolean
end_registration (Registrar *registrar, gint64 registration, const char *ended, GError **error)
{
  g_autoptr (Statement) update =
      statement_prepare (registrar->database,
                         "UPDATE registrations SET ended = ?, changed_at = ? WHERE id = ?", error);

  if (update == NULL)
    return FALSE;
  statement_bind_text (update, ended);
  statement_bind_int64 (update, registrar->now);
  statement_bind_int64 (update, registration);
  return statement_run (update, error);
}

/* ---- operations ---- */

/* What the rules had refused when the unit passed is done now. */
static gboolean
drop_refused (Registrar *registrar, const Candidate *candidate, GError **error)
{
  g_autoptr (Statement) update = statement_prepare (
      registrar->database,
      "UPDATE registry_operations SET state = 'dropped' WHERE certificate = ? AND target = ?"
      " AND state IN ('waiting', 'handed', 'refused', 'alarm', 'parked')"
      " AND state IN ('refused', 'parked') AND operation = 'register' AND registration IS NULL",
      error);

  if (update == NULL)
    return FALSE;
  statement_bind_int64 (update, candidate->id);
  statement_bind_int64 (update, registrar->target->id);
  return statement_run (update, error);
}

static gboolean
register_candidate (Registrar *registrar, const Candidate *candidate, RegistrationStatus status,
                    GError **error)
{
  gint64 id;

  if (!insert_registration (registrar, candidate, status, NULL, &id, error)
      || !drop_refused (registrar, candidate, error))
    return FALSE;
  note (registrar, candidate, registrar->target->id, id, REGISTRATION_NONE, status, WAITING, NULL);
  return TRUE;
}

static gboolean
change_candidate (Registrar *registrar, const Candidate *candidate, RegistrationStatus status,
                  GError **error)
{
  gboolean changed;

  if (status == REGISTRATION_NONE)
    changed = end_registration (registrar, candidate->registration, "deleted", error);
  else if (status == REGISTRATION_PENDING_TRANSFER)
    changed = set_transfer (registrar, candidate->registration, error);
  else
    changed = set_status (registrar, candidate->registration, status, error);
  note (registrar, candidate, registrar->target->id, candidate->registration, candidate->status,
        status, WAITING, NULL);
  return changed;
}

/* ---- the two ends of a transfer ---- */

/* What was heard of an account that is none of ours: there is nobody to tell. */
static gboolean
answer_from_elsewhere (Registrar *registrar, const Candidate *candidate, RegistrationStatus status,
                       GError **error)
{
  const gboolean accepted = status == REGISTRATION_NONE;
  g_autofree char *answer = g_strdup_printf ("in account %s", candidate->transferred_to);

  note (registrar, candidate, registrar->target->id, candidate->registration, candidate->status,
        status, DONE, answer);
  return accepted ? end_registration (registrar, candidate->registration, "transferred", error)
                  : set_rejected (registrar, candidate->registration, error);
}

/* Both rows change at once; only the account that answers has a call to make. */
static gboolean
answer_transfer (Registrar *registrar, const Candidate *candidate, RegistrationStatus status,
                 GError **error)
{
  const gboolean accepted = registrar->request->operation == REGISTRY_ACCEPT_TRANSFER;
  g_auto (TransferSource) source = { 0 };
  gint64 id = 0;

  if (!transfer_source_read (registrar, candidate, &source, error))
    return FALSE;
  if (accepted
          ? !end_registration (registrar, source.registration, "transferred", error)
                || !insert_registration (registrar, candidate, status, source.account, &id, error)
          : !set_rejected (registrar, source.registration, error))
    return FALSE;
  g_autofree char *answer = g_strdup_printf ("by target %s", registrar->target->name);
  note (registrar, candidate, source.target, source.registration, REGISTRATION_PENDING_TRANSFER,
        accepted ? REGISTRATION_NONE : REGISTRATION_INACTIVE, DONE, answer);
  note (registrar, candidate, registrar->target->id, id, REGISTRATION_NONE, status, WAITING, NULL);
  return TRUE;
}

gboolean
registrar_apply (Registrar *registrar, const Candidate *candidate, const RegistryVerdict *verdict,
                 GError **error)
{
  const RegistryRequest *request = registrar->request;

  if (!verdict->changes)
    return TRUE;
  switch (request->operation) {
  case REGISTRY_REGISTER:
    return register_candidate (registrar, candidate, verdict->status, error);
  case REGISTRY_ACCEPT_TRANSFER:
  case REGISTRY_REJECT_TRANSFER:
    return request->elsewhere ? answer_from_elsewhere (registrar, candidate, verdict->status, error)
                              : answer_transfer (registrar, candidate, verdict->status, error);
  case REGISTRY_ACTIVATE:
  case REGISTRY_DEACTIVATE:
  case REGISTRY_REVOKE:
  case REGISTRY_TRANSFER:
  case REGISTRY_CANCEL_TRANSFER:
  case REGISTRY_DELETE:
    return change_candidate (registrar, candidate, verdict->status, error);
  }
  return FALSE;
}

/* ---- deeds ---- */

static void
bind_status (Statement *insert, RegistrationStatus status)
{
  statement_bind_text (insert,
                       status == REGISTRATION_NONE ? NULL : registration_status_word (status));
}

static gboolean
write_deed (Registrar *registrar, const RegistryDeed *deed, gint64 event, GError **error)
{
  g_autoptr (Statement) insert = statement_prepare (
      registrar->database,
      "INSERT INTO registry_operations (target, certificate, registration, operation,"
      " from_status, to_status, arguments, at, event, state, answer, answered_at)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, iif (?11 IS NULL, NULL, ?8))",
      error);

  if (insert == NULL)
    return FALSE;
  statement_bind_int64 (insert, deed->target);
  statement_bind_int64 (insert, deed->certificate);
  if (deed->registration == 0)
    statement_bind_null (insert);
  else
    statement_bind_int64 (insert, deed->registration);
  statement_bind_text (insert, registry_operation_word (deed->operation));
  bind_status (insert, deed->from);
  bind_status (insert, deed->to);
  statement_bind_text (insert, registrar->arguments);
  statement_bind_int64 (insert, registrar->now);
  statement_bind_int64 (insert, event);
  statement_bind_text (insert, deed->state);
  statement_bind_text (insert, deed->answer);
  return statement_run (insert, error);
}

gboolean
registrar_write_deeds (Registrar *registrar, gint64 event, GError **error)
{
  for (guint i = 0; i < registrar->deeds->len; i++)
    if (!write_deed (registrar, &g_array_index (registrar->deeds, RegistryDeed, i), event, error))
      return FALSE;
  g_array_set_size (registrar->deeds, 0);
  return TRUE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the clouds answered, and what people say of operations that wait.
 */
#include <string.h>

#include "db/registry-private.h"

#define CHUNK 1000
#define LONGEST_ANSWER 2000 /* characters */

static gboolean
invalid (GError **error, const char *sentence)
{
  g_set_error_literal (error, LEDGER_ERROR, LEDGER_ERROR_INVALID, sentence);
  return FALSE;
}

/* What an operation is of, and how far it is. */
typedef struct {
  char *target;
  char *operation;
  char *subject; /* the device's serial, or the CA's name */
  char *state;
  gboolean local; /* the rules refused it: no cloud ever heard of it */
} Known;

static void
known_clear (Known *known)
{
  g_free (known->target);
  g_free (known->operation);
  g_free (known->subject);
  g_free (known->state);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Known, known_clear)

static gboolean
read_known (Database *database, gint64 id, Known *known, GError **error)
{
  gboolean row;
  g_autofree char *name = g_strdup_printf ("%" G_GINT64_FORMAT, id);
  g_autoptr (Statement) select = statement_prepare (
      database,
      "SELECT targets.name, operation, coalesce (devices.serial, authorities.name), entry.state,"
      " operation = 'register' AND entry.certificate IS NOT NULL AND registration IS NULL"
      " FROM registry_operations AS entry JOIN targets ON targets.id = entry.target"
      " LEFT JOIN certificates ON certificates.id = entry.certificate"
      " LEFT JOIN devices ON devices.id = certificates.device"
      " LEFT JOIN authority_registrations ON authority_registrations.id = entry.authority"
      " LEFT JOIN authorities ON authorities.id = authority_registrations.authority"
      " WHERE entry.id = ?",
      error);

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, id);
  if (!statement_step (select, &row, error))
    return FALSE;
  if (!row)
    return ledger_not_found ("operation", name, error);
  known->target = statement_dup_text (select);
  known->operation = statement_dup_text (select);
  known->subject = statement_dup_text (select);
  known->state = statement_dup_text (select);
  known->local = statement_int64 (select) != 0;
  return TRUE;
}

/* ---- what the clouds answered ---- */

typedef struct {
  const OperationAnswer *answers;
  guint count;
  const char *actor;
  /* what this call settled, for the record */
  guint done;
  guint refused;
  gint64 first;
  gint64 last;
} Answers;

static gboolean
is_open (const Known *known)
{
  return strcmp (known->state, "waiting") == 0 || strcmp (known->state, "handed") == 0;
}

static gboolean
write_answer (Database *database, const OperationAnswer *answer, GError **error)
{
  g_autoptr (Statement) update = statement_prepare (
      database,
      "UPDATE registry_operations SET state = ?1, answer = ?2, not_before = ?3, answered_at = ?4,"
      " tries = tries + 1 WHERE id = ?5",
      error);

  if (update == NULL)
    return FALSE;
  statement_bind_text (update, answer->state);
  statement_bind_text (update, answer->answer);
  statement_bind_int64 (update, answer->not_before);
  statement_bind_int64 (update, g_get_real_time ());
  statement_bind_int64 (update, answer->id);
  return statement_run (update, error);
}

/* It is in a list of calls: nobody has tried it yet. */
static gboolean
write_handed (Database *database, const OperationAnswer *answer, GError **error)
{
  g_autoptr (Statement) update = statement_prepare (
      database, "UPDATE registry_operations SET state = 'handed', answer = ? WHERE id = ?", error);

  if (update == NULL)
    return FALSE;
  statement_bind_text (update, answer->answer);
  statement_bind_int64 (update, answer->id);
  return statement_run (update, error);
}

static void
count_settled (Answers *all, const OperationAnswer *answer)
{
  const gboolean done = strcmp (answer->state, "done") == 0;

  if (!done && strcmp (answer->state, "refused") != 0)
    return;
  if (all->done + all->refused == 0)
    all->first = all->last = answer->id;
  all->first = MIN (all->first, answer->id);
  all->last = MAX (all->last, answer->id);
  all->done += done ? 1 : 0;
  all->refused += done ? 0 : 1;
}

static gboolean
take_answer (Database *database, const OperationAnswer *answer, Answers *all, GError **error)
{
  g_auto (Known) known = { 0 };

  if (!read_known (database, answer->id, &known, error))
    return FALSE;
  if (!is_open (&known))
    return TRUE;
  if (strcmp (answer->state, "handed") == 0)
    return write_handed (database, answer, error);
  if (!write_answer (database, answer, error))
    return FALSE;
  count_settled (all, answer);
  if (strcmp (answer->state, "alarm") != 0)
    return TRUE;
  g_autofree char *detail =
      g_strdup_printf ("%s in target %s (operation %" G_GINT64_FORMAT "): %s", known.operation,
                       known.target, answer->id, answer->answer);
  return audit_add (database, all->actor, "registry-alarm", known.subject, detail, NULL, error);
}

/* Whoever says that a cloud was told has a name: it may never have been. */
static gboolean
record_settled (Database *database, const Answers *all, GError **error)
{
  g_autofree char *subject = NULL;
  g_autofree char *detail = NULL;

  if (all->done + all->refused == 0)
    return TRUE;
  subject = g_strdup_printf ("operations %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, all->first,
                             all->last);
  detail = g_strdup_printf ("%u done, %u refused", all->done, all->refused);
  return audit_add (database, all->actor, "registry-answered", subject, detail, NULL, error);
}

static gboolean
take_answers (Database *database, gpointer data, GError **error)
{
  Answers *all = data;

  all->done = all->refused = 0;
  for (guint i = 0; i < all->count; i++)
    if (!take_answer (database, &all->answers[i], all, error))
      return FALSE;
  return record_settled (database, all, error);
}

static gboolean
check_answer (const OperationAnswer *answer, GError **error)
{
  const char *const states[] = { "done", "handed", "refused", "alarm", "waiting", NULL };

  if (answer->state == NULL || !g_strv_contains (states, answer->state))
    return invalid (error, "an answer is done, refused, alarm, handed, or waiting to be tried "
                           "again: say one of these");
  if (answer->answer == NULL && strcmp (answer->state, "done") != 0
      && strcmp (answer->state, "handed") != 0)
    return invalid (error, "what the cloud said is missing: give it in words");
  if (answer->answer != NULL && g_utf8_strlen (answer->answer, -1) > LONGEST_ANSWER)
    return invalid (error, "what the cloud said is too long: give up to 2000 characters of it");
  return answer->not_before >= 0
         || invalid (error, "the time of the next try lies before 1970: give microseconds since");
}

gboolean
ledger_answer_operations (Ledger *ledger, const OperationAnswer *answers, guint count,
                          const char *actor, GError **error)
{
  Answers all = { .answers = answers, .count = count, .actor = actor };

  for (guint i = 0; i < count; i++)
    if (!check_answer (&answers[i], error))
      return FALSE;
  return ledger_write (ledger, take_answers, &all, error);
}

/* ---- a whole batch, by a manifest ---- */

typedef struct {
  const char *target;
  const char *batch;
  const char *actor;
  gint64 place;  /* the last registration's */
  guint count;   /* of the present thousand */
  guint written; /* of these, newly done */
} Confirming;

static gpointer
load_number (Statement *statement)
{
  gint64 *number = g_new (gint64, 1);

  *number = statement_int64 (statement);
  return number;
}

static GPtrArray *
read_registered (Database *database, gint64 target, gint64 batch, gint64 place, GError **error)
{
  g_autoptr (Statement) select = statement_prepare (
      database,
      "SELECT id FROM registrations WHERE batch = ? AND target = ? AND ended IS NULL AND id > ?"
      " ORDER BY id LIMIT 1000",
      error);

  if (select == NULL)
    return NULL;
  statement_bind_int64 (select, batch);
  statement_bind_int64 (select, target);
  statement_bind_int64 (select, place);
  return load_rows (select, load_number, g_free, error);
}

static gboolean
confirm_one (Database *database, gint64 registration, guint *written, GError **error)
{
  g_autoptr (Statement) update = statement_prepare (
      database,
      "UPDATE registry_operations SET state = 'done', answered_at = ?2,"
      " answer = 'by a manifest'"
      " WHERE certificate = (SELECT certificate FROM registrations WHERE id = ?1)"
      " AND target = (SELECT target FROM registrations WHERE id = ?1)"
      " AND state IN ('waiting', 'handed', 'refused', 'alarm', 'parked')"
      " AND certificate IS NOT NULL AND state IN ('waiting', 'handed')"
      " AND registration = ?1 AND operation = 'register'",
      error);

  if (update == NULL)
    return FALSE;
  statement_bind_int64 (update, registration);
  statement_bind_int64 (update, g_get_real_time ());
  if (!statement_run (update, error))
    return FALSE;
  *written += (guint)sqlite3_changes (database->handle);
  return TRUE;
}

static gboolean
confirm_chunk (Database *database, gpointer data, GError **error)
{
  Confirming *confirming = data;
  g_autoptr (Target) target = target_read (database, confirming->target, error);
  gint64 batch;

  if (target == NULL || !batch_find_existing (database, confirming->batch, &batch, error))
    return FALSE;
  g_autoptr (GPtrArray) registrations =
      read_registered (database, target->id, batch, confirming->place, error);
  if (registrations == NULL)
    return FALSE;
  confirming->count = registrations->len;
  confirming->written = 0;
  for (guint i = 0; i < registrations->len; i++) {
    confirming->place = *(gint64 *)g_ptr_array_index (registrations, i);
    if (!confirm_one (database, confirming->place, &confirming->written, error))
      return FALSE;
  }
  if (confirming->written == 0)
    return TRUE;
  g_autofree char *detail = g_strdup_printf ("%u registrations of batch %s, by a manifest",
                                             confirming->written, confirming->batch);
  return audit_add (database, confirming->actor, "registry-confirmed", confirming->target, detail,
                    NULL, error);
}

gboolean
ledger_confirm_batch (Ledger *ledger, const char *target, const char *batch, const char *actor,
                      guint64 *count, GError **error)
{
  Confirming confirming = { .target = target, .batch = batch, .actor = actor };

  *count = 0;
  do {
    if (!ledger_write (ledger, confirm_chunk, &confirming, error))
      return FALSE;
    *count += confirming.written;
  } while (confirming.count == CHUNK);
  return TRUE;
}

/* ---- a person's word ---- */

typedef struct {
  gint64 id;
  const char *state;
  const char *reason;
  const char *actor;
} Word;

static gboolean
check_word (const Word *word, const Known *known, GError **error)
{
  if (strcmp (known->state, "done") == 0 || strcmp (known->state, "dropped") == 0) {
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
                 "the operation is %s, which is its end: ask for a new one", known->state);
    return FALSE;
  }
  if (known->local && strcmp (word->state, "dropped") != 0)
    return invalid (error, "the rules refused it as the unit passed, no cloud ever heard of it: "
                           "register the certificate, which settles this, or drop it");
  return TRUE;
}

static gboolean
write_state (Database *database, const Word *word, GError **error)
{
  g_autoptr (Statement) update = statement_prepare (
      database, "UPDATE registry_operations SET state = ?, not_before = 0, answer = ? WHERE id = ?",
      error);

  if (update == NULL)
    return FALSE;
  statement_bind_text (update, word->state);
  statement_bind_text (update, word->reason);
  statement_bind_int64 (update, word->id);
  return statement_run (update, error);
}

static gboolean
take_word (Database *database, gpointer data, GError **error)
{
  const Word *word = data;
  g_auto (Known) known = { 0 };

  if (!read_known (database, word->id, &known, error))
    return FALSE;
  if (strcmp (known.state, word->state) == 0)
    return TRUE;
  if (!check_word (word, &known, error))
    return FALSE;
  g_autofree char *detail = g_strdup_printf (
      "%s in target %s (operation %" G_GINT64_FORMAT "), %s to %s: %s", known.operation,
      known.target, word->id, known.state, word->state, word->reason);
  return write_state (database, word, error)
         && audit_add (database, word->actor, "registry-state", known.subject, detail, NULL, error);
}

gboolean
ledger_set_operation_state (Ledger *ledger, gint64 id, const char *state, const char *reason,
                            const char *actor, GError **error)
{
  const char *const states[] = { "waiting", "parked", "dropped", "done", NULL };
  Word word = { .id = id, .state = state, .reason = reason, .actor = actor };

  if (state == NULL || !g_strv_contains (states, state))
    return invalid (error, "an operation is set to waiting, parked, dropped or done: say one of "
                           "these");
  if (reason == NULL || *reason == '\0')
    return invalid (error, "the reason is missing: say why, for the record");
  return ledger_write (ledger, take_word, &word, error);
}

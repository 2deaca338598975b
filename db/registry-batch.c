/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which batches are registered where as their units pass.
 */
#include <string.h>

#include "db/registry-private.h"

typedef struct {
  const char *batch;
  const char *const *names;
  RegistrationStatus status;
  const char *actor;
} BatchChange;

static gboolean
forget_targets (Database *database, gint64 batch_id, GError **error)
{
  g_autoptr (Statement) delete =
      statement_prepare (database, "DELETE FROM batch_targets WHERE batch = ?", error);

  if (delete == NULL)
    return FALSE;
  statement_bind_int64 (delete, batch_id);
  return statement_run (delete, error);
}

static gboolean
insert_batch_target (Database *database, gint64 batch_id, const Target *target,
                     RegistrationStatus status, GError **error)
{
  g_autoptr (Statement) insert = statement_prepare (
      database, "INSERT INTO batch_targets (batch, target, status) VALUES (?, ?, ?)", error);

  if (insert == NULL)
    return FALSE;
  statement_bind_int64 (insert, batch_id);
  statement_bind_int64 (insert, target->id);
  statement_bind_text (insert, registration_status_word (status));
  return statement_run (insert, error);
}

static gboolean
same_registry (const Target *one, const Target *other)
{
  return strcmp (one->kind, other->kind) == 0 && strcmp (one->account, other->account) == 0
         && strcmp (one->region, other->region) == 0;
}

/* A unit could be registered in one of them only. */
static gboolean
check_apart (GPtrArray *targets, const Target *target, GError **error)
{
  for (guint i = 0; i < targets->len; i++) {
    const Target *other = g_ptr_array_index (targets, i);

    if (!same_registry (other, target))
      continue;
    if (strcmp (other->name, target->name) == 0)
      g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
                   "target %s is named twice: name it once", target->name);
    else
      g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
                   "targets %s and %s are one account and region: leave one out", other->name,
                   target->name);
    return FALSE;
  }
  return TRUE;
}

static gboolean
check_takes (const Target *target, RegistrationStatus status, GError **error)
{
  if (target->mode == TARGET_CSR) {
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
                 "the cloud of target %s signs the devices' requests itself: no certificate is "
                 "registered there as units pass",
                 target->name);
    return FALSE;
  }
  if (strcmp (target->kind, "nrfcloud") == 0 && status == REGISTRATION_INACTIVE) {
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
                 "nRF Cloud (target %s) has no inactive devices: say status ACTIVE", target->name);
    return FALSE;
  }
  return TRUE;
}

static gboolean
set_batch_targets (Database *database, gpointer data, GError **error)
{
  const BatchChange *change = data;
  g_autoptr (GPtrArray) targets = g_ptr_array_new_with_free_func ((GDestroyNotify)target_free);
  g_autofree char *names = g_strjoinv (", ", (char **)change->names);
  gint64 batch_id;

  if (!batch_find_existing (database, change->batch, &batch_id, error)
      || !forget_targets (database, batch_id, error))
    return FALSE;
  for (guint i = 0; change->names[i] != NULL; i++) {
    g_autoptr (Target) target = target_read (database, change->names[i], error);

    if (target == NULL || !check_apart (targets, target, error)
        || !check_takes (target, change->status, error)
        || !insert_batch_target (database, batch_id, target, change->status, error))
      return FALSE;
    g_ptr_array_add (targets, g_steal_pointer (&target));
  }
  g_autofree char *detail =
      targets->len == 0
          ? g_strdup ("none")
          : g_strdup_printf ("%s, as %s", names, registration_status_word (change->status));
  return audit_add (database, change->actor, "batch-targets", change->batch, detail, NULL, error);
}

gboolean
ledger_set_batch_targets (Ledger *ledger, const char *batch, const char *const *names,
                          RegistrationStatus status, const char *actor, GError **error)
{
  BatchChange change = { .batch = batch, .names = names, .status = status, .actor = actor };

  if (status != REGISTRATION_ACTIVE && status != REGISTRATION_INACTIVE) {
    g_set_error_literal (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
                         "units are registered as ACTIVE or INACTIVE as they pass: say which");
    return FALSE;
  }
  return ledger_write (ledger, set_batch_targets, &change, error);
}

static gpointer
load_name (Statement *statement)
{
  return statement_dup_text (statement);
}

char **
ledger_batch_targets (Ledger *ledger, const char *batch, GError **error)
{
  Database *database = ledger->list.database;
  gint64 batch_id;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->list.mutex);

  if (!batch_find_existing (database, batch, &batch_id, error))
    return NULL;
  g_autoptr (Statement) select = statement_prepare (
      database,
      "SELECT name FROM batch_targets JOIN targets ON targets.id = batch_targets.target"
      " WHERE batch = ? ORDER BY name",
      error);
  if (select == NULL)
    return NULL;
  statement_bind_int64 (select, batch_id);
  g_autoptr (GPtrArray) names = load_rows (select, load_name, NULL, error);
  if (names == NULL)
    return NULL;
  g_ptr_array_add (names, NULL);
  return (char **)g_ptr_array_free (g_steal_pointer (&names), FALSE);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Targets: the registries that this ledger feeds, and which batches go to which.
 */
#include <string.h>

#include "db/registry-private.h"

Target *
target_new (void)
{
  Target *target = g_new0 (Target, 1);

  target->name = g_strdup ("");
  target->kind = g_strdup ("");
  target->account = g_strdup ("");
  target->region = g_strdup ("");
  target->endpoint = g_strdup ("");
  target->policy = g_strdup ("");
  target->thing_type = g_strdup ("");
  target->thing_group = g_strdup ("");
  target->added_by = g_strdup ("");
  return target;
}

void
target_free (Target *target)
{
  if (target == NULL)
    return;
  g_free (target->name);
  g_free (target->kind);
  g_free (target->account);
  g_free (target->region);
  g_free (target->endpoint);
  g_free (target->policy);
  g_free (target->thing_type);
  g_free (target->thing_group);
  g_free (target->added_by);
  g_free (target);
}

/* ---- reading ---- */

#define TARGET_QUERY                                                                               \
  "SELECT id, name, kind, mode, account, region, endpoint, policy, thing_type, thing_group,"       \
  " added_at, added_by, registered, waiting, alarms FROM targets"

static gpointer
load_target (Statement *statement)
{
  Target *target = g_new0 (Target, 1);

  target->id = statement_int64 (statement);
  target->name = statement_dup_text (statement);
  target->kind = statement_dup_text (statement);
  target_mode_from_word (statement_text (statement), &target->mode);
  target->account = statement_dup_text (statement);
  target->region = statement_dup_text (statement);
  target->endpoint = statement_dup_text (statement);
  target->policy = statement_dup_text (statement);
  target->thing_type = statement_dup_text (statement);
  target->thing_group = statement_dup_text (statement);
  target->added_at = statement_int64 (statement);
  target->added_by = statement_dup_text (statement);
  target->registered = (guint64)statement_int64 (statement);
  target->waiting = (guint64)statement_int64 (statement);
  target->alarms = (guint64)statement_int64 (statement);
  return target;
}

static gboolean
target_find (Database *database, const char *name, gpointer *target, GError **error)
{
  g_autoptr (Statement) select =
      statement_prepare (database, TARGET_QUERY " WHERE name = ?", error);

  if (select == NULL)
    return FALSE;
  statement_bind_text (select, name);
  return load_row (select, load_target, target, error);
}

Target *
target_read (Database *database, const char *name, GError **error)
{
  gpointer target = NULL;

  if (target_find (database, name, &target, error) && target == NULL)
    ledger_not_found ("target", name == NULL ? "" : name, error);
  return target;
}

Target *
ledger_target (Ledger *ledger, const char *name, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->line.mutex);

  return target_read (ledger->line.database, name, error);
}

GPtrArray *
ledger_targets (Ledger *ledger, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->list.mutex);
  g_autoptr (Statement) select =
      statement_prepare (ledger->list.database, TARGET_QUERY " ORDER BY name", error);

  return select == NULL ? NULL
                        : load_rows (select, load_target, (GDestroyNotify)target_free, error);
}

/* ---- adding ---- */

typedef struct {
  const Target *target;
  const char *actor;
} TargetChange;

static gboolean
insert_target (Database *database, const TargetChange *change, GError **error)
{
  const Target *target = change->target;
  g_autoptr (Statement) insert = statement_prepare (
      database,
      "INSERT INTO targets (name, kind, mode, account, region, endpoint, policy, thing_type,"
      " thing_group, added_at, added_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      error);

  if (insert == NULL)
    return FALSE;
  statement_bind_text (insert, target->name);
  statement_bind_text (insert, target->kind);
  statement_bind_text (insert, target_mode_word (target->mode));
  statement_bind_text (insert, target->account);
  statement_bind_text (insert, target->region);
  statement_bind_text (insert, target->endpoint);
  statement_bind_text (insert, target->policy);
  statement_bind_text (insert, target->thing_type);
  statement_bind_text (insert, target->thing_group);
  statement_bind_int64 (insert, g_get_real_time ());
  statement_bind_text (insert, change->actor == NULL ? "station" : change->actor);
  return statement_run (insert, error);
}

static gboolean
add_target (Database *database, gpointer data, GError **error)
{
  const TargetChange *change = data;
  const Target *target = change->target;
  gpointer known;

  if (!target_find (database, target->name, &known, error))
    return FALSE;
  if (known != NULL) {
    target_free (known);
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_EXISTS,
                 "there is a target %s already: choose another name", target->name);
    return FALSE;
  }
  g_autofree char *detail =
      g_strdup_printf ("%s, %s%s%s%s%s", target->kind, target_mode_word (target->mode),
                       *target->account != '\0' ? ", account " : "", target->account,
                       *target->region != '\0' ? ", region " : "", target->region);
  return insert_target (database, change, error)
         && audit_add (database, change->actor, "target-add", target->name, detail, NULL, error);
}

gboolean
ledger_add_target (Ledger *ledger, const Target *target, const char *actor, GError **error)
{
  TargetChange change = { .target = target, .actor = actor };

  return target_check (target, error) && ledger_write (ledger, add_target, &change, error);
}

/* ---- changing ---- */

static gboolean
update_target (Database *database, const Target *target, GError **error)
{
  g_autoptr (Statement) update = statement_prepare (
      database,
      "UPDATE targets SET endpoint = ?, policy = ?, thing_type = ?, thing_group = ?"
      " WHERE name = ?",
      error);

  if (update == NULL)
    return FALSE;
  statement_bind_text (update, target->endpoint);
  statement_bind_text (update, target->policy);
  statement_bind_text (update, target->thing_type);
  statement_bind_text (update, target->thing_group);
  statement_bind_text (update, target->name);
  return statement_run (update, error);
}

/* " NAME WAS to IS", where that is new. */
static void
tell_change (GString *detail, const char *name, const char *was, const char *is)
{
  if (strcmp (was, is) == 0)
    return;
  g_string_append_printf (detail, "%s%s %s to %s", detail->len > 0 ? ", " : "", name,
                          *was == '\0' ? "nothing" : was, *is == '\0' ? "nothing" : is);
}

static char *
changes_of (const Target *was, const Target *is)
{
  GString *detail = g_string_new (NULL);

  tell_change (detail, "endpoint", was->endpoint, is->endpoint);
  tell_change (detail, "policy", was->policy, is->policy);
  tell_change (detail, "thing type", was->thing_type, is->thing_type);
  tell_change (detail, "thing group", was->thing_group, is->thing_group);
  return g_string_free (detail, FALSE);
}

static void
replace (char **text, const char *with)
{
  g_free (*text);
  *text = g_strdup (with);
}

static gboolean
set_target (Database *database, gpointer data, GError **error)
{
  const TargetChange *change = data;
  g_autoptr (Target) target = target_read (database, change->target->name, error);

  if (target == NULL)
    return FALSE;
  g_autofree char *detail = changes_of (target, change->target);
  replace (&target->endpoint, change->target->endpoint);
  replace (&target->policy, change->target->policy);
  replace (&target->thing_type, change->target->thing_type);
  replace (&target->thing_group, change->target->thing_group);
  if (!target_check (target, error))
    return FALSE;
  if (*detail == '\0')
    return TRUE;
  return update_target (database, target, error)
         && audit_add (database, change->actor, "target-set", target->name, detail, NULL, error);
}

gboolean
ledger_set_target (Ledger *ledger, const Target *target, const char *actor, GError **error)
{
  TargetChange change = { .target = target, .actor = actor };

  return ledger_write (ledger, set_target, &change, error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Operators: who may sign in with a badge. What the badge and the PIN say is never here, only
 * digests of it, and these never get into the audit trail. An operator is never deleted: the
 * attempts bear the name.
 */
#include "base/text.h"
#include "db/ledger-approval-private.h"

#define SHORTEST_DIGEST 16 /* as in the schema */
#define LONGEST_DIGEST 64

#define OPERATOR_QUERY                                                                             \
  "SELECT name, role, language, badge_digest, pin_digest, enabled, created_at, created_by"         \
  " FROM operators"

void
operator_free (Operator *who)
{
  if (who == NULL)
    return;
  g_free (who->name);
  g_free (who->role);
  g_free (who->language);
  g_clear_pointer (&who->badge_digest, g_bytes_unref);
  g_clear_pointer (&who->pin_digest, g_bytes_unref);
  g_free (who->created_by);
  g_free (who);
}

static gpointer
load_operator (Statement *statement)
{
  Operator *who = g_new0 (Operator, 1);

  who->name = statement_dup_text (statement);
  who->role = statement_dup_text (statement);
  who->language = statement_dup_text (statement);
  who->badge_digest = statement_dup_bytes (statement);
  who->pin_digest = statement_dup_bytes (statement);
  who->enabled = statement_int64 (statement) != 0;
  who->created_at = statement_int64 (statement);
  who->created_by = statement_dup_text (statement);
  return who;
}

static gpointer
load_bytes (Statement *statement)
{
  return statement_dup_bytes (statement);
}

GBytes *
ledger_salt (Ledger *ledger, GError **error)
{
  gpointer salt;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->line.mutex);
  g_autoptr (Statement) select =
      statement_prepare (ledger->line.database, "SELECT value FROM salt", error);

  if (select == NULL || !load_row (select, load_bytes, &salt, error))
    return NULL;
  if (salt == NULL)
    g_set_error_literal (error, LEDGER_ERROR, LEDGER_ERROR_CORRUPT,
                         "the ledger has lost its salt: put back a backup");
  return salt;
}

/* ---- adding ---- */

typedef struct {
  const Operator *who;
  const char *actor;
} Hiring;

static gboolean
is_digest (GBytes *digest)
{
  return g_bytes_get_size (digest) >= SHORTEST_DIGEST
         && g_bytes_get_size (digest) <= LONGEST_DIGEST;
}

static gboolean
is_role (const char *role)
{
  return g_strcmp0 (role, "auditor") == 0 || g_strcmp0 (role, "operator") == 0
         || g_strcmp0 (role, "supervisor") == 0;
}

/* What is wrong with it, or NULL. */
static const char *
find_fault (const Operator *who)
{
  if (who->name == NULL || !serial_is_valid (who->name))
    return "an operator's name is 1 to 64 letters, digits and . : _ -, the first one a letter or "
           "digit";
  if (!is_role (who->role))
    return "an operator's role is auditor, operator or supervisor";
  if (who->language != NULL && !serial_is_valid (who->language))
    return "a language is a word such as de or zh_CN";
  if (who->badge_digest == NULL || !is_digest (who->badge_digest))
    return "an operator needs a badge";
  if (who->pin_digest != NULL && !is_digest (who->pin_digest))
    return "the PIN's digest has a wrong length";
  return NULL;
}

/* Neither name nor badge may be another's. */
static gboolean
check_free (Database *database, const Operator *who, GError **error)
{
  gboolean row;
  g_autoptr (Statement) select = statement_prepare (
      database, "SELECT name FROM operators WHERE name = ? OR badge_digest = ? LIMIT 1", error);

  if (select == NULL)
    return FALSE;
  statement_bind_text (select, who->name);
  statement_bind_bytes (select, who->badge_digest);
  if (!statement_step (select, &row, error))
    return FALSE;
  if (!row)
    return TRUE;
  const char *holder = statement_text (select);
  if (g_strcmp0 (holder, who->name) == 0)
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_EXISTS, "there is an operator %s already",
                 holder);
  else
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_EXISTS,
                 "this badge is operator %s's already: give out another one", holder);
  return FALSE;
}

static gboolean
insert_operator (Database *database, const Hiring *hiring, GError **error)
{
  const Operator *who = hiring->who;
  g_autoptr (Statement) insert = statement_prepare (
      database,
      "INSERT INTO operators (name, role, language, badge_digest, pin_digest, enabled, created_at,"
      " created_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      error);

  if (insert == NULL)
    return FALSE;
  statement_bind_text (insert, who->name);
  statement_bind_text (insert, who->role);
  statement_bind_text (insert, who->language);
  statement_bind_bytes (insert, who->badge_digest);
  statement_bind_bytes (insert, who->pin_digest);
  statement_bind_int64 (insert, who->enabled ? 1 : 0);
  statement_bind_int64 (insert, g_get_real_time ());
  statement_bind_text (insert, hiring->actor == NULL ? "station" : hiring->actor);
  return statement_run (insert, error);
}

static gboolean
add_operator (Database *database, gpointer data, GError **error)
{
  const Hiring *hiring = data;
  const Operator *who = hiring->who;
  g_autofree char *detail =
      g_strdup_printf ("role %s, %s PIN%s", who->role, who->pin_digest == NULL ? "without" : "with",
                       who->enabled ? "" : ", not enabled yet");

  return check_free (database, who, error) && insert_operator (database, hiring, error)
         && audit_add (database, hiring->actor, "operator-add", who->name, detail, NULL, error);
}

gboolean
ledger_add_operator (Ledger *ledger, const Operator *who, const char *actor, GError **error)
{
  Hiring hiring = { .who = who, .actor = actor };
  const char *fault = find_fault (who);

  if (fault == NULL)
    return ledger_write (ledger, add_operator, &hiring, error);
  g_set_error_literal (error, LEDGER_ERROR, LEDGER_ERROR_INVALID, fault);
  return FALSE;
}

/* ---- enabling ---- */

typedef struct {
  const char *name;
  gboolean enabled;
  const char *actor;
} Enabling;

static gboolean
read_enabled (Database *database, const char *name, gboolean *enabled, GError **error)
{
  gint64 value;
  gboolean found;
  g_autoptr (Statement) select =
      statement_prepare (database, "SELECT enabled FROM operators WHERE name = ?", error);

  if (select == NULL)
    return FALSE;
  statement_bind_text (select, name);
  if (!load_id (select, &value, &found, error))
    return FALSE;
  *enabled = value != 0;
  return found || ledger_not_found ("operator", name, error);
}

static gboolean
write_enabled (Database *database, const Enabling *enabling, GError **error)
{
  g_autoptr (Statement) update =
      statement_prepare (database, "UPDATE operators SET enabled = ? WHERE name = ?", error);

  if (update == NULL)
    return FALSE;
  statement_bind_int64 (update, enabling->enabled ? 1 : 0);
  statement_bind_text (update, enabling->name);
  return statement_run (update, error);
}

static gboolean
set_operator_enabled (Database *database, gpointer data, GError **error)
{
  const Enabling *enabling = data;
  gboolean enabled = FALSE;

  if (!read_enabled (database, enabling->name, &enabled, error))
    return FALSE;
  if (enabled == enabling->enabled)
    return TRUE;
  return write_enabled (database, enabling, error)
         && audit_add (database, enabling->actor,
                       enabling->enabled ? "operator-enable" : "operator-disable", enabling->name,
                       NULL, NULL, error)
         && (enabling->enabled
             || approvals_refuse_of (database, enabling->name, enabling->actor, error));
}

gboolean
ledger_set_operator_enabled (Ledger *ledger, const char *name, gboolean enabled, const char *actor,
                             GError **error)
{
  Enabling enabling = { .name = name, .enabled = enabled != FALSE, .actor = actor };

  return ledger_write (ledger, set_operator_enabled, &enabling, error);
}

/* ---- reading ---- */

GPtrArray *
ledger_operators (Ledger *ledger, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->list.mutex);
  g_autoptr (Statement) select =
      statement_prepare (ledger->list.database, OPERATOR_QUERY " ORDER BY name", error);

  return select == NULL ? NULL
                        : load_rows (select, load_operator, (GDestroyNotify)operator_free, error);
}

Operator *
ledger_operator_of_badge (Ledger *ledger, GBytes *badge_digest, GError **error)
{
  gpointer who;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->line.mutex);
  g_autoptr (Statement) select =
      statement_prepare (ledger->line.database, OPERATOR_QUERY " WHERE badge_digest = ?", error);

  if (select == NULL)
    return NULL;
  statement_bind_bytes (select, badge_digest);
  if (!load_row (select, load_operator, &who, error))
    return NULL;
  if (who == NULL)
    g_set_error_literal (error, LEDGER_ERROR, LEDGER_ERROR_NOT_FOUND,
                         "nobody has this badge: a supervisor can add it");
  return who;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the station goes by only since somebody said so: the CAs that may issue, and which acts need
 * two people. See ledger-approval.h.
 */
#include "base/encode.h"
#include "db/ledger-approval.h"
#include "db/ledger-private.h"

/* ---- which acts need two ---- */

typedef struct {
  gint64 bits;
  const char *words;
} Policy;

static gboolean
write_policy (Database *database, gint64 bits, GError **error)
{
  g_autoptr (Statement) insert =
      statement_prepare (database,
                         "INSERT INTO meta (name, value) VALUES ('dual_control', ?)"
                         " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                         error);

  if (insert == NULL)
    return FALSE;
  statement_bind_int64 (insert, bits);
  return statement_run (insert, error);
}

/* A ledger that was never told of any goes by none. */
static gboolean
note_policy (Database *database, gpointer data, GError **error)
{
  const Policy *policy = data;
  gboolean found;
  gint64 bits;
  g_autoptr (Statement) select =
      statement_prepare (database, "SELECT value FROM meta WHERE name = 'dual_control'", error);

  if (select == NULL || !load_id (select, &bits, &found, error))
    return FALSE;
  if (bits == policy->bits)
    return TRUE;
  return write_policy (database, policy->bits, error)
         && audit_add (database, "station", "dual-control", policy->words, "as configured", NULL,
                       error);
}

gboolean
ledger_note_dual_control (Ledger *ledger, guint bits, const char *words, GError **error)
{
  Policy policy = { bits, words };

  return ledger_write (ledger, note_policy, &policy, error);
}

/* ---- CAs ---- */

static gboolean
is_accepted (Database *database, GBytes *digest, gboolean *accepted, GError **error)
{
  gint64 one;
  g_autoptr (Statement) select =
      statement_prepare (database, "SELECT 1 FROM accepted_authorities WHERE sha256 = ?", error);

  if (select == NULL)
    return FALSE;
  statement_bind_bytes (select, digest);
  return load_id (select, &one, accepted, error);
}

/* NULL with an error where `text` is no SHA-256. */
static GBytes *
digest_from_text (const char *text, GError **error)
{
  g_autoptr (GBytes) digest = hex_decode (text);

  if (digest != NULL && g_bytes_get_size (digest) == 32)
    return g_steal_pointer (&digest);
  g_set_error_literal (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
                       "a CA's fingerprint is the SHA-256 of its certificate: 64 hex digits, as "
                       "`keycradle ca status` shows it");
  return NULL;
}

static gpointer
load_name (Statement *statement)
{
  return statement_dup_text (statement);
}

/* NULL where it is not known. */
static gboolean
read_name (Database *database, GBytes *digest, char **name, GError **error)
{
  gpointer found;
  g_autoptr (Statement) select =
      statement_prepare (database, "SELECT name FROM authorities WHERE sha256 = ?", error);

  if (select == NULL)
    return FALSE;
  statement_bind_bytes (select, digest);
  if (!load_row (select, load_name, &found, error))
    return FALSE;
  *name = found;
  return TRUE;
}

gboolean
ledger_authority_is_accepted (Ledger *ledger, const char *sha256, gboolean *accepted, char **name,
                              GError **error)
{
  g_autoptr (GBytes) digest = digest_from_text (sha256, error);
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->line.mutex);
  Database *database = ledger->line.database;

  return digest != NULL && is_accepted (database, digest, accepted, error)
         && (name == NULL || read_name (database, digest, name, error));
}

typedef struct {
  GBytes *digest;
  const char *sha256;
  const char *actor;
} Acceptance;

static gboolean
insert_acceptance (Database *database, const Acceptance *acceptance, GError **error)
{
  g_autoptr (Statement) insert = statement_prepare (
      database, "INSERT INTO accepted_authorities (sha256, at, actor) VALUES (?, ?, ?)", error);

  if (insert == NULL)
    return FALSE;
  statement_bind_bytes (insert, acceptance->digest);
  statement_bind_int64 (insert, g_get_real_time ());
  statement_bind_text (insert, acceptance->actor);
  return statement_run (insert, error);
}

static gboolean
accept_authority (Database *database, gpointer data, GError **error)
{
  const Acceptance *acceptance = data;
  g_autofree char *detail = g_strdup_printf ("SHA-256 %s", acceptance->sha256);
  g_autofree char *name = NULL;
  gboolean accepted;

  if (!read_name (database, acceptance->digest, &name, error)
      || !is_accepted (database, acceptance->digest, &accepted, error))
    return FALSE;
  if (name == NULL)
    return ledger_not_found ("CA with fingerprint", acceptance->sha256, error);
  if (accepted)
    return TRUE;
  return insert_acceptance (database, acceptance, error)
         && audit_add (database, acceptance->actor, "ca-accept", name, detail, NULL, error);
}

gboolean
ledger_accept_authority (Ledger *ledger, const char *sha256, const char *actor, GError **error)
{
  g_autoptr (GBytes) digest = digest_from_text (sha256, error);
  g_autofree char *lower = g_ascii_strdown (sha256, -1);
  Acceptance acceptance = { digest, lower, actor };

  return digest != NULL && ledger_write (ledger, accept_authority, &acceptance, error);
}

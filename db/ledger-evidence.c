/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the ledger says of itself and of a batch: numbers that the station signs. One snapshot, and
 * only indexes are read.
 */
#include <openssl/evp.h>
#include <string.h>

#include "base/encode.h"
#include "db/ledger-private.h"

gboolean
identity_read (Database *database, guint8 identity[LEDGER_IDENTITY], GError **error)
{
  gboolean row;
  gsize length = 0;
  g_autoptr (Statement) select = statement_prepare (database, "SELECT value FROM identity", error);

  if (select == NULL || !statement_step (select, &row, error))
    return FALSE;
  const guint8 *data = row ? statement_blob (select, &length) : NULL;
  if (length != LEDGER_IDENTITY) {
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_CORRUPT, "%s has lost its identity",
                 database->path);
    return FALSE;
  }
  memcpy (identity, data, LEDGER_IDENTITY);
  return TRUE;
}

char *
ledger_identity (Ledger *ledger, GError **error)
{
  guint8 identity[LEDGER_IDENTITY];
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->line.mutex);

  return identity_read (ledger->line.database, identity, error)
             ? hex_encode (identity, sizeof identity)
             : NULL;
}

gboolean
ledger_head (Ledger *ledger, LedgerHead *head, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->line.mutex);

  return audit_read_head (ledger->line.database, G_MAXINT64, head, error);
}

gboolean
ledger_export_head (Ledger *ledger, gint64 id, LedgerHead *head, GError **error)
{
  gint64 as_of;
  gboolean found;
  g_autofree char *name = g_strdup_printf ("%" G_GINT64_FORMAT, id);
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->line.mutex);
  g_autoptr (Statement) select = statement_prepare (
      ledger->line.database, "SELECT coalesce (as_of, through) FROM exports WHERE id = ?", error);

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, id);
  if (!load_id (select, &as_of, &found, error))
    return FALSE;
  return found ? audit_read_head (ledger->line.database, as_of, head, error)
               : ledger_not_found ("export", name, error);
}

/* ---- a batch ---- */

/* Live certificates are counted as they change; what is open among them, and void, stands in an
 * index each. */
#define CLAIM_QUERY                                                                                \
  "SELECT devices, live, (SELECT count (*) FROM certificates WHERE batch = ?1"                     \
  "   AND state = 'void'),"                                                                        \
  " (SELECT count (*) FROM certificates WHERE batch = ?1 AND state = 'issued'),"                   \
  " (SELECT coalesce (sum (count), 0) FROM failures WHERE batch = ?1)"                             \
  " FROM batches WHERE id = ?1"

static gboolean
read_counts (Database *database, gint64 batch_id, BatchClaim *claim, GError **error)
{
  gboolean row;
  g_autoptr (Statement) select = statement_prepare (database, CLAIM_QUERY, error);

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, batch_id);
  if (!statement_step (select, &row, error))
    return FALSE;
  claim->devices = (guint64)statement_int64 (select);
  const guint64 live = (guint64)statement_int64 (select);
  claim->voided = (guint64)statement_int64 (select);
  claim->open = (guint64)statement_int64 (select);
  claim->failed = (guint64)statement_int64 (select);
  claim->verified = live - claim->open;
  return TRUE;
}

static gboolean
digest_voids (Database *database, gint64 batch_id, EVP_MD_CTX *digest, GError **error)
{
  gboolean row = TRUE;
  g_autoptr (GString) line = g_string_new (NULL);
  g_autoptr (Statement) select =
      statement_prepare (database,
                         "SELECT log_index, void_reason FROM certificates WHERE batch = ?"
                         " AND state = 'void' ORDER BY log_index",
                         error);

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, batch_id);
  while (statement_step (select, &row, error)) {
    if (!row)
      return TRUE;
    g_string_printf (line, "%" G_GINT64_FORMAT " ", statement_int64 (select));
    g_string_append (line, statement_text (select));
    g_string_append_c (line, '\n');
    EVP_DigestUpdate (digest, line->str, line->len);
  }
  return FALSE;
}

static gboolean
read_voids (Database *database, gint64 batch_id, guint8 hash[EVENT_HASH], GError **error)
{
  EVP_MD_CTX *digest = EVP_MD_CTX_new ();
  gboolean read = EVP_DigestInit_ex (digest, EVP_sha256 (), NULL)
                  && digest_voids (database, batch_id, digest, error);

  if (read)
    EVP_DigestFinal_ex (digest, hash, NULL);
  EVP_MD_CTX_free (digest);
  return read;
}

gboolean
ledger_claim (Ledger *ledger, const char *batch, BatchClaim *claim, GError **error)
{
  g_autoptr (Database) database = database_open_reader (ledger->path, error);
  gint64 batch_id;

  return database != NULL && statement_execute (database, "BEGIN", error)
         && batch_find_existing (database, batch, &batch_id, error)
         && read_counts (database, batch_id, claim, error)
         && read_voids (database, batch_id, claim->voids_sha256, error)
         && audit_read_head (database, G_MAXINT64, &claim->head, error)
         && statement_execute (database, "COMMIT", error);
}

/* ---- a batch that is closed ---- */

gboolean
certificates_void_open (Database *database, gint64 batch_id, const char *actor, GError **error)
{
  gint64 certificate_id;
  gboolean found = TRUE;

  while (found) {
    g_autoptr (Statement) select = statement_prepare (
        database,
        "SELECT id FROM certificates WHERE batch = ? AND state = 'issued' AND NOT EXISTS"
        " (SELECT 1 FROM attempts WHERE attempts.device = certificates.device"
        "   AND result = 'running') LIMIT 1",
        error);

    if (select == NULL)
      return FALSE;
    statement_bind_int64 (select, batch_id);
    if (!load_id (select, &certificate_id, &found, error))
      return FALSE;
    statement_finish (g_steal_pointer (&select));
    if (found && !certificate_void (database, certificate_id, "batch-closed", actor, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
is_at_rest (Database *database, gint64 batch_id, gboolean *at_rest, GError **error)
{
  gint64 id;
  gboolean busy;
  g_autoptr (Statement) select = statement_prepare (
      database,
      "SELECT id FROM attempts WHERE batch = ?1 AND result = 'running' UNION ALL"
      " SELECT id FROM certificates WHERE batch = ?1 AND state = 'issued' LIMIT 1",
      error);

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, batch_id);
  if (!load_id (select, &id, &busy, error))
    return FALSE;
  *at_rest = !busy;
  return TRUE;
}

typedef struct {
  const char *batch;
  const char *actor;
  gboolean settled;
} Settling;

static gboolean
check_closed (Database *database, gint64 batch_id, const char *name, GError **error)
{
  gint64 id;
  gboolean closed;
  g_autoptr (Statement) select = statement_prepare (
      database, "SELECT id FROM batches WHERE id = ? AND state = 'closed'", error);

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, batch_id);
  if (!load_id (select, &id, &closed, error))
    return FALSE;
  if (!closed)
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_BATCH_STATE, "batch %s is not closed", name);
  return closed;
}

static gboolean
settle_batch (Database *database, gpointer data, GError **error)
{
  Settling *settling = data;
  gint64 batch_id;

  return batch_find_existing (database, settling->batch, &batch_id, error)
         && check_closed (database, batch_id, settling->batch, error)
         && certificates_void_open (database, batch_id, settling->actor, error)
         && is_at_rest (database, batch_id, &settling->settled, error);
}

gboolean
ledger_settle_batch (Ledger *ledger, const char *batch, const char *actor, gboolean *settled,
                     GError **error)
{
  Settling settling = { .batch = batch, .actor = actor };

  if (!ledger_write (ledger, settle_batch, &settling, error))
    return FALSE;
  *settled = settling.settled;
  return TRUE;
}

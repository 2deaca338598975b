/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Every key that the station has ever seen, and how far they were held against each other.
 */
#include "db/ledger-private.h"

/* ---- taking one ---- */

static gboolean
find_owner (Database *database, GBytes *sha256, gint64 *owner, gboolean *found, GError **error)
{
  g_autoptr (Statement) select =
      statement_prepare (database, "SELECT device FROM seen_keys WHERE number_sha256 = ?", error);

  if (select == NULL)
    return FALSE;
  statement_bind_bytes (select, sha256);
  return load_id (select, owner, found, error);
}

static gboolean
insert_key (Database *database, gint64 device_id, const CertificateKey *key, GBytes *sha256,
            GError **error)
{
  g_autoptr (Statement) insert =
      statement_prepare (database,
                         "INSERT INTO seen_keys (number_sha256, type, number, device, seen_at)"
                         " VALUES (?, ?, ?, ?, ?)",
                         error);

  if (insert == NULL)
    return FALSE;
  statement_bind_bytes (insert, sha256);
  statement_bind_text (insert, key->type);
  statement_bind_blob (insert, key->number.data, key->number.length);
  statement_bind_int64 (insert, device_id);
  statement_bind_int64 (insert, g_get_real_time ());
  return statement_run (insert, error);
}

gboolean
key_take (Database *database, gint64 device_id, const CertificateKey *key, gint64 *owner,
          GError **error)
{
  g_autoptr (GBytes) sha256 = certificate_key_sha256 (key);
  gboolean found;

  if (!find_owner (database, sha256, owner, &found, error))
    return FALSE;
  if (found)
    return TRUE;
  *owner = device_id;
  return insert_key (database, device_id, key, sha256, error);
}

/* The unit came back with a key that it should have thrown away. */
static gboolean
check_findings (Database *database, const CertificateKey *key, GError **error)
{
  g_autoptr (GBytes) sha256 = certificate_key_sha256 (key);
  gboolean row;
  g_autoptr (Statement) select = statement_prepare (
      database,
      "SELECT kind FROM seen_keys JOIN key_findings"
      " ON key_findings.key = seen_keys.id OR key_findings.partner = seen_keys.id"
      " WHERE number_sha256 = ? LIMIT 1",
      error);

  if (select == NULL)
    return FALSE;
  statement_bind_bytes (select, sha256);
  if (!statement_step (select, &row, error))
    return FALSE;
  if (row)
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_KEY_FINDING,
                 "another device's key gives this one away (%s): the chip must make a new key",
                 statement_text (select));
  return !row;
}

typedef struct {
  gint64 device_id;
  CertificateKey key;
} Taking;

static gboolean
take_key (Database *database, gpointer data, GError **error)
{
  const Taking *taking = data;
  gint64 owner;

  if (!key_take (database, taking->device_id, &taking->key, &owner, error))
    return FALSE;
  if (owner == taking->device_id)
    return check_findings (database, &taking->key, error);
  g_autoptr (Device) device = device_read (database, owner, error);
  if (device == NULL)
    return FALSE;
  g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_DUPLICATE_KEY,
               "device %s has this public key already: this chip did not make a key of its own",
               device->serial);
  return FALSE;
}

gboolean
ledger_take_key (Ledger *ledger, gint64 device_id, GBytes *spki, GError **error)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (spki, &length);
  Taking taking = { .device_id = device_id };

  if (certificate_part_key ((CertificatePart){ data, length }, &taking.key))
    return ledger_write_soon (ledger, take_key, &taking, error);
  g_set_error_literal (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
                       "this is not the public key of RSA or of a known curve");
  return FALSE;
}

/* ---- reading them ---- */

void
seen_key_free (SeenKey *key)
{
  if (key == NULL)
    return;
  g_free (key->type);
  g_bytes_unref (key->number);
  g_free (key);
}

static gpointer
load_seen_key (Statement *statement)
{
  SeenKey *key = g_new0 (SeenKey, 1);

  key->id = (guint64)statement_int64 (statement);
  key->type = statement_dup_text (statement);
  key->number = statement_dup_bytes (statement);
  return key;
}

GPtrArray *
ledger_seen_keys (Ledger *ledger, guint64 after, guint most, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->list.mutex);
  g_autoptr (Statement) select = statement_prepare (
      ledger->list.database,
      "SELECT id, type, number FROM seen_keys WHERE id > ? ORDER BY id LIMIT ?", error);

  if (select == NULL)
    return NULL;
  statement_bind_int64 (select, (gint64)MIN (after, (guint64)G_MAXINT64));
  statement_bind_int64 (select, limit_of (most));
  return load_rows (select, load_seen_key, (GDestroyNotify)seen_key_free, error);
}

/* ---- how far they are checked ---- */

/* Only findings are walked, and they are few. */
#define STATE_QUERY                                                                                \
  "SELECT (SELECT coalesce (max (id), 0) FROM seen_keys),"                                         \
  " (SELECT value FROM meta WHERE name = 'keys_checked'),"                                         \
  " (SELECT count (*) FROM key_findings),"                                                         \
  " (SELECT count (DISTINCT certificates.id)" WEAK_CERTIFICATES (                                  \
      "certificates.state <> 'void'") "), (SELECT coalesce (max (id), 0) FROM audit_events)"

gboolean
key_state_read (Database *database, KeyState *state, GError **error)
{
  gboolean row;
  g_autoptr (Statement) select = statement_prepare (database, STATE_QUERY, error);

  if (select == NULL || !statement_step (select, &row, error))
    return FALSE;
  state->newest = (guint64)statement_int64 (select);
  state->checked = (guint64)statement_int64 (select);
  state->findings = (guint64)statement_int64 (select);
  state->units = (guint64)statement_int64 (select);
  state->event = statement_int64 (select);
  return TRUE;
}

gboolean
ledger_key_state (Ledger *ledger, KeyState *state, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->line.mutex);

  return key_state_read (ledger->line.database, state, error);
}

static gboolean
settle_keys (Database *database, gpointer data, GError **error)
{
  return statement_execute (database,
                            "UPDATE meta SET value = (SELECT coalesce (max (id), 0) FROM seen_keys)"
                            " WHERE name = 'keys_on_disk'",
                            error)
         && database_read_number (database, "SELECT value FROM meta WHERE name = 'keys_on_disk'",
                                  data, error);
}

gboolean
ledger_settle_keys (Ledger *ledger, guint64 *newest, GError **error)
{
  gint64 settled;

  if (!ledger_write (ledger, settle_keys, &settled, error))
    return FALSE;
  *newest = (guint64)settled;
  return TRUE;
}

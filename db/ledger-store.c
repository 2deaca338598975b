/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Storing what the signer issued. It has happened already and stands in the signer's log,
 * so nothing is turned away here but what contradicts the ledger: an entry whose device or
 * batch is missing (the ledger was lost, or put back from a backup) makes them anew.
 *
 * The log's order decides: of a device's certificates only the one with the highest log
 * index may live. Slots store in parallel, so entries arrive out of order; the meta value
 * next_log_index is the first one that is missing.
 */
#include "db/certificate-fields.h"
#include "db/ledger-private.h"

#define DUPLICATE_KEY "duplicate-key"

typedef struct {
  const Issuance *issuance;
  const CertificateFields *fields;
  gint64 batch_id;
  gint64 device_id;
  /* Committed, but the caller must not use the certificate: another device has the key. */
  gboolean duplicate_key;
} Storing;

static gboolean
contradiction (const Storing *storing, GError **error)
{
  g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
               "entry %" G_GUINT64_FORMAT " of the signer's log is another one in the ledger: "
               "signer and ledger do not belong together",
               storing->issuance->log_index);
  return FALSE;
}

/* `stored` where this very entry is there. */
static gboolean
find_stored (Database *database, Storing *storing, gboolean *stored, GError **error)
{
  gboolean same;
  g_autoptr (Statement) select =
      statement_prepare (database,
                         "SELECT sha256 = ?1 AND log_index = ?2, void_reason IS 'duplicate-key'"
                         " FROM certificates WHERE log_index = ?2 OR sha256 = ?1 LIMIT 1",
                         error);

  if (select == NULL)
    return FALSE;
  statement_bind_bytes (select, storing->fields->sha256);
  statement_bind_int64 (select, (gint64)storing->issuance->log_index);
  if (!statement_step (select, stored, error))
    return FALSE;
  if (!*stored)
    return TRUE;
  same = statement_int64 (select) != 0;
  storing->duplicate_key = statement_int64 (select) != 0;
  return same || contradiction (storing, error);
}

/* In a batch that is made anew, a device that is known already came back to be renewed. */
static gboolean
find_or_recover_batch (Database *database, Storing *storing, GError **error)
{
  const Issuance *issuance = storing->issuance;
  gboolean known;

  return device_find (database, issuance->device, &storing->device_id, &known, error)
         && batch_find_or_recover (database, issuance->batch, issuance->profile,
                                   known ? BATCH_RENEW : BATCH_NEW, &storing->batch_id, error);
}

static gboolean
find_or_recover_device (Database *database, Storing *storing, GError **error)
{
  const char *serial = storing->issuance->device;
  DeviceFacts unknown = { .driver = "" };
  gboolean found;

  if (!device_find (database, serial, &storing->device_id, &found, error))
    return FALSE;
  if (found)
    return TRUE;
  storing->device_id = device_insert (database, storing->batch_id, serial, &unknown, error);
  return storing->device_id != 0
         && audit_add (database, NULL, "device-recovered", serial,
                       "made from the signer's log: the ledger did not have it", NULL, error);
}

/* The encoding in this certificate is the device's from now on. */
static gboolean
keep_encoding (Database *database, const Storing *storing, GError **error)
{
  g_autoptr (Statement) insert =
      statement_prepare (database,
                         "INSERT INTO keys (spki_sha256, device) SELECT ?1, ?2"
                         " WHERE NOT EXISTS (SELECT 1 FROM keys WHERE spki_sha256 = ?1)",
                         error);

  if (insert == NULL)
    return FALSE;
  statement_bind_bytes (insert, storing->fields->spki_sha256);
  statement_bind_int64 (insert, storing->device_id);
  return statement_run (insert, error);
}

/* A key belongs to the device that had it first. It was taken when the device proved that it has
 * it; what comes from the signer's log into a ledger that was lost takes it here. */
static gboolean
claim_key (Database *database, Storing *storing, GError **error)
{
  gint64 owner;

  if (!key_take (database, storing->device_id, &storing->fields->key, &owner, error))
    return FALSE;
  storing->duplicate_key = owner != storing->device_id;
  return storing->duplicate_key || keep_encoding (database, storing, error);
}

/* Why the new certificate is void from the start, or NULL where it lives. */
static gboolean
judge (Database *database, const Storing *storing, const char **void_reason, GError **error)
{
  gint64 newest;
  gboolean found;
  g_autoptr (Statement) select = statement_prepare (
      database,
      "SELECT log_index FROM certificates WHERE device = ? ORDER BY log_index DESC LIMIT 1", error);

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, storing->device_id);
  if (!load_id (select, &newest, &found, error))
    return FALSE;
  *void_reason = NULL;
  if (storing->duplicate_key)
    *void_reason = DUPLICATE_KEY;
  else if (found && newest > (gint64)storing->issuance->log_index)
    *void_reason = VOID_SUPERSEDED;
  return TRUE;
}

static gboolean
void_earlier (Database *database, const Storing *storing, GError **error)
{
  gint64 earlier;
  gboolean found;
  g_autoptr (Statement) select = statement_prepare (
      database, "SELECT id FROM certificates WHERE device = ? AND state <> 'void'", error);

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, storing->device_id);
  if (!load_id (select, &earlier, &found, error))
    return FALSE;
  return !found || certificate_void (database, earlier, VOID_SUPERSEDED, NULL, error);
}

static gboolean
audit_storing (Database *database, const Storing *storing, const char *void_reason, gint64 *event,
               GError **error)
{
  g_autofree char *detail = g_strdup_printf (
      "log index %" G_GUINT64_FORMAT "%s%s", storing->issuance->log_index,
      void_reason == NULL ? "" : ", void from the start: ", void_reason == NULL ? "" : void_reason);

  return audit_add (database, NULL, "certificate-store", storing->issuance->device, detail, event,
                    error);
}

static void
bind_fields (Statement *insert, const CertificateFields *fields)
{
  statement_bind_bytes (insert, fields->serial_number);
  statement_bind_bytes (insert, fields->sha256);
  statement_bind_bytes (insert, fields->sha1);
  statement_bind_bytes (insert, fields->spki_sha256);
  statement_bind_text (insert, fields->subject);
  statement_bind_text (insert, fields->common_name);
  statement_bind_int64 (insert, fields->not_before);
  statement_bind_int64 (insert, fields->not_after);
}

static gboolean
insert_certificate (Database *database, const Storing *storing, const char *void_reason,
                    gint64 event, GError **error)
{
  gint64 issuer;

  if (!issuer_take (database, storing->fields->issuer, storing->fields->issuer_key_id, &issuer,
                    error))
    return FALSE;
  g_autoptr (Statement) insert = statement_prepare (
      database,
      "INSERT INTO certificates (device, batch, profile, state, void_reason, void_event,"
      " log_index, issued_at, serial_number, sha256, sha1, spki_sha256, subject, common_name,"
      " not_before, not_after, der, issuer)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      error);

  if (insert == NULL)
    return FALSE;
  statement_bind_int64 (insert, storing->device_id);
  statement_bind_int64 (insert, storing->batch_id);
  statement_bind_text (insert, storing->issuance->profile);
  statement_bind_text (insert, void_reason == NULL ? "issued" : "void");
  statement_bind_text (insert, void_reason);
  if (void_reason == NULL)
    statement_bind_null (insert);
  else
    statement_bind_int64 (insert, event);
  statement_bind_int64 (insert, (gint64)storing->issuance->log_index);
  statement_bind_int64 (insert, storing->issuance->issued_at);
  bind_fields (insert, storing->fields);
  statement_bind_bytes (insert, storing->issuance->der);
  statement_bind_int64 (insert, issuer);
  return statement_run (insert, error);
}

/* In the same transaction; what is stored already may lack it, where it came from the signer's log,
 * which has no requests. */
static gboolean
keep_request (Database *database, const Storing *storing, GError **error)
{
  if (storing->issuance->request == NULL)
    return TRUE;
  g_autoptr (Statement) insert =
      statement_prepare (database,
                         "INSERT OR IGNORE INTO requests (certificate, der)"
                         " SELECT id, ? FROM certificates WHERE log_index = ?",
                         error);
  if (insert == NULL)
    return FALSE;
  statement_bind_bytes (insert, storing->issuance->request);
  statement_bind_int64 (insert, (gint64)storing->issuance->log_index);
  return statement_run (insert, error);
}

static gboolean
certify_device (Database *database, gint64 device_id, GError **error)
{
  g_autoptr (Statement) update = statement_prepare (
      database, "UPDATE devices SET state = 'certified' WHERE id = ? AND state <> 'failed'", error);

  if (update == NULL)
    return FALSE;
  statement_bind_int64 (update, device_id);
  return statement_run (update, error);
}

static gboolean
place_certificate (Database *database, const Storing *storing, GError **error)
{
  const char *void_reason;
  gint64 event;

  if (!judge (database, storing, &void_reason, error)
      || (void_reason == NULL && !void_earlier (database, storing, error))
      || !audit_storing (database, storing, void_reason, &event, error)
      || !insert_certificate (database, storing, void_reason, event, error))
    return FALSE;
  return void_reason != NULL || certify_device (database, storing->device_id, error);
}

static gboolean
store_certificate (Database *database, gpointer data, GError **error)
{
  Storing *storing = data;
  gboolean stored;

  if (!find_stored (database, storing, &stored, error))
    return FALSE;
  if (stored)
    return keep_request (database, storing, error);
  return find_or_recover_batch (database, storing, error)
         && find_or_recover_device (database, storing, error)
         && claim_key (database, storing, error) && place_certificate (database, storing, error)
         && keep_request (database, storing, error) && log_mark_advance (database, error);
}

gboolean
ledger_store_certificate (Ledger *ledger, const Issuance *issuance, GError **error)
{
  g_autoptr (CertificateFields) fields = certificate_fields_read (issuance->der, error);
  Storing storing = { .issuance = issuance, .fields = fields };

  if (fields == NULL || !ledger_write (ledger, store_certificate, &storing, error))
    return FALSE;
  if (storing.duplicate_key)
    g_set_error_literal (error, LEDGER_ERROR, LEDGER_ERROR_DUPLICATE_KEY,
                         "another device has this public key: the certificate was recorded as "
                         "void and must not be used");
  return !storing.duplicate_key;
}

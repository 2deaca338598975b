/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See ledger-attestation.h. The parts are kept as one blob, so that a format may have as many as it
 * needs and none can get lost by itself.
 */
#include "db/ledger-attestation.h"

#include "base/encode.h"
#include "db/ledger-private.h"

#define COLUMNS                                                                                    \
  "SELECT attestations.id, attempt, devices.serial, format, verdict, spki_sha256, nonce, secret,"  \
  " request, evidence, detail, at"                                                                 \
  " FROM attestations JOIN devices ON devices.id = attestations.device"

const char *
attestation_verdict_word (AttestationVerdict verdict)
{
  switch (verdict) {
  case ATTESTATION_VERIFIED:
    return "verified";
  case ATTESTATION_KEPT:
    return "kept";
  case ATTESTATION_REFUSED:
    return "refused";
  }
  return "refused";
}

/* ---- parts, end to end ---- */

static GBytes *
join_parts (GPtrArray *parts, GError **error)
{
  g_autoptr (GByteArray) all = g_byte_array_new ();

  for (guint i = 0; i < parts->len && all->len <= ATTESTATION_MOST_BYTES; i++) {
    gsize length;
    const guint8 *data = g_bytes_get_data (g_ptr_array_index (parts, i), &length);
    const guint32 prefix = GUINT32_TO_BE ((guint32)MIN (length, ATTESTATION_MOST_BYTES));

    g_byte_array_append (all, (const guint8 *)&prefix, sizeof prefix);
    g_byte_array_append (all, data, (guint)MIN (length, ATTESTATION_MOST_BYTES));
  }
  if (parts->len > 0 && parts->len <= ATTESTATION_MOST_PARTS && all->len <= ATTESTATION_MOST_BYTES)
    return g_byte_array_free_to_bytes (g_steal_pointer (&all));
  g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
               "%u parts of evidence with %u bytes or more can't be kept", parts->len, all->len);
  return NULL;
}

static GPtrArray *
split_parts (const guint8 *data, gsize left)
{
  GPtrArray *parts = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);

  while (left >= 4) {
    const gsize length =
        (gsize)data[0] << 24 | (gsize)data[1] << 16 | (gsize)data[2] << 8 | data[3];

    if (length > left - 4)
      break;
    g_ptr_array_add (parts, g_bytes_new (data + 4, length));
    data += 4 + length;
    left -= 4 + length;
  }
  return parts;
}

/* ---- keeping ---- */

typedef struct {
  const AttestationEntry *entry;
  GBytes *spki_sha256;
  GBytes *evidence;
} Keeping;

static gboolean
insert_attestation (Database *database, const Keeping *keeping, gint64 device_id, GError **error)
{
  const AttestationEntry *entry = keeping->entry;
  g_autoptr (Statement) insert = statement_prepare (
      database,
      "INSERT INTO attestations (attempt, device, format, verdict, spki_sha256, nonce, secret,"
      " request, evidence, detail, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      error);

  if (insert == NULL)
    return FALSE;
  statement_bind_int64 (insert, entry->attempt_id);
  statement_bind_int64 (insert, device_id);
  statement_bind_text (insert, entry->format);
  statement_bind_text (insert, attestation_verdict_word (entry->verdict));
  statement_bind_bytes (insert, keeping->spki_sha256);
  statement_bind_bytes (insert, entry->nonce);
  statement_bind_bytes (insert, entry->secret);
  statement_bind_bytes (insert, entry->request);
  statement_bind_bytes (insert, keeping->evidence);
  statement_bind_text (insert, entry->detail);
  statement_bind_int64 (insert, g_get_real_time ());
  return statement_run (insert, error);
}

static gboolean
keep_attestation (Database *database, gpointer data, GError **error)
{
  const Keeping *keeping = data;
  const AttestationEntry *entry = keeping->entry;
  g_autoptr (Device) device = NULL;
  gint64 batch_id;
  gint64 device_id;

  if (!attempt_running (database, entry->attempt_id, &batch_id, &device_id, error))
    return FALSE;
  device = device_read (database, device_id, error);
  if (device == NULL)
    return FALSE;
  g_autofree char *detail =
      g_strdup_printf ("%s %s, attempt %" G_GINT64_FORMAT ": %s", entry->format,
                       attestation_verdict_word (entry->verdict), entry->attempt_id, entry->detail);
  return insert_attestation (database, keeping, device_id, error)
         && audit_add (database, NULL, "attestation", device->serial, detail, NULL, error);
}

static GBytes *
digest_of (GBytes *bytes)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);

  return sha256_of (data, length);
}

gboolean
ledger_keep_attestation (Ledger *ledger, const AttestationEntry *entry, GError **error)
{
  g_autoptr (GBytes) evidence = join_parts (entry->parts, error);
  g_autoptr (GBytes) digest = digest_of (entry->spki);
  Keeping keeping = { entry, digest, evidence };

  return evidence != NULL && ledger_write (ledger, keep_attestation, &keeping, error);
}

/* ---- reading ---- */

void
attestation_record_free (AttestationRecord *record)
{
  if (record == NULL)
    return;
  g_free (record->device);
  g_free (record->format);
  g_free (record->verdict);
  g_free (record->spki_sha256);
  g_clear_pointer (&record->nonce, g_bytes_unref);
  g_clear_pointer (&record->secret, g_bytes_unref);
  g_clear_pointer (&record->request, g_bytes_unref);
  g_clear_pointer (&record->parts, g_ptr_array_unref);
  g_free (record->detail);
  g_free (record);
}

static gpointer
load_attestation (Statement *select)
{
  AttestationRecord *record = g_new0 (AttestationRecord, 1);
  gsize length;
  const guint8 *evidence;

  record->id = statement_int64 (select);
  record->attempt = statement_int64 (select);
  record->device = statement_dup_text (select);
  record->format = statement_dup_text (select);
  record->verdict = statement_dup_text (select);
  record->spki_sha256 = statement_dup_hex (select);
  record->nonce = statement_dup_bytes (select);
  record->secret = statement_dup_bytes (select);
  record->request = statement_dup_bytes (select);
  evidence = statement_blob (select, &length);
  record->parts = split_parts (evidence, length);
  record->detail = statement_dup_text (select);
  record->at = statement_int64 (select);
  return record;
}

AttestationRecord *
ledger_attestation (Ledger *ledger, const char *serial, GError **error)
{
  gpointer record;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->line.mutex);
  g_autoptr (Statement) select =
      statement_prepare (ledger->line.database,
                         COLUMNS " WHERE devices.serial = ?"
                                 " ORDER BY EXISTS (SELECT 1 FROM certificates"
                                 "  WHERE certificates.device = attestations.device"
                                 "  AND certificates.state <> 'void'"
                                 "  AND certificates.spki_sha256 = attestations.spki_sha256) DESC,"
                                 " attestations.id DESC LIMIT 1",
                         error);

  if (select == NULL)
    return NULL;
  statement_bind_text (select, serial);
  return load_row (select, load_attestation, &record, error) ? record : NULL;
}

AttestationRecord *
ledger_attestation_of_attempt (Ledger *ledger, gint64 attempt_id, GError **error)
{
  gpointer record;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->line.mutex);
  g_autoptr (Statement) select =
      statement_prepare (ledger->line.database,
                         COLUMNS " WHERE attempt = ? ORDER BY attestations.id DESC LIMIT 1", error);

  if (select == NULL)
    return NULL;
  statement_bind_int64 (select, attempt_id);
  return load_row (select, load_attestation, &record, error) ? record : NULL;
}

gboolean
ledger_key_attested (Ledger *ledger, gint64 device_id, GBytes *spki, gboolean *attested,
                     GError **error)
{
  gint64 id;
  g_autoptr (GBytes) digest = digest_of (spki);
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->line.mutex);
  g_autoptr (Statement) select =
      statement_prepare (ledger->line.database,
                         "SELECT id FROM attestations"
                         " WHERE spki_sha256 = ? AND device = ? AND verdict = 'verified' LIMIT 1",
                         error);

  if (select == NULL)
    return FALSE;
  statement_bind_bytes (select, digest);
  statement_bind_int64 (select, device_id);
  return load_id (select, &id, attested, error);
}

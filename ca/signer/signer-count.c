/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See signer-count.h.
 */
#include "ca/signer/signer-count.h"

#include <string.h>

struct SignatureCount {
  IssuanceLog *log;
  GMutex mutex; /* guards what follows, and is not held while a TPM thinks */
  GCond changed;
  guint signing;         /* orders between TPM and log */
  gboolean accounting;   /* then no other begins */
  GHashTable *accounted; /* GBytes: origins of the CAs whose account was right, and no signature was
                            lost since */
};

SignatureCount *
signature_count_new (IssuanceLog *log)
{
  SignatureCount *count = g_new0 (SignatureCount, 1);

  g_mutex_init (&count->mutex);
  g_cond_init (&count->changed);
  count->log = log;
  count->accounted =
      g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
  return count;
}

void
signature_count_free (SignatureCount *count)
{
  if (count == NULL)
    return;
  g_hash_table_unref (count->accounted);
  g_cond_clear (&count->changed);
  g_mutex_clear (&count->mutex);
  g_free (count);
}

/* ---- the account ---- */

static guint64
lost_at (IssuanceLog *log, guint64 place, const Authority *authority)
{
  g_autoptr (GBytes) bytes = issuance_log_read (log, place, NULL);
  g_autofree char *number = NULL;
  LogEntry entry;

  if (bytes == NULL
      || !log_entry_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &entry, NULL)
      || memcmp (entry.spki_sha256, authority->origin, LOG_HASH) != 0)
    return 0;
  number = g_strndup ((const char *)entry.device.data, entry.device.length);
  return g_ascii_strtoull (number, NULL, 10);
}

static guint64
lost_so_far (IssuanceLog *log, const Authority *authority)
{
  g_autoptr (GArray) places = issuance_log_places (log, LOG_ENTRY_LOST);
  guint64 lost = 0;

  for (guint i = 0; i < places->len; i++)
    lost += lost_at (log, g_array_index (places, guint64, i), authority);
  return lost;
}

static Span
certificate_of (const Authority *authority)
{
  Span span;

  span.data = g_bytes_get_data (g_ptr_array_index (authority->chain, 0), &span.length);
  return span;
}

/* Behind a clock that is wrong nothing is signed, so this may bear the log's newest time. */
static gboolean
enter_lost (SignatureCount *count, const Authority *authority, guint64 lost, GError **error)
{
  g_autofree char *number = g_strdup_printf ("%" G_GUINT64_FORMAT, lost);
  LogEntry entry = { .type = LOG_ENTRY_LOST,
                     .signed_at = MAX (g_get_real_time (), issuance_log_newest (count->log)),
                     .device = span_of_text (number) };
  guint64 place;

  memcpy (entry.spki_sha256, authority->origin, LOG_HASH);
  if (!issuance_log_append (count->log, &entry, &place, error))
    return FALSE;
  g_warning ("the TPM counted %" G_GUINT64_FORMAT
             " signatures of the CA '%s' that stand in no entry: they are on record as lost (entry "
             "%" G_GUINT64_FORMAT ")",
             lost, authority->name, place);
  return TRUE;
}

/* The TPM is asked first: what is signed meanwhile is then not taken for lost. */
static gboolean
read_account (SignatureCount *count, const Authority *authority, TpmAccount *account, guint64 *lost,
              GError **error)
{
  KeystoreCount found;

  if (!keystore_count (authority->keystore, &found, error))
    return FALSE;
  *lost = lost_so_far (count->log, authority);
  *account = (TpmAccount){ found.count, found.limit,
                           issuance_log_signatures (count->log, certificate_of (authority)) };
  return TRUE;
}

static gboolean
take_account (SignatureCount *count, const Authority *authority, TpmAccount *account,
              GError **error)
{
  guint64 lost;

  if (!read_account (count, authority, account, &lost, error))
    return FALSE;
  if (account->count > account->logged + lost)
    return enter_lost (count, authority, account->count - account->logged - lost, error);
  return account->count == account->logged + lost
         || ca_refuse (
             error, CA_ERROR_COUNT,
             "the TPM has counted %u signatures of the CA '%s', but its log has %" G_GUINT64_FORMAT
             " and %" G_GUINT64_FORMAT
             " lost ones: TPM or log is not the one that it was, and nothing is signed; put back "
             "the newest log, or the PC's own TPM",
             account->count, authority->name, account->logged, lost);
}

/* ---- who is signing ---- */

static GBytes *
origin_of (const Authority *authority)
{
  return g_bytes_new (authority->origin, sizeof authority->origin);
}

/* Under the mutex, as the next. */
static void
set_accounted (SignatureCount *count, const Authority *authority, gboolean is_right)
{
  g_autoptr (GBytes) origin = origin_of (authority);

  if (is_right)
    g_hash_table_add (count->accounted, g_steal_pointer (&origin));
  else
    g_hash_table_remove (count->accounted, origin);
}

static void
resume (SignatureCount *count)
{
  count->accounting = FALSE;
  g_cond_broadcast (&count->changed);
}

/* Under the mutex, which is free while others end and the TPM thinks. Nothing is signed until
 * resume(). */
static gboolean
hold (SignatureCount *count, const Authority *authority, TpmAccount *account, GError **error)
{
  gboolean ok;

  count->accounting = TRUE;
  while (count->signing > 0)
    g_cond_wait (&count->changed, &count->mutex);
  g_mutex_unlock (&count->mutex);
  ok = take_account (count, authority, account, error);
  g_mutex_lock (&count->mutex);
  set_accounted (count, authority, ok);
  return ok;
}

static gboolean
take_alone (SignatureCount *count, const Authority *authority, TpmAccount *account, GError **error)
{
  gboolean ok = hold (count, authority, account, error);

  resume (count);
  return ok;
}

/* Under the mutex. */
static void
wait_for_account (SignatureCount *count)
{
  while (count->accounting)
    g_cond_wait (&count->changed, &count->mutex);
}

gboolean
signature_count_begin (SignatureCount *count, const Authority *authority, GError **error)
{
  g_autoptr (GBytes) origin = origin_of (authority);
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&count->mutex);
  TpmAccount account;

  if (!keystore_counts (authority->keystore))
    return TRUE;
  wait_for_account (count);
  if (!g_hash_table_contains (count->accounted, origin)
      && !take_alone (count, authority, &account, error))
    return FALSE;
  count->signing++;
  return TRUE;
}

void
signature_count_end (SignatureCount *count, const Authority *authority, gboolean clean)
{
  g_autoptr (GBytes) origin = origin_of (authority);
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&count->mutex);

  if (!keystore_counts (authority->keystore))
    return;
  count->signing--;
  if (!clean)
    g_hash_table_remove (count->accounted, origin);
  g_cond_broadcast (&count->changed);
}

gboolean
signature_count_hold (SignatureCount *count, const Authority *authority, TpmAccount *account,
                      GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&count->mutex);

  wait_for_account (count);
  if (hold (count, authority, account, error))
    return TRUE;
  resume (count);
  return FALSE;
}

void
signature_count_release (SignatureCount *count)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&count->mutex);

  resume (count);
}

gboolean
signature_count_take (SignatureCount *count, const Authority *authority, TpmAccount *account,
                      GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&count->mutex);

  wait_for_account (count);
  return take_alone (count, authority, account, error);
}

gboolean
signature_count_look (SignatureCount *count, const Authority *authority, TpmAccount *account,
                      GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&count->mutex);
  guint64 lost;

  if (count->signing == 0 && !count->accounting)
    return take_alone (count, authority, account, error);
  g_clear_pointer (&locker, g_mutex_locker_free);
  return read_account (count, authority, account, &lost, error);
}

char *
signature_count_problem (SignatureCount *count, const Authority *authority)
{
  g_autoptr (GError) problem = NULL;
  TpmAccount account;

  if (!keystore_counts (authority->keystore))
    return NULL;
  if (!signature_count_look (count, authority, &account, &problem))
    return g_strdup (problem->message);
  if (account.count < account.limit)
    return NULL;
  return g_strdup_printf ("the TPM's count of the CA '%s' is used up, %u of %u signatures: load "
                          "the owner's next ticket",
                          authority->name, account.count, account.limit);
}

/* ---- tickets ---- */

static gboolean
check_ticket (const Authority *authority, const Ticket *ticket, GError **error)
{
  const gboolean counts = keystore_counts (authority->keystore);

  if (counts && ticket->tpm == NULL)
    return ca_refuse (error, CA_ERROR_TICKET_INVALID,
                      "ticket %" G_GUINT64_FORMAT
                      " says nothing to the TPM that counts for the CA '%s': the owner makes it "
                      "with --tpm",
                      ticket->number, authority->name);
  return counts || ticket->tpm == NULL
         || ca_refuse (
             error, CA_ERROR_TICKET_INVALID,
             "ticket %" G_GUINT64_FORMAT
             " is for a TPM that counts, but the key of the CA '%s' is in none: the owner "
             "makes it without --tpm",
             ticket->number, authority->name);
}

/* A TPM that counted less than the owner has seen is not the one that he saw. */
static gboolean
check_count (const Authority *authority, const Ticket *ticket, GError **error)
{
  KeystoreCount found;

  if (!keystore_count (authority->keystore, &found, error))
    return FALSE;
  if (found.count < ticket->tpm->from)
    return ca_refuse (error, CA_ERROR_COUNT,
                      "the owner knows of %u signatures of the CA '%s', but its TPM has counted "
                      "%u: it is another TPM, or was set back; tell the owner",
                      ticket->tpm->from, authority->name, found.count);
  return found.count < ticket->tpm->limit
         || ca_refuse (
             error, CA_ERROR_COUNT,
             "ticket %" G_GUINT64_FORMAT
             " lets the TPM go up to %u signatures, and it has made %u already: the owner "
             "makes one with a higher --tpm-limit",
             ticket->number, ticket->tpm->limit, found.count);
}

gboolean
signature_count_allow (const Authority *authority, const Ticket *ticket, EVP_PKEY *owner,
                       GError **error)
{
  g_autoptr (GError) problem = NULL;

  if (!check_ticket (authority, ticket, error))
    return FALSE;
  if (ticket->tpm == NULL)
    return TRUE;
  if (!check_count (authority, ticket, error))
    return FALSE;
  if (keystore_set_limit (authority->keystore, owner, ticket->tpm->limit, ticket->tpm->signature,
                          &problem))
    return TRUE;
  if (!g_error_matches (problem, CA_ERROR, CA_ERROR_PROOF)) {
    g_propagate_error (error, g_steal_pointer (&problem));
    return FALSE;
  }
  return ca_refuse (error, CA_ERROR_TICKET_INVALID, "ticket %" G_GUINT64_FORMAT ": %s",
                    ticket->number, problem->message);
}

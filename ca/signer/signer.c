/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See signer.h. A key is reserved while an order for it runs: the second of two orders
 * that come at once waits, and then finds the first one's entry in the log.
 */
#include "ca/signer/signer-private.h"

#include "base/encode.h"
#include "base/text.h"
#include "ca/issue/issue.h"
#include "ca/judge/csr.h"
#include "ca/log/log-key.h"
#include "ca/signer/signer-owner.h"

#include <string.h>

#define MOST_TEXT 128

static gboolean
is_clean_text (const char *text, gboolean may_be_empty)
{
  gsize length = strlen (text);

  if (length > MOST_TEXT || (length == 0 && !may_be_empty))
    return FALSE;
  for (; *text != '\0'; text = g_utf8_next_char (text))
    if (!g_unichar_isprint (g_utf8_get_char (text)))
      return FALSE;
  return TRUE;
}

/* The wire has seen to it that all are UTF-8. */
static gboolean
check_texts (const SignOrder *order, GError **error)
{
  if (!serial_is_valid (order->device))
    return ca_refuse (error, CA_ERROR_SUBJECT, "the device's serial is not a valid one");
  if (!serial_is_valid (order->batch))
    return ca_refuse (error, CA_ERROR_SUBJECT, "the batch's name is not a valid one");
  if (!is_clean_text (order->product, TRUE))
    return ca_refuse (error, CA_ERROR_SUBJECT, "the product is not clean text of at most %d bytes",
                      MOST_TEXT);
  return order->chip_id == NULL || is_clean_text (order->chip_id, FALSE)
         || ca_refuse (error, CA_ERROR_SUBJECT, "the chip id is not clean text of at most %d bytes",
                       MOST_TEXT);
}

static const IssueTemplate *
find_template (const Generation *generation, const SignOrder *order, GError **error)
{
  const IssueTemplate *plan = generation_template (generation, order->profile);

  if (plan == NULL) {
    ca_refuse (error, CA_ERROR_PROFILE,
               "the signer has no profile '%s'; if it is new, reload the signer",
               is_clean_text (order->profile, TRUE) ? order->profile : "?");
    return NULL;
  }
  if (!g_str_equal (issue_template_profile (plan)->sha256, order->profile_sha256)) {
    ca_refuse (error, CA_ERROR_PROFILE,
               "profile %s was changed after station or signer had read it: reload the signer, and "
               "start the batch again",
               order->profile);
    return NULL;
  }
  return plan;
}

/* What an entry must say for `order`. */
static void
fill_entry (const SignOrder *order, const Profile *profile, const Csr *csr, LogEntry *entry)
{
  g_autoptr (GBytes) spki_sha256 = sha256_of (csr->spki.data, csr->spki.length);
  g_autoptr (GBytes) csr_sha256 = sha256_of (order->csr.data, order->csr.length);
  g_autoptr (GBytes) profile_sha256 = hex_decode (profile->sha256);

  entry->batch = span_of_text (order->batch);
  entry->profile = span_of_text (order->profile);
  entry->product = span_of_text (order->product);
  entry->device = span_of_text (order->device);
  entry->chip = span_of_text (order->chip_id);
  memcpy (entry->profile_sha256, g_bytes_get_data (profile_sha256, NULL), LOG_HASH);
  memcpy (entry->csr_sha256, g_bytes_get_data (csr_sha256, NULL), LOG_HASH);
  memcpy (entry->spki_sha256, g_bytes_get_data (spki_sha256, NULL), LOG_HASH);
}

static gboolean
is_for_key (const LogEntry *entry, GBytes *number)
{
  guint8 key[LOG_HASH];

  log_entry_key (entry, key);
  return memcmp (key, g_bytes_get_data (number, NULL), LOG_HASH) == 0;
}

/* The same number may be dressed as another key. */
static gboolean
is_same_encoding (const LogEntry *entry, const Csr *csr)
{
  g_autoptr (GBytes) spki_sha256 = sha256_of (csr->spki.data, csr->spki.length);

  return memcmp (entry->spki_sha256, g_bytes_get_data (spki_sha256, NULL), LOG_HASH) == 0;
}

/* The entry that carried out this very order before, in `found`, or NULL in it where there is
 * none. FALSE where another device has the key. */
static gboolean
find_earlier (Signer *signer, const SignOrder *order, const Csr *csr, GBytes *number,
              GBytes **found, guint64 *index, GError **error)
{
  g_autoptr (GArray) places = issuance_log_find (signer->log, g_bytes_get_data (number, NULL));

  for (guint i = 0; i < places->len; i++) {
    guint64 place = g_array_index (places, guint64, i);
    g_autoptr (GBytes) bytes = issuance_log_read (signer->log, place, error);
    LogEntry entry;
    gsize length;
    const guint8 *data;

    if (bytes == NULL)
      return FALSE;
    data = g_bytes_get_data (bytes, &length);
    if (!log_entry_decode (data, length, &entry, NULL) || !is_for_key (&entry, number))
      continue;
    if (entry.type != LOG_ENTRY_CERTIFICATE)
      return ca_refuse (error, CA_ERROR_DUPLICATE_KEY,
                        "this public key is no device's: entry %" G_GUINT64_FORMAT
                        " of the log has "
                        "it for a CA or a registration code",
                        place);
    if (!span_is_text (entry.device, order->device))
      return ca_refuse (error, CA_ERROR_DUPLICATE_KEY,
                        "this public key was certified for device %.*s already",
                        (int)entry.device.length, entry.device.data);
    if (!is_same_encoding (&entry, csr))
      return ca_refuse (error, CA_ERROR_DUPLICATE_KEY,
                        "this device has a certificate for the same key in another form (another "
                        "exponent, or the point negated): entry %" G_GUINT64_FORMAT " of the log",
                        place);
    if (span_is_text (entry.batch, order->batch) && span_is_text (entry.profile, order->profile)) {
      *found = g_steal_pointer (&bytes);
      *index = place;
      return TRUE;
    }
  }
  return TRUE;
}

static gboolean
read_serial (Span certificate, Span *serial)
{
  DerReader reader = der_reader (certificate.data, certificate.length);

  return der_enter (&reader, DER_SEQUENCE, "certificate", &reader, NULL)
         && der_enter (&reader, DER_SEQUENCE, "certificate", &reader, NULL)
         && der_read (&reader, DER_CONTEXT_0, "version", NULL, NULL, NULL)
         && der_read (&reader, DER_INTEGER, "serial number", serial, NULL, NULL);
}

/* Random serials never meet. One that follows from key and dates comes again where the same key is
 * certified twice within the hour: what has it has been signed, but does not leave. */
static gboolean
check_serial (Signer *signer, Span certificate, GBytes *number, GError **error)
{
  g_autoptr (GArray) places = issuance_log_find (signer->log, g_bytes_get_data (number, NULL));
  Span serial, earlier;

  if (!read_serial (certificate, &serial))
    return ca_refuse (error, CA_ERROR_INTERNAL, "the new certificate's serial can't be read");
  for (guint i = 0; i < places->len; i++) {
    guint64 place = g_array_index (places, guint64, i);
    g_autoptr (GBytes) bytes = issuance_log_read (signer->log, place, error);
    LogEntry entry;

    if (bytes == NULL)
      return FALSE;
    if (!log_entry_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &entry, NULL)
        || !read_serial (entry.certificate, &earlier))
      continue;
    if (span_equal (serial, earlier.data, earlier.length))
      return ca_refuse (error, CA_ERROR_VALIDITY,
                        "the certificate would have the serial number of entry %" G_GUINT64_FORMAT
                        " of the log, which is for the same key and hour (Form=compressed); start "
                        "again in the next hour",
                        place);
  }
  return TRUE;
}

static GBytes *
make_entry (Signer *signer, const IssueTemplate *plan, const SignOrder *order, const Csr *csr,
            GBytes *number, ClockReading now, guint64 *index, GError **error)
{
  const SubjectValues subject = { order->device, order->chip_id, order->batch, order->product };
  LogEntry entry = { .type = LOG_ENTRY_CERTIFICATE };
  g_autoptr (GBytes) certificate = NULL;
  gsize length;

  certificate = issue_certificate (plan, csr, &subject, now.real / G_USEC_PER_SEC, error);
  if (certificate == NULL)
    return NULL;
  entry.signed_at = now.real;
  fill_entry (order, issue_template_profile (plan), csr, &entry);
  entry.certificate.data = g_bytes_get_data (certificate, &length);
  entry.certificate.length = length;
  if (!check_serial (signer, entry.certificate, number, error)
      || !issuance_log_append (signer->log, &entry, index, error))
    return NULL;
  signer_issued (signer, now);
  signer_remember_key (signer, csr, *index);
  return g_byte_array_free_to_bytes (log_entry_encode (&entry));
}

/* As the owner's ticket allows, where one is demanded. */
static GBytes *
issue (Signer *signer, const Generation *generation, const IssueTemplate *plan,
       const SignOrder *order, const Csr *csr, GBytes *number, guint64 *index, GError **error)
{
  TicketOrder wanted = { .batch = order->batch,
                         .profile = issue_template_profile (plan),
                         .authority = issue_template_authority (plan),
                         .station = signer_station (signer) };
  GBytes *entry = NULL;
  ClockReading now;
  gboolean taken;

  if (!signer_may_issue (signer, generation, wanted.authority, &now, error))
    return NULL;
  wanted.now = now.real;
  taken = tickets_take (signer->tickets, generation, &wanted, error);
  if (taken) {
    entry = make_entry (signer, plan, order, csr, number, now, index, error);
    tickets_finish (signer->tickets, order->batch);
  }
  signer_issue_ended (signer, wanted.authority, !taken || entry != NULL);
  return entry;
}

static void
reserve (Signer *signer, GBytes *number)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&signer->mutex);

  while (g_hash_table_contains (signer->reserved, number))
    g_cond_wait (&signer->released, &signer->mutex);
  g_hash_table_add (signer->reserved, number);
}

static void
release (Signer *signer, GBytes *number)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&signer->mutex);

  g_hash_table_remove (signer->reserved, number);
  g_cond_broadcast (&signer->released);
}

static GBytes *
carry_out (Signer *signer, const SignOrder *order, guint64 *index, GError **error)
{
  g_autoptr (Generation) generation = signer_generation (signer);
  const IssueTemplate *plan;
  g_autoptr (GBytes) number = NULL;
  GBytes *entry = NULL;
  guint8 hash[LOG_HASH];
  Csr csr;

  if (!check_texts (order, error))
    return NULL;
  plan = find_template (generation, order, error);
  if (plan == NULL
      || !csr_judge (order->csr.data, order->csr.length, generation->known_keys, &csr, NULL, error))
    return NULL;
  csr_key_number_sha256 (&csr, hash);
  number = g_bytes_new (hash, sizeof hash);
  reserve (signer, number);
  if (find_earlier (signer, order, &csr, number, &entry, index, error) && entry == NULL
      && signer_check_relatives (signer, &csr, error))
    entry = issue (signer, generation, plan, order, &csr, number, index, error);
  release (signer, number);
  return entry;
}

GBytes *
signer_sign (Signer *signer, const SignOrder *order, guint64 *index, GError **error)
{
  const Refusal refusal = { order->batch, order->device, order->csr };
  g_autoptr (GError) problem = NULL;
  GBytes *entry = carry_out (signer, order, index, &problem);

  if (entry != NULL)
    return entry;
  refusals_enter (signer->refusals, &refusal, problem, clock_read ());
  g_propagate_error (error, g_steal_pointer (&problem));
  return NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See signer.h. A key is reserved while an order for it runs: the second of two orders
 * that come at once waits, and then finds the first one's entry in the log.
 */
#include "ca/signer.h"

#include "base/encode.h"
#include "base/text.h"
#include "ca/csr.h"
#include "ca/issue.h"
#include "ca/log-authorities.h"

#include <string.h>

#define MOST_TEXT 128
/* A clock may be set back a little by time synchronisation. */
#define CLOCK_SLACK (5 * G_TIME_SPAN_MINUTE)

struct Signer {
  IssuanceLog *log;
  GMutex mutex; /* guards what follows */
  Generation *current;
  GCond released;
  GHashTable *reserved; /* GBytes: SHA-256 of keys whose order is running */
  char *reload_problem; /* why it stayed with what it has, or NULL */
};

static gboolean G_GNUC_PRINTF (3, 4) refuse (GError **error, CaError code, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list arguments;

  va_start (arguments, format);
  message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error_literal (error, CA_ERROR, (int)code, message);
  return FALSE;
}

/* ---- opening ---- */

/* A typing error must not begin a new log in a new place, so the folder is never made here. */
static gboolean
open_log (Signer *signer, const SignerConfig *config, LogOpenMode mode, GError **error)
{
  g_autofree char *path = g_build_filename (config->state_folder, "issuance.log", NULL);

  if (!g_file_test (config->state_folder, G_FILE_TEST_IS_DIR))
    return refuse (error, CA_ERROR_LOG,
                   "StateFolder=%s: there is no such folder; make it, and give it to the signer's "
                   "user",
                   config->state_folder);
  signer->log = issuance_log_open (path, signer->current->issuing->origin, mode, error);
  if (signer->log == NULL || !log_knows_one_of (signer->log, signer->current->authorities, error))
    return FALSE;
  return mode == LOG_OPEN_CHECK
         || log_enter_authorities (signer->log, signer->current->authorities, error);
}

Signer *
signer_open (const SignerConfig *config, LogOpenMode mode, GError **error)
{
  g_autoptr (Signer) signer = g_new0 (Signer, 1);

  g_mutex_init (&signer->mutex);
  g_cond_init (&signer->released);
  signer->reserved = g_hash_table_new (g_bytes_hash, g_bytes_equal);
  signer->current = generation_load (config, error);
  if (signer->current == NULL || !open_log (signer, config, mode, error))
    return NULL;
  return g_steal_pointer (&signer);
}

void
signer_close (Signer *signer)
{
  if (signer == NULL)
    return;
  issuance_log_close (signer->log);
  generation_unref (signer->current);
  g_free (signer->reload_problem);
  g_hash_table_unref (signer->reserved);
  g_mutex_clear (&signer->mutex);
  g_cond_clear (&signer->released);
  g_free (signer);
}

Generation *
signer_generation (Signer *signer)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&signer->mutex);

  return generation_ref (signer->current);
}

/* ---- one order ---- */

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
    return refuse (error, CA_ERROR_SUBJECT, "the device's serial is not a valid one");
  if (!serial_is_valid (order->batch))
    return refuse (error, CA_ERROR_SUBJECT, "the batch's name is not a valid one");
  if (!is_clean_text (order->product, TRUE))
    return refuse (error, CA_ERROR_SUBJECT, "the product is not clean text of at most %d bytes",
                   MOST_TEXT);
  return order->chip_id == NULL || is_clean_text (order->chip_id, FALSE)
         || refuse (error, CA_ERROR_SUBJECT, "the chip id is not clean text of at most %d bytes",
                    MOST_TEXT);
}

static const IssueTemplate *
find_template (const Generation *generation, const SignOrder *order, GError **error)
{
  const IssueTemplate *plan = generation_template (generation, order->profile);

  if (plan == NULL) {
    refuse (error, CA_ERROR_PROFILE,
            "the signer has no profile '%s'; if it is new, reload the signer",
            is_clean_text (order->profile, TRUE) ? order->profile : "?");
    return NULL;
  }
  if (!g_str_equal (issue_template_profile (plan)->sha256, order->profile_sha256)) {
    refuse (error, CA_ERROR_PROFILE,
            "profile %s was changed after station or signer had read it: reload the signer, and "
            "start the batch again",
            order->profile);
    return NULL;
  }
  return plan;
}

/* What an entry must say for `order`. */
static void
fill_entry (const SignOrder *order, const Profile *profile, GBytes *spki_sha256, LogEntry *entry)
{
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
is_for_key (const LogEntry *entry, GBytes *spki_sha256)
{
  return memcmp (entry->spki_sha256, g_bytes_get_data (spki_sha256, NULL), LOG_HASH) == 0;
}

/* The entry that carried out this very order before, in `found`, or NULL in it where there is
 * none. FALSE where another device has the key. */
static gboolean
find_earlier (Signer *signer, const SignOrder *order, GBytes *spki_sha256, GBytes **found,
              guint64 *index, GError **error)
{
  g_autoptr (GArray) places = issuance_log_find (signer->log, g_bytes_get_data (spki_sha256, NULL));

  for (guint i = 0; i < places->len; i++) {
    guint64 place = g_array_index (places, guint64, i);
    g_autoptr (GBytes) bytes = issuance_log_read (signer->log, place, error);
    LogEntry entry;
    gsize length;
    const guint8 *data;

    if (bytes == NULL)
      return FALSE;
    data = g_bytes_get_data (bytes, &length);
    if (!log_entry_decode (data, length, &entry, NULL) || !is_for_key (&entry, spki_sha256))
      continue;
    if (entry.type != LOG_ENTRY_CERTIFICATE)
      return refuse (error, CA_ERROR_DUPLICATE_KEY,
                     "this public key is no device's: entry %" G_GUINT64_FORMAT " of the log has "
                     "it for a CA or a registration code",
                     place);
    if (!span_is_text (entry.device, order->device))
      return refuse (error, CA_ERROR_DUPLICATE_KEY,
                     "this public key was certified for device %.*s already",
                     (int)entry.device.length, entry.device.data);
    if (span_is_text (entry.batch, order->batch) && span_is_text (entry.profile, order->profile)) {
      *found = g_steal_pointer (&bytes);
      *index = place;
      return TRUE;
    }
  }
  return TRUE;
}

static gboolean
check_clock (Signer *signer, const Authority *authority, gint64 now, GError **error)
{
  if (now / G_USEC_PER_SEC < authority->not_before)
    return refuse (error, CA_ERROR_CLOCK,
                   "this PC's clock stands before the beginning of the CA's validity");
  if (now / G_USEC_PER_SEC >= authority->not_after)
    return refuse (error, CA_ERROR_CLOCK,
                   "this PC's clock stands after the end of the CA's validity");
  return now + CLOCK_SLACK >= issuance_log_newest (signer->log)
         || refuse (error, CA_ERROR_CLOCK,
                    "this PC's clock stands before the newest entry of the issuance log");
}

static GBytes *
issue (Signer *signer, const IssueTemplate *plan, const SignOrder *order, const Csr *csr,
       GBytes *spki_sha256, guint64 *index, GError **error)
{
  const SubjectValues subject = { order->device, order->chip_id, order->batch, order->product };
  gint64 now = g_get_real_time ();
  LogEntry entry = { .type = LOG_ENTRY_CERTIFICATE, .signed_at = now };
  g_autoptr (GBytes) certificate = NULL;
  gsize length;

  if (!check_clock (signer, issue_template_authority (plan), now, error))
    return NULL;
  certificate = issue_certificate (plan, csr, &subject, now / G_USEC_PER_SEC, error);
  if (certificate == NULL)
    return NULL;
  fill_entry (order, issue_template_profile (plan), spki_sha256, &entry);
  entry.certificate.data = g_bytes_get_data (certificate, &length);
  entry.certificate.length = length;
  if (!issuance_log_append (signer->log, &entry, index, error))
    return NULL;
  return g_byte_array_free_to_bytes (log_entry_encode (&entry));
}

static void
reserve (Signer *signer, GBytes *spki_sha256)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&signer->mutex);

  while (g_hash_table_contains (signer->reserved, spki_sha256))
    g_cond_wait (&signer->released, &signer->mutex);
  g_hash_table_add (signer->reserved, spki_sha256);
}

static void
release (Signer *signer, GBytes *spki_sha256)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&signer->mutex);

  g_hash_table_remove (signer->reserved, spki_sha256);
  g_cond_broadcast (&signer->released);
}

GBytes *
signer_sign (Signer *signer, const SignOrder *order, guint64 *index, GError **error)
{
  g_autoptr (Generation) generation = signer_generation (signer);
  const IssueTemplate *plan;
  g_autoptr (GBytes) spki_sha256 = NULL;
  GBytes *entry = NULL;
  Csr csr;

  if (!check_texts (order, error))
    return NULL;
  plan = find_template (generation, order, error);
  if (plan == NULL || !csr_judge (order->csr.data, order->csr.length, &csr, NULL, error))
    return NULL;
  spki_sha256 = sha256_of (csr.spki.data, csr.spki.length);
  reserve (signer, spki_sha256);
  if (find_earlier (signer, order, spki_sha256, &entry, index, error) && entry == NULL)
    entry = issue (signer, plan, order, &csr, spki_sha256, index, error);
  release (signer, spki_sha256);
  return entry;
}

char **
signer_problems (Signer *signer)
{
  g_autoptr (GStrvBuilder) problems = g_strv_builder_new ();
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&signer->mutex);

  if (signer->reload_problem != NULL)
    g_strv_builder_add (problems, signer->reload_problem);
  return g_strv_builder_end (problems);
}

IssuanceLog *
signer_log (const Signer *signer)
{
  return signer->log;
}

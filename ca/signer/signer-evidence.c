/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See signer-evidence.h. A report tells of the log as it was at one size: whatever orders do
 * meanwhile, its numbers are those of the first `Size` entries, and anybody who has these can count
 * again.
 */
#include "ca/signer/signer-evidence.h"

#include "base/encode.h"
#include "base/text.h"
#include "ca/proof/statement.h"
#include "ca/proof/ticket.h"
#include "ca/signer/signer-private.h"

#include <string.h>

#define LEDGER_ID 32       /* hex digits */
#define MOST_READINGS 1000 /* of a log that grows meanwhile */

GBytes *
signer_station_certificate (const Signer *signer)
{
  return signer->station != NULL ? station_key_der (signer->station) : NULL;
}

char *
signer_station_problem (Signer *signer)
{
  return signer->station != NULL ? station_key_problem (signer->station) : NULL;
}

/* ---- what the log says ---- */

static gboolean
read_head (Signer *signer, Checkpoint *head, GError **error)
{
  head->size = issuance_log_size (signer->log);
  memcpy (head->origin, issuance_log_origin (signer->log), MERKLE_HASH);
  return issuance_log_root (signer->log, head->size, head->root, error);
}

/* How many of the first `size` entries are of `type`. */
static guint64
count_of (Signer *signer, LogEntryType type, guint64 size)
{
  g_autoptr (GArray) places = issuance_log_places (signer->log, type);
  guint64 count = places->len;

  while (count > 0 && g_array_index (places, guint64, count - 1) >= size)
    count--;
  return count;
}

/* The entry's bytes, which `entry` points into. */
static GBytes *
read_entry (Signer *signer, guint64 place, LogEntry *entry, GError **error)
{
  g_autoptr (GBytes) bytes = issuance_log_read (signer->log, place, error);
  gsize length;
  const guint8 *data = bytes != NULL ? g_bytes_get_data (bytes, &length) : NULL;

  if (bytes == NULL)
    return NULL;
  if (log_entry_decode (data, length, entry, NULL))
    return g_steal_pointer (&bytes);
  ca_refuse (error, CA_ERROR_LOG, "entry %" G_GUINT64_FORMAT " of the log can't be read", place);
  return NULL;
}

/* Each such entry says how many signatures it is about. */
static gboolean
sum_lost (Signer *signer, Report *report, GError **error)
{
  g_autoptr (GArray) places = issuance_log_places (signer->log, LOG_ENTRY_LOST);

  for (guint i = 0; i < places->len; i++) {
    const guint64 place = g_array_index (places, guint64, i);
    LogEntry entry;
    g_autoptr (GBytes) bytes = NULL;
    g_autofree char *count = NULL;

    if (place >= report->log.size)
      break;
    bytes = read_entry (signer, place, &entry, error);
    if (bytes == NULL)
      return FALSE;
    count = g_strndup ((const char *)entry.device.data, entry.device.length);
    report->lost += g_ascii_strtoull (count, NULL, 10);
  }
  return TRUE;
}

static gboolean
take_ticket (Signer *signer, const LogBatch *account, Report *report, GError **error)
{
  LogEntry entry;
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *text = NULL;
  g_autoptr (Ticket) ticket = NULL;

  if (!account->has_ticket)
    return TRUE;
  bytes = read_entry (signer, account->ticket, &entry, error);
  text = bytes != NULL ? statement_peek (entry.certificate, error) : NULL;
  ticket = text != NULL ? ticket_parse (text, error) : NULL;
  if (ticket == NULL)
    return FALSE;
  report->ticket = g_new0 (TicketAccount, 1);
  report->ticket->number = ticket->number;
  report->ticket->count = ticket->count;
  report->ticket->issued = (guint)account->since_ticket;
  memcpy (report->ticket->sha256, entry.csr_sha256, MERKLE_HASH);
  return TRUE;
}

/* TRUE where nothing of the batch stands behind the head's entries. */
static gboolean
is_within (const LogBatch *account, const Checkpoint *head)
{
  return (account->certificates == 0 || account->last < head->size)
         && (!account->has_ticket || account->ticket < head->size);
}

static gboolean
read_account (Signer *signer, const char *batch, Checkpoint *head, LogBatch *account,
              GError **error)
{
  for (guint i = 0; i < MOST_READINGS; i++) {
    if (!read_head (signer, head, error))
      return FALSE;
    *account = (LogBatch){ 0 };
    issuance_log_batch (signer->log, batch, account);
    if (is_within (account, head))
      return TRUE;
  }
  return ca_refuse (error, CA_ERROR_LOG,
                    "the batch grows too fast for a report about it; ask again");
}

static gboolean
fill_from_log (Signer *signer, Report *report, GError **error)
{
  LogBatch account;

  if (!read_account (signer, report->batch, &report->log, &account, error)
      || !sum_lost (signer, report, error) || !take_ticket (signer, &account, report, error))
    return FALSE;
  report->number = 1 + count_of (signer, LOG_ENTRY_REPORT, report->log.size);
  report->refusals = count_of (signer, LOG_ENTRY_REFUSAL, report->log.size);
  report->clock_resets = count_of (signer, LOG_ENTRY_CLOCK, report->log.size);
  report->certificates = account.certificates;
  report->first = account.certificates > 0 ? account.first : 0;
  report->last = account.certificates > 0 ? account.last : 0;
  return TRUE;
}

/* The CA that the batch's ticket names; without one, that which issues. NULL where the signer has
 * it no more. */
static const Authority *
authority_of (Signer *signer, const Generation *generation, const char *batch)
{
  g_autoptr (LoadedTicket) newest = tickets_newest (signer->log, batch, NULL);

  if (newest == NULL)
    return generation->issuing;
  for (guint i = 0; i < generation->authorities->len; i++) {
    const Authority *authority = g_ptr_array_index (generation->authorities, i);
    g_autofree char *ca = hex_encode (authority->origin, sizeof authority->origin);

    if (g_str_equal (ca, newest->ticket->ca))
      return authority;
  }
  return NULL;
}

/* What the TPM shows to be lost stands in the log then, and nothing is signed with that CA until
 * the log's head was read: the account is that of the head. */
static gboolean
hold_tpm (Signer *signer, Report *report, GError **error)
{
  g_autoptr (Generation) generation = signer_generation (signer);
  const Authority *authority = authority_of (signer, generation, report->batch);

  if (authority == NULL || !keystore_counts (authority->keystore))
    return TRUE;
  report->tpm = g_new0 (TpmAccount, 1);
  return signature_count_hold (signer->count, authority, report->tpm, error);
}

static gboolean
fill (Signer *signer, Report *report, GError **error)
{
  gboolean ok;

  /* What is signed goes by the log, not by the index beside it. */
  if (!issuance_log_wait_verified (signer->log, error) || !hold_tpm (signer, report, error))
    return FALSE;
  ok = fill_from_log (signer, report, error);
  if (report->tpm != NULL)
    signature_count_release (signer->count);
  return ok;
}

/* ---- signing and entering ---- */

static GBytes *
sign (Signer *signer, const char *text, gint64 time, GError **error)
{
  g_autoptr (GBytes) attributes = statement_attributes (text, time, error);
  g_autoptr (GByteArray) signature = g_byte_array_new ();
  Span span;

  if (attributes == NULL)
    return NULL;
  span.data = g_bytes_get_data (attributes, &span.length);
  if (!station_key_sign (signer->station, span, signature, error))
    return NULL;
  return statement_assemble (text, station_key_certificate (signer->station), attributes,
                             (Span){ signature->data, signature->len }, error);
}

/* What is signed stands in the log, under a checkpoint that may leave with it. */
static GBytes *
sign_and_enter (Signer *signer, const char *text, LogEntry *entry, ClockReading now, guint64 *place,
                GError **error)
{
  g_autoptr (GBytes) statement = sign (signer, text, now.real / G_USEC_PER_SEC, error);
  g_autoptr (GBytes) digest = NULL;

  if (statement == NULL)
    return NULL;
  entry->signed_at = now.real;
  entry->certificate.data = g_bytes_get_data (statement, &entry->certificate.length);
  digest = sha256_of (entry->certificate.data, entry->certificate.length);
  memcpy (entry->csr_sha256, g_bytes_get_data (digest, NULL), LOG_HASH);
  memcpy (entry->spki_sha256, station_key_sha256 (signer->station), LOG_HASH);
  if (!issuance_log_append (signer->log, entry, place, error))
    return NULL;
  signer_issued (signer, now);
  checkpoints_try (signer->checkpoints);
  return g_steal_pointer (&statement);
}

/* ---- the two of them ---- */

static gboolean
check_names (const char *batch, const char *ledger, GError **error)
{
  if (!serial_is_valid (batch))
    return ca_refuse (error, CA_ERROR_PROOF, "the batch's name is not a valid one");
  return (strlen (ledger) == LEDGER_ID && strspn (ledger, "0123456789abcdef") == LEDGER_ID)
         || ca_refuse (error, CA_ERROR_PROOF, "the ledger's id is not %d lower-case hex digits",
                       LEDGER_ID);
}

/* Under `reporting`. */
static GBytes *
make_report (Signer *signer, Report *report, guint64 *place, GError **error)
{
  LogEntry entry = { .type = LOG_ENTRY_REPORT, .batch = span_of_text (report->batch) };
  g_autofree char *text = NULL;
  g_autofree char *number = NULL;
  const ClockReading now = clock_read ();

  if (!signer_check_clock (signer, now, error) || !fill (signer, report, error))
    return NULL;
  report->time = now.real / G_USEC_PER_SEC;
  text = report_text (report);
  number = g_strdup_printf ("%" G_GUINT64_FORMAT, report->number);
  entry.device = span_of_text (number);
  return sign_and_enter (signer, text, &entry, now, place, error);
}

GBytes *
signer_report (Signer *signer, const char *batch, gboolean final, const LedgerClaim *ledger,
               guint64 *place, GError **error)
{
  g_autoptr (Report) report = report_new ();
  GBytes *statement;

  if (!check_names (batch, ledger->id, error))
    return NULL;
  report->station = g_strdup (station_key_name (signer->station));
  report->batch = g_strdup (batch);
  report->final = final;
  report->ledger = *ledger;
  report->ledger.id = g_strdup (ledger->id);
  g_mutex_lock (&signer->reporting);
  statement = make_report (signer, report, place, error);
  g_mutex_unlock (&signer->reporting);
  return statement;
}

GBytes *
signer_manifest_statement (Signer *signer, const ManifestStatement *statement, guint64 *place,
                           GError **error)
{
  ManifestStatement whole = *statement; /* lends it all texts */
  LogEntry entry = { .type = LOG_ENTRY_MANIFEST,
                     .batch = span_of_text (statement->batch),
                     .device = span_of_text (statement->format) };
  g_autofree char *station = g_strdup (station_key_name (signer->station));
  g_autofree char *text = NULL;
  const ClockReading now = clock_read ();

  if (!check_names (statement->batch, statement->ledger, error))
    return NULL;
  if (!serial_is_valid (statement->format)) {
    ca_refuse (error, CA_ERROR_PROOF, "the manifest's format is not a valid name");
    return NULL;
  }
  if (!signer_check_clock (signer, now, error) || !read_head (signer, &whole.log, error))
    return NULL;
  whole.time = now.real / G_USEC_PER_SEC;
  whole.station = station;
  text = manifest_statement_text (&whole);
  return sign_and_enter (signer, text, &entry, now, place, error);
}

/* ---- checkpoints and proofs ---- */

char *
signer_checkpoint (Signer *signer, gboolean fresh, GError **error)
{
  Checkpoint newest;
  char *note = NULL;

  if (fresh)
    return checkpoints_make (signer->checkpoints, &newest, &note, error) ? note : NULL;
  checkpoints_newest (signer->checkpoints, &newest, &note);
  return note;
}

GByteArray *
signer_inclusion (Signer *signer, guint64 index, char **note, GError **error)
{
  g_autofree char *newest_note = NULL;
  Checkpoint newest;
  GByteArray *path;

  if (index >= issuance_log_size (signer->log)) {
    ca_refuse (error, CA_ERROR_PROOF, "the log has no entry %" G_GUINT64_FORMAT, index);
    return NULL;
  }
  if (!checkpoints_newest (signer->checkpoints, &newest, &newest_note) || newest.size <= index) {
    g_clear_pointer (&newest_note, g_free);
    if (!checkpoints_make (signer->checkpoints, &newest, &newest_note, error))
      return NULL;
  }
  path = issuance_log_inclusion (signer->log, index, newest.size, error);
  if (path != NULL)
    *note = g_steal_pointer (&newest_note);
  return path;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See evidence-story.h.
 */
#include "tests/unit/audit/evidence-story.h"

#include <check.h>
#include <openssl/pem.h>
#include <string.h>

#include "base/certificate.h"
#include "base/encode.h"
#include "ca/proof/statement.h"
#include "tests/unit/ca/make.h"

static X509 *
certificate_of (EVP_PKEY *key, const char *name)
{
  X509 *certificate = X509_new ();
  X509_NAME *subject = X509_get_subject_name (certificate);

  X509_set_version (certificate, X509_VERSION_3);
  ASN1_INTEGER_set (X509_get_serialNumber (certificate), 1);
  X509_gmtime_adj (X509_getm_notBefore (certificate), 0);
  X509_gmtime_adj (X509_getm_notAfter (certificate), 86400);
  X509_NAME_add_entry_by_txt (subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
  X509_set_issuer_name (certificate, subject);
  X509_set_pubkey (certificate, key);
  ck_assert_int_gt (X509_sign (certificate, key, EVP_sha256 ()), 0);
  return certificate;
}

static StorySigner
signer_new (const char *folder, const char *name)
{
  g_autofree char *file = g_strconcat (name, ".pem", NULL);
  StorySigner signer = { .key = make_key ("P-256"), .path = g_build_filename (folder, file, NULL) };
  FILE *out = fopen (signer.path, "w");

  signer.certificate = certificate_of (signer.key, name);
  ck_assert (out != NULL && PEM_write_X509 (out, signer.certificate));
  fclose (out);
  return signer;
}

static void
signer_clear (StorySigner *signer)
{
  EVP_PKEY_free (signer->key);
  X509_free (signer->certificate);
  g_free (signer->path);
}

Story *
story_new (void)
{
  Story *story = g_new0 (Story, 1);
  GError *problem = NULL;

  story->folder = folder_make ();
  folder_fill (story->folder, "p-256");
  story->collection = g_build_filename (story->folder, "collection", NULL);
  ck_assert_int_eq (g_mkdir_with_parents (story->collection, 0700), 0);
  story->log_path = g_build_filename (story->collection, "issuance.log", NULL);
  story->maker = entry_maker_new (story->folder, TRUE);
  story->log = issuance_log_open (story->log_path, entry_maker_origin (story->maker),
                                  LOG_OPEN_WRITE, &problem);
  ck_assert_msg (story->log != NULL, "%s", problem != NULL ? problem->message : "");
  story->station = signer_new (story->folder, "station");
  story->owner = signer_new (story->folder, "owner");
  story->now = STORY_START;
  return story;
}

void
story_free (Story *story)
{
  issuance_log_close (story->log);
  entry_maker_free (story->maker);
  signer_clear (&story->station);
  signer_clear (&story->owner);
  g_free (story->collection);
  g_free (story->log_path);
  folder_remove (story->folder);
  g_free (story);
}

guint64
story_append (Story *story, LogEntry *entry)
{
  GError *problem = NULL;
  guint64 index;

  if (entry->signed_at == 0)
    entry->signed_at = story->now += G_USEC_PER_SEC;
  ck_assert_msg (issuance_log_append (story->log, entry, &index, &problem), "%s",
                 problem != NULL ? problem->message : "");
  return index;
}

guint64
story_certify (Story *story, const char *batch)
{
  LogEntry entry;

  entry_make (story->maker, story->made++, &entry);
  entry.batch = span_of_text (batch);
  entry.signed_at = 0;
  return story_append (story, &entry);
}

/* The profile of the maker's entries. Free with g_free(). */
static char *
profile_of_maker (Story *story)
{
  LogEntry entry;

  entry_make (story->maker, story->made, &entry);
  return g_strndup ((const char *)entry.profile.data, entry.profile.length);
}

char *
story_station (const Story *story)
{
  guint8 hash[LOG_HASH];

  statement_key_sha256 (story->station.certificate, hash);
  return hex_encode (hash, sizeof hash);
}

static guint64
append_record (Story *story, LogEntryType type, const StorySigner *signer, const char *text,
               const char *batch, const char *profile, const char *device)
{
  GError *problem = NULL;
  g_autoptr (GBytes) der = statement_sign (text, signer->certificate, signer->key, &problem);
  g_autoptr (GBytes) hash = NULL;
  LogEntry entry = { .type = type,
                     .batch = span_of_text (batch),
                     .profile = span_of_text (profile),
                     .device = span_of_text (device) };

  ck_assert_msg (der != NULL, "%s", problem != NULL ? problem->message : "");
  entry.certificate.data = g_bytes_get_data (der, &entry.certificate.length);
  hash = sha256_of (entry.certificate.data, entry.certificate.length);
  memcpy (entry.csr_sha256, g_bytes_get_data (hash, NULL), LOG_HASH);
  statement_key_sha256 (signer->certificate, entry.spki_sha256);
  return story_append (story, &entry);
}

guint64
story_ticket (Story *story, guint64 number, const char *batch, guint count)
{
  g_autoptr (Ticket) ticket = ticket_new ();
  g_autofree char *text = NULL;
  g_autofree char *device = g_strdup_printf ("%" G_GUINT64_FORMAT, number);

  ticket->number = number;
  ticket->batch = g_strdup (batch);
  ticket->profile = profile_of_maker (story);
  ticket->count = count;
  ticket->clock_reset = story->clock_reset;
  ticket->station = story_station (story);
  ticket->ca = hex_encode (entry_maker_origin (story->maker), LOG_HASH);
  ticket->not_before = STORY_START / G_USEC_PER_SEC;
  ticket->not_after = ticket->not_before + 86400;
  ticket->log_size = issuance_log_size (story->log);
  ck_assert (issuance_log_root (story->log, ticket->log_size, ticket->log_root, NULL));
  text = ticket_text (ticket);
  return append_record (story, LOG_ENTRY_TICKET, &story->owner, text, batch, ticket->profile,
                        device);
}

static void
fill_report (Story *story, const char *batch, Report *report)
{
  LogBatch account = { 0 };

  issuance_log_batch (story->log, batch, &account);
  report->number = ++story->reports;
  report->time = story->now / G_USEC_PER_SEC;
  report->station = story_station (story);
  report->batch = g_strdup (batch);
  memcpy (report->log.origin, entry_maker_origin (story->maker), LOG_HASH);
  report->log.size = issuance_log_size (story->log);
  ck_assert (issuance_log_root (story->log, report->log.size, report->log.root, NULL));
  report->certificates = account.certificates;
  report->first = account.first;
  report->last = account.last;
  report->ledger.id = g_strdup ("000102030405060708090a0b0c0d0e0f");
  report->ledger.open = account.certificates;
  if (!account.has_ticket)
    return;
  report->ticket = g_new0 (TicketAccount, 1);
  report->ticket->issued = (guint)account.since_ticket;
}

/* Number, count and hash of the batch's ticket, out of the log. */
static void
fill_ticket (Story *story, const char *batch, TicketAccount *account)
{
  LogBatch places = { 0 };
  LogEntry entry;
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *text = NULL;
  g_autoptr (Ticket) ticket = NULL;

  issuance_log_batch (story->log, batch, &places);
  bytes = issuance_log_read (story->log, places.ticket, NULL);
  ck_assert (
      log_entry_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &entry, NULL));
  text = statement_peek (entry.certificate, NULL);
  ticket = ticket_parse (text, NULL);
  account->number = ticket->number;
  account->count = ticket->count;
  memcpy (account->sha256, entry.csr_sha256, LOG_HASH);
}

guint64
story_report (Story *story, const char *batch, void (*change) (Report *report))
{
  g_autoptr (Report) report = report_new ();
  g_autofree char *text = NULL;
  g_autofree char *device = NULL;

  fill_report (story, batch, report);
  if (report->ticket != NULL)
    fill_ticket (story, batch, report->ticket);
  if (change != NULL)
    change (report);
  text = report_text (report);
  device = g_strdup_printf ("%" G_GUINT64_FORMAT, report->number);
  return append_record (story, LOG_ENTRY_REPORT, &story->station, text, batch, NULL, device);
}

char *
story_row_of (const LogEntry *entry, const char *device)
{
  const Span der = entry->certificate;
  g_autofree char *own = g_strndup ((const char *)entry->device.data, entry->device.length);
  g_autofree char *pem = pem_encode ("CERTIFICATE", der.data, der.length);
  g_autofree char *sha256 = sha256_hex (der.data, der.length);
  g_autofree char *sha1 = g_compute_checksum_for_data (G_CHECKSUM_SHA1, der.data, der.length);
  g_autofree char *spki = hex_encode (entry->spki_sha256, LOG_HASH);
  g_autofree char *serial = NULL;
  CertificateParts parts;
  gsize zeros = 0;

  ck_assert (certificate_split (der.data, der.length, &parts));
  while (parts.serial.data[zeros] == 0)
    zeros++;
  serial = hex_encode (parts.serial.data + zeros, parts.serial.length - zeros);
  return g_strdup_printf ("%s,B-1,sensor,%s,%s,%s,%s,,,,,\"%s\"\r\n", device != NULL ? device : own,
                          sha256, sha1, spki, serial, pem);
}

char *
story_row (Story *story, guint64 index, const char *device)
{
  g_autoptr (GBytes) bytes = issuance_log_read (story->log, index, NULL);
  LogEntry entry;

  ck_assert (
      log_entry_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &entry, NULL));
  return story_row_of (&entry, device);
}

static void
put_statement (Story *story, guint64 index, const char *path)
{
  g_autofree char *beside = g_strconcat (path, ".p7s", NULL);
  g_autoptr (GBytes) bytes = issuance_log_read (story->log, index, NULL);
  LogEntry entry;

  ck_assert (
      log_entry_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &entry, NULL));
  ck_assert (g_file_set_contents (beside, (const char *)entry.certificate.data,
                                  (gssize)entry.certificate.length, NULL));
}

guint64
story_manifest (Story *story, const char *batch, const char *path, const char *content,
                guint64 rows)
{
  g_autoptr (ManifestStatement) statement = manifest_statement_new ();
  g_autoptr (GBytes) hash = sha256_of ((const guint8 *)content, strlen (content));
  g_autofree char *text = NULL;
  guint64 index;

  ck_assert (g_file_set_contents (path, content, -1, NULL));
  statement->time = story->now / G_USEC_PER_SEC;
  statement->station = story_station (story);
  statement->batch = g_strdup (batch);
  statement->format = g_strdup ("csv");
  statement->rows = rows;
  statement->bytes = strlen (content);
  memcpy (statement->sha256, g_bytes_get_data (hash, NULL), LOG_HASH);
  memcpy (statement->log.origin, entry_maker_origin (story->maker), LOG_HASH);
  statement->log.size = issuance_log_size (story->log);
  ck_assert (issuance_log_root (story->log, statement->log.size, statement->log.root, NULL));
  statement->ledger = g_strdup ("000102030405060708090a0b0c0d0e0f");
  text = manifest_statement_text (statement);
  index = append_record (story, LOG_ENTRY_MANIFEST, &story->station, text, batch, NULL, "csv");
  put_statement (story, index, path);
  return index;
}

static GBytes *
sign_text (const StorySigner *signer, const char *text)
{
  EVP_MD_CTX *context = EVP_MD_CTX_new ();
  gsize length = 0;
  guint8 *signature;

  ck_assert (EVP_DigestSignInit (context, NULL, EVP_sha256 (), NULL, signer->key));
  ck_assert (EVP_DigestSign (context, NULL, &length, (const guint8 *)text, strlen (text)));
  signature = g_malloc (length);
  ck_assert (EVP_DigestSign (context, signature, &length, (const guint8 *)text, strlen (text)));
  EVP_MD_CTX_free (context);
  return g_bytes_new_take (signature, length);
}

void
story_checkpoint (Story *story, const char *path)
{
  Checkpoint checkpoint = { .size = issuance_log_size (story->log) };
  guint8 hash[LOG_HASH];
  g_autofree char *text = NULL;
  g_autofree char *note = NULL;
  g_autoptr (GBytes) signature = NULL;
  FILE *out = fopen (path, "a");

  memcpy (checkpoint.origin, entry_maker_origin (story->maker), LOG_HASH);
  ck_assert (issuance_log_root (story->log, checkpoint.size, checkpoint.root, NULL));
  statement_key_sha256 (story->station.certificate, hash);
  text = checkpoint_text (&checkpoint);
  signature = sign_text (&story->station, text);
  note = checkpoint_note (text, &checkpoint, hash, g_bytes_get_data (signature, NULL),
                          g_bytes_get_size (signature));
  ck_assert (out != NULL && fprintf (out, "%s\n", note) > 0);
  fclose (out);
}

GBytes *
story_log (const Story *story)
{
  char *content;
  gsize length;

  ck_assert (g_file_get_contents (story->log_path, &content, &length, NULL));
  return g_bytes_new_take (content, length);
}

void
story_put_log (const Story *story, const void *data, gsize length)
{
  ck_assert (g_file_set_contents (story->log_path, data, (gssize)length, NULL));
}

AuditResult *
story_verify (const Story *story, const char *kept)
{
  const char *const keeps[] = { kept, NULL };
  const AuditPlan plan = { .folder = story->collection,
                           .owner = story->owner.path,
                           .station = story->station.path,
                           .kept = keeps };
  GError *problem = NULL;
  AuditResult *result = audit_verify (&plan, &problem);

  ck_assert_msg (result != NULL, "%s", problem != NULL ? problem->message : "");
  return result;
}

char *
story_first_wrong (const Story *story, const char *kept)
{
  g_autoptr (AuditResult) result = story_verify (story, kept);
  const AuditFinding *first = audit_first_wrong (result);

  return g_strdup (first != NULL ? first->place : "");
}

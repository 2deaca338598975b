/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reports, manifests' statements and proofs of a real signer: what they say is what the log says,
 * they stand in it themselves, and openssl verifies them. argv[1] is keycradle-signer.
 */
#include "base/encode.h"
#include "ca/openssl.h"
#include "ca/proof/statement.h"
#include "ca/proof/ticket.h"
#include "tests/unit/ca/make.h"
#include "tests/unit/ca/running.h"

#include <check.h>
#include <openssl/pem.h>
#include <signal.h>
#include <string.h>

#define LEDGER "0123456789abcdef0123456789abcdef"
#define THREADS 3
#define EACH 12

static const char *program;
static Running *running;

static void
setup (void)
{
  running = running_new (program);
  running_start (running);
}

static void
teardown (void)
{
  running_free (running);
}

static LedgerClaim
claim (void)
{
  LedgerClaim ledger = { .id = (char *)LEDGER,
                         .devices = 4,
                         .verified = 3,
                         .voided = 2,
                         .open = 1,
                         .failed = 7,
                         .event = 99 };

  memset (ledger.event_hash, 0xee, sizeof ledger.event_hash);
  memset (ledger.voids_sha256, 0xdd, sizeof ledger.voids_sha256);
  return ledger;
}

static char *
open_statement (GBytes *statement)
{
  g_autoptr (GPtrArray) pinned = g_ptr_array_new_with_free_func ((GDestroyNotify)X509_free);
  g_autoptr (GError) problem = NULL;
  char *text;
  Span der;

  g_ptr_array_add (pinned, running_station (running));
  der.data = g_bytes_get_data (statement, &der.length);
  text = statement_open (der, pinned, NULL, &problem);
  ck_assert_msg (text != NULL, "%s", problem != NULL ? problem->message : "");
  return text;
}

/* The entry at `place` is the statement's. */
static void
expect_entered (GBytes *statement, guint64 place, LogEntryType type, const char *device)
{
  g_autoptr (IssuanceLog) log = running_log (running);
  g_autoptr (GBytes) bytes = issuance_log_read (log, place, NULL);
  g_autoptr (GBytes) digest =
      sha256_of (g_bytes_get_data (statement, NULL), g_bytes_get_size (statement));
  g_autoptr (X509) station = running_station (running);
  guint8 key[32];
  LogEntry entry;

  ck_assert_ptr_nonnull (bytes);
  ck_assert (
      log_entry_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &entry, NULL));
  ck_assert_int_eq (entry.type, type);
  ck_assert (span_is_text (entry.batch, "b1"));
  ck_assert (span_is_text (entry.device, device));
  ck_assert (span_equal (entry.certificate, g_bytes_get_data (statement, NULL),
                         g_bytes_get_size (statement)));
  ck_assert_mem_eq (entry.csr_sha256, g_bytes_get_data (digest, NULL), LOG_HASH);
  statement_key_sha256 (station, key);
  ck_assert_mem_eq (entry.spki_sha256, key, LOG_HASH);
}

static Report *
report (SignerClient *client, const char *batch, gboolean final, guint64 *place)
{
  const LedgerClaim ledger = claim ();
  g_autoptr (GError) problem = NULL;
  g_autoptr (GBytes) statement =
      signer_client_report (client, batch, final, &ledger, place, deadline_in (PATIENCE), &problem);
  g_autofree char *text = NULL;
  g_autofree char *number = NULL;
  Report *read;

  ck_assert_msg (statement != NULL, "%s", problem != NULL ? problem->message : "");
  text = open_statement (statement);
  read = report_parse (text, &problem);
  ck_assert_msg (read != NULL, "%s in %s", problem != NULL ? problem->message : "", text);
  number = g_strdup_printf ("%" G_GUINT64_FORMAT, read->number);
  if (g_str_equal (batch, "b1"))
    expect_entered (statement, *place, LOG_ENTRY_REPORT, number);
  return read;
}

static void
expect_root (const Checkpoint *said)
{
  g_autoptr (IssuanceLog) log = running_log (running);
  guint8 root[LOG_HASH];

  ck_assert (issuance_log_root (log, said->size, root, NULL));
  ck_assert_mem_eq (said->root, root, LOG_HASH);
  ck_assert_mem_eq (said->origin, issuance_log_origin (log), LOG_HASH);
}

START_TEST (test_a_report_says_what_the_log_says)
{
  g_autoptr (Report) read = NULL;
  g_autoptr (X509) station = NULL;
  g_autofree char *note = NULL;
  const LedgerClaim ledger = claim ();
  Checkpoint newest;
  guint8 key[32];
  g_autofree char *key_hex = NULL;
  guint64 place;
  gsize length;

  running_sign (running, "b0", "SN-0");
  running_sign (running, "b1", "SN-1");
  running_sign (running, "b0", "SN-2");
  running_sign (running, "b1", "SN-3");
  running_sign (running, "b0", "SN-4");
  read = report (running->client, "b1", TRUE, &place);
  ck_assert_uint_eq (place, 5);
  ck_assert_uint_eq (read->number, 1);
  ck_assert_int_le (ABS (read->time - g_get_real_time () / G_USEC_PER_SEC), 60);
  ck_assert_str_eq (read->batch, "b1");
  ck_assert (read->final);
  ck_assert_uint_eq (read->log.size, 5);
  expect_root (&read->log);
  ck_assert_uint_eq (read->certificates, 2);
  ck_assert_uint_eq (read->first, 1);
  ck_assert_uint_eq (read->last, 3);
  ck_assert_uint_eq (read->refusals + read->clock_resets + read->lost, 0);
  ck_assert_ptr_null (read->ticket);
  ck_assert_ptr_null (read->tpm);
  ck_assert_str_eq (read->ledger.id, LEDGER);
  ck_assert_uint_eq (read->ledger.devices, ledger.devices);
  ck_assert_uint_eq (read->ledger.verified, ledger.verified);
  ck_assert_uint_eq (read->ledger.voided, ledger.voided);
  ck_assert_uint_eq (read->ledger.open, ledger.open);
  ck_assert_uint_eq (read->ledger.failed, ledger.failed);
  ck_assert_uint_eq (read->ledger.event, ledger.event);
  ck_assert_mem_eq (read->ledger.event_hash, ledger.event_hash, 32);
  ck_assert_mem_eq (read->ledger.voids_sha256, ledger.voids_sha256, 32);
  station = running_station (running);
  statement_key_sha256 (station, key);
  key_hex = hex_encode (key, sizeof key);
  ck_assert_str_eq (read->station, key_hex);
  /* A checkpoint over the report itself came with it. */
  note = signer_client_checkpoint (running->client, FALSE, deadline_in (PATIENCE), NULL);
  ck_assert_ptr_nonnull (note);
  ck_assert (checkpoint_read (note, X509_get0_pubkey (station), &newest, &length, NULL));
  ck_assert_uint_eq (newest.size, 6);
}
END_TEST

START_TEST (test_numbers_go_on_over_a_restart)
{
  for (guint64 number = 1; number <= 3; number++) {
    guint64 place;
    g_autoptr (Report) read = report (running->client, "b1", FALSE, &place);

    ck_assert_uint_eq (read->number, number);
    ck_assert_uint_eq (read->certificates, 0);
    ck_assert (!read->final);
    running_stop (running, number == 1 ? SIGKILL : SIGTERM);
    running_start (running);
  }
}
END_TEST

START_TEST (test_openssl_verifies_a_report)
{
  const LedgerClaim ledger = claim ();
  g_autoptr (GBytes) statement = signer_client_report (running->client, "b1", FALSE, &ledger, NULL,
                                                       deadline_in (PATIENCE), NULL);
  g_autofree char *said = NULL;

  ck_assert_ptr_nonnull (statement);
  running_write (running, "report.p7s", g_bytes_get_data (statement, NULL),
                 g_bytes_get_size (statement));
  ck_assert_msg (run (running->folder, &said, "openssl", "cms", "-verify", "-inform", "DER", "-in",
                      "state/report.p7s", "-certfile", "state/station.pem", "-CAfile",
                      "state/station.pem", "-purpose", "any", NULL)
                     == 0,
                 "%s", said);
  ck_assert_ptr_nonnull (strstr (said, "[report]\nVersion=1\nNumber=1\n"));
}
END_TEST

START_TEST (test_a_manifests_statement)
{
  ManifestStatement said = { .batch = (char *)"b1",
                             .format = (char *)"aws",
                             .rows = 495,
                             .bytes = G_GUINT64_CONSTANT (5000000000),
                             .ledger = (char *)LEDGER,
                             .event = 12 };
  g_autoptr (GError) problem = NULL;
  g_autoptr (GBytes) statement = NULL;
  g_autoptr (ManifestStatement) read = NULL;
  g_autofree char *text = NULL;
  guint64 place;

  memset (said.sha256, 0xaa, sizeof said.sha256);
  memset (said.event_hash, 0xbb, sizeof said.event_hash);
  running_sign (running, "b1", "SN-1");
  statement = signer_client_manifest_statement (running->client, &said, &place,
                                                deadline_in (PATIENCE), &problem);
  ck_assert_msg (statement != NULL, "%s", problem != NULL ? problem->message : "");
  expect_entered (statement, place, LOG_ENTRY_MANIFEST, "aws");
  text = open_statement (statement);
  read = manifest_statement_parse (text, NULL);
  ck_assert_ptr_nonnull (read);
  ck_assert_uint_eq (read->log.size, 1);
  expect_root (&read->log);
  ck_assert_str_eq (read->format, "aws");
  ck_assert_uint_eq (read->rows, 495);
  ck_assert_uint_eq (read->bytes, said.bytes);
  ck_assert_mem_eq (read->sha256, said.sha256, 32);
  ck_assert_mem_eq (read->event_hash, said.event_hash, 32);
  ck_assert_uint_eq (read->event, 12);
}
END_TEST

static const struct {
  const char *batch, *ledger, *format, *says;
} no_names[] = {
  { "b 1", LEDGER, "aws", "batch's name" },
  { "", LEDGER, "aws", "batch's name" },
  { "b1\nNumber=7", LEDGER, "aws", "batch's name" },
  { "b1", "0123", "aws", "ledger's id" },
  { "b1", "0123456789ABCDEF0123456789abcdef", "aws", "ledger's id" },
  { "b1", LEDGER, "a\nb", "format" },
};

START_TEST (test_what_can_not_be_said)
{
  LedgerClaim ledger = claim ();
  const ManifestStatement said = { .batch = (char *)no_names[_i].batch,
                                   .format = (char *)no_names[_i].format,
                                   .ledger = (char *)no_names[_i].ledger };
  g_autoptr (GError) problem = NULL;
  g_autoptr (IssuanceLog) log = NULL;

  ledger.id = (char *)no_names[_i].ledger;
  ck_assert_ptr_null (signer_client_manifest_statement (running->client, &said, NULL,
                                                        deadline_in (PATIENCE), &problem));
  ck_assert (g_error_matches (problem, CA_ERROR, CA_ERROR_PROOF));
  ck_assert_msg (strstr (problem->message, no_names[_i].says) != NULL, "%s", problem->message);
  g_clear_error (&problem);
  if (g_str_equal (no_names[_i].format, "aws"))
    ck_assert_ptr_null (signer_client_report (running->client, no_names[_i].batch, FALSE, &ledger,
                                              NULL, deadline_in (PATIENCE), &problem));
  log = running_log (running);
  ck_assert_uint_eq (issuance_log_size (log), 0);
}
END_TEST

/* ---- proofs ---- */

START_TEST (test_every_entry_is_proved)
{
  g_autoptr (X509) station = NULL;
  g_autoptr (IssuanceLog) log = NULL;
  g_autoptr (GError) problem = NULL;
  const guint count = 7;

  for (guint i = 0; i < count; i++) {
    g_autofree char *device = g_strdup_printf ("SN-%u", i);

    running_sign (running, "b1", device);
  }
  station = NULL;
  log = running_log (running);
  for (guint i = 0; i < count; i++) {
    g_autofree char *note = NULL;
    g_autoptr (GBytes) entry = NULL;
    g_autoptr (GBytes) path = signer_client_inclusion (running->client, i, &note, &entry,
                                                       deadline_in (PATIENCE), &problem);
    g_autoptr (GBytes) bytes = issuance_log_read (log, i, NULL);
    guint8 leaf[LOG_HASH];
    Checkpoint newest;
    gsize length;

    ck_assert_msg (path != NULL, "%s", problem != NULL ? problem->message : "");
    ck_assert (g_bytes_equal (entry, bytes));
    if (station == NULL)
      station = running_station (running);
    ck_assert (checkpoint_read (note, X509_get0_pubkey (station), &newest, &length, NULL));
    ck_assert_uint_eq (newest.size, count);
    merkle_leaf_hash (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), leaf);
    ck_assert (merkle_verify_inclusion (leaf, i, newest.size, g_bytes_get_data (path, NULL),
                                        g_bytes_get_size (path), newest.root));
    ck_assert (!merkle_verify_inclusion (leaf, i + 1, newest.size, g_bytes_get_data (path, NULL),
                                         g_bytes_get_size (path), newest.root));
  }
  {
    g_autofree char *note = NULL;
    g_autoptr (GBytes) entry = NULL;

    ck_assert_ptr_null (signer_client_inclusion (running->client, count, &note, &entry,
                                                 deadline_in (PATIENCE), &problem));
    ck_assert (g_error_matches (problem, CA_ERROR, CA_ERROR_PROOF));
  }
}
END_TEST

/* ---- the ticket's account ---- */

/* A ticket that was loaded before, entered by hand: a demo signer takes none. */
static void
enter_ticket (const char *batch, guint count)
{
  g_autoptr (Ticket) ticket = ticket_new ();
  g_autoptr (EVP_PKEY) key = make_key ("P-256");
  g_autoptr (X509) owner = X509_new ();
  g_autoptr (GBytes) statement = NULL;
  g_autoptr (IssuanceLog) log = NULL;
  g_autofree char *text = NULL;
  g_autofree char *path = running_path (running, "issuance.log");
  g_autoptr (GBytes) digest = NULL;
  LogEntry entry = { .type = LOG_ENTRY_TICKET,
                     .batch = span_of_text (batch),
                     .device = span_of_text ("7"),
                     .signed_at = g_get_real_time () };
  static const guint8 nobody[LOG_HASH];

  ticket->number = 7;
  ticket->batch = g_strdup (batch);
  ticket->profile = g_strdup ("sensor");
  ticket->count = count;
  ticket->station = g_strnfill (64, 'a');
  ticket->ca = g_strnfill (64, 'b');
  ticket->not_after = 4000000000;
  text = ticket_text (ticket);
  X509_set_pubkey (owner, key);
  X509_gmtime_adj (X509_getm_notBefore (owner), 0);
  X509_gmtime_adj (X509_getm_notAfter (owner), 1000);
  ck_assert_int_gt (X509_sign (owner, key, EVP_sha256 ()), 0);
  statement = statement_sign (text, owner, key, NULL);
  ck_assert_ptr_nonnull (statement);
  entry.certificate.data = g_bytes_get_data (statement, &entry.certificate.length);
  digest = sha256_of (entry.certificate.data, entry.certificate.length);
  memcpy (entry.csr_sha256, g_bytes_get_data (digest, NULL), LOG_HASH);
  log = issuance_log_open (path, nobody, LOG_OPEN_WRITE, NULL);
  ck_assert_ptr_nonnull (log);
  ck_assert (issuance_log_append (log, &entry, &(guint64){ 0 }, NULL));
}

START_TEST (test_a_report_gives_the_tickets_account)
{
  g_autoptr (Report) read = NULL, other = NULL;
  guint64 place;

  running_sign (running, "b1", "SN-1");
  running_stop (running, SIGTERM);
  enter_ticket ("b1", 5);
  running_start (running);
  running_sign (running, "b1", "SN-2");
  running_sign (running, "b0", "SN-3");
  running_sign (running, "b1", "SN-4");
  read = report (running->client, "b1", FALSE, &place);
  ck_assert_uint_eq (read->certificates, 3);
  ck_assert_ptr_nonnull (read->ticket);
  ck_assert_uint_eq (read->ticket->number, 7);
  ck_assert_uint_eq (read->ticket->count, 5);
  ck_assert_uint_eq (read->ticket->issued, 2);
  other = report (running->client, "b0", FALSE, &place);
  ck_assert_ptr_null (other->ticket);
}
END_TEST

/* ---- while orders run ---- */

static gpointer
order_thread (gpointer data)
{
  g_autofree char *socket = g_build_filename (running->folder, "signer.sock", NULL);
  Running mine = *running;

  mine.client = signer_client_new (socket);
  for (guint i = 0; i < EACH; i++) {
    g_autofree char *device = g_strdup_printf ("SN-%u-%u", GPOINTER_TO_UINT (data), i);

    running_sign (&mine, "b1", device);
  }
  signer_client_free (mine.client);
  return NULL;
}

/* How many certificates the first `size` entries have. */
static guint64
count_certificates (IssuanceLog *log, guint64 size)
{
  guint64 count = 0;

  for (guint64 place = 0; place < size; place++) {
    g_autoptr (GBytes) bytes = issuance_log_read (log, place, NULL);
    LogEntry entry;

    ck_assert (
        log_entry_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &entry, NULL));
    count += entry.type == LOG_ENTRY_CERTIFICATE;
  }
  return count;
}

START_TEST (test_a_report_counts_the_log_that_it_names)
{
  g_autoptr (GPtrArray) reports = g_ptr_array_new_with_free_func ((GDestroyNotify)report_free);
  g_autoptr (IssuanceLog) log = NULL;
  GThread *threads[THREADS];
  guint64 place;

  running_sign (running, "b1", "SN-first");
  for (guint i = 0; i < THREADS; i++)
    threads[i] = g_thread_new ("orders", order_thread, GUINT_TO_POINTER (i));
  for (guint i = 0; i < 15; i++)
    g_ptr_array_add (reports, report (running->client, "b1", FALSE, &place));
  for (guint i = 0; i < THREADS; i++)
    g_thread_join (threads[i]);
  g_ptr_array_add (reports, report (running->client, "b1", TRUE, &place));
  log = running_log (running);
  for (guint i = 0; i < reports->len; i++) {
    const Report *read = g_ptr_array_index (reports, i);

    ck_assert_uint_eq (read->number, i + 1);
    ck_assert_uint_eq (read->certificates, count_certificates (log, read->log.size));
    ck_assert_uint_lt (read->last, read->log.size);
    expect_root (&read->log);
  }
}
END_TEST

int
main (int argc, char **argv)
{
  Suite *suite = suite_create ("report");
  TCase *tests = tcase_create ("report");
  SRunner *runner = srunner_create (suite);
  int failed;

  g_assert_cmpint (argc, ==, 2);
  program = argv[1];
  suite_add_tcase (suite, tests);
  tcase_set_timeout (tests, 120);
  tcase_add_checked_fixture (tests, setup, teardown);
  tcase_add_test (tests, test_a_report_says_what_the_log_says);
  tcase_add_test (tests, test_numbers_go_on_over_a_restart);
  tcase_add_test (tests, test_openssl_verifies_a_report);
  tcase_add_test (tests, test_a_manifests_statement);
  tcase_add_loop_test (tests, test_what_can_not_be_said, 0, G_N_ELEMENTS (no_names));
  tcase_add_test (tests, test_every_entry_is_proved);
  tcase_add_test (tests, test_a_report_gives_the_tickets_account);
  tcase_add_test (tests, test_a_report_counts_the_log_that_it_names);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}

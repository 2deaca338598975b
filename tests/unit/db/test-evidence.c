/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the ledger says of itself in signed records: the chain of its events, computed here once
 * more from docs/evidence.md alone; a batch's numbers; reports and statements as they come back.
 */
#include <string.h>

#include "db/ledger-evidence.h"
#include "db/manifest.h"
#include "fixture.h"

/* ---- the chain ---- */

static void
feed_u64 (GChecksum *checksum, guint64 value)
{
  for (int shift = 56; shift >= 0; shift -= 8) {
    const guint8 byte = (guint8)(value >> shift);
    g_checksum_update (checksum, &byte, 1);
  }
}

static void
feed_text (GChecksum *checksum, const char *text)
{
  const gsize length = strlen (text);

  for (int shift = 24; shift >= 0; shift -= 8) {
    const guint8 byte = (guint8)(length >> shift);
    g_checksum_update (checksum, &byte, 1);
  }
  g_checksum_update (checksum, (const guint8 *)text, (gssize)length);
}

static void
finish (GChecksum *checksum, guint8 hash[EVENT_HASH])
{
  gsize length = EVENT_HASH;

  g_checksum_get_digest (checksum, hash, &length);
  g_checksum_free (checksum);
}

/* The hash of the last event, from identity and events. */
static void
follow_chain (const char *path, Ledger *ledger, guint8 hash[EVENT_HASH])
{
  g_autoptr (GPtrArray) events = ledger_events_after (ledger, 0, 0, NULL);
  g_autofree char *identity = raw_text (path, "SELECT 'keycradle ledger' || lower (hex (value))"
                                              " FROM identity");
  GChecksum *checksum = g_checksum_new (G_CHECKSUM_SHA256);
  const char *digits = identity + strlen ("keycradle ledger");

  g_checksum_update (checksum, (const guint8 *)identity, strlen ("keycradle ledger"));
  for (guint i = 0; i < 16; i++) {
    const guint8 byte = (guint8)(g_ascii_xdigit_value (digits[2 * i]) << 4
                                 | g_ascii_xdigit_value (digits[2 * i + 1]));
    g_checksum_update (checksum, &byte, 1);
  }
  finish (checksum, hash);
  for (guint i = 0; i < events->len; i++) {
    const AuditEvent *event = g_ptr_array_index (events, i);

    ck_assert_int_eq (event->id, i + 1);
    checksum = g_checksum_new (G_CHECKSUM_SHA256);
    g_checksum_update (checksum, hash, EVENT_HASH);
    feed_u64 (checksum, (guint64)event->id);
    feed_u64 (checksum, (guint64)event->at);
    feed_text (checksum, event->actor);
    feed_text (checksum, event->kind);
    feed_text (checksum, event->subject);
    feed_text (checksum, event->detail);
    finish (checksum, hash);
  }
}

static void
assert_chained (const Fixture *f)
{
  guint8 hash[EVENT_HASH];
  LedgerHead head;

  follow_chain (f->path, f->ledger, hash);
  ck_assert (ledger_head (f->ledger, &head, NULL));
  ck_assert_mem_eq (head.hash, hash, EVENT_HASH);
}

START_TEST (an_empty_ledger_has_a_head)
{
  g_auto (Fixture) f = { 0 };
  LedgerHead head;
  fixture_open (&f);

  ck_assert (ledger_head (f.ledger, &head, NULL));
  ck_assert_int_eq (head.event, 0);
  assert_chained (&f);
}
END_TEST

START_TEST (each_event_is_chained_to_the_one_before)
{
  g_auto (Fixture) f = { 0 };
  LedgerHead head;
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  g_autoptr (Certificate) first = pass (f.ledger, "b1", "chip-a", 0);
  ck_assert (ledger_record_event (f.ledger, "Jürgen", "note", NULL, "two\nlines", NULL));
  assert_chained (&f);
  fixture_reopen (&f);
  ck_assert (ledger_void_certificate (f.ledger, first->id, "lost", "sue", NULL));
  assert_chained (&f);
  ck_assert (ledger_head (f.ledger, &head, NULL));
  g_autofree char *newest = raw_text (f.path, "SELECT max (id) FROM audit_events");
  ck_assert_int_eq (head.event, g_ascii_strtoll (newest, NULL, 10));
}
END_TEST

static gpointer
record_many (gpointer data)
{
  Ledger *ledger = data;

  for (guint i = 0; i < 50; i++) {
    ck_assert (ledger_record_event (ledger, "slot", "note", NULL, NULL, NULL));
    /* Its job fails behind another's, in the same transaction. */
    ck_assert (!ledger_confirm_export (ledger, 7, "slot", NULL));
  }
  return NULL;
}

START_TEST (many_at_once_leave_no_gap_and_no_fork)
{
  g_auto (Fixture) f = { 0 };
  GThread *threads[4];
  LedgerHead head;
  fixture_open (&f);

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new (NULL, record_many, f.ledger);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  ck_assert (ledger_head (f.ledger, &head, NULL));
  ck_assert_int_eq (head.event, 200);
  assert_chained (&f);
}
END_TEST

START_TEST (a_ledger_keeps_its_name_and_another_has_another)
{
  g_auto (Fixture) f = { 0 };
  g_auto (Fixture) other = { 0 };
  fixture_open (&f);
  fixture_open (&other);
  g_autofree char *before = ledger_identity (f.ledger, NULL);
  fixture_reopen (&f);
  g_autofree char *after = ledger_identity (f.ledger, NULL);
  g_autofree char *foreign = ledger_identity (other.ledger, NULL);

  ck_assert_uint_eq (strlen (before), 32);
  ck_assert_str_eq (before, after);
  ck_assert_str_ne (before, foreign);
}
END_TEST

/* ---- a batch's numbers ---- */

static gint64
fail_one (Ledger *ledger, const char *chip)
{
  gint64 attempt;
  g_autoptr (Device) device = arrive (ledger, "b1", chip, NULL, &attempt, NULL);

  ck_assert_ptr_nonnull (device);
  ck_assert (ledger_end_attempt (ledger, attempt, ATTEMPT_FAILED, "install", "no-answer", NULL,
                                 NULL, NULL));
  return attempt;
}

static void
issue (Ledger *ledger, const char *chip, guint64 log_index)
{
  g_autoptr (GBytes) der = new_certificate (chip, 10);

  ck_assert (store (ledger, log_index, "b1", chip, der, NULL));
}

/* a, b and e pass, b and e are void; c has only been issued, d failed. */
static void
fill_batch (Fixture *f)
{
  fixture_open (f);
  start_batch (f->ledger, "b1", 0, NULL);
  g_autoptr (Certificate) a = pass (f->ledger, "b1", "chip-a", 0);
  g_autoptr (Certificate) b = pass (f->ledger, "b1", "chip-b", 1);
  g_autoptr (Certificate) e = pass (f->ledger, "b1", "chip-e", 2);
  issue (f->ledger, "chip-c", 3);
  fail_one (f->ledger, "chip-d");
  ck_assert_ptr_nonnull (a);
  ck_assert (ledger_void_certificate (f->ledger, e->id, "broken in the oven", "sue", NULL));
  ck_assert (ledger_void_certificate (f->ledger, b->id, "lost", "sue", NULL));
}

START_TEST (a_claim_has_the_batch_as_it_is)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  BatchClaim claim;
  LedgerHead head;
  fill_batch (&f);

  ck_assert (ledger_claim (f.ledger, "b1", &claim, NULL));
  ck_assert_uint_eq (claim.devices, 5);
  ck_assert_uint_eq (claim.verified, 1);
  ck_assert_uint_eq (claim.voided, 2);
  ck_assert_uint_eq (claim.open, 1);
  ck_assert_uint_eq (claim.failed, 1);
  g_autofree char *voids =
      g_compute_checksum_for_string (G_CHECKSUM_SHA256, "1 lost\n2 broken in the oven\n", -1);
  g_autoptr (GString) hex = g_string_new (NULL);
  for (guint i = 0; i < EVENT_HASH; i++)
    g_string_append_printf (hex, "%02x", claim.voids_sha256[i]);
  ck_assert_str_eq (hex->str, voids);
  ck_assert (ledger_head (f.ledger, &head, NULL));
  ck_assert_int_eq (claim.head.event, head.event);
  ck_assert_mem_eq (claim.head.hash, head.hash, EVENT_HASH);
  assert_error (!ledger_claim (f.ledger, "b2", &claim, &error), LEDGER_ERROR_NOT_FOUND, error);
}
END_TEST

#define VOIDS_QUERY                                                                                \
  "SELECT log_index, void_reason FROM certificates WHERE batch = 1 AND state = 'void'"             \
  " ORDER BY log_index"

START_TEST (a_claim_reads_indexes_only)
{
  g_auto (Fixture) f = { 0 };
  static const char *const questions[] = {
    "SELECT count (*) FROM certificates WHERE batch = 1 AND state = 'void'",
    "SELECT count (*) FROM certificates WHERE batch = 1 AND state = 'issued'",
    VOIDS_QUERY,
  };
  fill_batch (&f);

  for (guint i = 0; i < G_N_ELEMENTS (questions); i++) {
    g_autofree char *plan = query_plan (f.path, questions[i]);
    ck_assert_msg (strstr (plan, "COVERING INDEX") != NULL && strstr (plan, "TEMP B-TREE") == NULL,
                   "%s", plan);
  }
}
END_TEST

/* ---- a batch that is closed ---- */

static guint
due (Ledger *ledger)
{
  g_autoptr (GPtrArray) names = ledger_reports_due (ledger, NULL);

  return names->len;
}

static gboolean
store_report (Ledger *ledger, const char *batch, guint64 log_index, gboolean final,
              const char *words, GError **error)
{
  g_autoptr (GBytes) der = g_bytes_new (words, strlen (words));
  const BatchReport report = {
    .batch = (char *)batch, .log_index = log_index, .final = final, .der = der
  };

  return ledger_store_report (ledger, &report, error);
}

START_TEST (closing_voids_what_is_open)
{
  g_auto (Fixture) f = { 0 };
  BatchClaim claim;
  gboolean settled;
  g_autoptr (GError) error = NULL;
  fill_batch (&f);

  ck_assert_uint_eq (due (f.ledger), 0);
  assert_error (!ledger_settle_batch (f.ledger, "b1", NULL, &settled, &error),
                LEDGER_ERROR_BATCH_STATE, error);
  ck_assert (ledger_set_batch_state (f.ledger, "b1", BATCH_CLOSED, "anna", NULL));
  ck_assert_uint_eq (due (f.ledger), 1);
  ck_assert (ledger_claim (f.ledger, "b1", &claim, NULL));
  ck_assert_uint_eq (claim.open, 0);
  ck_assert_uint_eq (claim.voided, 3);
  ck_assert_uint_eq (claim.verified, 1);
  g_autoptr (Certificate) open = ledger_certificate (f.ledger, "chip-c", NULL);
  ck_assert_str_eq (open->void_reason, "batch-closed");
  g_autofree char *who = raw_text (
      f.path,
      "SELECT actor FROM audit_events WHERE detail = 'batch-closed' AND subject = 'chip-c'");
  ck_assert_str_eq (who, "anna");
  ck_assert (ledger_settle_batch (f.ledger, "b1", NULL, &settled, NULL));
  ck_assert (settled);
  g_autoptr (Batch) batch = ledger_batch (f.ledger, "b1", NULL);
  ck_assert (batch->report_due);
}
END_TEST

START_TEST (a_unit_that_runs_may_still_end_well)
{
  g_auto (Fixture) f = { 0 };
  gint64 attempt;
  gboolean settled = TRUE;
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  g_autoptr (Device) device = arrive (f.ledger, "b1", "chip-a", NULL, &attempt, NULL);
  ck_assert_ptr_nonnull (device);
  issue (f.ledger, "chip-a", 0);
  ck_assert (ledger_set_batch_state (f.ledger, "b1", BATCH_CLOSED, "anna", NULL));
  ck_assert (ledger_settle_batch (f.ledger, "b1", NULL, &settled, NULL));
  ck_assert (!settled);
  g_autoptr (Certificate) issued = ledger_certificate (f.ledger, "chip-a", NULL);
  ck_assert_str_eq (issued->state, "issued");

  if (_i == 0)
    ck_assert (ledger_certificate_verified (f.ledger, attempt, issued->id, NULL, NULL));
  else
    ck_assert (ledger_end_attempt (f.ledger, attempt, ATTEMPT_FAILED, "install", "no-answer", NULL,
                                   NULL, NULL));
  ck_assert (ledger_settle_batch (f.ledger, "b1", NULL, &settled, NULL));
  ck_assert (settled);
  g_autoptr (Certificate) ended = ledger_certificate (f.ledger, "chip-a", NULL);
  ck_assert_str_eq (ended->state, _i == 0 ? "verified" : "void");
}
END_TEST

START_TEST (a_final_report_ends_it_until_something_comes_late)
{
  g_auto (Fixture) f = { 0 };
  gboolean settled;
  fill_batch (&f);
  ck_assert (ledger_set_batch_state (f.ledger, "b1", BATCH_CLOSED, "anna", NULL));

  ck_assert (store_report (f.ledger, "b1", 4, FALSE, "not the last", NULL));
  ck_assert_uint_eq (due (f.ledger), 1);
  ck_assert (store_report (f.ledger, "b1", 5, TRUE, "the last", NULL));
  ck_assert_uint_eq (due (f.ledger), 0);
  issue (f.ledger, "chip-late", 6);
  ck_assert_uint_eq (due (f.ledger), 1);
  ck_assert (ledger_settle_batch (f.ledger, "b1", NULL, &settled, NULL));
  ck_assert (settled);
  ck_assert (store_report (f.ledger, "b1", 7, TRUE, "the very last", NULL));
  ck_assert_uint_eq (due (f.ledger), 0);
}
END_TEST

/* ---- what came back ---- */

START_TEST (reports_are_kept_once_and_the_log_is_followed_over_them)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  guint64 next;
  fill_batch (&f);

  ck_assert (store_report (f.ledger, "b1", 5, FALSE, "second", NULL));
  ck_assert (ledger_next_log_index (f.ledger, &next, NULL));
  ck_assert_uint_eq (next, 4);
  ck_assert (store_report (f.ledger, "b1", 4, FALSE, "first", NULL));
  ck_assert (ledger_next_log_index (f.ledger, &next, NULL));
  ck_assert_uint_eq (next, 6);
  ck_assert (store_report (f.ledger, "b1", 4, FALSE, "first", NULL));
  assert_error (!store_report (f.ledger, "b1", 4, FALSE, "another", &error), LEDGER_ERROR_INVALID,
                error);
  assert_error (!store_report (f.ledger, "b2", 6, FALSE, "foreign", &error), LEDGER_ERROR_NOT_FOUND,
                error);
  g_autoptr (GPtrArray) reports = ledger_reports (f.ledger, "b1", 0, NULL);
  ck_assert_uint_eq (reports->len, 2);
  const BatchReport *newest = g_ptr_array_index (reports, 0);
  ck_assert_uint_eq (newest->log_index, 4);
  g_autoptr (BatchReport) one = ledger_report (f.ledger, newest->id, NULL);
  ck_assert_str_eq (one->batch, "b1");
  ck_assert_mem_eq (g_bytes_get_data (one->der, NULL), "first", 5);
  ck_assert_ptr_null (ledger_report (f.ledger, 99, &error));
  assert_error (TRUE, LEDGER_ERROR_NOT_FOUND, error);
}
END_TEST

static ManifestSummary *
export_csv (Ledger *ledger)
{
  g_autoptr (GBytes) ca = new_certificate ("ca", 10);
  FILE *file = tmpfile ();
  const ManifestOrder order = {
    .format = "csv", .batch = "b1", .ca_certificate = ca, .fd = fileno (file), .actor = "anna"
  };
  g_autoptr (GError) error = NULL;

  check_keys (ledger);
  ManifestSummary *summary = manifest_export (ledger, &order, &error);
  assert_ok (summary != NULL, error);
  fclose (file);
  return summary;
}

static gboolean
store_statement (Ledger *ledger, const char *sha256, guint64 log_index, const char *words,
                 GError **error)
{
  g_autoptr (GBytes) der = g_bytes_new (words, strlen (words));
  const ExportStatement statement = {
    .batch = "b1", .format = "csv", .sha256 = sha256, .log_index = log_index, .der = der
  };

  return ledger_store_statement (ledger, &statement, error);
}

START_TEST (a_statement_goes_to_the_export_that_it_is_about)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  guint64 next;
  fill_batch (&f);
  g_autoptr (ManifestSummary) summary = export_csv (f.ledger);

  ck_assert_ptr_null (ledger_export_statement (f.ledger, summary->id, &error));
  ck_assert_ptr_null (error);
  ck_assert_ptr_null (ledger_export_statement (f.ledger, 99, &error));
  assert_error (TRUE, LEDGER_ERROR_NOT_FOUND, error);
  g_autofree char *foreign = g_strnfill (64, 'a');
  assert_error (!store_statement (f.ledger, foreign, 4, "x", &error), LEDGER_ERROR_NOT_FOUND,
                error);
  ck_assert (store_statement (f.ledger, summary->sha256, 4, "genuine", NULL));
  ck_assert (store_statement (f.ledger, summary->sha256, 4, "genuine", NULL));
  assert_error (!store_statement (f.ledger, summary->sha256, 4, "other", &error),
                LEDGER_ERROR_INVALID, error);
  assert_error (!store_statement (f.ledger, summary->sha256, 5, "again", &error),
                LEDGER_ERROR_NOT_FOUND, error);
  ck_assert (ledger_next_log_index (f.ledger, &next, NULL));
  ck_assert_uint_eq (next, 5);
  g_autoptr (GBytes) kept = ledger_export_statement (f.ledger, summary->id, NULL);
  ck_assert_mem_eq (g_bytes_get_data (kept, NULL), "genuine", 7);
  g_autoptr (ExportRecord) record = ledger_export (f.ledger, summary->id, NULL);
  ck_assert (record->stated);
  ck_assert (ledger_confirm_export (f.ledger, summary->id, "anna", NULL));
}
END_TEST

static const char *const forbidden[] = {
  "UPDATE identity SET value = zeroblob (16)",
  "DELETE FROM identity",
  "INSERT OR REPLACE INTO identity VALUES (1, zeroblob (16))",
  "UPDATE audit_events SET hash = zeroblob (32)",
  "INSERT INTO audit_events (at, actor, kind, subject, detail) VALUES (1, 'a', 'b', 'c', 'd')",
  "INSERT INTO audit_events (id, at, actor, kind, subject, detail, hash)"
  " SELECT max (id) + 2, 1, 'a', 'b', 'c', 'd', zeroblob (32) FROM audit_events",
  "INSERT INTO audit_events (id, at, actor, kind, subject, detail, hash)"
  " SELECT max (id) + 1, 1, 'a', 'b', 'c', 'd', zeroblob (31) FROM audit_events",
  "DELETE FROM reports",
  "UPDATE reports SET final = 0",
  "UPDATE reports SET der = x'00'",
  "INSERT OR REPLACE INTO reports SELECT id, 1, batch, log_index, final, sha256, der FROM reports",
  "UPDATE exports SET statement = x'00'",
  "UPDATE exports SET statement = NULL, statement_index = NULL",
  "UPDATE exports SET statement_index = 9",
};

START_TEST (what_is_written_stays_written)
{
  g_auto (Fixture) f = { 0 };
  fill_batch (&f);
  g_autoptr (ManifestSummary) summary = export_csv (f.ledger);
  ck_assert (store_report (f.ledger, "b1", 4, TRUE, "report", NULL));
  ck_assert (store_statement (f.ledger, summary->sha256, 5, "statement", NULL));

  ck_assert (!raw_sql (f.path, forbidden[_i]));
  ck_assert (raw_sql (f.path,
                      "INSERT INTO audit_events (id, at, actor, kind, subject, detail, hash)"
                      " SELECT max (id) + 1, 1, 'a', 'b', 'c', 'd', zeroblob (32)"
                      " FROM audit_events"));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("evidence");
  TCase *cases = tcase_create ("evidence");

  tcase_set_timeout (cases, 60);
  tcase_add_test (cases, an_empty_ledger_has_a_head);
  tcase_add_test (cases, each_event_is_chained_to_the_one_before);
  tcase_add_test (cases, many_at_once_leave_no_gap_and_no_fork);
  tcase_add_test (cases, a_ledger_keeps_its_name_and_another_has_another);
  tcase_add_test (cases, a_claim_has_the_batch_as_it_is);
  tcase_add_test (cases, a_claim_reads_indexes_only);
  tcase_add_test (cases, closing_voids_what_is_open);
  tcase_add_loop_test (cases, a_unit_that_runs_may_still_end_well, 0, 2);
  tcase_add_test (cases, a_final_report_ends_it_until_something_comes_late);
  tcase_add_test (cases, reports_are_kept_once_and_the_log_is_followed_over_them);
  tcase_add_test (cases, a_statement_goes_to_the_export_that_it_is_about);
  tcase_add_loop_test (cases, what_is_written_stays_written, 0, (int)G_N_ELEMENTS (forbidden));
  suite_add_tcase (suite, cases);
  return run_suite (suite);
}

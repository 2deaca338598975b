/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A ledger of schema 1 with rows in it, opened by this Keycradle: what can be told from the
 * rows is filled in, nothing else changes, and the old file is kept.
 */
#include <openssl/rsa.h>
#include <string.h>

#include "db/certificate-fields.h"
#include "db/event-chain.h"
#include "db/migrate.h"
#include "db/statement.h"
#include "fixture.h"
#include "related-keys.h"

/* Three devices of b1: the first failed, then passed; the second passed after an interruption, the
 * third only ever was interrupted. One attempt had no device, one no batch. b2 is empty. */
#define OLD_ROWS                                                                                   \
  "INSERT INTO batches (name, product, profile, state, target, serial_first, serial_last,"         \
  " serial_width, serial_next, created_at, created_by) VALUES"                                     \
  " ('b1', 'sensor', 'factory', 'running', 9, 0, 0, 0, 0, 5, 'anna'),"                             \
  " ('b2', 'sensor', 'factory', 'created', 0, 0, 0, 0, 0, 6, 'anna');"                             \
  "INSERT INTO devices (serial, batch, driver, state, created_at) VALUES"                          \
  " ('d1', 1, 'smp', 'passed', 1), ('d2', 1, 'smp', 'passed', 2), ('d3', 1, 'smp', 'started', 3);" \
  "INSERT INTO attempts (slot, batch, device, started_at, ended_at, result, step, reason) VALUES"  \
  " ('4', 1, 1, 10, 20, 'failed', 'install', 'no-answer'),"                                        \
  " ('4', 1, 2, 21, 25, 'interrupted', 'install', NULL),"                                          \
  " ('4', 1, 1, 30, 50, 'passed', 'record', NULL),"                                                \
  " ('5', 1, 2, 30, 70, 'passed', 'record', NULL),"                                                \
  " ('4', 1, 1, 80, 90, 'failed', 'install', 'no-answer'),"                                        \
  " ('6', 1, NULL, 80, 95, 'failed', 'identify', 'proof'),"                                        \
  " ('6', NULL, NULL, 80, 96, 'failed', 'identify', 'proof'),"                                     \
  " ('5', 1, 3, 80, 97, 'interrupted', 'install', NULL);"                                          \
  "INSERT INTO audit_events (at, actor, kind, subject, detail) VALUES (5, 'anna', 'x', 'b1', '');" \
  "INSERT INTO exports (at, actor, batch, format, format_version, through, rows, bytes, sha256,"   \
  " ca_certificate) VALUES (99, 'anna', 1, 'aws', 1, 1, 2, 7, zeroblob (32), x'00')"

/* Open for more rows; close it before the ledger is opened. */
static Database *
make_ledger_of_schema (Fixture *fixture, guint schema)
{
  g_autoptr (GError) error = NULL;
  guint count;

  fixture_open (fixture);
  g_clear_pointer (&fixture->ledger, ledger_close);
  g_autofree char *path = g_build_filename (fixture->folder, "old.db", NULL);
  Database *database = database_open_writer (path, schema, &error);
  assert_ok (database != NULL, error);
  assert_ok (migrate (database, migrations (&count), schema, &error), error);
  ck_assert_uint_gt (count, schema);
  assert_ok (database_run_script (database, OLD_ROWS, &error), error);
  g_free (fixture->path);
  fixture->path = g_steal_pointer (&path);
  return database;
}

static void
make_old_ledger (Fixture *fixture)
{
  database_close (make_ledger_of_schema (fixture, 1));
}

START_TEST (an_old_ledger_gets_the_counts_of_its_rows)
{
  g_auto (Fixture) f = { 0 };
  make_old_ledger (&f);
  fixture_reopen (&f);
  g_autoptr (Batch) first = ledger_batch (f.ledger, "b1", NULL);
  g_autoptr (Batch) second = ledger_batch (f.ledger, "b2", NULL);

  ck_assert_uint_eq (first->devices, 3);
  ck_assert_uint_eq (first->passed, 2);
  ck_assert_uint_eq (first->failed, 0);
  ck_assert_uint_eq (first->attempts, 7);
  ck_assert_uint_eq (first->first_passed, 1);
  ck_assert_uint_eq (first->first_failed, 1);
  ck_assert (!first->serial_scan);
  ck_assert_ptr_null (first->serial_pattern);
  ck_assert_uint_eq (second->devices, 0);
  ck_assert_uint_eq (second->first_passed + second->first_failed, 0);
  g_autofree char *results = raw_text (
      f.path, "SELECT group_concat (coalesce (first_result, 'none')) FROM devices ORDER BY id");
  ck_assert_str_eq (results, "failed,passed,none");
}
END_TEST

START_TEST (an_old_ledger_gets_its_failures_and_rates)
{
  g_auto (Fixture) f = { 0 };
  BatchRate rate;
  make_old_ledger (&f);
  fixture_reopen (&f);
  g_autoptr (GPtrArray) failures = ledger_batch_failures (f.ledger, "b1", NULL);
  const FailureCount *most = g_ptr_array_index (failures, 0);
  const FailureCount *least = g_ptr_array_index (failures, 1);

  ck_assert_uint_eq (failures->len, 2);
  ck_assert_str_eq (most->reason, "no-answer");
  ck_assert_str_eq (most->slot, "4");
  ck_assert_uint_eq (most->count, 2);
  ck_assert_int_eq (most->last_at, 90);
  ck_assert_str_eq (least->slot, "6");
  ck_assert_uint_eq (least->count, 1);
  ck_assert (ledger_batch_rate (f.ledger, "b1", 0, &rate, NULL));
  ck_assert_uint_eq (rate.passed, 2);
  ck_assert_int_eq (rate.mean_time, 30);
}
END_TEST

START_TEST (an_old_ledger_goes_on_counting)
{
  g_auto (Fixture) f = { 0 };
  gint64 attempt;
  make_old_ledger (&f);
  fixture_reopen (&f);
  g_autoptr (Device) third = arrive (f.ledger, "b1", NULL, "d3", &attempt, NULL);
  ck_assert_ptr_nonnull (third);
  ck_assert (ledger_end_attempt (f.ledger, attempt, ATTEMPT_FAILED, "install", "no-answer", NULL,
                                 NULL, NULL));
  g_autoptr (Certificate) fourth = pass (f.ledger, "b1", "d4", 0);
  ck_assert_ptr_nonnull (fourth);
  g_autoptr (Batch) batch = ledger_batch (f.ledger, "b1", NULL);
  ck_assert_uint_eq (batch->devices, 4);
  ck_assert_uint_eq (batch->first_passed, 2);
  ck_assert_uint_eq (batch->first_failed, 2);
  g_autoptr (GPtrArray) failures = ledger_batch_failures (f.ledger, "b1", NULL);
  ck_assert_uint_eq (failures->len, 3);
}
END_TEST

START_TEST (an_old_export_is_a_whole_one)
{
  g_auto (Fixture) f = { 0 };
  make_old_ledger (&f);
  fixture_reopen (&f);
  g_autoptr (GPtrArray) exports = ledger_exports (f.ledger, NULL, 0, NULL);
  const ExportRecord *old = g_ptr_array_index (exports, 0);

  ck_assert_uint_eq (exports->len, 1);
  ck_assert_str_eq (old->batch, "b1");
  ck_assert_str_eq (old->actor, "anna");
  ck_assert_uint_eq (old->rows, 2);
  ck_assert (!old->new_only);
  ck_assert (old->confirmed);
}
END_TEST

START_TEST (the_old_file_is_kept_as_it_was)
{
  g_auto (Fixture) f = { 0 };
  make_old_ledger (&f);
  fixture_reopen (&f);
  g_autofree char *backup = g_strconcat (f.path, ".v1.bak", NULL);
  g_autofree char *old_version = raw_text (backup, "PRAGMA user_version");
  g_autofree char *old_attempts = raw_text (backup, "SELECT count (*) FROM attempts");
  g_autofree char *version = raw_text (f.path, "PRAGMA user_version");
  g_autofree char *attempts = raw_text (f.path, "SELECT count (*) FROM attempts");
  g_autofree char *foreign = raw_text (f.path, "PRAGMA foreign_key_check");
  g_autofree char *newest = NULL;
  g_autofree char *sound = raw_text (f.path, "PRAGMA integrity_check");

  ck_assert_str_eq (old_version, "1");
  guint count;
  migrations (&count);
  newest = g_strdup_printf ("%u", count);
  ck_assert_str_eq (version, newest);
  ck_assert_str_eq (old_attempts, "8");
  ck_assert_str_eq (attempts, old_attempts);
  ck_assert_ptr_null (foreign);
  ck_assert_str_eq (sound, "ok");
  ck_assert_ptr_null (raw_text (backup, "SELECT value FROM salt"));
}
END_TEST

START_TEST (a_migrated_ledger_has_the_schema_of_a_new_one)
{
  g_auto (Fixture) f = { 0 };
  g_auto (Fixture) fresh = { 0 };
  const char *schema = "SELECT group_concat (name || sql, char (10)) FROM"
                       " (SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name)";
  make_old_ledger (&f);
  fixture_reopen (&f);
  fixture_open (&fresh);
  g_autofree char *old = raw_text (f.path, schema);
  g_autofree char *new = raw_text (fresh.path, schema);
  ck_assert_ptr_nonnull (strstr (new, "first_result"));
  ck_assert_str_eq (old, new);
}
END_TEST

/* ---- schema 4: keys ---- */

#define CERTIFICATE_ROW                                                                            \
  "INSERT INTO certificates (device, batch, profile, state, void_reason, void_event, log_index,"   \
  " issued_at, serial_number, sha256, sha1, spki_sha256, subject, not_before, not_after, der)"     \
  " VALUES (?1, 1, 'factory', iif (?2 IS NULL, 'issued', 'void'), ?2, iif (?2 IS NULL, NULL, 1),"  \
  " ?3, 1000 + ?3, randomblob (16), ?4, zeroblob (20), ?5, 'CN=x', 1, 2, ?6)"

static void
old_certificate (Database *database, gint64 device, const char *void_reason, gint64 log_index,
                 EVP_PKEY *key)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) der = make_certificate (key, "x", 10);
  g_autoptr (CertificateFields) fields = certificate_fields_read (der, &error);
  g_autoptr (Statement) own = statement_prepare (
      database, "INSERT OR IGNORE INTO keys (spki_sha256, device) VALUES (?, ?)", &error);
  g_autoptr (Statement) insert = statement_prepare (database, CERTIFICATE_ROW, &error);

  assert_ok (own != NULL && insert != NULL, error);
  statement_bind_bytes (own, fields->spki_sha256);
  statement_bind_int64 (own, device);
  assert_ok (statement_run (own, &error), error);
  statement_bind_int64 (insert, device);
  statement_bind_text (insert, void_reason);
  statement_bind_int64 (insert, log_index);
  statement_bind_bytes (insert, fields->sha256);
  statement_bind_bytes (insert, fields->spki_sha256);
  statement_bind_bytes (insert, der);
  assert_ok (statement_run (insert, &error), error);
}

#define KEYS_OF_DEVICES                                                                            \
  "SELECT group_concat (seen_keys.id || ' ' || type || ' ' || serial || ' ' || seen_at, ', ')"     \
  " FROM seen_keys JOIN devices ON devices.id = device"
#define FINDING_OF_DEVICES                                                                         \
  "SELECT kind || ' ' || device || ' ' || partner_device || ' ' || key FROM key_findings"

/* d1 lost its first key and has another; d3 came with d1's, and later with d2's point negated,
 * which the older schemas took for another key. */
START_TEST (an_old_ledger_knows_the_keys_that_it_has_seen)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (EVP_PKEY) lost = make_key ();
  g_autoptr (EVP_PKEY) later = EVP_RSA_gen (2048);
  g_autoptr (EVP_PKEY) second = make_key ();
  g_autoptr (EVP_PKEY) mirrored = negated (second);
  KeyState state;
  Database *database = make_ledger_of_schema (&f, (guint)_i);
  old_certificate (database, 3, "duplicate-key", 0, lost);
  old_certificate (database, 1, "key-lost", 1, lost);
  old_certificate (database, 2, NULL, 2, second);
  old_certificate (database, 1, NULL, 3, later);
  old_certificate (database, 3, NULL, 4, mirrored);
  database_close (database);
  fixture_reopen (&f);

  g_autofree char *keys = raw_text (f.path, KEYS_OF_DEVICES);
  ck_assert_str_eq (keys, "1 p-256 d1 1001, 2 p-256 d2 1002, 3 rsa d1 1003");
  g_autofree char *finding = raw_text (f.path, FINDING_OF_DEVICES);
  ck_assert_str_eq (finding, "duplicate-key 3 2 2");
  ck_assert (ledger_key_state (f.ledger, &state, NULL));
  ck_assert_uint_eq (state.newest, 3);
  ck_assert_uint_eq (state.checked, 0);
  ck_assert_uint_eq (state.findings, 1);
  ck_assert_uint_eq (state.units, 2);
  g_autofree char *foreign = raw_text (f.path, "PRAGMA foreign_key_check");
  ck_assert_ptr_null (foreign);
}
END_TEST

/* ---- schema 7: the chain of events ---- */

#define MORE_EVENTS                                                                                \
  "INSERT INTO audit_events (id, at, actor, kind, subject, detail) VALUES"                         \
  " (2, 6, 'Jürgen', 'y', '', 'ü'), (3, 7, 'anna', 'z', 'b1', ''), (9, 8, 'anna', 'gap', '', '')"

START_TEST (an_old_ledger_gets_its_events_chained)
{
  g_auto (Fixture) f = { 0 };
  LedgerHead head;
  guint8 identity[LEDGER_IDENTITY];
  guint8 hash[EVENT_HASH];
  Database *database = make_ledger_of_schema (&f, (guint)_i);
  ck_assert (database_run_script (database, MORE_EVENTS, NULL));
  database_close (database);
  fixture_reopen (&f);

  g_autofree char *name = ledger_identity (f.ledger, NULL);
  for (guint i = 0; i < sizeof identity; i++)
    identity[i] =
        (guint8)(g_ascii_xdigit_value (name[2 * i]) << 4 | g_ascii_xdigit_value (name[2 * i + 1]));
  event_chain_begin (identity, hash);
  g_autoptr (GPtrArray) events = ledger_events_after (f.ledger, 0, 0, NULL);
  ck_assert_uint_eq (events->len, 4);
  for (guint i = 0; i < events->len; i++)
    event_chain_hash (hash, g_ptr_array_index (events, i), hash);
  ck_assert (ledger_head (f.ledger, &head, NULL));
  ck_assert_int_eq (head.event, 9);
  ck_assert_mem_eq (head.hash, hash, EVENT_HASH);
  g_autofree char *bare =
      raw_text (f.path, "SELECT count (*) FROM audit_events WHERE hash IS NULL");
  ck_assert_str_eq (bare, "0");
  ck_assert (ledger_record_event (f.ledger, "anna", "new", NULL, NULL, NULL));
  ck_assert (!raw_sql (f.path, "UPDATE audit_events SET detail = 'x' WHERE id = 2"));
}
END_TEST

START_TEST (a_batch_that_was_closed_long_ago_is_left_alone)
{
  g_auto (Fixture) f = { 0 };
  Database *database = make_ledger_of_schema (&f, 6);
  ck_assert (database_run_script (database, "UPDATE batches SET state = 'closed'", NULL));
  database_close (database);
  fixture_reopen (&f);

  g_autoptr (GPtrArray) due = ledger_reports_due (f.ledger, NULL);
  ck_assert_uint_eq (due->len, 0);
}
END_TEST

/* ---- schema 10: renewals ---- */

START_TEST (an_old_ledger_knows_who_signed_what_lives)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (EVP_PKEY) lost = make_key ();
  g_autoptr (EVP_PKEY) first = make_key ();
  g_autoptr (EVP_PKEY) second = make_key ();
  Database *database = make_ledger_of_schema (&f, 6);
  old_certificate (database, 1, "key-lost", 1, lost);
  old_certificate (database, 1, NULL, 2, first);
  old_certificate (database, 2, NULL, 3, second);
  database_close (database);
  fixture_reopen (&f);

  g_autofree char *signers =
      raw_text (f.path, "SELECT group_concat (state || ' ' || coalesce (issuer, 'unknown'))"
                        " FROM certificates");
  ck_assert_str_eq (signers, "void unknown,issued 1,issued 1");
  g_autofree char *kinds = raw_text (f.path, "SELECT DISTINCT order_kind FROM batches");
  ck_assert_str_eq (kinds, "new");
  ck_assert (!raw_sql (f.path, "UPDATE certificates SET issuer = NULL"));
  g_autofree char *foreign = raw_text (f.path, "PRAGMA foreign_key_check");
  ck_assert_ptr_null (foreign);
}
END_TEST

/* ---- schema 9: the registry ---- */

START_TEST (an_old_ledger_has_no_targets_and_whole_exports)
{
  g_auto (Fixture) f = { 0 };

  make_old_ledger (&f);
  fixture_reopen (&f);
  g_autofree char *exports =
      raw_text (f.path, "SELECT group_concat (part || ' of ' || parts || coalesce (as_of, ' open')"
                        " || coalesce (target, ' for nobody')) FROM exports");
  g_autofree char *rows = raw_text (f.path, "SELECT (SELECT count (*) FROM targets)"
                                            " + (SELECT count (*) FROM registrations)");
  g_autofree char *old = raw_text (f.path, "SELECT count (*) FROM sqlite_schema"
                                           " WHERE name = 'registrations_of_certificate'");

  ck_assert_str_eq (exports, "1 of 1 open for nobody");
  ck_assert_str_eq (rows, "0");
  ck_assert_str_eq (old, "0");
  ck_assert (!raw_sql (f.path, "UPDATE exports SET part = 2, parts = 2"));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("migration");
  TCase *migration = tcase_create ("migration");

  tcase_set_timeout (migration, 60);
  tcase_add_test (migration, an_old_ledger_gets_the_counts_of_its_rows);
  tcase_add_test (migration, an_old_ledger_gets_its_failures_and_rates);
  tcase_add_test (migration, an_old_ledger_goes_on_counting);
  tcase_add_test (migration, an_old_export_is_a_whole_one);
  tcase_add_test (migration, the_old_file_is_kept_as_it_was);
  tcase_add_test (migration, a_migrated_ledger_has_the_schema_of_a_new_one);
  tcase_add_test (migration, an_old_ledger_knows_who_signed_what_lives);
  tcase_add_test (migration, an_old_ledger_has_no_targets_and_whole_exports);
  tcase_add_loop_test (migration, an_old_ledger_knows_the_keys_that_it_has_seen, 1, 4);
  tcase_add_loop_test (migration, an_old_ledger_gets_its_events_chained, 1, 7);
  tcase_add_test (migration, a_batch_that_was_closed_long_ago_is_left_alone);
  suite_add_tcase (suite, migration);
  return run_suite (suite);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A ledger of schema 1 with rows in it, opened by this Keycradle: what can be told from the
 * rows is filled in, nothing else changes, and the old file is kept.
 */
#include <string.h>

#include "db/migrate.h"
#include "fixture.h"

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

static void
make_old_ledger (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  guint count;

  fixture_open (fixture);
  g_clear_pointer (&fixture->ledger, ledger_close);
  g_autofree char *path = g_build_filename (fixture->folder, "old.db", NULL);
  g_autoptr (Database) database = database_open_writer (path, 1, &error);
  assert_ok (database != NULL, error);
  assert_ok (migrate (database, migrations (&count), 1, &error), error);
  ck_assert_uint_ge (count, 2);
  assert_ok (database_run_script (database, OLD_ROWS, &error), error);
  g_free (fixture->path);
  fixture->path = g_steal_pointer (&path);
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
  g_autofree char *sound = raw_text (f.path, "PRAGMA integrity_check");

  ck_assert_str_eq (old_version, "1");
  ck_assert_str_eq (version, "3");
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
  suite_add_tcase (suite, migration);
  return run_suite (suite);
}

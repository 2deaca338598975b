/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the ledger counts as attempts end: first results, failures, the rate. And that none
 * of it is counted anew when somebody asks.
 */
#include <string.h>

#include "db/ledger-private.h"
#include "fixture.h"

static void
end_failed (Ledger *ledger, gint64 attempt, const char *reason)
{
  g_autoptr (GError) error = NULL;

  assert_ok (
      ledger_end_attempt (ledger, attempt, ATTEMPT_FAILED, "install", reason, NULL, NULL, &error),
      error);
}

static void
interrupt (Ledger *ledger, gint64 attempt)
{
  g_autoptr (GError) error = NULL;

  assert_ok (
      ledger_end_attempt (ledger, attempt, ATTEMPT_INTERRUPTED, NULL, NULL, NULL, NULL, &error),
      error);
}

/* The device of `chip` comes and its attempt runs. */
static gint64
come (Ledger *ledger, const char *chip)
{
  g_autoptr (GError) error = NULL;
  gint64 attempt;
  g_autoptr (Device) device = arrive (ledger, "b1", chip, NULL, &attempt, &error);

  assert_ok (device != NULL, error);
  return attempt;
}

static gint64
come_unknown (Ledger *ledger, const char *slot)
{
  g_autoptr (GError) error = NULL;
  gint64 attempt;

  assert_ok (ledger_begin_attempt (ledger, slot, "b1", NULL, &attempt, &error), error);
  return attempt;
}

#define assert_counts(ledger, devices_, passed_, failed_, first_passed_, first_failed_)            \
  do {                                                                                             \
    g_autoptr (Batch) batch_ = ledger_batch (ledger, "b1", NULL);                                  \
    ck_assert_uint_eq (batch_->devices, devices_);                                                 \
    ck_assert_uint_eq (batch_->passed, passed_);                                                   \
    ck_assert_uint_eq (batch_->failed, failed_);                                                   \
    ck_assert_uint_eq (batch_->first_passed, first_passed_);                                       \
    ck_assert_uint_eq (batch_->first_failed, first_failed_);                                       \
  } while (0)

START_TEST (only_the_first_attempt_that_came_to_a_result_is_a_first_result)
{
  g_auto (Fixture) f = { 0 };
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  interrupt (f.ledger, come (f.ledger, "chip-a"));
  assert_counts (f.ledger, 1, 0, 0, 0, 0);
  end_failed (f.ledger, come (f.ledger, "chip-a"), "no-answer");
  assert_counts (f.ledger, 1, 0, 1, 0, 1);
  g_autoptr (Certificate) a = pass (f.ledger, "b1", "chip-a", 0);
  ck_assert_ptr_nonnull (a);
  assert_counts (f.ledger, 1, 1, 0, 0, 1);
  g_autoptr (Certificate) b = pass (f.ledger, "b1", "chip-b", 1);
  ck_assert_ptr_nonnull (b);
  assert_counts (f.ledger, 2, 2, 0, 1, 1);
}
END_TEST

START_TEST (an_attempt_without_a_device_is_no_first_result)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 second;
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  end_failed (f.ledger, come_unknown (f.ledger, "1"), "no-answer");
  assert_counts (f.ledger, 0, 0, 0, 0, 0);
  /* Refused by the ledger: the attempt fails, the device that runs elsewhere does not. */
  gint64 first = come (f.ledger, "chip-a");
  assert_error (arrive (f.ledger, "b1", "chip-a", NULL, &second, &error) == NULL,
                LEDGER_ERROR_BUSY_DEVICE, error);
  end_failed (f.ledger, second, "busy-device");
  assert_counts (f.ledger, 1, 0, 0, 0, 0);
  end_failed (f.ledger, first, "no-answer");
  assert_counts (f.ledger, 1, 0, 1, 0, 1);
}
END_TEST

START_TEST (a_crash_is_no_result)
{
  g_auto (Fixture) f = { 0 };
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  come (f.ledger, "chip-a");
  fixture_reopen (&f);
  assert_counts (f.ledger, 1, 0, 0, 0, 0);
  g_autoptr (GPtrArray) failures = ledger_batch_failures (f.ledger, "b1", NULL);
  ck_assert_uint_eq (failures->len, 0);
  g_autoptr (Certificate) a = pass (f.ledger, "b1", "chip-a", 0);
  ck_assert_ptr_nonnull (a);
  assert_counts (f.ledger, 1, 1, 0, 1, 0);
}
END_TEST

START_TEST (a_retry_of_a_passed_device_changes_no_first_result)
{
  g_auto (Fixture) f = { 0 };
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  g_autoptr (Certificate) a = pass (f.ledger, "b1", "chip-a", 0);
  ck_assert_ptr_nonnull (a);
  ck_assert (ledger_allow_retry (f.ledger, "chip-a", "sue", NULL));
  end_failed (f.ledger, come (f.ledger, "chip-a"), "proof");
  assert_counts (f.ledger, 1, 0, 1, 1, 0);
  gint64 attempt = come (f.ledger, "chip-a");
  ck_assert (ledger_certificate_verified (f.ledger, attempt, a->id, NULL, NULL));
  assert_counts (f.ledger, 1, 1, 0, 1, 0);
}
END_TEST

START_TEST (an_attempt_bears_the_name_of_its_operator)
{
  g_auto (Fixture) f = { 0 };
  gint64 attempt;
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  ck_assert (ledger_begin_attempt (f.ledger, "3", "b1", "mei", &attempt, NULL));
  g_autoptr (Attempt) running = ledger_attempt (f.ledger, attempt, NULL);
  ck_assert_str_eq (running->operator_name, "mei");
  end_failed (f.ledger, attempt, "no-answer");
  g_autoptr (GPtrArray) listed = ledger_attempts (f.ledger, "b1", NULL, 1, NULL);
  ck_assert_str_eq (((Attempt *)g_ptr_array_index (listed, 0))->operator_name, "mei");
  gint64 nobodys = come_unknown (f.ledger, "3");
  g_autoptr (Attempt) nobody = ledger_attempt (f.ledger, nobodys, NULL);
  ck_assert_ptr_null (nobody->operator_name);
}
END_TEST

/* ---- a long shift ---- */

#define SHIFT_DEVICES 12
#define SHIFT_ATTEMPTS 300

typedef struct {
  AttemptResult first; /* RUNNING: none yet */
  AttemptResult last;
  gboolean known;
} Expected;

static void
note_end (Expected *expected, AttemptResult result)
{
  expected->known = TRUE;
  if (result == ATTEMPT_INTERRUPTED)
    return;
  expected->last = result;
  if (expected->first == ATTEMPT_RUNNING)
    expected->first = result;
}

static void
run_one (Ledger *ledger, GRand *dice, guint number, Expected *expected, guint64 *log_index)
{
  g_autofree char *chip = g_strdup_printf ("chip-%u", number);
  g_autoptr (Certificate) live = NULL;

  if (expected->last == ATTEMPT_PASSED)
    ck_assert (ledger_allow_retry (ledger, chip, "sue", NULL));
  AttemptResult result =
      (AttemptResult)g_rand_int_range (dice, ATTEMPT_PASSED, ATTEMPT_INTERRUPTED + 1);
  if (result == ATTEMPT_PASSED)
    live = pass (ledger, "b1", chip, (*log_index)++);
  else if (result == ATTEMPT_FAILED)
    end_failed (ledger, come (ledger, chip), "proof");
  else
    interrupt (ledger, come (ledger, chip));
  /* Who is interrupted after a leave has passed no more. */
  if (result == ATTEMPT_INTERRUPTED && expected->last != ATTEMPT_RUNNING)
    expected->last = ATTEMPT_RUNNING;
  note_end (expected, result);
}

START_TEST (the_counts_stay_right_through_a_long_shift_of_retries)
{
  g_auto (Fixture) f = { 0 };
  Expected expected[SHIFT_DEVICES] = { 0 };
  guint count[5] = { 0 };
  guint64 log_index = 0;
  GRand *dice = g_rand_new_with_seed (7);
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  for (guint i = 0; i < SHIFT_ATTEMPTS; i++) {
    guint number = (guint)g_rand_int_range (dice, 0, SHIFT_DEVICES);
    run_one (f.ledger, dice, number, &expected[number], &log_index);
  }
  g_rand_free (dice);
  for (guint i = 0; i < SHIFT_DEVICES; i++) {
    count[0] += expected[i].known ? 1 : 0;
    count[1] += expected[i].last == ATTEMPT_PASSED ? 1 : 0;
    count[2] += expected[i].last == ATTEMPT_FAILED ? 1 : 0;
    count[3] += expected[i].first == ATTEMPT_PASSED ? 1 : 0;
    count[4] += expected[i].first == ATTEMPT_FAILED ? 1 : 0;
  }
  ck_assert_uint_gt (count[3], 0);
  ck_assert_uint_gt (count[4], 0);
  assert_counts (f.ledger, count[0], count[1], count[2], count[3], count[4]);
}
END_TEST

/* ---- failures ---- */

static void
fail_times (Ledger *ledger, const char *slot, const char *reason, guint times)
{
  for (guint i = 0; i < times; i++)
    end_failed (ledger, come_unknown (ledger, slot), reason);
}

START_TEST (failures_are_told_by_reason_and_slot_the_most_frequent_first)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 attempt;
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  start_batch (f.ledger, "b2", 0, NULL);
  gint64 before = g_get_real_time ();
  fail_times (f.ledger, "2", "no-answer", 1);
  fail_times (f.ledger, "7", "no-answer", 3);
  fail_times (f.ledger, "2", "proof", 2);
  interrupt (f.ledger, come_unknown (f.ledger, "7"));
  ck_assert (ledger_begin_attempt (f.ledger, "7", "b2", NULL, &attempt, NULL));
  end_failed (f.ledger, attempt, "no-answer");
  ck_assert (ledger_begin_attempt (f.ledger, "7", NULL, NULL, &attempt, NULL));
  end_failed (f.ledger, attempt, "no-answer");
  g_autoptr (GPtrArray) failures = ledger_batch_failures (f.ledger, "b1", &error);

  assert_ok (failures != NULL, error);
  static const FailureCount wanted[] = { { (char *)"no-answer", (char *)"7", 3, 0 },
                                         { (char *)"proof", (char *)"2", 2, 0 },
                                         { (char *)"no-answer", (char *)"2", 1, 0 } };
  ck_assert_uint_eq (failures->len, G_N_ELEMENTS (wanted));
  for (guint i = 0; i < failures->len; i++) {
    const FailureCount *found = g_ptr_array_index (failures, i);
    ck_assert_str_eq (found->reason, wanted[i].reason);
    ck_assert_str_eq (found->slot, wanted[i].slot);
    ck_assert_uint_eq (found->count, wanted[i].count);
    ck_assert_int_ge (found->last_at, before);
    ck_assert_int_le (found->last_at, g_get_real_time ());
  }
  assert_error (ledger_batch_failures (f.ledger, "b9", &error) == NULL, LEDGER_ERROR_NOT_FOUND,
                error);
}
END_TEST

/* ---- rate ---- */

/* An attempt that has passed, as the ledger would have written it. */
static void
insert_pass (const char *path, gint64 device, gint64 started_at, gint64 ended_at)
{
  g_autofree char *sql = g_strdup_printf (
      "INSERT INTO attempts (slot, batch, device, started_at, ended_at, result, step) VALUES"
      " ('1', 1, %" G_GINT64_FORMAT ", %" G_GINT64_FORMAT ", %" G_GINT64_FORMAT ", 'passed', 'x')",
      device, started_at, ended_at);

  ck_assert (raw_sql (path, sql));
}

static BatchRate
rate_since (Ledger *ledger, gint64 since)
{
  g_autoptr (GError) error = NULL;
  BatchRate rate = { .passed = 99, .mean_time = 99 };

  assert_ok (ledger_batch_rate (ledger, "b1", since, &rate, &error), error);
  return rate;
}

START_TEST (the_rate_counts_devices_that_passed_since_a_time)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  BatchRate rate;
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  rate = rate_since (f.ledger, 0);
  ck_assert_uint_eq (rate.passed, 0);
  ck_assert_int_eq (rate.mean_time, 0);
  end_failed (f.ledger, come (f.ledger, "chip-a"), "proof");
  interrupt (f.ledger, come (f.ledger, "chip-b"));
  insert_pass (f.path, 1, 1000, 1100);
  insert_pass (f.path, 2, 2000, 2300);
  rate = rate_since (f.ledger, 1000);
  ck_assert_uint_eq (rate.passed, 2);
  ck_assert_int_eq (rate.mean_time, 200);
  rate = rate_since (f.ledger, 2300);
  ck_assert_uint_eq (rate.passed, 1);
  ck_assert_int_eq (rate.mean_time, 300);
  ck_assert_uint_eq (rate_since (f.ledger, 2301).passed, 0);
  /* Again the same device: one device, two attempts. And a clock that went back. */
  insert_pass (f.path, 2, 3000, 3600);
  rate = rate_since (f.ledger, 2000);
  ck_assert_uint_eq (rate.passed, 1);
  ck_assert_int_eq (rate.mean_time, 450);
  insert_pass (f.path, 1, 9000, 4000);
  ck_assert_int_eq (rate_since (f.ledger, 4000).mean_time, 0);
  assert_error (!ledger_batch_rate (f.ledger, "b9", 0, &rate, &error), LEDGER_ERROR_NOT_FOUND,
                error);
}
END_TEST

START_TEST (the_rate_tells_of_real_passes)
{
  g_auto (Fixture) f = { 0 };
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  start_batch (f.ledger, "b2", 0, NULL);
  gint64 before = g_get_real_time ();
  g_autoptr (Certificate) a = pass (f.ledger, "b1", "chip-a", 0);
  g_autoptr (Certificate) b = pass (f.ledger, "b2", "chip-b", 1);
  ck_assert_ptr_nonnull (b);
  BatchRate rate = rate_since (f.ledger, before);
  ck_assert_uint_eq (rate.passed, 1);
  ck_assert_int_gt (rate.mean_time, 0);
  ck_assert_int_le (rate.mean_time, g_get_real_time () - before);
  /* It did pass: voiding it later does not make the line slower. */
  ck_assert (ledger_void_certificate (f.ledger, a->id, "lost", "sue", NULL));
  ck_assert_uint_eq (rate_since (f.ledger, before).passed, 1);
}
END_TEST

START_TEST (a_batch_tells_when_it_was_last_started_and_first_worked)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 begun, attempt;
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  g_autoptr (Batch) first = ledger_batch (f.ledger, "b1", NULL);
  ck_assert_int_ge (first->started_at, first->created_at);
  assert_ok (ledger_batch_begun (f.ledger, "b1", &begun, &error), error);
  ck_assert_int_eq (begun, 0);
  assert_ok (ledger_begin_attempt (f.ledger, "1", "b1", NULL, &attempt, &error), error);
  assert_ok (ledger_batch_begun (f.ledger, "b1", &begun, &error), error);
  ck_assert_int_ge (begun, first->started_at);
  assert_ok (ledger_set_batch_state (f.ledger, "b1", BATCH_PAUSED, "sue", &error), error);
  g_autoptr (Batch) paused = ledger_batch (f.ledger, "b1", NULL);
  ck_assert_int_eq (paused->started_at, first->started_at);
  assert_ok (ledger_set_batch_state (f.ledger, "b1", BATCH_RUNNING, "sue", &error), error);
  g_autoptr (Batch) again = ledger_batch (f.ledger, "b1", NULL);
  ck_assert_int_gt (again->started_at, first->started_at);
}
END_TEST

/* ---- cost ---- */

static void
assert_searches (const char *path, const char *query, const char *index)
{
  g_autofree char *plan = query_plan (path, query);

  ck_assert_msg (strstr (plan, "SCAN") == NULL, "%s", plan);
  ck_assert_msg (strstr (plan, "SEARCH") != NULL, "%s", plan);
  ck_assert_msg (strstr (plan, index) != NULL, "%s", plan);
}

START_TEST (rate_and_failures_cost_no_more_in_a_large_ledger)
{
  g_auto (Fixture) f = { 0 };
  fixture_open (&f);
  assert_searches (f.path, BATCH_RATE_QUERY, "INDEX attempts_passed (batch=? AND ended_at>");
  assert_searches (f.path, BATCH_FAILURES_QUERY, "PRIMARY KEY (batch=?)");
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("counts");
  TCase *counts = tcase_create ("counts");

  tcase_set_timeout (counts, 60);
  tcase_add_test (counts, only_the_first_attempt_that_came_to_a_result_is_a_first_result);
  tcase_add_test (counts, an_attempt_without_a_device_is_no_first_result);
  tcase_add_test (counts, a_crash_is_no_result);
  tcase_add_test (counts, a_retry_of_a_passed_device_changes_no_first_result);
  tcase_add_test (counts, an_attempt_bears_the_name_of_its_operator);
  tcase_add_test (counts, the_counts_stay_right_through_a_long_shift_of_retries);
  tcase_add_test (counts, failures_are_told_by_reason_and_slot_the_most_frequent_first);
  tcase_add_test (counts, the_rate_counts_devices_that_passed_since_a_time);
  tcase_add_test (counts, the_rate_tells_of_real_passes);
  tcase_add_test (counts, a_batch_tells_when_it_was_last_started_and_first_worked);
  tcase_add_test (counts, rate_and_failures_cost_no_more_in_a_large_ledger);
  suite_add_tcase (suite, counts);
  return run_suite (suite);
}

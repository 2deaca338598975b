/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What happens on the line, and what the ledger makes of it.
 */
#include "base/encode.h"
#include "fixture.h"

static void
end_failed (Ledger *ledger, gint64 attempt)
{
  g_autoptr (GError) error = NULL;

  assert_ok (ledger_end_attempt (ledger, attempt, ATTEMPT_FAILED, "install", "no-answer", "silent",
                                 NULL, &error),
             error);
}

START_TEST (a_device_goes_all_the_way)
{
  g_auto (Fixture) f = { 0 };
  fixture_open (&f);
  start_batch (f.ledger, "b1", 10, NULL);
  g_autoptr (Certificate) certificate = pass (f.ledger, "b1", "chip-1", 0);
  g_autoptr (Device) device = ledger_device (f.ledger, "chip-1", NULL);
  g_autoptr (Batch) batch = ledger_batch (f.ledger, "b1", NULL);
  g_autoptr (Attempt) attempt = ledger_attempt (f.ledger, 1, NULL);
  g_autofree char *kinds = event_kinds (f.ledger);

  ck_assert_str_eq (device->state, "passed");
  ck_assert_str_eq (device->certificate_sha256, certificate->sha256);
  ck_assert_uint_eq (device->attempts, 1);
  ck_assert_str_eq (certificate->state, "verified");
  ck_assert_str_eq (certificate->status, "ACTIVE");
  ck_assert_str_eq (certificate->subject, "CN=chip-1,O=Maker");
  ck_assert_int_gt (certificate->verified_at, 0);
  ck_assert_uint_eq (batch->passed, 1);
  ck_assert_uint_eq (batch->attempts, 1);
  ck_assert_int_eq (attempt->result, ATTEMPT_PASSED);
  ck_assert_str_eq (attempt->device, "chip-1");
  ck_assert_str_eq (attempt->driver, "smp");
  ck_assert_str_eq (kinds,
                    "batch-create batch-start device-new certificate-store certificate-verified");
}
END_TEST

START_TEST (a_certificate_is_found_by_device_serial_number_and_digest)
{
  g_auto (Fixture) f = { 0 };
  fixture_open (&f);
  start_batch (f.ledger, "b1", 10, NULL);
  g_autoptr (Certificate) made = pass (f.ledger, "b1", "chip-1", 0);
  g_autofree char *padded = g_strconcat ("00", made->serial_number, NULL);
  const char *keys[] = { "chip-1", made->serial_number, padded, made->sha256 };

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (Certificate) found = ledger_certificate (f.ledger, keys[i], &error);
    assert_ok (found != NULL, error);
    ck_assert_str_eq (found->sha256, made->sha256);
    ck_assert (g_bytes_equal (found->der, made->der));
  }
  g_autoptr (GError) error = NULL;
  assert_error (ledger_certificate (f.ledger, "nobody", &error) == NULL, LEDGER_ERROR_NOT_FOUND,
                error);
}
END_TEST

START_TEST (a_batch_name_is_used_once)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  Batch again = { .name = (char *)"b1", .profile = (char *)"factory" };
  Batch bad = { .name = (char *)"../b1", .profile = (char *)"factory" };
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);

  assert_error (!ledger_create_batch (f.ledger, &again, "x", &error), LEDGER_ERROR_EXISTS, error);
  assert_error (!ledger_create_batch (f.ledger, &bad, "x", &error), LEDGER_ERROR_INVALID, error);
}
END_TEST

START_TEST (a_closed_batch_stays_closed_and_takes_no_device)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 attempt;
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  ck_assert (ledger_set_batch_state (f.ledger, "b1", BATCH_PAUSED, "x", NULL));
  assert_error (arrive (f.ledger, "b1", "c", NULL, &attempt, &error) == NULL,
                LEDGER_ERROR_BATCH_STATE, error);
  ck_assert (ledger_set_batch_state (f.ledger, "b1", BATCH_CLOSED, "x", NULL));
  ck_assert (ledger_set_batch_state (f.ledger, "b1", BATCH_CLOSED, "x", NULL));
  assert_error (!ledger_set_batch_state (f.ledger, "b1", BATCH_RUNNING, "x", &error),
                LEDGER_ERROR_BATCH_STATE, error);
  assert_error (!ledger_set_batch_state (f.ledger, "b9", BATCH_RUNNING, "x", &error),
                LEDGER_ERROR_NOT_FOUND, error);
}
END_TEST

START_TEST (serials_of_a_range_are_never_given_twice)
{
  g_auto (Fixture) f = { 0 };
  gint64 attempt;
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, "SN-");
  g_autoptr (Device) first = arrive (f.ledger, "b1", "chip-a", NULL, &attempt, NULL);
  end_failed (f.ledger, attempt);
  fixture_reopen (&f);
  g_autoptr (Device) second = arrive (f.ledger, "b1", "chip-b", "foreign-name", &attempt, NULL);
  end_failed (f.ledger, attempt);
  g_autoptr (Device) again = arrive (f.ledger, "b1", "chip-a", NULL, &attempt, NULL);
  end_failed (f.ledger, attempt);
  g_autoptr (Device) nameless = arrive (f.ledger, "b1", NULL, NULL, &attempt, NULL);
  end_failed (f.ledger, attempt);
  g_autoptr (Device) named = arrive (f.ledger, "b1", NULL, "SN-0003", &attempt, NULL);

  ck_assert_str_eq (first->serial, "SN-0001");
  ck_assert_str_eq (second->serial, "SN-0002");
  ck_assert_str_eq (again->serial, "SN-0001");
  ck_assert_int_eq (again->id, first->id);
  ck_assert_str_eq (nameless->serial, "SN-0003");
  ck_assert_int_eq (named->id, nameless->id);
}
END_TEST

START_TEST (a_used_up_range_says_so)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 attempt;
  Batch two = { .name = (char *)"b1",
                .profile = (char *)"p",
                .serial_prefix = (char *)"S",
                .serial_first = 8,
                .serial_last = 9 };
  fixture_open (&f);
  ck_assert (ledger_create_batch (f.ledger, &two, "x", NULL));
  ck_assert (ledger_set_batch_state (f.ledger, "b1", BATCH_RUNNING, "x", NULL));
  g_autoptr (Device) eight = arrive (f.ledger, "b1", "a", NULL, &attempt, NULL);
  g_autoptr (Device) nine = arrive (f.ledger, "b1", "b", NULL, &attempt, NULL);
  ck_assert_str_eq (eight->serial, "S8");
  ck_assert_str_eq (nine->serial, "S9");
  assert_error (arrive (f.ledger, "b1", "c", NULL, &attempt, &error) == NULL,
                LEDGER_ERROR_BATCH_FULL, error);
}
END_TEST

START_TEST (a_serial_with_another_chip_is_refused)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 attempt;
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  g_autoptr (Device) first = arrive (f.ledger, "b1", "chip-a", "SN1", &attempt, NULL);
  ck_assert_ptr_nonnull (first);
  end_failed (f.ledger, attempt);
  g_autoptr (Device) other = arrive (f.ledger, "b1", "chip-b", "SN2", &attempt, NULL);
  ck_assert_ptr_nonnull (other);
  end_failed (f.ledger, attempt);

  assert_error (arrive (f.ledger, "b1", "chip-c", "SN1", &attempt, &error) == NULL,
                LEDGER_ERROR_DUPLICATE_DEVICE, error);
  assert_error (arrive (f.ledger, "b1", NULL, "SN1", &attempt, &error) == NULL,
                LEDGER_ERROR_DUPLICATE_DEVICE, error);
  assert_error (arrive (f.ledger, "b1", "chip-b", "SN1", &attempt, &error) == NULL,
                LEDGER_ERROR_DUPLICATE_DEVICE, error);
  assert_error (arrive (f.ledger, "b1", NULL, NULL, &attempt, &error) == NULL, LEDGER_ERROR_INVALID,
                error);
  assert_error (arrive (f.ledger, "b1", NULL, "no/such;name", &attempt, &error) == NULL,
                LEDGER_ERROR_INVALID, error);
}
END_TEST

START_TEST (a_device_of_another_batch_is_refused)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 attempt;
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  start_batch (f.ledger, "b2", 0, "X");
  g_autoptr (Device) first = arrive (f.ledger, "b1", "chip-a", NULL, &attempt, NULL);
  ck_assert_ptr_nonnull (first);
  end_failed (f.ledger, attempt);
  assert_error (arrive (f.ledger, "b2", "chip-a", NULL, &attempt, &error) == NULL,
                LEDGER_ERROR_DUPLICATE_DEVICE, error);
}
END_TEST

START_TEST (a_device_runs_in_one_slot_at_a_time)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 first;
  gint64 second;
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  g_autoptr (Device) device = arrive (f.ledger, "b1", "chip-a", NULL, &first, NULL);
  ck_assert_ptr_nonnull (device);
  assert_error (arrive (f.ledger, "b1", "chip-a", NULL, &second, &error) == NULL,
                LEDGER_ERROR_BUSY_DEVICE, error);
  end_failed (f.ledger, second);
  g_autoptr (Device) unharmed = ledger_device (f.ledger, "chip-a", NULL);
  ck_assert_str_eq (unharmed->state, "started");
}
END_TEST

START_TEST (a_passed_device_runs_again_only_with_leave)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 attempt;
  fixture_open (&f);
  start_batch (f.ledger, "b1", 1, NULL);
  g_autoptr (Certificate) certificate = pass (f.ledger, "b1", "chip-a", 0);
  assert_error (arrive (f.ledger, "b1", "chip-a", NULL, &attempt, &error) == NULL,
                LEDGER_ERROR_ALREADY_DONE, error);
  ck_assert (ledger_allow_retry (f.ledger, "chip-a", "sue", NULL));
  g_autoptr (Device) device = arrive (f.ledger, "b1", "chip-a", NULL, &attempt, &error);
  assert_ok (device != NULL, error);
  ck_assert_str_eq (device->state, "certified");
  ck_assert (ledger_certificate_verified (f.ledger, attempt, certificate->id, NULL, NULL));
  assert_error (arrive (f.ledger, "b1", "chip-a", NULL, &attempt, &error) == NULL,
                LEDGER_ERROR_ALREADY_DONE, error);
  g_autoptr (Certificate) same = ledger_certificate (f.ledger, "chip-a", NULL);
  ck_assert_int_eq (same->verified_at, certificate->verified_at);
}
END_TEST

START_TEST (the_target_is_never_exceeded_by_parallel_slots)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 first;
  gint64 second;
  gint64 third;
  fixture_open (&f);
  start_batch (f.ledger, "b1", 2, NULL);
  g_autoptr (Certificate) done = pass (f.ledger, "b1", "chip-a", 0);
  ck_assert_ptr_nonnull (done);
  g_autoptr (Device) running = arrive (f.ledger, "b1", "chip-b", NULL, &first, NULL);
  ck_assert_ptr_nonnull (running);
  assert_error (arrive (f.ledger, "b1", "chip-c", NULL, &second, &error) == NULL,
                LEDGER_ERROR_BATCH_FULL, error);
  end_failed (f.ledger, first);
  g_autoptr (Device) next = arrive (f.ledger, "b1", "chip-d", NULL, &third, &error);
  assert_ok (next != NULL, error);
  assert_error (arrive (f.ledger, "b1", "chip-b", NULL, &first, &error) == NULL,
                LEDGER_ERROR_BATCH_FULL, error);
}
END_TEST

START_TEST (a_key_belongs_to_one_device_for_ever)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (EVP_PKEY) key = make_key ();
  g_autoptr (GBytes) spki = spki_of (key);
  g_autoptr (GBytes) der = make_certificate (key, "chip-a", 10);
  g_autoptr (GBytes) copy = make_certificate (key, "chip-b", 10);
  gint64 attempt;
  guint64 next;
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  g_autoptr (Certificate) first = pass_with (f.ledger, "b1", "chip-a", 0, der);
  ck_assert (ledger_void_certificate (f.ledger, first->id, "lost", "sue", NULL));
  g_autoptr (Device) other = arrive (f.ledger, "b1", "chip-b", NULL, &attempt, NULL);
  g_autoptr (Device) owner = ledger_device (f.ledger, "chip-a", NULL);

  ck_assert (ledger_take_key (f.ledger, owner->id, spki, NULL));
  assert_error (!ledger_take_key (f.ledger, other->id, spki, &error), LEDGER_ERROR_DUPLICATE_KEY,
                error);
  assert_error (!store (f.ledger, 1, "b1", "chip-b", copy, &error), LEDGER_ERROR_DUPLICATE_KEY,
                error);
  assert_error (!store (f.ledger, 1, "b1", "chip-b", copy, &error), LEDGER_ERROR_DUPLICATE_KEY,
                error);
  g_autoptr (Certificate) recorded = ledger_certificate (f.ledger, "chip-b", NULL);
  ck_assert_str_eq (recorded->state, "void");
  ck_assert_str_eq (recorded->void_reason, "duplicate-key");
  ck_assert (ledger_next_log_index (f.ledger, &next, NULL));
  ck_assert_uint_eq (next, 2);
}
END_TEST

START_TEST (only_a_verified_certificate_makes_an_attempt_passed)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 attempt;
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  g_autoptr (Certificate) other = pass (f.ledger, "b1", "chip-a", 0);
  g_autoptr (Device) device = arrive (f.ledger, "b1", "chip-b", NULL, &attempt, NULL);
  ck_assert_ptr_nonnull (device);

  assert_error (
      !ledger_end_attempt (f.ledger, attempt, ATTEMPT_PASSED, "record", NULL, NULL, NULL, &error),
      LEDGER_ERROR_INVALID, error);
  assert_error (!ledger_certificate_verified (f.ledger, attempt, other->id, NULL, &error),
                LEDGER_ERROR_INVALID, error);
  end_failed (f.ledger, attempt);
  assert_error (
      !ledger_end_attempt (f.ledger, attempt, ATTEMPT_FAILED, "x", "y", NULL, NULL, &error),
      LEDGER_ERROR_INVALID, error);
  g_autoptr (Batch) batch = ledger_batch (f.ledger, "b1", NULL);
  ck_assert_uint_eq (batch->failed, 1);
  ck_assert_uint_eq (batch->passed, 1);
}
END_TEST

START_TEST (attempts_are_listed_newest_first_by_batch_and_device)
{
  g_auto (Fixture) f = { 0 };
  gint64 attempt;
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  ck_assert (ledger_begin_attempt (f.ledger, "7", NULL, NULL, &attempt, NULL));
  end_failed (f.ledger, attempt);
  for (guint i = 0; i < 3; i++) {
    g_autoptr (Device) device = arrive (f.ledger, "b1", "chip-a", NULL, &attempt, NULL);
    ck_assert_ptr_nonnull (device);
    end_failed (f.ledger, attempt);
  }
  g_autoptr (GPtrArray) all = ledger_attempts (f.ledger, NULL, NULL, 0, NULL);
  g_autoptr (GPtrArray) two = ledger_attempts (f.ledger, "b1", "chip-a", 2, NULL);
  g_autoptr (GPtrArray) devices = ledger_devices (f.ledger, "b1", 0, NULL);
  const Attempt *last = g_ptr_array_index (two, 0);
  const Attempt *first = g_ptr_array_index (all, 3);

  ck_assert_uint_eq (all->len, 4);
  ck_assert_uint_eq (two->len, 2);
  ck_assert_uint_eq (devices->len, 1);
  ck_assert_int_eq (last->id, attempt);
  ck_assert_str_eq (last->reason, "no-answer");
  ck_assert_str_eq (last->step, "install");
  ck_assert_str_eq (first->slot, "7");
  ck_assert_ptr_null (first->device);
  ck_assert_ptr_null (first->batch);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("ledger");
  TCase *line = tcase_create ("line");

  tcase_set_timeout (line, 60);
  tcase_add_test (line, a_device_goes_all_the_way);
  tcase_add_test (line, a_certificate_is_found_by_device_serial_number_and_digest);
  tcase_add_test (line, a_batch_name_is_used_once);
  tcase_add_test (line, a_closed_batch_stays_closed_and_takes_no_device);
  tcase_add_test (line, serials_of_a_range_are_never_given_twice);
  tcase_add_test (line, a_used_up_range_says_so);
  tcase_add_test (line, a_serial_with_another_chip_is_refused);
  tcase_add_test (line, a_device_of_another_batch_is_refused);
  tcase_add_test (line, a_device_runs_in_one_slot_at_a_time);
  tcase_add_test (line, a_passed_device_runs_again_only_with_leave);
  tcase_add_test (line, the_target_is_never_exceeded_by_parallel_slots);
  tcase_add_test (line, a_key_belongs_to_one_device_for_ever);
  tcase_add_test (line, only_a_verified_certificate_makes_an_attempt_passed);
  tcase_add_test (line, attempts_are_listed_newest_first_by_batch_and_device);
  suite_add_tcase (suite, line);
  return run_suite (suite);
}

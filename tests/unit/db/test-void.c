/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What becomes of a device whose certificate was voided, and of its batch's counts.
 */
#include <string.h>

#include "fixture.h"

static void
take_back (Ledger *ledger, const Certificate *certificate)
{
  g_autoptr (GError) error = NULL;

  assert_ok (ledger_void_certificate (ledger, certificate->id, "scrapped", "sue", &error), error);
}

static void
end_failed (Ledger *ledger, gint64 attempt)
{
  g_autoptr (GError) error = NULL;

  assert_ok (ledger_end_attempt (ledger, attempt, ATTEMPT_FAILED, "install", "no-answer", NULL,
                                 NULL, &error),
             error);
}

static char *
state_of (Ledger *ledger, const char *serial)
{
  g_autoptr (Device) device = ledger_device (ledger, serial, NULL);

  return g_strdup (device->state);
}

START_TEST (a_voided_device_counts_as_passed_no_more)
{
  g_auto (Fixture) f = { 0 };
  fixture_open (&f);
  start_batch (f.ledger, "b1", 1, NULL);
  g_autoptr (Certificate) a = pass (f.ledger, "b1", "chip-a", 0);
  take_back (f.ledger, a);
  take_back (f.ledger, a);
  g_autoptr (Batch) batch = ledger_batch (f.ledger, "b1", NULL);
  g_autofree char *state = state_of (f.ledger, "chip-a");

  ck_assert_str_eq (state, "started");
  ck_assert_uint_eq (batch->passed, 0);
  ck_assert_uint_eq (batch->failed, 0);
  ck_assert_uint_eq (batch->devices, 1);
  /* It did pass the first time: yield is about the line. */
  ck_assert_uint_eq (batch->first_passed, 1);
  /* And its place is another device's. */
  g_autoptr (Certificate) b = pass (f.ledger, "b1", "chip-b", 1);
  ck_assert_ptr_nonnull (b);
  g_autofree char *kinds = event_kinds (f.ledger);
  ck_assert_ptr_nonnull (strstr (kinds, "certificate-void"));
  ck_assert_ptr_eq (strstr (kinds, "certificate-void"), g_strrstr (kinds, "certificate-void"));
}
END_TEST

START_TEST (a_voided_device_runs_again_only_with_leave)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 attempt;
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  g_autoptr (Certificate) first = pass (f.ledger, "b1", "chip-a", 0);
  take_back (f.ledger, first);
  fixture_reopen (&f);
  ck_assert_ptr_null (arrive (f.ledger, "b1", "chip-a", NULL, &attempt, &error));
  ck_assert_ptr_nonnull (strstr (error->message, "had its certificate voided"));
  assert_error (TRUE, LEDGER_ERROR_DEVICE_VOIDED, error);
  end_failed (f.ledger, attempt);
  ck_assert (ledger_allow_retry (f.ledger, "chip-a", "sue", NULL));
  /* Once let in it may take several goes. */
  g_autoptr (Device) device = arrive (f.ledger, "b1", "chip-a", NULL, &attempt, &error);
  assert_ok (device != NULL, error);
  ck_assert_ptr_null (device->certificate_sha256);
  end_failed (f.ledger, attempt);
  g_autoptr (Certificate) second = pass (f.ledger, "b1", "chip-a", 1);
  g_autoptr (Batch) batch = ledger_batch (f.ledger, "b1", NULL);
  ck_assert_str_ne (second->sha256, first->sha256);
  ck_assert_uint_eq (batch->passed, 1);
  ck_assert_uint_eq (batch->failed, 0);
  ck_assert_uint_eq (batch->first_passed, 1);
  assert_error (arrive (f.ledger, "b1", "chip-a", NULL, &attempt, &error) == NULL,
                LEDGER_ERROR_ALREADY_DONE, error);
}
END_TEST

START_TEST (a_leave_from_before_the_voiding_is_spent)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 attempt;
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  g_autoptr (Certificate) a = pass (f.ledger, "b1", "chip-a", 0);
  ck_assert (ledger_allow_retry (f.ledger, "chip-a", "sue", NULL));
  take_back (f.ledger, a);
  assert_error (arrive (f.ledger, "b1", "chip-a", NULL, &attempt, &error) == NULL,
                LEDGER_ERROR_DEVICE_VOIDED, error);
}
END_TEST

START_TEST (a_device_that_failed_its_retry_is_held_when_voided)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 attempt;
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  g_autoptr (Certificate) a = pass (f.ledger, "b1", "chip-a", 0);
  ck_assert (ledger_allow_retry (f.ledger, "chip-a", "sue", NULL));
  g_autoptr (Device) device = arrive (f.ledger, "b1", "chip-a", NULL, &attempt, NULL);
  ck_assert_ptr_nonnull (device);
  end_failed (f.ledger, attempt);
  take_back (f.ledger, a);
  g_autofree char *state = state_of (f.ledger, "chip-a");
  ck_assert_str_eq (state, "failed");
  assert_error (arrive (f.ledger, "b1", "chip-a", NULL, &attempt, &error) == NULL,
                LEDGER_ERROR_DEVICE_VOIDED, error);
}
END_TEST

START_TEST (a_run_that_voids_a_lost_key_goes_on)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (EVP_PKEY) key = make_key ();
  g_autoptr (GBytes) der = make_certificate (key, "chip-a", 10);
  gint64 attempt;
  fixture_open (&f);
  start_batch (f.ledger, "b1", 1, NULL);
  g_autoptr (Certificate) lost = pass (f.ledger, "b1", "chip-a", 0);
  ck_assert (ledger_allow_retry (f.ledger, "chip-a", "sue", NULL));
  g_autoptr (Device) device = arrive (f.ledger, "b1", "chip-a", NULL, &attempt, NULL);
  ck_assert (ledger_void_certificate (f.ledger, lost->id, "key-lost", "station", NULL));
  assert_ok (store (f.ledger, 1, "b1", "chip-a", der, &error), error);
  /* Unplugged before it was delivered: the next plug-in needs no leave. */
  end_failed (f.ledger, attempt);
  g_autoptr (Device) again = arrive (f.ledger, "b1", "chip-a", NULL, &attempt, &error);
  assert_ok (again != NULL, error);
  g_autoptr (Certificate) live = ledger_live_certificate (f.ledger, device->id, NULL);
  ck_assert (ledger_certificate_verified (f.ledger, attempt, live->id, NULL, NULL));
  g_autoptr (Batch) batch = ledger_batch (f.ledger, "b1", NULL);
  ck_assert_uint_eq (batch->passed, 1);
}
END_TEST

START_TEST (a_certificate_that_never_was_verified_holds_nobody)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) der = new_certificate ("chip-a", 10);
  gint64 attempt;
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  g_autoptr (Device) device = arrive (f.ledger, "b1", "chip-a", NULL, &attempt, NULL);
  ck_assert (store (f.ledger, 0, "b1", "chip-a", der, NULL));
  g_autoptr (Certificate) issued = ledger_live_certificate (f.ledger, device->id, NULL);
  end_failed (f.ledger, attempt);
  take_back (f.ledger, issued);
  g_autoptr (Device) again = arrive (f.ledger, "b1", "chip-a", NULL, &attempt, &error);
  assert_ok (again != NULL, error);
  ck_assert_str_eq (again->state, "started");
}
END_TEST

START_TEST (a_voiding_in_the_middle_of_a_run_stops_that_run)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 attempt;
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  g_autoptr (Certificate) a = pass (f.ledger, "b1", "chip-a", 0);
  ck_assert (ledger_allow_retry (f.ledger, "chip-a", "sue", NULL));
  g_autoptr (Device) device = arrive (f.ledger, "b1", "chip-a", NULL, &attempt, NULL);
  ck_assert_ptr_nonnull (device);
  take_back (f.ledger, a);
  assert_error (!ledger_certificate_verified (f.ledger, attempt, a->id, NULL, &error),
                LEDGER_ERROR_INVALID, error);
  g_autoptr (Batch) batch = ledger_batch (f.ledger, "b1", NULL);
  ck_assert_uint_eq (batch->passed, 0);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("void");
  TCase *voids = tcase_create ("void");

  tcase_set_timeout (voids, 60);
  tcase_add_test (voids, a_voided_device_counts_as_passed_no_more);
  tcase_add_test (voids, a_voided_device_runs_again_only_with_leave);
  tcase_add_test (voids, a_leave_from_before_the_voiding_is_spent);
  tcase_add_test (voids, a_device_that_failed_its_retry_is_held_when_voided);
  tcase_add_test (voids, a_run_that_voids_a_lost_key_goes_on);
  tcase_add_test (voids, a_certificate_that_never_was_verified_holds_nobody);
  tcase_add_test (voids, a_voiding_in_the_middle_of_a_run_stops_that_run);
  suite_add_tcase (suite, voids);
  return run_suite (suite);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Batches whose serials are scanned: how they are made, and what becomes of a wrong label.
 */
#include <string.h>

#include "fixture.h"

static gboolean
create (Ledger *ledger, const char *name, gboolean scan, const char *prefix, const char *pattern,
        GError **error)
{
  const Batch batch = { .name = (char *)name,
                        .profile = (char *)"factory",
                        .serial_scan = scan,
                        .serial_prefix = (char *)prefix,
                        .serial_last = 9,
                        .serial_pattern = (char *)pattern };

  return ledger_create_batch (ledger, &batch, "anna", error);
}

static void
start_scanning (Ledger *ledger, const char *name, const char *pattern)
{
  g_autoptr (GError) error = NULL;

  assert_ok (create (ledger, name, TRUE, NULL, pattern, &error), error);
  assert_ok (ledger_set_batch_state (ledger, name, BATCH_RUNNING, "anna", &error), error);
}

START_TEST (a_batch_keeps_how_its_serials_are_scanned)
{
  g_auto (Fixture) f = { 0 };
  fixture_open (&f);
  start_scanning (f.ledger, "b1", "AC24-[0-9]{6}");
  start_batch (f.ledger, "b2", 0, "SN-");
  g_autoptr (Batch) scanned = ledger_batch (f.ledger, "b1", NULL);
  g_autoptr (Batch) numbered = ledger_batch (f.ledger, "b2", NULL);

  ck_assert (scanned->serial_scan);
  ck_assert_str_eq (scanned->serial_pattern, "AC24-[0-9]{6}");
  ck_assert_ptr_null (scanned->serial_prefix);
  ck_assert (!numbered->serial_scan);
  ck_assert_ptr_null (numbered->serial_pattern);
}
END_TEST

#define assert_refused(ledger, scan, prefix, pattern, sentence)                                    \
  do {                                                                                             \
    g_autoptr (GError) error_ = NULL;                                                              \
    ck_assert (!create (ledger, "b1", scan, prefix, pattern, &error_));                            \
    ck_assert_msg (strstr (error_->message, sentence) != NULL, "%s", error_->message);             \
    assert_error (TRUE, LEDGER_ERROR_INVALID, error_);                                             \
  } while (0)

START_TEST (a_batch_that_contradicts_itself_is_refused)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *long_pattern = g_strnfill (201, 'A');
  fixture_open (&f);
  assert_refused (f.ledger, TRUE, "SN-", NULL, "not both");
  assert_refused (f.ledger, FALSE, NULL, "[0-9]+", "let the batch scan them");
  assert_refused (f.ledger, TRUE, NULL, "[0-9", "no regular expression");
  assert_refused (f.ledger, TRUE, NULL, "A)|(?:B", "no regular expression");
  assert_refused (f.ledger, TRUE, NULL, "", "empty pattern");
  assert_refused (f.ledger, TRUE, NULL, long_pattern, "200 characters");
  long_pattern[200] = '\0';
  assert_ok (create (f.ledger, "b1", TRUE, NULL, long_pattern, &error), error);
}
END_TEST

START_TEST (a_device_without_a_scan_is_refused)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 attempt;
  fixture_open (&f);
  start_scanning (f.ledger, "b1", NULL);
  ck_assert_ptr_null (arrive (f.ledger, "b1", "chip-a", NULL, &attempt, &error));
  ck_assert_ptr_nonnull (strstr (error->message, "scan its label"));
  assert_error (TRUE, LEDGER_ERROR_INVALID, error);
  g_autoptr (Attempt) refused = ledger_attempt (f.ledger, attempt, NULL);
  ck_assert_ptr_null (refused->device);
  g_autoptr (Batch) batch = ledger_batch (f.ledger, "b1", NULL);
  ck_assert_uint_eq (batch->devices, 0);
}
END_TEST

START_TEST (a_scanned_serial_names_the_device_for_good)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 attempt;
  fixture_open (&f);
  start_scanning (f.ledger, "b1", NULL);
  g_autoptr (Device) device = arrive (f.ledger, "b1", "chip-a", "L-1", &attempt, &error);
  assert_ok (device != NULL, error);
  ck_assert_str_eq (device->serial, "L-1");
  ck_assert_str_eq (device->chip_id, "chip-a");
  fixture_reopen (&f);
  g_autoptr (Device) again = arrive (f.ledger, "b1", "chip-a", "L-1", &attempt, &error);
  assert_ok (again != NULL, error);
  ck_assert_int_eq (again->id, device->id);
}
END_TEST

START_TEST (a_label_on_the_wrong_device_is_refused)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 attempt;
  fixture_open (&f);
  start_scanning (f.ledger, "b1", NULL);
  g_autoptr (Device) a = arrive (f.ledger, "b1", "chip-a", "L-1", &attempt, NULL);
  ck_assert_ptr_nonnull (a);
  g_autoptr (Device) b = arrive (f.ledger, "b1", "chip-b", "L-2", &attempt, NULL);
  ck_assert_ptr_nonnull (b);
  fixture_reopen (&f);
  /* A new label, another device's label, and a known label on a new chip. */
  assert_error (arrive (f.ledger, "b1", "chip-a", "L-9", &attempt, &error) == NULL,
                LEDGER_ERROR_DUPLICATE_DEVICE, error);
  assert_error (arrive (f.ledger, "b1", "chip-a", "L-2", &attempt, &error) == NULL,
                LEDGER_ERROR_DUPLICATE_DEVICE, error);
  assert_error (arrive (f.ledger, "b1", "chip-c", "L-1", &attempt, &error) == NULL,
                LEDGER_ERROR_DUPLICATE_DEVICE, error);
  g_autoptr (GPtrArray) devices = ledger_devices (f.ledger, "b1", 0, NULL);
  ck_assert_uint_eq (devices->len, 2);
}
END_TEST

START_TEST (a_label_must_fit_the_pattern_as_a_whole)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  static const char *const wrong[] = { "AC24-12345", "AC24-1234567", "XAC24-123456",
                                       "ac24-123456" };
  gint64 attempt;
  fixture_open (&f);
  start_scanning (f.ledger, "b1", "AC24-[0-9]{6}|Z");
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    assert_error (arrive (f.ledger, "b1", "chip-a", wrong[i], &attempt, &error) == NULL,
                  LEDGER_ERROR_INVALID, error);
  g_autoptr (Device) device = arrive (f.ledger, "b1", "chip-a", "AC24-123456", &attempt, &error);
  assert_ok (device != NULL, error);
  g_autoptr (Device) other = arrive (f.ledger, "b1", "chip-b", "Z", &attempt, &error);
  assert_ok (other != NULL, error);
}
END_TEST

START_TEST (a_label_that_is_no_serial_is_refused)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 attempt;
  fixture_open (&f);
  start_scanning (f.ledger, "b1", ".*");
  assert_error (arrive (f.ledger, "b1", "chip-a", "two words", &attempt, &error) == NULL,
                LEDGER_ERROR_INVALID, error);
}
END_TEST

START_TEST (a_label_is_judged_before_its_device_runs)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 attempt;
  fixture_open (&f);
  start_scanning (f.ledger, "b1", "L-[0-9]");
  start_scanning (f.ledger, "b2", NULL);
  g_autoptr (Device) known = arrive (f.ledger, "b1", "chip-a", "L-1", &attempt, NULL);
  ck_assert_ptr_nonnull (known);

  assert_ok (ledger_check_serial (f.ledger, "b1", "L-2", &error), error);
  assert_error (!ledger_check_serial (f.ledger, "b1", "L-1", &error), LEDGER_ERROR_BUSY_DEVICE,
                error);
  assert_error (!ledger_check_serial (f.ledger, "b2", "L-1", &error), LEDGER_ERROR_DUPLICATE_DEVICE,
                error);
  assert_error (!ledger_check_serial (f.ledger, "b1", "L-22", &error), LEDGER_ERROR_INVALID, error);
  assert_error (!ledger_check_serial (f.ledger, "b2", "two words", &error), LEDGER_ERROR_INVALID,
                error);
  assert_error (!ledger_check_serial (f.ledger, "b2", "", &error), LEDGER_ERROR_INVALID, error);
  assert_error (!ledger_check_serial (f.ledger, "b9", "L-1", &error), LEDGER_ERROR_NOT_FOUND,
                error);
  fixture_reopen (&f);
  assert_ok (ledger_check_serial (f.ledger, "b1", "L-1", &error), error);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("scan");
  TCase *scan = tcase_create ("scan");

  tcase_set_timeout (scan, 60);
  tcase_add_test (scan, a_batch_keeps_how_its_serials_are_scanned);
  tcase_add_test (scan, a_batch_that_contradicts_itself_is_refused);
  tcase_add_test (scan, a_device_without_a_scan_is_refused);
  tcase_add_test (scan, a_scanned_serial_names_the_device_for_good);
  tcase_add_test (scan, a_label_on_the_wrong_device_is_refused);
  tcase_add_test (scan, a_label_must_fit_the_pattern_as_a_whole);
  tcase_add_test (scan, a_label_that_is_no_serial_is_refused);
  tcase_add_test (scan, a_label_is_judged_before_its_device_runs);
  suite_add_tcase (suite, scan);
  return run_suite (suite);
}

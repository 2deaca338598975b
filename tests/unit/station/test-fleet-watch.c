/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The check of the fleet's keys: asked for and by itself, ended in the middle, with a disk that
 * does not take its files.
 */
#include <check.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/objects.h>
#include <stdlib.h>
#include <string.h>

#include "station/fleet-watch.h"

static char *folder;
static char *files;
static Ledger *ledger;
static FleetWatch *watch;
static gint64 device_id;
static gint changes;

static void
count_change (gpointer data)
{
  g_atomic_int_inc (&changes);
}

static gint64
make_device (void)
{
  g_autoptr (Batch) batch = batch_new ();
  const DeviceFacts facts = { .driver = "smp", .chip_id = "chip-1" };
  gint64 attempt;

  batch->name = g_strdup ("b1");
  batch->product = g_strdup ("lamp");
  batch->profile = g_strdup ("aws-iot");
  ck_assert (ledger_create_batch (ledger, batch, "anna", NULL));
  ck_assert (ledger_set_batch_state (ledger, "b1", BATCH_RUNNING, "anna", NULL));
  ck_assert (ledger_begin_attempt (ledger, "1", "b1", NULL, &attempt, NULL));
  g_autoptr (Device) device = ledger_identify_device (ledger, attempt, &facts, NULL);
  ck_assert_ptr_nonnull (device);
  return device->id;
}

/* The P-256 key with this private number. */
static void
take_key (unsigned long number)
{
  static const guint8 head[] = { 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00 };
  EC_GROUP *group = EC_GROUP_new_by_curve_name (NID_X9_62_prime256v1);
  EC_POINT *point = EC_POINT_new (group);
  BIGNUM *scalar = BN_new ();
  guint8 der[sizeof head + 65];

  memcpy (der, head, sizeof head);
  BN_set_word (scalar, number);
  ck_assert (EC_POINT_mul (group, point, scalar, NULL, NULL, NULL));
  ck_assert_uint_eq (
      EC_POINT_point2oct (group, point, POINT_CONVERSION_UNCOMPRESSED, der + sizeof head, 65, NULL),
      65);
  g_autoptr (GBytes) spki = g_bytes_new (der, sizeof der);
  ck_assert (ledger_take_key (ledger, device_id, spki, NULL));
  BN_free (scalar);
  EC_POINT_free (point);
  EC_GROUP_free (group);
}

static KeyState
state_now (void)
{
  KeyState state;

  ck_assert (ledger_key_state (ledger, &state, NULL));
  return state;
}

static void
set_up (void)
{
  folder = g_dir_make_tmp ("keycradle-fleet-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "station.db", NULL);
  files = g_build_filename (folder, "fleet", NULL);
  ledger = ledger_open (path, NULL);
  ck_assert_ptr_nonnull (ledger);
  device_id = make_device ();
  changes = 0;
  watch = fleet_watch_new (ledger, files, count_change, NULL);
}

static void
delete_all (const char *path)
{
  const char *name;
  g_autoptr (GDir) directory = g_dir_open (path, 0, NULL);

  while (directory != NULL && (name = g_dir_read_name (directory)) != NULL) {
    g_autofree char *inner = g_build_filename (path, name, NULL);

    delete_all (inner);
  }
  g_remove (path);
}

static void
tear_down (void)
{
  fleet_watch_free (watch);
  ledger_close (ledger);
  delete_all (folder);
  g_free (folder);
  g_free (files);
}

static gboolean
count_progress (guint64 checked, guint64 newest, gpointer data)
{
  guint *told = data;

  ck_assert_uint_lt (checked, newest);
  (*told)++;
  return TRUE;
}

static gboolean
give_up (guint64 checked, guint64 newest, gpointer data)
{
  return FALSE;
}

START_TEST (an_export_brings_the_check_up_to_date)
{
  g_autoptr (GError) error = NULL;
  guint told = 0;
  take_key (1000000007);
  take_key (2000000011);
  take_key (1000000010);

  ck_assert (!fleet_watch_check (watch, 3, give_up, NULL, &error));
  ck_assert (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
  ck_assert_uint_eq (state_now ().checked, 0);
  g_clear_error (&error);
  ck_assert (fleet_watch_check (watch, 3, count_progress, &told, &error));
  ck_assert_uint_eq (told, 1);
  ck_assert_uint_eq (state_now ().checked, 3);
  ck_assert_uint_eq (state_now ().findings, 1);
  ck_assert_int_ge (g_atomic_int_get (&changes), 1);
  /* All is checked: nobody is told again. */
  ck_assert (fleet_watch_check (watch, 3, count_progress, &told, &error));
  ck_assert_uint_eq (told, 1);
}
END_TEST

START_TEST (an_idle_line_is_checked_by_itself)
{
  take_key (1000000007);
  for (guint i = 0; i < 300 && state_now ().checked == 0; i++)
    g_usleep (100000);
  ck_assert_uint_eq (state_now ().checked, 1);
}
END_TEST

START_TEST (a_check_that_fails_says_why_and_goes_on_later)
{
  g_autoptr (GError) error = NULL;
  take_key (1000000007);
  ck_assert (g_file_set_contents (files, "a file in the folder's place", -1, NULL));

  ck_assert (!fleet_watch_check (watch, 1, NULL, NULL, &error));
  g_autofree char *problem = fleet_watch_problem (watch);
  ck_assert_str_eq (problem, error->message);
  ck_assert_uint_eq (state_now ().checked, 0);
  g_clear_error (&error);
  g_unlink (files);
  ck_assert (fleet_watch_check (watch, 1, NULL, NULL, &error));
  ck_assert_ptr_null (fleet_watch_problem (watch));
}
END_TEST

START_TEST (a_watch_that_ends_checks_nothing)
{
  g_autoptr (GError) error = NULL;
  take_key (1000000007);
  fleet_watch_stop (watch);

  ck_assert (!fleet_watch_check (watch, 1, NULL, NULL, &error));
  ck_assert (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
  ck_assert_ptr_null (fleet_watch_problem (watch));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("fleet-watch");
  TCase *tests = tcase_create ("fleet-watch");

  tcase_set_timeout (tests, 60);
  tcase_add_checked_fixture (tests, set_up, tear_down);
  tcase_add_test (tests, an_export_brings_the_check_up_to_date);
  tcase_add_test (tests, an_idle_line_is_checked_by_itself);
  tcase_add_test (tests, a_check_that_fails_says_why_and_goes_on_later);
  tcase_add_test (tests, a_watch_that_ends_checks_nothing);
  suite_add_tcase (suite, tests);
  SRunner *runner = srunner_create (suite);
  srunner_run_all (runner, CK_ENV);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

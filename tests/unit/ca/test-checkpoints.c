/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Checkpoints of a running signer: when they are signed, what a power cut may leave of their file,
 * and a log that was put back from yesterday. argv[1] is keycradle-signer.
 */
#include "ca/openssl.h"
#include "ca/signer/checkpoints.h"
#include "tests/unit/ca/make.h"
#include "tests/unit/ca/running.h"

#include <check.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

static const char *program;
static Running *running;

static void
setup (void)
{
  running = running_new (program);
}

static void
teardown (void)
{
  running_free (running);
}

static char *
checkpoint (gboolean fresh)
{
  g_autoptr (GError) problem = NULL;
  char *note = signer_client_checkpoint (running->client, fresh, deadline_in (PATIENCE), &problem);

  ck_assert_msg (problem == NULL, "%s", problem->message);
  return note;
}

static Checkpoint
read_note (const char *note)
{
  g_autoptr (X509) station = running_station (running);
  g_autoptr (GError) problem = NULL;
  Checkpoint read;
  gsize length;

  ck_assert_msg (checkpoint_read (note, X509_get0_pubkey (station), &read, &length, &problem), "%s",
                 problem != NULL ? problem->message : "");
  ck_assert_uint_eq (length, strlen (note));
  return read;
}

static guint
count_notes (void)
{
  g_autofree char *text = running_read (running, "checkpoints", NULL);
  g_auto (GStrv) pieces = g_strsplit (text, CHECKPOINT_ORIGIN, -1);

  /* Each note names its origin twice. */
  return (g_strv_length (pieces) - 1) / 2;
}

START_TEST (test_a_checkpoint_is_of_the_log)
{
  g_autofree char *first = NULL, *again = NULL, *newest = NULL;
  g_autoptr (IssuanceLog) log = NULL;
  guint8 root[LOG_HASH];
  Checkpoint read;

  running_start (running);
  running_sign (running, "b1", "SN-1");
  running_sign (running, "b1", "SN-2");
  ck_assert_ptr_null (checkpoint (FALSE));
  first = checkpoint (TRUE);
  read = read_note (first);
  ck_assert_uint_eq (read.size, 2);
  log = running_log (running);
  ck_assert (issuance_log_root (log, 2, root, NULL));
  ck_assert_mem_eq (read.root, root, sizeof root);
  ck_assert_mem_eq (read.origin, issuance_log_origin (log), LOG_HASH);
  again = checkpoint (TRUE);
  ck_assert_str_eq (first, again);
  ck_assert_uint_eq (count_notes (), 1);
  running_sign (running, "b1", "SN-3");
  newest = checkpoint (FALSE);
  ck_assert_str_eq (first, newest);
  g_free (newest);
  newest = checkpoint (TRUE);
  ck_assert_uint_eq (read_note (newest).size, 3);
  ck_assert_uint_eq (count_notes (), 2);
}
END_TEST

START_TEST (test_checkpoints_come_by_themselves)
{
  guint64 size = 0;

  running_configure (running, "[station]\nCheckpointEvery=5\n");
  running_start (running);
  for (guint i = 0; i < 4; i++) {
    g_autofree char *device = g_strdup_printf ("SN-%u", i);

    running_sign (running, "b1", device);
  }
  g_usleep (50000);
  ck_assert_ptr_null (checkpoint (FALSE));
  running_sign (running, "b1", "SN-4");
  for (guint i = 0; i < 1000 && size == 0; i++) {
    g_autofree char *note = checkpoint (FALSE);

    size = note != NULL ? read_note (note).size : 0;
    g_usleep (10000);
  }
  ck_assert_uint_eq (size, 5);
}
END_TEST

START_TEST (test_a_restart_goes_on_from_the_newest)
{
  g_autofree char *before = NULL, *after = NULL;

  running_start (running);
  running_sign (running, "b1", "SN-1");
  before = checkpoint (TRUE);
  running_stop (running, SIGKILL);
  running_expect_check (running, NULL);
  running_start (running);
  after = checkpoint (FALSE);
  ck_assert_str_eq (before, after);
  running_sign (running, "b1", "SN-2");
  g_free (after);
  after = checkpoint (TRUE);
  ck_assert_uint_eq (read_note (after).size, 2);
}
END_TEST

/* ---- yesterday's log ---- */

static const char rolled_back[] = "the log was rolled back or replaced";

START_TEST (test_a_log_that_was_rolled_back)
{
  g_autofree char *yesterday = NULL, *today = NULL;
  gsize yesterday_length, today_length;

  running_start (running);
  running_sign (running, "b1", "SN-1");
  g_free (checkpoint (TRUE));
  yesterday = running_read (running, "issuance.log", &yesterday_length);
  running_sign (running, "b1", "SN-2");
  g_free (checkpoint (TRUE));
  running_stop (running, SIGTERM);
  today = running_read (running, "issuance.log", &today_length);
  running_write (running, "issuance.log", yesterday, yesterday_length);
  running_expect_check (running, rolled_back);
  running_expect_check (running, "covers 2 entries, but the log has 1");
  running_write (running, "issuance.log", today, today_length);
  running_expect_check (running, NULL);
  running_start (running);
  running_sign (running, "b1", "SN-3");
}
END_TEST

/* The same CA on a restored disk goes on in another way. */
START_TEST (test_a_log_that_went_another_way)
{
  g_autofree char *yesterday = NULL, *checkpoints = NULL;
  gsize yesterday_length, checkpoints_length;

  running_start (running);
  running_sign (running, "b1", "SN-1");
  running_stop (running, SIGTERM);
  yesterday = running_read (running, "issuance.log", &yesterday_length);
  running_start (running);
  running_sign (running, "b1", "SN-2");
  g_free (checkpoint (TRUE));
  running_stop (running, SIGTERM);
  checkpoints = running_read (running, "checkpoints", &checkpoints_length);
  running_write (running, "issuance.log", yesterday, yesterday_length);
  running_write (running, "checkpoints", "", 0);
  running_start (running);
  running_sign (running, "b1", "SN-3");
  running_sign (running, "b1", "SN-4");
  running_stop (running, SIGTERM);
  running_write (running, "checkpoints", checkpoints, checkpoints_length);
  running_expect_check (running, rolled_back);
  running_expect_check (running, "its first 2 entries are not those");
}
END_TEST

START_TEST (test_a_log_that_is_gone)
{
  g_autofree char *path = running_path (running, "issuance.log");

  running_start (running);
  running_sign (running, "b1", "SN-1");
  g_free (checkpoint (TRUE));
  running_stop (running, SIGTERM);
  ck_assert_int_eq (g_unlink (path), 0);
  running_expect_check (running, rolled_back);
}
END_TEST

/* ---- the file ---- */

/* The signer's own file, opened in this process. */
static Checkpoints *
open_here (StationKey **station, LogOpenMode mode, GError **error)
{
  g_autofree char *path = g_build_filename (running->folder, "signer.conf", NULL);
  g_autoptr (SignerConfig) config = signer_config_load (path, NULL);

  *station = station_key_open (config, LOG_OPEN_WRITE, NULL);
  ck_assert_ptr_nonnull (*station);
  return checkpoints_open (config->state_folder, *station, mode, error);
}

static void
expect_newest (guint64 size)
{
  g_autoptr (StationKey) station = NULL;
  g_autoptr (GError) problem = NULL;
  g_autoptr (Checkpoints) checkpoints = open_here (&station, LOG_OPEN_WRITE, &problem);
  Checkpoint newest = { 0 };

  ck_assert_msg (checkpoints != NULL, "%s", problem != NULL ? problem->message : "");
  ck_assert_int_eq (checkpoints_newest (checkpoints, &newest, NULL), size > 0);
  ck_assert_uint_eq (newest.size, size);
}

static void
expect_damaged (const char *says)
{
  g_autoptr (StationKey) station = NULL;
  g_autoptr (GError) problem = NULL;

  ck_assert_ptr_null (open_here (&station, LOG_OPEN_WRITE, &problem));
  ck_assert (g_error_matches (problem, CA_ERROR, CA_ERROR_LOG));
  ck_assert_msg (strstr (problem->message, says) != NULL, "%s", problem->message);
}

/* Two checkpoints, of 1 and 2 entries. */
static char *
make_two (gsize *length)
{
  running_start (running);
  running_sign (running, "b1", "SN-1");
  g_free (checkpoint (TRUE));
  running_sign (running, "b1", "SN-2");
  g_free (checkpoint (TRUE));
  running_stop (running, SIGTERM);
  return running_read (running, "checkpoints", length);
}

START_TEST (test_a_tail_torn_at_any_byte_is_cut_off)
{
  gsize length, one, left;
  g_autofree char *whole = make_two (&length);

  one = (gsize)(strstr (whole, "\n\n" CHECKPOINT_ORIGIN) + 2 - whole);
  for (gsize cut = 0; cut < length; cut++) {
    g_autofree char *after = NULL;

    running_write (running, "checkpoints", whole, cut);
    expect_newest (cut < one ? 0 : 1);
    after = running_read (running, "checkpoints", &left);
    ck_assert_uint_eq (left, cut < one ? 0 : one);
  }
  running_write (running, "checkpoints", whole, length);
  expect_newest (2);
}
END_TEST

START_TEST (test_a_tail_that_was_never_written_is_cut_off)
{
  gsize length, one;
  g_autofree char *whole = make_two (&length), *newest = NULL;

  one = (gsize)(strstr (whole, "\n\n" CHECKPOINT_ORIGIN) + 2 - whole);
  memset (whole + one + 20, 0, length - one - 20);
  running_write (running, "checkpoints", whole, length);
  expect_newest (1);
  /* And the signer goes on behind it. */
  running_start (running);
  newest = checkpoint (TRUE);
  ck_assert_uint_eq (read_note (newest).size, 2);
  ck_assert_uint_eq (count_notes (), 2);
}
END_TEST

START_TEST (test_one_who_only_checks_cuts_nothing_off)
{
  gsize length, left;
  g_autofree char *whole = make_two (&length), *after = NULL;
  g_autoptr (StationKey) station = NULL;
  g_autoptr (Checkpoints) checkpoints = NULL;
  Checkpoint newest;

  running_write (running, "checkpoints", whole, length - 1);
  checkpoints = open_here (&station, LOG_OPEN_CHECK, NULL);
  ck_assert (checkpoints_newest (checkpoints, &newest, NULL));
  ck_assert_uint_eq (newest.size, 1);
  after = running_read (running, "checkpoints", &left);
  ck_assert_uint_eq (left, length - 1);
}
END_TEST

START_TEST (test_a_damaged_file_is_refused)
{
  gsize length;
  g_autofree char *whole = make_two (&length);
  char *second = strstr (whole, "\n\n" CHECKPOINT_ORIGIN) + 2;

  whole[0] = 'K';
  running_write (running, "checkpoints", whole, length);
  expect_damaged ("can't be read; put back a good copy");
  whole[0] = 'k';
  /* The size: what was signed is another number. */
  strchr (second, '\n')[1] = '7';
  running_write (running, "checkpoints", whole, length);
  expect_damaged ("not by the station's key");
  running_expect_check (running, "not by the station's key");
}
END_TEST

/* Only the end of a long file is read, and what is before it does not count. */
START_TEST (test_a_long_file)
{
  gsize length;
  g_autofree char *whole = make_two (&length);
  GString *many = g_string_new (NULL);

  for (guint i = 0; i < 300; i++)
    g_string_append_len (many, whole, (gssize)length);
  running_write (running, "checkpoints", many->str, many->len);
  expect_newest (2);
  many->str[0] = 'K';
  running_write (running, "checkpoints", many->str, many->len - 1);
  expect_newest (1);
  memset (many->str, 'x', many->len);
  running_write (running, "checkpoints", many->str, many->len);
  expect_damaged ("there are no checkpoints at its end");
  g_string_free (many, TRUE);
}
END_TEST

START_TEST (test_another_stations_file)
{
  g_autofree char *key = running_path (running, "station.key");
  g_autofree char *certificate = running_path (running, "station.pem");
  gsize length;

  g_free (make_two (&length));
  g_unlink (key);
  g_unlink (certificate);
  running_expect_check (running, "the station's key is gone");
}
END_TEST

int
main (int argc, char **argv)
{
  Suite *suite = suite_create ("checkpoints");
  TCase *tests = tcase_create ("checkpoints");
  SRunner *runner = srunner_create (suite);
  int failed;

  g_assert_cmpint (argc, ==, 2);
  program = argv[1];
  suite_add_tcase (suite, tests);
  tcase_set_timeout (tests, 120);
  tcase_add_checked_fixture (tests, setup, teardown);
  tcase_add_test (tests, test_a_checkpoint_is_of_the_log);
  tcase_add_test (tests, test_checkpoints_come_by_themselves);
  tcase_add_test (tests, test_a_restart_goes_on_from_the_newest);
  tcase_add_test (tests, test_a_log_that_was_rolled_back);
  tcase_add_test (tests, test_a_log_that_went_another_way);
  tcase_add_test (tests, test_a_log_that_is_gone);
  tcase_add_test (tests, test_a_tail_torn_at_any_byte_is_cut_off);
  tcase_add_test (tests, test_a_tail_that_was_never_written_is_cut_off);
  tcase_add_test (tests, test_one_who_only_checks_cuts_nothing_off);
  tcase_add_test (tests, test_a_damaged_file_is_refused);
  tcase_add_test (tests, test_a_long_file);
  tcase_add_test (tests, test_another_stations_file);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The index beside the issuance log: a log that is opened by it says what the log says, however
 * the index comes about, and whatever it is replaced with.
 */
#include "ca/log/log-store-private.h"
#include "tests/unit/ca/log-rig.h"
#include "tests/unit/ca/make.h"
#include "tests/unit/rounds.h"

#include <check.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#define ENTRIES 300

/* ---- good days ---- */

START_TEST (test_a_log_is_opened_by_its_index_and_goes_on)
{
  rig_make (ENTRIES);
  rig_expect_opens (FALSE);
  rig_make (ENTRIES + 1);
  rig_expect_opens (FALSE);
  rig_make (2 * ENTRIES);
  rig_expect_opens (FALSE);
}
END_TEST

/* Of every size, so that blocks and subtrees end everywhere. */
START_TEST (test_the_index_may_end_anywhere)
{
  for (guint64 size = RIG_STEP; size < 4 * RIG_STEP; size += rounds_of (3, 17)) {
    IssuanceLog *log;

    rig_make (size);
    log = rig_open ();
    ck_assert_uint_eq (log->to_verify, size);
    rig_expect_verified (log);
    issuance_log_close (log);
  }
  rig_expect_opens (FALSE);
}
END_TEST

START_TEST (test_a_short_log_needs_none)
{
  rig_make (RIG_STEP - 1);
  rig_expect_opens (TRUE);
  rig_expect_opens (TRUE);
}
END_TEST

/* While it grows, with what is in memory, on its way, and in the index. */
START_TEST (test_a_log_that_grows_says_the_truth_all_the_time)
{
  g_autoptr (IssuanceLog) log = rig_open ();

  for (guint64 size = 50; size < 8 * RIG_STEP; size += 50) {
    rig_fill (log, size);
    rig_expect_truth (log);
  }
}
END_TEST

/* The process ends without closing anything. */
START_TEST (test_what_a_killed_signer_left_behind_the_index_is_scanned)
{
  pid_t child = fork ();
  int status;

  if (child == 0) {
    IssuanceLog *log = rig_open ();

    rig_fill (log, RIG_STEP);
    rig_wait_carried (log);
    rig_fill (log, RIG_STEP + 30);
    _exit (0);
  }
  ck_assert_int_eq (waitpid (child, &status, 0), child);
  ck_assert_int_eq (status, 0);
  {
    g_autoptr (IssuanceLog) log = rig_open ();

    ck_assert_uint_eq (log->to_verify, RIG_STEP);
    ck_assert_uint_eq (issuance_log_size (log), RIG_STEP + 30);
    rig_expect_truth (log);
    rig_expect_verified (log);
  }
}
END_TEST

/* ---- an index that is not to be believed ---- */

static void
set_part (const char *name, const void *content, gssize length)
{
  g_autofree char *file = rig_part (name);

  ck_assert (g_file_set_contents (file, content, length, NULL));
}

START_TEST (test_an_index_that_is_gone_is_made_anew)
{
  rig_make (ENTRIES);
  ck_assert_int_eq (run (NULL, NULL, "rm", "-r", rig_index, NULL), 0);
  rig_expect_opens (TRUE);
  rig_expect_opens (FALSE);
}
END_TEST

START_TEST (test_an_index_that_is_none_is_made_anew)
{
  g_autofree char *data = NULL;
  g_autoptr (GBytes) whole = NULL;
  g_autoptr (GBytes) half = NULL;

  rig_make (ENTRIES);
  data = rig_part ("data.mdb");
  whole = rig_get (data);
  set_part ("data.mdb", "no index", -1);
  rig_expect_opens (TRUE);
  half = bytes_resized (whole, -(gssize)g_bytes_get_size (whole) / 2);
  rig_put (data, half);
  rig_expect_opens (TRUE);
  rig_expect_opens (FALSE);
}
END_TEST

START_TEST (test_an_index_of_another_log_is_made_anew)
{
  g_autoptr (GBytes) log_before = NULL;
  g_autofree char *data = NULL;
  g_autoptr (GBytes) later_index = NULL;

  rig_make (ENTRIES);
  log_before = rig_get (rig_path);
  rig_make (ENTRIES + 20);
  data = rig_part ("data.mdb");
  later_index = rig_get (data);
  rig_put (rig_path, log_before); /* rolled back, or torn off */
  rig_expect_opens (TRUE);
  ck_assert_int_eq (unlink (rig_path), 0);
  rig_put (data, later_index);
  rig_expect_opens (TRUE); /* an empty log */
  rig_make (ENTRIES);
  rig_expect_opens (FALSE);
}
END_TEST

START_TEST (test_an_older_index_is_brought_up)
{
  g_autofree char *data = NULL;
  g_autoptr (GBytes) earlier = NULL;

  rig_make (2 * RIG_STEP);
  data = rig_part ("data.mdb");
  earlier = rig_get (data);
  rig_make (ENTRIES);
  rig_put (data, earlier);
  {
    g_autoptr (IssuanceLog) log = rig_open ();

    ck_assert_uint_eq (log->to_verify, 2 * RIG_STEP);
    rig_expect_truth (log);
    rig_expect_verified (log);
  }
}
END_TEST

START_TEST (test_an_index_that_was_found_damaged_or_makes_the_signer_fall_is_made_anew)
{
  rig_make (ENTRIES);
  set_part ("damaged", "x", 1);
  rig_expect_opens (TRUE);
  set_part ("starts", "xx", 2);
  rig_expect_opens (FALSE);
  set_part ("starts", "xxx", 3);
  rig_expect_opens (TRUE);
  rig_expect_opens (FALSE);
}
END_TEST

/* Without its state an index would be empty, if nothing else were left in it. */
static void
forget_state (void)
{
  LogStore *store = log_store_open (rig_index, NULL);
  MDB_txn *txn;

  ck_assert_int_eq (mdb_txn_begin (store->env, NULL, 0, &txn), 0);
  ck_assert_int_eq (mdb_drop (txn, store->stores[STORE_STATE], 0), 0);
  ck_assert_int_eq (mdb_txn_commit (txn), 0);
  log_store_close (store);
}

START_TEST (test_what_is_left_of_an_index_counts_for_nothing)
{
  rig_make (ENTRIES);
  forget_state ();
  rig_expect_opens (TRUE);
  rig_expect_opens (FALSE);
}
END_TEST

/* In a process that may fall: 0 where all that it says is true in the end. */
static int
try_in_child (void)
{
  pid_t child = fork ();
  int status;

  if (child == 0) {
    g_autoptr (IssuanceLog) log = NULL;
    const int nowhere = open ("/dev/null", O_WRONLY | O_CLOEXEC);

    dup2 (nowhere, STDERR_FILENO);
    log = rig_try_open (LOG_OPEN_WRITE, NULL);
    _exit (log != NULL && issuance_log_wait_verified (log, NULL) ? 0 : 1);
  }
  ck_assert_int_eq (waitpid (child, &status, 0), child);
  return status;
}

/* One byte anywhere: it does not matter, or is found, or makes the process fall; after a few starts
 * the index is right again. */
START_TEST (test_a_flipped_byte_of_the_index_is_overcome)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (20);
  g_autofree char *data = NULL;
  g_autoptr (GBytes) good = NULL;

  rig_make (ENTRIES);
  data = rig_part ("data.mdb");
  good = rig_get (data);
  for (guint round = 0; round < rounds_of (60, 10); round++) {
    const gsize place = (gsize)g_rand_int_range (random, 0, (gint32)g_bytes_get_size (good));
    g_autoptr (GBytes) bad = bytes_flipped (good, place, (guint8)(1 << (place % 8)));
    int status = 1;

    rig_put (data, bad);
    for (guint tries = 0; tries < 5 && status != 0; tries++)
      status = try_in_child ();
    ck_assert_msg (status == 0, "byte %" G_GSIZE_FORMAT, place);
    {
      g_autoptr (IssuanceLog) log = rig_open ();

      rig_expect_truth (log);
      rig_expect_verified (log);
    }
    rig_put (data, good);
  }
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("ca log index");
  TCase *tests = tcase_create ("ca log index");
  SRunner *runner;
  int failed;

  tcase_set_timeout (tests, 120);
  tcase_add_checked_fixture (tests, rig_setup, rig_teardown);
  tcase_add_test (tests, test_a_log_is_opened_by_its_index_and_goes_on);
  tcase_add_test (tests, test_the_index_may_end_anywhere);
  tcase_add_test (tests, test_a_short_log_needs_none);
  tcase_add_test (tests, test_a_log_that_grows_says_the_truth_all_the_time);
  tcase_add_test (tests, test_what_a_killed_signer_left_behind_the_index_is_scanned);
  tcase_add_test (tests, test_an_index_that_is_gone_is_made_anew);
  tcase_add_test (tests, test_an_index_that_is_none_is_made_anew);
  tcase_add_test (tests, test_an_index_of_another_log_is_made_anew);
  tcase_add_test (tests, test_an_older_index_is_brought_up);
  tcase_add_test (tests,
                  test_an_index_that_was_found_damaged_or_makes_the_signer_fall_is_made_anew);
  tcase_add_test (tests, test_what_is_left_of_an_index_counts_for_nothing);
  tcase_add_test (tests, test_a_flipped_byte_of_the_index_is_overcome);
  suite_add_tcase (suite, tests);
  runner = srunner_create (suite);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}

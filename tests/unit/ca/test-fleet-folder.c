/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The folder of blocks: a run that stops anywhere, a folder that is damaged, deleted or another
 * ledger's must not hide a relation. Most keys are points that lie on no curve, because a block
 * takes 16384 keys and such points are cheap; related RSA keys stand at the beginning of each
 * stretch of them.
 */
#include "tests/unit/ca/fleet-ledger.h"
#include "tests/unit/ca/make.h"

#include <check.h>
#include <glib/gstdio.h>
#include <openssl/bn.h>
#include <openssl/rand.h>

#define N_STRETCHES 4
#define STRETCH 9000
#define BATCH 4096

static Ledger ledger;
static BIGNUM *shared;
static guint64 first; /* the key whose prime the first key of each later stretch has */
static char *folder;

/* ---- the ledger ---- */

static guint64
add_rsa (Ledger *to, const BIGNUM *p)
{
  BN_CTX *context = BN_CTX_new ();
  BIGNUM *q = BN_new ();
  guint8 bytes[256];
  guint64 id;

  ck_assert (BN_generate_prime_ex (q, 256, 0, NULL, NULL, NULL));
  ck_assert (BN_mul (q, q, p, context));
  id = ledger_add (to, CSR_KEY_RSA, bytes, (gsize)BN_bn2bin (q, bytes));
  BN_free (q);
  BN_CTX_free (context);
  return id;
}

static void
add_points (Ledger *to, guint count)
{
  guint8 point[64];

  for (guint i = 0; i < count; i++) {
    ck_assert (RAND_bytes (point, sizeof point));
    ledger_add (to, CSR_KEY_EC_P256, point, sizeof point);
  }
}

static void
setup (void)
{
  ledger = ledger_new ();
  shared = BN_new ();
  ck_assert (BN_generate_prime_ex (shared, 256, 0, NULL, NULL, NULL));
  for (guint i = 0; i < N_STRETCHES; i++) {
    guint64 id = add_rsa (&ledger, shared);

    if (i == 0)
      first = id;
    add_points (&ledger, STRETCH);
  }
}

static void
teardown (void)
{
  ledger_clear (&ledger);
  BN_free (shared);
}

static void
make_folder (void)
{
  ledger.fail_at = 0;
  folder = folder_make ();
}

static void
remove_folder (void)
{
  folder_remove (folder);
}

/* ---- running ---- */

static guint64
id_of (guint place)
{
  return ((const FleetKey *)g_ptr_array_index (ledger.keys, place))->id;
}

/* One process: opens, checks up to `batches` batches, ends. */
static void
run_fleet (Ledger *from, guint batches, guint64 *mark, GArray *findings)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (Fleet) fleet = fleet_open (folder, ledger_read, from, &problem);

  ck_assert_msg (fleet != NULL, "%s", problem != NULL ? problem->message : "");
  for (guint i = 0; i < batches; i++)
    ck_assert_msg (fleet_check (fleet, BATCH, mark, findings, &problem), "%s",
                   problem != NULL ? problem->message : "");
}

static void
expect_all_found (GArray *findings)
{
  ck_assert_uint_eq (findings->len, N_STRETCHES - 1);
  for (guint i = 1; i < N_STRETCHES; i++)
    ck_assert (has_finding (findings, id_of (i * (STRETCH + 1)), first, CA_ERROR_RSA_SHARED_PRIME));
}

#define ALL_BATCHES ((N_STRETCHES * (STRETCH + 1)) / BATCH + 2)

static GPtrArray *
block_paths (void)
{
  GPtrArray *paths = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) directory = g_dir_open (folder, 0, NULL);
  const char *name;

  ck_assert (directory != NULL);
  while ((name = g_dir_read_name (directory)) != NULL)
    g_ptr_array_add (paths, g_build_filename (folder, name, NULL));
  return paths;
}

/* The folder of a run that has checked everything. */
static void
fill_folder (void)
{
  g_autoptr (GArray) findings = findings_new ();
  g_autoptr (GPtrArray) paths = NULL;
  guint64 mark = 0;

  run_fleet (&ledger, ALL_BATCHES, &mark, findings);
  expect_all_found (findings);
  paths = block_paths ();
  ck_assert_uint_eq (paths->len, 2);
}

/* A key that came later, and has the prime of the oldest. */
static void
expect_a_new_relative_is_found (guint most_reads)
{
  g_autoptr (GArray) findings = findings_new ();
  guint64 mark = ledger_next_id (&ledger) - 3;
  guint64 id = add_rsa (&ledger, shared);

  ledger.reads = 0;
  run_fleet (&ledger, 1, &mark, findings);
  ck_assert_uint_eq (mark, id);
  ck_assert_uint_eq (findings->len, 1);
  ck_assert (has_finding (findings, id, first, CA_ERROR_RSA_SHARED_PRIME));
  ck_assert_msg (most_reads == 0 || ledger.reads <= most_reads, "%u reads", ledger.reads);
  g_ptr_array_set_size (ledger.keys, (gint)ledger.keys->len - 1);
}

START_TEST (test_each_batch_in_a_process_of_its_own)
{
  g_autoptr (GArray) findings = findings_new ();
  guint64 mark = 0;

  for (guint i = 0; i < ALL_BATCHES; i++)
    run_fleet (&ledger, 1, &mark, findings);
  expect_all_found (findings);
  ck_assert_uint_eq (mark, ledger_next_id (&ledger) - 3);
}
END_TEST

/* What blocks hold is not read from the ledger again: the open keys, the last key of each
 * block, the block of the partner. */
START_TEST (test_blocks_save_reading)
{
  fill_folder ();
  expect_a_new_relative_is_found (2 + 1 + 2 + 1 + 6);
}
END_TEST

START_TEST (test_a_deleted_folder_is_made_again)
{
  g_autoptr (GPtrArray) paths = NULL;

  fill_folder ();
  ck_assert_int_eq (run (NULL, NULL, "rm", "-rf", folder, NULL), 0);
  expect_a_new_relative_is_found (0);
  paths = block_paths ();
  ck_assert_uint_eq (paths->len, 2);
}
END_TEST

START_TEST (test_a_folder_deleted_while_it_runs)
{
  g_autoptr (Fleet) fleet = fleet_open (folder, ledger_read, &ledger, NULL);
  g_autoptr (GArray) findings = findings_new ();
  guint64 mark = 0;

  for (guint i = 0; i < ALL_BATCHES; i++) {
    ck_assert_int_eq (run (NULL, NULL, "rm", "-rf", folder, NULL), 0);
    ck_assert (fleet_check (fleet, BATCH, &mark, findings, NULL));
  }
  expect_all_found (findings);
  ck_assert_int_eq (g_mkdir_with_parents (folder, 0700), 0);
}
END_TEST

START_TEST (test_a_missing_block_is_made_again)
{
  g_autoptr (GPtrArray) paths = NULL;
  g_autoptr (GPtrArray) after = NULL;

  fill_folder ();
  paths = block_paths ();
  ck_assert_int_eq (g_unlink (g_ptr_array_index (paths, (guint)_i)), 0);
  expect_a_new_relative_is_found (0);
  after = block_paths ();
  ck_assert_uint_eq (after->len, 2);
}
END_TEST

/* One changed byte in each part of the file, or its end cut off. */
START_TEST (test_a_damaged_block_is_made_again)
{
  static const gsize places[] = { 0, 8, 12, 16, 24, 32, 40, 72, 104, 136, 136 + 8 * 100 };
  g_autoptr (GPtrArray) paths = NULL;
  gsize length;

  fill_folder ();
  paths = block_paths ();
  for (guint i = 0; i < G_N_ELEMENTS (places) + 2; i++) {
    const char *path = g_ptr_array_index (paths, i % 2);
    g_autofree char *bytes = NULL;

    ck_assert (g_file_get_contents (path, &bytes, &length, NULL));
    if (i < G_N_ELEMENTS (places))
      bytes[places[i]] ^= 4;
    else if (i == G_N_ELEMENTS (places))
      bytes[length - 1] ^= 4;
    ck_assert (g_file_set_contents (
        path, bytes, (gssize)(i == G_N_ELEMENTS (places) + 1 ? length - 1 : length), NULL));
    expect_a_new_relative_is_found (0);
  }
}
END_TEST

/* The caller's transaction was lost, or its file is an older copy. */
START_TEST (test_blocks_beyond_the_mark_are_not_believed)
{
  g_autoptr (GArray) findings = findings_new ();
  g_auto (Ledger) other = ledger_new ();
  guint64 mark = id_of (STRETCH);
  guint64 one, relative;

  fill_folder ();
  run_fleet (&ledger, ALL_BATCHES, &mark, findings);
  expect_all_found (findings);

  /* The same ids, other keys. */
  one = add_rsa (&other, shared);
  add_points (&other, 2 * STRETCH);
  relative = add_rsa (&other, shared);
  g_array_set_size (findings, 0);
  mark = 0;
  run_fleet (&other, ALL_BATCHES, &mark, findings);
  ck_assert_uint_eq (findings->len, 1);
  ck_assert (has_finding (findings, relative, one, CA_ERROR_RSA_SHARED_PRIME));
}
END_TEST

/* A mark beyond all blocks, but not of this ledger: its keys are read. */
START_TEST (test_blocks_of_another_ledger_are_not_believed)
{
  g_autoptr (GArray) findings = findings_new ();
  g_auto (Ledger) other = ledger_new ();
  guint64 one, relative, mark;
  BIGNUM *prime = BN_new ();

  fill_folder ();
  ck_assert (BN_generate_prime_ex (prime, 256, 0, NULL, NULL, NULL));
  one = add_rsa (&other, prime);
  add_points (&other, 5 * STRETCH);
  mark = ledger_next_id (&other) - 3;
  relative = add_rsa (&other, prime);
  run_fleet (&other, 1, &mark, findings);
  ck_assert_uint_eq (findings->len, 1);
  ck_assert (has_finding (findings, relative, one, CA_ERROR_RSA_SHARED_PRIME));
  BN_free (prime);
}
END_TEST

START_TEST (test_what_a_cut_write_left_is_deleted)
{
  g_autofree char *left = g_build_filename (folder, "00000000000000000000.block.XyZ123", NULL);
  g_autofree char *foreign = g_build_filename (folder, "notes", NULL);

  ck_assert (g_file_set_contents (left, "half", -1, NULL));
  ck_assert (g_file_set_contents (foreign, "mine", -1, NULL));
  expect_a_new_relative_is_found (0);
  ck_assert (!g_file_test (left, G_FILE_TEST_EXISTS));
  ck_assert (g_file_test (foreign, G_FILE_TEST_EXISTS));
}
END_TEST

/* A read that fails, anywhere, with blocks on the disk. */
START_TEST (test_a_failed_read_loses_nothing)
{
  for (guint fail_at = 1; fail_at < 22; fail_at += 2) {
    g_autoptr (GArray) findings = findings_new ();
    g_autoptr (Fleet) fleet = fleet_open (folder, ledger_read, &ledger, NULL);
    guint64 mark = 0;

    ledger.reads = 0;
    ledger.fail_at = fail_at;
    for (guint i = 0; i < ALL_BATCHES + 1; i++)
      fleet_check (fleet, BATCH, &mark, findings, NULL);
    ck_assert_uint_ge (ledger.reads, fail_at);
    expect_all_found (findings);
  }
}
END_TEST

/* A program that ends while it opens the folder leaves it as it is. */
START_TEST (test_a_failed_read_deletes_no_block)
{
  g_autoptr (GArray) findings = findings_new ();
  g_autoptr (GPtrArray) paths = NULL;
  guint64 mark = ledger_next_id (&ledger) - 3;

  fill_folder ();
  for (guint fail_at = 1; fail_at < 5; fail_at++) {
    g_autoptr (Fleet) fleet = fleet_open (folder, ledger_read, &ledger, NULL);

    ledger.reads = 0;
    ledger.fail_at = fail_at;
    ck_assert (!fleet_check (fleet, BATCH, &mark, findings, NULL));
  }
  ledger.fail_at = 0;
  paths = block_paths ();
  ck_assert_uint_eq (paths->len, 2);
}
END_TEST

START_TEST (test_a_folder_that_cannot_be_made)
{
  g_autofree char *file = g_build_filename (folder, "file", NULL);
  g_autofree char *below = g_build_filename (file, "fleet", NULL);
  g_autoptr (GError) problem = NULL;

  ck_assert (g_file_set_contents (file, "", 0, NULL));
  ck_assert (fleet_open (below, ledger_read, &ledger, &problem) == NULL);
  ck_assert (g_str_has_prefix (problem->message, "cannot make the folder "));
}
END_TEST

static Suite *
make_suite (void)
{
  Suite *suite = suite_create ("ca/fleet-folder");
  TCase *blocks = tcase_create ("blocks");

  tcase_add_unchecked_fixture (blocks, setup, teardown);
  tcase_add_checked_fixture (blocks, make_folder, remove_folder);
  tcase_set_timeout (blocks, 60);
  tcase_add_test (blocks, test_each_batch_in_a_process_of_its_own);
  tcase_add_test (blocks, test_blocks_save_reading);
  tcase_add_test (blocks, test_a_deleted_folder_is_made_again);
  tcase_add_test (blocks, test_a_folder_deleted_while_it_runs);
  tcase_add_loop_test (blocks, test_a_missing_block_is_made_again, 0, 2);
  tcase_add_test (blocks, test_a_damaged_block_is_made_again);
  tcase_add_test (blocks, test_blocks_beyond_the_mark_are_not_believed);
  tcase_add_test (blocks, test_blocks_of_another_ledger_are_not_believed);
  tcase_add_test (blocks, test_what_a_cut_write_left_is_deleted);
  tcase_add_test (blocks, test_a_failed_read_loses_nothing);
  tcase_add_test (blocks, test_a_failed_read_deletes_no_block);
  tcase_add_test (blocks, test_a_folder_that_cannot_be_made);
  suite_add_tcase (suite, blocks);
  return suite;
}

int
main (void)
{
  SRunner *runner = srunner_create (make_suite ());
  int failed;

  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? 0 : 1;
}

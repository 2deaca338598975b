/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a power cut leaves of the last write: sectors that were never written, in any order, read as
 * zeros. The signer starts, keeps each entry of the writes before, and goes on.
 */
#include "tests/unit/ca/log-rig.h"
#include "tests/unit/ca/make.h"

#include <check.h>
#include <string.h>

#define SECTOR 512u
#define SYNCED 20 /* entries that were answered */
#define ALL 44    /* with those of the last write */
#define TRIES 300

static gsize
length_of (void)
{
  g_autoptr (GBytes) content = rig_get (rig_path);

  return g_bytes_get_size (content);
}

/* Sector `number` of what the last write was to write. */
static void
leave_unwritten (guint8 *data, gsize length, gsize synced, gsize number)
{
  const gsize from = MAX (synced, number * SECTOR);
  const gsize to = MIN (length, (number + 1) * SECTOR);

  if (from < to)
    memset (data + from, 0, to - from);
}

/* How many whole entries stand at the file's beginning. */
static guint64
count_whole (const guint8 *data, const guint8 *honest, gsize length)
{
  guint64 count = 0;
  gsize at = LOG_HEADER;

  while (at < length) {
    const gsize frame = log_read_u32 (honest + at) + LOG_FRAME;

    if (memcmp (data + at, honest + at, frame) != 0)
      break;
    at += frame;
    count++;
  }
  return count;
}

static gsize
make_log (GBytes **honest)
{
  gsize synced;

  rig_make (SYNCED);
  synced = length_of ();
  rig_make (ALL);
  *honest = rig_get (rig_path);
  return synced;
}

START_TEST (test_holes_in_the_last_write_lose_nothing_of_those_before)
{
  g_autoptr (GRand) chance = g_rand_new_with_seed (20261122);
  g_autoptr (GBytes) honest = NULL;
  const gsize synced = make_log (&honest);
  const guint8 *data = g_bytes_get_data (honest, NULL);
  const gsize length = g_bytes_get_size (honest);
  const gsize first = synced / SECTOR, sectors = (length - 1) / SECTOR - first + 1;
  guint refused = 0;

  ck_assert_uint_gt (sectors, 12);
  for (guint round = 0; round < TRIES; round++) {
    g_autofree guint8 *torn = g_memdup2 (data, length);
    g_autoptr (GBytes) content = NULL;
    g_autoptr (GError) problem = NULL;
    IssuanceLog *log;
    guint64 whole;

    if (round < sectors)
      leave_unwritten (torn, length, synced, first + round);
    else
      for (gsize i = 0; i < sectors; i++)
        if (g_rand_int_range (chance, 0, 4) == 0)
          leave_unwritten (torn, length, synced, first + i);
    whole = count_whole (torn, data, length);
    content = g_bytes_new (torn, length);
    rig_put (rig_path, content);
    log = rig_try_open (LOG_OPEN_WRITE, &problem);
    ck_assert_msg (log != NULL, "round %u: %s", round, problem != NULL ? problem->message : "");
    ck_assert_uint_ge (whole, SYNCED);
    ck_assert_uint_eq (issuance_log_size (log), whole);
    refused += whole < ALL ? 1 : 0;
    rig_fill (log, ALL + 1);
    issuance_log_close (log);
  }
  ck_assert_uint_gt (refused, TRIES / 2);
}
END_TEST

START_TEST (test_what_is_cut_off_is_kept_beside)
{
  g_autoptr (GBytes) honest = NULL;
  g_autoptr (GBytes) kept = NULL;
  g_autofree char *path = g_strdup_printf ("%s.cut-%u", rig_path, SYNCED);
  const gsize synced = make_log (&honest);
  const gsize length = g_bytes_get_size (honest);
  g_autofree guint8 *torn = g_memdup2 (g_bytes_get_data (honest, NULL), length);
  g_autoptr (GBytes) content = NULL;

  leave_unwritten (torn, length, synced, synced / SECTOR);
  content = g_bytes_new (torn, length);
  rig_put (rig_path, content);
  issuance_log_close (rig_open ());
  ck_assert_uint_eq (length_of (), synced);
  kept = rig_get (path);
  ck_assert_mem_eq (g_bytes_get_data (kept, NULL), torn + synced, length - synced);
}
END_TEST

static void
expect_refused (const guint8 *data, gsize length)
{
  g_autoptr (GBytes) content = g_bytes_new (data, length);
  g_autoptr (GError) problem = NULL;

  rig_put (rig_path, content);
  ck_assert (rig_try_open (LOG_OPEN_WRITE, &problem) == NULL);
  ck_assert_msg (strstr (problem->message, "put back a good copy") != NULL, "%s", problem->message);
  ck_assert_uint_eq (length_of (), length);
}

/* What no power cut does is damage, as before. */
START_TEST (test_zeros_elsewhere_are_damage)
{
  g_autoptr (GBytes) honest = NULL;
  const gsize synced = make_log (&honest);
  const gsize length = g_bytes_get_size (honest);
  g_autofree guint8 *data = g_memdup2 (g_bytes_get_data (honest, NULL), length);

  /* a part of a sector, between what was written */
  memset (data + (synced / SECTOR + 2) * SECTOR + 10, 0, SECTOR / 2);
  expect_refused (data, length);
}
END_TEST

START_TEST (test_a_hole_far_from_the_end_is_damage)
{
  g_autoptr (GBytes) honest = NULL;
  g_autofree guint8 *data = NULL;
  gsize length;

  rig_make (900);
  honest = rig_get (rig_path);
  length = g_bytes_get_size (honest);
  ck_assert_uint_gt (length, LOG_WRITE_MOST + 4 * SECTOR);
  data = g_memdup2 (g_bytes_get_data (honest, NULL), length);
  memset (data + 2 * SECTOR, 0, SECTOR);
  folder_remove (g_strdup (rig_index));
  expect_refused (data, length);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("ca log hole");
  TCase *tests = tcase_create ("ca log hole");
  SRunner *runner;
  int failed;

  tcase_set_timeout (tests, 60);
  tcase_add_checked_fixture (tests, rig_setup, rig_teardown);
  tcase_add_test (tests, test_holes_in_the_last_write_lose_nothing_of_those_before);
  tcase_add_test (tests, test_what_is_cut_off_is_kept_beside);
  tcase_add_test (tests, test_zeros_elsewhere_are_damage);
  tcase_add_test (tests, test_a_hole_far_from_the_end_is_damage);
  suite_add_tcase (suite, tests);
  runner = srunner_create (suite);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}

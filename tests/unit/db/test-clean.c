/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A ledger that was closed in order is not read as a whole when it is opened; one that was not, or
 * that is another file, is, and its damage is found before anything is written.
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/ledger-collect.h"
#include "fault-vfs.h"
#include "fixture.h"

#define EVENTS 1500
#define DETAIL 2000 /* bytes of each */
#define PAGE 4096

static guint64
size_of (const char *path)
{
  struct stat status;

  ck_assert_int_eq (stat (path, &status), 0);
  return (guint64)status.st_size;
}

/* A closed ledger of some megabytes. */
static void
fill (Fixture *f)
{
  g_autofree char *detail = g_strnfill (DETAIL, 'x');

  fixture_open (f);
  for (guint i = 0; i < EVENTS; i++)
    ck_assert (ledger_note_event (f->ledger, "test", "test", "filler", detail, NULL));
  g_clear_pointer (&f->ledger, ledger_close);
  ck_assert_uint_gt (size_of (f->path), EVENTS * DETAIL);
}

/* Another process opens it, writes, and is killed. */
static void
open_and_kill (const char *path)
{
  int status;
  pid_t child = fork ();

  if (child == 0) {
    Ledger *ledger = ledger_open (path, NULL);

    if (ledger == NULL || !ledger_record_event (ledger, "test", "test", "", "", NULL))
      _exit (1);
    kill (getpid (), SIGKILL);
  }
  waitpid (child, &status, 0);
  ck_assert (WIFSIGNALED (status));
}

/* Bytes that opening and closing it reads. */
static guint64
read_by_opening (Fixture *f)
{
  const guint64 before = fault_vfs_bytes_read ();

  fixture_reopen (f);
  g_clear_pointer (&f->ledger, ledger_close);
  return fault_vfs_bytes_read () - before;
}

/* Pages in the middle are lost, as to a bad block. */
static void
damage (const char *path)
{
  g_autofree char *lost = g_strnfill (16 * PAGE, '\xff');
  const off_t middle = (off_t)(size_of (path) / 2 / PAGE * PAGE);
  int fd = open (path, O_WRONLY | O_CLOEXEC);

  ck_assert_int_eq (pwrite (fd, lost, 16 * PAGE, middle), 16 * PAGE);
  close (fd);
}

static void
assert_damage_is_found (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Ledger) ledger = ledger_open (path, &error);

  assert_error (ledger == NULL, LEDGER_ERROR_CORRUPT, error);
}

static void
copy_file (const char *from, const char *to)
{
  const char *const words[] = { "cp", "--preserve=all", from, to, NULL };
  int status;

  ck_assert (g_spawn_sync (NULL, (char **)words, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                           &status, NULL));
  ck_assert_int_eq (status, 0);
}

START_TEST (a_clean_start_reads_little_and_one_after_a_kill_reads_all)
{
  g_auto (Fixture) f = { 0 };

  fault_vfs_install ();
  fill (&f);
  const guint64 size = size_of (f.path);
  ck_assert_uint_lt (read_by_opening (&f), size / 10);
  ck_assert_uint_lt (read_by_opening (&f), size / 10);
  open_and_kill (f.path);
  ck_assert_uint_ge (read_by_opening (&f), size / 10 * 9);
  ck_assert_uint_lt (read_by_opening (&f), size / 10);
}
END_TEST

START_TEST (damage_is_found_after_a_kill)
{
  g_auto (Fixture) f = { 0 };

  fill (&f);
  open_and_kill (f.path);
  damage (f.path);
  assert_damage_is_found (f.path);
  assert_damage_is_found (f.path); /* the mark does not come back by that */
}
END_TEST

START_TEST (a_file_that_was_written_to_is_read)
{
  g_auto (Fixture) f = { 0 };

  fill (&f);
  damage (f.path);
  assert_damage_is_found (f.path);
}
END_TEST

/* With its mark, its times and its size: but it is another file. */
START_TEST (a_copy_is_read)
{
  g_auto (Fixture) f = { 0 };
  g_auto (Fixture) copy = { 0 };
  g_autofree char *mark = NULL;
  g_autofree char *mark_of_copy = NULL;

  fault_vfs_install ();
  fill (&f);
  copy.folder = g_dir_make_tmp ("keycradle-db-XXXXXX", NULL);
  copy.path = g_build_filename (copy.folder, "station.db", NULL);
  mark = g_strconcat (f.path, ".clean", NULL);
  mark_of_copy = g_strconcat (copy.path, ".clean", NULL);
  copy_file (mark, mark_of_copy);
  copy_file (f.path, copy.path);
  ck_assert_uint_ge (read_by_opening (&copy), size_of (f.path) / 10 * 9);
  ck_assert_uint_lt (read_by_opening (&copy), size_of (f.path) / 10);
  copy_file (f.path, copy.path); /* over it, as from a backup: the same inode */
  ck_assert_uint_ge (read_by_opening (&copy), size_of (f.path) / 10 * 9);
}
END_TEST

START_TEST (after_a_failing_disk_all_is_read)
{
  g_auto (Fixture) f = { 0 };

  fault_vfs_install ();
  fill (&f);
  fixture_reopen (&f);
  fault_vfs_set (FAULT_SYNC);
  ck_assert (!ledger_record_event (f.ledger, "test", "test", "", "", NULL));
  fault_vfs_set (FAULT_NONE);
  g_clear_pointer (&f.ledger, ledger_close);
  ck_assert_uint_ge (read_by_opening (&f), size_of (f.path) / 10 * 9);
}
END_TEST

/* The mark says nothing of what a disk loses while nobody writes: so it can be asked for. */
START_TEST (a_check_that_is_asked_for_reads_all)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *nothing = NULL;

  fill (&f);
  nothing = g_build_filename (f.folder, "nothing.db", NULL);
  assert_ok (ledger_file_check (f.path, &error), error);
  fixture_reopen (&f);
  assert_ok (ledger_file_check (f.path, &error), error);
  g_clear_pointer (&f.ledger, ledger_close);
  assert_error (!ledger_file_check (nothing, &error), LEDGER_ERROR_NOT_FOUND, error);
  ck_assert (!g_file_test (nothing, G_FILE_TEST_EXISTS));
  damage (f.path);
  assert_error (!ledger_file_check (f.path, &error), LEDGER_ERROR_CORRUPT, error);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("clean");
  TCase *cases = tcase_create ("mark");

  tcase_set_timeout (cases, 60);
  tcase_add_test (cases, a_clean_start_reads_little_and_one_after_a_kill_reads_all);
  tcase_add_test (cases, damage_is_found_after_a_kill);
  tcase_add_test (cases, a_file_that_was_written_to_is_read);
  tcase_add_test (cases, a_copy_is_read);
  tcase_add_test (cases, after_a_failing_disk_all_is_read);
  tcase_add_test (cases, a_check_that_is_asked_for_reads_all);
  suite_add_tcase (suite, cases);
  return run_suite (suite);
}

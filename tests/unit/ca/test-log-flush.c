/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What happens to the issuance log while it is written: somebody finds it damaged, or puts another
 * file in its place. This program's fdatasync() waits where a test wants it to.
 */
#include "tests/unit/ca/log-rig.h"
#include "tests/unit/ca/make.h"

#include <check.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define A_WHILE (100 * 1000)

/* ---- a disk that takes its time ---- */

static struct {
  GMutex mutex;
  GCond changed;
  gboolean slow;
  guint begun;   /* syncs, since it is slow */
  guint allowed; /* of them may end */
  guint returned;
} disk;

int
fdatasync (int fd)
{
  guint number;

  g_mutex_lock (&disk.mutex);
  if (disk.slow) {
    number = ++disk.begun;
    g_cond_broadcast (&disk.changed);
    while (disk.slow && number > disk.allowed)
      g_cond_wait (&disk.changed, &disk.mutex);
  }
  g_mutex_unlock (&disk.mutex);
  return (int)syscall (SYS_fdatasync, fd);
}

static void
wait_for_sync (guint number)
{
  g_mutex_lock (&disk.mutex);
  while (disk.begun < number)
    g_cond_wait (&disk.changed, &disk.mutex);
  g_mutex_unlock (&disk.mutex);
}

static void
let_sync (guint number)
{
  g_mutex_lock (&disk.mutex);
  disk.allowed = number;
  g_cond_broadcast (&disk.changed);
  g_mutex_unlock (&disk.mutex);
}

static guint
returned (void)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&disk.mutex);

  return disk.returned;
}

static void
setup (void)
{
  memset (&disk, 0, sizeof disk);
  rig_setup ();
}

/* ---- two entries in one write ---- */

static gpointer
append_one (gpointer data)
{
  LogEntry entry = { .type = LOG_ENTRY_CLOCK, .signed_at = 5 };
  gboolean ok;
  guint64 index;

  ok = issuance_log_append (data, &entry, &index, NULL);
  g_mutex_lock (&disk.mutex);
  disk.returned++;
  g_mutex_unlock (&disk.mutex);
  return GINT_TO_POINTER (ok);
}

static void
wait_for_queue (IssuanceLog *log, guint length)
{
  for (gboolean there = FALSE; !there; g_usleep (1000)) {
    g_mutex_lock (&log->mutex);
    there = log->waiting->len == length;
    g_mutex_unlock (&log->mutex);
  }
}

/* As the thread does that reads the log again. */
static void
end_log (IssuanceLog *log)
{
  g_mutex_lock (&log->mutex);
  log_die (log, "entry 0 is damaged");
  g_mutex_unlock (&log->mutex);
}

/* What one thread writes for another is on the other's stack. */
START_TEST (test_who_is_written_for_stays_until_that_is_done_whatever_ends_the_log)
{
  g_autoptr (IssuanceLog) log = rig_open ();
  GThread *threads[3];

  disk.slow = TRUE;
  threads[0] = g_thread_new ("first", append_one, log);
  wait_for_sync (1);
  threads[1] = g_thread_new ("second", append_one, log);
  threads[2] = g_thread_new ("third", append_one, log);
  wait_for_queue (log, 2);
  let_sync (1);
  wait_for_sync (2);
  end_log (log);
  g_usleep (A_WHILE);
  ck_assert_uint_eq (returned (), 1);
  let_sync (2);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    ck_assert (GPOINTER_TO_INT (g_thread_join (threads[i])));
  ck_assert_uint_eq (issuance_log_size (log), 3);
  ck_assert (!rig_append (log, 3, NULL));
}
END_TEST

/* Who only queued is refused once the other is done, and is in no log. */
START_TEST (test_who_came_behind_the_last_write_is_refused)
{
  g_autoptr (IssuanceLog) log = rig_open ();
  GThread *first, *second;

  disk.slow = TRUE;
  first = g_thread_new ("first", append_one, log);
  wait_for_sync (1);
  second = g_thread_new ("second", append_one, log);
  wait_for_queue (log, 1);
  end_log (log);
  let_sync (1);
  ck_assert (GPOINTER_TO_INT (g_thread_join (first)));
  ck_assert (!GPOINTER_TO_INT (g_thread_join (second)));
  ck_assert_uint_eq (issuance_log_size (log), 1);
}
END_TEST

static gpointer
append_long (gpointer data)
{
  static const guint8 filler[60 * 1024] = { 0x30 };
  LogEntry entry = { .type = LOG_ENTRY_REPORT,
                     .signed_at = 5,
                     .certificate = { filler, sizeof filler } };
  guint64 index;

  return GINT_TO_POINTER (issuance_log_append (data, &entry, &index, NULL));
}

/* Else a power cut could leave holes further from the end than a start looks for them. */
START_TEST (test_no_write_is_longer_than_its_bound)
{
  g_autoptr (IssuanceLog) log = rig_open ();
  GThread *first, *threads[9];
  const guint writes = 3; /* of four, four and one */

  disk.slow = TRUE;
  first = g_thread_new ("first", append_one, log);
  wait_for_sync (1);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("long", append_long, log);
  wait_for_queue (log, G_N_ELEMENTS (threads));
  for (guint i = 1; i <= writes; i++) {
    let_sync (i);
    wait_for_sync (1 + i);
    ck_assert_uint_le ((guint64)lseek (log->fd, 0, SEEK_END) - log->end, LOG_WRITE_MOST);
  }
  let_sync (G_MAXUINT);
  ck_assert (GPOINTER_TO_INT (g_thread_join (first)));
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    ck_assert (GPOINTER_TO_INT (g_thread_join (threads[i])));
  ck_assert_uint_eq (disk.begun, 1 + writes);
  ck_assert_uint_eq (issuance_log_size (log), 1 + G_N_ELEMENTS (threads));
}
END_TEST

/* ---- another file in its place ---- */

typedef enum { MOVED, DELETED, COPIED, CUT, LENGTHENED, N_CHANGES } Change;

static void
change_file (Change change, const char *beside)
{
  g_autoptr (GBytes) content = rig_get (rig_path);
  gsize length;
  const char *data = g_bytes_get_data (content, &length);

  switch (change) {
  case MOVED:
    ck_assert_int_eq (rename (rig_path, beside), 0);
    break;
  case DELETED:
    ck_assert_int_eq (unlink (rig_path), 0);
    break;
  case COPIED: /* which is a new file under the name */
    ck_assert (g_file_set_contents (rig_path, data, (gssize)length, NULL));
    break;
  case CUT:
    ck_assert_int_eq (truncate (rig_path, (off_t)length - 1), 0);
    break;
  case LENGTHENED:
    ck_assert_int_eq (truncate (rig_path, (off_t)length + 1), 0);
    break;
  case N_CHANGES:
    g_assert_not_reached ();
  }
}

START_TEST (test_nothing_is_answered_from_a_file_that_is_not_the_log_any_more)
{
  g_autofree char *beside = g_strconcat (rig_path, ".beside", NULL);
  g_autoptr (IssuanceLog) log = NULL;
  g_autoptr (GBytes) good = NULL;
  g_autoptr (GError) problem = NULL;

  rig_make (5);
  log = rig_open ();
  good = rig_get (rig_path);
  change_file ((Change)_i, beside);
  ck_assert (!rig_append (log, 5, &problem));
  ck_assert_int_eq (problem->code, CA_ERROR_LOG);
  ck_assert_ptr_nonnull (strstr (problem->message, "somebody moved, replaced or changed it"));
  ck_assert (!rig_append (log, 5, NULL));
  ck_assert_uint_eq (issuance_log_size (log), 5);
  g_clear_pointer (&log, issuance_log_close);
  rig_put (rig_path, good);
  rig_make (6);
}
END_TEST

/* What an administrator may do to it. */
START_TEST (test_a_file_with_other_rights_and_times_is_the_log_all_the_same)
{
  g_autoptr (IssuanceLog) log = rig_open ();

  rig_fill (log, 1);
  ck_assert_int_eq (chmod (rig_path, 0600), 0);
  ck_assert_int_eq (run (NULL, NULL, "touch", rig_path, NULL), 0);
  rig_fill (log, 2);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("ca log flush");
  TCase *tests = tcase_create ("ca log flush");
  SRunner *runner;
  int failed;

  tcase_set_timeout (tests, 60);
  tcase_add_checked_fixture (tests, setup, rig_teardown);
  tcase_add_test (tests, test_who_is_written_for_stays_until_that_is_done_whatever_ends_the_log);
  tcase_add_test (tests, test_who_came_behind_the_last_write_is_refused);
  tcase_add_test (tests, test_no_write_is_longer_than_its_bound);
  tcase_add_loop_test (tests, test_nothing_is_answered_from_a_file_that_is_not_the_log_any_more, 0,
                       N_CHANGES);
  tcase_add_test (tests, test_a_file_with_other_rights_and_times_is_the_log_all_the_same);
  suite_add_tcase (suite, tests);
  runner = srunner_create (suite);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The writer under load, on a failing disk, and killed in the middle.
 */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fault-vfs.h"
#include "fixture.h"

#define THREADS 64
#define WRITES 20

static gboolean
record (Ledger *ledger, const char *subject, GError **error)
{
  return ledger_record_event (ledger, "test", "test", subject, NULL, error);
}

static guint
count_events (Ledger *ledger)
{
  g_autoptr (GPtrArray) events = ledger_events (ledger, 0, NULL);

  return events->len;
}

static gpointer
write_many (gpointer data)
{
  gsize written = 0;

  for (guint i = 0; i < WRITES; i++)
    written += record (data, "one of many", NULL) ? 1 : 0;
  return GSIZE_TO_POINTER (written);
}

START_TEST (writes_that_come_together_share_a_sync)
{
  g_auto (Fixture) f = { 0 };
  GThread *threads[THREADS];
  gsize written = 0;
  fault_vfs_install ();
  fixture_open (&f);
  guint before = fault_vfs_syncs ();
  for (guint i = 0; i < THREADS; i++)
    threads[i] = g_thread_new ("test", write_many, f.ledger);
  for (guint i = 0; i < THREADS; i++)
    written += GPOINTER_TO_SIZE (g_thread_join (threads[i]));
  guint used = fault_vfs_syncs () - before;

  ck_assert_uint_eq (written, THREADS * WRITES);
  ck_assert_uint_eq (count_events (f.ledger), THREADS * WRITES);
  ck_assert_uint_gt (used, 0);
  ck_assert_uint_lt (used, THREADS * WRITES / 4);
}
END_TEST

START_TEST (every_single_write_is_synced)
{
  g_auto (Fixture) f = { 0 };
  fault_vfs_install ();
  fixture_open (&f);
  guint before = fault_vfs_syncs ();
  for (guint i = 0; i < 10; i++)
    ck_assert (record (f.ledger, "alone", NULL));
  ck_assert_uint_ge (fault_vfs_syncs () - before, 10);
}
END_TEST

START_TEST (a_device_that_is_only_recognised_waits_for_no_disk)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 attempt;
  fault_vfs_install ();
  fixture_open (&f);
  start_batch (f.ledger, "B", 0, NULL);
  guint before = fault_vfs_syncs ();
  g_autoptr (Device) device = arrive (f.ledger, "B", "chip", "S1", &attempt, &error);
  assert_ok (device != NULL, error);
  ck_assert_uint_eq (fault_vfs_syncs (), before);
  ck_assert (record (f.ledger, "synced", NULL));
  ck_assert_uint_gt (fault_vfs_syncs (), before);
}
END_TEST

START_TEST (a_serial_of_a_range_is_on_the_disk_before_anyone_hears_it)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 attempt;
  fault_vfs_install ();
  fixture_open (&f);
  start_batch (f.ledger, "B", 0, "AC-");
  guint before = fault_vfs_syncs ();
  g_autoptr (Device) device = arrive (f.ledger, "B", "chip", NULL, &attempt, &error);
  assert_ok (device != NULL, error);
  ck_assert_uint_gt (fault_vfs_syncs (), before);
}
END_TEST

typedef struct {
  Ledger *ledger;
  guint number;
  gboolean created;
} Creation;

static gpointer
create_same_batch (gpointer data)
{
  Creation *creation = data;
  Batch batch = { .name = (char *)"same", .profile = (char *)"p" };

  creation->created = ledger_create_batch (creation->ledger, &batch, "x", NULL);
  return NULL;
}

START_TEST (a_job_that_fails_takes_none_of_its_group_with_it)
{
  g_auto (Fixture) f = { 0 };
  GThread *threads[THREADS];
  Creation creations[THREADS];
  guint created = 0;
  fixture_open (&f);
  for (guint i = 0; i < THREADS; i++) {
    creations[i] = (Creation){ .ledger = f.ledger, .number = i };
    threads[i] = g_thread_new ("test", i % 2 == 0 ? create_same_batch : write_many,
                               i % 2 == 0 ? (gpointer)&creations[i] : f.ledger);
  }
  for (guint i = 0; i < THREADS; i++) {
    gpointer written = g_thread_join (threads[i]);
    if (i % 2 == 0)
      created += creations[i].created ? 1 : 0;
    else
      ck_assert_uint_eq (GPOINTER_TO_SIZE (written), WRITES);
  }
  ck_assert_uint_eq (created, 1);
  ck_assert_uint_eq (count_events (f.ledger), THREADS / 2 * WRITES + 1);
}
END_TEST

START_TEST (a_full_disk_fails_plainly_and_recovers_by_itself)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  fault_vfs_install ();
  fixture_open (&f);
  ck_assert (record (f.ledger, "before", NULL));
  fault_vfs_set (FAULT_NO_SPACE);
  for (guint i = 0; i < 3; i++) {
    ck_assert (!record (f.ledger, "lost", &error));
    ck_assert_ptr_nonnull (strstr (error->message, "disk is full"));
    assert_error (TRUE, LEDGER_ERROR_STORAGE, error);
  }
  ck_assert_uint_eq (count_events (f.ledger), 1);
  fault_vfs_set (FAULT_NONE);
  assert_ok (record (f.ledger, "after", &error), error);
  fixture_reopen (&f);
  ck_assert_uint_eq (count_events (f.ledger), 2);
}
END_TEST

static void
check_stop_after (Fault fault)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  fault_vfs_install ();
  fixture_open (&f);
  ck_assert (record (f.ledger, "before", NULL));
  fault_vfs_set (fault);
  assert_error (!record (f.ledger, "lost", &error), LEDGER_ERROR_STORAGE, error);
  fault_vfs_set (FAULT_NONE);
  ck_assert (!record (f.ledger, "still lost", &error));
  ck_assert_ptr_nonnull (strstr (error->message, "restart keycradled"));
  assert_error (TRUE, LEDGER_ERROR_STORAGE, error);
  fixture_reopen (&f);
  assert_ok (record (f.ledger, "after", &error), error);
  g_autofree char *sound = raw_text (f.path, "PRAGMA integrity_check");
  ck_assert_str_eq (sound, "ok");
  g_autofree char *kept =
      raw_text (f.path, "SELECT count (*) FROM audit_events WHERE subject IN ('before', 'after')");
  ck_assert_str_eq (kept, "2");
}

START_TEST (after_a_failed_sync_nothing_is_written_until_the_ledger_is_opened_anew)
{
  check_stop_after (FAULT_SYNC);
}
END_TEST

START_TEST (after_a_failed_write_nothing_is_written_until_the_ledger_is_opened_anew)
{
  check_stop_after (FAULT_WRITE);
}
END_TEST

/* Writes without end and says each number that was acknowledged. */
static void
write_until_killed (const char *path, int acknowledge)
{
  Ledger *ledger = ledger_open (path, NULL);

  for (guint32 i = 0;; i++) {
    g_autofree char *subject = g_strdup_printf ("%u", i);
    if (ledger == NULL || !record (ledger, subject, NULL)
        || write (acknowledge, &i, sizeof i) != sizeof i)
      _exit (1);
  }
}

static guint32
kill_after (const char *path, guint32 least)
{
  int ends[2];
  guint32 last = 0;
  guint32 number;

  ck_assert_int_eq (pipe (ends), 0);
  pid_t child = fork ();
  if (child == 0)
    write_until_killed (path, ends[1]);
  close (ends[1]);
  while (read (ends[0], &number, sizeof number) == sizeof number) {
    last = number;
    if (number == least)
      kill (child, SIGKILL);
  }
  close (ends[0]);
  waitpid (child, NULL, 0);
  return last;
}

START_TEST (what_was_acknowledged_is_there_after_a_kill)
{
  g_auto (Fixture) f = { 0 };
  guint expected = 0;
  fixture_open (&f);
  g_clear_pointer (&f.ledger, ledger_close);
  for (guint round = 0; round < 5; round++) {
    guint32 last = kill_after (f.path, 7 + round * 13);
    expected += last + 1;
    fixture_reopen (&f);
    /* One more may have been committed than was heard of. */
    guint found = count_events (f.ledger);
    ck_assert_uint_ge (found, expected);
    ck_assert_uint_le (found, expected + 1);
    expected = found;
    g_clear_pointer (&f.ledger, ledger_close);
  }
  fixture_reopen (&f);
}
END_TEST

static void
leave_running (const char *path)
{
  gint64 attempt;
  Ledger *ledger = ledger_open (path, NULL);

  if (ledger == NULL)
    _exit (1);
  start_batch (ledger, "b1", 0, NULL);
  Device *device = arrive (ledger, "b1", "chip-a", NULL, &attempt, NULL);
  if (device == NULL || !ledger_begin_attempt (ledger, "2", NULL, NULL, &attempt, NULL))
    _exit (1);
  kill (getpid (), SIGKILL);
}

START_TEST (attempts_that_a_crash_left_open_end_as_interrupted)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 attempt;
  int status;
  fixture_open (&f);
  g_clear_pointer (&f.ledger, ledger_close);
  pid_t child = fork ();
  if (child == 0)
    leave_running (f.path);
  waitpid (child, &status, 0);
  ck_assert (WIFSIGNALED (status));
  fixture_reopen (&f);
  g_autoptr (GPtrArray) attempts = ledger_attempts (f.ledger, NULL, NULL, 0, NULL);
  ck_assert_uint_eq (attempts->len, 2);
  for (guint i = 0; i < attempts->len; i++) {
    const Attempt *left = g_ptr_array_index (attempts, i);
    ck_assert_int_eq (left->result, ATTEMPT_INTERRUPTED);
    ck_assert_int_gt (left->ended_at, 0);
  }
  g_autoptr (Device) again = arrive (f.ledger, "b1", "chip-a", NULL, &attempt, &error);
  assert_ok (again != NULL, error);
}
END_TEST

static void
count_up (gpointer data)
{
  g_atomic_int_inc ((gint *)data);
}

START_TEST (a_follower_hears_of_each_commit_with_events_and_of_no_other)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  gint told = 0;
  gint64 attempt;

  fixture_open (&f);
  ledger_watch_events (f.ledger, count_up, &told);
  assert_ok (record (f.ledger, "first", &error), error);
  ck_assert_int_eq (g_atomic_int_get (&told), 1);
  start_batch (f.ledger, "b1", 0, NULL);
  gint after_batch = g_atomic_int_get (&told);
  ck_assert_int_gt (after_batch, 1);
  assert_ok (ledger_begin_attempt (f.ledger, "1", "b1", NULL, &attempt, &error), error);
  ck_assert_int_eq (g_atomic_int_get (&told), after_batch);
  ledger_watch_events (f.ledger, NULL, NULL);
  assert_ok (record (f.ledger, "last", &error), error);
  ck_assert_int_eq (g_atomic_int_get (&told), after_batch);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("writer");
  TCase *writer = tcase_create ("writer");

  tcase_set_timeout (writer, 120);
  tcase_add_test (writer, writes_that_come_together_share_a_sync);
  tcase_add_test (writer, every_single_write_is_synced);
  tcase_add_test (writer, a_device_that_is_only_recognised_waits_for_no_disk);
  tcase_add_test (writer, a_serial_of_a_range_is_on_the_disk_before_anyone_hears_it);
  tcase_add_test (writer, a_job_that_fails_takes_none_of_its_group_with_it);
  tcase_add_test (writer, a_full_disk_fails_plainly_and_recovers_by_itself);
  tcase_add_test (writer, after_a_failed_sync_nothing_is_written_until_the_ledger_is_opened_anew);
  tcase_add_test (writer, after_a_failed_write_nothing_is_written_until_the_ledger_is_opened_anew);
  tcase_add_test (writer, what_was_acknowledged_is_there_after_a_kill);
  tcase_add_test (writer, attempts_that_a_crash_left_open_end_as_interrupted);
  tcase_add_test (writer, a_follower_hears_of_each_commit_with_events_and_of_no_other);
  suite_add_tcase (suite, writer);
  return run_suite (suite);
}

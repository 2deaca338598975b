/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Times in the log never decrease, though threads overtake each other and clocks are corrected by
 * minutes; but where the clock was set back on record.
 */
#include "ca/log/log.h"
#include "tests/unit/ca/make.h"
#include "tests/unit/rounds.h"

#include <check.h>

#define THREADS 8

static char *folder;
static char *path;
static const guint8 origin[LOG_HASH] = "0123456789abcdef0123456789abcde";

static void
setup (void)
{
  folder = folder_make ();
  path = g_build_filename (folder, "issuance.log", NULL);
}

static void
teardown (void)
{
  g_free (path);
  folder_remove (folder);
}

static gint64
time_at (IssuanceLog *log, guint64 place, LogEntryType *type)
{
  g_autoptr (GBytes) bytes = issuance_log_read (log, place, NULL);
  LogEntry entry;

  ck_assert (
      log_entry_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &entry, NULL));
  *type = entry.type;
  return entry.signed_at;
}

START_TEST (test_a_time_is_raised_to_the_latest_and_told)
{
  static const struct {
    LogEntryType type;
    gint64 said;
    gint64 stands;
  } steps[] = { { LOG_ENTRY_CERTIFICATE, 1000, 1000 }, { LOG_ENTRY_TICKET, 900, 1000 },
                { LOG_ENTRY_REFUSAL, 5000, 5000 },     { LOG_ENTRY_CERTIFICATE, 1100, 1100 },
                { LOG_ENTRY_REFUSAL, 50, 50 },         { LOG_ENTRY_CRL, 1050, 1100 },
                { LOG_ENTRY_CLOCK, 100, 100 },         { LOG_ENTRY_CERTIFICATE, 90, 100 },
                { LOG_ENTRY_LOST, 150, 150 },          { LOG_ENTRY_REPORT, 149, 150 } };

  g_autoptr (IssuanceLog) log = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++) {
    LogEntry entry = { .type = steps[i].type,
                       .signed_at = steps[i].said,
                       .device = span_of_text ("1") };
    LogEntryType type;
    guint64 place;

    if (i % 2 == 0 || _i == 0) { /* what was said before a start counts as well */
      g_clear_pointer (&log, issuance_log_close);
      log = issuance_log_open (path, origin, LOG_OPEN_WRITE, NULL);
    }
    ck_assert (issuance_log_append (log, &entry, &place, NULL));
    ck_assert_uint_eq (place, i);
    ck_assert_int_eq (entry.signed_at, steps[i].stands);
    ck_assert_int_eq (time_at (log, place, &type), steps[i].stands);
  }
}
END_TEST

static gpointer
append_some (gpointer data)
{
  for (guint i = 0; i < rounds_of (200, 30); i++) {
    LogEntry entry = { .type = LOG_ENTRY_CERTIFICATE, .signed_at = g_get_real_time () };
    guint64 place;

    g_thread_yield ();
    ck_assert (issuance_log_append (data, &entry, &place, NULL));
  }
  return NULL;
}

START_TEST (test_threads_do_not_overtake_each_other)
{
  g_autoptr (IssuanceLog) log = issuance_log_open (path, origin, LOG_OPEN_WRITE, NULL);
  GThread *threads[THREADS];
  gint64 latest = 0;

  for (guint i = 0; i < THREADS; i++)
    threads[i] = g_thread_new ("append", append_some, log);
  for (guint i = 0; i < THREADS; i++)
    g_thread_join (threads[i]);
  for (guint64 place = 0; place < issuance_log_size (log); place++) {
    LogEntryType type;
    gint64 time = time_at (log, place, &type);

    ck_assert_int_ge (time, latest);
    latest = time;
  }
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("ca log time");
  TCase *times = tcase_create ("time");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_set_timeout (times, 60);
  tcase_add_checked_fixture (times, setup, teardown);
  tcase_add_loop_test (times, test_a_time_is_raised_to_the_latest_and_told, 0, 2);
  tcase_add_test (times, test_threads_do_not_overtake_each_other);
  suite_add_tcase (suite, times);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}

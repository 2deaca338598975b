/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Bell and command: one at a time, without a shell, and never waited for.
 */
#include <check.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui-tui/alarm.h"

typedef struct {
  Preferences *preferences;
  Alarm *alarm;
  char *folder;
  char *log;
  guint bells;
  char *problem;
} Bench;

static void
count_bell (gpointer data)
{
  ((Bench *)data)->bells++;
}

static void
keep_problem (const char *sentence, gpointer data)
{
  Bench *bench = data;

  g_free (bench->problem);
  bench->problem = g_strdup (sentence);
}

/* With a command that runs `script`, the log's name and the alarm's words behind it. */
static void
bench_start (Bench *bench, const char *script)
{
  const AlarmListener listener = { count_bell, keep_problem, bench };

  *bench = (Bench){ .preferences = preferences_load (NULL, FALSE, NULL) };
  bench->folder = g_dir_make_tmp ("alarm-XXXXXX", NULL);
  bench->log = g_build_filename (bench->folder, "log", NULL);
  if (script != NULL) {
    const char *const words[] = { "/bin/sh", "-c", script, bench->log, NULL };

    bench->preferences->command = g_strdupv ((char **)words);
  }
  bench->alarm = alarm_new (bench->preferences, &listener);
}

static void
bench_stop (Bench *bench)
{
  alarm_free (bench->alarm);
  preferences_free (bench->preferences);
  g_unlink (bench->log);
  g_rmdir (bench->folder);
  g_free (bench->folder);
  g_free (bench->log);
  g_free (bench->problem);
}

static char *
log_text (const Bench *bench)
{
  char *text = NULL;

  return g_file_get_contents (bench->log, &text, NULL, NULL) ? text : g_strdup ("");
}

/* Until the log is as long as `expected`; then it must be the same. */
static void
check_log (Bench *bench, const char *expected)
{
  const gint64 end = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;

  for (;;) {
    g_autofree char *text = log_text (bench);

    if (strlen (text) >= strlen (expected) || g_get_monotonic_time () > end) {
      ck_assert_str_eq (text, expected);
      return;
    }
    g_main_context_iteration (NULL, FALSE);
    g_usleep (1000);
  }
}

START_TEST (a_fail_rings_and_runs_the_command_with_slot_and_reason)
{
  const Tile tile = { .number = 12, .reason = (char *)"no-answer; rm -rf $HOME" };
  Bench bench;

  bench_start (&bench, "echo \"$#:$1:$2:$3\" >> $0");
  alarm_fail (bench.alarm, &tile);
  ck_assert_uint_eq (bench.bells, 1);
  check_log (&bench, "3:fail:12:no-answer; rm -rf $HOME\n");
  bench_stop (&bench);
}
END_TEST

START_TEST (a_batch_that_is_done_is_said_by_name)
{
  const BatchLine batch = { .name = (char *)"WO-17" };
  Bench bench;

  bench_start (&bench, "echo \"$1 $2\" >> $0");
  alarm_batch_done (bench.alarm, &batch);
  ck_assert_uint_eq (bench.bells, 1);
  check_log (&bench, "batch-done WO-17\n");
  bench_stop (&bench);
}
END_TEST

START_TEST (one_command_runs_at_a_time_and_the_newest_are_kept)
{
  GString *expected = g_string_new ("begin 1\nend\n");
  Tile tile = { 0 };
  Bench bench;

  bench_start (&bench, "echo begin $2 >> $0; sleep 0.05; echo end >> $0");
  for (tile.number = 1; tile.number <= 64; tile.number++)
    alarm_fail (bench.alarm, &tile);
  for (guint slot = 57; slot <= 64; slot++)
    g_string_append_printf (expected, "begin %u\nend\n", slot);
  ck_assert_uint_eq (bench.bells, 64);
  check_log (&bench, expected->str);
  g_string_free (expected, TRUE);
  bench_stop (&bench);
}
END_TEST

START_TEST (a_slow_command_holds_nobody_up)
{
  const Tile tile = { .number = 1 };
  Bench bench;
  gint64 began;

  bench_start (&bench, "sleep 5");
  began = g_get_monotonic_time ();
  alarm_fail (bench.alarm, &tile);
  alarm_fail (bench.alarm, &tile);
  bench_stop (&bench);
  ck_assert_int_lt (g_get_monotonic_time () - began, 2 * G_USEC_PER_SEC);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}
END_TEST

START_TEST (a_command_that_does_not_start_is_said)
{
  const Tile tile = { .number = 1 };
  const char *const words[] = { "/nowhere/horn", NULL };
  Bench bench;

  bench_start (&bench, NULL);
  bench.preferences->command = g_strdupv ((char **)words);
  alarm_fail (bench.alarm, &tile);
  ck_assert_ptr_nonnull (bench.problem);
  ck_assert_ptr_nonnull (strstr (bench.problem, "/nowhere/horn"));
  bench_stop (&bench);
}
END_TEST

START_TEST (bells_can_be_off)
{
  const Tile tile = { .number = 1 };
  const BatchLine batch = { .name = (char *)"WO-17" };
  Bench bench;

  bench_start (&bench, NULL);
  bench.preferences->bell_on_fail = FALSE;
  alarm_fail (bench.alarm, &tile);
  ck_assert_uint_eq (bench.bells, 0);
  alarm_batch_done (bench.alarm, &batch);
  ck_assert_uint_eq (bench.bells, 1);
  bench.preferences->bell_on_done = FALSE;
  alarm_batch_done (bench.alarm, &batch);
  ck_assert_uint_eq (bench.bells, 1);
  bench_stop (&bench);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("tui-alarm");
  TCase *cases = tcase_create ("alarm");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_set_timeout (cases, 30);
  tcase_add_test (cases, a_fail_rings_and_runs_the_command_with_slot_and_reason);
  tcase_add_test (cases, a_batch_that_is_done_is_said_by_name);
  tcase_add_test (cases, one_command_runs_at_a_time_and_the_newest_are_kept);
  tcase_add_test (cases, a_slow_command_holds_nobody_up);
  tcase_add_test (cases, a_command_that_does_not_start_is_said);
  tcase_add_test (cases, bells_can_be_off);
  suite_add_tcase (suite, cases);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

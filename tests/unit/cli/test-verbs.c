/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a verb asks of the daemon, word for word, and what people then read.
 */
#include <check.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake-daemon.h"
#include "station/cli/export-run.h"
#include "station/cli/secret.h"

/* Runs `line` against a daemon that knows one call; what it printed is freed with g_free(). */
static char *
run_fed (const char *line, const char *input, int code, const char *method, const char *answer)
{
  const FakeCall calls[] = { { method, answer }, { NULL, NULL } };
  char *output = NULL;
  g_autofree char *problem = NULL;

  fake_daemon_start (&(FakeAnswers){ .calls = calls });
  int got = fake_daemon_feed_client (line, input, &output, &problem);
  fake_daemon_stop ();
  ck_assert_msg (got == code, "%s ends with %d: %s%s", line, got, output, problem);
  return output;
}

static char *
run (const char *line, const char *method, const char *answer)
{
  return run_fed (line, "", 0, method, answer);
}

static void
expect (const char *text, const char *part)
{
  ck_assert_msg (strstr (text, part) != NULL, "'%s' is not in:\n%s", part, text);
}

static void
expect_call (const char *line, const char *method, const char *answer, const char *heard)
{
  g_free (run (line, method, answer));
  ck_assert_str_eq (fake_daemon_heard (), heard);
}

START_TEST (slots_are_acknowledged_bound_and_swapped)
{
  expect_call ("slot acknowledge 3", "AcknowledgeSlot", "()", "AcknowledgeSlot (uint32 3,)");
  expect_call ("slot acknowledge", "AcknowledgeSlot", "()", "AcknowledgeSlot (uint32 0,)");
  expect_call ("slot bind 2 AC24-1", "BindSerial", "(uint32 2,)",
               "BindSerial (uint32 2, 'AC24-1')");
  expect_call ("slot swap 1 4", "SwapSlots", "()", "SwapSlots (uint32 1, uint32 4)");
}
END_TEST

START_TEST (a_device_is_voided_only_with_a_reason)
{
  expect_call ("device void SN-1 --reason stolen", "VoidDevice", "()",
               "VoidDevice ('SN-1', 'stolen')");
  g_free (run_fed ("device void SN-1", "", 2, "VoidDevice", "()"));
  ck_assert_str_eq (fake_daemon_heard (), "");
}
END_TEST

START_TEST (a_batch_with_scanned_serials_has_a_pattern_and_no_range)
{
  g_free (run ("batch create B --profile p --serial-scan --serial-pattern AC-[0-9]+", "CreateBatch",
               "()"));
  expect (fake_daemon_heard (), "CreateBatch ('B', ");
  expect (fake_daemon_heard (), "'serial-scan': <true>");
  expect (fake_daemon_heard (), "'serial-pattern': <'AC-[0-9]+'>");
  g_free (run_fed ("batch create B --profile p --serial-pattern x", "", 2, "CreateBatch", "()"));
  g_free (run_fed ("batch create B --profile p --serial-scan --serial-prefix x", "", 2,
                   "CreateBatch", "()"));
}
END_TEST

START_TEST (a_badge_and_a_pin_come_from_standard_input)
{
  g_free (run_fed ("operator add ANNA --role supervisor --badge-file - --pin-file - --language de",
                   "badge 4711\n8125\n", 0, "AddOperator", "()"));
  expect (fake_daemon_heard (), "AddOperator ('ANNA', ");
  expect (fake_daemon_heard (), "'badge': <'badge 4711'>");
  expect (fake_daemon_heard (), "'pin': <'8125'>");
  expect (fake_daemon_heard (), "'language': <'de'>");
  expect (fake_daemon_heard (), "'role': <'supervisor'>");
}
END_TEST

START_TEST (a_badge_alone_sets_no_pin)
{
  g_free (run_fed ("operator add MEI --role operator --badge-file -", "0815\r\nmore\n", 0,
                   "AddOperator", "()"));
  expect (fake_daemon_heard (), "'badge': <'0815'>");
  ck_assert_ptr_null (strstr (fake_daemon_heard (), "pin"));
}
END_TEST

START_TEST (what_the_scanner_sends_before_a_code_is_no_part_of_a_badge)
{
  static const struct {
    const char *config;
    const char *scanned;
    const char *badge;
  } cases[] = {
    { "[scanner]\nPrefix=]C0\n", "]C04711", "4711" },
    { "[scanner]\nPrefix=]C0\n", "4711", "4711" },
    { "[scanner]\nPrefix=]C0\n", "]C0", "" },
    { "[scanner]\nPrefix=\n", "]C04711", "]C04711" },
    { "no configuration", "]C04711", "]C04711" },
  };
  g_autofree char *path = NULL;
  int fd = g_file_open_tmp ("keycradle-XXXXXX.conf", &path, NULL);

  g_close (fd, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *badge = g_strdup (cases[i].scanned);
    ck_assert (g_file_set_contents (path, cases[i].config, -1, NULL));
    secret_take_prefix_off (badge, path);
    ck_assert_str_eq (badge, cases[i].badge);
  }
  g_unlink (path);
}
END_TEST

START_TEST (nobody_is_added_without_role_or_badge_or_with_a_strange_one)
{
  static const struct {
    const char *line;
    const char *input;
    int code;
  } cases[] = {
    { "operator add MEI --badge-file -", "1\n", 2 },
    { "operator add MEI --role boss --badge-file -", "1\n", 2 },
    { "operator add MEI --role operator", "1\n", 2 }, /* no terminal to ask at */
    { "operator add MEI --role operator --badge-file -", "\n", 2 },
    { "operator add MEI --role operator --badge-file -", "12\x03\n", 2 },
    { "operator add MEI --role operator --badge-file -", "\xff\xfe\n", 2 },
    { "operator add MEI --role operator --badge-file %s/none", "", 3 },
  };
  g_autofree char *endless = g_strnfill (300, '7');

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_free (run_fed (cases[i].line, cases[i].input, cases[i].code, "AddOperator", "()"));
    ck_assert_str_eq (fake_daemon_heard (), "");
  }
  g_free (
      run_fed ("operator add MEI --role operator --badge-file -", endless, 2, "AddOperator", "()"));
}
END_TEST

START_TEST (operators_are_listed_and_switched)
{
  g_autofree char *list =
      run ("operator list", "ListOperators",
           "([{'name': <'ANNA'>, 'role': <'supervisor'>, 'enabled': <true>, 'pin': <true>}],)");

  expect (list, "ANNA");
  expect (list, "supervisor");
  expect_call ("operator disable ANNA", "SetOperatorEnabled", "()",
               "SetOperatorEnabled ('ANNA', false)");
  expect_call ("operator enable ANNA", "SetOperatorEnabled", "()",
               "SetOperatorEnabled ('ANNA', true)");
}
END_TEST

START_TEST (an_attempt_shows_who_worked_and_how_long_each_step_took)
{
  static const char answer[] =
      "({'id': <int64 7>, 'operator': <'ANNA'>, 'ended-at': <int64 1700000004750000>,"
      " 'steps': <[{'step': <'open'>, 'at': <int64 1700000000000000>},"
      " {'step': <'identify'>, 'at': <int64 1700000000250000>},"
      " {'step': <'sign'>, 'at': <int64 1700000003000000>}]>, 'transcript': <'AT'>},)";
  g_autofree char *text = run ("attempt show 7", "GetAttempt", answer);
  g_autofree char *json = run ("attempt show 7 --json", "GetAttempt", answer);

  expect (text, "Operator         ANNA\n");
  expect (text, ".000  open               0.250 s\n");
  expect (text, ".250  identify           2.750 s\n");
  expect (text, ".000  sign               1.750 s\n");
  expect (text, "\nAT\n");
  expect (json, "\"step\" : \"identify\"");
  ck_assert_ptr_null (strstr (json, "2.750"));
}
END_TEST

START_TEST (a_batch_shows_its_yield_and_its_failures)
{
  static const char answer[] =
      "({'name': <'B'>, 'first-passed': <uint32 59>, 'first-failed': <uint32 1>,"
      " 'passed-last-hour': <uint32 118>, 'cycle-time': <int64 27300000>,"
      " 'failures': <[{'reason': <'no-answer'>, 'slot': <'7'>, 'count': <uint32 3>,"
      " 'operator-text': <'Seat it again.'>}]>},)";
  g_autofree char *text = run ("batch show B", "GetBatch", answer);
  g_autofree char *fresh = run ("batch show B", "GetBatch", "({'name': <'B'>},)");

  expect (text, "First-pass yield 98.3% (59 of 60 passed at once)\n");
  expect (text, "Units per hour   118\n");
  expect (text, "Cycle time       27.30 s\n");
  expect (text, "no-answer");
  expect (text, "Seat it again.");
  ck_assert_ptr_null (strstr (fresh, "yield"));
}
END_TEST

START_TEST (the_status_names_operator_clock_disk_and_last_export)
{
  g_autofree char *text =
      run ("status", "GetStatus",
           "({'operator': <'ANNA'>, 'clock': <'free'>, 'disk-free': <uint64 81000000>,"
           " 'disk-size': <uint64 100000000>, 'last-export': <{'at': <int64 1700000000000000>,"
           " 'batch': <'B1'>, 'format': <'aws'>, 'rows': <uint64 212>}>},)");

  expect (text, "Operator         ANNA\n");
  expect (text, "Clock            free\n");
  expect (text, "(81%)\n");
  expect (text, ": 212 devices of B1 as aws\n");
}
END_TEST

START_TEST (exports_are_listed_and_may_be_of_what_is_new)
{
  g_autofree char *list = run ("export list --batch B1 --limit 3", "ListExports",
                               "([{'batch': <'B1'>, 'format': <'aws'>, 'rows': <uint64 5>,"
                               " 'new-only': <true>}],)");

  expect (list, "B1");
  expect (fake_daemon_heard (), "'batch': <'B1'>");
  expect (fake_daemon_heard (), "'limit': <uint32 3>");
  expect_call ("export csv --batch B1 --output %s/x --new-only", "Export", "({},)",
               "Export ('csv', 'B1', {'split': <true>, 'new-only': <true>}, handle 0)");
  expect_call ("export csv --batch B1 --output %s/x", "Export", "({},)",
               "Export ('csv', 'B1', {'split': <true>}, handle 0)");
}
END_TEST

START_TEST (progress_is_told_in_one_line)
{
  static const struct {
    const char *progress;
    gint64 microseconds;
    const char *text;
  } cases[] = {
    { "{'rows': <uint64 1200>, 'total': <uint64 5000>}", 3 * G_USEC_PER_SEC,
      "1200 of 5000 devices, 24%, 400/s, 10 s left" },
    { "{'rows': <uint64 0>, 'total': <uint64 5000>}", 0, "0 of 5000 devices, 0%, 0/s" },
    { "{'rows': <uint64 7>}", G_USEC_PER_SEC, "7 devices, 7/s" },
    { "{'rows': <uint64 9>, 'total': <uint64 8>}", G_USEC_PER_SEC, "9 of 8 devices, 100%, 9/s" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GVariant) progress = g_variant_new_parsed (cases[i].progress);
    g_autofree char *text = export_progress_text (progress, cases[i].microseconds);
    ck_assert_str_eq (text, cases[i].text);
  }
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("cli-verbs");
  TCase *tests = tcase_create ("verbs");
  SRunner *runner = srunner_create (suite);

  suite_add_tcase (suite, tests);
  tcase_set_timeout (tests, 60);
  tcase_add_test (tests, slots_are_acknowledged_bound_and_swapped);
  tcase_add_test (tests, a_device_is_voided_only_with_a_reason);
  tcase_add_test (tests, a_batch_with_scanned_serials_has_a_pattern_and_no_range);
  tcase_add_test (tests, a_badge_and_a_pin_come_from_standard_input);
  tcase_add_test (tests, a_badge_alone_sets_no_pin);
  tcase_add_test (tests, what_the_scanner_sends_before_a_code_is_no_part_of_a_badge);
  tcase_add_test (tests, nobody_is_added_without_role_or_badge_or_with_a_strange_one);
  tcase_add_test (tests, operators_are_listed_and_switched);
  tcase_add_test (tests, an_attempt_shows_who_worked_and_how_long_each_step_took);
  tcase_add_test (tests, a_batch_shows_its_yield_and_its_failures);
  tcase_add_test (tests, the_status_names_operator_clock_disk_and_last_export);
  tcase_add_test (tests, exports_are_listed_and_may_be_of_what_is_new);
  tcase_add_test (tests, progress_is_told_in_one_line);
  srunner_run_all (runner, CK_NORMAL);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

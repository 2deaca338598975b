/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the owner allowed, held against the log: tickets and their counts, reports, the clock. Each
 * thing that goes beyond it is named by its place, and a near twin that is allowed passes.
 */
#include <check.h>
#include <stdlib.h>

#include "tests/unit/audit/told-story.h"

START_TEST (test_the_one_above_the_count_is_named)
{
  tell ();
  story_certify (story, "B-1");
  expect_first ("log 9");
}
END_TEST

START_TEST (test_a_certificate_without_a_ticket_is_named)
{
  tell ();
  story_certify (story, "B-2");
  expect_first ("log 9");
}
END_TEST

START_TEST (test_a_replayed_ticket_is_named)
{
  tell ();
  story_ticket (story, 2, "B-1", 2);
  expect_first ("log 9");
}
END_TEST

START_TEST (test_a_ticket_of_another_owner_is_named)
{
  StorySigner owner;

  tell ();
  owner = story->owner;
  story->owner = story->station;
  story_ticket (story, 3, "B-1", 2);
  story->owner = owner;
  expect_first ("log 9");
}
END_TEST

static void
add_one (Report *report)
{
  report->certificates++;
}

static void
take_a_refusal (Report *report)
{
  report->refusals++;
}

static void
count_on (Report *report)
{
  report->number++;
}

static void
other_root (Report *report)
{
  report->log.root[0] ^= 1;
}

static void
later_certificate (Report *report)
{
  report->ticket->issued--;
}

START_TEST (test_a_report_that_says_other_than_the_log_is_named)
{
  static void (*const changes[]) (Report * report) = { add_one, take_a_refusal, count_on,
                                                       other_root, later_certificate };

  tell ();
  story_report (story, "B-1", changes[_i]);
  expect_first ("log 9");
}
END_TEST

START_TEST (test_time_goes_on_but_at_a_clock_entry)
{
  LogEntry clock = { .type = LOG_ENTRY_CLOCK,
                     .signed_at = STORY_START + 1,
                     .device = span_of_text ("boss"),
                     .product = span_of_text ("it was wrong") };
  g_autoptr (AuditResult) result = NULL;

  tell ();
  story_append (story, &clock);
  story_report (story, "B-1", NULL);
  result = story_verify (story, kept);
  ck_assert_uint_eq (result->found[AUDIT_TIMES][AUDIT_NOTE], 1);
  /* The report counts no clock reset: that is what is wrong, not its time. */
  ck_assert_str_eq (audit_first_wrong (result)->place, "log 10");
  ck_assert_uint_eq (result->found[AUDIT_TIMES][AUDIT_WRONG], 0);
}
END_TEST

static void
set_back (const char *who)
{
  LogEntry clock = { .type = LOG_ENTRY_CLOCK,
                     .signed_at = STORY_START + 1,
                     .device = span_of_text (who),
                     .product = span_of_text ("it was wrong") };

  story_append (story, &clock);
}

START_TEST (test_only_the_owner_lets_the_clock_be_set_back)
{
  tell ();
  set_back ("3");
  story->clock_reset = TRUE;
  story_ticket (story, 3, "B-1", 9);
  expect_first ("");

  set_back ("boss");
  expect_first ("log 11");
}
END_TEST

START_TEST (test_a_ticket_that_does_not_say_so_resets_no_clock)
{
  tell ();
  set_back ("3");
  story_ticket (story, 3, "B-1", 9);
  expect_first ("log 9");
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("verify owner");
  TCase *owner = tcase_create ("owner");
  SRunner *runner = srunner_create (suite);

  tcase_add_checked_fixture (owner, told_setup, told_teardown);
  tcase_set_timeout (owner, 60);
  tcase_add_test (owner, test_the_one_above_the_count_is_named);
  tcase_add_test (owner, test_a_certificate_without_a_ticket_is_named);
  tcase_add_test (owner, test_a_replayed_ticket_is_named);
  tcase_add_test (owner, test_a_ticket_of_another_owner_is_named);
  tcase_add_loop_test (owner, test_a_report_that_says_other_than_the_log_is_named, 0, 5);
  tcase_add_test (owner, test_time_goes_on_but_at_a_clock_entry);
  tcase_add_test (owner, test_only_the_owner_lets_the_clock_be_set_back);
  tcase_add_test (owner, test_a_ticket_that_does_not_say_so_resets_no_clock);
  suite_add_tcase (suite, owner);
  srunner_run_all (runner, CK_NORMAL);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

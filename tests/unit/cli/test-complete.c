/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Completion, as far as the table knows the words.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "station/cli/cli.h"

/* The candidates for a line such as "batch l", joined by blanks. */
static char *
complete (const char *line)
{
  g_auto (GStrv) words = g_strsplit (line, " ", -1);
  g_auto (GStrv) candidates = cli_complete (NULL, words);

  return g_strjoinv (" ", candidates);
}

static void
expect (const char *line, const char *candidates)
{
  g_autofree char *got = complete (line);

  ck_assert_msg (g_str_equal (got, candidates), "'%s' gives '%s', not '%s'", line, got, candidates);
}

START_TEST (nouns_verbs_and_options_come_from_the_table)
{
  expect ("ba", "batch");
  expect ("s", "status slot sim");
  expect ("batch ", "create list show start pause targets units close");
  expect ("batch s", "show start");
  expect ("--json slot l", "list learn");
  expect ("slot learn --se", "--seconds");
  expect ("status --p", "");
  expect ("help ba", "batch");
  expect ("help batch cr", "create");
}
END_TEST

START_TEST (every_noun_is_offered_once)
{
  g_autofree char *all = complete ("");
  g_auto (GStrv) nouns = g_strsplit (all, " ", -1);

  for (const CliVerb *verb = cli_verbs; verb->noun != NULL; verb++) {
    guint times = 0;
    for (char **noun = nouns; *noun != NULL; noun++)
      times += g_str_equal (*noun, verb->noun);
    ck_assert_msg (times == 1, "%s is offered %u times", verb->noun, times);
  }
}
END_TEST

START_TEST (arguments_and_values_of_options_are_completed_by_kind)
{
  expect ("csr check ", ":files");
  expect ("csr check a.csr ", ":files");
  expect ("manifest verify ", ":files");
  expect ("manifest verify a ", "");
  expect ("export ", "list statement");
  expect ("export list ", "");
  expect ("operator add ANNA --role ", "operator supervisor auditor");
  expect ("card --language d", "de");
  expect ("--config ", ":files");
  expect ("export aws --output ", ":files");
  expect ("--config file batch p", "pause");
  expect ("device list --limit ", "");
  expect ("fly ", "");
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("cli-complete");
  TCase *tests = tcase_create ("complete");
  SRunner *runner = srunner_create (suite);

  suite_add_tcase (suite, tests);
  tcase_add_test (tests, nouns_verbs_and_options_come_from_the_table);
  tcase_add_test (tests, every_noun_is_offered_once);
  tcase_add_test (tests, arguments_and_values_of_options_are_completed_by_kind);
  srunner_run_all (runner, CK_NORMAL);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The real program against a daemon that answers from a script: exit codes,
 * what goes to which stream, and what becomes of files.
 */
#include <check.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake-daemon.h"

#define SUMMARY "'rows': <uint64 2>, 'bytes': <uint64 6>, 'sha256': <'ab'>"

/* Runs it, expects the exit code, and gives what it printed; free with g_free(). */
static char *
run (const char *line, int code, const char *told)
{
  char *output = NULL;
  g_autofree char *problem = NULL;
  int got = fake_daemon_run_client (line, &output, &problem);

  ck_assert_msg (got == code, "%s ends with %d: %s%s", line, got, output, problem);
  ck_assert_msg (told == NULL || strstr (problem, told) != NULL, "%s says '%s', not '%s'", line,
                 problem, told);
  return output;
}

static void
expect_content (const char *name, const char *expected)
{
  g_autofree char *path = g_build_filename (fake_daemon_folder (), name, NULL);
  g_autofree char *content = NULL;

  ck_assert_msg (g_file_get_contents (path, &content, NULL, NULL), "%s is missing", path);
  ck_assert_str_eq (content, expected);
}

static guint
count_files (void)
{
  g_autoptr (GDir) directory = g_dir_open (fake_daemon_folder (), 0, NULL);
  guint n = 0;

  while (g_dir_read_name (directory) != NULL)
    n++;
  return n;
}

START_TEST (a_list_is_a_table_or_json_and_nothing_else)
{
  fake_daemon_start (&(FakeAnswers){
      .slots = "[{'slot': <uint32 1>, 'state': <'pass'>, 'device': <'SN-1'>, 'passed': <uint32 3>},"
               " {'slot': <uint32 2>, 'state': <'empty'>, 'device': <'\x1b[2J'>}]" });
  g_autofree char *table = run ("slot list", 0, NULL);
  g_autofree char *rows = run ("slot list --no-headings", 0, NULL);
  g_autofree char *json = run ("slot list --json", 0, NULL);

  ck_assert (g_str_has_prefix (table, "SLOT STATE"));
  ck_assert_ptr_nonnull (strstr (table, "SN-1"));
  ck_assert_ptr_null (strstr (rows, "STATE"));
  ck_assert_ptr_null (strchr (table, '\x1b'));
  ck_assert_ptr_null (strchr (json, '\x1b'));
  ck_assert (g_str_has_prefix (json, "[\n") && g_str_has_suffix (json, "]\n"));
  ck_assert_ptr_nonnull (strstr (json, "\"passed\" : 3"));
  fake_daemon_stop ();
}
END_TEST

START_TEST (an_empty_list_is_no_error)
{
  fake_daemon_start (&(FakeAnswers){ .batches = NULL });
  g_autofree char *table = run ("batch list", 0, NULL);
  g_autofree char *json = run ("batch list --json", 0, NULL);

  ck_assert_str_eq (table, "");
  ck_assert_str_eq (json, "[]\n");
  fake_daemon_stop ();
}
END_TEST

START_TEST (the_daemons_refusals_become_exit_codes_and_one_sentence)
{
  static const struct {
    const char *error;
    int code;
  } cases[] = { { "NotFound", 3 }, { "NotPermitted", 5 },  { "Invalid", 2 }, { "State", 75 },
                { "Storage", 1 },  { "CaUnavailable", 7 }, { "Failed", 1 } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    fake_daemon_start (&(FakeAnswers){ .error = cases[i].error });
    g_autofree char *output =
        run ("slot list --json", cases[i].code, "keycradle: It is so; type this.\n");
    ck_assert_str_eq (output, "");
    fake_daemon_stop ();
  }
}
END_TEST

START_TEST (a_daemon_that_is_away_is_exit_code_four)
{
  fake_daemon_start (&(FakeAnswers){ .slots = NULL });
  fake_daemon_stop ();
  g_autofree char *output = run ("slot list", 4, "keycradled");

  ck_assert_str_eq (output, "");
}
END_TEST

START_TEST (an_export_appears_whole_with_its_template)
{
  fake_daemon_start (&(FakeAnswers){ .exported = "a\nb\nc\n",
                                     .summary = "{" SUMMARY ", 'template': <'{\"T\":1}'>,"
                                                " 'template-suffix': <'.template.json'>,"
                                                " 'next': <'register {name} {file}.x'>}" });
  g_autofree char *output = run ("export aws --batch B1 --output %s/b1.ndjson", 0, NULL);

  expect_content ("b1.ndjson", "a\nb\nc\n");
  expect_content ("b1.ndjson.template.json", "{\"T\":1}");
  ck_assert_uint_eq (count_files (), 3); /* with the socket */
  ck_assert_ptr_nonnull (strstr (output, "  register b1.ndjson /"));
  ck_assert_ptr_nonnull (strstr (output, "/b1.ndjson.x\n"));
  fake_daemon_stop ();
}
END_TEST

START_TEST (an_export_to_standard_output_is_the_manifest_alone)
{
  fake_daemon_start (&(FakeAnswers){ .exported = "a\nb\n", .summary = "{" SUMMARY "}" });
  g_autofree char *output = run ("export csv --batch B1 --output -", 0, "2 devices of batch B1");

  ck_assert_str_eq (output, "a\nb\n");
  fake_daemon_stop ();
}
END_TEST

START_TEST (what_an_export_left_out_is_named_and_partial)
{
  fake_daemon_start (&(FakeAnswers){
      .exported = "a\n",
      .summary = "{" SUMMARY ", 'omitted': <[{'device': <'SN-9'>, 'reason': <'too long'>}]>,"
                 " 'omitted-count': <uint64 1>}" });
  g_free (run ("export csv --batch B1 --output %s/out", 8, "left out SN-9: too long"));

  expect_content ("out", "a\n");
  fake_daemon_stop ();
}
END_TEST

START_TEST (a_failed_export_leaves_what_was_there)
{
  fake_daemon_start (&(FakeAnswers){ .exported = "half", .error = "Storage" });
  g_autofree char *path = g_build_filename (fake_daemon_folder (), "out", NULL);
  g_file_set_contents (path, "before", -1, NULL);
  g_free (run ("export csv --batch B1 --output %s/out", 1, "It is so"));

  expect_content ("out", "before");
  ck_assert_uint_eq (count_files (), 2);
  fake_daemon_stop ();
}
END_TEST

START_TEST (a_link_stays_and_its_target_is_replaced)
{
  fake_daemon_start (&(FakeAnswers){ .exported = "new", .summary = "{" SUMMARY "}" });
  g_autofree char *target = g_build_filename (fake_daemon_folder (), "target", NULL);
  g_autofree char *link = g_build_filename (fake_daemon_folder (), "link", NULL);
  g_file_set_contents (target, "old", -1, NULL);
  ck_assert_int_eq (symlink (target, link), 0);
  g_free (run ("export csv --batch B1 --output %s/link", 0, NULL));

  expect_content ("target", "new");
  ck_assert (g_file_test (link, G_FILE_TEST_IS_SYMLINK));
  fake_daemon_stop ();
}
END_TEST

START_TEST (a_manifest_that_is_not_genuine_is_exit_code_six)
{
  fake_daemon_start (&(FakeAnswers){
      .exported = "", .verdict = "{'genuine': <false>, 'problems': <['line 7: unknown']>}" });
  g_autofree char *path = g_build_filename (fake_daemon_folder (), "m", NULL);
  g_file_set_contents (path, "x", -1, NULL);
  g_autofree char *output = run ("manifest verify %s/m", 6, NULL);
  g_free (run ("manifest verify %s/none", 3, "No such file"));

  ck_assert_ptr_nonnull (strstr (output, "line 7: unknown"));
  fake_daemon_stop ();
}
END_TEST

START_TEST (a_signer_that_is_away_is_exit_code_seven)
{
  fake_daemon_start (
      &(FakeAnswers){ .ca = "{'reachable': <false>, 'problem': <'nobody answers'>}" });
  g_autofree char *output = run ("ca status", 7, NULL);

  ck_assert_ptr_nonnull (strstr (output, "nobody answers"));
  fake_daemon_stop ();
}
END_TEST

START_TEST (completion_asks_the_daemon_and_offers_only_plain_names)
{
  fake_daemon_start (
      &(FakeAnswers){ .batches = "[{'name': <'WO-1'>}, {'name': <'WO-2'>}, {'name': <'$(x)'>}]" });
  g_autofree char *socket = g_build_filename (fake_daemon_folder (), "station.sock", NULL);
  g_autofree char *output = NULL;
  char *argv[] = { (char *)g_getenv ("KEYCRADLE_PROGRAM"),
                   (char *)"__complete",
                   (char *)"--socket",
                   socket,
                   (char *)"batch",
                   (char *)"show",
                   (char *)"",
                   NULL };

  ck_assert (g_spawn_sync (NULL, argv, NULL, 0, NULL, NULL, &output, NULL, NULL, NULL));
  ck_assert_str_eq (output, "WO-1\nWO-2\n");
  fake_daemon_stop ();
}
END_TEST

/* Reads lines until one holds `word`. */
static void
read_up_to (FILE *stream, const char *word)
{
  char line[1000];

  while (fgets (line, sizeof line, stream) != NULL)
    if (strstr (line, word) != NULL)
      return;
  ck_abort_msg ("the end came before '%s'", word);
}

START_TEST (monitor_goes_on_when_the_daemon_comes_back)
{
  fake_daemon_start (
      &(FakeAnswers){ .slots = "[{'slot': <uint32 1>, 'state': <'empty'>}]",
                      .signalled = "{'slot': <uint32 1>, 'state': <'pass'>, 'device': <'SN'>}",
                      .hang_up_once = TRUE });
  g_autofree char *socket = g_build_filename (fake_daemon_folder (), "station.sock", NULL);
  char *argv[] = { (char *)g_getenv ("KEYCRADLE_PROGRAM"),
                   (char *)"monitor",
                   (char *)"--json",
                   (char *)"--socket",
                   socket,
                   NULL };
  GPid pid;
  int out, err, status;

  ck_assert (g_spawn_async_with_pipes (NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL,
                                       &pid, NULL, &out, &err, NULL));
  FILE *output = fdopen (out, "r"), *problem = fdopen (err, "r");
  read_up_to (output, "\"state\":\"empty\"");
  read_up_to (problem, "went away");
  read_up_to (problem, "is back");
  read_up_to (
      output,
      "{\"signal\":\"SlotChanged\",\"slot\":{\"device\":\"SN\",\"slot\":1,\"state\":\"pass\"}}");
  kill (pid, SIGTERM);
  waitpid (pid, &status, 0);
  ck_assert (WIFEXITED (status) && WEXITSTATUS (status) == 0);
  fclose (output);
  fclose (problem);
  fake_daemon_stop ();
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("cli-client");
  TCase *tests = tcase_create ("client");
  SRunner *runner = srunner_create (suite);

  suite_add_tcase (suite, tests);
  tcase_set_timeout (tests, 60);
  tcase_add_test (tests, a_list_is_a_table_or_json_and_nothing_else);
  tcase_add_test (tests, an_empty_list_is_no_error);
  tcase_add_test (tests, the_daemons_refusals_become_exit_codes_and_one_sentence);
  tcase_add_test (tests, a_daemon_that_is_away_is_exit_code_four);
  tcase_add_test (tests, an_export_appears_whole_with_its_template);
  tcase_add_test (tests, an_export_to_standard_output_is_the_manifest_alone);
  tcase_add_test (tests, what_an_export_left_out_is_named_and_partial);
  tcase_add_test (tests, a_failed_export_leaves_what_was_there);
  tcase_add_test (tests, a_link_stays_and_its_target_is_replaced);
  tcase_add_test (tests, a_manifest_that_is_not_genuine_is_exit_code_six);
  tcase_add_test (tests, a_signer_that_is_away_is_exit_code_seven);
  tcase_add_test (tests, completion_asks_the_daemon_and_offers_only_plain_names);
  tcase_add_test (tests, monitor_goes_on_when_the_daemon_comes_back);
  srunner_run_all (runner, CK_NORMAL);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

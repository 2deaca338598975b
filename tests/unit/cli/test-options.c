/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Command lines, good and bad.
 */
#include <check.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "station/cli/cli.h"

/* Splits by blanks: "keycradle slot list". */
static gboolean
parse (Cli *cli, const char *line, GError **error)
{
  g_auto (GStrv) argv = g_strsplit (line, " ", -1);

  return cli_parse (cli, argv, error);
}

START_TEST (options_may_stand_before_between_and_behind_the_nouns)
{
  static const char *const lines[] = {
    "keycradle --batch B1 --limit 7 device list --json",
    "keycradle device --json --batch=B1 list --limit=7",
    "keycradle device list --limit 7 --batch B1 --json",
  };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++) {
    g_auto (Cli) cli = { 0 };
    g_autoptr (GError) error = NULL;
    ck_assert_msg (parse (&cli, lines[i], &error), "%s", lines[i]);
    ck_assert_str_eq (cli.verb->noun, "device");
    ck_assert_str_eq (cli.verb->verb, "list");
    ck_assert_str_eq (cli.options.batch, "B1");
    ck_assert_int_eq (cli.options.limit, 7);
    ck_assert (cli.options.json);
    ck_assert_uint_eq (cli.n_arguments, 0);
  }
}
END_TEST

START_TEST (what_was_not_given_can_be_told)
{
  g_auto (Cli) cli = { 0 };

  ck_assert (parse (&cli, "keycradle batch create B1 --serial-first 0", NULL));
  ck_assert_int_eq (cli.options.serial_first, 0);
  ck_assert_int_eq (cli.options.serial_last, -1);
  ck_assert_int_eq (cli.options.slots, -1);
  ck_assert_ptr_null (cli.options.product);
  ck_assert (!cli.options.json);
}
END_TEST

START_TEST (two_dashes_end_the_options)
{
  g_auto (Cli) cli = { 0 };

  ck_assert (parse (&cli, "keycradle csr check -- --json -", NULL));
  ck_assert (!cli.options.json);
  ck_assert_uint_eq (cli.n_arguments, 2);
  ck_assert_str_eq (cli.arguments[0], "--json");
  ck_assert_str_eq (cli.arguments[1], "-");
}
END_TEST

START_TEST (a_wrong_command_line_is_refused_with_what_to_type)
{
  static const struct {
    const char *line;
    const char *told;
  } cases[] = {
    { "keycradle", "keycradle help" },
    { "keycradle fly", "'fly'" },
    { "keycradle batch", "create, list, show, start, pause, targets, units, close" },
    { "keycradle batch fly", "create, list, show, start, pause, targets, units, close" },
    { "keycradle slot list --pem", "takes no --pem" },
    { "keycradle slot list --no-such", "--no-such" },
    { "keycradle slot enable", "keycradle slot enable SLOT" },
    { "keycradle slot enable 1 2", "keycradle slot enable SLOT" },
    { "keycradle status now", "keycradle status" },
    { "keycradle device list --limit many", "many" },
    { "keycradle device list --limit -5", "--limit" },
    { "keycradle device list --limit", "--limit" },
    { "keycradle device list --limit 99999999999999999999", "99999999999999999999" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_auto (Cli) cli = { 0 };
    g_autoptr (GError) error = NULL;
    ck_assert_msg (!parse (&cli, cases[i].line, &error), "%s is taken", cases[i].line);
    ck_assert (g_error_matches (error, CLI_ERROR, CLI_USAGE));
    ck_assert_msg (strstr (error->message, cases[i].told) != NULL, "%s: %s", cases[i].line,
                   error->message);
    ck_assert_int_eq (cli_exit_for_error (error), 2);
  }
}
END_TEST

START_TEST (help_is_given_anywhere)
{
  static const struct {
    const char *line;
    const char *noun;
  } cases[] = {
    { "keycradle --help", "help" },
    { "keycradle -h", "help" },
    { "keycradle batch --help", "help" },
    { "keycradle --help slot enable", "slot" },
    { "keycradle slot enable -h", "slot" },
    { "keycradle --version", "version" },
    { "keycradle status --version", "version" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_auto (Cli) cli = { 0 };
    ck_assert_msg (parse (&cli, cases[i].line, NULL), "%s", cases[i].line);
    ck_assert_str_eq (cli.verb->noun, cases[i].noun);
  }
}
END_TEST

START_TEST (the_socket_comes_from_option_environment_or_configuration)
{
  g_autofree char *path = NULL;
  int fd = g_file_open_tmp ("keycradle-XXXXXX.conf", &path, NULL);
  g_auto (Cli) cli = { 0 };

  ck_assert_int_ge (fd, 0);
  g_close (fd, NULL);
  ck_assert (g_file_set_contents (path, "[station]\nSocket=/from/config\n", -1, NULL));
  g_setenv ("KEYCRADLE_CONFIG", path, TRUE);
  g_unsetenv ("KEYCRADLE_SOCKET");
  g_autofree char *configured = cli_socket_path (&cli);
  ck_assert_str_eq (configured, "/from/config");

  g_setenv ("KEYCRADLE_SOCKET", "/from/environment", TRUE);
  g_autofree char *environment = cli_socket_path (&cli);
  ck_assert_str_eq (environment, "/from/environment");

  cli.options.config = g_strdup (path); /* what is typed wins over what is set */
  g_autofree char *typed = cli_socket_path (&cli);
  ck_assert_str_eq (typed, "/from/config");

  cli.options.socket = g_strdup ("/from/option");
  g_autofree char *option = cli_socket_path (&cli);
  ck_assert_str_eq (option, "/from/option");
  remove (path);
}
END_TEST

START_TEST (errors_of_the_daemon_have_their_exit_codes)
{
  static const struct {
    const char *name;
    CliExit code;
  } cases[] = {
    { "org.keycradle.Error.NotFound", CLI_NOT_FOUND },
    { "org.keycradle.Error.NotPermitted", CLI_NOT_PERMITTED },
    { "org.keycradle.Error.Invalid", CLI_USAGE },
    { "org.keycradle.Error.State", CLI_TRY_AGAIN },
    { "org.keycradle.Error.Storage", CLI_FAILED },
    { "org.keycradle.Error.CaUnavailable", CLI_CA_UNAVAILABLE },
    { "org.keycradle.Error.Failed", CLI_FAILED },
    { "org.freedesktop.DBus.Error.NoReply", CLI_UNREACHABLE },
    { "org.example.Unheard", CLI_FAILED },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = g_dbus_error_new_for_dbus_error (cases[i].name, "It is so.");
    ck_assert_msg (cli_exit_for_error (error) == cases[i].code, "%s", cases[i].name);
  }
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("cli-options");
  TCase *tests = tcase_create ("options");
  SRunner *runner = srunner_create (suite);

  suite_add_tcase (suite, tests);
  tcase_add_test (tests, options_may_stand_before_between_and_behind_the_nouns);
  tcase_add_test (tests, what_was_not_given_can_be_told);
  tcase_add_test (tests, two_dashes_end_the_options);
  tcase_add_test (tests, a_wrong_command_line_is_refused_with_what_to_type);
  tcase_add_test (tests, help_is_given_anywhere);
  tcase_add_test (tests, the_socket_comes_from_option_environment_or_configuration);
  tcase_add_test (tests, errors_of_the_daemon_have_their_exit_codes);
  srunner_run_all (runner, CK_NORMAL);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

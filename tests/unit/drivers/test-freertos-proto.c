/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the board says, told from what its log says on the same wire.
 */
#include <check.h>
#include <string.h>

#include "drivers/freertos/proto.h"

#define LOG "<INF>    12345 [MQTT      ] error: no route (mqtt_agent.c:120)"

static char *
clean (const char *text)
{
  return freertos_clean ((const guint8 *)text, strlen (text));
}

START_TEST (log_lines_are_taken_out_wherever_they_stand)
{
  static const struct {
    const char *raw;
    const char *clean;
  } cases[] = {
    { "conf get\r\nthing_name=\"a\"\r\n> ", "conf get\nthing_name=\"a\"\n> " },
    { LOG "\r\nconf get\r\n> ", "conf get\n> " },
    { "conf get\r\n" LOG "\r\nthing_name=\"a\"\r\n> ", "conf get\nthing_name=\"a\"\n> " },
    /* in the middle of a line of output */
    { "conf get\r\nthing_" LOG "\r\nname=\"a\"\r\n> ", "conf get\nthing_name=\"a\"\n> " },
    { "x\r\nab" LOG "\r\n" LOG "\r\ncd\r\n> ", "x\nabcd\n> " },
    /* in the middle of typing: erased, and typed again by the board */
    { "conf g\r\x1b[K" LOG "\r\n> conf get\r\n> ", "> conf get\n> " },
    { "\r\x1b[K" LOG "\r\n> conf get\r\n> ", "> conf get\n> " },
    /* at the prompt */
    { "conf get\r\n> \r\x1b[K" LOG "\r\n> ", "conf get\n> " },
    /* colours */
    { "\x1b[32mconf get\x1b[0m\r\n> ", "conf get\n> " },
    /* not a log line */
    { "<args> and <a> 1 [x]\r\n", "<args> and <a> 1 [x]\n" },
    { "<INF> [x]\r\n", "<INF> [x]\n" },
    { "", "" },
    { "\x1b[", "" },
    { "a\x1b[12", "a" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *text = clean (cases[i].raw);

    ck_assert_str_eq (text, cases[i].clean);
  }
}
END_TEST

START_TEST (a_nul_does_not_hide_what_follows_it)
{
  g_autofree char *text = freertos_clean ((const guint8 *)"a\0b\r\n", 5);

  ck_assert_str_eq (text, "a?b\n");
}
END_TEST

START_TEST (a_log_line_cuts_a_request_nowhere)
{
  static const char pem[] = "-----BEGIN CERTIFICATE REQUEST-----\r\n"
                            "MIIBCjCBrwIBADAvMS0wKwYDVQQDDCQ1MDUwMzY0Mi0zMjM5LTRmODYtODBjNC0w\r\n"
                            "-----END CERTIFICATE REQUEST-----\r\n";
  g_autofree char *expected = clean (pem);

  for (gsize i = 0; i <= strlen (pem); i++) {
    g_autoptr (GString) disturbed = g_string_new (pem);

    g_string_insert (disturbed, (gssize)i, LOG "\r\n");
    g_autofree char *text = clean (disturbed->str);
    ck_assert_str_eq (text, expected);
  }
}
END_TEST

START_TEST (a_prompt_is_one_only_at_the_start_of_a_line)
{
  static const struct {
    const char *text;
    gboolean prompt;
  } cases[] = {
    { "> ", TRUE },         { "\r\n> ", TRUE },  { "x\r\n> ", TRUE },
    { "<object> ", FALSE }, { "x\r\n>", FALSE }, { "x\r\n> conf", FALSE },
    { "", FALSE },          { ">", FALSE },      { "x\r\n > ", FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    ck_assert_int_eq (
        freertos_ends_in_prompt ((const guint8 *)cases[i].text, strlen (cases[i].text)),
        cases[i].prompt);
}
END_TEST

static void
check_answer (const char *text, FreertosEcho echo, const char *expected)
{
  g_autofree char *answer = NULL;

  ck_assert_int_eq (freertos_find_answer (text, "conf get", &answer), echo);
  ck_assert_str_eq (answer == NULL ? "" : answer, expected);
}

START_TEST (the_answer_stands_between_echo_and_prompt)
{
  check_answer ("conf get\na\nb\n> ", FREERTOS_ECHO_ANSWERED, "a\nb\n");
  check_answer ("> conf get\na\n> ", FREERTOS_ECHO_ANSWERED, "a\n");
  check_answer ("\n> \n> > conf get\n> ", FREERTOS_ECHO_ANSWERED, "");
  check_answer ("conf get\n> ", FREERTOS_ECHO_ANSWERED, "");
  check_answer ("> ", FREERTOS_NO_ECHO, "");
  check_answer ("\n> ", FREERTOS_NO_ECHO, "");
  check_answer ("", FREERTOS_NO_ECHO, "");
  check_answer ("conf gt\nCommand not recognized\n> ", FREERTOS_OTHER_ECHO, "");
  check_answer ("> xconf get\n> ", FREERTOS_OTHER_ECHO, "");
  check_answer ("late\n> \n> conf get\na\n> ", FREERTOS_ECHO_ANSWERED, "a\n");
}
END_TEST

START_TEST (only_the_command_lines_own_sentences_are_complaints)
{
  g_autofree char *commit = freertos_complaint ("Error: Could not save configuration to NVM.\n");
  g_autofree char *key =
      freertos_complaint ("a\nERROR: Failed to generate public/private key pair.\nb\n");

  ck_assert_str_eq (commit, "Error: Could not save configuration to NVM.");
  ck_assert_str_eq (key, "ERROR: Failed to generate public/private key pair.");
  ck_assert_ptr_null (freertos_complaint ("wifi: Error: key: not associated\n"));
  ck_assert_ptr_null (freertos_complaint ("errors=0\n"));
  ck_assert_ptr_null (freertos_complaint (""));
}
END_TEST

START_TEST (values_are_what_stands_in_the_quotes)
{
  static const char answer[] = "thing_name=\"dev-1\"\nmqtt_endpoint=\"\"\nmqtt_port=8883\nx=\"a\n";
  g_autofree char *name = freertos_value_of (answer, "thing_name");
  g_autofree char *endpoint = freertos_value_of (answer, "mqtt_endpoint");

  ck_assert_str_eq (name, "dev-1");
  ck_assert_str_eq (endpoint, "");
  ck_assert_ptr_null (freertos_value_of (answer, "mqtt_port"));
  ck_assert_ptr_null (freertos_value_of (answer, "x"));
  ck_assert_ptr_null (freertos_value_of (answer, "name"));
  ck_assert_ptr_null (freertos_value_of ("thing_name=\"", "thing_name"));
}
END_TEST

START_TEST (lines_that_the_board_can_not_take_are_not_sent)
{
  g_autofree char *longest = g_strnfill (FREERTOS_LINE_MAX, 'x');
  g_autofree char *longer = g_strnfill (FREERTOS_LINE_MAX + 1, 'x');

  ck_assert (freertos_line_fits (longest));
  ck_assert (!freertos_line_fits (longer));
  ck_assert (!freertos_line_fits (""));
  ck_assert (!freertos_line_fits ("conf set a b\rpki generate key"));
  ck_assert (!freertos_line_fits ("conf set a \x03"));
  ck_assert (!freertos_line_fits ("conf set a \xc3\xa4"));
}
END_TEST

START_TEST (a_nonce_left_as_a_name_is_recognised)
{
  g_autofree char *nonce = g_strnfill (64, 'f');
  g_autofree char *shorter = g_strnfill (63, 'f');

  ck_assert (freertos_is_nonce_name (nonce));
  ck_assert (!freertos_is_nonce_name (shorter));
  ck_assert (!freertos_is_nonce_name ("dev-001"));
  ck_assert (!freertos_is_nonce_name (""));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("drivers-freertos-proto");
  TCase *tcase = tcase_create ("words");

  tcase_add_test (tcase, log_lines_are_taken_out_wherever_they_stand);
  tcase_add_test (tcase, a_nul_does_not_hide_what_follows_it);
  tcase_add_test (tcase, a_log_line_cuts_a_request_nowhere);
  tcase_add_test (tcase, a_prompt_is_one_only_at_the_start_of_a_line);
  tcase_add_test (tcase, the_answer_stands_between_echo_and_prompt);
  tcase_add_test (tcase, only_the_command_lines_own_sentences_are_complaints);
  tcase_add_test (tcase, values_are_what_stands_in_the_quotes);
  tcase_add_test (tcase, lines_that_the_board_can_not_take_are_not_sent);
  tcase_add_test (tcase, a_nonce_left_as_a_name_is_recognised);
  suite_add_tcase (suite, tcase);
  SRunner *runner = srunner_create (suite);
  srunner_run_all (runner, CK_NORMAL);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? 0 : 1;
}

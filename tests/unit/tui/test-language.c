/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The language changes at run time, whatever the locale is.
 */
#include <check.h>
#include <locale.h>
#include <stdlib.h>

#include "ui-tui/keys.h"
#include "ui-tui/language.h"

static const char *
help_label (void)
{
  return _ (key_of_request (REQUEST_HELP)->label);
}

static void
begin (void)
{
  setlocale (LC_ALL, "");
  language_init (LOCALE_FOLDER);
}

START_TEST (switching_there_and_back_changes_what_is_said)
{
  begin ();
  for (int round = 0; round < 2; round++) {
    ck_assert_str_eq (language_use ("de", FALSE), "de");
    ck_assert_str_eq (help_label (), "Hilfe");
    ck_assert_str_eq (language_use ("zh_CN", FALSE), "zh_CN");
    ck_assert_str_eq (help_label (), "帮助");
    ck_assert_str_eq (language_use ("en", FALSE), "en");
    ck_assert_str_eq (help_label (), "Help");
  }
}
END_TEST

START_TEST (the_plain_locale_c_is_no_hindrance)
{
  g_setenv ("LC_ALL", "C", TRUE);
  begin ();
  language_use ("de", FALSE);
  ck_assert_str_eq (help_label (), "Hilfe");
}
END_TEST

START_TEST (chinese_needs_more_than_ascii)
{
  begin ();
  ck_assert_str_eq (language_use ("zh_CN", TRUE), "en");
  ck_assert_str_eq (help_label (), "Help");
  ck_assert_str_eq (language_use ("de", TRUE), "de");
  ck_assert_str_eq (help_label (), "Hilfe");
}
END_TEST

/* What is measured must be what is drawn: an umlaut is two letters there. */
START_TEST (german_on_ascii_is_spelled_before_it_is_measured)
{
  begin ();
  language_use ("de", TRUE);
  ck_assert_str_eq (_ ("Back"), "Zurueck");
  ck_assert_str_eq (_ ("PRESS A: SEEN"), "A DRUECKEN: GESEHEN");
  ck_assert_str_eq (ngettext ("%u day", "%u days", 2), "%u Tage");
  ck_assert_str_eq (ngettext ("and %u more reason", "and %u more reasons", 2),
                    "und %u weitere Gruende");
  language_use ("de", FALSE);
  ck_assert_str_eq (_ ("Back"), "Zurück");
}
END_TEST

START_TEST (an_unknown_language_is_english)
{
  begin ();
  language_use ("de", FALSE);
  ck_assert_str_eq (language_use ("tlh", FALSE), "en");
  ck_assert_str_eq (help_label (), "Help");
  ck_assert_str_eq (language_use (NULL, FALSE), "en");
}
END_TEST

START_TEST (the_locale_says_which_language_to_begin_with)
{
  g_unsetenv ("LC_ALL");
  g_setenv ("LANGUAGE", "fr:zh_CN", TRUE);
  g_setenv ("LANG", "de_AT.UTF-8", TRUE);
  begin ();
  ck_assert_str_eq (language_of_locale (), "zh_CN");
  language_use ("de", FALSE);
  ck_assert_str_eq (language_of_locale (), "zh_CN");
}
END_TEST

START_TEST (a_locale_without_a_language_of_ours_is_english)
{
  g_unsetenv ("LANGUAGE");
  g_setenv ("LC_ALL", "fr_FR.UTF-8", TRUE);
  begin ();
  ck_assert_str_eq (language_of_locale (), "en");
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("tui-language");
  TCase *cases = tcase_create ("language");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_add_test (cases, switching_there_and_back_changes_what_is_said);
  tcase_add_test (cases, the_plain_locale_c_is_no_hindrance);
  tcase_add_test (cases, chinese_needs_more_than_ascii);
  tcase_add_test (cases, german_on_ascii_is_spelled_before_it_is_measured);
  tcase_add_test (cases, an_unknown_language_is_english);
  tcase_add_test (cases, the_locale_says_which_language_to_begin_with);
  tcase_add_test (cases, a_locale_without_a_language_of_ours_is_english);
  suite_add_tcase (suite, cases);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The table of verbs and the list of options, held against each other.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "station/cli/cli.h"

static const CliOption *
option_called (const char *name)
{
  for (const CliOption *option = cli_options; option->name != NULL; option++)
    if (g_str_equal (option->name, name))
      return option;
  return NULL;
}

START_TEST (every_verb_is_complete)
{
  for (const CliVerb *verb = cli_verbs; verb->noun != NULL; verb++) {
    g_autofree char *name = cli_verb_name (verb);
    ck_assert_msg (verb->run != NULL, "%s does nothing", name);
    ck_assert_msg (g_str_has_suffix (verb->help, "."), "%s: the help is no sentence", name);
    ck_assert_msg (strlen (name) + strlen (verb->arguments) + 2 <= 44, "%s: too wide", name);
    ck_assert_msg (strlen (verb->help) <= 72, "%s: the help is too long", name);
  }
}
END_TEST

START_TEST (verbs_are_unique_and_their_nouns_stand_together)
{
  for (const CliVerb *verb = cli_verbs; verb->noun != NULL; verb++)
    for (const CliVerb *later = verb + 1; later->noun != NULL; later++) {
      if (!g_str_equal (verb->noun, later->noun))
        continue;
      ck_assert_str_eq (later[-1].noun, verb->noun);
      ck_assert_ptr_nonnull (verb->verb);
      ck_assert_pstr_ne (verb->verb, later->verb); /* the last may have none: "export FORMAT" */
    }
}
END_TEST

START_TEST (every_option_of_a_verb_exists_and_is_not_general)
{
  for (const CliVerb *verb = cli_verbs; verb->noun != NULL; verb++) {
    g_auto (GStrv) names = g_strsplit (verb->options, " ", -1);
    for (char **name = names; *name != NULL && **name != '\0'; name++) {
      const CliOption *option = option_called (*name);
      ck_assert_msg (option != NULL, "%s: there is no --%s", verb->noun, *name);
      ck_assert_msg (!option->general, "%s: --%s is general", verb->noun, *name);
    }
  }
}
END_TEST

START_TEST (every_option_is_taken_by_a_verb)
{
  for (const CliOption *option = cli_options; option->name != NULL; option++) {
    gboolean taken = option->general;
    for (const CliVerb *verb = cli_verbs; verb->noun != NULL; verb++)
      taken = taken || cli_verb_takes (verb, option->name);
    ck_assert_msg (taken, "--%s is taken by no verb", option->name);
    ck_assert_int_eq (option->kind == CLI_OPTION_SWITCH, option->argument == NULL);
  }
}
END_TEST

START_TEST (every_read_takes_json)
{
  for (const CliVerb *verb = cli_verbs; verb->noun != NULL; verb++)
    if (verb->role == CLI_ROLE_AUDITOR)
      ck_assert_msg (cli_verb_takes (verb, "json"), "%s %s reads without --json", verb->noun,
                     verb->verb == NULL ? "" : verb->verb);
}
END_TEST

START_TEST (arity_is_read_from_the_arguments)
{
  const struct {
    const char *arguments;
    guint least, most;
  } cases[] = { { "", 0, 0 },
                { "SLOT", 1, 1 },
                { "[SLOT]", 0, 1 },
                { "FILE...", 1, G_MAXUINT },
                { "[WORD...]", 0, G_MAXUINT },
                { "A [B]", 1, 2 } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    CliVerb verb = { .noun = "x", .arguments = cases[i].arguments };
    guint least, most;
    cli_verb_arity (&verb, &least, &most);
    ck_assert_uint_eq (least, cases[i].least);
    ck_assert_uint_eq (most, cases[i].most);
  }
}
END_TEST

START_TEST (help_names_every_verb_and_the_options_of_one)
{
  g_autofree char *all = cli_help_text ();

  for (const CliVerb *verb = cli_verbs; verb->noun != NULL; verb++) {
    g_autofree char *name = cli_verb_name (verb);
    g_autofree char *line = g_strdup_printf ("\n  %s ", name);
    g_autofree char *one = cli_verb_help_text (verb);
    ck_assert_msg (strstr (all, line) != NULL, "help does not name %s", name);
    ck_assert_ptr_nonnull (strstr (one, verb->help));
    for (const CliOption *option = cli_options; option->name != NULL; option++) {
      g_autofree char *flag = g_strdup_printf ("\n  --%s", option->name);
      gboolean named = strstr (one, flag) != NULL;
      if (option->general || cli_verb_takes (verb, option->name))
        ck_assert_msg (named, "help %s does not name --%s", name, option->name);
    }
  }
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("cli-table");
  TCase *tests = tcase_create ("table");
  SRunner *runner = srunner_create (suite);

  suite_add_tcase (suite, tests);
  tcase_add_test (tests, every_verb_is_complete);
  tcase_add_test (tests, verbs_are_unique_and_their_nouns_stand_together);
  tcase_add_test (tests, every_option_of_a_verb_exists_and_is_not_general);
  tcase_add_test (tests, every_option_is_taken_by_a_verb);
  tcase_add_test (tests, every_read_takes_json);
  tcase_add_test (tests, arity_is_read_from_the_arguments);
  tcase_add_test (tests, help_names_every_verb_and_the_options_of_one);
  srunner_run_all (runner, CK_NORMAL);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

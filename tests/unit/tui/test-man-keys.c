/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The keys in keycradle-tui(1) are those of key_table, with their codes and their help. With
 * --print it writes that part of the page.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui-tui/keys.h"

#define HEADING "\n# KEYS\n"
#define NEXT_HEADING "\n# "

/* Other keys for the same. */
static void
append_twins (GString *text, const Key *key)
{
  for (const Key *twin = key_table; twin->request != REQUEST_NONE; twin++)
    if (twin->request == key->request && twin->help == NULL)
      g_string_append_printf (text, ", *%s*", twin->key_name);
}

/* "Line, Slots: " */
static void
append_views (GString *text, const Key *key)
{
  const char *separator = "";

  if (key->views == IN_ALL_VIEWS)
    return;
  for (int view = 0; view < N_VIEWS; view++)
    if ((key->views & IN_VIEW (view)) != 0) {
      g_string_append_printf (text, "%s%s", separator,
                              key_of_request (request_of_view ((ViewKind)view))->label);
      separator = ", ";
    }
  g_string_append (text, ": ");
}

static char *
keys_of_table (void)
{
  GString *text = g_string_new (NULL);

  for (const Key *key = key_table; key->request != REQUEST_NONE; key++) {
    if (key->help == NULL)
      continue;
    g_string_append_printf (text, "\n*%s*", key->key_name);
    append_twins (text, key);
    if (key->code != NULL)
      g_string_append_printf (text, " - _%s_", key->code);
    g_string_append (text, "\n\t");
    append_views (text, key);
    g_string_append_printf (text, "%s%s\n", key->help,
                            key->supervisor ? " Asks for the supervisor." : "");
  }
  return g_string_free (text, FALSE);
}

/* From the first entry to the next heading. */
static char *
keys_of_page (void)
{
  g_autofree char *page = NULL;
  const char *start, *end;

  ck_assert (g_file_get_contents (PAGE, &page, NULL, NULL));
  start = strstr (page, HEADING);
  ck_assert_msg (start != NULL, "the page has no KEYS");
  start = strstr (start, "\n\n*");
  end = strstr (start, NEXT_HEADING);
  ck_assert_ptr_nonnull (end);
  return g_strndup (start + 1, (gsize)(end - start - 1));
}

START_TEST (the_man_page_has_the_keys_of_the_table)
{
  g_autofree char *table = keys_of_table ();
  g_autofree char *page = keys_of_page ();

  ck_assert_str_eq (page, table);
}
END_TEST

int
main (int argc, char **argv)
{
  Suite *suite = suite_create ("tui-man-keys");
  TCase *cases = tcase_create ("man-keys");
  SRunner *runner;
  int failed;

  if (argc == 2 && g_str_equal (argv[1], "--print")) {
    g_autofree char *table = keys_of_table ();

    fputs (table, stdout);
    return EXIT_SUCCESS;
  }
  runner = srunner_create (suite);
  tcase_add_test (cases, the_man_page_has_the_keys_of_the_table);
  suite_add_tcase (suite, cases);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The files of serials that `keycradle registry ... --file` reads: nothing of a file that holds a
 * wrong line, whatever its size.
 */
#include <check.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "station/cli/registry-run.h"

#define LARGE (1u << 20)

static char *path;

static void
setup (void)
{
  const int fd = g_file_open_tmp ("keycradle-words-XXXXXX", &path, NULL);

  ck_assert_int_ge (fd, 0);
  close (fd);
}

static void
teardown (void)
{
  g_unlink (path);
  g_free (path);
}

static gboolean
read_file (const char *content, gsize length, RegistryWords *words, GError **error)
{
  Cli cli = { .options = { .file = path } };

  ck_assert (g_file_set_contents (path, content, (gssize)length, NULL));
  return registry_words_read (&cli, words, error);
}

/* How many serials it has, and the last one. */
static void
expect_taken (const char *content, gsize length, guint count, const char *last)
{
  g_auto (RegistryWords) words = { 0 };
  g_autoptr (GError) problem = NULL;

  ck_assert_msg (read_file (content, length, &words, &problem), "%s",
                 problem != NULL ? problem->message : "");
  ck_assert_uint_eq (words.devices->len, count);
  ck_assert_uint_eq (words.numbers->len, count);
  if (last != NULL)
    ck_assert_str_eq (g_ptr_array_index (words.devices, count - 1), last);
}

static void
expect_refused (const char *content, gsize length, const char *says)
{
  g_auto (RegistryWords) words = { 0 };
  g_autoptr (GError) problem = NULL;

  ck_assert (!read_file (content, length, &words, &problem));
  ck_assert (g_error_matches (problem, CLI_ERROR, CLI_USAGE));
  ck_assert_msg (strstr (problem->message, says) != NULL, "%s", problem->message);
  ck_assert (g_utf8_validate (problem->message, -1, NULL));
  ck_assert_uint_lt (strlen (problem->message), 400);
}

#define TAKEN(text, count, last) expect_taken (text, sizeof (text) - 1, count, last)
#define REFUSED(text, says) expect_refused (text, sizeof (text) - 1, says)

START_TEST (lines_are_taken_with_or_without_their_ends)
{
  TAKEN ("", 0, NULL);
  TAKEN ("SN-1\nSN-2\n", 2, "SN-2");
  TAKEN ("SN-1\r\nSN-2", 2, "SN-2");
  TAKEN ("# two\n\n  SN-1 \n", 1, "SN-1");
}
END_TEST

/* Not the part of a line that stands before a byte of 0: a serial of UTF-16 would be its first
 * letter. */
START_TEST (a_byte_of_zero_ends_no_serial)
{
  REFUSED ("SN-1\nS\0N\0-\0002\0\n", "Line 2 of");
  REFUSED ("SN-1\0\n", "Line 1 of");
  REFUSED ("# \0SN-1\nSN-2\n", "Line 1 of");
  REFUSED ("\xef\xbb\xbfSN-1\n", "Line 1 of");
}
END_TEST

START_TEST (a_megabyte_is_read_or_refused_whole)
{
  GString *many = g_string_new (NULL);
  g_autofree char *line = g_strnfill (LARGE, 'S');
  g_autofree char *zeros = g_malloc0 (LARGE);

  while (many->len < LARGE)
    g_string_append (many, "SN-1\n");
  expect_taken (many->str, many->len, (guint)many->len / 5, "SN-1");
  g_string_append (many, "SN 1");
  expect_refused (many->str, many->len, "is neither a serial nor");
  expect_refused (line, LARGE, "Line 1 of");
  expect_refused (zeros, LARGE, "Line 1 of");
  g_string_free (many, TRUE);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("registry words");
  TCase *tests = tcase_create ("files");
  SRunner *runner = srunner_create (suite);

  tcase_add_checked_fixture (tests, setup, teardown);
  tcase_add_test (tests, lines_are_taken_with_or_without_their_ends);
  tcase_add_test (tests, a_byte_of_zero_ends_no_serial);
  tcase_add_test (tests, a_megabyte_is_read_or_refused_whole);
  suite_add_tcase (suite, tests);
  srunner_run_all (runner, CK_NORMAL);
  const int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

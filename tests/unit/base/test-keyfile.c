/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Configuration files, read strictly.
 */
#include "base/keyfile.h"

#include <check.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static const char *const station_keys[] = { "Name", "Mode", "Count", "Fast", "List", NULL };
static const char *const slot_keys[] = { "Port", NULL };
static const KeyfileGroup groups[] = { { "station", station_keys },
                                       { "slot *", slot_keys },
                                       { NULL, NULL } };

static char *path;

static void
setup (void)
{
  int fd = g_file_open_tmp ("keycradle-keyfile-XXXXXX", &path, NULL);

  ck_assert_int_ge (fd, 0);
  close (fd);
}

static void
teardown (void)
{
  g_unlink (path);
  g_free (path);
}

static Keyfile *
load (const char *text, GError **error)
{
  ck_assert (g_file_set_contents (path, text, -1, NULL));
  return keyfile_load_strict (path, groups, error);
}

START_TEST (test_values_are_read_as_what_they_are)
{
  g_autoptr (Keyfile) keyfile =
      load ("# a line\n\n[station]\nName = line 1 \nMode=demo\nCount=12\nFast=yes\nList=a; b;;c\n"
            "[slot 1]\nPort=/dev/a\n[slot 2]\r\nPort=/dev/b\r\n",
            NULL);
  static const char *const modes[] = { "production", "demo", NULL };
  g_autofree char *name = keyfile_text (keyfile, "station", "Name", NULL);
  g_autofree char *port = keyfile_text (keyfile, "slot 2", "Port", NULL);
  g_autofree char *absent = keyfile_text (keyfile, "slot 3", "Port", "none");
  g_auto (GStrv) list = keyfile_words (keyfile, "station", "List", NULL);
  guint mode, count;
  gboolean fast;

  ck_assert_str_eq (name, "line 1");
  ck_assert_str_eq (port, "/dev/b");
  ck_assert_str_eq (absent, "none");
  ck_assert_uint_eq (g_strv_length (list), 3);
  ck_assert_str_eq (list[1], "b");
  ck_assert (keyfile_choice (keyfile, "station", "Mode", modes, 0, &mode, NULL) && mode == 1);
  ck_assert (keyfile_number (keyfile, "station", "Count", 1, 20, 5, &count, NULL) && count == 12);
  ck_assert (keyfile_boolean (keyfile, "station", "Fast", FALSE, &fast, NULL) && fast);
  ck_assert_uint_eq (keyfile_line (keyfile, "slot 1", "Port"), 10);
  ck_assert_uint_eq (keyfile_line (keyfile, "slot 2", NULL), 11);
  ck_assert_uint_eq (keyfile_line (keyfile, "slot 9", NULL), 0);
}
END_TEST

START_TEST (test_what_nobody_asked_for_is_named_by_line)
{
  static const struct {
    const char *text;
    const char *words;
  } cases[] = {
    { "[station]\nNmae=a\n",
      ":2: unknown key 'Nmae' in [station]; did you mean 'Name'? Known keys are Name, Mode" },
    { "[station]\nColour=a\n", ":2: unknown key 'Colour' in [station]; known keys are Name, Mode" },
    { "[station]\nPort=a\n", ":2: unknown key 'Port'" },
    { "[station]\nName[de]=a\n", ":2: unknown key 'Name[de]'" },
    { "\n[stations]\n", ":2: unknown group [stations]; known groups are [station], [slot *]" },
    { "[slot ]\n", ":1: unknown group" },
    { "Name=a\n", ":1: key 'Name' stands before" },
    { "[station]\nName\n", ":2: this line is neither" },
    { "[station]\nName=a\nName=b\n", ":3: key 'Name' stands in [station] a second time" },
    { "[slot 1]\n[slot 1]\n", ":2: group [slot 1] stands here a second time" },
    { "[station]\nName=\xff\n", ": not UTF-8" },
  };
  g_autoptr (GError) problem = NULL;

  ck_assert (load (cases[_i].text, &problem) == NULL);
  ck_assert (g_str_has_prefix (problem->message, path));
  ck_assert_msg (strstr (problem->message, cases[_i].words) != NULL, "wanted '%s', got: %s",
                 cases[_i].words, problem->message);
}
END_TEST

START_TEST (test_a_value_that_is_no_good_is_named_by_line)
{
  g_autoptr (Keyfile) keyfile = load ("[station]\nMode=x\nCount=21\nFast=maybe\n", NULL);
  static const char *const modes[] = { "production", "demo", NULL };
  g_autoptr (GError) problem = NULL;
  guint number;
  gboolean fast;

  ck_assert (!keyfile_choice (keyfile, "station", "Mode", modes, 0, &number, &problem));
  ck_assert_ptr_nonnull (strstr (problem->message, ":2: Mode is 'x', but must be one of"));
  g_clear_error (&problem);
  ck_assert (!keyfile_number (keyfile, "station", "Count", 1, 20, 5, &number, &problem));
  ck_assert_ptr_nonnull (strstr (problem->message, ":3: Count must be a number from 1 to 20"));
  g_clear_error (&problem);
  ck_assert (!keyfile_boolean (keyfile, "station", "Fast", FALSE, &fast, &problem));
  ck_assert_ptr_nonnull (strstr (problem->message, ":4: Fast is 'maybe'"));
  g_clear_error (&problem);
  ck_assert (keyfile_needed_text (keyfile, "station", "Name", &problem) == NULL);
  ck_assert_ptr_nonnull (strstr (problem->message, "[station] needs Name="));
}
END_TEST

START_TEST (test_a_text_in_memory_is_read_the_same)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Keyfile) keyfile = keyfile_read_strict ("it", "[station]\nName=x\n", groups, NULL);
  g_autofree char *name = keyfile_text (keyfile, "station", "Name", NULL);

  ck_assert_str_eq (name, "x");
  ck_assert_ptr_null (keyfile_read_strict ("it", "[station]\nName=x\nName=x\n", groups, &error));
  ck_assert_str_eq (error->message, "it:3: key 'Name' stands in [station] a second time");
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("base keyfile");
  TCase *keyfile = tcase_create ("keyfile");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_add_checked_fixture (keyfile, setup, teardown);
  tcase_add_test (keyfile, test_a_text_in_memory_is_read_the_same);
  tcase_add_test (keyfile, test_values_are_read_as_what_they_are);
  tcase_add_loop_test (keyfile, test_what_nobody_asked_for_is_named_by_line, 0, 10);
  tcase_add_test (keyfile, test_a_value_that_is_no_good_is_named_by_line);
  suite_add_tcase (suite, keyfile);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}

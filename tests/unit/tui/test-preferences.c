/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * screen.conf: defaults, every key, and slips of the pen.
 */
#include <check.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui-tui/preferences.h"

/* A file of `text` in a folder of its own; free with g_free(). */
static char *
write_conf (const char *text)
{
  g_autofree char *folder = g_dir_make_tmp ("screen-XXXXXX", NULL);
  char *path = g_build_filename (folder, "screen.conf", NULL);

  ck_assert (g_file_set_contents (path, text, -1, NULL));
  return path;
}

static void
remove_conf (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);

  g_unlink (path);
  g_rmdir (folder);
}

static Preferences *
load (const char *text)
{
  g_autofree char *path = write_conf (text);
  g_autoptr (GError) error = NULL;
  Preferences *preferences = preferences_load (path, TRUE, &error);

  ck_assert_msg (preferences != NULL, "%s", error != NULL ? error->message : "");
  remove_conf (path);
  return preferences;
}

static void
check_refused (const char *text, const char *expected)
{
  g_autofree char *path = write_conf (text);
  g_autoptr (GError) error = NULL;

  ck_assert_ptr_null (preferences_load (path, TRUE, &error));
  ck_assert_ptr_nonnull (error);
  ck_assert (g_str_has_prefix (error->message, path));
  ck_assert_str_eq (error->message + strlen (path), expected);
  remove_conf (path);
}

START_TEST (everything_has_a_default)
{
  g_autoptr (Preferences) none = preferences_load (NULL, TRUE, NULL);
  g_autoptr (Preferences) empty = load ("");

  ck_assert_ptr_null (none->path);
  ck_assert_ptr_null (empty->language);
  ck_assert (!empty->ascii && empty->colour);
  ck_assert_str_eq (empty->palette, "standard");
  ck_assert_uint_eq (empty->lock_minutes, 10);
  ck_assert_uint_eq (empty->supervisor_seconds, 30);
  ck_assert (g_path_is_absolute (empty->export_folder));
  ck_assert_str_eq (empty->scan_prefix, "");
  ck_assert_str_eq (empty->scan_suffix, "enter");
  ck_assert_uint_eq (empty->scan_gap, 50);
  ck_assert_str_eq (empty->badge_prefix, "");
  ck_assert (empty->bell_on_fail && empty->bell_on_done);
  ck_assert_ptr_null (empty->command);
}
END_TEST

START_TEST (every_key_is_read)
{
  g_autoptr (Preferences) preferences =
      load ("[screen]\nLanguage=de\nAscii=yes\nColour=no\nPalette=bright\nLockMinutes=0\n"
            "SupervisorSeconds=60\nExportFolder=/media/stick\n"
            "[scanner]\nPrefix=]C1\nSuffix=tab\nGapMilliseconds=30\nBadgePrefix=OP-\n"
            "[alarm]\nBellOnFail=no\nBellOnBatchDone=no\nCommand=/bin/echo 'two words' three\n");

  ck_assert_str_eq (preferences->language, "de");
  ck_assert (preferences->ascii && !preferences->colour);
  ck_assert_str_eq (preferences->palette, "bright");
  ck_assert_uint_eq (preferences->lock_minutes, 0);
  ck_assert_uint_eq (preferences->supervisor_seconds, 60);
  ck_assert_str_eq (preferences->export_folder, "/media/stick");
  ck_assert_str_eq (preferences->scan_prefix, "]C1");
  ck_assert_str_eq (preferences->scan_suffix, "tab");
  ck_assert_uint_eq (preferences->scan_gap, 30);
  ck_assert_str_eq (preferences->badge_prefix, "OP-");
  ck_assert (!preferences->bell_on_fail && !preferences->bell_on_done);
  ck_assert_uint_eq (g_strv_length (preferences->command), 3);
  ck_assert_str_eq (preferences->command[1], "two words");
}
END_TEST

START_TEST (the_example_is_sound)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Preferences) preferences = preferences_load (EXAMPLE, TRUE, &error);

  ck_assert_msg (preferences != NULL, "%s", error != NULL ? error->message : "");
}
END_TEST

START_TEST (slips_of_the_pen_are_named_with_their_line)
{
  check_refused ("[screen]\nColor=no\n",
                 ":2: unknown key 'Color' in [screen]; did you mean 'Colour'? Known keys are "
                 "Language, Ascii, Colour, Palette, LockMinutes, SupervisorSeconds, ExportFolder");
  check_refused ("[alarms]\n",
                 ":1: unknown group [alarms]; known groups are [screen], [scanner], [alarm]");
  check_refused ("[screen]\n\nLanguage=fr\n",
                 ":3: Language is 'fr', but must be one of en, de, zh_CN");
  check_refused ("[screen]\nPalette=dark\n",
                 ":2: Palette is 'dark', but must be one of standard, blue-orange, bright");
  check_refused ("[screen]\nLockMinutes=-1\n", ":2: LockMinutes must be a number from 0 to 1440");
  check_refused ("[screen]\nExportFolder=stick\n",
                 ":2: ExportFolder=stick must be a full path, starting with /");
  check_refused ("[scanner]\nGapMilliseconds=0\n",
                 ":2: GapMilliseconds must be a number from 5 to 500");
  check_refused ("[scanner]\nPrefix=\303\244\n",
                 ":2: Prefix may have letters, digits and marks of ASCII only");
  check_refused ("[alarm]\nCommand=/nowhere/horn\n",
                 ":2: there is no program /nowhere/horn: write its full path, and make it "
                 "executable");
  check_refused ("[alarm]\nCommand=/bin/echo 'x\n",
                 ":2: Command=/bin/echo 'x can't be split into words: a quote is left open");
}
END_TEST

START_TEST (a_missing_file_matters_only_where_it_was_asked_for)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Preferences) preferences = preferences_load ("/nowhere/screen.conf", FALSE, &error);

  ck_assert_ptr_nonnull (preferences);
  ck_assert_ptr_null (preferences_load ("/nowhere/screen.conf", TRUE, &error));
  ck_assert (g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOENT));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("tui-preferences");
  TCase *cases = tcase_create ("preferences");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_add_test (cases, everything_has_a_default);
  tcase_add_test (cases, every_key_is_read);
  tcase_add_test (cases, the_example_is_sound);
  tcase_add_test (cases, slips_of_the_pen_are_named_with_their_line);
  tcase_add_test (cases, a_missing_file_matters_only_where_it_was_asked_for);
  suite_add_tcase (suite, cases);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

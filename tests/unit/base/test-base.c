/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * base/: what everything else leans on.
 */
#include <check.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/files.h"
#include "base/output-file.h"
#include "base/text.h"

START_TEST (hex_goes_there_and_back)
{
  const guint8 bytes[] = { 0x00, 0x7f, 0x80, 0xff };
  g_autofree char *text = hex_encode (bytes, sizeof bytes);
  g_autoptr (GBytes) back = hex_decode ("007F80fF");

  ck_assert_str_eq (text, "007f80ff");
  ck_assert_mem_eq (g_bytes_get_data (back, NULL), bytes, sizeof bytes);
}
END_TEST

START_TEST (hex_refuses_what_is_not_hex)
{
  ck_assert_ptr_null (hex_decode ("0"));
  ck_assert_ptr_null (hex_decode ("0g"));
  ck_assert_ptr_null (hex_decode ("0x10"));
}
END_TEST

START_TEST (base64_has_one_form)
{
  static const char *const wrong[] = {
    "", "AAE", "AAE=\n", "AA E=", "AAF=", "AAE==", "AA-=", "A==="
  };
  g_autoptr (GBytes) bytes = base64_read ("AAE=", 4);

  ck_assert_mem_eq (g_bytes_get_data (bytes, NULL), "\0\1", 2);
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    ck_assert_ptr_null (base64_read (wrong[i], strlen (wrong[i])));
}
END_TEST

START_TEST (pem_goes_there_and_back_at_every_length)
{
  guint8 der[200];

  for (gsize i = 0; i < sizeof der; i++)
    der[i] = (guint8)(i * 7);
  for (gsize length = 1; length <= sizeof der; length++) {
    g_autofree char *pem = pem_encode ("CERTIFICATE", der, length);
    g_autoptr (GBytes) back = pem_decode (pem, "CERTIFICATE", NULL);

    ck_assert_ptr_nonnull (back);
    ck_assert_uint_eq (g_bytes_get_size (back), length);
    ck_assert_mem_eq (g_bytes_get_data (back, NULL), der, length);
  }
}
END_TEST

START_TEST (pem_reads_a_chain_block_by_block)
{
  const char *chain = "text\n-----BEGIN A-----\r\nAAEC\r\n-----END A-----\r\n"
                      "-----BEGIN A-----\nAwQF\n-----END A-----\n";
  const char *rest = chain;
  g_autoptr (GBytes) first = pem_decode (rest, "A", &rest);
  g_autoptr (GBytes) second = pem_decode (rest, "A", &rest);

  ck_assert_mem_eq (g_bytes_get_data (first, NULL), "\0\1\2", 3);
  ck_assert_mem_eq (g_bytes_get_data (second, NULL), "\3\4\5", 3);
  ck_assert_ptr_null (pem_decode (rest, "A", &rest));
}
END_TEST

START_TEST (pem_refuses_damaged_base64)
{
  ck_assert_ptr_null (pem_decode ("-----BEGIN A-----\nAA C\n-----END A-----\n", "A", NULL));
  ck_assert_ptr_null (pem_decode ("-----BEGIN A-----\nAAE\n-----END A-----\n", "A", NULL));
  ck_assert_ptr_null (pem_decode ("-----BEGIN A-----\nA=EC\n-----END A-----\n", "A", NULL));
  ck_assert_ptr_null (pem_decode ("-----BEGIN A-----\n-----END A-----\n", "A", NULL));
  ck_assert_ptr_null (pem_decode ("-----BEGIN A-----\nAAEC\n", "A", NULL));
}
END_TEST

START_TEST (display_text_hides_what_a_terminal_would_obey)
{
  g_autofree char *escape = text_for_display ("a\033[2Jb\r\n\x7f", 100);
  g_autofree char *turned = text_for_display ("a\xe2\x80\xae"
                                              "b",
                                              100);
  g_autofree char *broken = bytes_for_display ((const guint8 *)"\xff\0z\xc3", 4, 100);
  g_autofree char *cut = text_for_display ("abcdef", 3);
  g_autofree char *umlaut = text_for_display ("Prüfstand", 100);
  g_autofree char *separated = text_for_display ("a\u2028b\u2029c", 100);
  g_autofree char *tagged = text_for_display ("a\U000e0041", 100);

  ck_assert_str_eq (escape, "a?[2Jb???");
  ck_assert_str_eq (turned, "a?b");
  ck_assert_str_eq (broken, "??z?");
  ck_assert_str_eq (cut, "abc~");
  ck_assert_str_eq (umlaut, "Prüfstand");
  ck_assert_str_eq (separated, "a?b?c");
  ck_assert_str_eq (tagged, "a?");
}
END_TEST

START_TEST (a_pattern_fits_a_serial_as_a_whole)
{
  g_autoptr (GError) error = NULL;

  ck_assert (serial_fits_pattern ("AC24-000413", "AC24-[0-9]{6}"));
  ck_assert (!serial_fits_pattern ("AC24-0004139", "AC24-[0-9]{6}"));
  ck_assert (!serial_fits_pattern ("xAC24-000413", "AC24-[0-9]{6}"));
  ck_assert (!serial_fits_pattern ("AC24-000413\n", "AC24-[0-9]{6}"));
  /* Whichever alternative comes first. */
  ck_assert (serial_fits_pattern ("AB", "A|AB"));
  ck_assert (!serial_fits_pattern ("ABC", "A|AB"));
  ck_assert (serial_pattern_check ("A|AB", &error));
  ck_assert (!serial_pattern_check ("A)|(?:B", &error));
  ck_assert_ptr_nonnull (error);
  ck_assert (!serial_fits_pattern ("B", "A)|(?:B"));
  ck_assert (!serial_fits_pattern ("A", "["));
}
END_TEST

START_TEST (no_pattern_holds_anything_up)
{
  static const char *const endless[] = {
    "(a+)+", "(a|a)*",  "(a{0,1000}){0,1000}", "(a?){64}a{64}", "(?:(?=(a+))\\1?a*)*",
    "(?R)a", "((a*)*)*"
  };
  g_autofree char *letters = g_strnfill (63, 'a');
  g_autofree char *serial = g_strconcat (letters, "b", NULL);
  const clock_t start = clock ();

  for (gsize i = 0; i < G_N_ELEMENTS (endless); i++)
    ck_assert_msg (!serial_fits_pattern (serial, endless[i]), "%s", endless[i]);
  ck_assert_int_lt ((clock () - start) / CLOCKS_PER_SEC, 2);
  /* What a supervisor may well write, at the longest serial. */
  ck_assert (serial_fits_pattern (serial, "([A-Za-z]+[-_.]?)+"));
  ck_assert (serial_fits_pattern (serial, "a*a*.*b"));
  ck_assert (!serial_fits_pattern (serial, "[a-z]*[0-9]*[a-z]*[0-9]"));
}
END_TEST

START_TEST (serials_are_narrow)
{
  ck_assert (serial_is_valid ("AC24-000413"));
  ck_assert (serial_is_valid ("352656109480783"));
  ck_assert (!serial_is_valid (""));
  ck_assert (!serial_is_valid ("-x"));
  ck_assert (!serial_is_valid ("a b"));
  ck_assert (!serial_is_valid ("a/../b"));
  ck_assert (
      !serial_is_valid ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
}
END_TEST

START_TEST (a_file_is_replaced_whole_with_its_mode)
{
  g_autofree char *folder = g_dir_make_tmp ("keycradle-base-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "file", NULL);
  g_autofree char *content = NULL;
  GStatBuf status;

  ck_assert (file_replace_durably (path, "one", 3, 0644, NULL));
  ck_assert (file_replace_durably (path, "two!", 4, 0600, NULL));
  ck_assert (g_file_get_contents (path, &content, NULL, NULL));
  ck_assert_str_eq (content, "two!");
  ck_assert_int_eq (g_stat (path, &status), 0);
  ck_assert_uint_eq (status.st_mode & 07777, 0600);
  ck_assert_int_eq (g_unlink (path), 0);
  ck_assert_int_eq (g_rmdir (folder), 0); /* nothing was left beside it */
}
END_TEST

START_TEST (a_file_in_no_folder_is_an_error_that_names_it)
{
  g_autoptr (GError) error = NULL;

  ck_assert (!file_replace_durably ("/nowhere/at/all", "x", 1, 0600, &error));
  ck_assert_ptr_nonnull (strstr (error->message, "/nowhere/at/all"));
}
END_TEST

START_TEST (a_file_that_is_streamed_appears_whole_or_not_at_all)
{
  g_autofree char *folder = g_dir_make_tmp ("keycradle-base-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "manifest", NULL);
  g_autofree char *content = NULL;
  OutputFile output = OUTPUT_FILE_INIT;

  ck_assert (output_file_open (&output, path, NULL));
  ck_assert (fd_write_all (output.fd, "half", 4, NULL));
  output_file_clear (&output);
  ck_assert_int_eq (g_rmdir (folder), 0); /* nothing is left in it */

  ck_assert_int_eq (g_mkdir (folder, 0755), 0);
  ck_assert (output_file_open (&output, path, NULL));
  ck_assert (fd_write_all (output.fd, "whole", 5, NULL));
  g_autofree char *beside = output_file_write_beside (&output, ".template", "{}", 2, NULL);
  ck_assert (output_file_finish (&output, NULL));
  output_file_clear (&output);
  ck_assert (g_file_get_contents (path, &content, NULL, NULL));
  ck_assert_str_eq (content, "whole");
  g_unlink (beside);
  g_unlink (path);
  ck_assert_int_eq (g_rmdir (folder), 0);
}
END_TEST

START_TEST (a_file_that_cannot_be_written_is_named)
{
  g_autoptr (GError) error = NULL;
  g_auto (OutputFile) output = OUTPUT_FILE_INIT;

  ck_assert (!output_file_open (&output, "/nowhere/manifest", &error));
  ck_assert_msg (strstr (error->message, "/nowhere/manifest") != NULL, "%s", error->message);
}
END_TEST

/* ---- readers and writers that are somebody else's ---- */

static gpointer
read_slowly (gpointer data)
{
  const int *ends = data;
  char buffer[1000];
  gsize total = 0;
  ssize_t got;

  while ((got = read (ends[0], buffer, sizeof buffer)) > 0) {
    total += (gsize)got;
    g_usleep (1000);
  }
  return GSIZE_TO_POINTER (total);
}

START_TEST (who_reads_slowly_gets_all)
{
  g_autofree char *text = g_strnfill (300000, 'x');
  int ends[2];

  ck_assert_int_eq (pipe (ends), 0);
  GThread *reader = g_thread_new ("reader", read_slowly, ends);
  ck_assert (fd_write_for_reader (ends[1], text, 300000, 500, NULL));
  close (ends[1]);
  ck_assert_uint_eq (GPOINTER_TO_SIZE (g_thread_join (reader)), 300000);
  close (ends[0]);
}
END_TEST

START_TEST (who_reads_nothing_is_left)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = g_strnfill (300000, 'x');
  int ends[2];

  ck_assert_int_eq (pipe (ends), 0);
  ck_assert (!fd_write_for_reader (ends[1], text, 300000, 100, &error));
  ck_assert (g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_AGAIN));
  g_clear_error (&error);
  ck_assert (fd_wait_for_writer (ends[0], 100, NULL));
  close (ends[0]);
  signal (SIGPIPE, SIG_IGN);
  ck_assert (!fd_write_for_reader (ends[1], text, 1, 100, &error)); /* gone */
  ck_assert (g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_PIPE));
  close (ends[1]);
}
END_TEST

START_TEST (who_sends_nothing_is_left)
{
  g_autoptr (GError) error = NULL;
  int ends[2];

  ck_assert_int_eq (pipe (ends), 0);
  ck_assert (!fd_wait_for_writer (ends[0], 100, &error));
  ck_assert (g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_AGAIN));
  close (ends[1]);
  ck_assert (fd_wait_for_writer (ends[0], 100, NULL)); /* its end can be read */
  close (ends[0]);
}
END_TEST

START_TEST (slips_of_the_pen_have_a_nearest_word)
{
  const char *const words[] = { "Name", "Mode", "StateFolder", "Colour", NULL };

  ck_assert_str_eq (text_nearest ("Nmae", words), "Name");
  ck_assert_str_eq (text_nearest ("name", words), "Name");
  ck_assert_str_eq (text_nearest ("Stat_Foldr", words), "StateFolder");
  ck_assert_str_eq (text_nearest ("Color", words), "Colour");
  ck_assert_ptr_null (text_nearest ("Baud", words));
  ck_assert_ptr_null (text_nearest ("", words));
}
END_TEST

/* What json-glib would call itself for, too often for its stack. */
START_TEST (deep_json_is_told_from_shallow)
{
  static const struct {
    const char *text;
    gboolean shallow; /* for two */
  } cases[] = {
    { "{\"a\":[1,-2.5e+3,true]}", TRUE },
    { "{\"a\":[[1]]}", FALSE },
    { "[],[],[],[[]]", TRUE },
    { "{\"a\":\"[[[[{{{{\"}", TRUE },
    { "{\"a\":\"\\\"[[[[\"}", TRUE },
    { "[\"]]]\",[\"]]]\",[1]]]", FALSE }, /* brackets in strings close nothing */
    { "/*\"*/[1]", FALSE },               /* comments and other quotes hide nothing */
    { "['\"',1]", FALSE },
    { "", TRUE },
    { "{\"a\":\"", TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    ck_assert_msg (json_is_shallow (cases[i].text, strlen (cases[i].text), 2) == cases[i].shallow,
                   "%s", cases[i].text);
  ck_assert (!json_is_shallow ("[\0]", 3, 2));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("base");
  TCase *tests = tcase_create ("base");
  SRunner *runner;
  int failed;

  tcase_add_test (tests, hex_goes_there_and_back);
  tcase_add_test (tests, hex_refuses_what_is_not_hex);
  tcase_add_test (tests, base64_has_one_form);
  tcase_add_test (tests, pem_goes_there_and_back_at_every_length);
  tcase_add_test (tests, pem_reads_a_chain_block_by_block);
  tcase_add_test (tests, pem_refuses_damaged_base64);
  tcase_add_test (tests, display_text_hides_what_a_terminal_would_obey);
  tcase_add_test (tests, serials_are_narrow);
  tcase_add_test (tests, a_pattern_fits_a_serial_as_a_whole);
  tcase_add_test (tests, no_pattern_holds_anything_up);
  tcase_add_test (tests, a_file_is_replaced_whole_with_its_mode);
  tcase_add_test (tests, a_file_in_no_folder_is_an_error_that_names_it);
  tcase_add_test (tests, a_file_that_is_streamed_appears_whole_or_not_at_all);
  tcase_add_test (tests, a_file_that_cannot_be_written_is_named);
  tcase_add_test (tests, who_reads_slowly_gets_all);
  tcase_add_test (tests, who_reads_nothing_is_left);
  tcase_add_test (tests, who_sends_nothing_is_left);
  tcase_add_test (tests, slips_of_the_pen_have_a_nearest_word);
  tcase_add_test (tests, deep_json_is_told_from_shallow);
  suite_add_tcase (suite, tests);
  runner = srunner_create (suite);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

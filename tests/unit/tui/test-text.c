/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How wide characters are, what stands for them in ASCII, and words for numbers.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "ui-tui/text.h"

START_TEST (characters_are_none_one_or_two_columns_wide)
{
  ck_assert_int_eq (glyph_width ('a'), 1);
  ck_assert_int_eq (glyph_width (0x1b), 0);
  ck_assert_int_eq (glyph_width (0x7f), 0);
  ck_assert_int_eq (glyph_width (0x9b), 0);
  ck_assert_int_eq (glyph_width (0x0308), 0); /* combining */
  ck_assert_int_eq (glyph_width (0x200b), 0); /* zero width space */
  ck_assert_int_eq (glyph_width (0x202e), 0); /* turns the text around */
  ck_assert_int_eq (glyph_width (0xe4), 1);
  ck_assert_int_eq (glyph_width (0x2502), 1); /* ambiguous */
  ck_assert_int_eq (glyph_width (0x4e2d), 2);
  ck_assert_int_eq (glyph_width (0xff21), 2); /* full width A */
  ck_assert_int_eq (glyph_width (0xac00), 2);
  ck_assert_int_eq (glyph_width (0xff76), 1); /* half width katakana */
}
END_TEST

START_TEST (text_is_as_wide_as_its_characters)
{
  ck_assert_int_eq (text_width (""), 0);
  ck_assert_int_eq (text_width ("Pru\314\210fen"), 6);
  ck_assert_int_eq (text_width ("合格 OK"), 7);
  ck_assert_int_eq (text_width ("a\033b"), 2);
}
END_TEST

START_TEST (everything_has_a_spelling_in_ascii)
{
  ck_assert_str_eq (glyph_to_ascii ('a'), "a");
  ck_assert_str_eq (glyph_to_ascii (0xe4), "ae");
  ck_assert_str_eq (glyph_to_ascii (0xdc), "Ue");
  ck_assert_str_eq (glyph_to_ascii (0xdf), "ss");
  ck_assert_str_eq (glyph_to_ascii (0xe9), "e");
  ck_assert_str_eq (glyph_to_ascii (0x0159), "r");
  ck_assert_str_eq (glyph_to_ascii (0x2026), "...");
  ck_assert_str_eq (glyph_to_ascii (0x2502), "|");
  ck_assert_str_eq (glyph_to_ascii (0x253c), "+");
  ck_assert_str_eq (glyph_to_ascii (0x2588), "#");
  ck_assert_str_eq (glyph_to_ascii (0x2192), "->");
  ck_assert_str_eq (glyph_to_ascii (0x2014), "-");
  ck_assert_str_eq (glyph_to_ascii (0xff21), "A");
  ck_assert_str_eq (glyph_to_ascii (0x4e2d), "?");
  ck_assert_str_eq (glyph_to_ascii (0x1b), "");
  ck_assert_str_eq (glyph_to_ascii (0x9b), "");
}
END_TEST

START_TEST (ascii_capitals_stand_beside_capitals)
{
  static const char *const texts[][2] = {
    { "PRÜFEN", "PRUEFEN" }, { "Ärger ÜBER GRÖSSE", "Aerger UEBER GROESSE" },       { "TÜ", "TUE" },
    { "Ü", "Ue" },           { "zwei\nZeilen für alle", "zwei\nZeilen fuer alle" }, { "", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autofree char *ascii = text_to_ascii (texts[i][0]);

    ck_assert_str_eq (ascii, texts[i][1]);
  }
}
END_TEST

START_TEST (spellings_are_short_and_printable)
{
  for (gunichar glyph = 0; glyph < 0x11000; glyph++) {
    const char *ascii = glyph_to_ascii (glyph);

    ck_assert_msg (strlen (ascii) <= 3, "U+%04X is '%s'", glyph, ascii);
    ck_assert_msg ((*ascii == '\0') == (glyph_width (glyph) == 0), "U+%04X is '%s'", glyph, ascii);
    for (; *ascii != '\0'; ascii++)
      ck_assert_msg (g_ascii_isprint (*ascii), "U+%04X", glyph);
  }
}
END_TEST

static void
check_words (char *words, const char *expected)
{
  ck_assert_str_eq (words, expected);
  g_free (words);
}

START_TEST (durations_are_said_as_people_do)
{
  check_words (duration_words (-5), "0.0 s");
  check_words (duration_words (12499999), "12.4 s");
  check_words (duration_words (59999999), "59.9 s");
  check_words (duration_words (60000000), "1 min 00 s");
  check_words (duration_words (185000000), "3 min 05 s");
  check_words (duration_words (G_GINT64_CONSTANT (7800000000)), "2 h 10 min");
}
END_TEST

START_TEST (shares_are_rounded_down)
{
  check_words (percent_words (0, 0), "-");
  check_words (percent_words (59, 60), "98.3%");
  check_words (percent_words (9999, 10000), "99.9%");
  check_words (percent_words (5, 5), "100.0%");
}
END_TEST

START_TEST (sizes_have_a_unit)
{
  check_words (bytes_words (999), "999 B");
  check_words (bytes_words (1000), "1.0 kB");
  check_words (bytes_words (1250000000), "1.2 GB");
  check_words (bytes_words (999999), "999.9 kB");
  check_words (bytes_words (G_GUINT64_CONSTANT (2000000000000000)), "2000.0 TB");
}
END_TEST

START_TEST (times_are_local)
{
  g_setenv ("TZ", "UTC-2", TRUE);
  check_words (clock_words (G_GINT64_CONSTANT (1763728328000000)), "14:32:08");
  check_words (date_words (G_GINT64_CONSTANT (1763728328999999)), "2025-11-21 14:32:08");
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("tui-text");
  TCase *cases = tcase_create ("text");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_add_test (cases, characters_are_none_one_or_two_columns_wide);
  tcase_add_test (cases, text_is_as_wide_as_its_characters);
  tcase_add_test (cases, everything_has_a_spelling_in_ascii);
  tcase_add_test (cases, ascii_capitals_stand_beside_capitals);
  tcase_add_test (cases, spellings_are_short_and_printable);
  tcase_add_test (cases, durations_are_said_as_people_do);
  tcase_add_test (cases, shares_are_rounded_down);
  tcase_add_test (cases, sizes_have_a_unit);
  tcase_add_test (cases, times_are_local);
  suite_add_tcase (suite, cases);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

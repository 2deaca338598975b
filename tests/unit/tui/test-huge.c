/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Huge words: the largest that fits, in every room and every script.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "ui-tui/huge.h"

static char *
huge_text (int height, int width, gboolean ascii, const char *word)
{
  g_autoptr (Canvas) canvas = canvas_new (height, width, ascii);

  huge_draw (canvas, canvas_area (canvas), STYLE_PASS, word);
  return canvas_to_text (canvas);
}

static void
check_huge (int height, int width, gboolean ascii, const char *word, const char *expected)
{
  g_autofree char *text = huge_text (height, width, ascii, word);

  ck_assert_str_eq (text, expected);
}

START_TEST (letters_are_blocks)
{
  check_huge (5, 15, TRUE, "pass",
              "###  #  ### ###\n"
              "# # # # #   #\n"
              "### ### ### ###\n"
              "#   # #   #   #\n"
              "#   # # ### ###\n");
  check_huge (5, 3, FALSE, "L", "█\n█\n█\n█\n███\n");
}
END_TEST

START_TEST (letters_grow_with_the_room)
{
  check_huge (6, 8, TRUE, "L", " ##\n ##\n ##\n ##\n ######\n\n");
  check_huge (10, 12, TRUE, "-", "\n\n\n\n############\n############\n\n\n\n\n");
}
END_TEST

START_TEST (several_words_stand_below_each_other_where_that_is_larger)
{
  check_huge (11, 8, TRUE, "II LL",
              "  # #\n  # #\n  # #\n  # #\n  # #\n\n#   #\n#   #\n#   #\n#   #\n### ###\n");
}
END_TEST

START_TEST (umlauts_have_dots_or_an_e)
{
  check_huge (7, 3, TRUE, "Ü", "# #\n\n# #\n# #\n# #\n# #\n###\n");
  check_huge (5, 7, TRUE, "U\314\210", "# # ###\n# # #\n# # ##\n# # #\n### ###\n");
}
END_TEST

START_TEST (what_no_letter_fits_is_plain_text)
{
  check_huge (3, 11, TRUE, "INSERT", "\nI N S E R T\n\n");
  check_huge (3, 8, TRUE, "INSERT", "\n INSERT\n\n");
  check_huge (1, 4, TRUE, "INSERT", "INS~\n");
}
END_TEST

START_TEST (characters_that_are_not_drawn_stand_far_apart_in_a_frame)
{
  check_huge (5, 20, FALSE, "通过",
              " ╔════════════════╗\n"
              " ║                ║\n"
              " ║     通  过     ║\n"
              " ║                ║\n"
              " ╚════════════════╝\n");
  check_huge (3, 8, FALSE, "通过", "╔══════╗\n║通  过║\n╚══════╝\n");
  check_huge (1, 8, FALSE, "通过", " 通 过\n");
}
END_TEST

START_TEST (chinese_characters_are_dots_two_in_a_cell)
{
  check_huge (5, 15, FALSE, "合格",
              "  ▄▀▄    █  █▄▄\n"
              "▄▀▄▄▄▀▄ ▀█ ▀▄▄▀\n"
              " ▄▄▄▄▄  ██ ▀  ▀\n"
              " █   █   █ █▀▀█\n"
              " █▄▄▄█   █ █▄▄█\n");
  check_huge (3, 8, FALSE, "合格", "╔══════╗\n║合  格║\n╚══════╝\n");
}
END_TEST

START_TEST (any_word_is_harmless_in_any_area)
{
  static const char *const words[] = { "",       " ",    "PASS", "PRÜFEN", "REMOVE AND RE-SEAT",
                                       "请插入", "\xff", "%s\n" };

  for (gsize word = 0; word < G_N_ELEMENTS (words); word++)
    for (int height = 0; height < 24; height++)
      for (int width = 0; width < 90; width++) {
        g_autofree char *text = huge_text (height, width, FALSE, words[word]);

        ck_assert_ptr_nonnull (text);
        if (word >= 2 && word <= 5 && height > 0 && width > 1)
          ck_assert_msg (strspn (text, " \n") < strlen (text), "nothing of %s in %dx%d",
                         words[word], width, height);
      }
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("tui-huge");
  TCase *cases = tcase_create ("huge");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_add_test (cases, letters_are_blocks);
  tcase_add_test (cases, letters_grow_with_the_room);
  tcase_add_test (cases, several_words_stand_below_each_other_where_that_is_larger);
  tcase_add_test (cases, umlauts_have_dots_or_an_e);
  tcase_add_test (cases, what_no_letter_fits_is_plain_text);
  tcase_add_test (cases, characters_that_are_not_drawn_stand_far_apart_in_a_frame);
  tcase_add_test (cases, chinese_characters_are_dots_two_in_a_cell);
  tcase_add_test (cases, any_word_is_harmless_in_any_area);
  suite_add_tcase (suite, cases);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

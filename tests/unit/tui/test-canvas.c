/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The canvas: what is drawn, what is cut, what joins.
 */
#include <check.h>
#include <stdlib.h>

#include "ui-tui/canvas.h"

static void
check_canvas (const Canvas *canvas, const char *expected)
{
  g_autofree char *text = canvas_to_text (canvas);

  ck_assert_str_eq (text, expected);
}

static void
check_text (gboolean ascii, int columns, int width, const char *text, const char *expected)
{
  g_autoptr (Canvas) canvas = canvas_new (1, columns, ascii);
  g_autofree char *line = g_strconcat (expected, "\n", NULL);

  canvas_text (canvas, canvas_area (canvas), 0, 0, width, STYLE_NORMAL, text);
  check_canvas (canvas, line);
}

START_TEST (text_is_cut_with_an_ellipsis)
{
  check_text (FALSE, 8, -1, "provisio", "provisio");
  check_text (FALSE, 8, -1, "provision", "provisi…");
  check_text (TRUE, 8, -1, "provision", "provisi~");
  check_text (FALSE, 8, 3, "provision", "pr…");
  check_text (FALSE, 8, 1, "provision", "…");
  check_text (FALSE, 8, 0, "provision", "");
}
END_TEST

START_TEST (wide_text_is_cut_before_a_half_character)
{
  check_text (FALSE, 6, -1, "请插入", "请插入");
  check_text (FALSE, 5, -1, "请插入", "请插…");
  check_text (FALSE, 4, -1, "请插入", "请…");
  check_text (FALSE, 1, -1, "请", "…");
}
END_TEST

START_TEST (what_has_no_width_is_not_drawn)
{
  check_text (FALSE, 20, -1, "a\033[2Jb\tc\nd\177e", "a[2Jbcde");
  check_text (FALSE, 20, -1, "a\342\200\213b\342\200\256c", "abc");
  check_text (FALSE, 20, -1, "bro\xff", "bro\357\277\275");
}
END_TEST

START_TEST (accents_are_composed_before_they_are_measured)
{
  check_text (FALSE, 6, -1, "Pru\314\210fen", "Prüfen");
  check_text (TRUE, 7, -1, "Pru\314\210fen", "Pruefen");
}
END_TEST

START_TEST (text_in_ascii_is_measured_as_it_is_drawn)
{
  g_autoptr (Canvas) canvas = canvas_new (2, 10, TRUE);

  ck_assert_int_eq (canvas_text_width (canvas, "über…"), 8);
  canvas_text_right (canvas, canvas_area (canvas), 0, STYLE_NORMAL, "über");
  canvas_text_middle (canvas, canvas_area (canvas), 1, STYLE_NORMAL, "größer");
  check_canvas (canvas, "     ueber\n groesser\n");
}
END_TEST

START_TEST (drawing_returns_the_columns_that_it_used)
{
  g_autoptr (Canvas) canvas = canvas_new (1, 10, FALSE);
  const Area area = canvas_area (canvas);

  ck_assert_int_eq (canvas_text (canvas, area, 0, 0, -1, STYLE_NORMAL, "请a"), 3);
  ck_assert_int_eq (canvas_printf (canvas, area, 0, 3, -1, STYLE_NORMAL, "%d", 12), 2);
  ck_assert_int_eq (canvas_text (canvas, area, 0, 5, -1, STYLE_NORMAL, "0123456789"), 5);
  ck_assert_int_eq (canvas_text (canvas, area, 0, 10, -1, STYLE_NORMAL, "x"), 0);
  check_canvas (canvas, "请a120123…\n");
}
END_TEST

START_TEST (half_of_an_overwritten_wide_character_becomes_blank)
{
  g_autoptr (Canvas) canvas = canvas_new (3, 6, FALSE);
  const Area area = canvas_area (canvas);

  for (int row = 0; row < 3; row++)
    canvas_text (canvas, area, row, 0, -1, STYLE_NORMAL, "请插入");
  canvas_text (canvas, area, 0, 1, -1, STYLE_NORMAL, "x");
  canvas_text (canvas, area, 1, 2, -1, STYLE_NORMAL, "x");
  canvas_text (canvas, area, 2, 1, 2, STYLE_NORMAL, "入");
  check_canvas (canvas, " x插入\n请x 入\n 入 入\n");
  ck_assert_uint_eq (canvas_cell (canvas, 2, 2).glyph, 0);
}
END_TEST

START_TEST (nothing_is_drawn_outside_the_area)
{
  g_autoptr (Canvas) canvas = canvas_new (3, 6, FALSE);
  const Area area = { 1, 1, 1, 4 };

  canvas_fill (canvas, canvas_area (canvas), '.', STYLE_NORMAL);
  canvas_text (canvas, area, -1, 0, -1, STYLE_NORMAL, "above");
  canvas_text (canvas, area, 1, 0, -1, STYLE_NORMAL, "below");
  canvas_text (canvas, area, 0, -1, -1, STYLE_NORMAL, "请a");
  check_canvas (canvas, "......\n. a...\n......\n");
}
END_TEST

START_TEST (an_area_beyond_the_canvas_is_harmless)
{
  g_autoptr (Canvas) canvas = canvas_new (2, 3, FALSE);
  const Area area = { -2, -2, 20, 20 };

  canvas_box (canvas, area, BOX_SINGLE, STYLE_NORMAL);
  canvas_pattern (canvas, area, PATTERN_DOT, STYLE_FAIL);
  canvas_fill (canvas, area, 'x', STYLE_FAIL);
  canvas_text (canvas, (Area){ 0, 1, 1, 9 }, 0, 0, -1, STYLE_NORMAL, "abc");
  check_canvas (canvas, "xa…\nxxx\n");
}
END_TEST

START_TEST (paragraphs_break_between_words)
{
  g_autoptr (Canvas) canvas = canvas_new (4, 10, FALSE);

  ck_assert_int_eq (canvas_paragraph (canvas, canvas_area (canvas), 0, STYLE_NORMAL,
                                      "put it  into the box\nthen go"),
                    4);
  check_canvas (canvas, "put it\ninto the\nbox\nthen go\n");
}
END_TEST

START_TEST (a_paragraph_that_is_too_long_ends_in_an_ellipsis)
{
  g_autoptr (Canvas) canvas = canvas_new (2, 10, FALSE);

  ck_assert_int_eq (canvas_paragraph (canvas, canvas_area (canvas), 0, STYLE_NORMAL,
                                      "put the unit into the red box"),
                    2);
  check_canvas (canvas, "put the\nunit into…\n");
}
END_TEST

START_TEST (a_word_longer_than_a_line_is_broken)
{
  g_autoptr (Canvas) canvas = canvas_new (3, 5, FALSE);

  ck_assert_int_eq (canvas_paragraph (canvas, canvas_area (canvas), 0, STYLE_NORMAL, "no abcdefgh"),
                    3);
  check_canvas (canvas, "no\nabcde\nfgh\n");
}
END_TEST

START_TEST (chinese_breaks_anywhere_but_before_its_marks)
{
  g_autoptr (Canvas) canvas = canvas_new (3, 6, FALSE);

  canvas_paragraph (canvas, canvas_area (canvas), 0, STYLE_NORMAL, "请插入设备。好");
  check_canvas (canvas, "请插入\n设备。\n好\n");
  canvas_clear (canvas);
  canvas_paragraph (canvas, canvas_area (canvas), 0, STYLE_NORMAL, "请插入，好");
  check_canvas (canvas, "请插\n入，好\n\n");
}
END_TEST

static void
draw_boxes (Canvas *canvas)
{
  canvas_box (canvas, (Area){ 0, 0, 3, 4 }, BOX_SINGLE, STYLE_NORMAL);
  canvas_box (canvas, (Area){ 0, 3, 3, 4 }, BOX_SINGLE, STYLE_NORMAL);
  canvas_box (canvas, (Area){ 2, 0, 3, 4 }, BOX_SINGLE, STYLE_NORMAL);
  canvas_box (canvas, (Area){ 2, 3, 3, 4 }, BOX_SINGLE, STYLE_NORMAL);
}

START_TEST (boxes_that_share_an_edge_join)
{
  g_autoptr (Canvas) canvas = canvas_new (5, 7, FALSE);

  draw_boxes (canvas);
  check_canvas (canvas, "┌──┬──┐\n│  │  │\n├──┼──┤\n│  │  │\n└──┴──┘\n");
}
END_TEST

START_TEST (boxes_join_in_ascii_too)
{
  g_autoptr (Canvas) canvas = canvas_new (5, 7, TRUE);

  draw_boxes (canvas);
  check_canvas (canvas, "+--+--+\n|  |  |\n+--+--+\n|  |  |\n+--+--+\n");
}
END_TEST

START_TEST (a_double_box_stands_out_among_single_ones)
{
  g_autoptr (Canvas) canvas = canvas_new (5, 7, FALSE);
  g_autoptr (Canvas) ascii = canvas_new (5, 7, TRUE);

  draw_boxes (canvas);
  canvas_box (canvas, (Area){ 0, 0, 3, 4 }, BOX_DOUBLE, STYLE_NORMAL);
  check_canvas (canvas, "╔══╦──┐\n║  ║  │\n╠══╬──┤\n│  │  │\n└──┴──┘\n");
  draw_boxes (ascii);
  canvas_box (ascii, (Area){ 0, 0, 3, 4 }, BOX_DOUBLE, STYLE_NORMAL);
  check_canvas (ascii, "#==#--+\n#  #  |\n#==#--+\n|  |  |\n+--+--+\n");
}
END_TEST

START_TEST (rules_join_a_frame_or_stand_alone)
{
  g_autoptr (Canvas) canvas = canvas_new (4, 4, FALSE);

  canvas_box (canvas, (Area){ 0, 0, 3, 4 }, BOX_SINGLE, STYLE_NORMAL);
  canvas_rule (canvas, canvas_area (canvas), 1, STYLE_NORMAL);
  canvas_rule (canvas, canvas_area (canvas), 3, STYLE_NORMAL);
  check_canvas (canvas, "┌──┐\n├──┤\n└──┘\n────\n");
}
END_TEST

START_TEST (patterns_are_known_without_colour)
{
  g_autoptr (Canvas) canvas = canvas_new (3, 4, TRUE);

  canvas_pattern (canvas, canvas_area (canvas), PATTERN_CROSS, STYLE_FAIL);
  check_canvas (canvas, "X X\n X X\nX X\n");
  canvas_pattern (canvas, canvas_area (canvas), PATTERN_SLASH, STYLE_FAIL);
  check_canvas (canvas, "/ /\n / /\n/ /\n");
  canvas_clear (canvas);
  canvas_pattern (canvas, canvas_area (canvas), PATTERN_SOLID, STYLE_FAIL);
  check_canvas (canvas, "####\n#  #\n####\n");
}
END_TEST

START_TEST (bars_are_full_only_when_all_is_done)
{
  g_autoptr (Canvas) canvas = canvas_new (4, 7, TRUE);
  const Area area = canvas_area (canvas);

  canvas_bar (canvas, area, 0, 0, 7, 0, 0, STYLE_NORMAL);
  canvas_bar (canvas, area, 1, 0, 7, 999, 1000, STYLE_NORMAL);
  canvas_bar (canvas, area, 2, 0, 7, G_MAXUINT64, G_MAXUINT64, STYLE_NORMAL);
  canvas_bar (canvas, area, 3, 0, 7, 7, 5, STYLE_NORMAL);
  check_canvas (canvas, "[.....]\n[####.]\n[#####]\n[#####]\n");
}
END_TEST

START_TEST (styles_are_told_cell_by_cell)
{
  g_autoptr (Canvas) canvas = canvas_new (1, 4, FALSE);
  g_autofree char *before = NULL, *after = NULL;

  canvas_text (canvas, canvas_area (canvas), 0, 1, -1, STYLE_FAIL, "请");
  before = canvas_styles_to_text (canvas);
  ck_assert_str_eq (before, ".ii.\n");
  canvas_grey (canvas, (Area){ 0, 0, 1, 2 });
  after = canvas_styles_to_text (canvas);
  ck_assert_str_eq (after, "aai.\n");
}
END_TEST

START_TEST (areas_never_become_negative)
{
  const Area area = { 1, 1, 3, 3 };

  ck_assert_int_eq (area_below (area, 5).height, 0);
  ck_assert_int_eq (area_below (area, 5).row, 4);
  ck_assert_int_eq (area_top (area, 5).height, 3);
  ck_assert_int_eq (area_top (area, -1).height, 0);
  ck_assert_int_eq (area_inside (area, 2, 1).height, 0);
  ck_assert_int_eq (area_inside (area, 2, 1).width, 1);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("tui-canvas");
  TCase *cases = tcase_create ("canvas");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_add_test (cases, text_is_cut_with_an_ellipsis);
  tcase_add_test (cases, wide_text_is_cut_before_a_half_character);
  tcase_add_test (cases, what_has_no_width_is_not_drawn);
  tcase_add_test (cases, accents_are_composed_before_they_are_measured);
  tcase_add_test (cases, text_in_ascii_is_measured_as_it_is_drawn);
  tcase_add_test (cases, drawing_returns_the_columns_that_it_used);
  tcase_add_test (cases, half_of_an_overwritten_wide_character_becomes_blank);
  tcase_add_test (cases, nothing_is_drawn_outside_the_area);
  tcase_add_test (cases, an_area_beyond_the_canvas_is_harmless);
  tcase_add_test (cases, paragraphs_break_between_words);
  tcase_add_test (cases, a_paragraph_that_is_too_long_ends_in_an_ellipsis);
  tcase_add_test (cases, a_word_longer_than_a_line_is_broken);
  tcase_add_test (cases, chinese_breaks_anywhere_but_before_its_marks);
  tcase_add_test (cases, boxes_that_share_an_edge_join);
  tcase_add_test (cases, boxes_join_in_ascii_too);
  tcase_add_test (cases, a_double_box_stands_out_among_single_ones);
  tcase_add_test (cases, rules_join_a_frame_or_stand_alone);
  tcase_add_test (cases, patterns_are_known_without_colour);
  tcase_add_test (cases, bars_are_full_only_when_all_is_done);
  tcase_add_test (cases, styles_are_told_cell_by_cell);
  tcase_add_test (cases, areas_never_become_negative);
  suite_add_tcase (suite, cases);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

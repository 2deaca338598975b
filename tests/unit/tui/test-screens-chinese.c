/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The screen in Chinese: characters two cells wide in every table, and words read from afar.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/tui/views-rig.h"
#include "ui-tui/huge.h"
#include "ui-tui/keys.h"
#include "ui-tui/language.h"
#include "ui-tui/text.h"

static void
begin (void)
{
  golden_setup ();
  language_init (LOCALE_FOLDER);
  ck_assert_str_eq (language_use ("zh_CN", FALSE), "zh_CN");
}

/* On the terminals of a line and of a desk. */
static void
check_screen (const char *name, Model *model)
{
  g_autofree char *small = g_strconcat (name, "-80x24", NULL);
  g_autofree char *large = g_strconcat (name, "-132x43", NULL);

  golden_check (small, model, 80, 24, GOLDEN_UTF8);
  golden_check (large, model, 132, 43, GOLDEN_UTF8);
  model_free (model);
}

START_TEST (a_line_at_work)
{
  check_screen ("chinese-line-8", sample_line (8));
}
END_TEST

START_TEST (a_line_whose_people_and_batches_have_chinese_names)
{
  check_screen ("chinese-names-8", sample_wide (8));
}
END_TEST

START_TEST (many_slots)
{
  check_screen ("chinese-line-40", sample_line (40));
}
END_TEST

START_TEST (a_batch_that_is_done)
{
  check_screen ("chinese-done-8", sample_batch_done (8));
}
END_TEST

START_TEST (no_badge_and_no_station)
{
  check_screen ("chinese-locked-8", sample_locked (8));
  check_screen ("chinese-gone-8", sample_disconnected (8));
}
END_TEST

START_TEST (the_batches)
{
  Model *model = sample_line (8);

  model->view = VIEW_BATCH;
  check_screen ("chinese-batch", model);
}
END_TEST

START_TEST (the_help)
{
  Model *model = sample_line (8);

  model->dialog.kind = DIALOG_HELP;
  check_screen ("chinese-help", model);
}
END_TEST

static void
add_field (Model *model, const char *label, const char *value)
{
  Field *field = g_new0 (Field, 1);

  if (model->dialog.fields == NULL)
    model->dialog.fields = g_ptr_array_new_with_free_func ((GDestroyNotify)field_free);
  field->label = label;
  field->value = g_string_new (value);
  field->hidden = TRUE;
  g_ptr_array_add (model->dialog.fields, field);
}

START_TEST (a_supervisor_is_asked)
{
  Model *model = sample_line (8);

  model->dialog.kind = DIALOG_SUPERVISOR;
  model->dialog.title = g_strdup (_ ("Supervisor"));
  model->dialog.text =
      g_strdup_printf (_ ("Pause batch %s? Slots finish their units and wait."), "240917-B");
  add_field (model, "Badge", "4711");
  add_field (model, "PIN", "");
  check_screen ("chinese-supervisor", model);
}
END_TEST

/* ---- words that are read from afar ---- */

static char *
drawn_huge (const char *word, int width, int height)
{
  g_autoptr (Canvas) canvas = canvas_new (height, width, FALSE);

  huge_draw (canvas, canvas_area (canvas), STYLE_NORMAL, word);
  return canvas_to_text (canvas);
}

static void
must_be_dots (const char *word, int width, int height)
{
  g_autofree char *text = drawn_huge (word, width, height);

  ck_assert_msg (strpbrk (word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == NULL, "%s: not translated", word);
  for (const char *at = text; *at != '\0'; at = g_utf8_next_char (at))
    ck_assert_msg (g_utf8_get_char (at) < 0x80 || g_utf8_get_char (at) / 0x10 == 0x258,
                   "%s: a character of it is missing in huge-characters.c:\n%s", word, text);
}

START_TEST (the_word_of_every_state_is_drawn_large_in_the_narrowest_tile_with_letters)
{
  must_be_dots (_ ("PASS"), 15, 5);
  must_be_dots (_ ("FAIL"), 15, 5);
  must_be_dots (_ ("INSERT"), 15, 5);
  must_be_dots (_ ("EMPTY"), 15, 5);
  must_be_dots (_ ("SCAN"), 15, 5);
  must_be_dots (_ ("WAIT"), 15, 5);
  must_be_dots (_ ("BUSY"), 15, 5);
  must_be_dots (_ ("OFF"), 15, 5);
}
END_TEST

START_TEST (banners_are_drawn_large_on_a_narrow_terminal)
{
  must_be_dots (_ ("BATCH DONE"), 40, 5);
  must_be_dots (_ ("NO BATCH"), 40, 5);
  must_be_dots (_ ("PAUSED"), 40, 5);
  must_be_dots (_ ("NO STATION"), 40, 5);
  must_be_dots (_ ("SCAN YOUR BADGE"), 40, 5);
}
END_TEST

START_TEST (characters_grow_with_the_room)
{
  g_autofree char *small = drawn_huge ("工", 7, 5);
  g_autofree char *large = drawn_huge ("工", 14, 10);

  ck_assert_str_eq (small, " ▄▄▄▄▄\n   █\n   █\n   █\n▄▄▄█▄▄▄\n");
  ck_assert_str_eq (large, "\n  ██████████\n      ██\n      ██\n      ██\n      ██\n"
                           "      ██\n      ██\n      ██\n██████████████\n");
}
END_TEST

/* Every state says another word, not only in another colour. */
START_TEST (no_two_states_say_the_same)
{
  const char *const words[] = { _ ("PASS"), _ ("FAIL"), _ ("INSERT"), _ ("EMPTY"),
                                _ ("SCAN"), _ ("WAIT"), _ ("BUSY"),   _ ("OFF") };

  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    for (gsize j = i + 1; j < G_N_ELEMENTS (words); j++)
      ck_assert_str_ne (words[i], words[j]);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("tui-screens-chinese");
  TCase *cases = tcase_create ("chinese");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_add_checked_fixture (cases, begin, NULL);
  tcase_add_test (cases, a_line_at_work);
  tcase_add_test (cases, a_line_whose_people_and_batches_have_chinese_names);
  tcase_add_test (cases, many_slots);
  tcase_add_test (cases, a_batch_that_is_done);
  tcase_add_test (cases, no_badge_and_no_station);
  tcase_add_test (cases, the_batches);
  tcase_add_test (cases, the_help);
  tcase_add_test (cases, a_supervisor_is_asked);
  tcase_add_test (cases, the_word_of_every_state_is_drawn_large_in_the_narrowest_tile_with_letters);
  tcase_add_test (cases, banners_are_drawn_large_on_a_narrow_terminal);
  tcase_add_test (cases, characters_grow_with_the_room);
  tcase_add_test (cases, no_two_states_say_the_same);
  suite_add_tcase (suite, cases);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

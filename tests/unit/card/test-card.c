/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What stands on the control card, and where. That scanners read it is for check-card.py.
 */
#include <check.h>
#include <glib/gstdio.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "ui-tui/card/card.h"
#include "ui-tui/keys.h"
#include "ui-tui/language.h"

static const CardSheet sheet = { .width = 300,
                                 .height = 400,
                                 .margin = 10,
                                 .columns = 3,
                                 .title_height = 20,
                                 .heading_height = 20,
                                 .entry_height = 50 };

/* How often `code` stands on the card. */
static guint
count_code (const Card *card, const char *code)
{
  guint n = 0;

  for (guint i = 0; i < card->groups->len; i++) {
    const CardGroup *group = g_ptr_array_index (card->groups, i);
    for (guint j = 0; j < group->entries->len; j++) {
      const CardEntry *entry = g_ptr_array_index (group->entries, j);
      n += g_str_equal (entry->code, code);
    }
  }
  return n;
}

static guint
count_entries (const Card *card)
{
  guint n = 0;

  for (guint i = 0; i < card->groups->len; i++) {
    const CardGroup *group = g_ptr_array_index (card->groups, i);
    n += group->entries->len;
  }
  return n;
}

START_TEST (every_code_of_the_table_has_only_letters_that_all_keyboards_share)
{
  for (const Key *key = key_table; key->request != REQUEST_NONE; key++)
    ck_assert_msg (key->code == NULL || strspn (key->code, CODE_LETTERS) == strlen (key->code),
                   "%s has other letters", key->code);
  for (guint slot = 1; slot <= CARD_SLOTS_MOST; slot++) {
    g_autofree char *code = code_of_slot (slot);
    ck_assert_uint_eq (strspn (code, CODE_LETTERS), strlen (code));
  }
}
END_TEST

START_TEST (no_two_codes_are_the_same_and_each_asks_for_its_own)
{
  for (const Key *key = key_table; key->request != REQUEST_NONE; key++) {
    if (key->code == NULL)
      continue;
    ck_assert_int_eq (code_request (key->code), key->request);
    ck_assert_uint_eq (code_slot (key->code), 0);
    for (const Key *later = key + 1; later->request != REQUEST_NONE; later++)
      ck_assert_msg (g_strcmp0 (key->code, later->code) != 0, "%s stands twice", key->code);
  }
}
END_TEST

START_TEST (codes_of_slots_come_back_as_their_number)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint slot = 1; slot <= CARD_SLOTS_MOST; slot++) {
    char *code = code_of_slot (slot);
    ck_assert_uint_eq (code_slot (code), slot);
    ck_assert_int_eq (code_request (code), REQUEST_NONE);
    ck_assert_msg (g_hash_table_add (seen, code), "%s stands for two slots", code);
  }
}
END_TEST

START_TEST (the_card_has_each_code_of_the_table_once_and_nothing_else)
{
  g_autoptr (Card) card = card_new (12, "en");
  guint n = 0;

  for (const Key *key = key_table; key->request != REQUEST_NONE; key++) {
    if (key->code == NULL)
      continue;
    ck_assert_msg (count_code (card, key->code) == 1, "%s", key->code);
    n++;
  }
  for (guint slot = 1; slot <= 12; slot++) {
    g_autofree char *code = code_of_slot (slot);
    ck_assert_uint_eq (count_code (card, code), 1);
  }
  ck_assert_uint_eq (count_entries (card), n + 12);
}
END_TEST

START_TEST (supervisor_acts_are_marked_and_slots_come_last)
{
  g_autoptr (Card) card = card_new (2, "en");
  const CardGroup *first = g_ptr_array_index (card->groups, 0);
  const CardGroup *last = g_ptr_array_index (card->groups, card->groups->len - 1);

  ck_assert_str_eq (first->title, "Line");
  ck_assert_str_eq (((CardEntry *)g_ptr_array_index (last->entries, 1))->label, "Slot 2");
  for (guint i = 0; i < card->groups->len; i++) {
    const CardGroup *group = g_ptr_array_index (card->groups, i);
    ck_assert_uint_gt (group->entries->len, 0);
    for (guint j = 0; j < group->entries->len; j++) {
      const CardEntry *entry = g_ptr_array_index (group->entries, j);
      const Key *key = key_of_request (code_request (entry->code));
      ck_assert_int_eq (entry->supervisor, key != NULL && key->supervisor);
    }
  }
}
END_TEST

START_TEST (a_card_without_slots_has_no_group_for_them)
{
  g_autoptr (Card) without = card_new (0, "en");
  g_autoptr (Card) with = card_new (1, "en");

  ck_assert_uint_eq (without->groups->len + 1, with->groups->len);
}
END_TEST

static gboolean
overlap (const CardPlace *a, const CardPlace *b)
{
  const int height = a->entry == NULL ? sheet.heading_height : sheet.entry_height;
  const int other = b->entry == NULL ? sheet.heading_height : sheet.entry_height;

  return a->page == b->page && a->x < b->x + b->width && b->x < a->x + a->width
         && a->y < b->y + other && b->y < a->y + height;
}

START_TEST (nothing_overlaps_and_nothing_leaves_its_sheet)
{
  g_autoptr (Card) card = card_new (128, "en");
  g_autoptr (GArray) places = card_place (card, &sheet);
  guint entries = 0;

  for (guint i = 0; i < places->len; i++) {
    const CardPlace *place = &g_array_index (places, CardPlace, i);
    const int height = place->entry == NULL ? sheet.heading_height : sheet.entry_height;
    ck_assert_int_ge (place->x, sheet.margin);
    ck_assert_int_le (place->x + place->width, sheet.width - sheet.margin);
    ck_assert_int_ge (place->y, sheet.margin + sheet.title_height);
    ck_assert_int_le (place->y + height, sheet.height - sheet.margin);
    entries += place->entry != NULL;
    for (guint j = i + 1; j < places->len; j++)
      ck_assert (!overlap (place, &g_array_index (places, CardPlace, j)));
  }
  ck_assert_uint_eq (entries, count_entries (card));
}
END_TEST

START_TEST (a_heading_stands_above_its_codes_on_every_sheet)
{
  g_autoptr (Card) card = card_new (128, "en");
  g_autoptr (GArray) places = card_place (card, &sheet);
  guint page = 0;

  ck_assert_ptr_null (g_array_index (places, CardPlace, 0).entry);
  for (guint i = 1; i < places->len; i++) {
    const CardPlace *before = &g_array_index (places, CardPlace, i - 1);
    const CardPlace *place = &g_array_index (places, CardPlace, i);
    ck_assert_msg (before->entry != NULL || before->page == place->page,
                   "'%s' is the last thing on sheet %u", before->group->title, before->page);
    ck_assert_uint_le (place->page, before->page + 1);
    if (place->page != before->page)
      ck_assert_ptr_null (place->entry);
    page = place->page;
  }
  ck_assert_uint_gt (page, 3);
}
END_TEST

START_TEST (bars_have_quiet_zones_of_ten_modules_and_fit_in_eighty_columns)
{
  for (const Key *key = key_table; key->request != REQUEST_NONE; key++) {
    if (key->code == NULL)
      continue;
    g_autofree char *modules = card_modules (key->code, NULL);
    const gsize length = strlen (modules);
    ck_assert_uint_eq (strspn (modules, " "), CARD_QUIET_MODULES);
    ck_assert_ptr_eq (strrchr (modules, '#'), modules + length - 1 - CARD_QUIET_MODULES);
    ck_assert_msg (length <= 160, "%s is %zu modules wide", key->code, length);
    /* start, letters, check character and stop: Code 128 in set A or B */
    ck_assert_uint_eq (length, 20 + 11 * (strlen (key->code) + 2) + 13);
  }
}
END_TEST

START_TEST (what_no_barcode_can_say_is_an_error)
{
  g_autoptr (GError) error = NULL;

  ck_assert_ptr_null (card_modules ("", &error));
  ck_assert_ptr_nonnull (error);
}
END_TEST

/* Of all fonts that a machine may have, none draws what is reserved for nobody. */
START_TEST (a_character_that_no_font_has_is_an_error_and_leaves_no_page)
{
  g_autoptr (Card) card = card_new (0, "en");
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("keycradle-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "card.png", NULL);
  CardGroup *group = g_ptr_array_index (card->groups, 0);
  CardEntry *entry = g_ptr_array_index (group->entries, 0);

  g_free (entry->label);
  entry->label = g_strdup ("\U0010FFFD");
  ck_assert_ptr_null (card_write_png (card, path, &error));
  ck_assert_msg (strstr (error->message, "No font") != NULL, "%s", error->message);
  ck_assert_int_eq (g_rmdir (folder), 0); /* it is empty */
}
END_TEST

START_TEST (labels_are_in_the_language_that_was_chosen)
{
  setlocale (LC_ALL, "");
  language_init (LOCALE_FOLDER);
  g_autoptr (Card) german = card_new (3, language_use ("de", FALSE));
  g_autoptr (Card) chinese = card_new (3, language_use ("zh_CN", FALSE));
  g_autofree char *text = card_text (chinese, FALSE, NULL);
  g_autofree char *list = card_ascii (german);

  ck_assert_ptr_nonnull (strstr (text, "\n帮助\n"));
  ck_assert_ptr_nonnull (strstr (text, "(主管)"));
  ck_assert (g_str_is_ascii (list));
  ck_assert_ptr_nonnull (strstr (list, "KCSLOTS      Plaetze\n"));
  ck_assert_ptr_nonnull (strstr (list, "(Aufsicht)"));
}
END_TEST

START_TEST (the_text_is_dark_on_light_only_on_a_terminal)
{
  g_autoptr (Card) card = card_new (1, "en");
  g_autofree char *paper = card_text (card, FALSE, NULL);
  g_autofree char *terminal = card_text (card, TRUE, NULL);

  ck_assert_ptr_null (strchr (paper, '\033'));
  ck_assert_ptr_nonnull (strstr (terminal, "\033[30;47m"));
  ck_assert_ptr_nonnull (strstr (paper, "\nPause (supervisor)\n"));
}
END_TEST

START_TEST (the_plain_list_is_one_code_a_line_in_ascii)
{
  g_autoptr (Card) card = card_new (3, "en");
  g_autofree char *list = card_ascii (card);
  g_auto (GStrv) lines = g_strsplit (list, "\n", -1);

  ck_assert (g_str_is_ascii (list));
  ck_assert_uint_eq (g_strv_length (lines) - 1, count_entries (card));
  ck_assert_ptr_nonnull (strstr (list, "KCSLOTF      Slot 3\n"));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("card");
  TCase *tests = tcase_create ("card");
  SRunner *runner = srunner_create (suite);

  suite_add_tcase (suite, tests);
  tcase_add_test (tests, every_code_of_the_table_has_only_letters_that_all_keyboards_share);
  tcase_add_test (tests, no_two_codes_are_the_same_and_each_asks_for_its_own);
  tcase_add_test (tests, codes_of_slots_come_back_as_their_number);
  tcase_add_test (tests, the_card_has_each_code_of_the_table_once_and_nothing_else);
  tcase_add_test (tests, supervisor_acts_are_marked_and_slots_come_last);
  tcase_add_test (tests, a_card_without_slots_has_no_group_for_them);
  tcase_add_test (tests, nothing_overlaps_and_nothing_leaves_its_sheet);
  tcase_add_test (tests, a_heading_stands_above_its_codes_on_every_sheet);
  tcase_add_test (tests, bars_have_quiet_zones_of_ten_modules_and_fit_in_eighty_columns);
  tcase_add_test (tests, what_no_barcode_can_say_is_an_error);
  tcase_add_test (tests, a_character_that_no_font_has_is_an_error_and_leaves_no_page);
  tcase_add_test (tests, labels_are_in_the_language_that_was_chosen);
  tcase_add_test (tests, the_text_is_dark_on_light_only_on_a_terminal);
  tcase_add_test (tests, the_plain_list_is_one_code_a_line_in_ascii);
  srunner_run_all (runner, CK_NORMAL);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

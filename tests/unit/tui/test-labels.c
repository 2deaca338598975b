/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The words that operators read, and how tiles share the screen.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "ca/error.h"
#include "db/ledger.h"
#include "drivers/driver.h"
#include "station/error.h"
#include "station/step.h"
#include "ui-tui/text.h"
#include "ui-tui/tile.h"

/* ---- labels ---- */

/* The words between backquotes of docs/api.md from "Steps, in order:" to the sentence's end. */
static char **
documented_steps (void)
{
  g_autofree char *page = NULL;
  const char *list, *end;

  ck_assert (g_file_get_contents (API_DOCUMENT, &page, NULL, NULL));
  list = strstr (page, "Steps, in order:");
  ck_assert_ptr_nonnull (list);
  end = strstr (list, ".\n");
  ck_assert_ptr_nonnull (end);
  g_autofree char *sentence = g_strndup (list, (gsize)(end - list));
  return g_strsplit (sentence, "`", -1);
}

START_TEST (every_step_of_the_api_has_a_label)
{
  g_auto (GStrv) words = documented_steps ();
  guint steps = 0;

  for (guint i = 1; words[i] != NULL; i += 2, steps++) {
    ck_assert_uint_lt (steps, N_STEPS);
    ck_assert_str_eq (words[i], step_word ((Step)steps));
    ck_assert_msg (!g_str_equal (step_label (words[i]), words[i]), "no label for step '%s'",
                   words[i]);
  }
  ck_assert_uint_eq (steps, N_STEPS);
}
END_TEST

START_TEST (a_batch_says_of_what_kind_it_is)
{
  ck_assert_str_eq (batch_kind_label ("new"), "BATCH");
  ck_assert_str_eq (batch_kind_label (NULL), "BATCH"); /* an older daemon */
  ck_assert_str_eq (batch_kind_label ("renew"), "RENEWAL");
  ck_assert_str_eq (batch_kind_label ("refresh"), "REFRESH");
  ck_assert_ptr_null (batch_kind_words ("new"));
  ck_assert_str_eq (batch_kind_words ("renew"), "new certificates for finished units");
  ck_assert_str_eq (batch_kind_words ("refresh"), "new roots and endpoint for finished units");
}
END_TEST

/* "Verifying 10/13" in a tile of forty, on 132 columns. */
START_TEST (a_step_fits_into_a_tile_of_forty)
{
  for (guint step = 0; step < N_STEPS; step++) {
    g_autofree char *text =
        g_strdup_printf ("%s %u/%u", step_label (step_word ((Step)step)), step + 1, N_STEPS);

    ck_assert_msg (text_width (text) <= 15, "'%s' is too long", text);
  }
}
END_TEST

START_TEST (a_word_that_the_screen_does_not_know_is_shown_as_it_is)
{
  ck_assert_str_eq (step_label ("polish"), "polish");
  ck_assert_str_eq (step_label (NULL), "");
  ck_assert_str_eq (batch_state_label ("resting"), "resting");
  ck_assert_str_eq (batch_state_label (NULL), "");
}
END_TEST

START_TEST (an_unknown_reason_shows_the_operators_text)
{
  ck_assert_str_eq (reason_label ("no-answer", "Put it in again."), "no answer");
  ck_assert_str_eq (reason_label ("melted", "Put it out."), "Put it out.");
  ck_assert_str_eq (reason_label ("melted", ""), "melted");
  ck_assert_str_eq (reason_label ("melted", NULL), "melted");
  ck_assert_str_eq (reason_label (NULL, NULL), "");
}
END_TEST

static void
must_have_label (const char *reason)
{
  ck_assert_msg (!g_str_equal (reason_label (reason, NULL), reason), "no label for reason '%s'",
                 reason);
  ck_assert_msg (text_width (reason_label (reason, NULL)) <= 18, "'%s' is too long",
                 reason_label (reason, NULL));
}

START_TEST (every_reason_of_the_station_has_a_label)
{
  for (guint code = 0; code <= DRIVER_ERROR_INTERNAL; code++)
    must_have_label (driver_error_word ((DriverError)code));
  for (guint code = 0; code < N_STATION_ERRORS; code++)
    must_have_label (station_error_word ((StationError)code));
  for (guint code = 0; code <= CA_ERROR_INTERNAL; code++)
    must_have_label (ca_error_word ((CaError)code));
  for (guint code = 0; code <= LEDGER_ERROR_INVALID; code++)
    must_have_label (ledger_error_word ((LedgerError)code));
}
END_TEST

/* ---- the grid ---- */

static TileGrid
grid_of (int width, int height, guint tiles)
{
  return tile_grid ((Area){ 2, 0, height, width }, tiles);
}

START_TEST (few_tiles_are_as_large_as_the_shape_allows)
{
  TileGrid one = grid_of (80, 17, 1), four = grid_of (80, 17, 4), flat = grid_of (132, 10, 4);

  ck_assert_uint_eq (one.columns * one.rows, 1);
  ck_assert_uint_eq (four.columns, 2);
  ck_assert_uint_eq (four.rows, 2);
  ck_assert_uint_eq (flat.columns, 4);
  ck_assert_uint_eq (flat.rows, 1);
}
END_TEST

START_TEST (the_usual_fixtures_fit_on_one_page)
{
  ck_assert_uint_eq (grid_of (80, 17, 16).pages, 1);
  ck_assert_uint_eq (grid_of (80, 17, 16).columns, 4);
  ck_assert_uint_eq (grid_of (132, 36, 40).columns, 8);
  ck_assert_uint_eq (grid_of (132, 36, 64).columns, 8);
  ck_assert_uint_eq (grid_of (80, 17, 64).pages, 1);
}
END_TEST

START_TEST (what_does_not_fit_goes_on_further_pages)
{
  TileGrid grid = grid_of (40, 6, 20);

  ck_assert_uint_gt (grid.pages, 1);
  ck_assert_uint_ge (grid.pages * grid.tiles, 20);
  ck_assert_uint_lt ((grid.pages - 1) * grid.tiles, 20);
}
END_TEST

/* Every tile lies in the area, shares a line with the next one, and the last of a row ends at the
 * area's edge. */
static void
check_places (Area area, guint tiles)
{
  TileGrid grid = tile_grid (area, tiles);

  for (guint place = 0; place < grid.tiles; place++) {
    Area tile = tile_grid_area (area, &grid, place);
    Area next = tile_grid_area (area, &grid, place + 1);
    const int right = tile.column + tile.width;

    ck_assert_int_ge (tile.row, area.row);
    ck_assert_int_le (tile.row + tile.height, area.row + area.height);
    if ((place + 1) % grid.columns == 0)
      ck_assert_int_eq (right, area.column + area.width);
    else
      ck_assert_int_eq (next.column, right - 1);
  }
}

START_TEST (tiles_share_the_whole_area)
{
  for (int width = 10; width <= 250; width += 7)
    for (int height = 3; height <= 80; height += 3)
      for (guint tiles = 1; tiles <= 64; tiles += 9)
        check_places ((Area){ 3, 1, height, width }, tiles);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("tui-labels");
  TCase *labels = tcase_create ("labels");
  TCase *grid = tcase_create ("grid");
  SRunner *runner;
  int failed;

  tcase_add_test (labels, every_step_of_the_api_has_a_label);
  tcase_add_test (labels, a_batch_says_of_what_kind_it_is);
  tcase_add_test (labels, a_step_fits_into_a_tile_of_forty);
  tcase_add_test (labels, a_word_that_the_screen_does_not_know_is_shown_as_it_is);
  tcase_add_test (labels, an_unknown_reason_shows_the_operators_text);
  tcase_add_test (labels, every_reason_of_the_station_has_a_label);
  tcase_add_test (grid, few_tiles_are_as_large_as_the_shape_allows);
  tcase_add_test (grid, the_usual_fixtures_fit_on_one_page);
  tcase_add_test (grid, what_does_not_fit_goes_on_further_pages);
  tcase_add_test (grid, tiles_share_the_whole_area);
  suite_add_tcase (suite, labels);
  suite_add_tcase (suite, grid);
  runner = srunner_create (suite);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The Line view and what stands around it, as golden screens, and at every size with texts that
 * want to do harm.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/rounds.h"
#include "tests/unit/tui/golden.h"
#include "tests/unit/tui/samples.h"
#include "ui-tui/tile.h"

typedef struct {
  const char *name;
  Model *(*sample) (guint slots);
  guint slots;
  int width;
  int height;
  GoldenGlyphs glyphs;
} Screen;

static const Screen screens[] = {
  { "line-1-80x24", sample_line, 1, 80, 24, GOLDEN_UTF8 },
  { "line-4-80x24", sample_line, 4, 80, 24, GOLDEN_UTF8 },
  { "line-8-80x24", sample_line, 8, 80, 24, GOLDEN_UTF8 },
  { "line-8-80x24-ascii", sample_line, 8, 80, 24, GOLDEN_ASCII },
  { "line-16-80x24", sample_line, 16, 80, 24, GOLDEN_UTF8 },
  { "line-64-80x24-ascii", sample_line, 64, 80, 24, GOLDEN_ASCII },
  { "line-1-132x43", sample_line, 1, 132, 43, GOLDEN_UTF8 },
  { "line-8-132x43", sample_line, 8, 132, 43, GOLDEN_UTF8 },
  { "line-40-132x43", sample_line, 40, 132, 43, GOLDEN_UTF8 },
  { "line-40-132x43-ascii", sample_line, 40, 132, 43, GOLDEN_ASCII },
  { "line-64-132x43", sample_line, 64, 132, 43, GOLDEN_UTF8 },
  { "line-1-40x12", sample_line, 1, 40, 12, GOLDEN_UTF8 },
  { "line-8-40x12-ascii", sample_line, 8, 40, 12, GOLDEN_ASCII },
  { "line-wide-8-80x24", sample_wide, 8, 80, 24, GOLDEN_UTF8 },
  { "line-done-4-80x24", sample_batch_done, 4, 80, 24, GOLDEN_UTF8 },
  { "line-done-16-80x24-ascii", sample_batch_done, 16, 80, 24, GOLDEN_ASCII },
  { "line-done-40-132x43", sample_batch_done, 40, 132, 43, GOLDEN_UTF8 },
  { "line-gone-8-80x24", sample_disconnected, 8, 80, 24, GOLDEN_UTF8 },
  { "line-gone-8-40x12-ascii", sample_disconnected, 8, 40, 12, GOLDEN_ASCII },
  { "line-locked-8-80x24", sample_locked, 8, 80, 24, GOLDEN_UTF8 },
  { "line-locked-4-132x43", sample_locked, 4, 132, 43, GOLDEN_UTF8 },
  { "line-unhealthy-8-80x24-ascii", sample_unhealthy, 8, 80, 24, GOLDEN_ASCII },
  { "line-unhealthy-8-40x12", sample_unhealthy, 8, 40, 12, GOLDEN_UTF8 },
};

START_TEST (the_line_looks_as_agreed)
{
  const Screen *screen = &screens[_i];
  g_autoptr (Model) model = screen->sample (screen->slots);

  golden_check (screen->name, model, screen->width, screen->height, screen->glyphs);
}
END_TEST

static void
check_no_batch (const char *name, const char *state, guint slots, int width, int height)
{
  g_autoptr (Model) model = sample_no_batch (slots, state);

  golden_check (name, model, width, height, GOLDEN_UTF8);
}

START_TEST (without_a_batch_it_says_what_to_do_first)
{
  check_no_batch ("line-no-batch-4-80x24", "created", 4, 80, 24);
  check_no_batch ("line-paused-8-80x24", "paused", 8, 80, 24);
  check_no_batch ("line-first-batch-16-80x24", NULL, 16, 80, 24);
  check_no_batch ("line-no-batch-8-40x12", "created", 8, 40, 12);
}
END_TEST

START_TEST (a_scan_a_notice_and_the_focus_are_seen)
{
  g_autoptr (Model) model = sample_line (8);

  model->focus = 6;
  model->typing = TRUE;
  g_string_assign (model->scan, "AC24-0004");
  model->notice = g_strdup ("Slot 7: unit AC24-000420 was bound.");
  model->notice_kind = NOTICE_GOOD;
  model->health.mode = (g_free (model->health.mode), g_strdup ("demo"));
  golden_check ("line-scan-8-80x24", model, 80, 24, GOLDEN_UTF8);
}
END_TEST

START_TEST (another_page_tells_of_a_fail_that_is_not_shown)
{
  g_autoptr (Model) model = sample_line (40);
  g_autoptr (Canvas) canvas = canvas_new (12, 40, TRUE);

  model->page = 1;
  screen_draw (model, canvas);
  g_autofree char *text = canvas_to_text (canvas);
  ck_assert_ptr_nonnull (strstr (text, "FAIL elsewhere"));
  golden_check_canvas ("line-page-40-40x12-ascii", canvas);
}
END_TEST

START_TEST (a_page_that_is_gone_becomes_the_last_one)
{
  g_autoptr (Model) model = sample_line (40);
  g_autoptr (Canvas) canvas = canvas_new (43, 132, FALSE);

  model->page = 7;
  screen_draw (model, canvas);
  ck_assert_uint_eq (model->page, 0);
  ck_assert_uint_eq (model->grid_columns, 8);
  ck_assert_uint_eq (model->grid_tiles, 40);
}
END_TEST

static char *
text_of (Model *model, int width, int height)
{
  g_autoptr (Canvas) canvas = canvas_new (height, width, FALSE);

  screen_draw (model, canvas);
  return canvas_to_text (canvas);
}

START_TEST (every_failure_is_named_until_it_was_seen_and_is_gone)
{
  g_autoptr (Model) model = sample_line (8);

  sample_tile (model, 5, TILE_FAIL);
  g_autofree char *both = text_of (model, 132, 43);
  ck_assert_ptr_nonnull (strstr (both, "SLOT 2 FAIL: Another unit has the same key."));
  ck_assert_ptr_nonnull (strstr (both, "(also FAIL: 5)"));

  model->focus = 5;
  g_autofree char *focused = text_of (model, 132, 43);
  ck_assert_ptr_nonnull (strstr (focused, "SLOT 5 FAIL:"));

  model_tile (model, 2)->acknowledged = TRUE;
  model_tile (model, 5)->acknowledged = TRUE;
  g_autofree char *seen = text_of (model, 132, 43);
  ck_assert_ptr_nonnull (strstr (seen, "SLOT 5 FAIL:"));
  ck_assert_ptr_null (strstr (seen, "Then press A"));

  model_tile (model, 2)->present = FALSE;
  model_tile (model, 5)->present = FALSE;
  model_tile (model, 7)->present = FALSE;
  g_autofree char *gone = text_of (model, 132, 43);
  ck_assert_ptr_null (strstr (gone, "SLOT"));
}
END_TEST

/* A slot keeps what was in it last; none of that is said of the unit that is to come. */
START_TEST (an_empty_slot_does_not_show_the_unit_before)
{
  g_autoptr (Model) model = sample_line (1);

  sample_tile (model, 1, TILE_PASS)->state = TILE_EMPTY;
  g_clear_pointer (&model->last_scan, g_free);
  g_autofree char *text = text_of (model, 80, 24);
  ck_assert_ptr_null (strstr (text, "AC24-000413"));
}
END_TEST

START_TEST (a_small_terminal_gets_a_sentence)
{
  g_autoptr (Model) model = sample_line (8);
  g_autofree char *text = text_of (model, 39, 11);

  ck_assert_ptr_nonnull (strstr (text, "too small"));
  ck_assert_ptr_null (strstr (text, "PASS"));
}
END_TEST

/* Not "no batch", not "no slots": it has not heard of any. */
START_TEST (before_the_first_word_of_the_station_nothing_is_claimed)
{
  g_autoptr (Model) model = model_new ();

  model->disconnected_because = g_strdup ("The station's daemon is not running.");
  g_autofree char *text = text_of (model, 80, 24);
  ck_assert_ptr_nonnull (strstr (text, "comes back by itself"));
  ck_assert_ptr_null (strstr (text, "BATCH"));
  ck_assert_ptr_null (strstr (text, "slot"));
  ck_assert_ptr_null (strstr (text, "signer"));
}
END_TEST

START_TEST (a_locked_screen_offers_only_what_it_takes)
{
  g_autoptr (Model) model = sample_locked (8);
  g_autofree char *text = text_of (model, 80, 24);

  ck_assert_ptr_nonnull (strstr (text, "Space Type"));
  ck_assert_ptr_null (strstr (text, "F1 Help"));
  ck_assert_ptr_null (strstr (text, "Retry"));
}
END_TEST

/* Help is the way out of every doubt: it never falls off. */
START_TEST (help_is_always_in_the_footer)
{
  g_autoptr (Model) model = sample_line (8);

  for (int width = 40; width < 140; width += (int)rounds_of (1, 6))
    for (guint view = 0; view < N_VIEWS; view++) {
      g_autofree char *text = NULL;

      model->view = (ViewKind)view;
      text = text_of (model, width, 24);
      ck_assert_ptr_nonnull (strstr (text, "F1 Help"));
    }
}
END_TEST

typedef Model *(*Sample) (guint slots);

static const Sample sweep_samples[] = { sample_line,       sample_hostile, sample_wide,
                                        sample_batch_done, sample_locked,  sample_disconnected,
                                        sample_unhealthy };

static void
sweep_widths (Canvas *canvas, Model *model, int height)
{
  const int wider = (int)rounds_of (5, 14);

  for (int width = 20; width <= 250; width += width < 90 ? wider : 23) {
    canvas_resize (canvas, height, width);
    model->focus = (guint)width % 70;
    model->page = (guint)width % 5;
    screen_draw (model, canvas);
  }
}

/* No size and no text brings it down; that is for the sanitizers to see. What can be seen from
 * here: every row is there. */
START_TEST (no_size_and_no_text_brings_it_down)
{
  static const guint slots[] = { 0, 1, 4, 16, 40, 64 };
  g_autoptr (Canvas) canvas = canvas_new (5, 20, _i % 2 == 1);

  for (gsize i = 0; i < G_N_ELEMENTS (slots); i++) {
    g_autoptr (Model) model = sweep_samples[_i / 2](MAX (slots[i], 1));

    if (slots[i] == 0)
      g_ptr_array_set_size (model->tiles, 0);
    for (int height = 5; height <= 80; height += height < 30 ? (int)rounds_of (3, 7) : 17)
      sweep_widths (canvas, model, height);
  }
}
END_TEST

/* ---- what is written ---- */

static guint
changes_after (Canvas *canvas, Canvas *shown, Model *model, CellChanged changed, gpointer data)
{
  guint count;

  screen_draw (model, canvas);
  count = canvas_changes (canvas, shown, changed, data);
  canvas_copy (canvas, shown);
  return count;
}

typedef struct {
  Area area;
  guint outside;
} Bounds;

static void
count_outside (int row, int column, Cell cell, gpointer data)
{
  Bounds *bounds = data;
  const Area area = bounds->area;

  if (row < area.row || row >= area.row + area.height || column < area.column
      || column >= area.column + area.width)
    bounds->outside++;
}

START_TEST (a_tile_that_changes_writes_only_itself)
{
  g_autoptr (Model) model = sample_line (64);
  g_autoptr (Canvas) canvas = canvas_new (60, 200, FALSE);
  g_autoptr (Canvas) shown = canvas_new (60, 200, FALSE);
  Tile *tile = sample_tile (model, 20, TILE_WORKING);
  Bounds bounds = { 0 };

  tile->steps = 13;
  tile->step_number = 4;
  changes_after (canvas, shown, model, NULL, NULL);
  ck_assert_uint_eq (changes_after (canvas, shown, model, NULL, NULL), 0);
  const TileGrid grid = { model->grid_columns, (63 + model->grid_columns) / model->grid_columns, 1,
                          64 };
  bounds.area = tile_grid_area ((Area){ 2, 0, 53, 200 }, &grid, 19);
  tile->step_number = 5;
  const guint step = changes_after (canvas, shown, model, count_outside, &bounds);
  ck_assert_uint_ge (step, 1);
  ck_assert_uint_le (step, 12);
  tile->state = TILE_PASS;
  ck_assert_uint_ge (changes_after (canvas, shown, model, count_outside, &bounds), 20);
  ck_assert_uint_eq (bounds.outside, 0);
}
END_TEST

START_TEST (an_idle_minute_writes_only_the_clock)
{
  g_autoptr (Model) model = sample_line (64);
  g_autoptr (Canvas) canvas = canvas_new (43, 132, FALSE);
  g_autoptr (Canvas) shown = canvas_new (43, 132, FALSE);
  Bounds bounds = { { 0, 0, 1, 132 }, 0 };

  for (guint i = 0; i < model->tiles->len; i++) {
    Tile *tile = g_ptr_array_index (model->tiles, i);

    if (tile->state == TILE_WORKING)
      tile->state = TILE_EMPTY;
  }
  model_running_batch (model)->pace_passed = 0; /* units an hour fall while nothing comes */
  changes_after (canvas, shown, model, NULL, NULL);
  for (guint second = 0; second < 60; second++) {
    model->now += G_USEC_PER_SEC;
    const guint written = changes_after (canvas, shown, model, count_outside, &bounds);

    ck_assert_uint_ge (written, 1);
    ck_assert_uint_le (written, 6);
  }
  ck_assert_uint_eq (bounds.outside, 0);
}
END_TEST

START_TEST (what_is_copied_is_what_would_be_drawn)
{
  g_autoptr (Canvas) kept = canvas_new (43, 132, FALSE);
  g_autoptr (Model) model = sample_line (40);

  for (guint turn = 0; turn < rounds_of (200, 50); turn++) {
    g_autoptr (Canvas) fresh = canvas_new (43, 132, FALSE);
    Tile *tile = g_ptr_array_index (model->tiles, turn * 7 % 40);

    tile->state = (TileState)(turn % (TILE_DISABLED + 1));
    model->focus = turn % 5 == 0 ? turn % 41 : model->focus;
    model->now += G_USEC_PER_SEC / 3;
    screen_draw (model, kept);
    screen_draw (model, fresh);
    ck_assert_uint_eq (canvas_changes (kept, fresh, NULL, NULL), 0);
  }
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("tui-screens-line");
  TCase *line = tcase_create ("line");
  SRunner *runner;
  int failed;

  tcase_add_checked_fixture (line, golden_setup, NULL);
  tcase_set_timeout (line, 120);
  tcase_add_loop_test (line, the_line_looks_as_agreed, 0, G_N_ELEMENTS (screens));
  tcase_add_test (line, without_a_batch_it_says_what_to_do_first);
  tcase_add_test (line, a_scan_a_notice_and_the_focus_are_seen);
  tcase_add_test (line, another_page_tells_of_a_fail_that_is_not_shown);
  tcase_add_test (line, a_page_that_is_gone_becomes_the_last_one);
  tcase_add_test (line, every_failure_is_named_until_it_was_seen_and_is_gone);
  tcase_add_test (line, an_empty_slot_does_not_show_the_unit_before);
  tcase_add_test (line, a_small_terminal_gets_a_sentence);
  tcase_add_test (line, before_the_first_word_of_the_station_nothing_is_claimed);
  tcase_add_test (line, a_locked_screen_offers_only_what_it_takes);
  tcase_add_test (line, help_is_always_in_the_footer);
  tcase_add_test (line, a_tile_that_changes_writes_only_itself);
  tcase_add_test (line, an_idle_minute_writes_only_the_clock);
  tcase_add_test (line, what_is_copied_is_what_would_be_drawn);
  tcase_add_loop_test (line, no_size_and_no_text_brings_it_down, 0,
                       2 * G_N_ELEMENTS (sweep_samples));
  suite_add_tcase (suite, line);
  runner = srunner_create (suite);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The scanner as a keyboard: what is a code, what is a key. What comes out is written as text, so
 * that a case is one line: <KCSEEN> is a code, a letter is a key, ^ is Up, $ is Enter, T is Tab.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "ui-tui/scan.h"

#define MILLISECOND 1000
#define FAST (10 * MILLISECOND)
#define GAP (50 * MILLISECOND)
#define SLOW (120 * MILLISECOND)

typedef struct {
  Preferences *preferences;
  Scanner scanner;
  gint64 now;
  GString *seen;
} Bench;

static void
bench_start (Bench *bench, const char *prefix, const char *suffix)
{
  bench->preferences = preferences_load (NULL, FALSE, NULL);
  g_free (bench->preferences->scan_prefix);
  g_free (bench->preferences->scan_suffix);
  bench->preferences->scan_prefix = g_strdup (prefix);
  bench->preferences->scan_suffix = g_strdup (suffix);
  bench->now = 77 * G_USEC_PER_SEC;
  bench->seen = g_string_new (NULL);
  scanner_init (&bench->scanner, bench->preferences);
}

static void
bench_stop (Bench *bench)
{
  scanner_clear (&bench->scanner);
  preferences_free (bench->preferences);
  g_string_free (bench->seen, TRUE);
}

static void
write_key (Bench *bench, gunichar key)
{
  switch (key) {
  case KEY_CODE_UP:
    g_string_append_c (bench->seen, '^');
    return;
  case KEY_CODE_ENTER:
    g_string_append_c (bench->seen, '$');
    return;
  case KEY_CODE_TAB:
    g_string_append_c (bench->seen, 'T');
    return;
  default:
    g_string_append_unichar (bench->seen, key);
  }
}

static gboolean
write_event (Bench *bench, ScannerEvent event)
{
  switch (event.result) {
  case SCANNER_NOTHING:
    return FALSE;
  case SCANNER_KEY:
    write_key (bench, event.key);
    return TRUE;
  case SCANNER_CODE:
    g_string_append_printf (bench->seen, "<%s>", event.code);
    g_free (event.code);
    return TRUE;
  }
  return FALSE;
}

/* As the main loop does: waits for `pause`, waking at each deadline on the way. */
static void
pass_time (Bench *bench, gint64 pause)
{
  const gint64 end = bench->now + pause;

  for (;;) {
    const gint64 deadline = scanner_deadline (&bench->scanner);

    if (deadline == 0 || deadline >= end)
      break;
    bench->now = MAX (bench->now, deadline);
    while (write_event (bench, scanner_wake (&bench->scanner, bench->now)))
      ;
  }
  bench->now = end;
}

static void
press (Bench *bench, gunichar key, gint64 pause)
{
  pass_time (bench, pause);
  if (write_event (bench, scanner_feed (&bench->scanner, key, bench->now)))
    while (write_event (bench, scanner_wake (&bench->scanner, bench->now)))
      ;
}

static void
type (Bench *bench, const char *text, gint64 pause)
{
  for (; *text != '\0'; text = g_utf8_next_char (text))
    press (bench, g_utf8_get_char (text), pause);
}

static void
check_seen (Bench *bench, const char *expected)
{
  ck_assert_str_eq (bench->seen->str, expected);
  g_string_truncate (bench->seen, 0);
}

/* Long enough for all to be known. */
static void
rest (Bench *bench)
{
  pass_time (bench, G_USEC_PER_SEC);
}

START_TEST (a_fast_burst_up_to_enter_is_a_code)
{
  Bench bench;

  bench_start (&bench, "", "enter");
  type (&bench, "KCSEEN\r", FAST);
  check_seen (&bench, "<KCSEEN>");
  rest (&bench);
  check_seen (&bench, "");
  bench_stop (&bench);
}
END_TEST

START_TEST (a_single_character_is_a_key_after_one_gap)
{
  Bench bench;

  bench_start (&bench, "", "enter");
  press (&bench, 'a', SLOW);
  check_seen (&bench, "");
  ck_assert_int_eq (scanner_deadline (&bench.scanner), bench.now + GAP);
  pass_time (&bench, GAP + 1);
  check_seen (&bench, "a");
  ck_assert_int_eq (scanner_deadline (&bench.scanner), 0);
  bench_stop (&bench);
}
END_TEST

START_TEST (a_hand_types_keys_and_enter)
{
  Bench bench;

  bench_start (&bench, "", "enter");
  type (&bench, "kcseen\r", SLOW);
  check_seen (&bench, "kcseen$");
  bench_stop (&bench);
}
END_TEST

START_TEST (two_keys_that_a_hand_rolls_are_no_code)
{
  Bench bench;

  bench_start (&bench, "", "enter");
  type (&bench, "ja", FAST);
  rest (&bench);
  check_seen (&bench, "ja");
  press (&bench, 'j', SLOW);
  press (&bench, '\r', FAST);
  check_seen (&bench, "j$");
  bench_stop (&bench);
}
END_TEST

START_TEST (without_a_suffix_a_pause_of_three_gaps_ends_a_code_of_four)
{
  Bench bench;

  bench_start (&bench, "", "enter");
  type (&bench, "SN12", FAST);
  pass_time (&bench, 3 * GAP - MILLISECOND);
  check_seen (&bench, "");
  pass_time (&bench, 2 * MILLISECOND);
  check_seen (&bench, "<SN12>");
  type (&bench, "SN1", FAST);
  rest (&bench);
  check_seen (&bench, "SN1");
  bench_stop (&bench);
}
END_TEST

START_TEST (a_scanner_may_halt_within_a_code)
{
  Bench bench;

  bench_start (&bench, "", "enter");
  type (&bench, "SN00", FAST);
  press (&bench, '0', 2 * GAP);
  type (&bench, "42\r", FAST);
  check_seen (&bench, "<SN00042>");
  bench_stop (&bench);
}
END_TEST

START_TEST (special_keys_are_always_keys)
{
  Bench bench;

  bench_start (&bench, "", "enter");
  press (&bench, KEY_CODE_UP, FAST);
  check_seen (&bench, "^");
  press (&bench, 'a', SLOW);
  press (&bench, KEY_CODE_UP, FAST);
  check_seen (&bench, "a^");
  type (&bench, "SN42", FAST);
  press (&bench, KEY_CODE_UP, FAST);
  check_seen (&bench, "<SN42>^");
  press (&bench, '\t', FAST);
  check_seen (&bench, "T");
  bench_stop (&bench);
}
END_TEST

START_TEST (carriage_return_and_line_feed_end_a_code_once)
{
  Bench bench;

  bench_start (&bench, "", "enter");
  type (&bench, "KCSEEN\r\n", FAST);
  rest (&bench);
  check_seen (&bench, "<KCSEEN>");
  type (&bench, "\r", SLOW);
  check_seen (&bench, "$");
  bench_stop (&bench);
}
END_TEST

START_TEST (a_stuttering_scanner_is_heard_once)
{
  Bench bench;

  bench_start (&bench, "", "enter");
  type (&bench, "KCNEXT\r", FAST);
  pass_time (&bench, 500 * MILLISECOND);
  type (&bench, "KCNEXT\r", FAST);
  check_seen (&bench, "<KCNEXT>");
  type (&bench, "KCPREV\r", FAST);
  check_seen (&bench, "<KCPREV>");
  pass_time (&bench, 2100 * MILLISECOND);
  type (&bench, "KCPREV\r", FAST);
  check_seen (&bench, "<KCPREV>");
  bench_stop (&bench);
}
END_TEST

START_TEST (two_codes_at_once_are_two_codes)
{
  Bench bench;

  bench_start (&bench, "", "enter");
  type (&bench, "WO-17\rKCGO\r", MILLISECOND);
  check_seen (&bench, "<WO-17><KCGO>");
  bench_stop (&bench);
}
END_TEST

START_TEST (tab_may_be_the_suffix)
{
  Bench bench;

  bench_start (&bench, "", "tab");
  type (&bench, "SN42\t", FAST);
  check_seen (&bench, "<SN42>");
  type (&bench, "\t", SLOW);
  check_seen (&bench, "T");
  type (&bench, "SN43\r", FAST);
  check_seen (&bench, "<SN43>$");
  bench_stop (&bench);
}
END_TEST

START_TEST (characters_may_be_the_suffix)
{
  Bench bench;

  bench_start (&bench, "", "%%");
  type (&bench, "SN%2%%KCGO%%", FAST);
  check_seen (&bench, "<SN%2><KCGO>");
  type (&bench, "%", SLOW);
  rest (&bench);
  check_seen (&bench, "%");
  bench_stop (&bench);
}
END_TEST

START_TEST (with_a_prefix_a_code_runs_from_prefix_to_suffix)
{
  Bench bench;

  bench_start (&bench, "]C1", "enter");
  type (&bench, "]C1SN42\r", FAST);
  check_seen (&bench, "<SN42>");
  type (&bench, "SN42\r", FAST);
  check_seen (&bench, "SN42$");
  bench_stop (&bench);
}
END_TEST

START_TEST (with_a_prefix_keys_need_not_wait)
{
  Bench bench;

  bench_start (&bench, "]C1", "enter");
  press (&bench, 'a', SLOW);
  check_seen (&bench, "a");
  type (&bench, "]Cx", FAST);
  check_seen (&bench, "]Cx");
  type (&bench, "]", SLOW);
  rest (&bench);
  check_seen (&bench, "]");
  bench_stop (&bench);
}
END_TEST

START_TEST (a_prefix_that_a_hand_types_is_a_key)
{
  Bench bench;

  bench_start (&bench, "~", "enter");
  press (&bench, '~', SLOW);
  rest (&bench);
  check_seen (&bench, "~");
  type (&bench, "~SN\r", FAST);
  check_seen (&bench, "<SN>");
  bench_stop (&bench);
}
END_TEST

START_TEST (a_code_that_lost_its_end_does_nothing)
{
  Bench bench;

  bench_start (&bench, "~", "enter");
  type (&bench, "~SNq", FAST);
  rest (&bench);
  check_seen (&bench, "");
  type (&bench, "~SN42\r", FAST);
  check_seen (&bench, "<SN42>");
  bench_stop (&bench);
}
END_TEST

START_TEST (an_empty_code_is_none)
{
  Bench bench;

  bench_start (&bench, "~", "#");
  type (&bench, "~#~SN#", FAST);
  check_seen (&bench, "<SN>");
  bench_stop (&bench);
}
END_TEST

START_TEST (endless_input_is_no_code_and_takes_no_memory)
{
  Bench bench;

  bench_start (&bench, "~", "enter");
  press (&bench, '~', FAST);
  for (int i = 0; i < 100000; i++)
    press (&bench, 'x', MILLISECOND);
  ck_assert_uint_lt (bench.scanner.text->len, 1024);
  rest (&bench);
  check_seen (&bench, "");
  bench_stop (&bench);
}
END_TEST

/* ---- what a code is ---- */

static BatchLine *
add_batch (Model *model, const char *name, const char *state, const char *pattern)
{
  BatchLine *batch = g_new0 (BatchLine, 1);

  batch->name = g_strdup (name);
  batch->state = g_strdup (state);
  batch->serial_scan = pattern != NULL;
  batch->serial_pattern = g_strdup (pattern);
  g_ptr_array_add (model->batches, batch);
  return batch;
}

static void
add_waiting_tile (Model *model)
{
  Tile *tile = g_new0 (Tile, 1);

  tile->number = 1;
  tile->state = TILE_WAITING;
  tile->waiting_for = g_strdup ("serial");
  g_ptr_array_add (model->tiles, tile);
}

/* What `text` is: a letter for its CodeKind. */
static char
judge (const char *text, const Model *model, const Preferences *preferences)
{
  return "?rsbwp"[scan_judge (text, model, preferences).kind];
}

START_TEST (control_codes_come_first)
{
  g_autoptr (Preferences) preferences = preferences_load (NULL, FALSE, NULL);
  g_autoptr (Model) model = model_new ();
  Code code;

  add_batch (model, "KCSEEN", "created", NULL);
  code = scan_judge ("kcseen", model, preferences);
  ck_assert_int_eq (code.kind, CODE_REQUEST);
  ck_assert_int_eq (code.request, REQUEST_ACKNOWLEDGE);
  code = scan_judge ("KCSLOTCD", model, preferences);
  ck_assert_int_eq (code.kind, CODE_SLOT);
  ck_assert_uint_eq (code.slot, 12);
}
END_TEST

START_TEST (batches_are_known_by_name)
{
  g_autoptr (Preferences) preferences = preferences_load (NULL, FALSE, NULL);
  g_autoptr (Model) model = model_new ();

  add_batch (model, "WO-17", "created", NULL);
  ck_assert_int_eq (judge ("WO-17", model, preferences), 'b');
  ck_assert_int_eq (judge ("WO-18", model, preferences), '?');
}
END_TEST

START_TEST (serials_are_for_a_running_batch_that_scans_them)
{
  g_autoptr (Preferences) preferences = preferences_load (NULL, FALSE, NULL);
  g_autoptr (Model) model = model_new ();
  BatchLine *batch = add_batch (model, "WO-17", "created", "");

  ck_assert_int_eq (judge ("SN-1", model, preferences), '?');
  g_free (batch->state);
  batch->state = g_strdup ("running");
  g_free (model->health.batch);
  model->health.batch = g_strdup ("WO-17");
  ck_assert_int_eq (judge ("SN-1", model, preferences), 'w');
}
END_TEST

START_TEST (a_pattern_tells_serials_from_badges)
{
  g_autoptr (Preferences) preferences = preferences_load (NULL, FALSE, NULL);
  g_autoptr (Model) model = model_new ();

  add_batch (model, "WO-17", "running", "SN-[0-9]+|X");
  model->health.batch = g_strdup ("WO-17");
  model->health.operators = 2;
  ck_assert_int_eq (judge ("SN-12", model, preferences), 'w');
  ck_assert_int_eq (judge ("SN-12a", model, preferences), 'p');
  ck_assert_int_eq (judge ("aX", model, preferences), 'p');
  model->health.operators = 0; /* nobody signs in: the daemon says what is wrong with it */
  ck_assert_int_eq (judge ("SN-12a", model, preferences), 'w');
}
END_TEST

START_TEST (without_a_pattern_it_is_what_the_line_waits_for)
{
  g_autoptr (Preferences) preferences = preferences_load (NULL, FALSE, NULL);
  g_autoptr (Model) model = model_new ();

  add_batch (model, "WO-17", "running", "");
  model->health.batch = g_strdup ("WO-17");
  model->health.operators = 2;
  ck_assert_int_eq (judge ("4711", model, preferences), 'p');
  add_waiting_tile (model);
  ck_assert_int_eq (judge ("4711", model, preferences), 'w');
}
END_TEST

START_TEST (a_badge_prefix_makes_badges_certain)
{
  g_autoptr (Preferences) preferences = preferences_load (NULL, FALSE, NULL);
  g_autoptr (Model) model = model_new ();

  g_free (preferences->badge_prefix);
  preferences->badge_prefix = g_strdup ("OP-");
  model->health.operators = 2;
  ck_assert_int_eq (judge ("OP-4711", model, preferences), 'p');
  ck_assert_int_eq (judge ("4711", model, preferences), '?');
  add_batch (model, "WO-17", "running", "");
  model->health.batch = g_strdup ("WO-17");
  ck_assert_int_eq (judge ("OP-4711", model, preferences), 'p');
  ck_assert_int_eq (judge ("4711", model, preferences), 'w');
}
END_TEST

START_TEST (what_no_barcode_of_ours_has_is_noticed)
{
  g_autoptr (Preferences) preferences = preferences_load (NULL, FALSE, NULL);
  g_autoptr (Model) model = model_new ();

  model->health.operators = 2;
  ck_assert_int_eq (judge ("SN-42", model, preferences), 'p');
  ck_assert_int_eq (judge ("SN\303\23742", model, preferences), '?'); /* - on a German keyboard */
  ck_assert_int_eq (judge ("SN/42", model, preferences), '?');
  ck_assert_int_eq (judge ("SN 42", model, preferences), '?');
  ck_assert_int_eq (judge ("", model, preferences), '?');
}
END_TEST

static void
add_keyboard_tests (TCase *cases)
{
  tcase_add_test (cases, a_fast_burst_up_to_enter_is_a_code);
  tcase_add_test (cases, a_single_character_is_a_key_after_one_gap);
  tcase_add_test (cases, a_hand_types_keys_and_enter);
  tcase_add_test (cases, two_keys_that_a_hand_rolls_are_no_code);
  tcase_add_test (cases, without_a_suffix_a_pause_of_three_gaps_ends_a_code_of_four);
  tcase_add_test (cases, a_scanner_may_halt_within_a_code);
  tcase_add_test (cases, special_keys_are_always_keys);
  tcase_add_test (cases, carriage_return_and_line_feed_end_a_code_once);
  tcase_add_test (cases, a_stuttering_scanner_is_heard_once);
  tcase_add_test (cases, two_codes_at_once_are_two_codes);
  tcase_add_test (cases, tab_may_be_the_suffix);
  tcase_add_test (cases, characters_may_be_the_suffix);
  tcase_add_test (cases, with_a_prefix_a_code_runs_from_prefix_to_suffix);
  tcase_add_test (cases, with_a_prefix_keys_need_not_wait);
  tcase_add_test (cases, a_prefix_that_a_hand_types_is_a_key);
  tcase_add_test (cases, a_code_that_lost_its_end_does_nothing);
  tcase_add_test (cases, an_empty_code_is_none);
  tcase_add_test (cases, endless_input_is_no_code_and_takes_no_memory);
}

int
main (void)
{
  Suite *suite = suite_create ("tui-scan");
  TCase *cases = tcase_create ("scan");
  SRunner *runner = srunner_create (suite);
  int failed;

  add_keyboard_tests (cases);
  tcase_add_test (cases, control_codes_come_first);
  tcase_add_test (cases, batches_are_known_by_name);
  tcase_add_test (cases, serials_are_for_a_running_batch_that_scans_them);
  tcase_add_test (cases, a_pattern_tells_serials_from_badges);
  tcase_add_test (cases, without_a_pattern_it_is_what_the_line_waits_for);
  tcase_add_test (cases, a_badge_prefix_makes_badges_certain);
  tcase_add_test (cases, what_no_barcode_of_ours_has_is_noticed);
  suite_add_tcase (suite, cases);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

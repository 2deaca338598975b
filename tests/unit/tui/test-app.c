/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What keys and codes do, on a model alone: the calls are written down instead of made, and
 * answered as a test wants.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "ui-tui/app-private.h"
#include "ui-tui/language.h"

static Model *model;
static Preferences *preferences;
static App app;
static GString *calls;  /* "AcknowledgeSlot(2) ..." */
static GError *refusal; /* of the next call; NULL: it goes well */
static GVariant *answer;
static gboolean has_quit;

static const char *unanswered; /* the method that takes its time, or NULL */
static const char *refused;    /* the only method that `refusal` is for, or NULL: the next */

static void
note_call (App *from, const char *method, GVariant *parameters, ClientDone done, gpointer data)
{
  g_autoptr (GVariant) owned = parameters != NULL ? g_variant_ref_sink (parameters) : NULL;
  g_autofree char *text = owned != NULL ? g_variant_print (owned, FALSE) : g_strdup ("()");
  const gboolean meant = refused == NULL || g_str_equal (refused, method);
  g_autoptr (GError) error = meant ? g_steal_pointer (&refusal) : NULL;

  g_string_append_printf (calls, "%s%s%s", calls->len > 0 ? " " : "", method, text);
  if (done != NULL && g_strcmp0 (method, unanswered) != 0)
    done (NULL, error == NULL ? answer : NULL, error, data);
}

static void
note_quit (App *from)
{
  has_quit = TRUE;
}

static void
add_tile (guint number, TileState state)
{
  Tile *tile = g_new0 (Tile, 1);

  tile->number = number;
  tile->state = state;
  tile->enabled = state != TILE_DISABLED;
  tile->present = state != TILE_EMPTY;
  tile->device = tile->present ? g_strdup_printf ("SN-%u", number) : NULL;
  g_ptr_array_add (model->tiles, tile);
}

static void
add_batch (const char *name, const char *state)
{
  BatchLine *batch = g_new0 (BatchLine, 1);

  batch->name = g_strdup (name);
  batch->state = g_strdup (state);
  g_ptr_array_add (model->batches, batch);
}

static void
add_operator (const char *role, gboolean pin)
{
  OperatorLine *line = g_new0 (OperatorLine, 1);

  line->name = g_strdup ("mei");
  line->role = g_strdup (role);
  line->enabled = TRUE;
  line->pin = pin;
  g_ptr_array_add (model->operators, line);
  model->health.operators++;
}

static void
set_up (void)
{
  model = model_new ();
  model->connected = TRUE;
  model->health.station = g_strdup ("line-1");
  preferences = preferences_load (NULL, FALSE, NULL);
  app = (App){ .model = model, .preferences = preferences, .quit = note_quit, .call = note_call };
  calls = g_string_new (NULL);
  has_quit = FALSE;
  unanswered = refused = NULL;
}

static void
tear_down (void)
{
  app_clear (&app);
  model_free (model);
  preferences_free (preferences);
  g_string_free (calls, TRUE);
  g_clear_pointer (&answer, g_variant_unref);
  g_clear_error (&refusal);
}

/* As a hand that has read the dialog. */
static void
press (gunichar key)
{
  app.dialog_at = 0;
  app_key (&app, key);
}

static void
type (const char *text)
{
  for (; *text != '\0'; text++)
    press ((gunichar)*text);
}

static void
assert_calls (const char *expected)
{
  ck_assert_str_eq (calls->str, expected);
  g_string_truncate (calls, 0);
}

static void
assert_notice (const char *part)
{
  ck_assert_msg (model->notice != NULL && strstr (model->notice, part) != NULL, "%s",
                 model->notice != NULL ? model->notice : "no notice");
}

/* ---- seen ---- */

START_TEST (the_only_failed_slot_is_seen_without_a_choice)
{
  add_tile (1, TILE_WORKING);
  add_tile (2, TILE_FAIL);
  press ('a');
  assert_calls ("AcknowledgeSlot(2,)");
  assert_notice ("Slot 2: seen");
}
END_TEST

START_TEST (of_several_failed_slots_one_is_to_be_chosen)
{
  add_tile (1, TILE_FAIL);
  add_tile (2, TILE_PASS);
  add_tile (3, TILE_FAIL);
  app_code (&app, "KCSEEN");
  assert_calls ("");
  assert_notice ("1, 3");
  press ('3');
  app_code (&app, "KCSEEN");
  assert_calls ("AcknowledgeSlot(3,)");
}
END_TEST

START_TEST (a_fail_that_was_seen_is_not_seen_again)
{
  add_tile (1, TILE_FAIL);
  model_tile (model, 1)->acknowledged = TRUE;
  press ('A');
  assert_calls ("");
  assert_notice ("No FAIL waits");
}
END_TEST

/* ---- the focus ---- */

START_TEST (arrows_move_on_the_grid_as_it_was_drawn)
{
  for (guint i = 1; i <= 8; i++)
    add_tile (i, TILE_EMPTY);
  model->grid_columns = 3;
  model->grid_tiles = 6;
  press (KEY_CODE_RIGHT);
  ck_assert_uint_eq (model->focus, 1);
  press (KEY_CODE_DOWN);
  ck_assert_uint_eq (model->focus, 4);
  press (KEY_CODE_DOWN);
  ck_assert_uint_eq (model->focus, 7);
  ck_assert_uint_eq (model->page, 1);
  press (KEY_CODE_DOWN); /* there is nothing below */
  ck_assert_uint_eq (model->focus, 7);
  press (KEY_CODE_LEFT);
  ck_assert_uint_eq (model->focus, 6);
  ck_assert_uint_eq (model->page, 0);
  press (KEY_CODE_ESCAPE);
  ck_assert_uint_eq (model->focus, 0);
}
END_TEST

START_TEST (two_digits_within_a_second_are_one_slot)
{
  for (guint i = 1; i <= 12; i++)
    add_tile (i, TILE_EMPTY);
  press ('1');
  ck_assert_uint_eq (model->focus, 1);
  press ('2');
  ck_assert_uint_eq (model->focus, 12);
  press ('1');
  app.digit_at -= 2 * G_USEC_PER_SEC;
  press ('2');
  ck_assert_uint_eq (model->focus, 2);
}
END_TEST

START_TEST (a_slots_barcode_chooses_it_from_any_view)
{
  g_autofree char *code = code_of_slot (11);

  add_tile (11, TILE_EMPTY);
  press (KEY_CODE_F1 + 5);
  ck_assert_int_eq (model->view, VIEW_LOG);
  app_code (&app, code);
  ck_assert_int_eq (model->view, VIEW_LINE);
  ck_assert_uint_eq (model->focus, 11);
  g_autofree char *other = code_of_slot (12);
  app_code (&app, other);
  assert_notice ("no slot 12");
}
END_TEST

START_TEST (the_focus_is_forgotten_after_a_while)
{
  add_tile (1, TILE_FAIL);
  press ('1');
  app_tick (&app, app.last_input_at + G_USEC_PER_SEC);
  ck_assert_uint_eq (model->focus, 1);
  app_tick (&app, app.last_input_at + 61 * G_USEC_PER_SEC);
  ck_assert_uint_eq (model->focus, 0);
}
END_TEST

/* ---- again ---- */

START_TEST (a_failed_unit_runs_again)
{
  add_tile (1, TILE_EMPTY);
  add_tile (2, TILE_FAIL);
  press ('r');
  assert_calls ("StartSlot(2,)");
}
END_TEST

START_TEST (what_can_not_run_again_is_said)
{
  add_tile (1, TILE_PASS);
  add_tile (2, TILE_WORKING);
  add_tile (3, TILE_EMPTY);
  press ('r');
  assert_notice ("Choose a slot");
  press ('1');
  press ('r');
  assert_notice ("has passed");
  app.digit = 0;
  press ('2');
  press ('r');
  assert_notice ("at work");
  app.digit = 0;
  press ('3');
  press ('r');
  assert_notice ("no unit");
  assert_calls ("");
}
END_TEST

/* ---- the supervisor ---- */

START_TEST (without_badges_the_user_answers_for_it_himself)
{
  add_tile (1, TILE_DISABLED);
  model->health.user = g_strdup ("kim");
  press ('d');
  ck_assert_int_eq (model->dialog.kind, DIALOG_CONFIRM);
  ck_assert_ptr_nonnull (strstr (model->dialog.text, "kim"));
  press (KEY_CODE_ENTER);
  assert_calls ("Authorize('', '', 30) SetSlotEnabled(1, true, '') Deauthorize()");
  ck_assert_int_eq (model->dialog.kind, DIALOG_NONE);
  assert_notice ("in service");
}
END_TEST

START_TEST (a_supervisors_badge_lets_the_act_pass)
{
  add_tile (1, TILE_EMPTY);
  add_operator ("supervisor", FALSE);
  press ('d');
  ck_assert_int_eq (model->dialog.kind, DIALOG_INPUT);
  press (KEY_CODE_ENTER);
  ck_assert_ptr_nonnull (model->dialog.problem); /* no reason */
  type ("pin bent");
  press (KEY_CODE_ENTER);
  ck_assert_int_eq (model->dialog.kind, DIALOG_SUPERVISOR);
  assert_calls ("");
  app_code (&app, "BOSS-7");
  assert_calls ("Authorize('BOSS-7', '', 30) SetSlotEnabled(1, false, 'pin bent') Deauthorize()");
  ck_assert_ptr_null (strstr (model->last_scan, "BOSS"));
}
END_TEST

START_TEST (a_pin_is_asked_for_where_one_is_set)
{
  add_batch ("B-1", "running");
  add_operator ("supervisor", TRUE);
  press (KEY_CODE_F1 + 2);
  press ('p');
  app_code (&app, "BOSS-7");
  assert_calls ("");
  ck_assert_uint_eq (model->dialog.field, 1);
  type ("1234");
  press (KEY_CODE_ENTER);
  assert_calls ("Authorize('BOSS-7', '1234', 30) SetBatchState('B-1', 'paused') Deauthorize()");
}
END_TEST

START_TEST (a_pin_is_shown_in_no_view)
{
  for (int view = 0; view < N_VIEWS; view++) {
    add_operator ("supervisor", TRUE);
    app_show (&app, (ViewKind)view);
    app_act_supervised (&app, "Do it?", "SetSlotEnabled", NULL, "Done.");
    app_code (&app, "BOSS-7");
    ck_assert_ptr_null (strstr (model->last_scan, "BOSS"));
    app_code (&app, "9182");
    ck_assert_ptr_null (strstr (model->last_scan, "9182"));
  }
}
END_TEST

START_TEST (a_wrong_badge_is_said_in_the_dialog)
{
  add_batch ("B-1", "running");
  add_operator ("supervisor", FALSE);
  press (KEY_CODE_F1 + 2);
  press ('c');
  refusal = g_error_new_literal (CLIENT_ERROR, CLIENT_ERROR_NOT_PERMITTED, "Not known here.");
  app_code (&app, "WRONG");
  assert_calls ("Authorize('WRONG', '', 30)");
  ck_assert_int_eq (model->dialog.kind, DIALOG_SUPERVISOR);
  ck_assert_str_eq (model->dialog.problem, "Not known here.");
  app_code (&app, "KCNO");
  ck_assert_int_eq (model->dialog.kind, DIALOG_NONE);
  assert_notice ("Nothing was done");
  assert_calls ("");
}
END_TEST

START_TEST (an_act_that_turns_out_to_need_a_supervisor_asks_for_one)
{
  add_tile (1, TILE_FAIL);
  refusal = g_error_new_literal (CLIENT_ERROR, CLIENT_ERROR_NOT_PERMITTED, "A supervisor can.");
  press ('r');
  assert_calls ("StartSlot(1,)");
  ck_assert_int_eq (model->dialog.kind, DIALOG_CONFIRM);
  app_code (&app, "KCOK");
  assert_calls ("Authorize('', '', 30) StartSlot(1,) Deauthorize()");
}
END_TEST

START_TEST (a_refusal_is_a_sentence_on_the_screen)
{
  add_tile (1, TILE_FAIL);
  refusal = g_error_new_literal (CLIENT_ERROR, CLIENT_ERROR_STATE, "The slot is at work.");
  press ('r');
  ck_assert_str_eq (model->notice, "The slot is at work.");
  ck_assert_int_eq (model->notice_kind, NOTICE_BAD);
}
END_TEST

START_TEST (learning_that_is_left_is_cancelled_at_the_station)
{
  add_tile (3, TILE_EMPTY);
  unanswered = "LearnSlot";
  press (KEY_CODE_F1 + 7);
  press ('3');
  press ('l');
  press (KEY_CODE_ENTER);
  ck_assert_int_eq (model->dialog.kind, DIALOG_WAIT);
  assert_calls ("Authorize('', '', 30) LearnSlot(3, 30)");
  press (KEY_CODE_ESCAPE);
  ck_assert_int_eq (model->dialog.kind, DIALOG_NONE);
  assert_calls ("CancelLearn()");
}
END_TEST

START_TEST (learning_waits_until_the_device_is_there)
{
  add_tile (3, TILE_EMPTY);
  press (KEY_CODE_F1 + 7);
  press ('3');
  press ('l');
  press (KEY_CODE_ENTER);
  assert_calls ("Authorize('', '', 30) LearnSlot(3, 30) Deauthorize()");
  ck_assert_int_eq (model->dialog.kind, DIALOG_NONE);
  assert_notice ("learned");
}
END_TEST

START_TEST (a_swap_takes_the_other_slots_barcode)
{
  g_autofree char *code = code_of_slot (2);

  add_tile (1, TILE_EMPTY);
  add_tile (2, TILE_EMPTY);
  press (KEY_CODE_F1 + 7);
  press ('1');
  press ('w');
  app_code (&app, code);
  app_code (&app, "KCOK");
  app_code (&app, "KCOK");
  assert_calls ("Authorize('', '', 30) SwapSlots(1, 2) Deauthorize()");
}
END_TEST

/* ---- dialogs ---- */

START_TEST (a_key_that_came_too_soon_answers_nothing)
{
  add_tile (1, TILE_DISABLED);
  app_key (&app, 'd');
  app_key (&app, KEY_CODE_ENTER); /* bounced */
  assert_calls ("");
  ck_assert_int_eq (model->dialog.kind, DIALOG_CONFIRM);
  press (KEY_CODE_ENTER);
  ck_assert_int_eq (model->dialog.kind, DIALOG_NONE);
}
END_TEST

START_TEST (help_opens_and_closes)
{
  press ('?');
  ck_assert_int_eq (model->dialog.kind, DIALOG_HELP);
  press (KEY_CODE_F1);
  ck_assert_int_eq (model->dialog.kind, DIALOG_NONE);
  app_code (&app, "KCHELP");
  ck_assert_int_eq (model->dialog.kind, DIALOG_HELP);
  app_code (&app, "KCNO");
  ck_assert_int_eq (model->dialog.kind, DIALOG_NONE);
}
END_TEST

START_TEST (the_unit_of_the_chosen_slot_is_shown)
{
  add_tile (1, TILE_FAIL);
  press ('1');
  press (KEY_CODE_F1 + 3);
  ck_assert_int_eq (model->view, VIEW_DEVICE);
  ck_assert_str_eq (model->detail.wanted, "SN-1");
}
END_TEST

START_TEST (a_unit_that_is_asked_for_wins_over_the_chosen_slot)
{
  add_tile (1, TILE_FAIL);
  press ('1');
  app_show_device (&app, "AC24-999999");
  ck_assert_int_eq (model->view, VIEW_DEVICE);
  ck_assert_str_eq (model->detail.wanted, "AC24-999999");
}
END_TEST

START_TEST (what_moves_on_turns_the_pages_of_the_help)
{
  press ('?');
  press (KEY_CODE_PAGE_DOWN);
  press (' ');
  ck_assert_int_eq (model->dialog.kind, DIALOG_HELP);
  ck_assert_uint_eq (model->dialog.field, 2);
  app_code (&app, "KCFORTH");
  ck_assert_uint_eq (model->dialog.field, 3);
  for (guint i = 0; i < 5; i++)
    press (KEY_CODE_UP);
  ck_assert_uint_eq (model->dialog.field, 0);
  press (KEY_CODE_ESCAPE);
  ck_assert_int_eq (model->dialog.kind, DIALOG_NONE);
}
END_TEST

START_TEST (the_language_is_chosen_from_a_list)
{
  press (KEY_CODE_F1 + 8);
  ck_assert_int_eq (model->dialog.kind, DIALOG_CHOICE);
  press (KEY_CODE_DOWN);
  press (KEY_CODE_ENTER);
  ck_assert_str_eq (model->language, "de");
  language_use ("en", FALSE);
}
END_TEST

START_TEST (chinese_is_not_offered_where_it_is_not_shown)
{
  app.latin_only = TRUE;
  press (KEY_CODE_F1 + 8);
  ck_assert_int_eq (model->dialog.kind, DIALOG_CHOICE);
  ck_assert_uint_eq (g_strv_length (model->dialog.choices), 2);
  ck_assert_ptr_nonnull (strstr (model->dialog.text, "can't show Chinese"));
  press (KEY_CODE_DOWN);
  press (KEY_CODE_ENTER);
  ck_assert_str_eq (model->language, "de");
  app_use_language (&app, "zh_CN");
  ck_assert_str_eq (model->language, "en");
  ck_assert_ptr_nonnull (strstr (model->notice, "can't show Chinese"));
}
END_TEST

START_TEST (chinese_is_offered_elsewhere)
{
  press (KEY_CODE_F1 + 8);
  ck_assert_uint_eq (g_strv_length (model->dialog.choices), 3);
  ck_assert_ptr_null (model->dialog.text);
  press (KEY_CODE_DOWN);
  press (KEY_CODE_DOWN);
  press (KEY_CODE_ENTER);
  ck_assert_str_eq (model->language, "zh_CN");
  language_use ("en", FALSE);
}
END_TEST

/* ---- batches ---- */

START_TEST (a_scanned_batch_starts)
{
  add_batch ("B-2", "created");
  app_code (&app, "B-2");
  assert_calls ("SetBatchState('B-2', 'running')");
  assert_notice ("B-2 runs");
}
END_TEST

START_TEST (another_batch_is_paused_only_after_a_yes)
{
  add_batch ("B-2", "created");
  add_batch ("B-1", "running");
  app_code (&app, "B-2");
  ck_assert_int_eq (model->view, VIEW_BATCH);
  ck_assert_int_eq (model->dialog.kind, DIALOG_CONFIRM);
  assert_calls ("");
  app_code (&app, "KCOK");
  app_code (&app, "KCOK"); /* as the supervisor */
  assert_calls ("Authorize('', '', 30) SetBatchState('B-1', 'paused') Deauthorize() "
                "SetBatchState('B-2', 'running')");
}
END_TEST

START_TEST (a_batch_that_can_not_start_says_why)
{
  add_batch ("B-1", "closed");
  add_batch ("B-2", "running");
  app_code (&app, "B-1");
  assert_notice ("closed");
  app_code (&app, "B-2");
  assert_notice ("already");
  assert_calls ("");
}
END_TEST

/* The form, filled in up to where serials come from. */
static void
begin_new_batch (const char *units)
{
  ProfileLine *profile = g_new0 (ProfileLine, 1);

  profile->name = g_strdup ("demo");
  g_ptr_array_add (model->profiles, profile);
  press (KEY_CODE_F1 + 2);
  press ('n');
  ck_assert_int_eq (model->dialog.kind, DIALOG_FORM);
  type ("B-9");
  press (KEY_CODE_ENTER);
  type ("Lamp");
  press (KEY_CODE_ENTER);
  press (KEY_CODE_ENTER);
  type (units);
  press (KEY_CODE_ENTER);
}

static void
assert_call_has (const char *part)
{
  ck_assert_msg (strstr (calls->str, part) != NULL, "%s is not in %s", part, calls->str);
}

static void
assert_problem (guint field, const char *part)
{
  ck_assert_ptr_nonnull (model->dialog.problem);
  ck_assert_msg (strstr (model->dialog.problem, part) != NULL, "%s", model->dialog.problem);
  ck_assert_uint_eq (model->dialog.field, field);
}

START_TEST (a_new_batch_is_made_from_a_form)
{
  begin_new_batch ("50");
  press (KEY_CODE_ENTER);
  press (KEY_CODE_ENTER);
  assert_call_has ("CreateBatch('B-9', {");
  assert_call_has ("'product': <'Lamp'>");
  assert_call_has ("'profile': <'demo'>");
  assert_call_has ("'target': <uint32 50>");
  ck_assert_ptr_null (strstr (calls->str, "serial"));
}
END_TEST

START_TEST (a_new_batch_numbers_its_units)
{
  begin_new_batch ("10");
  press (KEY_CODE_RIGHT);
  ck_assert_uint_eq (model->dialog.fields->len, 9);
  ck_assert_ptr_nonnull (strstr (model->dialog.text, "B-9-0001 to B-9-0015"));
  for (guint i = 0; i < 4; i++)
    press (KEY_CODE_ENTER);
  press (KEY_CODE_BACKSPACE);
  type ("6");
  ck_assert_ptr_nonnull (strstr (model->dialog.text, "B-9-000001 to B-9-000015"));
  press (KEY_CODE_ENTER);
  ck_assert_ptr_nonnull (strstr (model->dialog.text, "10 units of Lamp"));
  press (KEY_CODE_ENTER);
  assert_call_has ("'serial-prefix': <'B-9-'>");
  assert_call_has ("'serial-first': <uint64 1>");
  assert_call_has ("'serial-last': <uint64 15>");
  assert_call_has ("'serial-width': <uint32 6>");
  ck_assert_ptr_null (strstr (calls->str, "serial-scan"));
}
END_TEST

START_TEST (a_new_batch_scans_its_units)
{
  begin_new_batch ("10");
  press (KEY_CODE_LEFT);
  ck_assert_uint_eq (model->dialog.fields->len, 6);
  press (KEY_CODE_ENTER);
  type ("AC-[0-9");
  press (KEY_CODE_ENTER);
  assert_problem (5, "no pattern");
  type ("]+");
  press (KEY_CODE_ENTER);
  press (KEY_CODE_ENTER);
  assert_call_has ("'serial-scan': <true>");
  assert_call_has ("'serial-pattern': <'AC-[0-9]+'>");
}
END_TEST

static void
set_field (guint number, const char *text)
{
  Field *field = g_ptr_array_index (model->dialog.fields, number);

  g_string_assign (field->value, text);
}

static void
finish_form (void)
{
  model->dialog.field = model->dialog.fields->len - 1;
  press (KEY_CODE_ENTER);
}

START_TEST (what_is_wrong_with_a_new_batch_is_said_at_its_field)
{
  static const struct {
    guint field;
    const char *wrong;
    const char *said;
    const char *right;
  } cases[] = {
    { 0, "", "Name the batch", "B-9" },
    { 0, "B 9", "1 to 64 letters", "B-9" },
    { 0, "b-1", "already", "B-9" },
    { 0, "KCSEEN", "control barcode", "B-9" },
    { 0, "kcslotc", "control barcode", "B-9" },
    { 1, "", "Type the product", "Lamp" },
    { 3, "", "How many units", "10" },
    { 3, "0", "How many units", "10" },
    { 3, "ten", "How many units", "10" },
    { 3, "99999999999", "How many units", "10" },
    { 6, "", "From which number", "1" },
    { 7, "x", "Up to which number", "20" },
    { 7, "0", "before the first", "20" },
    { 7, "9", "more units than numbers", "20" },
    { 7, "18446744073709551615", "Up to which", "10" },
    { 8, "", "How many digits", "4" },
    { 8, "21", "How many digits", "20" },
    { 5, "-", "1 to 64 letters", "A" },
    { 5, "1234567890123456789012345678901234567890123456789", "1 to 64 letters", "" },
  };

  add_batch ("B-1", "closed");
  begin_new_batch ("10");
  press (KEY_CODE_RIGHT);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    set_field (cases[i].field, cases[i].wrong);
    finish_form ();
    assert_problem (cases[i].field, cases[i].said);
    set_field (cases[i].field, cases[i].right);
  }
  finish_form ();
  ck_assert_int_eq (model->dialog.kind, DIALOG_CONFIRM);
  ck_assert_ptr_nonnull (strstr (model->dialog.text, "00000000000000000010"));
}
END_TEST

START_TEST (a_key_without_use_in_a_dialog_says_so_and_a_choice_does_not)
{
  begin_new_batch ("10");
  press (KEY_CODE_RIGHT);
  ck_assert_ptr_null (model->dialog.problem);
  press (KEY_CODE_F1 + 4);
  ck_assert_str_eq (model->dialog.problem, "Answer this first.");
  press (KEY_CODE_RIGHT);
  ck_assert_ptr_null (model->dialog.problem);
}
END_TEST

START_TEST (a_scan_fills_its_field_and_goes_on)
{
  begin_new_batch ("10");
  model->dialog.field = 0;
  app_code (&app, "WO-77");
  ck_assert_str_eq (app_field (&app, 0), "WO-77");
  ck_assert_uint_eq (model->dialog.field, 1);
  ck_assert_ptr_null (model->last_scan);
  model->dialog.field = 4;
  app_code (&app, "WO-78");
  assert_problem (4, "Left and Right");
  assert_calls ("");
}
END_TEST

START_TEST (enter_on_a_batch_shows_its_attempts)
{
  add_batch ("B-1", "running");
  press (KEY_CODE_F1 + 2);
  press (KEY_CODE_ENTER);
  ck_assert_int_eq (model->view, VIEW_LOG);
  ck_assert (model->log_attempts);
  ck_assert_str_eq (model->lists[VIEW_LOG].filter, "B-1");
}
END_TEST

/* ---- scans ---- */

START_TEST (a_control_barcode_of_another_view_shows_it_first)
{
  add_batch ("B-1", "created");
  app_code (&app, "KCGO");
  ck_assert_int_eq (model->view, VIEW_BATCH);
  assert_calls ("");
  app_code (&app, "KCGO");
  assert_calls ("SetBatchState('B-1', 'running')");
}
END_TEST

START_TEST (an_unknown_code_is_repeated)
{
  app_code (&app, "4006381333931");
  assert_notice ("4006381333931");
  assert_calls ("");
}
END_TEST

START_TEST (that_there_is_no_contact_is_said_no_longer_than_true)
{
  add_tile (1, TILE_FAIL);
  model->connected = FALSE;
  app_tick (&app, g_get_monotonic_time ());
  press ('a');
  assert_notice ("no contact");
  app_tick (&app, g_get_monotonic_time ());
  assert_notice ("no contact");
  model->connected = TRUE;
  app_tick (&app, g_get_monotonic_time ());
  ck_assert_ptr_null (model->notice);
}
END_TEST

START_TEST (before_the_station_was_heard_a_badge_is_not_shown)
{
  model->connected = FALSE;
  g_clear_pointer (&model->health.station, g_free);
  app_code (&app, "B4471");
  ck_assert_ptr_null (strstr (model->last_scan, "B4471"));
  assert_notice ("no contact");
  ck_assert_ptr_null (strstr (model->notice, "B4471"));
}
END_TEST

START_TEST (a_code_of_another_keyboard_says_so)
{
  app_code (&app, "KCSEEN\303\237");
  assert_notice ("another country's keyboard");
  assert_calls ("");
}
END_TEST

START_TEST (a_code_that_is_no_badge_either_says_all_that_it_could_be)
{
  add_operator ("operator", FALSE);
  refusal = g_error_new_literal (CLIENT_ERROR, CLIENT_ERROR_NOT_PERMITTED, "Not known here.");
  app_code (&app, "WO-99");
  assert_calls ("SignIn('WO-99',)");
  assert_notice ("no batch");
  model->locked = TRUE;
  refusal = g_error_new_literal (CLIENT_ERROR, CLIENT_ERROR_NOT_PERMITTED, "Not known here.");
  app_code (&app, "WO-98");
  assert_notice ("Not known here.");
}
END_TEST

START_TEST (a_batchs_name_may_come_in_small_letters)
{
  add_batch ("WO-1", "created");
  app_code (&app, "wo-1");
  assert_calls ("SetBatchState('WO-1', 'running')");
}
END_TEST

START_TEST (a_key_of_another_view_says_where_it_belongs)
{
  press ('s');
  assert_notice ("S does nothing here. After F3 it means: Start");
  press (KEY_CODE_DELETE);
  assert_notice ("F1");
  assert_calls ("");
}
END_TEST

START_TEST (what_was_said_of_one_view_is_gone_with_it)
{
  add_tile (1, TILE_PASS);
  press ('1');
  press ('r');
  assert_notice ("has passed");
  press (KEY_CODE_F1 + 5);
  ck_assert_ptr_null (model->notice);
}
END_TEST

START_TEST (a_slot_out_of_service_says_how_it_comes_back)
{
  add_tile (1, TILE_DISABLED);
  press ('r');
  assert_notice ("out of service. D puts it back");
  assert_calls ("");
}
END_TEST

START_TEST (a_port_of_the_configuration_is_neither_learned_nor_swapped)
{
  add_tile (1, TILE_EMPTY);
  model_tile (model, 1)->binding = g_strdup ("port");
  press (KEY_CODE_F1 + 7);
  press ('l');
  assert_notice ("configuration file");
  g_clear_pointer (&model->notice, g_free);
  press ('w');
  assert_notice ("configuration file");
  ck_assert_int_eq (model->dialog.kind, DIALOG_NONE);
  assert_calls ("");
}
END_TEST

START_TEST (a_used_unit_that_is_in_a_slot_runs_there)
{
  add_tile (2, TILE_PASS);
  app_show_device (&app, "SN-2");
  model->detail.device = g_new0 (DeviceLine, 1);
  model->detail.device->serial = g_strdup ("SN-2");
  press ('r');
  press (KEY_CODE_ENTER);
  assert_calls ("Authorize('', '', 30) RetryDevice('SN-2',) Deauthorize()");
  assert_notice ("Unit SN-2 runs again in slot 2.");
}
END_TEST

/* Whatever is scanned wherever: it does something, or a sentence says why not. */
START_TEST (no_control_barcode_stays_without_an_answer)
{
  const Key *key = key_of_request ((Request)(_i % N_REQUESTS));
  const ViewKind view = (ViewKind)(_i / N_REQUESTS);
  AppLook before;

  if (key == NULL || key->code == NULL || key->request == REQUEST_QUIT)
    return;
  add_tile (1, TILE_EMPTY);
  app_show (&app, view);
  for (int turn = 0; turn < 3; turn++) {
    before = app_look (&app);
    app_code (&app, key->code);
    const AppLook now = app_look (&app);
    ck_assert_msg (!app_looks_same (&before, &now) || model->dialog.problem != NULL,
                   "%s in view %d, turn %d", key->code, (int)view, turn);
  }
}
END_TEST

START_TEST (a_serial_is_bound_where_the_batch_scans)
{
  add_batch ("B-1", "running");
  model_running_batch (model)->serial_scan = TRUE;
  answer = g_variant_ref_sink (g_variant_new ("(u)", 4));
  app_code (&app, "AC-77");
  assert_calls ("BindSerial(0, 'AC-77')");
  assert_notice ("AC-77 is the unit in slot 4");
}
END_TEST

START_TEST (on_the_device_view_a_serial_shows_its_unit)
{
  press (KEY_CODE_F1 + 3);
  app_code (&app, "AC-77");
  ck_assert_str_eq (model->detail.wanted, "AC-77");
  assert_calls ("");
}
END_TEST

START_TEST (a_code_may_be_typed_by_hand)
{
  add_batch ("B-2", "created");
  press (' ');
  type ("B-3");
  press (KEY_CODE_BACKSPACE);
  type ("2");
  ck_assert_str_eq (model->scan->str, "B-2");
  press (KEY_CODE_ENTER);
  assert_calls ("SetBatchState('B-2', 'running')");
}
END_TEST

/* ---- people ---- */

START_TEST (a_badge_signs_in_and_brings_its_language)
{
  GVariantDict record;

  add_operator ("operator", FALSE);
  g_variant_dict_init (&record, NULL);
  g_variant_dict_insert (&record, "name", "s", "Mei");
  g_variant_dict_insert (&record, "language", "s", "de");
  answer = g_variant_ref_sink (g_variant_new ("(@a{sv})", g_variant_dict_end (&record)));
  app_code (&app, "BADGE-1");
  assert_calls ("SignIn('BADGE-1',)");
  assert_notice ("Mei");
  ck_assert_str_eq (model->language, "de");
  language_use ("en", FALSE);
}
END_TEST

START_TEST (a_screen_speaks_to_whoever_works_at_the_station)
{
  Health *health = &model->health;

  health->operator_name = g_strdup ("Mei");
  health->operator_language = g_strdup ("de");
  app_tick (&app, G_USEC_PER_SEC);
  ck_assert_str_eq (model->language, "de");
  model->language = language_use ("en", FALSE);
  app_tick (&app, 2 * G_USEC_PER_SEC);
  ck_assert_str_eq (model->language, "en"); /* was chosen since */
}
END_TEST

START_TEST (a_screen_left_alone_locks_and_any_badge_unlocks)
{
  preferences->lock_minutes = 1;
  add_operator ("operator", FALSE);
  add_tile (1, TILE_FAIL);
  press ('1');
  app_tick (&app, app.last_input_at + 61 * G_USEC_PER_SEC);
  ck_assert (model->locked);
  assert_calls ("SignOut()");
  press ('a');
  assert_notice ("locked");
  app_code (&app, "KCSEEN");
  assert_calls ("");
  refusal = g_error_new_literal (CLIENT_ERROR, CLIENT_ERROR_NOT_PERMITTED, "Not known here.");
  app_code (&app, "WRONG");
  ck_assert (model->locked);
  app_code (&app, "BADGE-1");
  ck_assert (!model->locked);
  assert_calls ("SignIn('WRONG',) SignIn('BADGE-1',)");
}
END_TEST

START_TEST (without_operators_nothing_locks)
{
  preferences->lock_minutes = 1;
  app_tick (&app, G_USEC_PER_SEC);
  app_tick (&app, 1000 * G_USEC_PER_SEC);
  ck_assert (!model->locked);
  press (KEY_CODE_F1 + 10);
  ck_assert (!model->locked);
  assert_notice ("badge");
}
END_TEST

/* ---- the rest ---- */

START_TEST (an_act_without_contact_says_so)
{
  static const gunichar keys[] = { 'a', 'r', 'd', 'l', 'w' };

  model->connected = FALSE;
  press ('a'); /* no slot is known yet */
  assert_notice ("no contact");
  add_tile (1, TILE_FAIL);
  model->view = VIEW_SLOTS;
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++) {
    g_clear_pointer (&model->notice, g_free);
    press (keys[i]);
    assert_notice ("no contact");
  }
  app_code (&app, "NOTHING-1");
  assert_calls ("");
}
END_TEST

START_TEST (the_log_is_filtered_while_one_types)
{
  press (KEY_CODE_F1 + 5);
  press ('/');
  type ("q1");
  ck_assert_str_eq (model->lists[VIEW_LOG].filter, "q1");
  ck_assert (!has_quit);
  press (KEY_CODE_ENTER);
  ck_assert (!model->filtering);
  press (KEY_CODE_ESCAPE);
  ck_assert_ptr_null (model->lists[VIEW_LOG].filter);
  press (KEY_CODE_ESCAPE);
  ck_assert_int_eq (model->view, VIEW_LINE);
}
END_TEST

START_TEST (a_certificate_is_voided_with_a_reason)
{
  model->detail.device = g_new0 (DeviceLine, 1);
  model->detail.device->serial = g_strdup ("SN-1");
  press (KEY_CODE_F1 + 3);
  press ('v');
  type ("lost");
  press (KEY_CODE_ENTER);
  press (KEY_CODE_ENTER);
  assert_calls ("Authorize('', '', 30) VoidDevice('SN-1', 'lost') Deauthorize()");
}
END_TEST

/* ---- what takes two ---- */

static void
refuse (const char *method, ClientError code, const char *sentence)
{
  refused = method;
  refusal = g_error_new_literal (CLIENT_ERROR, (int)code, sentence);
}

/* Up to the point where the first supervisor has let it pass and the station wants a second. */
static void
void_as_first (void)
{
  add_operator ("supervisor", FALSE);
  model->detail.device = g_new0 (DeviceLine, 1);
  model->detail.device->serial = g_strdup ("SN-1");
  press (KEY_CODE_F1 + 3);
  press ('v');
  type ("lost");
  press (KEY_CODE_ENTER);
  refuse ("VoidDevice", CLIENT_ERROR_NEEDS_APPROVAL, "Request 17 waits: void SN-1.");
  app_code (&app, "BOSS-1");
  assert_calls ("Authorize('BOSS-1', '', 30) VoidDevice('SN-1', 'lost') Deauthorize()");
  ck_assert_int_eq (model->dialog.kind, DIALOG_SUPERVISOR);
  ck_assert_str_eq (model->dialog.title, "Second supervisor");
  ck_assert_str_eq (model->dialog.text, "Request 17 waits: void SN-1.");
}

START_TEST (a_second_supervisor_scans_right_there)
{
  void_as_first ();
  app_code (&app, "BOSS-2");
  assert_calls ("Authorize('BOSS-2', '', 30) GrantApproval(17,) Deauthorize()");
  ck_assert_int_eq (model->dialog.kind, DIALOG_NONE);
  assert_notice ("The certificate of unit SN-1 is void");
}
END_TEST

START_TEST (the_first_supervisor_alone_leaves_it_waiting)
{
  void_as_first ();
  refuse ("GrantApproval", CLIENT_ERROR_NOT_PERMITTED, "Request 17 is your own.");
  app_code (&app, "BOSS-1");
  assert_calls ("Authorize('BOSS-1', '', 30) GrantApproval(17,) Deauthorize()");
  ck_assert_int_eq (model->dialog.kind, DIALOG_SUPERVISOR); /* asked again */
  ck_assert_str_eq (model->dialog.text, "Request 17 is your own.");
  press (KEY_CODE_ESCAPE);
  ck_assert_int_eq (model->dialog.kind, DIALOG_NONE);
  assert_notice ("waits for a second supervisor");
  assert_calls ("");
}
END_TEST

static void
open_requests (void)
{
  answer = g_variant_ref_sink (g_variant_new_parsed (
      "([{'id': <int64 3>, 'about': <'void device A'>, 'asked-by': <'sven'>},"
      " {'id': <int64 2>, 'about': <'void device B'>, 'asked-by': <'sven'>}],)"));
  add_operator ("supervisor", FALSE);
  press (KEY_CODE_F1 + 4);
  press ('g');
  assert_calls ("ListApprovals({'waiting': <true>},)");
  ck_assert_int_eq (model->dialog.kind, DIALOG_CHOICE);
  ck_assert_str_eq (model->dialog.choices[1], "2  void device B");
  press (KEY_CODE_DOWN);
  press (KEY_CODE_ENTER);
  ck_assert_int_eq (model->dialog.kind, DIALOG_CHOICE);
  ck_assert_ptr_nonnull (strstr (model->dialog.text, "sven asked for it"));
}

START_TEST (a_request_is_granted_from_the_list)
{
  open_requests ();
  press (KEY_CODE_ENTER);
  app_code (&app, "BOSS-2");
  assert_calls ("Authorize('BOSS-2', '', 30) GrantApproval(2,) Deauthorize()");
  assert_notice ("Request 2 was granted");
}
END_TEST

START_TEST (a_request_is_refused_from_the_list_with_a_reason)
{
  open_requests ();
  press (KEY_CODE_DOWN);
  press (KEY_CODE_ENTER);
  press (KEY_CODE_ENTER);
  ck_assert_ptr_nonnull (model->dialog.problem); /* say why */
  type ("no");
  press (KEY_CODE_ENTER);
  app_code (&app, "BOSS-2");
  assert_calls ("Authorize('BOSS-2', '', 30) RefuseApproval(2, 'no') Deauthorize()");
  assert_notice ("Request 2 is refused");
}
END_TEST

START_TEST (no_request_is_a_notice)
{
  answer = g_variant_ref_sink (g_variant_new_parsed ("(@aa{sv} [],)"));
  press (KEY_CODE_F1 + 4);
  press ('g');
  ck_assert_int_eq (model->dialog.kind, DIALOG_NONE);
  assert_notice ("Nothing waits");
}
END_TEST

START_TEST (an_auditor_is_told_that_the_line_goes_on)
{
  answer = g_variant_ref_sink (g_variant_new_parsed ("({'name': <'ann'>, 'role': <'auditor'>},)"));
  add_operator ("operator", FALSE);
  app_sign_in (&app, "BADGE-ANN");
  assert_calls ("SignIn('BADGE-ANN',)");
  assert_notice ("ann reads here now");
}
END_TEST

START_TEST (the_exports_file_follows_batch_and_format)
{
  static const char *const formats[] = { "aws", "csv" };

  g_free (preferences->export_folder);
  preferences->export_folder = g_strdup ("/tmp/out");
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    g_ptr_array_add (model->formats, g_strdup (formats[i]));
  add_batch ("B-2", "created");
  add_batch ("B-1", "running");
  press (KEY_CODE_F1 + 6);
  ck_assert_str_eq (model->export_path->str, "/tmp/out/B-1.ndjson");
  press (KEY_CODE_DOWN);
  ck_assert_str_eq (model->export_path->str, "/tmp/out/B-1.csv");
  press (KEY_CODE_LEFT);
  ck_assert_str_eq (model->export_path->str, "/tmp/out/B-2.csv");
  press ('f');
  press (KEY_CODE_ENTER);
  press ('n');
  ck_assert_str_eq (model->export_path->str, "/tmp/out/B-2.csv");
  ck_assert (model->export_new_only);
}
END_TEST

/* No request, in no view, with nothing there or with something, leaves the screen without a word
 * or brings it down. */
START_TEST (every_request_works_in_every_view)
{
  const ViewKind view = (ViewKind)(_i / N_REQUESTS);
  const Request request = (Request)(_i % N_REQUESTS);

  model->view = view;
  app_request (&app, request);
  app_code (&app, "KCNO");
  add_tile (1, TILE_FAIL);
  add_batch ("B-1", "running");
  model->view = view;
  app_request (&app, request);
  app_code (&app, "KCOK");
  app_code (&app, "KCNO");
  press (KEY_CODE_ENTER);
  ck_assert_int_eq (has_quit, request == REQUEST_QUIT);
}
END_TEST

static void
add_slot_tests (TCase *cases)
{
  tcase_add_test (cases, the_only_failed_slot_is_seen_without_a_choice);
  tcase_add_test (cases, of_several_failed_slots_one_is_to_be_chosen);
  tcase_add_test (cases, a_fail_that_was_seen_is_not_seen_again);
  tcase_add_test (cases, arrows_move_on_the_grid_as_it_was_drawn);
  tcase_add_test (cases, two_digits_within_a_second_are_one_slot);
  tcase_add_test (cases, a_slots_barcode_chooses_it_from_any_view);
  tcase_add_test (cases, the_focus_is_forgotten_after_a_while);
  tcase_add_test (cases, a_failed_unit_runs_again);
  tcase_add_test (cases, what_can_not_run_again_is_said);
}

static void
add_supervisor_tests (TCase *cases)
{
  tcase_add_test (cases, without_badges_the_user_answers_for_it_himself);
  tcase_add_test (cases, a_supervisors_badge_lets_the_act_pass);
  tcase_add_test (cases, a_pin_is_asked_for_where_one_is_set);
  tcase_add_test (cases, a_pin_is_shown_in_no_view);
  tcase_add_test (cases, a_wrong_badge_is_said_in_the_dialog);
  tcase_add_test (cases, an_act_that_turns_out_to_need_a_supervisor_asks_for_one);
  tcase_add_test (cases, a_refusal_is_a_sentence_on_the_screen);
  tcase_add_test (cases, learning_that_is_left_is_cancelled_at_the_station);
  tcase_add_test (cases, learning_waits_until_the_device_is_there);
  tcase_add_test (cases, a_swap_takes_the_other_slots_barcode);
  tcase_add_test (cases, a_key_that_came_too_soon_answers_nothing);
  tcase_add_test (cases, help_opens_and_closes);
  tcase_add_test (cases, what_moves_on_turns_the_pages_of_the_help);
  tcase_add_test (cases, the_unit_of_the_chosen_slot_is_shown);
  tcase_add_test (cases, a_unit_that_is_asked_for_wins_over_the_chosen_slot);
  tcase_add_test (cases, the_language_is_chosen_from_a_list);
  tcase_add_test (cases, chinese_is_not_offered_where_it_is_not_shown);
  tcase_add_test (cases, chinese_is_offered_elsewhere);
}

static void
add_other_tests (TCase *cases)
{
  tcase_add_test (cases, a_scanned_batch_starts);
  tcase_add_test (cases, another_batch_is_paused_only_after_a_yes);
  tcase_add_test (cases, a_batch_that_can_not_start_says_why);
  tcase_add_test (cases, a_new_batch_is_made_from_a_form);
  tcase_add_test (cases, a_new_batch_numbers_its_units);
  tcase_add_test (cases, a_new_batch_scans_its_units);
  tcase_add_test (cases, what_is_wrong_with_a_new_batch_is_said_at_its_field);
  tcase_add_test (cases, a_key_without_use_in_a_dialog_says_so_and_a_choice_does_not);
  tcase_add_test (cases, a_scan_fills_its_field_and_goes_on);
  tcase_add_test (cases, enter_on_a_batch_shows_its_attempts);
  tcase_add_test (cases, a_control_barcode_of_another_view_shows_it_first);
  tcase_add_test (cases, an_unknown_code_is_repeated);
  tcase_add_test (cases, that_there_is_no_contact_is_said_no_longer_than_true);
  tcase_add_test (cases, before_the_station_was_heard_a_badge_is_not_shown);
  tcase_add_test (cases, a_code_of_another_keyboard_says_so);
  tcase_add_test (cases, a_code_that_is_no_badge_either_says_all_that_it_could_be);
  tcase_add_test (cases, a_batchs_name_may_come_in_small_letters);
  tcase_add_test (cases, a_key_of_another_view_says_where_it_belongs);
  tcase_add_test (cases, what_was_said_of_one_view_is_gone_with_it);
  tcase_add_test (cases, a_slot_out_of_service_says_how_it_comes_back);
  tcase_add_test (cases, a_port_of_the_configuration_is_neither_learned_nor_swapped);
  tcase_add_test (cases, a_used_unit_that_is_in_a_slot_runs_there);
  tcase_add_loop_test (cases, no_control_barcode_stays_without_an_answer, 0, N_VIEWS * N_REQUESTS);
  tcase_add_test (cases, a_serial_is_bound_where_the_batch_scans);
  tcase_add_test (cases, on_the_device_view_a_serial_shows_its_unit);
  tcase_add_test (cases, a_code_may_be_typed_by_hand);
  tcase_add_test (cases, a_badge_signs_in_and_brings_its_language);
  tcase_add_test (cases, a_screen_speaks_to_whoever_works_at_the_station);
  tcase_add_test (cases, a_screen_left_alone_locks_and_any_badge_unlocks);
  tcase_add_test (cases, without_operators_nothing_locks);
  tcase_add_test (cases, an_act_without_contact_says_so);
  tcase_add_test (cases, the_log_is_filtered_while_one_types);
  tcase_add_test (cases, a_certificate_is_voided_with_a_reason);
  tcase_add_test (cases, a_second_supervisor_scans_right_there);
  tcase_add_test (cases, the_first_supervisor_alone_leaves_it_waiting);
  tcase_add_test (cases, a_request_is_granted_from_the_list);
  tcase_add_test (cases, a_request_is_refused_from_the_list_with_a_reason);
  tcase_add_test (cases, no_request_is_a_notice);
  tcase_add_test (cases, an_auditor_is_told_that_the_line_goes_on);
  tcase_add_test (cases, the_exports_file_follows_batch_and_format);
  tcase_add_loop_test (cases, every_request_works_in_every_view, 0, N_VIEWS * N_REQUESTS);
}

int
main (void)
{
  Suite *suite = suite_create ("tui-app");
  TCase *cases = tcase_create ("all");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_add_checked_fixture (cases, set_up, tear_down);
  add_slot_tests (cases);
  add_supervisor_tests (cases);
  add_other_tests (cases);
  suite_add_tcase (suite, cases);
  srunner_run_all (runner, CK_ENV);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

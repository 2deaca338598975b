/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How often a slot's changes are told, and that the last one always is.
 */
#include <check.h>
#include <stdlib.h>

#include "station/slot-signals.h"

static SlotSignals *signals;
static Slot slots[2];
static guint told[2];
static Step step_told[2];

static void
note (const Slot *slot, gpointer data)
{
  told[slot - slots]++;
  step_told[slot - slots] = slot->step;
}

static void
set_up (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (slots); i++) {
    slots[i] = (Slot){ .state = SLOT_WORKING };
    told[i] = 0;
  }
  signals = slot_signals_new (note, NULL);
}

static void
tear_down (void)
{
  slot_signals_free (signals);
}

static void
change (guint place, SlotState state, Step step)
{
  slots[place].state = state;
  slots[place].step = step;
  slot_signals_changed (signals, &slots[place]);
}

static gboolean
set_flag (gpointer flag)
{
  *(gboolean *)flag = TRUE;
  return G_SOURCE_REMOVE;
}

static void
run_for (guint milliseconds)
{
  gboolean over = FALSE;

  g_timeout_add (milliseconds, set_flag, &over);
  while (!over)
    g_main_context_iteration (NULL, TRUE);
}

START_TEST (a_first_change_is_told_at_once_and_the_next_ones_together)
{
  change (0, SLOT_WORKING, STEP_OPEN);
  ck_assert_uint_eq (told[0], 1);
  for (Step step = STEP_IDENTIFY; step <= STEP_RECORD; step++)
    change (0, SLOT_WORKING, step);
  ck_assert_uint_eq (told[0], 1);
  run_for (200);
  ck_assert_uint_eq (told[0], 2);
  ck_assert_int_eq (step_told[0], STEP_RECORD);
}
END_TEST

START_TEST (a_change_of_state_never_waits)
{
  static const SlotState states[] = { SLOT_WORKING, SLOT_FAIL, SLOT_WORKING, SLOT_PASS,
                                      SLOT_EMPTY };

  for (guint i = 0; i < G_N_ELEMENTS (states); i++) {
    change (0, states[i], STEP_OPEN);
    ck_assert_uint_eq (told[0], i + 1);
  }
  run_for (200);
  ck_assert_uint_eq (told[0], G_N_ELEMENTS (states));
}
END_TEST

START_TEST (one_slot_does_not_wait_for_another)
{
  change (0, SLOT_WORKING, STEP_OPEN);
  change (1, SLOT_WORKING, STEP_OPEN);
  ck_assert_uint_eq (told[0], 1);
  ck_assert_uint_eq (told[1], 1);
}
END_TEST

START_TEST (after_a_pause_a_change_is_told_at_once_again)
{
  change (0, SLOT_WORKING, STEP_OPEN);
  run_for (200);
  change (0, SLOT_WORKING, STEP_IDENTIFY);
  ck_assert_uint_eq (told[0], 2);
}
END_TEST

START_TEST (thousands_of_changes_become_a_few)
{
  gint64 end = g_get_monotonic_time () + 400000;

  while (g_get_monotonic_time () < end) {
    change (0, SLOT_WORKING, (Step)((slots[0].step + 1) % N_STEPS));
    g_main_context_iteration (NULL, FALSE);
  }
  ck_assert_uint_ge (told[0], 2);
  ck_assert_uint_le (told[0], 11); /* 400 ms by 40 ms, and the first */
  run_for (200);
  ck_assert_int_eq (step_told[0], slots[0].step);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("station-slot-signals");
  TCase *cases = tcase_create ("all");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_add_checked_fixture (cases, set_up, tear_down);
  tcase_add_test (cases, a_first_change_is_told_at_once_and_the_next_ones_together);
  tcase_add_test (cases, a_change_of_state_never_waits);
  tcase_add_test (cases, one_slot_does_not_wait_for_another);
  tcase_add_test (cases, after_a_pause_a_change_is_told_at_once_again);
  tcase_add_test (cases, thousands_of_changes_become_a_few);
  suite_add_tcase (suite, cases);
  srunner_run_all (runner, CK_ENV);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

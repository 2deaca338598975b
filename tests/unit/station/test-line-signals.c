/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What screens are told of the line: together, only what is new, and never less than it takes.
 */
#include <check.h>
#include <stdlib.h>

#include "station/line-signals.h"

#define SLOTS 8

static LineSignals *signals;
static SlotConfig configs[SLOTS];
static Slot slots[SLOTS];
static guint told;
static GVariant *last;

static void
note (GVariant *records, gpointer data)
{
  if (g_variant_n_children (records) == 0)
    return;
  told++;
  g_clear_pointer (&last, g_variant_unref);
  last = g_variant_ref (records);
}

static void
set_up (void)
{
  told = 0;
  for (guint i = 0; i < SLOTS; i++) {
    configs[i] = (SlotConfig){ .number = i + 1, .port = (char *)"/dev/ttyUSB0" };
    slots[i] = (Slot){ .config = &configs[i], .state = SLOT_EMPTY, .enabled = TRUE };
  }
  signals = line_signals_new (note, NULL);
}

static void
tear_down (void)
{
  line_signals_free (signals);
  g_clear_pointer (&last, g_variant_unref);
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

static gboolean
says (gsize place, const char *key)
{
  g_autoptr (GVariant) record = g_variant_get_child_value (last, place);
  g_autoptr (GVariant) value = g_variant_lookup_value (record, key, NULL);

  return value != NULL;
}

START_TEST (a_first_change_is_told_at_once_and_whole)
{
  line_signals_changed (signals, &slots[0]);
  ck_assert_uint_eq (told, 1);
  ck_assert (says (0, "state") && says (0, "port") && !says (0, "partial"));
}
END_TEST

START_TEST (what_changes_within_a_moment_is_told_together)
{
  line_signals_changed (signals, &slots[0]);
  for (guint i = 0; i < SLOTS; i++) {
    slots[i].state = SLOT_WORKING;
    line_signals_changed (signals, &slots[i]);
    line_signals_changed (signals, &slots[i]);
  }
  ck_assert_uint_eq (told, 1);
  run_for (300);
  ck_assert_uint_eq (told, 2);
  ck_assert_uint_eq (g_variant_n_children (last), SLOTS);
}
END_TEST

START_TEST (only_what_is_new_is_told)
{
  slots[0].state = SLOT_WORKING;
  slots[0].started_at = 1;
  line_signals_changed (signals, &slots[0]);
  slots[0].step = STEP_SIGN;
  line_signals_changed (signals, &slots[0]);
  run_for (300);
  ck_assert_uint_eq (told, 2);
  ck_assert (says (0, "slot") && says (0, "step") && says (0, "step-number"));
  ck_assert (says (0, "partial") && !says (0, "port") && !says (0, "state"));
}
END_TEST

START_TEST (a_key_that_goes_makes_the_record_whole)
{
  slots[0].started_at = 1;
  line_signals_changed (signals, &slots[0]);
  slots[0].started_at = 0;
  line_signals_changed (signals, &slots[0]);
  run_for (300);
  ck_assert (says (0, "port") && !says (0, "step") && !says (0, "partial"));
}
END_TEST

START_TEST (what_is_as_it_was_is_not_told)
{
  line_signals_changed (signals, &slots[0]);
  line_signals_changed (signals, &slots[0]);
  run_for (300);
  ck_assert_uint_eq (told, 1);
}
END_TEST

START_TEST (who_reads_the_slots_hears_every_difference_to_them)
{
  line_signals_changed (signals, &slots[0]);
  slots[0].enabled = FALSE;
  line_signals_changed (signals, &slots[0]);
  line_signals_flush (signals); /* the reader sees it disabled */
  slots[0].enabled = TRUE;
  line_signals_changed (signals, &slots[0]);
  run_for (300);
  ck_assert_uint_eq (told, 3);
  ck_assert (says (0, "enabled"));
}
END_TEST

START_TEST (after_nobody_heard_it_is_told_whole)
{
  line_signals_changed (signals, &slots[0]);
  line_signals_forget (signals);
  run_for (300);
  line_signals_changed (signals, &slots[0]);
  ck_assert_uint_eq (told, 2);
  ck_assert (says (0, "port") && !says (0, "partial"));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("station-line-signals");
  TCase *cases = tcase_create ("line-signals");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_add_checked_fixture (cases, set_up, tear_down);
  tcase_add_test (cases, a_first_change_is_told_at_once_and_whole);
  tcase_add_test (cases, what_changes_within_a_moment_is_told_together);
  tcase_add_test (cases, only_what_is_new_is_told);
  tcase_add_test (cases, a_key_that_goes_makes_the_record_whole);
  tcase_add_test (cases, what_is_as_it_was_is_not_told);
  tcase_add_test (cases, who_reads_the_slots_hears_every_difference_to_them);
  tcase_add_test (cases, after_nobody_heard_it_is_told_whole);
  suite_add_tcase (suite, cases);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

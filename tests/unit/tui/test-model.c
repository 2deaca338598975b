/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is looked up in a model, and what lists and filters show of it.
 */
#include <check.h>
#include <stdlib.h>

#include "ui-tui/model.h"

static Model *model;

static void
set_up (void)
{
  model = model_new ();
}

static void
tear_down (void)
{
  model_free (model);
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
add_event (const char *kind, const char *subject)
{
  EventLine *event = g_new0 (EventLine, 1);

  event->kind = g_strdup (kind);
  event->subject = g_strdup (subject);
  g_ptr_array_add (model->events, event);
}

START_TEST (the_running_batch_is_found)
{
  add_batch ("B-1", "closed");
  ck_assert_ptr_null (model_running_batch (model));
  add_batch ("B-2", "running");
  ck_assert_str_eq (model_running_batch (model)->name, "B-2");
  ck_assert_ptr_nonnull (model_batch (model, "B-1"));
  ck_assert_ptr_null (model_batch (model, "B-3"));
}
END_TEST

START_TEST (the_selected_batch_is_counted_among_those_that_pass_the_filter)
{
  add_batch ("Lamp", "closed");
  add_batch ("Pump-1", "closed");
  add_batch ("Pump-2", "running");
  model->lists[VIEW_BATCH].filter = g_strdup ("pump");
  model->lists[VIEW_BATCH].selected = 1;
  ck_assert_str_eq (model_selected_batch (model)->name, "Pump-2");
  model->lists[VIEW_BATCH].selected = 2;
  ck_assert_ptr_null (model_selected_batch (model));
}
END_TEST

START_TEST (every_word_of_a_filter_must_be_somewhere)
{
  const char *const texts[] = { "batch-started", "Gänse-7", "by mei", NULL };

  ck_assert (filter_matches (NULL, texts));
  ck_assert (filter_matches ("", texts));
  ck_assert (filter_matches ("MEI gÄnse", texts));
  ck_assert (filter_matches ("  started ", texts));
  ck_assert (!filter_matches ("mei paused", texts));
}
END_TEST

START_TEST (the_log_shows_events_or_attempts)
{
  AttemptLine *attempt = g_new0 (AttemptLine, 1);

  attempt->device = g_strdup ("SN-1");
  g_ptr_array_add (model->attempts, attempt);
  add_event ("batch-created", "B-1");
  add_event ("export", "B-1");
  model->lists[VIEW_LOG].filter = g_strdup ("export");
  g_autoptr (GPtrArray) events = model_log_rows (model);
  ck_assert_uint_eq (events->len, 1);
  model->log_attempts = TRUE;
  g_autoptr (GPtrArray) none = model_log_rows (model);
  ck_assert_uint_eq (none->len, 0);
  g_clear_pointer (&model->lists[VIEW_LOG].filter, g_free);
  g_autoptr (GPtrArray) attempts = model_log_rows (model);
  ck_assert_ptr_eq (attempts->pdata[0], attempt);
}
END_TEST

START_TEST (a_list_keeps_its_selection_in_sight)
{
  ListPlace place = { .selected = 12 };

  list_keep_in_sight (&place, 20, 5);
  ck_assert_uint_eq (place.top, 8);
  place.selected = 3;
  list_keep_in_sight (&place, 20, 5);
  ck_assert_uint_eq (place.top, 3);
  place.selected = 99;
  list_keep_in_sight (&place, 4, 5);
  ck_assert_uint_eq (place.selected, 3);
  ck_assert_uint_eq (place.top, 0);
  list_keep_in_sight (&place, 0, 5);
  ck_assert_uint_eq (place.selected, 0);
}
END_TEST

START_TEST (a_notice_has_an_end)
{
  model->now = 1000;
  model_notice (model, NOTICE_BAD, "%s is no batch", "X");
  ck_assert_str_eq (model->notice, "X is no batch");
  ck_assert_int_eq (model->notice_kind, NOTICE_BAD);
  ck_assert_int_gt (model->notice_until, 1000);
}
END_TEST

START_TEST (a_rate_is_told_from_three_units_and_a_minute_on)
{
  BatchLine batch = { .pace_passed = 3, .pace_since = 1000 };

  ck_assert_uint_eq (batch_units_per_hour (&batch, 1000 + 59 * G_TIME_SPAN_SECOND), 0);
  ck_assert_uint_eq (batch_units_per_hour (&batch, 1000 + G_TIME_SPAN_MINUTE), 180);
  ck_assert_uint_eq (batch_units_per_hour (&batch, 1000 + G_TIME_SPAN_HOUR), 3);
  batch.pace_passed = 2;
  ck_assert_uint_eq (batch_units_per_hour (&batch, 1000 + G_TIME_SPAN_HOUR), 0);
  batch = (BatchLine){ .pace_passed = 9 };
  ck_assert_uint_eq (batch_units_per_hour (&batch, G_TIME_SPAN_HOUR), 0);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("tui-model");
  TCase *cases = tcase_create ("all");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_add_checked_fixture (cases, set_up, tear_down);
  tcase_add_test (cases, the_running_batch_is_found);
  tcase_add_test (cases, the_selected_batch_is_counted_among_those_that_pass_the_filter);
  tcase_add_test (cases, every_word_of_a_filter_must_be_somewhere);
  tcase_add_test (cases, the_log_shows_events_or_attempts);
  tcase_add_test (cases, a_list_keeps_its_selection_in_sight);
  tcase_add_test (cases, a_notice_has_an_end);
  tcase_add_test (cases, a_rate_is_told_from_three_units_and_a_minute_on);
  suite_add_tcase (suite, cases);
  srunner_run_all (runner, CK_ENV);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The views that are lists: batches, the log, the slots.
 */
#include <check.h>
#include <stdlib.h>

#include "tests/unit/tui/views-rig.h"

/* ---- batches ---- */

START_TEST (a_batch_that_runs)
{
  check_view (&view_batch, "batch-running", sample_line (8));
}
END_TEST

START_TEST (a_batch_that_has_its_target)
{
  check_view (&view_batch, "batch-done", sample_batch_done (8));
}
END_TEST

START_TEST (a_batch_that_waits_for_another)
{
  Model *model = sample_line (8);

  model->lists[VIEW_BATCH].selected = 1;
  check_view (&view_batch, "batch-waits", model);
}
END_TEST

START_TEST (a_batch_that_was_not_started)
{
  Model *model = sample_no_batch (8, "created");
  BatchLine *batch = g_ptr_array_index (model->batches, 0);

  batch->passed = batch->failed = batch->attempts = batch->devices = 0;
  batch->first_passed = batch->first_failed = batch->passed_last_hour = batch->pace_passed = 0;
  batch->cycle_time = 0;
  batch->serial_scan = FALSE;
  batch->serial_prefix = g_strdup ("AC24-");
  batch->serial_first = 1;
  batch->serial_last = 500;
  batch->serial_width = 6;
  g_ptr_array_set_size (batch->failures, 0);
  check_view (&view_batch, "batch-created", model);
}
END_TEST

START_TEST (a_batch_that_is_paused)
{
  check_view (&view_batch, "batch-paused", sample_no_batch (8, "paused"));
}
END_TEST

START_TEST (no_batch_at_all)
{
  check_view (&view_batch, "batch-none", sample_no_batch (8, NULL));
}
END_TEST

START_TEST (many_batches_and_a_filter_that_is_typed)
{
  Model *model = sample_line (8);

  for (guint i = 0; i < 40; i++) {
    BatchLine *batch = g_new0 (BatchLine, 1);

    batch->name = g_strdup_printf ("2408%02u-A", i);
    batch->product = g_strdup ("Gateway G2 with a name that does not want to end");
    batch->state = g_strdup ("closed");
    batch->passed = batch->target = batch->devices = batch->first_passed = 100 + i;
    g_ptr_array_add (model->batches, batch);
  }
  model->lists[VIEW_BATCH].filter = g_strdup ("gateway");
  model->lists[VIEW_BATCH].selected = 30;
  model->filtering = TRUE;
  check_view (&view_batch, "batch-filter", model);
}
END_TEST

START_TEST (a_filter_that_no_batch_passes)
{
  Model *model = sample_line (8);

  model->lists[VIEW_BATCH].filter = g_strdup ("zebra");
  check_view (&view_batch, "batch-no-hits", model);
}
END_TEST

START_TEST (batches_with_wide_and_hostile_names)
{
  check_view (&view_batch, "batch-wide", sample_wide (8));
  check_view (&view_batch, "batch-hostile", sample_hostile (8));
}
END_TEST

/* ---- log ---- */

START_TEST (audit_events)
{
  check_view (&view_log, "log-events", sample_line (8));
}
END_TEST

START_TEST (attempts_with_one_that_failed_selected)
{
  Model *model = sample_line (8);

  model->log_attempts = TRUE;
  model->follow = FALSE;
  model->lists[VIEW_LOG].selected = 2;
  check_view (&view_log, "log-attempts", model);
}
END_TEST

START_TEST (a_log_that_is_filtered_as_one_types)
{
  Model *model = sample_line (8);

  model->log_attempts = TRUE;
  model->filtering = TRUE;
  model->lists[VIEW_LOG].filter = g_strdup ("failed");
  check_view (&view_log, "log-filter", model);
}
END_TEST

START_TEST (a_long_log_is_scrolled)
{
  Model *model = sample_line (8);

  for (guint i = 0; i < 500; i++) {
    EventLine *event = g_new0 (EventLine, 1);

    event->id = 17000 - i;
    event->at = SAMPLE_NOW - (gint64)i * 600 * G_USEC_PER_SEC;
    event->actor = g_strdup (i % 3 == 0 ? "MEI" : NULL);
    event->kind = g_strdup ("certificate-verified");
    event->subject = g_strdup_printf ("AC24-%06u", 5000 - i);
    event->detail =
        g_strdup ("certificate 5a19c20e7731b4d6a8f0c2e4061829b3 proven by the unit, read "
                  "back byte for byte, and written down at once");
    g_ptr_array_add (model->events, event);
  }
  model->lists[VIEW_LOG].selected = 250;
  check_view (&view_log, "log-long", model);
}
END_TEST

START_TEST (an_empty_log)
{
  Model *model = model_new ();

  model->now = SAMPLE_NOW;
  check_view (&view_log, "log-empty", model);
}
END_TEST

/* ---- slots ---- */

START_TEST (slots_with_one_in_focus)
{
  Model *model = sample_line (8);

  model->focus = 3;
  check_view (&view_slots, "slots", model);
}
END_TEST

START_TEST (slots_without_focus)
{
  check_view (&view_slots, "slots-no-focus", sample_line (8));
}
END_TEST

START_TEST (a_slot_that_is_out_of_service)
{
  Model *model = sample_line (8);

  model->focus = 8;
  check_view (&view_slots, "slots-disabled", model);
}
END_TEST

START_TEST (a_slot_without_a_port_among_many)
{
  Model *model = sample_line (64);
  Tile *tile = model_tile (model, 40);

  g_clear_pointer (&tile->port, g_free);
  tile->passed = tile->failed = 0;
  model_tile (model, 41)->failed = 40;
  model->focus = 40;
  check_view (&view_slots, "slots-many", model);
}
END_TEST

START_TEST (a_slot_in_which_units_fail)
{
  Model *model = sample_line (8);

  model_tile (model, 7)->failed = 30;
  model->focus = 7;
  check_view (&view_slots, "slots-failing", model);
}
END_TEST

START_TEST (a_station_without_slots)
{
  check_view (&view_slots, "slots-none", sample_line (0));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("tui-screens-lists");
  TCase *cases = tcase_create ("lists");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_add_checked_fixture (cases, golden_setup, NULL);
  tcase_add_test (cases, a_batch_that_runs);
  tcase_add_test (cases, a_batch_that_has_its_target);
  tcase_add_test (cases, a_batch_that_waits_for_another);
  tcase_add_test (cases, a_batch_that_was_not_started);
  tcase_add_test (cases, a_batch_that_is_paused);
  tcase_add_test (cases, no_batch_at_all);
  tcase_add_test (cases, many_batches_and_a_filter_that_is_typed);
  tcase_add_test (cases, a_filter_that_no_batch_passes);
  tcase_add_test (cases, batches_with_wide_and_hostile_names);
  tcase_add_test (cases, audit_events);
  tcase_add_test (cases, attempts_with_one_that_failed_selected);
  tcase_add_test (cases, a_log_that_is_filtered_as_one_types);
  tcase_add_test (cases, a_long_log_is_scrolled);
  tcase_add_test (cases, an_empty_log);
  tcase_add_test (cases, slots_with_one_in_focus);
  tcase_add_test (cases, slots_without_focus);
  tcase_add_test (cases, a_slot_that_is_out_of_service);
  tcase_add_test (cases, a_slot_without_a_port_among_many);
  tcase_add_test (cases, a_slot_in_which_units_fail);
  tcase_add_test (cases, a_station_without_slots);
  suite_add_tcase (suite, cases);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

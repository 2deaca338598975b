/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The views of one thing: a unit, the station's health, an export.
 */
#include <check.h>
#include <stdlib.h>

#include "tests/unit/tui/views-rig.h"

#define DAY ((gint64)86400)

static void
set (char **text, const char *value)
{
  g_free (*text);
  *text = g_strdup (value);
}

/* ---- unit ---- */

START_TEST (a_unit_that_passed)
{
  check_view (&view_device, "device-passed", sample_line (8));
}
END_TEST

START_TEST (an_earlier_attempt_that_failed)
{
  Model *model = sample_line (8);

  model->lists[VIEW_DEVICE].selected = 1;
  check_view (&view_device, "device-failed-before", model);
}
END_TEST

static void
add_step (AttemptLine *attempt, const char *step, gint64 at)
{
  StepTime *time = g_new0 (StepTime, 1);

  time->step = g_strdup (step);
  time->at = at;
  if (attempt->steps == NULL)
    attempt->steps = g_ptr_array_new_with_free_func ((GDestroyNotify)step_time_free);
  g_ptr_array_add (attempt->steps, time);
}

START_TEST (a_unit_without_certificate)
{
  Model *model = sample_line (8);
  AttemptLine *attempt = g_ptr_array_index (model->detail.attempts, 1);

  add_step (attempt, "open", attempt->started_at);
  add_step (attempt, "generate-key", attempt->started_at + 300000);
  add_step (attempt, "check-key", attempt->ended_at - 20000);

  g_clear_pointer (&model->detail.certificate, certificate_line_free);
  g_ptr_array_remove_index (model->detail.attempts, 0);
  set (&model->detail.device->state, "failed");
  check_view (&view_device, "device-failed", model);
}
END_TEST

START_TEST (a_unit_whose_certificate_is_void)
{
  Model *model = sample_line (8);

  set (&model->detail.certificate->state, "void");
  set (&model->detail.certificate->status, "REVOKED");
  set (&model->detail.certificate->void_reason, "opened by the customer, case 4711");
  check_view (&view_device, "device-void", model);
}
END_TEST

START_TEST (no_unit_was_chosen)
{
  Model *model = sample_line (8);

  device_detail_clear (&model->detail);
  check_view (&view_device, "device-none", model);
}
END_TEST

START_TEST (a_unit_that_nobody_knows)
{
  Model *model = sample_line (8);

  device_detail_clear (&model->detail);
  model->detail.wanted = g_strdup ("AC24-999999");
  model->detail.problem =
      g_strdup ("No device has the serial AC24-999999. Check what was scanned.");
  check_view (&view_device, "device-unknown", model);
}
END_TEST

START_TEST (what_was_said)
{
  Model *model = sample_line (8);

  model->show_transcript = TRUE;
  check_view (&view_device, "device-transcript", model);
}
END_TEST

START_TEST (what_was_said_at_length_has_an_end)
{
  Model *model = sample_line (8);
  AttemptLine *attempt = g_ptr_array_index (model->detail.attempts, 0);
  GString *text = g_string_new (NULL);

  for (guint i = 1; i <= 60; i++)
    g_string_append_printf (text, "> %u: AT%%KEYGEN=%0*u\n", i, i % 10 == 0 ? 100 : 4, i);
  g_free (attempt->transcript);
  attempt->transcript = g_string_free (text, FALSE);
  model->show_transcript = TRUE;
  model->transcript_top = 1000000;
  check_view (&view_device, "device-transcript-end", model);
}
END_TEST

/* ---- health ---- */

START_TEST (a_station_that_is_well)
{
  check_view (&view_ca, "health-well", sample_line (8));
}
END_TEST

START_TEST (requests_that_wait)
{
  Model *model = sample_line (8);

  model->health.approvals = 2;
  check_view (&view_ca, "health-requests", model);
}
END_TEST

START_TEST (a_station_with_which_everything_is_wrong)
{
  Model *model = sample_unhealthy (8);
  static const char *const warnings[] = {
    "The ledger can't be written; nothing is issued: disk full", NULL
  };

  g_strfreev (model->health.warnings);
  model->health.warnings = g_strdupv ((char **)warnings);
  check_view (&view_ca, "health-wrong", model);
}
END_TEST

START_TEST (a_demo_whose_ca_is_over)
{
  Model *model = sample_line (8);

  set (&model->health.mode, "demo");
  set (&model->health.clock, "unknown");
  model->health.ca.demo = TRUE;
  model->health.ca.not_before -= 500 * DAY;
  model->health.ca.not_after = SAMPLE_NOW / G_USEC_PER_SEC - 2 * DAY;
  model->health.ca.days_left = -2;
  check_view (&view_ca, "health-over", model);
}
END_TEST

START_TEST (a_station_that_has_said_nothing_yet)
{
  Model *model = model_new ();

  model->now = SAMPLE_NOW;
  check_view (&view_ca, "health-unknown", model);
}
END_TEST

/* ---- export ---- */

static Model *
export_model (void)
{
  Model *model = sample_line (8);

  g_string_assign (model->export_path, "/home/line/240917-B.ndjson");
  return model;
}

START_TEST (an_export_before_it_is_written)
{
  check_view (&view_export, "export-ready", export_model ());
}
END_TEST

START_TEST (an_export_of_what_is_new)
{
  Model *model = export_model ();

  model->export_new_only = TRUE;
  for (guint i = 0; i < model->formats->len; i++)
    if (g_str_equal (g_ptr_array_index (model->formats, i), "csv"))
      model->export_format = i;
  g_string_assign (model->export_path, "/home/line/240917-B new units of Friday.csv");
  check_view (&view_export, "export-new", model);
}
END_TEST

START_TEST (an_export_that_is_being_written)
{
  Model *model = export_model ();

  model->run = (ExportRun){
    .running = TRUE, .rows = 123456, .total = 500000, .started_at = SAMPLE_NOW - 10 * G_USEC_PER_SEC
  };
  check_view (&view_export, "export-running", model);
}
END_TEST

START_TEST (an_export_that_was_written)
{
  Model *model = export_model ();

  model->run =
      (ExportRun){ .rows = 403,
                   .total = 405,
                   .omitted = 2,
                   .bytes = 403 * 1900,
                   .path = g_strdup ("/home/line/240917-B.ndjson"),
                   .sha256 = g_strdup ("9c1f4e07b2d85a6310ff42c9e87d5b06a1c3e5f7082b4d6f809"
                                       "1a3b5c7d9ebfd"),
                   .started_at = SAMPLE_NOW - G_USEC_PER_SEC,
                   .ended_at = SAMPLE_NOW };
  check_view (&view_export, "export-written", model);
}
END_TEST

START_TEST (an_export_that_could_not_be_written)
{
  Model *model = export_model ();

  model->run.problem =
      g_strdup ("/home/line/240917-B.ndjson can't be written: No space left on device.");
  model->run.ended_at = SAMPLE_NOW;
  check_view (&view_export, "export-failed", model);
}
END_TEST

START_TEST (nothing_to_export)
{
  check_view (&view_export, "export-nothing", sample_no_batch (8, NULL));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("tui-screens-views");
  TCase *cases = tcase_create ("views");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_add_checked_fixture (cases, golden_setup, NULL);
  tcase_add_test (cases, a_unit_that_passed);
  tcase_add_test (cases, an_earlier_attempt_that_failed);
  tcase_add_test (cases, a_unit_without_certificate);
  tcase_add_test (cases, a_unit_whose_certificate_is_void);
  tcase_add_test (cases, no_unit_was_chosen);
  tcase_add_test (cases, a_unit_that_nobody_knows);
  tcase_add_test (cases, what_was_said);
  tcase_add_test (cases, what_was_said_at_length_has_an_end);
  tcase_add_test (cases, a_station_that_is_well);
  tcase_add_test (cases, requests_that_wait);
  tcase_add_test (cases, a_station_with_which_everything_is_wrong);
  tcase_add_test (cases, a_demo_whose_ca_is_over);
  tcase_add_test (cases, a_station_that_has_said_nothing_yet);
  tcase_add_test (cases, an_export_before_it_is_written);
  tcase_add_test (cases, an_export_of_what_is_new);
  tcase_add_test (cases, an_export_that_is_being_written);
  tcase_add_test (cases, an_export_that_was_written);
  tcase_add_test (cases, an_export_that_could_not_be_written);
  tcase_add_test (cases, nothing_to_export);
  suite_add_tcase (suite, cases);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

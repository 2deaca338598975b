/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The client against the real daemon, with real simulated devices: what comes into the model, and
 * what becomes of it when the daemon dies, hangs and returns.
 */
#include <check.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "line-rig.h"
#include "ui-tui/client.h"

static LineRig *line;
static Model *model;
static Client *client;
static guint fails;
static guint batches_done;

static void
note_fail (const Tile *tile, gpointer data)
{
  fails++;
}

static void
note_done (const BatchLine *batch, gpointer data)
{
  batches_done++;
}

static void
start_client (void)
{
  const ClientListener listener = { .failed = note_fail, .batch_done = note_done };

  client = client_new (line->socket, model, &listener);
}

static void
set_up (void)
{
  line = line_rig_new ();
  model = model_new ();
  fails = batches_done = 0;
}

static void
tear_down (void)
{
  g_clear_pointer (&client, client_free);
  while (g_main_context_iteration (NULL, FALSE)) /* calls that were cancelled */
    ;
  model_free (model);
  line_rig_free (line);
}

static gboolean
is_connected (void)
{
  return model->connected;
}

static gboolean
is_away (void)
{
  return !model->connected;
}

/* Answers come in any order. */
static gboolean
knows_station (void)
{
  return model->connected && model->health.station != NULL && model->profiles->len > 0;
}

static TileState
state_of_slot_1 (void)
{
  const Tile *tile = model_tile (model, 1);

  return tile != NULL ? tile->state : TILE_EMPTY;
}

static gboolean
slot_1_passed (void)
{
  return state_of_slot_1 () == TILE_PASS;
}

static gboolean
slot_1_failed (void)
{
  return state_of_slot_1 () == TILE_FAIL;
}

static gboolean
slot_1_empty (void)
{
  return state_of_slot_1 () == TILE_EMPTY;
}

/* Told some time after its slot: changes of a batch are put together. */
static gboolean
one_passed (void)
{
  const BatchLine *batch = model_running_batch (model);

  return batch != NULL && batch->passed == 1;
}

static void
connect_client (void)
{
  line_rig_start (line);
  start_client ();
  ck_assert (wait_until (is_connected, 10));
}

START_TEST (the_model_fills_when_the_daemon_is_there)
{
  connect_client ();
  ck_assert (wait_until (knows_station, 5));
  ck_assert_str_eq (model->health.station, "test-line");
  ck_assert (model->health.ca.reachable);
  ck_assert_uint_eq (model->tiles->len, 2);
  ck_assert_uint_eq (model->profiles->len, 1);
  ck_assert_ptr_null (model->disconnected_because);
}
END_TEST

START_TEST (a_daemon_that_is_not_there_is_said_and_waited_for)
{
  start_client ();
  ck_assert (!model->connected);
  while (model->disconnected_because == NULL
         || strstr (model->disconnected_because, "not running") == NULL)
    g_main_context_iteration (NULL, TRUE);
  ck_assert_ptr_nonnull (strstr (model->disconnected_because, line->socket));
  line_rig_start (line);
  ck_assert (wait_until (is_connected, 5));
}
END_TEST

START_TEST (a_tile_follows_its_device_from_insert_to_pass)
{
  GSubprocess *device;

  connect_client ();
  line_rig_batch (line, "B-1", 1, "running");
  device = rig_plug (line->rig, "SN-1", NULL);
  ck_assert (wait_until (slot_1_passed, 30));
  ck_assert_str_eq (model_tile (model, 1)->device, "SN-1");
  ck_assert (wait_until (one_passed, 5));
  ck_assert_uint_eq (batches_done, 1);
  ck_assert_uint_eq (fails, 0);
  rig_unplug (device);
  ck_assert (wait_until (slot_1_empty, 10));
}
END_TEST

static gboolean
attempt_is_known (void)
{
  const AttemptLine *attempt = model_selected_attempt (model);

  return model->detail.device != NULL && model->detail.certificate != NULL && attempt != NULL
         && attempt->transcript != NULL;
}

START_TEST (everything_about_a_device_is_fetched)
{
  GSubprocess *device;

  connect_client ();
  line_rig_batch (line, "B-1", 5, "running");
  device = rig_plug (line->rig, "SN-1", NULL);
  ck_assert (wait_until (slot_1_passed, 30));
  client_fetch_device (client, "SN-1");
  ck_assert (wait_until (attempt_is_known, 5));
  ck_assert_str_eq (model->detail.device->serial, "SN-1");
  ck_assert_str_eq (model->detail.certificate->device, "SN-1");
  ck_assert_str_eq (model_selected_attempt (model)->result, "passed");
  ck_assert_ptr_null (model->detail.problem);
  rig_unplug (device);
}
END_TEST

static gboolean
device_has_problem (void)
{
  return model->detail.problem != NULL;
}

START_TEST (a_device_that_does_not_exist_is_a_sentence)
{
  connect_client ();
  client_fetch_device (client, "SN-404");
  ck_assert (wait_until (device_has_problem, 5));
  ck_assert_ptr_nonnull (strstr (model->detail.problem, "SN-404"));
}
END_TEST

START_TEST (a_fail_is_told_once)
{
  static const char *const weak[] = { "--fault", "bad-signature", NULL };
  GSubprocess *device;

  connect_client ();
  line_rig_batch (line, "B-1", 5, "running");
  device = rig_plug (line->rig, "SN-2", weak);
  ck_assert (wait_until (slot_1_failed, 30));
  ck_assert_uint_eq (fails, 1);
  ck_assert_ptr_nonnull (model_tile (model, 1)->operator_text);
  rig_unplug (device);
}
END_TEST

START_TEST (a_killed_daemon_is_noticed_and_its_return_too)
{
  connect_client ();
  line_rig_stop (line, SIGKILL);
  const gint64 killed = g_get_monotonic_time ();

  ck_assert (wait_until (is_away, 2));
  ck_assert_int_lt (g_get_monotonic_time () - killed, G_USEC_PER_SEC);
  ck_assert_ptr_nonnull (model->disconnected_because);
  ck_assert_uint_eq (model->tiles->len, 2); /* the last state is kept */
  line_rig_start (line);
  ck_assert (wait_until (is_connected, 5));
}
END_TEST

START_TEST (a_daemon_that_hangs_is_noticed_within_a_second)
{
  connect_client ();
  line_rig_signal (line, SIGSTOP);
  const gint64 stopped = g_get_monotonic_time ();

  ck_assert (wait_until (is_away, 3));
  ck_assert_int_lt (g_get_monotonic_time () - stopped, G_USEC_PER_SEC + G_USEC_PER_SEC / 5);
  ck_assert_ptr_nonnull (strstr (model->disconnected_because, "hangs"));
  line_rig_signal (line, SIGCONT);
  ck_assert (wait_until (is_connected, 5));
}
END_TEST

static gboolean
is_called_hanging (void)
{
  return model->disconnected_because != NULL
         && strstr (model->disconnected_because, "hangs") != NULL;
}

START_TEST (a_daemon_that_hangs_from_the_start_is_noticed_within_a_second)
{
  line_rig_start (line);
  line_rig_signal (line, SIGSTOP);
  start_client ();
  const gint64 started = g_get_monotonic_time ();

  ck_assert (wait_until (is_called_hanging, 3));
  ck_assert_int_lt (g_get_monotonic_time () - started, G_USEC_PER_SEC + G_USEC_PER_SEC / 5);
  line_rig_signal (line, SIGCONT);
  ck_assert (wait_until (is_connected, 5));
}
END_TEST

static gboolean called_back;

static void
note_refusal (Client *from, GVariant *answer, const GError *error, gpointer data)
{
  called_back = TRUE;
  ck_assert_ptr_null (answer);
  ck_assert_ptr_nonnull (error);
  ck_assert_ptr_eq (data, line);
}

START_TEST (an_act_without_a_daemon_is_answered_at_once)
{
  start_client ();
  client_call (client, "StartSlot", g_variant_new ("(u)", 1), note_refusal, line);
  ck_assert (called_back);
  client_call (client, "StartSlot", g_variant_new ("(u)", 1), NULL, NULL);
  ck_assert_ptr_nonnull (strstr (model->notice, "no contact"));
}
END_TEST

static gboolean
has_notice (void)
{
  return model->notice != NULL;
}

START_TEST (a_refusal_of_the_daemon_becomes_a_sentence)
{
  connect_client ();
  g_clear_pointer (&model->notice, g_free);
  client_call (client, "StartSlot", g_variant_new ("(u)", 77), NULL, NULL);
  ck_assert (wait_until (has_notice, 5));
  ck_assert_ptr_nonnull (strstr (model->notice, "77"));
  ck_assert_int_eq (model->notice[strlen (model->notice) - 1], '.');
}
END_TEST

START_TEST (a_method_of_a_newer_daemon_is_no_crash)
{
  connect_client ();
  g_clear_pointer (&model->notice, g_free);
  client_call (client, "MakeCoffee", NULL, NULL, NULL);
  ck_assert (wait_until (has_notice, 5));
  ck_assert_ptr_nonnull (strstr (model->notice, "MakeCoffee"));
}
END_TEST

static gboolean
export_ended (void)
{
  return !model->run.running;
}

static gboolean
export_confirmed (void)
{
  for (guint i = 0; i < model->events->len; i++)
    if (g_str_equal (((EventLine *)model->events->pdata[i])->kind, "export-confirmed"))
      return TRUE;
  return FALSE;
}

static gboolean
nothing_is_new (void)
{
  for (guint i = 0; i < model->counts->len; i++) {
    const FormatCount *count = model->counts->pdata[i];

    if (g_str_equal (count->format, "aws") && g_str_equal (count->batch, "B-1"))
      return count->units == 1 && count->new_units == 0;
  }
  return FALSE;
}

START_TEST (a_batch_is_exported_to_a_file)
{
  g_autofree char *path = rig_path (line->rig, "manifest.ndjson");
  g_autofree char *template = rig_path (line->rig, "manifest.ndjson.template.json");
  g_autofree char *content = NULL;
  GSubprocess *device;

  connect_client ();
  client_watch_view (client, VIEW_LOG); /* events are told where they are shown */
  line_rig_batch (line, "B-1", 1, "running");
  device = rig_plug (line->rig, "SN-1", NULL);
  ck_assert (wait_until (slot_1_passed, 30));
  client_export (client, "aws", "B-1", FALSE, path);
  ck_assert (model->run.running);
  ck_assert (wait_until (export_ended, 10));
  ck_assert_msg (model->run.problem == NULL, "%s", model->run.problem);
  ck_assert_uint_eq (model->run.rows, 1);
  ck_assert (g_file_get_contents (path, &content, NULL, NULL));
  ck_assert_ptr_nonnull (strstr (content, "SN-1"));
  ck_assert_uint_eq (model->run.bytes, strlen (content));
  ck_assert (g_file_test (template, G_FILE_TEST_EXISTS));
  ck_assert (wait_until (export_confirmed, 5));
  ck_assert (wait_until (nothing_is_new, 5));
  rig_unplug (device);
}
END_TEST

START_TEST (an_export_that_is_refused_leaves_no_file)
{
  g_autofree char *path = rig_path (line->rig, "manifest.ndjson");

  connect_client ();
  client_export (client, "aws", "no-such-batch", FALSE, path);
  ck_assert (wait_until (export_ended, 10));
  ck_assert_ptr_nonnull (model->run.problem);
  ck_assert (!g_file_test (path, G_FILE_TEST_EXISTS));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("tui-client");
  TCase *cases = tcase_create ("all");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_set_timeout (cases, 60);
  tcase_add_checked_fixture (cases, set_up, tear_down);
  tcase_add_test (cases, the_model_fills_when_the_daemon_is_there);
  tcase_add_test (cases, a_daemon_that_is_not_there_is_said_and_waited_for);
  tcase_add_test (cases, a_tile_follows_its_device_from_insert_to_pass);
  tcase_add_test (cases, everything_about_a_device_is_fetched);
  tcase_add_test (cases, a_device_that_does_not_exist_is_a_sentence);
  tcase_add_test (cases, a_fail_is_told_once);
  tcase_add_test (cases, a_killed_daemon_is_noticed_and_its_return_too);
  tcase_add_test (cases, a_daemon_that_hangs_is_noticed_within_a_second);
  tcase_add_test (cases, a_daemon_that_hangs_from_the_start_is_noticed_within_a_second);
  tcase_add_test (cases, an_act_without_a_daemon_is_answered_at_once);
  tcase_add_test (cases, a_refusal_of_the_daemon_becomes_a_sentence);
  tcase_add_test (cases, a_method_of_a_newer_daemon_is_no_crash);
  tcase_add_test (cases, a_batch_is_exported_to_a_file);
  tcase_add_test (cases, an_export_that_is_refused_leaves_no_file);
  suite_add_tcase (suite, cases);
  srunner_run_all (runner, CK_ENV);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A shift at the screen: keys and scans on one side, the real daemon with real devices on the
 * other.
 */
#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "line-rig.h"
#include "ui-tui/app.h"

static LineRig *line;
static Model *model;
static Client *client;
static Preferences *preferences;
static App app;

static gboolean
is_ready (void)
{
  return model->connected && model->health.station != NULL && model->health.role != NULL;
}

static void
set_up (void)
{
  const ClientListener listener = { NULL, NULL, NULL, NULL };

  line = line_rig_new ();
  line_rig_start (line);
  model = model_new ();
  preferences = preferences_load (NULL, FALSE, NULL);
  g_free (preferences->export_folder);
  preferences->export_folder = g_strdup (line->rig->folder);
  client = client_new (line->socket, model, &listener);
  app = (App){ .model = model, .client = client, .preferences = preferences };
  ck_assert (wait_until (is_ready, 10));
}

static void
tear_down (void)
{
  client_free (client);
  while (g_main_context_iteration (NULL, FALSE)) /* calls that were cancelled */
    ;
  app_clear (&app);
  model_free (model);
  preferences_free (preferences);
  line_rig_free (line);
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

static gboolean
slot_1_failed (void)
{
  return model_tile (model, 1)->state == TILE_FAIL;
}

static gboolean
slot_1_free (void)
{
  return model_tile (model, 1)->state == TILE_EMPTY;
}

static gboolean
slot_1_passed (void)
{
  return model_tile (model, 1)->state == TILE_PASS;
}

static gboolean
unit_is_gone (void)
{
  return !model_tile (model, 1)->present;
}

static const char *wanted_state;

static gboolean
batch_is_as_wanted (void)
{
  const BatchLine *batch = model_batch (model, "B-1");

  return batch != NULL && g_strcmp0 (batch->state, wanted_state) == 0;
}

static gboolean
batch_becomes (const char *state)
{
  wanted_state = state;
  return wait_until (batch_is_as_wanted, 5);
}

static gboolean
role_is_given_back (void)
{
  return model->health.authorized == NULL && g_strcmp0 (model->health.role, "operator") == 0;
}

static void
add_person (const char *name, const char *role, const char *badge, const char *pin)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = NULL;
  GVariantDict options;

  g_variant_dict_init (&options, NULL);
  g_variant_dict_insert (&options, "role", "s", role);
  g_variant_dict_insert (&options, "badge", "s", badge);
  g_variant_dict_insert (&options, "language", "s", "de");
  if (pin != NULL)
    g_variant_dict_insert (&options, "pin", "s", pin);
  answer = line_rig_call (line, "AddOperator",
                          g_variant_new ("(s@a{sv})", name, g_variant_dict_end (&options)), &error);
  ck_assert_msg (error == NULL, "%s", error != NULL ? error->message : "");
}

static gboolean
knows_somebody (void)
{
  return model->operators->len > 0;
}

START_TEST (the_screen_takes_the_operators_role)
{
  ck_assert_str_eq (model->health.role, "operator");
  ck_assert_ptr_null (model->notice);
}
END_TEST

static gboolean
seen_is_said (void)
{
  return model->notice != NULL && strstr (model->notice, "seen") != NULL;
}

START_TEST (a_fail_stays_until_it_is_seen)
{
  static const char *const bad[] = { "--fault", "bad-signature", NULL };
  GSubprocess *device;

  line_rig_batch (line, "B-1", 5, "running");
  device = rig_plug (line->rig, "SN-1", bad);
  ck_assert (wait_until (slot_1_failed, 30));
  rig_unplug (device);
  ck_assert (wait_until (unit_is_gone, 10));
  ck_assert (slot_1_failed ());
  app_code (&app, "KCSEEN");
  ck_assert (wait_until (slot_1_free, 5));
  ck_assert (wait_until (seen_is_said, 5));
}
END_TEST

START_TEST (a_scan_starts_a_batch_and_a_unit_passes)
{
  GSubprocess *device;

  line_rig_batch (line, "B-1", 1, NULL);
  ck_assert (batch_becomes ("created"));
  app_code (&app, "B-1");
  ck_assert (batch_becomes ("running"));
  device = rig_plug (line->rig, "SN-1", NULL);
  ck_assert (wait_until (slot_1_passed, 30));
  rig_unplug (device);
  ck_assert (wait_until (slot_1_free, 10));
}
END_TEST

START_TEST (without_badges_a_yes_pauses_the_batch)
{
  line_rig_batch (line, "B-1", 5, "running");
  ck_assert (batch_becomes ("running"));
  press (KEY_CODE_F1 + 2);
  press ('p');
  ck_assert_int_eq (model->dialog.kind, DIALOG_CONFIRM);
  press (KEY_CODE_ENTER);
  ck_assert (batch_becomes ("paused"));
  ck_assert (wait_until (role_is_given_back, 5));
}
END_TEST

static gboolean
dialog_has_problem (void)
{
  return model->dialog.problem != NULL;
}

START_TEST (a_supervisors_badge_and_pin_close_the_batch)
{
  add_person ("Ana", "supervisor", "BOSS-7", "4711");
  line_rig_batch (line, "B-1", 5, "running");
  ck_assert (batch_becomes ("running"));
  ck_assert (wait_until (knows_somebody, 5));
  press (KEY_CODE_F1 + 2);
  press ('c');
  ck_assert_int_eq (model->dialog.kind, DIALOG_SUPERVISOR);
  app_code (&app, "WRONG-1");
  type ("4711");
  press (KEY_CODE_ENTER);
  ck_assert (wait_until (dialog_has_problem, 5));
  app_code (&app, "BOSS-7");
  type ("4711");
  press (KEY_CODE_ENTER);
  ck_assert (batch_becomes ("closed"));
  ck_assert (wait_until (role_is_given_back, 5));
}
END_TEST

static gboolean
mei_works (void)
{
  return g_strcmp0 (model->health.operator_name, "Mei") == 0;
}

static gboolean
nobody_works (void)
{
  return model->health.operator_name == NULL;
}

START_TEST (a_badge_signs_in_and_the_lock_signs_out)
{
  add_person ("Mei", "operator", "OP-1", NULL);
  ck_assert (wait_until (knows_somebody, 5));
  app_code (&app, "OP-1");
  ck_assert (wait_until (mei_works, 5));
  ck_assert_str_eq (model->language, "de");
  press (KEY_CODE_F1 + 10);
  ck_assert (model->locked);
  ck_assert (wait_until (nobody_works, 5));
  app_code (&app, "OP-1");
  ck_assert (wait_until (mei_works, 5));
  ck_assert (!model->locked);
}
END_TEST

static gboolean
export_ended (void)
{
  return model->run.ended_at != 0;
}

START_TEST (an_export_asks_before_it_replaces_a_file)
{
  g_autofree char *path = rig_path (line->rig, "B-1.ndjson");
  g_autofree char *content = NULL;

  line_rig_batch (line, "B-1", 5, "running");
  ck_assert (batch_becomes ("running"));
  ck_assert (g_file_set_contents (path, "precious", -1, NULL));
  press (KEY_CODE_F1 + 6);
  ck_assert_str_eq (model->export_path->str, path);
  press ('x');
  ck_assert_int_eq (model->dialog.kind, DIALOG_CONFIRM);
  press (KEY_CODE_ESCAPE);
  ck_assert (g_file_get_contents (path, &content, NULL, NULL));
  ck_assert_str_eq (content, "precious");
  press ('x');
  press (KEY_CODE_ENTER);
  ck_assert (wait_until (export_ended, 10));
  ck_assert_msg (model->run.problem == NULL, "%s", model->run.problem);
  g_free (g_steal_pointer (&content));
  ck_assert (g_file_get_contents (path, &content, NULL, NULL));
  ck_assert_str_ne (content, "precious");
}
END_TEST

static gboolean
has_notice (void)
{
  return model->notice != NULL;
}

START_TEST (no_key_and_no_code_of_a_view_is_unknown_to_the_daemon)
{
  const Request requests[] = { REQUEST_ACKNOWLEDGE, REQUEST_START, REQUEST_RUN };

  for (guint i = 0; i < G_N_ELEMENTS (requests); i++) {
    app_request (&app, requests[i]);
    app_request (&app, requests[i]);
    ck_assert (wait_until (has_notice, 5));
    ck_assert_msg (strstr (model->notice, "older") == NULL, "%s", model->notice);
    g_clear_pointer (&model->notice, g_free);
  }
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("tui-shift");
  TCase *cases = tcase_create ("all");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_set_timeout (cases, 60);
  tcase_add_checked_fixture (cases, set_up, tear_down);
  tcase_add_test (cases, the_screen_takes_the_operators_role);
  tcase_add_test (cases, a_fail_stays_until_it_is_seen);
  tcase_add_test (cases, a_scan_starts_a_batch_and_a_unit_passes);
  tcase_add_test (cases, without_badges_a_yes_pauses_the_batch);
  tcase_add_test (cases, a_supervisors_badge_and_pin_close_the_batch);
  tcase_add_test (cases, a_badge_signs_in_and_the_lock_signs_out);
  tcase_add_test (cases, an_export_asks_before_it_replaces_a_file);
  tcase_add_test (cases, no_key_and_no_code_of_a_view_is_unknown_to_the_daemon);
  suite_add_tcase (suite, cases);
  srunner_run_all (runner, CK_ENV);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

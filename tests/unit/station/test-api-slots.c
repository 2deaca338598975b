/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What an operator's screen does to slots, over the real socket: see a FAIL, scan a serial; and the
 * sentences where that can't be.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "visit.h"

static guint learned; /* answers to LearnSlot */

/* The record of slot 1. */
static GVariant *
first_slot (ApiStation1 *proxy)
{
  g_autoptr (GVariant) slots = NULL;

  ck_assert (api_station1_call_list_slots_sync (proxy, &slots, NULL, NULL));
  return g_variant_get_child_value (slots, 0);
}

static gboolean
is_acknowledged (ApiStation1 *proxy)
{
  g_autoptr (GVariant) slot = first_slot (proxy);
  gboolean acknowledged;

  ck_assert (g_variant_lookup (slot, "acknowledged", "b", &acknowledged));
  return acknowledged;
}

/* `key` of slot 1 must be `text`; NULL: it must not be there. */
static void
assert_slot (ApiStation1 *proxy, const char *key, const char *text)
{
  g_autoptr (GVariant) slot = first_slot (proxy);
  const char *found = NULL;

  g_variant_lookup (slot, key, "&s", &found);
  ck_assert_msg (g_strcmp0 (found, text) == 0, "%s is %s, not %s", key, found, text);
}

static void
make_mistakes (ApiStation1 *proxy)
{
  GError *error = NULL;
  guint bound;

  assert_error (api_station1_call_acknowledge_slot_sync (proxy, 9, NULL, &error), &error,
                "NotFound");
  assert_error (api_station1_call_acknowledge_slot_sync (proxy, 1, NULL, &error), &error, "State");
  ck_assert (api_station1_call_acknowledge_slot_sync (proxy, 0, NULL, &error));
  assert_error (api_station1_call_bind_serial_sync (proxy, 0, "S-1", &bound, NULL, &error), &error,
                "State");
  ck_assert (api_station1_call_bind_serial_sync (proxy, 0, "", &bound, NULL, &error));
  ck_assert_uint_eq (bound, 0);
  assert_error (api_station1_call_bind_serial_sync (proxy, 9, "S-1", &bound, NULL, &error), &error,
                "NotFound");
  assert_error (api_station1_call_swap_slots_sync (proxy, 1, 9, NULL, &error), &error, "NotFound");
  assert_error (api_station1_call_swap_slots_sync (proxy, 1, 2, NULL, &error), &error, "Invalid");
  assert_error (api_station1_call_swap_slots_sync (proxy, 2, 2, NULL, &error), &error, "Invalid");
}

START_TEST (each_mistake_has_its_error)
{
  run_client (make_mistakes);
}
END_TEST

static void
handle_lesson (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;

  ck_assert (!api_station1_call_learn_slot_finish (API_STATION1 (source), &path, result, &error));
  ck_assert_msg (data == NULL || strstr (error->message, data) != NULL, "%s", error->message);
  learned++;
}

static void
wait_for_lessons (guint count)
{
  while (learned < count)
    g_main_context_iteration (g_main_context_get_thread_default (), TRUE);
}

static void
wait_until_forgotten (void)
{
  while (station->learning.slot != 0)
    g_usleep (1000);
}

/* Calls are judged side by side, so the next one may overtake it. */
static void
wait_until_learning (void)
{
  while (station->learning.slot == 0)
    g_usleep (1000);
}

static void
learn_and_leave (ApiStation1 *proxy)
{
  g_autoptr (ApiStation1) other = visit_connect ();
  GError *error = NULL;

  learned = 0;
  assert_error (api_station1_call_cancel_learn_sync (proxy, NULL, &error), &error, "State");
  api_station1_call_learn_slot (proxy, 2, 60, NULL, handle_lesson, (gpointer) "cancelled");
  wait_until_learning ();
  ck_assert (api_station1_call_cancel_learn_sync (proxy, NULL, &error));
  wait_for_lessons (1);
  assert_error (api_station1_call_cancel_learn_sync (proxy, NULL, &error), &error, "State");

  api_station1_call_learn_slot (other, 2, 60, NULL, handle_lesson, NULL);
  ck_assert (g_dbus_connection_flush_sync (g_dbus_proxy_get_connection (G_DBUS_PROXY (other)), NULL,
                                           NULL));
  while (station->learning.slot == 0)
    g_usleep (1000);
  ck_assert (g_dbus_connection_close_sync (g_dbus_proxy_get_connection (G_DBUS_PROXY (other)), NULL,
                                           NULL));
  wait_until_forgotten ();
  assert_error (api_station1_call_cancel_learn_sync (proxy, NULL, &error), &error, "State");
}

START_TEST (learning_ends_when_it_is_cancelled_or_nobody_waits_for_it)
{
  run_client (learn_and_leave);
}
END_TEST

/* The newest event of that kind, or NULL. */
static GVariant *
event_of_kind (ApiStation1 *proxy, const char *kind)
{
  g_autoptr (GVariant) events = NULL;

  ck_assert (api_station1_call_list_events_sync (proxy, 100, &events, NULL, NULL));
  for (gsize i = 0; i < g_variant_n_children (events); i++) {
    g_autoptr (GVariant) event = g_variant_get_child_value (events, i);
    const char *found;

    ck_assert (g_variant_lookup (event, "kind", "&s", &found));
    if (g_str_equal (found, kind))
      return g_steal_pointer (&event);
  }
  return NULL;
}

static void
acknowledge_one (ApiStation1 *proxy)
{
  static const char *const weak[] = { "--key", "rsa-2048", "--fault", "weak-key", NULL };
  GSubprocess *device = rig_plug (rig, "BAD-1", weak);
  g_autoptr (GVariant) event = NULL;
  const char *text;

  start_batch (proxy, "B1");
  wait_for_state (proxy, "fail");
  ck_assert (!is_acknowledged (proxy));
  ck_assert (api_station1_call_acknowledge_slot_sync (proxy, 1, NULL, NULL));
  ck_assert (is_acknowledged (proxy));
  event = event_of_kind (proxy, "fail-acknowledged");
  ck_assert_ptr_nonnull (event);
  ck_assert (g_variant_lookup (event, "actor", "&s", &text));
  ck_assert_str_eq (text, g_get_user_name ());
  ck_assert (g_variant_lookup (event, "detail", "&s", &text));
  ck_assert_str_eq (text, "slot 1, device BAD-1: rsa-too-small");
  rig_unplug (device);
  wait_for_state (proxy, "empty");
  assert_slot (proxy, "reason", NULL);
}

START_TEST (a_fail_is_acknowledged_on_record)
{
  run_client (acknowledge_one);
}
END_TEST

static void
note_next_serial (ApiStation1 *proxy, GVariant *status, GString *told)
{
  const char *serial = "-";

  g_variant_lookup (status, "next-serial", "&s", &serial);
  if (!g_str_has_suffix (told->str, serial))
    g_string_append_printf (told, " %s", serial);
}

static void
wait_until_told (const GString *told, const char *serial)
{
  while (!g_str_has_suffix (told->str, serial))
    g_main_context_iteration (g_main_context_get_thread_default (), TRUE);
}

static void
start_scanning (ApiStation1 *proxy)
{
  g_autoptr (GVariant) plain = g_variant_ref_sink (batch_options ());
  GVariantDict options;

  g_variant_dict_init (&options, plain);
  g_variant_dict_insert (&options, "serial-scan", "b", TRUE);
  g_variant_dict_insert (&options, "serial-pattern", "s", "A-[0-9]+");
  ck_assert (api_station1_call_create_batch_sync (proxy, "SCAN", g_variant_dict_end (&options),
                                                  NULL, NULL));
  ck_assert (api_station1_call_set_batch_state_sync (proxy, "SCAN", "running", NULL, NULL));
}

static void
scan_two (ApiStation1 *proxy)
{
  g_autoptr (GString) told = g_string_new (NULL);
  GSubprocess *device = rig_plug (rig, "OWN-1", NULL);
  GError *error = NULL;
  guint bound;

  wait_for_state (proxy, "waiting");
  assert_slot (proxy, "waiting-for", "batch");
  start_scanning (proxy);
  assert_slot (proxy, "waiting-for", "serial");
  assert_error (api_station1_call_bind_serial_sync (proxy, 0, "B-1", &bound, NULL, &error), &error,
                "Invalid");
  ck_assert (api_station1_call_bind_serial_sync (proxy, 0, "A-1", &bound, NULL, NULL));
  ck_assert_uint_eq (bound, 1);
  wait_for_state (proxy, "pass");
  assert_slot (proxy, "device", "A-1");
  assert_slot (proxy, "bound-serial", "A-1");
  assert_slot (proxy, "waiting-for", NULL);

  g_signal_connect (proxy, "status-changed", G_CALLBACK (note_next_serial), told);
  ck_assert (api_station1_call_bind_serial_sync (proxy, 0, "A-2", &bound, NULL, NULL));
  ck_assert_uint_eq (bound, 0);
  wait_until_told (told, "A-2");
  rig_unplug (device);
  wait_for_state (proxy, "empty");
  device = rig_plug (rig, "OWN-2", NULL);
  wait_for_state (proxy, "pass");
  assert_slot (proxy, "device", "A-2");
  wait_until_told (told, "-");
  rig_unplug (device);
}

START_TEST (a_scan_names_the_device_that_waits_or_the_next_one)
{
  run_client (scan_two);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("station-api-slots");
  TCase *cases = tcase_create ("all");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_set_timeout (cases, 60);
  tcase_add_checked_fixture (cases, visit_set_up, visit_tear_down);
  tcase_add_test (cases, each_mistake_has_its_error);
  tcase_add_test (cases, learning_ends_when_it_is_cancelled_or_nobody_waits_for_it);
  tcase_add_test (cases, a_fail_is_acknowledged_on_record);
  tcase_add_test (cases, a_scan_names_the_device_that_waits_or_the_next_one);
  suite_add_tcase (suite, cases);
  srunner_run_all (runner, CK_ENV);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a slot shows while devices come, go, and are replaced, with its real worker.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "rig.h"
#include "station/error.h"
#include "station/slot.h"

static Rig *rig;
static SlotSite site;
static SlotConfig config;
static Slot *slot;
static char *port;
static guint ends;

static void
handle_changed (const Slot *changed, gpointer data)
{
}

static void
handle_ended (const Slot *ended, const GError *failure, gpointer data)
{
  ends++;
}

static void
set_up (void)
{
  rig = rig_new (NULL, NULL);
  port = rig_path (rig, "port");
  site = (SlotSite){ .ledger = rig->ledger,
                     .issuer = rig->issuer,
                     .transcript_folder = rig_path (rig, "transcripts"),
                     .attempt_seconds = 20,
                     .order = rig->order,
                     .changed = handle_changed,
                     .ended = handle_ended };
  config = (SlotConfig){ .number = 1, .port = port, .driver = (char *)"smp", .enabled = TRUE };
  ends = 0;
  slot = slot_new (&site, &config);
}

static void
tear_down (void)
{
  slot_free (slot);
  g_free (site.transcript_folder);
  g_free (port);
  rig_free (rig);
}

static void
wait_for_ends (guint count)
{
  while (ends < count)
    g_main_context_iteration (NULL, TRUE);
}

START_TEST (a_pass_clears_when_the_device_leaves)
{
  GSubprocess *device = rig_plug (rig, "S-1", NULL);

  ck_assert_int_eq (slot->state, SLOT_EMPTY);
  slot_device_added (slot, port, NULL);
  ck_assert_int_eq (slot->state, SLOT_WORKING);
  wait_for_ends (1);
  ck_assert_int_eq (slot->state, SLOT_PASS);
  ck_assert_str_eq (slot->device, "S-1");
  ck_assert_uint_eq (slot->passed, 1);
  rig_unplug (device);
  slot_device_removed (slot);
  ck_assert_int_eq (slot->state, SLOT_EMPTY);
  ck_assert_ptr_null (slot->device);
}
END_TEST

static const char *const weak[] = { "--key", "rsa-2048", "--fault", "weak-key", NULL };

/* Plugs in a device whose key is too small, and waits for its FAIL. */
static GSubprocess *
fail_one (void)
{
  GSubprocess *device = rig_plug (rig, "S-BAD", weak);

  slot_device_added (slot, port, NULL);
  wait_for_ends (1);
  ck_assert_int_eq (slot->state, SLOT_FAIL);
  ck_assert_str_eq (slot->reason, "rsa-too-small");
  ck_assert (slot->failure_stands);
  return device;
}

START_TEST (a_fail_stays_until_the_next_device_comes)
{
  GSubprocess *device = fail_one ();

  rig_unplug (device);
  slot_device_removed (slot);
  ck_assert_int_eq (slot->state, SLOT_FAIL);

  device = rig_plug (rig, "S-GOOD", NULL);
  slot_device_added (slot, port, NULL);
  ck_assert_int_eq (slot->state, SLOT_WORKING);
  ck_assert_ptr_null (slot->reason);
  wait_for_ends (2);
  ck_assert_int_eq (slot->state, SLOT_PASS);
  rig_unplug (device);
}
END_TEST

START_TEST (a_fail_that_nobody_saw_keeps_the_next_device_waiting)
{
  GSubprocess *device;

  site.acknowledge_failures = TRUE;
  device = fail_one ();
  rig_unplug (device);
  slot_device_removed (slot);
  ck_assert_int_eq (slot->state, SLOT_FAIL);
  device = rig_plug (rig, "S-GOOD", NULL);
  slot_device_added (slot, port, NULL);
  ck_assert_int_eq (slot->state, SLOT_FAIL);
  ck_assert_ptr_nonnull (slot->path);
  ck_assert_str_eq (slot->device, "S-BAD");

  slot_acknowledge (slot);
  ck_assert_int_eq (slot->state, SLOT_WORKING);
  ck_assert_ptr_null (slot->reason);
  wait_for_ends (2);
  ck_assert_int_eq (slot->state, SLOT_PASS);
  ck_assert_str_eq (slot->device, "S-GOOD");
  rig_unplug (device);
}
END_TEST

START_TEST (an_acknowledged_fail_goes_with_its_device)
{
  GSubprocess *device;

  site.acknowledge_failures = TRUE;
  device = fail_one ();
  slot_acknowledge (slot);
  ck_assert_int_eq (slot->state, SLOT_FAIL);
  ck_assert (!slot->failure_stands);
  ck_assert_str_eq (slot->device, "S-BAD");
  rig_unplug (device);
  slot_device_removed (slot);
  ck_assert_int_eq (slot->state, SLOT_EMPTY);
  ck_assert_ptr_null (slot->reason);
  ck_assert_uint_eq (ends, 1);
}
END_TEST

START_TEST (a_fail_of_a_device_that_left_is_empty_once_it_was_seen)
{
  site.acknowledge_failures = TRUE;
  rig_unplug (fail_one ());
  slot_device_removed (slot);
  slot_acknowledge (slot);
  ck_assert_int_eq (slot->state, SLOT_EMPTY);
  ck_assert_ptr_null (slot->device);
}
END_TEST

START_TEST (starting_a_failed_device_again_acknowledges_its_fail)
{
  GSubprocess *device;

  site.acknowledge_failures = TRUE;
  device = fail_one ();
  ck_assert (slot_start (slot, NULL));
  ck_assert_int_eq (slot->state, SLOT_WORKING);
  ck_assert (!slot->failure_stands);
  wait_for_ends (2);
  ck_assert_int_eq (slot->state, SLOT_FAIL);
  ck_assert (slot->failure_stands);
  rig_unplug (device);
}
END_TEST

START_TEST (a_fail_outlives_its_slots_time_out_of_service)
{
  GSubprocess *device;

  site.acknowledge_failures = TRUE;
  device = fail_one ();
  slot_set_enabled (slot, FALSE, "bent pin");
  ck_assert_int_eq (slot->state, SLOT_DISABLED);
  rig_unplug (device);
  slot_device_removed (slot);
  slot_set_enabled (slot, TRUE, NULL);
  ck_assert_int_eq (slot->state, SLOT_FAIL);
  ck_assert_str_eq (slot->reason, "rsa-too-small");
  slot_acknowledge (slot);
  ck_assert_int_eq (slot->state, SLOT_EMPTY);
}
END_TEST

START_TEST (a_fail_stands_again_after_a_restart_until_it_was_seen)
{
  g_autoptr (Attempt) attempt = NULL;
  g_autoptr (GError) error = NULL;
  GSubprocess *device;

  site.acknowledge_failures = TRUE;
  rig_unplug (fail_one ());
  slot_free (slot);
  slot = slot_new (&site, &config);
  attempt = ledger_unacknowledged_failure (rig->ledger, "1", &error);
  ck_assert_msg (attempt != NULL, "%s", error != NULL ? error->message : "no failure");
  slot_restore_failure (slot, attempt);
  ck_assert_int_eq (slot->state, SLOT_FAIL);
  ck_assert_str_eq (slot->device, "S-BAD");
  ck_assert_str_eq (slot->reason, "rsa-too-small");
  ck_assert_int_eq (slot->step, STEP_CHECK_KEY);

  device = rig_plug (rig, "S-GOOD", NULL);
  slot_device_added (slot, port, NULL);
  ck_assert_int_eq (slot->state, SLOT_FAIL);
  ck_assert (ledger_acknowledge_failures (rig->ledger, attempt, 1, "test", NULL));
  slot_acknowledge (slot);
  wait_for_ends (2);
  ck_assert_int_eq (slot->state, SLOT_PASS);
  ck_assert_ptr_null (ledger_unacknowledged_failure (rig->ledger, "1", &error));
  ck_assert_ptr_null (error);
  rig_unplug (device);
}
END_TEST

START_TEST (a_device_waits_for_its_batch)
{
  GSubprocess *device = rig_plug (rig, "S-1", NULL);

  site.order = NULL;
  ck_assert_ptr_null (slot_waits_for (slot));
  slot_device_added (slot, port, NULL);
  ck_assert_int_eq (slot->state, SLOT_WAITING);
  ck_assert_str_eq (slot_waits_for (slot), "batch");
  site.order = rig->order;
  slot_order_changed (slot);
  ck_assert_ptr_null (slot_waits_for (slot));
  wait_for_ends (1);
  ck_assert_int_eq (slot->state, SLOT_PASS);
  rig_unplug (device);
}
END_TEST

START_TEST (a_replug_while_working_is_a_second_attempt)
{
  static const char *const slow[] = { "--latency", "20", NULL };
  GSubprocess *device = rig_plug (rig, "S-1", slow);

  slot_device_added (slot, port, NULL);
  slot_device_removed (slot);
  slot_device_added (slot, port, NULL);
  ck_assert_int_eq (slot->state, SLOT_WORKING);
  wait_for_ends (1);
  ck_assert_int_eq (slot->state, SLOT_WORKING);
  wait_for_ends (2); /* the same device: it has passed already */
  ck_assert_int_eq (slot->state, SLOT_FAIL);
  ck_assert_str_eq (slot->reason, "already-done");
  rig_unplug (device);
}
END_TEST

START_TEST (a_slot_that_is_disabled_lets_its_attempt_end)
{
  GSubprocess *device = rig_plug (rig, "S-1", NULL);
  g_autoptr (GError) error = NULL;

  slot_device_added (slot, port, NULL);
  slot_set_enabled (slot, FALSE, "bent pin");
  ck_assert_int_eq (slot->state, SLOT_WORKING);
  wait_for_ends (1);
  ck_assert_int_eq (slot->state, SLOT_DISABLED);
  ck_assert_uint_eq (slot->passed, 1);
  ck_assert (!slot_start (slot, &error));
  ck_assert (g_error_matches (error, STATION_ERROR, STATION_ERROR_SLOT));
  rig_unplug (device);
}
END_TEST

START_TEST (nothing_new_is_begun_while_stopping)
{
  site.stopping = TRUE;
  slot_device_added (slot, port, NULL);
  ck_assert_int_eq (slot->state, SLOT_WAITING);
  ck_assert_str_eq (slot_waits_for (slot), "stopping");
  ck_assert (!slot_start (slot, NULL));
}
END_TEST

START_TEST (a_port_that_can_not_be_opened_is_a_fail)
{
  slot_device_added (slot, "/nonexistent/port", NULL);
  wait_for_ends (1);
  ck_assert_int_eq (slot->state, SLOT_FAIL);
  ck_assert_int_eq (slot->step, STEP_OPEN);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("station-slot");
  TCase *cases = tcase_create ("all");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_set_timeout (cases, 60);
  tcase_add_checked_fixture (cases, set_up, tear_down);
  tcase_add_test (cases, a_pass_clears_when_the_device_leaves);
  tcase_add_test (cases, a_fail_stays_until_the_next_device_comes);
  tcase_add_test (cases, a_fail_that_nobody_saw_keeps_the_next_device_waiting);
  tcase_add_test (cases, an_acknowledged_fail_goes_with_its_device);
  tcase_add_test (cases, a_fail_of_a_device_that_left_is_empty_once_it_was_seen);
  tcase_add_test (cases, starting_a_failed_device_again_acknowledges_its_fail);
  tcase_add_test (cases, a_fail_outlives_its_slots_time_out_of_service);
  tcase_add_test (cases, a_fail_stands_again_after_a_restart_until_it_was_seen);
  tcase_add_test (cases, a_device_waits_for_its_batch);
  tcase_add_test (cases, a_replug_while_working_is_a_second_attempt);
  tcase_add_test (cases, a_slot_that_is_disabled_lets_its_attempt_end);
  tcase_add_test (cases, nothing_new_is_begun_while_stopping);
  tcase_add_test (cases, a_port_that_can_not_be_opened_is_a_fail);
  suite_add_tcase (suite, cases);
  srunner_run_all (runner, CK_ENV);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

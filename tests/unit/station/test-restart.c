/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A unit that passed and is still in its slot when the daemon starts again: PASS, where it is the
 * same and proves it; with real signer, ledger and simulated devices.
 */
#include <check.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "rig.h"
#include "station/slot.h"

static Rig *rig;
static SlotSite site;
static SlotConfig config;
static Slot *slot;
static char *port;

static void
handle_changed (const Slot *changed, gpointer data)
{
}

static void
handle_ended (const Slot *ended, const GError *failure, gpointer data)
{
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
                     .acknowledge_failures = TRUE,
                     .order = rig->order,
                     .changed = handle_changed,
                     .ended = handle_ended };
  config = (SlotConfig){ .number = 1, .port = port, .driver = (char *)"smp", .enabled = TRUE };
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
wait_until_idle (void)
{
  while (slot->state == SLOT_WORKING)
    g_main_context_iteration (NULL, TRUE);
}

static void
plug_in_and_wait (void)
{
  slot_device_added (slot, port, NULL);
  wait_until_idle ();
}

/* A unit passes, and the daemon starts again while it is in its slot. */
static GSubprocess *
pass_and_restart (const char *serial)
{
  GSubprocess *device = rig_plug (rig, serial, NULL);
  g_autoptr (GError) error = NULL;
  Attempt *pass;

  plug_in_and_wait ();
  ck_assert_int_eq (slot->state, SLOT_PASS);
  slot_free (slot);
  slot = slot_new (&site, &config);
  pass = ledger_last_pass (rig->ledger, "1", &error);
  ck_assert_msg (pass != NULL, "%s", error != NULL ? error->message : "no attempt passed");
  slot_restore_pass (slot, pass);
  ck_assert_int_eq (slot->state, SLOT_EMPTY);
  return device;
}

static guint
count_of_events (const char *kind)
{
  g_autoptr (GPtrArray) events = ledger_events (rig->ledger, 0, NULL);
  guint count = 0;

  for (guint i = 0; i < events->len; i++)
    count += g_str_equal (((const AuditEvent *)events->pdata[i])->kind, kind);
  return count;
}

/* What the ledger has counted. */
static void
assert_counts (guint attempts, guint passed, guint certificates)
{
  g_autoptr (Batch) batch = ledger_batch (rig->ledger, "B", NULL);
  g_autoptr (GPtrArray) all = ledger_certificates (rig->ledger, "B", 0, NULL);

  ck_assert_uint_eq (batch->attempts, attempts);
  ck_assert_uint_eq (batch->passed, passed);
  ck_assert_uint_eq (all->len, certificates);
}

START_TEST (a_unit_that_passed_shows_pass_again_and_counts_once)
{
  GSubprocess *device = pass_and_restart ("S-1");

  plug_in_and_wait ();
  ck_assert_int_eq (slot->state, SLOT_PASS);
  ck_assert_str_eq (slot->device, "S-1");
  ck_assert_str_eq (slot->batch, "B");
  ck_assert_int_eq (slot->attempt_id, 1);
  ck_assert_int_gt (slot->ended_at, 0);
  ck_assert_uint_eq (slot->passed, 0);
  assert_counts (1, 1, 1);
  ck_assert_uint_eq (count_of_events ("pass-checked"), 1);
  rig_unplug (device);
  slot_device_removed (slot);
  ck_assert_int_eq (slot->state, SLOT_EMPTY);
}
END_TEST

START_TEST (neither_batch_nor_scan_is_needed_for_it)
{
  GSubprocess *device = pass_and_restart ("S-1");

  site.order = NULL;
  plug_in_and_wait ();
  ck_assert_int_eq (slot->state, SLOT_PASS);
  rig_unplug (device);
}
END_TEST

START_TEST (another_unit_runs_as_usual)
{
  GSubprocess *device;

  rig_unplug (pass_and_restart ("S-1"));
  device = rig_plug (rig, "S-2", NULL);
  plug_in_and_wait ();
  ck_assert_int_eq (slot->state, SLOT_PASS);
  ck_assert_str_eq (slot->device, "S-2");
  assert_counts (2, 2, 2);
  ck_assert_uint_eq (count_of_events ("pass-checked"), 0);
  rig_unplug (device);
}
END_TEST

START_TEST (another_unit_waits_where_no_batch_runs)
{
  GSubprocess *device;

  rig_unplug (pass_and_restart ("S-1"));
  site.order = NULL;
  device = rig_plug (rig, "S-2", NULL);
  plug_in_and_wait ();
  ck_assert_int_eq (slot->state, SLOT_WAITING);
  ck_assert_str_eq (slot_waits_for (slot), "batch");
  ck_assert_ptr_null (slot->device);
  rig_unplug (device);
}
END_TEST

START_TEST (a_unit_that_only_bears_the_name_is_no_pass)
{
  GSubprocess *device = pass_and_restart ("S-1");
  g_autofree char *key = rig_path (rig, "devices/S-1.key");

  rig_unplug (device);
  ck_assert_int_eq (g_unlink (key), 0);
  device = rig_plug (rig, "S-1", NULL);
  plug_in_and_wait ();
  ck_assert_int_eq (slot->state, SLOT_FAIL);
  ck_assert_str_eq (slot->reason, "proof");
  ck_assert_uint_eq (count_of_events ("pass-checked"), 0);
  assert_counts (2, 1, 1);
  rig_unplug (device);
}
END_TEST

START_TEST (a_unit_that_is_to_run_again_does)
{
  GSubprocess *device = pass_and_restart ("S-1");

  ck_assert (ledger_allow_retry (rig->ledger, "S-1", "test", NULL));
  plug_in_and_wait ();
  ck_assert_int_eq (slot->state, SLOT_PASS);
  ck_assert_int_eq (slot->attempt_id, 2);
  assert_counts (2, 1, 1);
  rig_unplug (device);
}
END_TEST

START_TEST (a_unit_whose_certificate_was_voided_is_no_pass)
{
  GSubprocess *device = pass_and_restart ("S-1");
  g_autoptr (Certificate) certificate = ledger_certificate (rig->ledger, "S-1", NULL);

  ck_assert (ledger_void_certificate (rig->ledger, certificate->id, "lost", "test", NULL));
  plug_in_and_wait ();
  ck_assert_int_eq (slot->state, SLOT_FAIL);
  ck_assert_str_eq (slot->reason, "device-voided");
  rig_unplug (device);
}
END_TEST

START_TEST (a_finished_unit_that_comes_once_more_is_told_so)
{
  GSubprocess *device = pass_and_restart ("S-1");

  plug_in_and_wait ();
  ck_assert_int_eq (slot->state, SLOT_PASS);
  slot_device_removed (slot);
  plug_in_and_wait ();
  ck_assert_int_eq (slot->state, SLOT_FAIL);
  ck_assert_str_eq (slot->reason, "already-done");
  rig_unplug (device);
}
END_TEST

START_TEST (the_answer_is_not_of_a_unit_that_came_meanwhile)
{
  GSubprocess *device = pass_and_restart ("S-1");

  slot_device_added (slot, port, NULL);
  ck_assert_int_eq (slot->state, SLOT_WORKING);
  slot_device_removed (slot);
  slot_device_added (slot, port, NULL);
  wait_until_idle ();
  ck_assert_int_eq (slot->state, SLOT_PASS);
  ck_assert_uint_eq (count_of_events ("pass-checked"), 2); /* the second one was asked itself */
  rig_unplug (device);
}
END_TEST

START_TEST (a_unit_that_left_meanwhile_leaves_no_pass)
{
  GSubprocess *device = pass_and_restart ("S-1");

  slot_device_added (slot, port, NULL);
  slot_device_removed (slot);
  wait_until_idle ();
  ck_assert_int_eq (slot->state, SLOT_EMPTY);
  ck_assert_ptr_null (slot->device);
  rig_unplug (device);
}
END_TEST

START_TEST (a_slot_that_was_taken_out_of_service_meanwhile_shows_that)
{
  GSubprocess *device = pass_and_restart ("S-1");

  slot_device_added (slot, port, NULL);
  slot_set_enabled (slot, FALSE, "bent pin");
  wait_until_idle ();
  ck_assert_int_eq (slot->state, SLOT_DISABLED);
  slot_set_enabled (slot, TRUE, NULL);
  wait_until_idle ();
  ck_assert_int_eq (slot->state, SLOT_PASS);
  rig_unplug (device);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("station-restart");
  TCase *cases = tcase_create ("all");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_set_timeout (cases, 60);
  tcase_add_checked_fixture (cases, set_up, tear_down);
  tcase_add_test (cases, a_unit_that_passed_shows_pass_again_and_counts_once);
  tcase_add_test (cases, neither_batch_nor_scan_is_needed_for_it);
  tcase_add_test (cases, another_unit_runs_as_usual);
  tcase_add_test (cases, another_unit_waits_where_no_batch_runs);
  tcase_add_test (cases, a_unit_that_only_bears_the_name_is_no_pass);
  tcase_add_test (cases, a_unit_that_is_to_run_again_does);
  tcase_add_test (cases, a_unit_whose_certificate_was_voided_is_no_pass);
  tcase_add_test (cases, a_finished_unit_that_comes_once_more_is_told_so);
  tcase_add_test (cases, the_answer_is_not_of_a_unit_that_came_meanwhile);
  tcase_add_test (cases, a_unit_that_left_meanwhile_leaves_no_pass);
  tcase_add_test (cases, a_slot_that_was_taken_out_of_service_meanwhile_shows_that);
  suite_add_tcase (suite, cases);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

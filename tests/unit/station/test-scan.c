/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Serials that are scanned: which device gets one, and what is refused while the unit is still in
 * the operator's hand.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "rig.h"
#include "station/station.h"

static Rig *rig;
static Station *station;
static Slot *first;
static Slot *second;
static char *port;

static Config *
make_config (void)
{
  g_autofree char *path = rig_path (rig, "keycradle.conf");
  g_autofree char *text = g_strdup_printf (
      "[station]\nMode=demo\nStateFolder=%s/state\nSocket=%s/station.sock\n"
      "ProfileFolder=%s/profiles\n[signer]\nSocket=%s\n[slot 1]\nDriver=smp\n[slot 2]\n",
      rig->folder, rig->folder, rig->folder, rig->socket);
  g_autoptr (GError) error = NULL;
  Config *config;

  ck_assert (g_file_set_contents (path, text, -1, NULL));
  config = config_load (path, &error);
  ck_assert_msg (config != NULL, "%s", error != NULL ? error->message : "");
  return config;
}

/* The batch SCAN, whose serials are "A-" and digits. */
static void
start_scanning (void)
{
  Batch batch = { .name = (char *)"SCAN",
                  .product = (char *)"Gadget",
                  .profile = (char *)"demo",
                  .serial_scan = TRUE,
                  .serial_pattern = (char *)"A-[0-9]+" };
  g_autoptr (GError) error = NULL;

  ck_assert_msg (station_create_batch (station, &batch, "test", &error)
                     && station_set_batch_state (station, "SCAN", BATCH_RUNNING, "test", &error),
                 "%s", error != NULL ? error->message : "");
}

static void
set_up (void)
{
  g_autoptr (GError) error = NULL;

  rig = rig_new (NULL, NULL);
  port = rig_path (rig, "port");
  station = station_new (make_config (), &error);
  ck_assert_msg (station != NULL, "%s", error != NULL ? error->message : "");
  first = station_slot (station, 1, NULL);
  second = station_slot (station, 2, NULL);
  start_scanning ();
}

static void
tear_down (void)
{
  station_free (station);
  g_free (port);
  rig_free (rig);
}

static void
assert_bound (guint number, const char *serial, guint expected)
{
  g_autoptr (GError) error = NULL;
  guint bound = 99;

  ck_assert_msg (station_bind_serial (station, number, serial, &bound, "test", &error), "%s: %s",
                 serial, error != NULL ? error->message : "");
  ck_assert_uint_eq (bound, expected);
}

static void
assert_refused (guint number, const char *serial, const char *words)
{
  g_autoptr (GError) error = NULL;
  guint bound;

  ck_assert (!station_bind_serial (station, number, serial, &bound, "test", &error));
  ck_assert_msg (strstr (error->message, words) != NULL, "\"%s\" lacks \"%s\"", error->message,
                 words);
}

static void
wait_while_working (const Slot *slot)
{
  while (slot->state == SLOT_WORKING)
    g_main_context_iteration (NULL, TRUE);
}

/* The detail of the newest event of that kind. Free with g_free(). */
static char *
detail_of (const char *kind, const char *subject)
{
  g_autoptr (GPtrArray) events = ledger_events (station->ledger, 0, NULL);

  for (guint i = 0; i < events->len; i++) {
    const AuditEvent *event = g_ptr_array_index (events, i);

    if (g_str_equal (event->kind, kind) && g_str_equal (event->subject, subject))
      return g_strdup (event->detail);
  }
  return NULL;
}

START_TEST (a_device_is_called_as_its_label_says)
{
  GSubprocess *unit = rig_plug (rig, "OWN-NAME", NULL);
  g_autoptr (Device) device = NULL;
  g_autofree char *detail = NULL;

  slot_device_added (first, port, NULL);
  ck_assert_int_eq (first->state, SLOT_WAITING);
  ck_assert_str_eq (slot_waits_for (first), "serial");
  assert_bound (0, "A-1", 1);
  ck_assert_int_eq (first->state, SLOT_WORKING);
  ck_assert_str_eq (first->bound_serial, "A-1");
  wait_while_working (first);
  ck_assert_msg (first->state == SLOT_PASS, "%s", first->detail);
  ck_assert_str_eq (first->device, "A-1");
  device = ledger_device (station->ledger, "A-1", NULL);
  ck_assert_ptr_nonnull (device);
  ck_assert_ptr_nonnull (device->chip_id);
  ck_assert_str_eq (device->state, "passed");
  detail = detail_of ("serial-differs", "A-1");
  ck_assert_msg (detail != NULL && strstr (detail, "OWN-NAME") != NULL, "%s", detail);
  rig_unplug (unit);
}
END_TEST

START_TEST (what_is_scanned_first_is_for_the_next_device)
{
  assert_bound (0, "A-1", 0);
  ck_assert_str_eq (station->site.next_serial, "A-1");
  assert_bound (0, "A-2", 0);
  ck_assert_str_eq (station->site.next_serial, "A-2");
  assert_bound (0, "", 0);
  ck_assert_ptr_null (station->site.next_serial);

  assert_bound (0, "A-3", 0);
  slot_device_added (second, "/nonexistent/port", NULL);
  ck_assert_int_eq (second->state, SLOT_WORKING);
  ck_assert_str_eq (second->bound_serial, "A-3");
  ck_assert_ptr_null (station->site.next_serial);
  wait_while_working (second);
}
END_TEST

START_TEST (a_serial_of_the_batch_before_is_forgotten)
{
  assert_bound (0, "A-1", 0);
  ck_assert (station_set_batch_state (station, "SCAN", BATCH_PAUSED, "test", NULL));
  ck_assert_ptr_null (station->site.next_serial);
}
END_TEST

START_TEST (the_device_that_waits_longest_is_meant)
{
  slot_device_added (second, "/nonexistent/two", NULL);
  slot_device_added (first, "/nonexistent/one", NULL);
  assert_bound (0, "A-1", 2);
  assert_bound (0, "A-2", 1);
  wait_while_working (first);
  wait_while_working (second);
}
END_TEST

START_TEST (a_binding_goes_with_its_device_and_stays_for_a_second_try)
{
  slot_device_added (first, "/nonexistent/port", NULL);
  assert_bound (1, "A-1", 1);
  wait_while_working (first);
  ck_assert_int_eq (first->state, SLOT_FAIL);
  ck_assert_str_eq (first->bound_serial, "A-1");
  ck_assert (station_start_slot (station, 1, "test", NULL));
  ck_assert_int_eq (first->state, SLOT_WORKING);
  ck_assert_str_eq (first->bound_serial, "A-1");
  wait_while_working (first);
  slot_device_removed (first);
  ck_assert_ptr_null (first->bound_serial);
  assert_refused (1, "A-1", "A-1 was scanned, but slot 1 shows a FAIL: acknowledge it first");
  ck_assert (station_acknowledge_slot (station, 1, "test", NULL));
  slot_device_added (first, "/nonexistent/port", NULL);
  ck_assert_str_eq (slot_waits_for (first), "serial");
}
END_TEST

START_TEST (a_scan_that_can_not_be_right_is_refused_in_words)
{
  GSubprocess *unit = rig_plug (rig, "OWN-NAME", NULL);

  assert_refused (1, "A-1", "A-1 was scanned, but slot 1 is empty: plug the unit in first");
  assert_refused (9, "A-1", "there is no slot 9");
  slot_device_added (second, "/nonexistent/two", NULL);
  assert_refused (0, "B-1", "serial B-1 does not fit the batch's pattern A-[0-9]+");
  assert_refused (0, "A-1X", "serial A-1X does not fit");
  assert_refused (0, "A 1\x1b[2J", "\"A 1?[2J\" is no serial");
  assert_refused (2, "", "\"\" is no serial");

  slot_device_added (first, port, NULL);
  assert_bound (1, "A-7", 1);
  assert_refused (2, "A-7", "A-7 is in slot 1 already");
  wait_while_working (first);
  ck_assert_msg (first->state == SLOT_PASS, "%s", first->detail);
  slot_device_removed (first);
  assert_refused (0, "A-7", "device A-7 has passed already");
  ck_assert_str_eq (slot_waits_for (second), "serial");

  ck_assert (station_retry_device (station, "A-7", "test", NULL));
  assert_bound (0, "A-7", 2);
  wait_while_working (second);
  ck_assert (station_set_batch_state (station, "SCAN", BATCH_PAUSED, "test", NULL));
  assert_refused (0, "A-8", "A-8 was scanned, but no batch runs");
  rig_unplug (unit);
}
END_TEST

START_TEST (a_label_that_belongs_to_another_chip_is_refused)
{
  static const char *const fails[] = { "--fault", "bad-signature", NULL };
  GSubprocess *unit = rig_plug (rig, "OWN-1", fails);

  slot_device_added (first, port, NULL);
  assert_bound (1, "A-1", 1);
  wait_while_working (first);
  ck_assert_int_eq (first->state, SLOT_FAIL);
  rig_unplug (unit);
  slot_device_removed (first);
  ck_assert (station_acknowledge_slot (station, 0, "test", NULL));

  unit = rig_plug (rig, "OWN-2", NULL);
  slot_device_added (first, port, NULL);
  assert_bound (1, "A-1", 1);
  wait_while_working (first);
  ck_assert_str_eq (first->reason, "duplicate-device");
  ck_assert_str_eq (first->device, "A-1");
  rig_unplug (unit);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("station-scan");
  TCase *cases = tcase_create ("all");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_set_timeout (cases, 60);
  tcase_add_checked_fixture (cases, set_up, tear_down);
  tcase_add_test (cases, a_device_is_called_as_its_label_says);
  tcase_add_test (cases, what_is_scanned_first_is_for_the_next_device);
  tcase_add_test (cases, a_serial_of_the_batch_before_is_forgotten);
  tcase_add_test (cases, the_device_that_waits_longest_is_meant);
  tcase_add_test (cases, a_binding_goes_with_its_device_and_stays_for_a_second_try);
  tcase_add_test (cases, a_scan_that_can_not_be_right_is_refused_in_words);
  tcase_add_test (cases, a_label_that_belongs_to_another_chip_is_refused);
  suite_add_tcase (suite, cases);
  srunner_run_all (runner, CK_ENV);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

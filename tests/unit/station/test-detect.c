/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Hotplug through udev, on a bench of umockdev: what arrives in which slot, and what a station
 * makes of it.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "detect-rig.h"
#include "station/station.h"

START_TEST (what_was_plugged_in_before_is_found_at_once)
{
  const UsbPlug plug = zephyr ("2", 5, ACM ("ttyACM0"));
  g_autoptr (Detector) detector G_GNUC_UNUSED = NULL;

  usb_plug (bench, &plug);
  detector = start ();
  ck_assert_str_eq (seen->str, "+2:/dev/ttyACM0 ");
}
END_TEST

START_TEST (a_device_comes_and_goes_at_its_slot)
{
  g_autoptr (Detector) detector G_GNUC_UNUSED = start ();
  const UsbPlug first = zephyr ("1", 5, ACM ("ttyACM3"));
  const UsbPlug second = zephyr ("1", 6, ACM ("ttyACM9"));

  usb_plug (bench, &first);
  expect_seen ("+1:/dev/ttyACM3 ");
  usb_unplug (bench, &first);
  expect_seen ("+1:/dev/ttyACM3 -1 ");
  usb_plug (bench, &second);
  expect_seen ("+1:/dev/ttyACM3 -1 +1:/dev/ttyACM9 ");
}
END_TEST

/* `udevadm trigger --action=add`, which each upgrade of udev's package does. */
START_TEST (what_udev_says_again_is_said_once)
{
  g_autoptr (Detector) detector G_GNUC_UNUSED = start ();
  const UsbPlug plug = zephyr ("1", 5, ACM ("ttyACM3"));
  const UsbPlug other = zephyr ("2", 6, ACM ("ttyACM4"));

  usb_plug (bench, &plug);
  expect_seen ("+1:/dev/ttyACM3 ");
  usb_say_again (bench, &plug, "add");
  usb_say_again (bench, &plug, "change");
  usb_plug (bench, &other);
  expect_seen ("+1:/dev/ttyACM3 +2:/dev/ttyACM4 ");
  run_for (400);
  ck_assert_str_eq (seen->str, "+1:/dev/ttyACM3 +2:/dev/ttyACM4 ");
}
END_TEST

/* Everything is as it was, but for the number on the bus. */
START_TEST (a_replacement_that_nobody_saw_come_is_noticed)
{
  g_autoptr (Detector) detector = start ();
  const UsbPlug first = zephyr ("1", 5, ACM ("ttyACM3"));

  usb_plug (bench, &first);
  expect_seen ("+1:/dev/ttyACM3 ");
  umockdev_testbed_set_attribute (bench, "/sys/devices/pci0000:00/0000:00:14.0/usb1/1-1", "devnum",
                                  "6");
  detector_recheck (detector);
  expect_seen ("+1:/dev/ttyACM3 -1 +1:/dev/ttyACM3 ");
}
END_TEST

START_TEST (what_no_slot_claims_is_left_alone)
{
  g_autoptr (Detector) detector G_GNUC_UNUSED = start ();
  const UsbPlug other = zephyr ("7", 5, ACM ("ttyACM0"));
  const UsbPlug own = zephyr ("1", 6, ACM ("ttyACM1"));

  usb_plug (bench, &other);
  usb_plug (bench, &own);
  expect_seen ("+1:/dev/ttyACM1 ");
  usb_unplug (bench, &other);
  usb_unplug (bench, &own);
  expect_seen ("+1:/dev/ttyACM1 -1 ");
}
END_TEST

START_TEST (learning_sees_only_what_a_driver_allows)
{
  g_autoptr (Detector) detector = start ();
  UsbPlug modem = zephyr ("5", 5, "ff/00/00=ttyUSB5");
  const UsbPlug device = zephyr ("6", 6, ACM ("ttyACM6"));

  modem.vendor = "1199";
  modem.product = "9071";
  detector_learn (detector, 2);
  usb_plug (bench, &modem);
  expect_seen ("!0 ");
  ck_assert_ptr_nonnull (strstr (reasons->str, "1199:9071 Widget: no match allows it"));
  usb_plug (bench, &device);
  expect_seen ("!0 ?" PLACE ("6") " ");
}
END_TEST

START_TEST (a_slot_that_was_learned_finds_its_device)
{
  g_autoptr (Detector) detector = start ();
  const UsbPlug device = zephyr ("6", 6, ACM ("ttyACM6"));
  SlotConfig *slot = config_slot (config, 2);

  detector_learn (detector, 2);
  usb_plug (bench, &device);
  expect_seen ("?" PLACE ("6") " ");
  g_free (slot->id_path);
  slot->id_path = g_strdup (PLACE ("6"));
  detector_rebind (detector, 2);
  ck_assert_str_eq (seen->str, "?" PLACE ("6") " -2 +2:/dev/ttyACM6 ");
}
END_TEST

/* ---- with a station behind it ---- */

static char *folder;
static char *learned_path;

static Station *
make_station (void)
{
  g_autofree char *path = NULL;
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  Station *station;

  folder = g_dir_make_tmp ("keycradle-learn-XXXXXX", NULL);
  path = g_build_filename (folder, "keycradle.conf", NULL);
  text = g_strdup_printf (
      "[station]\nStateFolder=%s\n[slot 1]\nIdPath=" PLACE ("1") "\n[slot 2]\n"
                                                                 "[slot 3]\nPort=/dev/null\n",
      folder);
  ck_assert (g_file_set_contents (path, text, -1, NULL));
  station = station_new (config_load (path, NULL), &error);
  ck_assert_msg (station != NULL, "%s", error != NULL ? error->message : "");
  return station;
}

static void
remove_folder (void)
{
  const char *const arguments[] = { "rm", "-rf", folder, NULL };

  g_spawn_sync (NULL, (char **)arguments, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL,
                NULL);
  g_clear_pointer (&folder, g_free);
  g_clear_pointer (&learned_path, g_free);
}

static void
handle_learned (const char *path, const GError *error, gpointer data)
{
  learned_path = g_strdup (path != NULL ? path : error->message);
}

/* The newest event is of that kind, by "test". */
static void
assert_event (Station *station, const char *kind, const char *subject)
{
  g_autoptr (GPtrArray) events = ledger_events (station->ledger, 1, NULL);
  const AuditEvent *event;

  ck_assert (events != NULL && events->len == 1);
  event = g_ptr_array_index (events, 0);
  ck_assert_str_eq (event->kind, kind);
  ck_assert_str_eq (event->actor, "test");
  ck_assert_str_eq (event->subject, subject);
}

START_TEST (a_slot_learns_its_port_and_keeps_it)
{
  g_autoptr (Station) station = make_station ();
  g_autofree char *kept = NULL;
  g_autofree char *text = NULL;
  const UsbPlug device = zephyr ("6", 6, ACM ("ttyACM6"));

  detector_start (station->detector);
  ck_assert (station_learn_slot (station, 2, 60, "test", handle_learned, NULL, NULL));
  ck_assert (!station_learn_slot (station, 1, 60, "test", handle_learned, NULL, NULL));
  usb_plug (bench, &device);
  while (learned_path == NULL)
    g_main_context_iteration (NULL, TRUE);
  ck_assert_str_eq (learned_path, PLACE ("6"));
  assert_event (station, "slot-learn", "slot 2");
  ck_assert_int_eq (station_slot (station, 2, NULL)->state, SLOT_WAITING);
  kept = g_build_filename (folder, "slots.conf", NULL);
  ck_assert (g_file_get_contents (kept, &text, NULL, NULL));
  ck_assert (strstr (text, "[slot 2]\nIdPath=" PLACE ("6") "\n") != NULL);
  usb_unplug (bench, &device);
  remove_folder ();
}
END_TEST

static guint
count_refusals (Station *station)
{
  g_autoptr (GPtrArray) events = ledger_events (station->ledger, 100, NULL);
  guint count = 0;

  for (guint i = 0; i < events->len; i++) {
    const AuditEvent *event = g_ptr_array_index (events, i);

    count += g_str_equal (event->kind, "device-refused") && g_str_equal (event->subject, "slot 1");
  }
  return count;
}

static void
wait_for_state (const Slot *slot, SlotState state)
{
  while (slot->state != state)
    g_main_context_iteration (NULL, TRUE);
}

/* A FAIL like any other: seen by somebody, gone with its device; on record once. */
START_TEST (a_refused_device_is_a_fail_without_an_attempt)
{
  g_autoptr (Station) station = make_station ();
  Slot *slot = station_slot (station, 1, NULL);
  g_autoptr (GError) error = NULL;
  UsbPlug disk = zephyr ("1", 6, ACM ("ttyACM6") " 08/06/50");

  detector_start (station->detector);
  usb_plug (bench, &disk);
  wait_for_state (slot, SLOT_FAIL);
  ck_assert_str_eq (slot->reason, "device-refused");
  ck_assert_ptr_nonnull (strstr (slot->detail, "shows a disk beside its port"));
  ck_assert (slot->failure_stands);
  ck_assert (!slot_may_start (slot, &error));
  ck_assert (station_acknowledge_slot (station, 1, "test", NULL));
  ck_assert_int_eq (slot->state, SLOT_FAIL); /* until it leaves */
  usb_unplug (bench, &disk);
  wait_for_state (slot, SLOT_EMPTY);
  disk.number = 7;
  usb_plug (bench, &disk);
  wait_for_state (slot, SLOT_FAIL);
  ck_assert_uint_eq (count_refusals (station), 1);
  remove_folder ();
}
END_TEST

START_TEST (a_device_that_may_come_ends_a_refusal_that_was_seen)
{
  g_autoptr (Station) station = make_station ();
  Slot *slot = station_slot (station, 1, NULL);
  const UsbPlug disk = zephyr ("1", 6, ACM ("ttyACM6") " 08/06/50");
  const UsbPlug good = zephyr ("1", 7, ACM ("ttyACM7"));

  detector_start (station->detector);
  usb_plug (bench, &disk);
  wait_for_state (slot, SLOT_FAIL);
  usb_unplug (bench, &disk);
  usb_plug (bench, &good);
  while (slot->path == NULL)
    g_main_context_iteration (NULL, TRUE);
  ck_assert_int_eq (slot->state, SLOT_FAIL); /* nobody has seen it yet */
  ck_assert (station_acknowledge_slot (station, 1, "test", NULL));
  ck_assert_int_eq (slot->state, SLOT_WAITING); /* for a batch */
  remove_folder ();
}
END_TEST

START_TEST (a_slot_with_a_port_in_the_configuration_is_not_learned)
{
  g_autoptr (Station) station = make_station ();
  g_autoptr (GError) error = NULL;

  ck_assert (!station_learn_slot (station, 3, 60, "test", handle_learned, NULL, &error));
  ck_assert (strstr (error->message, "/dev/null") != NULL);
  remove_folder ();
}
END_TEST

START_TEST (learning_gives_up_in_words)
{
  g_autoptr (Station) station = make_station ();

  ck_assert (station_learn_slot (station, 2, 1, "test", handle_learned, NULL, NULL));
  while (learned_path == NULL)
    g_main_context_iteration (NULL, TRUE);
  ck_assert (strstr (learned_path, "no new device") != NULL);
  remove_folder ();
}
END_TEST

START_TEST (swapped_slots_exchange_devices_and_what_is_shown)
{
  g_autoptr (Station) station = make_station ();
  Slot *first = station_slot (station, 1, NULL);
  Slot *second = station_slot (station, 2, NULL);
  g_autoptr (GError) error = NULL;
  const UsbPlug device = zephyr ("6", 6, ACM ("ttyACM6"));

  detector_start (station->detector);
  ck_assert (!station_swap_slots (station, 1, 2, "test", &error));
  ck_assert_ptr_nonnull (strstr (error->message, "slot 2 has no port yet"));
  ck_assert (config_learn (station->config, 2, PLACE ("6"), NULL));
  usb_plug (bench, &device);
  while (second->state == SLOT_EMPTY)
    g_main_context_iteration (NULL, TRUE);

  ck_assert (station_swap_slots (station, 1, 2, "test", NULL));
  assert_event (station, "slot-swap", "slots 1 and 2");
  ck_assert_int_eq (first->state, SLOT_WAITING);
  ck_assert_str_eq (first->path, "/dev/ttyACM6");
  ck_assert_str_eq (first->config->id_path, PLACE ("6"));
  ck_assert_int_eq (second->state, SLOT_EMPTY);
  usb_unplug (bench, &device);
  while (first->state == SLOT_WAITING)
    g_main_context_iteration (NULL, TRUE);
  ck_assert_int_eq (first->state, SLOT_EMPTY);
  ck_assert (!station_swap_slots (station, 1, 1, "test", NULL));
  remove_folder ();
}
END_TEST

START_TEST (a_slot_that_works_is_not_swapped)
{
  g_autoptr (Station) station = make_station ();
  g_autoptr (GError) error = NULL;

  ck_assert (config_learn (station->config, 2, PLACE ("6"), NULL));
  station_slot (station, 2, NULL)->state = SLOT_WORKING;
  ck_assert (!station_swap_slots (station, 1, 2, "test", &error));
  ck_assert_ptr_nonnull (strstr (error->message, "slot 2 is working"));
  remove_folder ();
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("station-detect");
  TCase *cases = tcase_create ("all");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_add_checked_fixture (cases, detect_rig_set_up, detect_rig_tear_down);
  tcase_add_test (cases, what_was_plugged_in_before_is_found_at_once);
  tcase_add_test (cases, a_device_comes_and_goes_at_its_slot);
  tcase_add_test (cases, what_udev_says_again_is_said_once);
  tcase_add_test (cases, a_replacement_that_nobody_saw_come_is_noticed);
  tcase_add_test (cases, what_no_slot_claims_is_left_alone);
  tcase_add_test (cases, learning_sees_only_what_a_driver_allows);
  tcase_add_test (cases, a_slot_that_was_learned_finds_its_device);
  tcase_add_test (cases, a_slot_learns_its_port_and_keeps_it);
  tcase_add_test (cases, a_refused_device_is_a_fail_without_an_attempt);
  tcase_add_test (cases, a_device_that_may_come_ends_a_refusal_that_was_seen);
  tcase_add_test (cases, a_slot_with_a_port_in_the_configuration_is_not_learned);
  tcase_add_test (cases, learning_gives_up_in_words);
  tcase_add_test (cases, swapped_slots_exchange_devices_and_what_is_shown);
  tcase_add_test (cases, a_slot_that_works_is_not_swapped);
  suite_add_tcase (suite, cases);
  srunner_run_all (runner, CK_ENV);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Hotplug through udev, on a bench of umockdev: ttys with USB identities that come and go.
 */
#include <check.h>
#include <stdlib.h>
#include <umockdev.h>

#include "station/station.h"

static UMockdevTestbed *bench;
static GString *seen; /* "+3:/dev/ttyACM0 ", "-3 ", "?PATH " */
static Config *config;

static void
handle_added (guint number, const char *path, gpointer data)
{
  g_string_append_printf (seen, "+%u:%s ", number, path);
}

static void
handle_removed (guint number, gpointer data)
{
  g_string_append_printf (seen, "-%u ", number);
}

static void
handle_unclaimed (const char *id_path, gpointer data)
{
  g_string_append_printf (seen, "?%s ", id_path);
}

static void
add_slot (guint number, const char *id_path)
{
  SlotConfig *slot = g_new0 (SlotConfig, 1);

  slot->number = number;
  slot->id_path = g_strdup (id_path);
  g_ptr_array_add (config->slots, slot);
}

static void
set_up (void)
{
  bench = umockdev_testbed_new ();
  seen = g_string_new (NULL);
  config = g_new0 (Config, 1);
  config->slots = g_ptr_array_new_with_free_func ((GDestroyNotify)slot_config_free);
  add_slot (1, "pci-usb-0:1:1.0");
  add_slot (2, "pci-usb-0:2:1.0");
}

static void
tear_down (void)
{
  g_object_unref (bench);
  g_string_free (seen, TRUE);
  config_free (config);
}

/* Adds a tty, which is an "add" event as well. Returns its sysfs path. */
static char *
plug (const char *name, const char *id_path, const char *vendor, const char *product)
{
  g_autofree char *node = g_strdup_printf ("/dev/%s", name);

  return umockdev_testbed_add_device (bench, "tty", name, NULL, NULL, "DEVNAME", node, "ID_PATH",
                                      id_path, "ID_VENDOR_ID", vendor, "ID_MODEL_ID", product,
                                      NULL);
}

static void
unplug (char *sysfs)
{
  umockdev_testbed_uevent (bench, sysfs, "remove");
  umockdev_testbed_remove_device (bench, sysfs);
  g_free (sysfs);
}

static void
expect_seen (const char *wanted)
{
  while (seen->len < strlen (wanted))
    g_main_context_iteration (NULL, TRUE);
  ck_assert_str_eq (seen->str, wanted);
}

static Detector *
start (void)
{
  static const DetectorCallbacks callbacks = { handle_added, handle_removed, handle_unclaimed };
  Detector *detector = detector_new (config, &callbacks, NULL, NULL);

  ck_assert_ptr_nonnull (detector);
  detector_start (detector);
  return detector;
}

START_TEST (what_was_plugged_in_before_is_found)
{
  char *tty = plug ("ttyACM0", "pci-usb-0:2:1.0", "2fe3", "0001");
  g_autoptr (Detector) detector G_GNUC_UNUSED = start ();

  ck_assert_str_eq (seen->str, "+2:/dev/ttyACM0 ");
  g_free (tty);
}
END_TEST

START_TEST (a_device_comes_and_goes_at_its_slot)
{
  g_autoptr (Detector) detector G_GNUC_UNUSED = start ();
  char *tty = plug ("ttyACM3", "pci-usb-0:1:1.0", "2fe3", "0001");

  expect_seen ("+1:/dev/ttyACM3 ");
  unplug (tty);
  expect_seen ("+1:/dev/ttyACM3 -1 ");
  tty = plug ("ttyACM9", "pci-usb-0:1:1.0", "2fe3", "0001");
  expect_seen ("+1:/dev/ttyACM3 -1 +1:/dev/ttyACM9 ");
  unplug (tty);
}
END_TEST

/* `udevadm trigger --action=add`, and an event that was under way while the ports were listed. */
START_TEST (what_udev_says_again_is_said_once)
{
  g_autoptr (Detector) detector G_GNUC_UNUSED = start ();
  char *tty = plug ("ttyACM3", "pci-usb-0:1:1.0", "2fe3", "0001");
  char *other;

  umockdev_testbed_set_property (bench, tty, "USEC_INITIALIZED", "1000");
  umockdev_testbed_uevent (bench, tty, "add");
  umockdev_testbed_uevent (bench, tty, "add");
  other = plug ("ttyACM4", "pci-usb-0:2:1.0", "2fe3", "0001");
  expect_seen ("+1:/dev/ttyACM3 -1 +1:/dev/ttyACM3 +2:/dev/ttyACM4 ");
  unplug (tty);
  unplug (other);
}
END_TEST

START_TEST (what_no_slot_claims_is_left_alone)
{
  g_autoptr (Detector) detector G_GNUC_UNUSED = start ();
  char *other = plug ("ttyUSB0", "pci-usb-0:7:1.0", "2fe3", "0001");
  char *own = plug ("ttyACM0", "pci-usb-0:1:1.0", "2fe3", "0001");

  expect_seen ("+1:/dev/ttyACM0 ");
  unplug (other);
  unplug (own);
  expect_seen ("+1:/dev/ttyACM0 -1 ");
}
END_TEST

START_TEST (learning_sees_only_what_a_driver_allows)
{
  g_autoptr (Detector) detector G_GNUC_UNUSED = start ();
  char *modem, *device;

  detector_learn (detector, TRUE);
  modem = plug ("ttyUSB5", "pci-usb-0:5:1.0", "1199", "9071");
  device = plug ("ttyACM6", "pci-usb-0:6:1.0", "2fe3", "0001");
  expect_seen ("?pci-usb-0:6:1.0 ");
  unplug (modem);
  unplug (device);
}
END_TEST

START_TEST (a_slot_that_was_learned_finds_its_device)
{
  g_autoptr (Detector) detector G_GNUC_UNUSED = start ();
  char *device;
  SlotConfig *slot = config_slot (config, 2);

  detector_learn (detector, TRUE);
  device = plug ("ttyACM6", "pci-usb-0:6:1.0", "2fe3", "0001");
  expect_seen ("?pci-usb-0:6:1.0 ");
  g_free (slot->id_path);
  slot->id_path = g_strdup ("pci-usb-0:6:1.0");
  detector_rebind (detector, 2);
  ck_assert_str_eq (seen->str, "?pci-usb-0:6:1.0 -2 +2:/dev/ttyACM6 ");
  unplug (device);
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
  text = g_strdup_printf ("[station]\nStateFolder=%s\n[slot 1]\nIdPath=pci-usb-0:1:1.0\n[slot 2]\n"
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

START_TEST (a_slot_learns_its_port_and_keeps_it)
{
  g_autoptr (Station) station = make_station ();
  g_autofree char *kept = NULL;
  g_autofree char *text = NULL;
  char *device;

  detector_start (station->detector);
  ck_assert (station_learn_slot (station, 2, 60, handle_learned, NULL, NULL));
  ck_assert (!station_learn_slot (station, 1, 60, handle_learned, NULL, NULL));
  device = plug ("ttyACM6", "pci-usb-0:6:1.0", "2fe3", "0001");
  while (learned_path == NULL)
    g_main_context_iteration (NULL, TRUE);
  ck_assert_str_eq (learned_path, "pci-usb-0:6:1.0");
  ck_assert_int_eq (station_slot (station, 2, NULL)->state, SLOT_WAITING);
  kept = g_build_filename (folder, "slots.conf", NULL);
  ck_assert (g_file_get_contents (kept, &text, NULL, NULL));
  ck_assert (strstr (text, "[slot 2]\nIdPath=pci-usb-0:6:1.0\n") != NULL);
  unplug (device);
  remove_folder ();
}
END_TEST

START_TEST (a_slot_with_a_port_in_the_configuration_is_not_learned)
{
  g_autoptr (Station) station = make_station ();
  g_autoptr (GError) error = NULL;

  ck_assert (!station_learn_slot (station, 3, 60, handle_learned, NULL, &error));
  ck_assert (strstr (error->message, "/dev/null") != NULL);
  remove_folder ();
}
END_TEST

START_TEST (learning_gives_up_in_words)
{
  g_autoptr (Station) station = make_station ();

  ck_assert (station_learn_slot (station, 2, 1, handle_learned, NULL, NULL));
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
  char *device;

  detector_start (station->detector);
  ck_assert (!station_swap_slots (station, 1, 2, "test", &error));
  ck_assert_ptr_nonnull (strstr (error->message, "slot 2 has no port yet"));
  ck_assert (config_learn (station->config, 2, "pci-usb-0:6:1.0", NULL));
  device = plug ("ttyACM6", "pci-usb-0:6:1.0", "2fe3", "0001");
  while (second->state == SLOT_EMPTY)
    g_main_context_iteration (NULL, TRUE);

  ck_assert (station_swap_slots (station, 1, 2, "test", NULL));
  ck_assert_int_eq (first->state, SLOT_WAITING);
  ck_assert_str_eq (first->path, "/dev/ttyACM6");
  ck_assert_str_eq (first->config->id_path, "pci-usb-0:6:1.0");
  ck_assert_int_eq (second->state, SLOT_EMPTY);
  unplug (device);
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

  ck_assert (config_learn (station->config, 2, "pci-usb-0:6:1.0", NULL));
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

  tcase_add_checked_fixture (cases, set_up, tear_down);
  tcase_add_test (cases, what_was_plugged_in_before_is_found);
  tcase_add_test (cases, a_device_comes_and_goes_at_its_slot);
  tcase_add_test (cases, what_udev_says_again_is_said_once);
  tcase_add_test (cases, what_no_slot_claims_is_left_alone);
  tcase_add_test (cases, learning_sees_only_what_a_driver_allows);
  tcase_add_test (cases, a_slot_that_was_learned_finds_its_device);
  tcase_add_test (cases, a_slot_learns_its_port_and_keeps_it);
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

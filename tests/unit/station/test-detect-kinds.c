/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What udev's side gathers of devices of all kinds: ttys below a driver's folder, HID nodes, USB
 * interfaces, several ports in one device, and all that is refused.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "detect-rig.h"

static char *folder;

/* The site's own match file, for driver smp. */
static void
allow (const char *text)
{
  g_autofree char *path = NULL;

  folder = g_dir_make_tmp ("keycradle-match-XXXXXX", NULL);
  path = g_build_filename (folder, "smp.match", NULL);
  ck_assert (g_file_set_contents (path, text, -1, NULL));
  config->match_folder = g_strdup (folder);
}

static void
tear_down (void)
{
  g_autofree char *path = folder != NULL ? g_build_filename (folder, "smp.match", NULL) : NULL;

  if (path != NULL) {
    unlink (path);
    rmdir (folder);
  }
  g_clear_pointer (&folder, g_free);
  detect_rig_tear_down ();
}

static UsbPlug
converter (const char *port, guint number, const char *interfaces)
{
  UsbPlug plug = zephyr (port, number, interfaces);

  plug.vendor = "0403";
  plug.product = "6001";
  return plug;
}

START_TEST (a_converter_needs_a_match_or_the_slots_driver)
{
  g_autoptr (Detector) detector G_GNUC_UNUSED = start ();
  const UsbPlug first = converter ("1", 5, "ff/ff/ff=ttyUSB0");
  const UsbPlug second = converter ("2", 6, "ff/ff/ff=ttyUSB1");

  config_slot (config, 2)->driver = g_strdup ("nrf91");
  usb_plug (bench, &first);
  expect_seen ("!1 ");
  ck_assert_str_eq (reasons->str, "0403:6001 Widget: no match allows it\n");
  usb_plug (bench, &second);
  expect_seen ("!1 +2:/dev/ttyUSB1 ");
  usb_unplug (bench, &first);
  expect_seen ("!1 +2:/dev/ttyUSB1 -1 ");
}
END_TEST

START_TEST (the_sites_match_allows_a_converter)
{
  const UsbPlug plug = converter ("1", 5, "ff/ff/ff=ttyUSB0");
  g_autoptr (Detector) detector G_GNUC_UNUSED = NULL;

  allow ("tty 0403:6001\n");
  detector = start ();
  usb_plug (bench, &plug);
  expect_seen ("+1:/dev/ttyUSB0 ");
}
END_TEST

/* A keyboard beside the port of which udev has not told yet, and a disk in a configuration that is
 * not active. */
START_TEST (a_device_that_shows_too_much_never_arrives)
{
  g_autoptr (Detector) detector G_GNUC_UNUSED = start ();
  const UsbPlug keyboard = zephyr ("1", 5, ACM ("ttyACM0") " 03/01/01");
  const UsbPlug hidden = zephyr ("2", 6, ACM ("ttyACM1") "; 08/06/50");

  usb_plug (bench, &keyboard);
  expect_seen ("!1 ");
  usb_plug (bench, &hidden);
  expect_seen ("!1 !2 ");
  usb_say_again (bench, &keyboard, "add");
  run_for (700);
  ck_assert_str_eq (seen->str, "!1 !2 ");
  ck_assert_ptr_nonnull (strstr (reasons->str, "a keyboard"));
  ck_assert_ptr_nonnull (strstr (reasons->str, "a disk beside its port (interface 0 of another"));
}
END_TEST

START_TEST (one_device_with_several_ports_arrives_once)
{
  g_autoptr (Detector) detector G_GNUC_UNUSED = start ();
  const UsbPlug plug = zephyr ("1", 5, "02/02/01=ttyACM2 0a/00/00 02/02/01=ttyACM1 0a/00/00");

  usb_plug (bench, &plug);
  expect_seen ("+1:/dev/ttyACM2 ");
  run_for (600);
  ck_assert_str_eq (seen->str, "+1:/dev/ttyACM2 ");
  usb_unplug (bench, &plug);
  expect_seen ("+1:/dev/ttyACM2 -1 ");
}
END_TEST

/* Slots that were bound to the four ports of one converter stay four slots. */
START_TEST (a_converter_with_several_ports_can_be_several_slots)
{
  const UsbPlug plug = converter ("4", 5, "ff/ff/ff=ttyUSB3 ff/ff/ff=ttyUSB2");
  g_autoptr (Detector) detector G_GNUC_UNUSED = NULL;

  allow ("tty 0403:6001\n");
  add_slot (3, PLACE ("4:1.0"));
  add_slot (4, PLACE ("4:1.1"));
  detector = start ();
  usb_plug (bench, &plug);
  expect_seen ("+3:/dev/ttyUSB3 +4:/dev/ttyUSB2 ");
  usb_unplug (bench, &plug);
  expect_seen ("+3:/dev/ttyUSB3 +4:/dev/ttyUSB2 -3 -4 ");
}
END_TEST

START_TEST (a_usb_interface_arrives_by_its_address)
{
  g_autoptr (Detector) detector G_GNUC_UNUSED = start ();
  const UsbPlug plug = zephyr ("1", 9, "ff/4b/01");

  usb_plug (bench, &plug);
  expect_seen ("+1:usb:1/9/0 ");
  usb_unplug (bench, &plug);
  expect_seen ("+1:usb:1/9/0 -1 ");
}
END_TEST

/* The slot that was bound to a tty keeps its place when the next firmware has its own interface. */
START_TEST (a_place_is_kept_whatever_the_device_is_reached_by)
{
  g_autoptr (Detector) detector G_GNUC_UNUSED = start ();
  const UsbPlug tty = zephyr ("2", 8, ACM ("ttyACM0"));
  const UsbPlug usb = zephyr ("2", 9, "ff/4b/01");

  usb_plug (bench, &tty);
  expect_seen ("+2:/dev/ttyACM0 ");
  usb_unplug (bench, &tty);
  usb_plug (bench, &usb);
  expect_seen ("+2:/dev/ttyACM0 -2 +2:usb:1/9/0 ");
}
END_TEST

START_TEST (a_port_that_comes_late_is_waited_for)
{
  g_autoptr (Detector) detector G_GNUC_UNUSED = start ();
  const UsbPlug plug = zephyr ("1", 5, ACM ("ttyACM0"));

  usb_plug_without_nodes (bench, &plug);
  run_for (900);
  ck_assert_str_eq (seen->str, "");
  usb_add_nodes (bench, &plug);
  expect_seen ("+1:/dev/ttyACM0 ");
}
END_TEST

/* A HID device is taken by its report descriptor, whatever its interface calls itself. */
static UsbPlug
kit (const char *port, guint number, const char *interfaces, const char *report)
{
  UsbPlug plug = zephyr (port, number, interfaces);

  plug.vendor = "03eb";
  plug.product = "2312";
  plug.report = report;
  return plug;
}

START_TEST (a_hid_device_arrives_where_it_is_no_keyboard)
{
  g_autoptr (Detector) detector G_GNUC_UNUSED = start ();
  const UsbPlug chip = kit ("1", 5, "03/00/00=hidraw3",
                            "0600ff0901a1010902150026ff007508954081"
                            "02c0");
  const UsbPlug keyboard = kit ("2", 6, "03/00/00=hidraw4", "05010906a1010507c0");

  usb_plug (bench, &chip);
  expect_seen ("+1:hid:/dev/hidraw3 ");
  usb_plug (bench, &keyboard);
  expect_seen ("+1:hid:/dev/hidraw3 !2 ");
  ck_assert_ptr_nonnull (strstr (reasons->str, "a keyboard, a mouse or another thing"));
  usb_unplug (bench, &chip);
  expect_seen ("+1:hid:/dev/hidraw3 !2 -1 ");
}
END_TEST

START_TEST (a_hub_in_a_slot_is_said_to_be_one)
{
  g_autoptr (Detector) detector G_GNUC_UNUSED = start ();
  const UsbPlug hub = zephyr ("1", 5, "09/00/00");

  usb_plug (bench, &hub);
  expect_seen ("!1 ");
  ck_assert_ptr_nonnull (strstr (reasons->str, "it is a hub"));
}
END_TEST

/* A device's parts stand in the folders of the hubs in front of it, which may be in slots as well.
 */
START_TEST (what_leaves_a_hub_does_not_take_it_along)
{
  g_autoptr (Detector) detector G_GNUC_UNUSED = NULL;
  const UsbPlug hub = zephyr ("1", 5, "09/00/00");
  const UsbPlug behind = zephyr ("1.2", 6, ACM ("ttyACM0"));

  add_slot (3, PLACE ("1.2"));
  detector = start ();
  usb_plug (bench, &hub);
  expect_seen ("!1 ");
  usb_plug (bench, &behind);
  expect_seen ("!1 +3:/dev/ttyACM0 ");
  usb_unplug (bench, &behind);
  expect_seen ("!1 +3:/dev/ttyACM0 -3 ");
  run_for (400);
  ck_assert_str_eq (seen->str, "!1 +3:/dev/ttyACM0 -3 ");
}
END_TEST

/* ---- a look at everything ---- */

static void
note_view (const DetectorView *view, gpointer data)
{
  g_autofree char *what = seen_device_text (view->device);

  g_string_append_printf (data, "%u %s %d;", view->slot, what,
                          view->verdict->kind == VERDICT_ACCEPTED);
}

START_TEST (who_asks_is_told_of_all_that_might_be_a_device)
{
  g_autoptr (Detector) detector = start ();
  g_autoptr (GString) views = g_string_new (NULL);
  const UsbPlug own = zephyr ("1", 5, ACM ("ttyACM0"));
  UsbPlug free_one = zephyr ("7", 6, ACM ("ttyACM1"));
  const UsbPlug stranger = converter ("8", 7, "ff/ff/ff=ttyUSB0");
  const UsbPlug disk = converter ("9", 8, "08/06/50");

  free_one.serial = "F1";
  usb_plug (bench, &own);
  usb_plug (bench, &free_one);
  usb_plug (bench, &stranger);
  usb_plug (bench, &disk);
  detector_survey (detector, note_view, views);
  ck_assert_ptr_nonnull (strstr (views->str, "1 2fe3:0001 Widget 1;"));
  ck_assert_ptr_nonnull (strstr (views->str, "0 2fe3:0001 Widget, serial F1 1;"));
  ck_assert_ptr_nonnull (strstr (views->str, "0 0403:6001 Widget 0;"));
  ck_assert_ptr_null (strstr (views->str, "pci"));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("station-detect-kinds");
  TCase *cases = tcase_create ("all");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_add_checked_fixture (cases, detect_rig_set_up, tear_down);
  tcase_set_timeout (cases, 30);
  tcase_add_test (cases, a_converter_needs_a_match_or_the_slots_driver);
  tcase_add_test (cases, the_sites_match_allows_a_converter);
  tcase_add_test (cases, a_device_that_shows_too_much_never_arrives);
  tcase_add_test (cases, one_device_with_several_ports_arrives_once);
  tcase_add_test (cases, a_converter_with_several_ports_can_be_several_slots);
  tcase_add_test (cases, a_usb_interface_arrives_by_its_address);
  tcase_add_test (cases, a_place_is_kept_whatever_the_device_is_reached_by);
  tcase_add_test (cases, a_port_that_comes_late_is_waited_for);
  tcase_add_test (cases, a_hid_device_arrives_where_it_is_no_keyboard);
  tcase_add_test (cases, a_hub_in_a_slot_is_said_to_be_one);
  tcase_add_test (cases, what_leaves_a_hub_does_not_take_it_along);
  tcase_add_test (cases, who_asks_is_told_of_all_that_might_be_a_device);
  suite_add_tcase (suite, cases);
  srunner_run_all (runner, CK_ENV);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

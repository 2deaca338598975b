/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The verdict on a device, without any udev: what it must show to be worked with, and what it must
 * not. For each refusal a near twin that passes.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "station/detect-judge.h"
#include "station/place.h"

static char *folder;
static AllowList *allowed;
static GError *problem;

static void
write_match (const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  ck_assert (g_file_set_contents (path, text, -1, NULL));
}

static void
set_up (void)
{
  folder = g_dir_make_tmp ("keycradle-match-XXXXXX", NULL);
  write_match ("smp.match", "tty 0403:6010 interface=ff\n"
                            "tty aaaa:0001 also=08,03/00\n"
                            "tty aaaa:0002 serial=LINE-  # of our line\n"
                            "usb aaaa:0003 interface=ff/4b/01\ntty aaaa:0003\n");
  write_match ("freertos.match", "tty aaaa:0002\n");
  write_match ("README", "no match file");
  allowed = allow_list_load (folder, &problem);
  ck_assert_msg (allowed != NULL, "%s", problem != NULL ? problem->message : "");
}

static void
tear_down (void)
{
  const char *const names[] = { "smp.match", "freertos.match", "README", "nobody.match" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *path = g_build_filename (folder, names[i], NULL);

    unlink (path);
  }
  ck_assert_int_eq (rmdir (folder), 0);
  g_free (folder);
  allow_list_free (allowed);
  g_clear_error (&problem);
}

/* "02/02/01 0a/00/00; 08/06/50": interfaces of the active configuration, then of others. */
static SeenDevice *
make_device (int vendor, int product, const char *serial, const char *classes)
{
  SeenDevice *device = seen_device_new ();
  g_auto (GStrv) configurations = g_strsplit (classes, "; ", -1);

  device->place = g_strdup ("pci-0000:00:14.0-usb-0:1");
  device->on_usb = TRUE;
  device->vendor = vendor;
  device->product = product;
  device->serial = g_strdup (serial);
  device->bus = 1;
  device->number = 7;
  device->configuration = 1;
  device->interfaces = g_array_new (FALSE, FALSE, sizeof (UsbInterface));
  for (guint c = 0; configurations[c] != NULL; c++) {
    g_auto (GStrv) words = g_strsplit (configurations[c], " ", -1);

    for (guint i = 0; words[i] != NULL; i++) {
      UsbInterface one = { .configuration = c + 1, .number = i };

      ck_assert_int_eq (sscanf (words[i], "%2x/%2x/%2x", (guint *)&one.class.code,
                                (guint *)&one.class.subclass, (guint *)&one.class.protocol),
                        3);
      g_array_append_val (device->interfaces, one);
    }
  }
  return device;
}

static void
add_ways (SeenDevice *device, Channel channel, const char *numbers)
{
  for (const char *at = numbers; *at != '\0'; at++) {
    g_autofree char *address = g_strdup_printf ("/dev/ttyX%c", *at);

    seen_device_add_way (device, channel, *at - '0', address);
  }
}

/* "tty=/dev/ttyX0 by smp", "wait", or why not. */
static char *
judge_as (const SeenDevice *device, const SlotWish *wish, gboolean patient)
{
  g_autoptr (Verdict) verdict = judge_device (device, allowed, wish, patient);
  GString *text = g_string_new (NULL);

  if (verdict->kind == VERDICT_ACCEPTED)
    g_string_append_printf (text, "%s by", verdict->address);
  else
    g_string_append (text, verdict->kind == VERDICT_WAIT ? "wait" : verdict->reason);
  for (guint i = 0; verdict->drivers != NULL && i < verdict->drivers->len; i++)
    g_string_append_printf (text, " %s", ((const Driver *)verdict->drivers->pdata[i])->name);
  return g_string_free (text, FALSE);
}

static const SlotWish any = { .interface = -1 };

static void
expect_device (SeenDevice *made, const SlotWish *wish, const char *wanted)
{
  g_autoptr (SeenDevice) device = made;
  g_autofree char *verdict = judge_as (device, wish, TRUE);

  if (g_str_has_prefix (wanted, "*"))
    ck_assert_msg (strstr (verdict, wanted + 1) != NULL, "%s: not in %s", wanted, verdict);
  else
    ck_assert_str_eq (verdict, wanted);
}

static void
expect (int product, const char *classes, const char *ttys, const char *wanted)
{
  SeenDevice *device = make_device (0xaaaa, product, "LINE-1", classes);

  add_ways (device, CHANNEL_SERIAL, ttys);
  expect_device (device, &any, wanted);
}

#define ACM "02/02/01 0a/00/00"

START_TEST (what_a_match_names_is_worked_with)
{
  expect (0x0001, ACM, "0", "/dev/ttyX0 by smp");
  expect (0x0009, ACM, "0", "aaaa:0009, serial LINE-1: no match allows it");
  expect (0x0002, ACM, "0", "/dev/ttyX0 by smp freertos");
  expect_device (make_device (0xaaaa, 0x0001, NULL, "ff/00/00"), &any, "wait");
}
END_TEST

START_TEST (a_serial_prefix_decides_who_may_ask)
{
  SeenDevice *device = make_device (0xaaaa, 0x0002, "OTHER-1", ACM);

  add_ways (device, CHANNEL_SERIAL, "0");
  expect_device (device, &any, "/dev/ttyX0 by freertos");
  device = make_device (0xaaaa, 0x0002, NULL, ACM);
  add_ways (device, CHANNEL_SERIAL, "0");
  expect_device (device, &any, "/dev/ttyX0 by freertos");
}
END_TEST

START_TEST (what_it_shows_beside_its_port_is_refused)
{
  expect (0x0001, ACM " ff/12/34", "0", "/dev/ttyX0 by smp");
  expect (0x0001, ACM " 08/06/50", "0", "/dev/ttyX0 by smp"); /* also=08 */
  expect (0x0001, ACM " 03/00/00", "0", "/dev/ttyX0 by smp"); /* also=03/00 */
  expect (0x0001, ACM " 03/01/01", "0", "*a keyboard");
  expect (0x0002, ACM " 08/06/50", "0", "*shows a disk beside its port (interface 2");
  expect (0x0002, ACM " 02/06/00 0a/00/00", "0", "*a network card or modem");
  expect (0x0002, ACM " 02/0d/00 0a/00/01", "0", "*a network card or modem");
  expect (0x0002, ACM " 02/02/ff", "0", "*a network card");
  expect (0x0002, ACM " e0/01/03", "0", "*a network card");
  expect (0x0002, ACM " 01/01/00", "0", "*audio");
  expect (0x0002, ACM " 0e/01/00", "0", "*video");
  expect (0x0002, ACM " 09/00/00", "0", "*a hub");
  expect (0x0002, ACM " 12/00/00", "0", "*something else");
  expect (0x0002, ACM "; " ACM, "0", "/dev/ttyX0 by smp freertos");
  expect (0x0002, ACM "; 03/01/01", "0", "*of another configuration, class 03/01/01");
}
END_TEST

START_TEST (an_alternate_setting_hides_nothing)
{
  SeenDevice *device = make_device (0xaaaa, 0x0002, NULL, ACM " ff/00/00");
  const UsbInterface hidden = { 1, 0, 1, { 0x03, 0x01, 0x01 } };

  add_ways (device, CHANNEL_SERIAL, "0");
  g_array_append_val (device->interfaces, hidden);
  expect_device (device, &any, "*a keyboard");
}
END_TEST

START_TEST (of_several_ports_one_is_taken)
{
  const SlotWish third = { .interface = 2 };
  const SlotWish gone = { .interface = 6 };
  const SlotWish own = { .interface = 2, .exclusive = TRUE };
  SeenDevice *device;

  expect (0x0001, ACM " " ACM, "20", "/dev/ttyX0 by smp");
  expect (0x0001, ACM " " ACM, "2", "wait"); /* the first one's tty is still to come */
  expect (0x0001, "ff/00/00 02/02/01 0a/00/00", "1", "/dev/ttyX1 by smp");
  for (guint i = 0; i < 3; i++) {
    const SlotWish *const wishes[] = { &third, &gone, &own };
    const char *const wanted[] = { "/dev/ttyX2 by smp", "/dev/ttyX0 by smp", "/dev/ttyX2 by smp" };
    g_autoptr (SeenDevice) two = make_device (0xaaaa, 0x0001, NULL, ACM " " ACM);
    g_autofree char *verdict = NULL;

    add_ways (two, CHANNEL_SERIAL, "02");
    verdict = judge_as (two, wishes[i], FALSE);
    ck_assert_str_eq (verdict, wanted[i]);
  }
  device = make_device (0x0403, 0x6010, NULL, "ff/ff/ff ff/ff/ff");
  add_ways (device, CHANNEL_SERIAL, "0");
  expect_device (device, &own, "0403:6010: no match allows it");
}
END_TEST

START_TEST (an_interface_of_ours_comes_before_a_console)
{
  SeenDevice *device = make_device (0xaaaa, 0x0003, NULL, ACM " ff/4b/01");

  add_ways (device, CHANNEL_SERIAL, "0");
  seen_device_add_way (device, CHANNEL_USB, 2, "usb:1/7/2");
  expect_device (device, &any, "usb:1/7/2 by smp");
  device = make_device (0xaaaa, 0x0003, NULL, ACM " ff/4b/02");
  add_ways (device, CHANNEL_SERIAL, "0");
  seen_device_add_way (device, CHANNEL_USB, 2, "usb:1/7/2");
  expect_device (device, &any, "/dev/ttyX0 by smp");
}
END_TEST

START_TEST (a_converter_is_taken_at_an_engineers_word)
{
  const SlotWish word = { .driver = driver_by_name ("nrf91"), .trusted = TRUE, .interface = -1 };
  const SlotWish named = { .trusted = TRUE, .interface = -1 };
  SeenDevice *device = make_device (0x0403, 0x6001, NULL, "ff/ff/ff");

  add_ways (device, CHANNEL_SERIAL, "0");
  expect_device (device, &any, "*no match allows it");
  device = make_device (0x0403, 0x6001, NULL, "ff/ff/ff");
  add_ways (device, CHANNEL_SERIAL, "0");
  expect_device (device, &word, "/dev/ttyX0 by nrf91");
  device = make_device (0x0403, 0x6001, NULL, "ff/ff/ff");
  add_ways (device, CHANNEL_SERIAL, "0");
  expect_device (device, &named, "/dev/ttyX0 by");
  device = make_device (0x0403, 0x6001, NULL, "ff/ff/ff 03/01/01");
  add_ways (device, CHANNEL_SERIAL, "0");
  expect_device (device, &word, "*a keyboard");
}
END_TEST

START_TEST (what_can_not_be_read_is_refused)
{
  SeenDevice *device = make_device (0xaaaa, 0x0001, NULL, ACM);

  add_ways (device, CHANNEL_SERIAL, "0");
  g_clear_pointer (&device->interfaces, g_array_unref);
  expect_device (device, &any, "*can't be read");
}
END_TEST

/* A slot's own driver is the only one that is asked. */
START_TEST (a_slots_driver_narrows_who_may_ask)
{
  const SlotWish wish = { .driver = driver_by_name ("freertos"), .trusted = TRUE, .interface = -1 };
  SeenDevice *device = make_device (0xaaaa, 0x0002, "LINE-1", ACM);

  add_ways (device, CHANNEL_SERIAL, "0");
  expect_device (device, &wish, "/dev/ttyX0 by freertos");
}
END_TEST

START_TEST (the_names_of_a_device_are_shown_safely)
{
  g_autoptr (SeenDevice) device = make_device (0xaaaa, 0x0009, "\033[2J", ACM);
  g_autofree char *text = NULL;

  device->name = g_strdup ("bad\nname");
  text = seen_device_text (device);
  ck_assert_str_eq (text, "aaaa:0009 bad?name, serial ?[2J");
}
END_TEST

/* ---- match files of the site ---- */

START_TEST (a_sites_file_is_read_strictly)
{
  write_match ("nobody.match", "tty aaaa:0001\n");
  ck_assert_ptr_null (allow_list_load (folder, &problem));
  ck_assert_ptr_nonnull (strstr (problem->message, "there is no driver \"nobody\""));
  g_clear_error (&problem);
  write_match ("nobody.match", "");
  tear_down ();
  set_up ();
  write_match ("smp.match", "# first\ntty aaaa:001\n");
  ck_assert_ptr_null (allow_list_load (folder, &problem));
  ck_assert_ptr_nonnull (strstr (problem->message, "smp.match:2: 'aaaa:001'"));
  g_clear_error (&problem);
  write_match ("smp.match", "card *:*\n");
  ck_assert_ptr_null (allow_list_load (folder, &problem));
  ck_assert_ptr_nonnull (strstr (problem->message, "driver smp does not speak over card"));
}
END_TEST

/* ---- descriptors ---- */

static GArray *
read_hex (const char *hex)
{
  guint8 data[128];
  gsize length = strlen (hex) / 2;

  for (gsize i = 0; i < length; i++)
    data[i] =
        (guint8)(g_ascii_xdigit_value (hex[2 * i]) << 4 | g_ascii_xdigit_value (hex[2 * i + 1]));
  return descriptors_read (data, length);
}

#define DEVICE "12010002ff000040091201000001010203"
#define CONFIGURATION "09022000010100803209040000" /* then class, as below */

START_TEST (descriptors_are_read_or_not_at_all)
{
  g_autoptr (GArray) read = read_hex (DEVICE "01" CONFIGURATION "02ff4b010007050102000200"
                                             "07058102000200");
  g_autoptr (GArray) none = read_hex (DEVICE "00");

  ck_assert_ptr_nonnull (read);
  ck_assert_uint_eq (read->len, 1);
  ck_assert_int_eq (g_array_index (read, UsbInterface, 0).class.code, 0xff);
  ck_assert_int_eq (g_array_index (read, UsbInterface, 0).class.subclass, 0x4b);
  ck_assert_int_eq (g_array_index (read, UsbInterface, 0).class.protocol, 0x01);
  ck_assert_ptr_nonnull (none);
  /* a byte too few, one too many, a configuration too few, a descriptor of no length */
  ck_assert_ptr_null (read_hex (DEVICE "01" CONFIGURATION "02ff4b0100070501020002000705810200"));
  ck_assert_ptr_null (
      read_hex (DEVICE "01" CONFIGURATION "02ff4b01000705010200020007058102000200ff"));
  ck_assert_ptr_null (read_hex (DEVICE "02" CONFIGURATION "02ff4b0100070501020002000705810200020"
                                       "0"));
  ck_assert_ptr_null (read_hex (DEVICE "01" CONFIGURATION "02ff4b010000050102000200"
                                       "07058102000200"));
  ck_assert_ptr_null (read_hex ("1201"));
}
END_TEST

START_TEST (only_a_vendors_own_hid_reports_are_taken)
{
  /* usage page, usage, collection, a report of 64 bytes each way, end */
  const guint8 kit[] = { 0x06, 0x00, 0xff, 0x09, 0x01, 0xa1, 0x01, 0x09, 0x02, 0x15, 0x00,
                         0x26, 0xff, 0x00, 0x75, 0x08, 0x95, 0x40, 0x81, 0x02, 0xc0 };
  const guint8 keyboard[] = { 0x05, 0x01, 0x09, 0x06, 0xa1, 0x01, 0x05, 0x07, 0xc0 };
  /* the page comes behind its usage; a keyboard within; a usage that brings its own page */
  const guint8 late[] = { 0x06, 0x00, 0xff, 0x09, 0x06, 0x05, 0x01, 0xa1, 0x01, 0xc0 };
  const guint8 within[] = { 0x06, 0x00, 0xff, 0x09, 0x01, 0xa1, 0x01, 0x05,
                            0x01, 0x09, 0x06, 0xa1, 0x01, 0xc0, 0xc0 };
  const guint8 extended[] = { 0x06, 0x00, 0xff, 0x0b, 0x06, 0x00, 0x01, 0x00, 0xa1, 0x01, 0xc0 };
  const guint8 open[] = { 0x06, 0x00, 0xff, 0x09, 0x01, 0xa1, 0x01 };

  ck_assert (report_is_vendors (kit, sizeof kit));
  ck_assert (!report_is_vendors (kit, sizeof kit - 1));
  ck_assert (!report_is_vendors (keyboard, sizeof keyboard));
  ck_assert (!report_is_vendors (late, sizeof late));
  ck_assert (!report_is_vendors (within, sizeof within));
  ck_assert (!report_is_vendors (extended, sizeof extended));
  ck_assert (!report_is_vendors (open, sizeof open));
  ck_assert (!report_is_vendors (NULL, 0));
}
END_TEST

/* ---- places ---- */

START_TEST (a_place_is_a_port_whatever_interface_is_named)
{
  static const struct {
    const char *id_path, *place;
    int interface;
  } cases[] = {
    { "pci-0000:00:14.0-usb-0:2.3:1.0", "pci-0000:00:14.0-usb-0:2.3", 0 },
    { "pci-0000:00:14.0-usb-0:2.3:1.12", "pci-0000:00:14.0-usb-0:2.3", 12 },
    { "pci-0000:00:14.0-usb-0:2.3", "pci-0000:00:14.0-usb-0:2.3", -1 },
    { "platform-fd500000.pcie-pci-0000:01:00.0-usb-0:1.4:1.0",
      "platform-fd500000.pcie-pci-0000:01:00.0-usb-0:1.4", 0 },
    { "pci-0000:00:16.3", "pci-0000:00:16.3", -1 },
    { "pci-0000:00:14.0-usb-0:2:1.x", "pci-0000:00:14.0-usb-0:2:1.x", -1 },
    { "", "", -1 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    int interface;
    g_autofree char *place = place_of_id_path (cases[i].id_path, &interface);

    ck_assert_str_eq (place, cases[i].place);
    ck_assert_int_eq (interface, cases[i].interface);
  }
  ck_assert (place_is_shared ("a-usb-0:1", "a-usb-0:1:1.2"));
  ck_assert (place_is_shared ("a-usb-0:1:1.2", "a-usb-0:1:1.2"));
  ck_assert (!place_is_shared ("a-usb-0:1:1.0", "a-usb-0:1:1.2"));
  ck_assert (!place_is_shared ("a-usb-0:1", "a-usb-0:1.1"));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("station-detect-judge");
  TCase *cases = tcase_create ("all");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_add_checked_fixture (cases, set_up, tear_down);
  tcase_add_test (cases, what_a_match_names_is_worked_with);
  tcase_add_test (cases, a_serial_prefix_decides_who_may_ask);
  tcase_add_test (cases, what_it_shows_beside_its_port_is_refused);
  tcase_add_test (cases, an_alternate_setting_hides_nothing);
  tcase_add_test (cases, of_several_ports_one_is_taken);
  tcase_add_test (cases, an_interface_of_ours_comes_before_a_console);
  tcase_add_test (cases, a_converter_is_taken_at_an_engineers_word);
  tcase_add_test (cases, what_can_not_be_read_is_refused);
  tcase_add_test (cases, a_slots_driver_narrows_who_may_ask);
  tcase_add_test (cases, the_names_of_a_device_are_shown_safely);
  tcase_add_test (cases, a_sites_file_is_read_strictly);
  tcase_add_test (cases, descriptors_are_read_or_not_at_all);
  tcase_add_test (cases, only_a_vendors_own_hid_reports_are_taken);
  tcase_add_test (cases, a_place_is_a_port_whatever_interface_is_named);
  suite_add_tcase (suite, cases);
  srunner_run_all (runner, CK_ENV);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

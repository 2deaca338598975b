/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * HID reports without a HID device: descriptors, good and hostile, and how messages are cut. A real
 * node is in the guest's suite.
 */
#include <check.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/encode.h"
#include "drivers/driver.h"
#include "drivers/hid-report.h"

/* Vendor page, application collection, 64 bytes each way; `middle` stands before the reports. */
#define KIT(middle)                                                                                \
  "0600ff0901a101" middle "1500260001"                                                             \
  "75089540"                                                                                       \
  "09018102"                                                                                       \
  "09019102"                                                                                       \
  "c0"

START_TEST (test_descriptors_are_read)
{
  static const struct {
    const char *hex;
    const char *problem; /* NULL: it is good */
    guint8 id;
    gsize input, output;
  } cases[] = {
    { KIT (""), NULL, 0, 64, 64 },
    { KIT ("8507"), NULL, 7, 64, 64 },
    { KIT ("fe03aa010203"), NULL, 0, 64, 64 }, /* a long item */
    { KIT ("a4b4"), NULL, 0, 64, 64 },
    { "750895108102"
      "95209102",
      NULL, 0, 16, 32 },
    { "750895108102"
      "9102"
      "750195048102"
      "95048102",
      NULL, 0, 17, 16 },
    { "8501750895408102"
      "85029102",
      "several ids", 0, 0, 0 },
    { "7508954081028102c0", "report each way", 0, 0, 0 },
    { "05010906a101c0", "report each way", 0, 0, 0 },
    { "7501950981029102", "whole bytes", 0, 0, 0 },
    { "7508960110"
      "81029102",
      "too long", 0, 0, 0 },
    { "77ffffffff97ffffffff81029102", "too long", 0, 0, 0 },
    { KIT ("8500"), "impossible id", 0, 0, 0 },
    { KIT ("860001"), "impossible id", 0, 0, 0 },
    { KIT ("b4"), "damaged", 0, 0, 0 },
    { KIT ("a4a4a4a4a4a4a4a4a4"), "nested", 0, 0, 0 },
    { "7508954081029102"
      "75",
      "cut off", 0, 0, 0 },
    { "7508954081029102"
      "fe",
      "cut off", 0, 0, 0 },
    { "7508954081029102"
      "fe0500",
      "cut off", 0, 0, 0 },
    { "7508954081029102"
      "77000000",
      "cut off", 0, 0, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GBytes) bytes = hex_decode (cases[i].hex);
    HidReports reports = { 0 };
    const char *problem =
        hid_reports_read (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &reports);

    ck_assert_msg ((problem == NULL) == (cases[i].problem == NULL), "%s: %s", cases[i].hex,
                   problem);
    ck_assert_msg (problem == NULL || strstr (problem, cases[i].problem) != NULL, "%s: %s",
                   cases[i].hex, problem);
    ck_assert (problem != NULL
               || (reports.id == cases[i].id && reports.input == cases[i].input
                   && reports.output == cases[i].output));
  }
}
END_TEST

START_TEST (test_messages_are_cut_and_padded)
{
  static const struct {
    gsize length;
    gsize reports;
    gsize in_last;
  } cases[] = {
    { 0, 0, 0 }, { 1, 1, 1 }, { 63, 1, 63 }, { 64, 1, 64 }, { 65, 2, 1 }, { 200, 4, 8 }
  };
  const HidReports kit = { 0, 64, 64 };
  const HidReports numbered = { 9, 64, 64 };
  guint8 message[200], report[65];

  for (guint i = 0; i < sizeof message; i++)
    message[i] = (guint8)(i + 1);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    const gsize last = cases[i].reports - 1;

    ck_assert_uint_eq (hid_reports_needed (&kit, cases[i].length), cases[i].reports);
    if (cases[i].reports == 0)
      continue;
    hid_report_cut (&kit, message, cases[i].length, last, report);
    ck_assert_uint_eq (report[0], 0);
    ck_assert_mem_eq (report + 1, message + 64 * last, cases[i].in_last);
    for (gsize k = cases[i].in_last; k < 64; k++)
      ck_assert_uint_eq (report[1 + k], 0);
  }
  hid_report_cut (&numbered, message, 64, 0, report);
  ck_assert_uint_eq (report[0], 9);
}
END_TEST

START_TEST (test_what_is_no_node_is_refused_in_words)
{
  g_autofree char *path = NULL;
  g_autoptr (GError) gone = NULL;
  g_autoptr (GError) other = NULL;
  int file = g_file_open_tmp ("hid-XXXXXX", &path, NULL);

  ck_assert_ptr_null (transport_open ("hid:/dev/hidraw-none", NULL, deadline_in (1000), &gone));
  ck_assert (g_error_matches (gone, DRIVER_ERROR, DRIVER_ERROR_UNPLUGGED));
  g_autofree char *address = g_strconcat ("hid:", path, NULL);
  ck_assert_ptr_null (transport_open (address, NULL, deadline_in (1000), &other));
  ck_assert (g_error_matches (other, DRIVER_ERROR, DRIVER_ERROR_PORT));
  ck_assert_msg (strstr (other->message, "not a hidraw node") != NULL, "%s", other->message);
  close (file);
  unlink (path);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("drivers-hid");
  TCase *tcase = tcase_create ("hid");

  tcase_add_test (tcase, test_descriptors_are_read);
  tcase_add_test (tcase, test_messages_are_cut_and_padded);
  tcase_add_test (tcase, test_what_is_no_node_is_refused_in_words);
  suite_add_tcase (suite, tcase);
  SRunner *runner = srunner_create (suite);
  srunner_run_all (runner, CK_NORMAL);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? 0 : 1;
}

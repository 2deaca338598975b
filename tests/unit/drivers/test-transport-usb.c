/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The USB transport through the real libusb, on a usbfs that umockdev plays: short, empty and full
 * packets, stalls, deadlines, floods, and the device pulled out in the middle of everything.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/driver.h"
#include "drivers/transport-usb.h"
#include "tests/unit/drivers/test-transport-usb.h"
#include "tests/unit/drivers/usb-bench.h"

#define SOON deadline_in (20000)
#define AT_ONCE deadline_in (150)

static Transport *
open_place (const char *place)
{
  g_autoptr (GError) error = NULL;
  Transport *transport = transport_open_usb (place, SOON, &error);

  ck_assert_msg (transport != NULL, "%s", error == NULL ? "?" : error->message);
  return transport;
}

static void
assert_error (const GError *error, DriverError code, const char *words)
{
  ck_assert_ptr_nonnull (error);
  ck_assert_msg (g_error_matches (error, DRIVER_ERROR, (int)code), "%s", error->message);
  ck_assert_msg (strstr (error->message, words) != NULL, "%s", error->message);
}

/* Says the same again, one transfer for one. */
static void
echo (UsbBench *bench, const guint8 *data, gsize length, gboolean zero_packet)
{
  usb_bench_say (bench, data, length);
}

static void
say (UsbBench *bench, const void *data, gsize length)
{
  g_mutex_lock (&bench->mutex);
  usb_bench_say (bench, data, length);
  g_mutex_unlock (&bench->mutex);
}

START_TEST (bytes_go_there_and_back_at_every_length_around_a_packet)
{
  static const gsize lengths[] = { 1, 63, 64, 65, 127, 128, 4095, 4096, 4097, 8192, 20000 };
  g_autoptr (UsbBench) bench = usb_bench_new_smp (USB_BENCH_PLACE);
  g_autoptr (Transport) transport = NULL;
  gsize length = lengths[_i];
  g_autofree guint8 *data = g_malloc (length);
  g_autoptr (GByteArray) back = NULL;

  for (gsize i = 0; i < length; i++)
    data[i] = (guint8)(i * 7 + (i >> 8) + 1);
  bench->heard = echo;
  transport = open_place (USB_BENCH_PLACE);
  ck_assert_int_eq (transport_channel (transport), CHANNEL_USB);
  ck_assert (transport_write (transport, data, length, SOON, NULL));
  back = transport_read_exactly (transport, length, SOON, NULL);
  ck_assert_ptr_nonnull (back);
  ck_assert_mem_eq (back->data, data, length);
}
END_TEST

static void
note_zero_packet (UsbBench *bench, const guint8 *data, gsize length, gboolean zero_packet)
{
  guint8 told = zero_packet ? 'z' : '-';

  usb_bench_say (bench, &told, 1);
}

/* The one that ends a transfer whose last packet is full. */
START_TEST (a_full_last_packet_is_followed_by_an_empty_one_and_no_other_is)
{
  static const struct {
    gsize length;
    char told;
  } cases[] = { { 1, '-' }, { 63, '-' }, { 64, 'z' }, { 65, '-' }, { 128, 'z' }, { 4096, 'z' } };
  g_autoptr (UsbBench) bench = usb_bench_new_smp (USB_BENCH_PLACE);
  g_autofree guint8 *data = g_malloc0 (cases[_i].length);
  g_autoptr (Transport) transport = NULL;
  g_autoptr (GByteArray) told = NULL;

  bench->heard = note_zero_packet;
  transport = open_place (USB_BENCH_PLACE);
  ck_assert (transport_write (transport, data, cases[_i].length, SOON, NULL));
  told = transport_read_exactly (transport, 1, SOON, NULL);
  ck_assert_int_eq (told->data[0], cases[_i].told);
}
END_TEST

START_TEST (short_and_empty_packets_are_one_stream)
{
  g_autoptr (UsbBench) bench = usb_bench_new_smp (USB_BENCH_PLACE);
  g_autoptr (Transport) transport = open_place (USB_BENCH_PLACE);
  g_autoptr (GByteArray) whole = NULL;

  for (guint i = 0; i < 26; i++) {
    char letter = (char)('a' + i);

    say (bench, &letter, 1);
    say (bench, "", 0);
  }
  whole = transport_read_exactly (transport, 26, SOON, NULL);
  ck_assert_str_eq ((char *)whole->data, "abcdefghijklmnopqrstuvwxyz");
}
END_TEST

START_TEST (what_waits_is_dropped_when_the_driver_says_so)
{
  g_autoptr (UsbBench) bench = usb_bench_new_smp (USB_BENCH_PLACE);
  g_autoptr (Transport) transport = NULL;
  g_autoptr (GByteArray) first = NULL;
  g_autoptr (GByteArray) second = NULL;

  bench->heard = echo;
  transport = open_place (USB_BENCH_PLACE);
  ck_assert (transport_write_text (transport, "!late", SOON, NULL));
  first = transport_read_exactly (transport, 1, SOON, NULL); /* so all of it is there */
  transport_discard_input (transport);
  ck_assert (transport_write_text (transport, "new", SOON, NULL));
  second = transport_read_exactly (transport, 3, SOON, NULL);
  ck_assert_str_eq ((char *)second->data, "new");
}
END_TEST

START_TEST (silence_ends_at_the_deadline)
{
  g_autoptr (UsbBench) bench = usb_bench_new_smp (USB_BENCH_PLACE);
  g_autoptr (Transport) transport = open_place (USB_BENCH_PLACE);
  g_autoptr (GError) error = NULL;
  g_autoptr (GByteArray) later = NULL;
  gint64 start = g_get_monotonic_time ();

  ck_assert_ptr_null (transport_read_exactly (transport, 1, AT_ONCE, &error));
  assert_error (error, DRIVER_ERROR_NO_ANSWER, "no answer in time");
  ck_assert_int_lt (g_get_monotonic_time () - start, 5 * G_USEC_PER_SEC);
  say (bench, "x", 1);
  later = transport_read_exactly (transport, 1, SOON, NULL);
  ck_assert_ptr_nonnull (later);
}
END_TEST

START_TEST (a_device_that_takes_nothing_is_left_at_the_deadline)
{
  g_autoptr (UsbBench) bench = usb_bench_new_smp (USB_BENCH_PLACE);
  g_autoptr (Transport) transport = NULL;
  g_autoptr (GError) error = NULL;

  bench->deaf = TRUE;
  transport = open_place (USB_BENCH_PLACE);
  ck_assert (!transport_write_text (transport, "hello", AT_ONCE, &error));
  assert_error (error, DRIVER_ERROR_NO_ANSWER, "sending");
  ck_assert_uint_eq (bench->cancelled, 1);
  bench->deaf = FALSE;
  ck_assert (transport_write_text (transport, "hello", SOON, NULL));
}
END_TEST

START_TEST (one_stall_out_is_cleared_and_sent_again)
{
  g_autoptr (UsbBench) bench = usb_bench_new_smp (USB_BENCH_PLACE);
  g_autoptr (Transport) transport = NULL;
  g_autoptr (GByteArray) back = NULL;

  bench->heard = echo;
  bench->stalls_out = 1;
  transport = open_place (USB_BENCH_PLACE);
  ck_assert (transport_write_text (transport, "hello", SOON, NULL));
  back = transport_read_exactly (transport, 5, SOON, NULL);
  ck_assert_str_eq ((char *)back->data, "hello");
  ck_assert_uint_eq (bench->cleared, 1);
}
END_TEST

START_TEST (a_second_stall_out_is_an_error_that_leaves_no_halt)
{
  g_autoptr (UsbBench) bench = usb_bench_new_smp (USB_BENCH_PLACE);
  g_autoptr (Transport) transport = NULL;
  g_autoptr (GError) error = NULL;

  bench->stalls_out = 2;
  transport = open_place (USB_BENCH_PLACE);
  ck_assert (!transport_write_text (transport, "hello", SOON, &error));
  assert_error (error, DRIVER_ERROR_GARBLED, "stalls");
  ck_assert (!bench->halted_out);
}
END_TEST

START_TEST (one_stall_in_is_cleared_and_the_answer_read)
{
  g_autoptr (UsbBench) bench = usb_bench_new_smp (USB_BENCH_PLACE);
  g_autoptr (Transport) transport = NULL;
  g_autoptr (GByteArray) back = NULL;

  bench->stalls_in = 1;
  transport = open_place (USB_BENCH_PLACE);
  say (bench, "answer", 6);
  back = transport_read_exactly (transport, 6, SOON, NULL);
  ck_assert_ptr_nonnull (back);
  ck_assert_uint_eq (bench->cleared, 1);
}
END_TEST

START_TEST (a_device_that_only_stalls_in_is_given_up)
{
  g_autoptr (UsbBench) bench = usb_bench_new_smp (USB_BENCH_PLACE);
  g_autoptr (Transport) transport = NULL;
  g_autoptr (GError) error = NULL;

  bench->stalls_in = 1000;
  transport = open_place (USB_BENCH_PLACE);
  say (bench, "answer", 6);
  ck_assert_ptr_null (transport_read_exactly (transport, 6, SOON, &error));
  assert_error (error, DRIVER_ERROR_GARBLED, "stalls");
  ck_assert_uint_eq (bench->cleared, 1);
}
END_TEST

START_TEST (trouble_on_the_wire_has_its_error)
{
  static const struct {
    int failure;
    DriverError code;
    const char *words;
  } cases[] = { { -EOVERFLOW, DRIVER_ERROR_GARBLED, "larger than" },
                { -EPROTO, DRIVER_ERROR_UNPLUGGED, "bad cable" },
                { -EILSEQ, DRIVER_ERROR_UNPLUGGED, "bad cable" } };
  g_autoptr (UsbBench) bench = usb_bench_new_smp (USB_BENCH_PLACE);
  g_autoptr (Transport) transport = NULL;
  g_autoptr (GError) error = NULL;

  bench->failure_in = cases[_i].failure;
  transport = open_place (USB_BENCH_PLACE);
  say (bench, "answer", 6);
  ck_assert_ptr_null (transport_read_exactly (transport, 6, SOON, &error));
  assert_error (error, cases[_i].code, cases[_i].words);
}
END_TEST

/* Much more than the queue holds: the rest waits in the device, and nothing is lost. */
START_TEST (who_sends_faster_than_is_read_is_held_back)
{
  const gsize total = 300 * 1024;
  g_autoptr (UsbBench) bench = usb_bench_new_smp (USB_BENCH_PLACE);
  g_autofree guint8 *data = g_malloc (total);
  g_autoptr (Transport) transport = NULL;

  for (gsize i = 0; i < total; i++)
    data[i] = (guint8)(i >> 6);
  transport = open_place (USB_BENCH_PLACE);
  for (gsize at = 0; at < total; at += 3072)
    say (bench, data + at, MIN (3072, total - at));
  for (gsize at = 0; at < total; at += 1024) {
    g_autoptr (GByteArray) part = transport_read_exactly (transport, 1024, SOON, NULL);

    ck_assert_ptr_nonnull (part);
    ck_assert_mem_eq (part->data, data + at, 1024);
    if (at == 0)
      ck_assert (!g_queue_is_empty (&bench->sayings));
  }
}
END_TEST

START_TEST (a_flood_without_an_end_is_one)
{
  g_autoptr (UsbBench) bench = usb_bench_new_smp (USB_BENCH_PLACE);
  g_autofree guint8 *noise = g_malloc0 (128 * 1024);
  g_autoptr (Transport) transport = open_place (USB_BENCH_PLACE);
  g_autoptr (GError) error = NULL;

  say (bench, noise, 128 * 1024);
  ck_assert_ptr_null (transport_read_until (transport, '\n', 16384, SOON, &error));
  assert_error (error, DRIVER_ERROR_FLOOD, "without an end");
}
END_TEST

START_TEST (empty_packets_without_end_are_a_flood)
{
  g_autoptr (UsbBench) bench = usb_bench_new_smp (USB_BENCH_PLACE);
  g_autoptr (Transport) transport = open_place (USB_BENCH_PLACE);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 1000; i++)
    say (bench, "", 0);
  ck_assert_ptr_null (transport_read_exactly (transport, 1, SOON, &error));
  assert_error (error, DRIVER_ERROR_FLOOD, "empty packets");
  ck_assert (!g_queue_is_empty (&bench->sayings));
}
END_TEST

static gpointer
pull_soon (gpointer data)
{
  UsbBench *bench = data;

  g_usleep (50000);
  usb_bench_unplug (bench);
  return NULL;
}

START_TEST (unplugged_while_reading_is_known_at_once)
{
  g_autoptr (UsbBench) bench = usb_bench_new_smp (USB_BENCH_PLACE);
  g_autoptr (Transport) transport = open_place (USB_BENCH_PLACE);
  g_autoptr (GError) error = NULL;
  GThread *puller = g_thread_new ("puller", pull_soon, bench);

  ck_assert_ptr_null (transport_read_exactly (transport, 1, SOON, &error));
  g_thread_join (puller);
  assert_error (error, DRIVER_ERROR_UNPLUGGED, "gone");
  g_clear_error (&error);
  ck_assert (!transport_write_text (transport, "x", SOON, &error));
  assert_error (error, DRIVER_ERROR_UNPLUGGED, "gone");
}
END_TEST

START_TEST (unplugged_while_it_takes_nothing_is_known_at_once)
{
  g_autoptr (UsbBench) bench = usb_bench_new_smp (USB_BENCH_PLACE);
  g_autoptr (Transport) transport = NULL;
  g_autoptr (GError) error = NULL;
  GThread *puller;

  bench->deaf = TRUE;
  transport = open_place (USB_BENCH_PLACE);
  puller = g_thread_new ("puller", pull_soon, bench);
  ck_assert (!transport_write_text (transport, "hello", SOON, &error));
  g_thread_join (puller);
  assert_error (error, DRIVER_ERROR_UNPLUGGED, "gone");
}
END_TEST

START_TEST (unplugged_by_what_it_heard)
{
  g_autoptr (UsbBench) bench = usb_bench_new_smp (USB_BENCH_PLACE);
  g_autoptr (Transport) transport = NULL;
  g_autoptr (GError) error = NULL;

  bench->unplugs_when_heard = TRUE;
  transport = open_place (USB_BENCH_PLACE);
  ck_assert (!transport_write_text (transport, "hello", SOON, &error));
  assert_error (error, DRIVER_ERROR_UNPLUGGED, "gone");
}
END_TEST

/* What was sent before it went is still given. */
START_TEST (unplugged_between_the_answer_and_its_reading)
{
  g_autoptr (UsbBench) bench = usb_bench_new_smp (USB_BENCH_PLACE);
  g_autoptr (Transport) transport = NULL;
  g_autoptr (GByteArray) first = NULL;
  g_autoptr (GByteArray) rest = NULL;
  g_autoptr (GError) error = NULL;

  bench->heard = echo;
  transport = open_place (USB_BENCH_PLACE);
  ck_assert (transport_write_text (transport, "last words", SOON, NULL));
  first = transport_read_exactly (transport, 4, SOON, NULL);
  usb_bench_unplug (bench);
  rest = transport_read_exactly (transport, 6, SOON, NULL);
  ck_assert_ptr_nonnull (rest);
  ck_assert_ptr_null (transport_read_exactly (transport, 1, SOON, &error));
  assert_error (error, DRIVER_ERROR_UNPLUGGED, "gone");
}
END_TEST

START_TEST (an_open_interface_is_nobody_elses)
{
  g_autoptr (UsbBench) bench = usb_bench_new_smp (USB_BENCH_PLACE);
  Transport *first = open_place (USB_BENCH_PLACE);
  g_autoptr (Transport) third = NULL;
  g_autoptr (GError) error = NULL;

  ck_assert_ptr_null (transport_open_usb (USB_BENCH_PLACE, SOON, &error));
  assert_error (error, DRIVER_ERROR_PORT, "in use by another program");
  transport_free (first);
  third = open_place (USB_BENCH_PLACE); /* and it is free again */
  ck_assert_uint_eq (bench->claims, 2);
}
END_TEST

START_TEST (a_kernel_driver_is_named_and_not_driven_out)
{
  g_autoptr (UsbBench) bench = usb_bench_new_smp (USB_BENCH_PLACE);
  g_autoptr (GError) error = NULL;

  bench->holder = "cdc_acm";
  ck_assert_ptr_null (transport_open_usb (USB_BENCH_PLACE, SOON, &error));
  assert_error (error, DRIVER_ERROR_PORT, "\"cdc_acm\"");
  ck_assert_uint_eq (bench->claims, 0);
}
END_TEST

START_TEST (a_device_that_is_not_there_is_unplugged)
{
  g_autoptr (UsbBench) bench = usb_bench_new_smp (USB_BENCH_PLACE);
  g_autoptr (GError) error = NULL;

  ck_assert_ptr_null (transport_open_usb ("1/9/0", SOON, &error));
  assert_error (error, DRIVER_ERROR_UNPLUGGED, "usb:1/9/0");
  g_clear_error (&error);
  usb_bench_unplug (bench);
  ck_assert_ptr_null (transport_open_usb (USB_BENCH_PLACE, SOON, &error));
  assert_error (error, DRIVER_ERROR_UNPLUGGED, "gone");
}
END_TEST

START_TEST (addresses_that_are_none_are_refused)
{
  static const char *const places[] = {
    "",      "1",      "1/7",    "1/7/0/0", "1//0",     "0/7/0", "1/7/256",
    "a/7/0", "1/../0", "1/-7/0", "1/7/ 0",  "1000/7/0", "/1/7",  "99999999999999999999/1/1"
  };
  g_autoptr (GError) error = NULL;

  ck_assert_ptr_null (transport_open_usb (places[_i], SOON, &error));
  assert_error (error, DRIVER_ERROR_PORT, "BUS/DEVICE/INTERFACE");
}
END_TEST

START_TEST (control_requests_answer_or_are_unsupported)
{
  static const UsbRequest reset = { .type = 0x41, .request = SMP_USB_RESET };
  static const UsbRequest set = { .type = 0xc0, .request = SMP_USB_MS_OS, .index = 7 };
  static const UsbRequest unknown = { .type = 0xc0, .request = 0x77 };
  g_autoptr (UsbBench) bench = usb_bench_new_smp (USB_BENCH_PLACE);
  g_autoptr (Transport) transport = open_place (USB_BENCH_PLACE);
  g_autoptr (GError) error = NULL;
  guint8 data[USB_CONTROL_MAX];
  gsize length = sizeof data;

  ck_assert (usb_control (transport, &reset, NULL, NULL, SOON, NULL));
  ck_assert_uint_eq (bench->resets, 1);
  ck_assert (usb_control (transport, &set, data, &length, SOON, NULL));
  ck_assert_uint_eq (length, sizeof smp_usb_ms_os_set);
  ck_assert_mem_eq (data, smp_usb_ms_os_set, length);
  length = 10;
  ck_assert (usb_control (transport, &set, data, &length, SOON, NULL));
  ck_assert_uint_eq (length, 10);
  ck_assert (!usb_control (transport, &unknown, data, &length, SOON, &error));
  assert_error (error, DRIVER_ERROR_UNSUPPORTED, "c0 77");
}
END_TEST

/* The context is shared: who closes first must not take it from the other. */
START_TEST (two_devices_share_one_context)
{
  g_autoptr (UsbBench) bench = usb_bench_new_smp (USB_BENCH_PLACE);
  g_autoptr (Transport) again = NULL;

  bench->heard = echo;
  for (guint round = 0; round < 5; round++) {
    g_autoptr (Transport) transport = open_place (USB_BENCH_PLACE);
    g_autoptr (GByteArray) back = NULL;

    ck_assert (transport_write_text (transport, "hello", SOON, NULL));
    back = transport_read_exactly (transport, 5, SOON, NULL);
    ck_assert_ptr_nonnull (back);
  }
  again = open_place (USB_BENCH_PLACE);
  ck_assert_ptr_null (transport_open_usb (USB_BENCH_PLACE, SOON, NULL));
  ck_assert (transport_write_text (again, "hello", SOON, NULL));
}
END_TEST

static TCase *
byte_tests (void)
{
  TCase *tests = tcase_create ("bytes");

  tcase_set_timeout (tests, 30);
  tcase_add_loop_test (tests, bytes_go_there_and_back_at_every_length_around_a_packet, 0, 11);
  tcase_add_loop_test (tests, a_full_last_packet_is_followed_by_an_empty_one_and_no_other_is, 0, 6);
  tcase_add_test (tests, short_and_empty_packets_are_one_stream);
  tcase_add_test (tests, what_waits_is_dropped_when_the_driver_says_so);
  tcase_add_test (tests, control_requests_answer_or_are_unsupported);
  tcase_add_test (tests, two_devices_share_one_context);
  return tests;
}

static TCase *
trouble_tests (void)
{
  TCase *tests = tcase_create ("trouble");

  tcase_set_timeout (tests, 30);
  tcase_add_test (tests, silence_ends_at_the_deadline);
  tcase_add_test (tests, a_device_that_takes_nothing_is_left_at_the_deadline);
  tcase_add_test (tests, one_stall_out_is_cleared_and_sent_again);
  tcase_add_test (tests, a_second_stall_out_is_an_error_that_leaves_no_halt);
  tcase_add_test (tests, one_stall_in_is_cleared_and_the_answer_read);
  tcase_add_test (tests, a_device_that_only_stalls_in_is_given_up);
  tcase_add_loop_test (tests, trouble_on_the_wire_has_its_error, 0, 3);
  tcase_add_test (tests, who_sends_faster_than_is_read_is_held_back);
  tcase_add_test (tests, a_flood_without_an_end_is_one);
  tcase_add_test (tests, empty_packets_without_end_are_a_flood);
  return tests;
}

static TCase *
coming_and_going_tests (void)
{
  TCase *tests = tcase_create ("coming and going");

  tcase_set_timeout (tests, 30);
  tcase_add_test (tests, unplugged_while_reading_is_known_at_once);
  tcase_add_test (tests, unplugged_while_it_takes_nothing_is_known_at_once);
  tcase_add_test (tests, unplugged_by_what_it_heard);
  tcase_add_test (tests, unplugged_between_the_answer_and_its_reading);
  tcase_add_test (tests, an_open_interface_is_nobody_elses);
  tcase_add_test (tests, a_kernel_driver_is_named_and_not_driven_out);
  tcase_add_test (tests, a_device_that_is_not_there_is_unplugged);
  tcase_add_loop_test (tests, addresses_that_are_none_are_refused, 0, 14);
  return tests;
}

int
main (void)
{
  Suite *suite = suite_create ("transport-usb");
  SRunner *runner;
  int failed;

  suite_add_tcase (suite, byte_tests ());
  suite_add_tcase (suite, trouble_tests ());
  suite_add_tcase (suite, coming_and_going_tests ());
  suite_add_tcase (suite, usb_journey_tests ());
  suite_add_tcase (suite, usb_descriptor_tests ());
  runner = srunner_create (suite);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

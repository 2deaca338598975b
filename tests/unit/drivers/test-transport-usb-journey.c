/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A whole device over emulated bulk endpoints, what may be wrong with it on its way, and
 * descriptors that can't be.
 */
#include <openssl/crypto.h>
#include <string.h>

#include "drivers/transport-usb-private.h"
#include "tests/unit/drivers/journey.h"
#include "tests/unit/drivers/smp-chip.h"
#include "tests/unit/drivers/test-transport-usb.h"
#include "tests/unit/drivers/usb-bench.h"

#define SOON deadline_in (20000)

/* A device on the bench: the device library and the station's way to it. */
typedef struct {
  SmpChip *chip;
  UsbBench *bench;
  Journey journey;
  guint heard;
  guint trouble_at; /* the number of a request, from 1 on */
  gboolean stalls;
  gboolean goes;
} Unit;

static void
unit_clear (Unit *unit)
{
  journey_clear (&unit->journey);
  usb_bench_free (unit->bench);
  smp_chip_free (unit->chip);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Unit, unit_clear)

static void
hear (UsbBench *bench, const guint8 *data, gsize length, gboolean zero_packet)
{
  Unit *unit = bench->data;
  g_autoptr (GByteArray) answer = smp_chip_hear_transfer (unit->chip, data, length, zero_packet);

  unit->heard++;
  if (unit->heard == unit->trouble_at) {
    bench->stalls_in = unit->stalls ? 1 : 0;
    bench->unplugs_when_heard = unit->goes;
  }
  if (unit->heard + 1 == unit->trouble_at && unit->stalls)
    bench->stalls_out = 1;
  usb_bench_say (bench, answer->data, answer->len);
  OPENSSL_thread_stop (); /* this thread is umockdev's, and may end after OpenSSL */
}

static void
unit_plug (Unit *unit, gsize packet_size)
{
  unit->chip = smp_chip_new (packet_size);
  unit->bench = usb_bench_new_smp (USB_BENCH_PLACE);
  unit->bench->data = unit;
  unit->bench->heard = hear;
  unit->journey.transport =
      transport_open ("usb:" USB_BENCH_PLACE, NULL, SOON, &unit->journey.error);
  ck_assert_msg (unit->journey.transport != NULL, "%s", unit->journey.error->message);
}

static gboolean
unit_goes (Unit *unit)
{
  JourneyVerdict verdict = { 0 };

  return journey_to_certificate (&unit->journey, SOON)
         && journey_to_proof (&unit->journey, &verdict, SOON) && verdict.shows_what_was_sent
         && verdict.signed_by_its_key;
}

START_TEST (a_device_goes_all_the_way)
{
  static const gsize sizes[] = { 256, 384, 1024, 8192 };
  g_auto (Unit) unit = { 0 };

  unit_plug (&unit, sizes[_i]);
  ck_assert_msg (unit_goes (&unit), "%s",
                 unit.journey.error == NULL ? "?" : unit.journey.error->message);
  ck_assert_uint_ge (unit.bench->resets, 1);
  ck_assert_uint_eq (unit.bench->cleared, 0);
}
END_TEST

/* The nth request's transfer stalls, and its answer too: USB's own way to say "once more". */
START_TEST (stalls_are_cleared_anywhere)
{
  g_auto (Unit) unit = { .trouble_at = (guint)_i, .stalls = TRUE };

  unit_plug (&unit, 1024);
  ck_assert_msg (unit_goes (&unit), "%s",
                 unit.journey.error == NULL ? "?" : unit.journey.error->message);
  ck_assert_uint_ge (unit.bench->cleared, 1);
}
END_TEST

/* From the nth request on it is gone: while that is sent. */
START_TEST (a_device_that_goes_anywhere_is_unplugged)
{
  g_auto (Unit) unit = { .trouble_at = (guint)_i, .goes = TRUE };

  unit_plug (&unit, 1024);
  ck_assert (!unit_goes (&unit));
  ck_assert_msg (g_error_matches (unit.journey.error, DRIVER_ERROR, DRIVER_ERROR_UNPLUGGED), "%s",
                 unit.journey.error->message);
}
END_TEST

TCase *
usb_journey_tests (void)
{
  TCase *tests = tcase_create ("journey");

  tcase_set_timeout (tests, 60);
  tcase_add_loop_test (tests, a_device_goes_all_the_way, 0, 4);
  tcase_add_loop_test (tests, stalls_are_cleared_anywhere, 1, 8);
  tcase_add_loop_test (tests, a_device_that_goes_anywhere_is_unplugged, 1, 8);
  return tests;
}

/* ---- descriptors ---- */

#define DEVICE_LENGTH 18u
#define INTERFACE_AT 27u
#define OUT_AT 36u
#define IN_AT 43u
#define END 50u

/* The reference descriptors with one byte changed. */
static const struct {
  guint at;
  guint8 value;
  const char *words; /* NULL: fine */
} changes[] = {
  { 0, 18, NULL }, /* as it was */
  { 0, 17, "the device's own" },
  { 0, 0, "the device's own" },
  { 1, 2, "the device's own" },
  { DEVICE_LENGTH, 8, "a configuration's" },
  { DEVICE_LENGTH + 1, 5, "a configuration's" },
  { DEVICE_LENGTH + 2, 33, "a configuration's" },
  { DEVICE_LENGTH + 2, 8, "a configuration's" },
  { DEVICE_LENGTH + 3, 255, "a configuration's" },
  { DEVICE_LENGTH + 2, 31, "a length that can't be" },
  { DEVICE_LENGTH + 2, 9, "no interface of that number" },
  { INTERFACE_AT, 0, "a length that can't be" },
  { INTERFACE_AT, 1, "a length that can't be" },
  { INTERFACE_AT, 8, "too short" },
  { INTERFACE_AT, 255, "a length that can't be" },
  { INTERFACE_AT + 2, 1, "no interface of that number" },
  { INTERFACE_AT + 3, 1, "no interface of that number" },
  { INTERFACE_AT + 4, 0, "not as many endpoints" },
  { INTERFACE_AT + 4, 1, "not as many endpoints" },
  { INTERFACE_AT + 4, 255, "not as many endpoints" },
  { INTERFACE_AT + 5, 0, NULL }, /* the class is detection's business */
  { OUT_AT, 0, "a length that can't be" },
  { OUT_AT, 6, "too short" },
  { OUT_AT + 1, 4, "not as many endpoints" },
  { OUT_AT + 1, 0x24, "not as many endpoints" },
  { OUT_AT + 2, 0x81, "two bulk endpoints" },
  { OUT_AT + 2, 0x00, "a number that can't be" },
  { OUT_AT + 2, 0x11, "a number that can't be" },
  { OUT_AT + 2, 0x0f, NULL },
  { OUT_AT + 3, 3, "no bulk endpoint for each" },
  { OUT_AT + 3, 1, "no bulk endpoint for each" },
  { OUT_AT + 4, 0, "a packet size" },
  { OUT_AT + 4, 63, "a packet size" },
  { OUT_AT + 4, 8, NULL },
  { OUT_AT + 5, 0x08, "a packet size" },
  { IN_AT + 2, 0x01, "two bulk endpoints" },
  { IN_AT + 2, 0x80, "a number that can't be" },
  { IN_AT + 3, 0, "no bulk endpoint for each" },
  { IN_AT + 4, 0, "a packet size" },
  { IN_AT + 5, 0xff, "a packet size" },
  { IN_AT, 8, "a length that can't be" },
};

static void
reference_descriptors (guint8 descriptors[END])
{
  memcpy (descriptors, smp_usb_device_descriptor, DEVICE_LENGTH);
  memcpy (descriptors + DEVICE_LENGTH, smp_usb_full_speed_configuration,
          sizeof smp_usb_full_speed_configuration);
}

/* Exactly as large as it is, so that a sanitizer sees every byte too many. */
static void
assert_parsed (const guint8 *descriptors, gsize length, const char *words)
{
  g_autofree guint8 *copy = g_memdup2 (descriptors, length);
  g_autoptr (GError) error = NULL;
  UsbInterface interface;
  gboolean parsed = usb_interface_parse (copy, length, 1, 0, &interface, &error);

  if (words == NULL) {
    ck_assert_msg (parsed, "%s", error == NULL ? "?" : error->message);
    return;
  }
  ck_assert_msg (!parsed && g_error_matches (error, DRIVER_ERROR, DRIVER_ERROR_GARBLED)
                     && strstr (error->message, words) != NULL,
                 "not \"%s\": %s", words, error == NULL ? "fine" : error->message);
}

START_TEST (descriptors_that_can_not_be_are_refused)
{
  guint8 descriptors[END];

  reference_descriptors (descriptors);
  descriptors[changes[_i].at] = changes[_i].value;
  assert_parsed (descriptors, sizeof descriptors, changes[_i].words);
}
END_TEST

START_TEST (descriptors_cut_off_anywhere_are_refused)
{
  guint8 descriptors[END];

  reference_descriptors (descriptors);
  for (gsize length = 0; length < END; length++)
    assert_parsed (descriptors, length, "the device's USB descriptors");
  assert_parsed (descriptors, END, NULL);
}
END_TEST

START_TEST (the_configuration_in_force_counts)
{
  guint8 both[END + END - DEVICE_LENGTH];
  UsbInterface interface;

  reference_descriptors (both);
  memcpy (both + END, both + DEVICE_LENGTH, END - DEVICE_LENGTH);
  both[END + 5] = 2;          /* its value */
  both[sizeof both - 3] = 32; /* wMaxPacketSize of IN */
  ck_assert (usb_interface_parse (both, sizeof both, 1, 0, &interface, NULL));
  ck_assert_uint_eq (interface.in_packet, 64);
  ck_assert (usb_interface_parse (both, sizeof both, 2, 0, &interface, NULL));
  ck_assert_uint_eq (interface.in_packet, 32);
  ck_assert_uint_eq (interface.in, 0x81);
  ck_assert_uint_eq (interface.out, 0x01);
  ck_assert (!usb_interface_parse (both, sizeof both, 3, 0, &interface, NULL));
}
END_TEST

static void
assert_opens (const guint8 *descriptors, gsize length, const char *words)
{
  g_autoptr (UsbBench) bench = usb_bench_new (USB_BENCH_PLACE, descriptors, length);
  g_autoptr (GError) error = NULL;
  g_autoptr (Transport) transport = transport_open_usb (USB_BENCH_PLACE, SOON, &error);

  if (words == NULL) {
    ck_assert_msg (transport != NULL, "%s", error == NULL ? "?" : error->message);
    return;
  }
  ck_assert_ptr_null (transport);
  ck_assert_msg (g_error_matches (error, DRIVER_ERROR, DRIVER_ERROR_GARBLED)
                     && strstr (error->message, words) != NULL,
                 "not \"%s\": %s", words, error->message);
  ck_assert_uint_eq (bench->claims, 0);
}

/* From the node: what libusb refuses already, and what only we do. */
START_TEST (a_device_with_such_descriptors_is_not_claimed)
{
  static const struct {
    guint at;
    guint8 value;
    const char *words;
  } cases[] = { { 0, 17, "make anything" },
                { DEVICE_LENGTH, 8, "make anything" },
                { IN_AT + 4, 0, "a packet size" },
                { INTERFACE_AT + 4, 3, "not as many" } };
  guint8 descriptors[END];

  reference_descriptors (descriptors);
  descriptors[cases[_i].at] = cases[_i].value;
  assert_opens (descriptors, sizeof descriptors, cases[_i].words);
}
END_TEST

/* Alternate settings, other interfaces and descriptors of classes in between do no harm; the same
 * interface twice does. */
START_TEST (a_configuration_may_have_more_but_not_the_same_twice)
{
  static const guint8 others[] = { 5, 0x24, 0, 0x10, 1,                   /* of a class */
                                   9, 4,    1, 0,    1, 0xff, 0,    0, 0, /* another one */
                                   7, 5,    2, 2,    0, 0,    0,          /* broken, not ours */
                                   9, 4,    0, 1,    0, 0xff, 0x4b, 1, 0 };
  static const guint8 twin[] = { 9, 4, 0, 0, 0, 0xff, 0x4b, 1, 0 };
  guint8 descriptors[END + sizeof others + sizeof twin];
  gsize length = END + sizeof others + (_i == 0 ? 0 : sizeof twin);

  reference_descriptors (descriptors);
  memcpy (descriptors + END, others, sizeof others);
  memcpy (descriptors + END + sizeof others, twin, sizeof twin);
  descriptors[DEVICE_LENGTH + 2] = (guint8)(length - DEVICE_LENGTH);
  assert_parsed (descriptors, length, _i == 0 ? NULL : "twice");
}
END_TEST

/* 65535 bytes of descriptors that say nothing. */
START_TEST (a_huge_configuration_is_looked_through_once)
{
  const gsize length = DEVICE_LENGTH + 65535;
  g_autofree guint8 *descriptors = g_malloc0 (length);

  reference_descriptors (descriptors);
  descriptors[DEVICE_LENGTH + 2] = descriptors[DEVICE_LENGTH + 3] = 0xff;
  for (gsize at = END; at + 2 <= length; at += 2)
    descriptors[at] = 2;
  descriptors[length - 3] = 3;                             /* an odd number of bytes */
  assert_opens (descriptors, length, "a configuration's"); /* more than is read */
  descriptors[DEVICE_LENGTH + 3] = 0xf0;
  descriptors[DEVICE_LENGTH + 2] = 0;
  assert_opens (descriptors, DEVICE_LENGTH + 0xf000, NULL);
}
END_TEST

TCase *
usb_descriptor_tests (void)
{
  TCase *tests = tcase_create ("descriptors");

  tcase_set_timeout (tests, 60);
  tcase_add_loop_test (tests, descriptors_that_can_not_be_are_refused, 0,
                       (int)G_N_ELEMENTS (changes));
  tcase_add_test (tests, descriptors_cut_off_anywhere_are_refused);
  tcase_add_test (tests, the_configuration_in_force_counts);
  tcase_add_loop_test (tests, a_device_with_such_descriptors_is_not_claimed, 0, 4);
  tcase_add_loop_test (tests, a_configuration_may_have_more_but_not_the_same_twice, 0, 2);
  tcase_add_test (tests, a_huge_configuration_is_looked_through_once);
  return tests;
}

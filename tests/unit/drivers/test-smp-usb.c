/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * SMP raw, as over USB: the driver against the device library in one process, against devices that
 * lie about lengths, and against its own recording.
 *
 * With KEYCRADLE_RECORD_USB=FILE the recording is written anew.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "drivers/smp/exchange.h"
#include "tests/unit/drivers/journey.h"
#include "tests/unit/drivers/smp-chip.h"

#define SOON deadline_in (20000)

typedef Journey Line;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Line, journey_clear)

static gboolean
go (Journey *journey)
{
  JourneyVerdict verdict = { 0 };

  return journey_to_certificate (journey, SOON) && journey_to_proof (journey, &verdict, SOON)
         && verdict.shows_what_was_sent && verdict.signed_by_its_key;
}

static void
assert_goes (Journey *journey)
{
  ck_assert_msg (go (journey), "%s", journey->error == NULL ? "?" : journey->error->message);
}

START_TEST (the_whole_procedure_works_with_packets_of_any_size)
{
  static const gsize sizes[] = { 256, 300, 384, 1024, 4096, 8192 };
  g_autoptr (SmpChip) chip = smp_chip_new (sizes[_i]);
  g_auto (Line) line = { .transport = smp_chip_usb_transport (chip) };

  assert_goes (&line);
  ck_assert_str_eq (line.driver->name, "smp");
}
END_TEST

START_TEST (bytes_may_come_in_any_pieces)
{
  g_autoptr (SmpChip) chip = smp_chip_new (1024);
  g_auto (Line) line = { .transport = smp_chip_usb_transport (chip) };

  chip->piece = (gsize)_i;
  assert_goes (&line);
}
END_TEST

/* Nothing but the packet: no base64, no CRC, no line end. */
START_TEST (a_question_goes_as_it_is)
{
  g_autoptr (SmpChip) chip = smp_chip_new (1024);
  g_autoptr (Transport) transport = smp_chip_usb_transport (chip);
  g_autofree char *transcript = NULL;
  gboolean speaks;

  ck_assert (smp_probe (transport, &speaks, SOON, NULL));
  ck_assert (speaks);
  transcript = transport_transcript (transport);
  ck_assert_msg (strstr (transcript, "\\b\\000\\000\\001\\000\\000\\377\\006\\240\n") != NULL, "%s",
                 transcript);
}
END_TEST

/* A device that answers each question with the same bytes. */
static gboolean
liar_read (gpointer channel, guint8 *data, gsize length, gsize *got, Deadline deadline,
           GError **error)
{
  GByteArray *out = channel;

  *got = MIN (length, out->len);
  if (*got == 0) {
    g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_NO_ANSWER, "nothing more");
    return FALSE;
  }
  memcpy (data, out->data, *got);
  g_byte_array_remove_range (out, 0, (guint)*got);
  return TRUE;
}

static gboolean
liar_write (gpointer channel, const guint8 *data, gsize length, Deadline deadline, GError **error)
{
  return TRUE;
}

static void
liar_nothing (gpointer channel)
{
}

static const TransportMethods liar_methods = {
  .read = liar_read,
  .write = liar_write,
  .discard_input = liar_nothing,
  .close = liar_nothing,
};

/* What the device says to "generate key" with sequence number 0. */
static const struct {
  const char *hex;
  int expected; /* DriverError, -1: none */
} answers[] = {
  { "0b000001 4b430002 a0", -1 },
  { "0b000001 4b430702 a0 0b000001 4b430002 a0", -1 }, /* behind a late one */
  { "0b000000 4b430002 a0", DRIVER_ERROR_GARBLED },    /* no body */
  { "0b00ffff 4b430002 a0", DRIVER_ERROR_GARBLED },    /* more than any packet may hold */
  { "0b001ff9 4b430002 a0", DRIVER_ERROR_GARBLED },
  { "0b001ff8 4b430002 a0", DRIVER_ERROR_NO_ANSWER }, /* as much as it may hold, but it ends */
  { "0b000002 4b430002 a0", DRIVER_ERROR_NO_ANSWER },
  { "0b000002 4b430002 a0a0", DRIVER_ERROR_GARBLED }, /* two maps */
  { "0b000001 4b430002 01", DRIVER_ERROR_GARBLED },   /* no map */
  { "2b000001 4b430002 a0", DRIVER_ERROR_GARBLED },   /* reserved bits */
  { "0c000001 4b430002 a0", DRIVER_ERROR_GARBLED },   /* an operation that there is not */
  { "0b000001 4b4300", DRIVER_ERROR_NO_ANSWER },      /* half a header */
  { "0b000001 4b430003 a0", DRIVER_ERROR_NO_ANSWER }, /* to another question */
  { "75617274 3a7e2420", DRIVER_ERROR_GARBLED },      /* a shell's prompt */
};

START_TEST (each_answer_is_judged_by_its_header)
{
  g_auto (GStrv) words = g_strsplit (answers[_i].hex, " ", -1);
  g_autofree char *joined = g_strjoinv ("", words);
  g_autoptr (GBytes) bytes = hex_decode (joined);
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autoptr (Transport) transport = NULL;
  g_autoptr (cbor_item_t) body = smp_map_new (0);
  g_autoptr (cbor_item_t) answer = NULL;
  g_autoptr (GError) error = NULL;
  guint8 sequence = 0;

  g_byte_array_append (out, g_bytes_get_data (bytes, NULL), (guint)g_bytes_get_size (bytes));
  transport = transport_new (CHANNEL_USB, &liar_methods, out, "liar");
  answer = smp_exchange (transport, &sequence, SMP_WRITE, SMP_PROVISION_GENERATE_KEY, body, SOON,
                         &error);
  if (answers[_i].expected < 0)
    ck_assert_msg (answer != NULL, "%s", error == NULL ? "?" : error->message);
  else
    ck_assert_msg (g_error_matches (error, DRIVER_ERROR, answers[_i].expected), "%s: %s",
                   answers[_i].hex, error == NULL ? "taken" : error->message);
}
END_TEST

/* A loop at the end of the cable says the question again; another dialect says what it likes. */
START_TEST (what_is_no_smp_is_none)
{
  static const char *const said[] = { "08000001 0000ff06 a0", "75617274 3a7e2420 75617274 3a7e2420",
                                      "00", "ffffffff ffffffff ffffffff" };
  g_auto (GStrv) words = g_strsplit (said[_i], " ", -1);
  g_autofree char *joined = g_strjoinv ("", words);
  g_autoptr (GBytes) bytes = hex_decode (joined);
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autoptr (Transport) transport = NULL;
  gboolean speaks = TRUE;

  g_byte_array_append (out, g_bytes_get_data (bytes, NULL), (guint)g_bytes_get_size (bytes));
  transport = transport_new (CHANNEL_USB, &liar_methods, out, "liar");
  ck_assert (smp_probe (transport, &speaks, SOON, NULL));
  ck_assert (!speaks);
}
END_TEST

START_TEST (a_leaked_private_key_is_an_alarm)
{
  g_autoptr (SmpChip) chip = smp_chip_new (1024);
  g_auto (Line) line = { .transport = smp_chip_usb_transport (chip) };

  chip->leaks = TRUE;
  ck_assert (!go (&line));
  ck_assert (g_error_matches (line.error, DRIVER_ERROR, DRIVER_ERROR_PRIVATE_KEY_LEAKED));
}
END_TEST

static void
record (const char *path)
{
  g_autoptr (SmpChip) chip = smp_chip_new (1024);
  g_auto (Line) line = { .transport = smp_chip_usb_transport (chip) };
  g_autofree char *certificate = NULL;
  g_autofree char *transcript = NULL;
  g_autofree char *text = NULL;

  assert_goes (&line);
  certificate =
      hex_encode (g_bytes_get_data (line.certificate, NULL), g_bytes_get_size (line.certificate));
  transcript = transport_transcript (line.transport);
  text = g_strdup_printf ("# driver smp\n# certificate %s\n%s", certificate, transcript);
  ck_assert (g_file_set_contents (path, text, -1, NULL));
}

START_TEST (the_recording_drives_the_complete_dialogue_again)
{
  g_auto (Line) line = { 0 };

  if (g_getenv ("KEYCRADLE_RECORD_USB") != NULL)
    record (g_getenv ("KEYCRADLE_RECORD_USB"));
  line.transport = transport_open_replay (SMP_RECORDING_USB, &line.error);
  ck_assert_msg (line.transport != NULL, "%s", line.error == NULL ? "?" : line.error->message);
  ck_assert_int_eq (transport_channel (line.transport), CHANNEL_USB);
  line.certificate = hex_decode (transport_replay_note (line.transport, "certificate"));
  assert_goes (&line);
}
END_TEST

/* The device's receiver, a USB packet at a time. */
START_TEST (the_device_takes_a_packet_at_the_end_of_its_transfer_only)
{
  static const guint8 request[] = { 0x08, 0, 0, 56, 0x4b, 0x43, 0, 0 };
  guint8 buffer[128], packet[64] = { 0 };
  SmpUsbReceiver receiver;

  memcpy (packet, request, sizeof request);
  smp_usb_receiver_init (&receiver, buffer, sizeof buffer, 64);
  /* 64 bytes: whole with the empty packet behind them, and not before */
  ck_assert_uint_eq (smp_usb_receive (&receiver, packet, 64), 0);
  ck_assert_uint_eq (smp_usb_receive (&receiver, packet, 0), 64);
  /* more or less than the header says, nothing at all, too much: dropped, and the next one taken */
  ck_assert_uint_eq (smp_usb_receive (&receiver, packet, 63), 0);
  ck_assert_uint_eq (smp_usb_receive (&receiver, packet, 64), 0);
  ck_assert_uint_eq (smp_usb_receive (&receiver, packet, 1), 0);
  ck_assert_uint_eq (smp_usb_receive (&receiver, packet, 0), 0);
  ck_assert_uint_eq (smp_usb_receive (&receiver, packet, 7), 0);
  for (guint i = 0; i < 5; i++)
    ck_assert_uint_eq (smp_usb_receive (&receiver, packet, 64), 0);
  ck_assert_uint_eq (smp_usb_receive (&receiver, packet, 3), 0);
  packet[3] = 1;
  ck_assert_uint_eq (smp_usb_receive (&receiver, packet, 9), 9);
  /* half a transfer is forgotten by a reset, and would have spoilt the next one without it */
  ck_assert_uint_eq (smp_usb_receive (&receiver, packet, 64), 0);
  ck_assert_uint_eq (smp_usb_receive (&receiver, packet, 9), 0);
  ck_assert_uint_eq (smp_usb_receive (&receiver, packet, 64), 0);
  smp_usb_receiver_reset (&receiver);
  ck_assert_uint_eq (smp_usb_receive (&receiver, packet, 9), 9);
}
END_TEST

START_TEST (the_device_ends_every_transfer_with_a_short_packet)
{
  guint8 packet[200] = { 0 };

  for (size_t length = 0; length <= sizeof packet; length++) {
    SmpUsbSender sender;
    const uint8_t *data;
    size_t sent, total = 0, last = 64, count = 0;

    smp_usb_sender_init (&sender, packet, length, 64);
    while (smp_usb_send_next (&sender, &data, &sent)) {
      ck_assert_uint_eq (last, 64);
      ck_assert_ptr_eq (data, packet + total);
      total += sent;
      last = sent;
      count++;
    }
    ck_assert_uint_eq (total, length);
    ck_assert (length == 0 ? count == 0 : last < 64);
  }
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("smp-usb");
  TCase *tests = tcase_create ("raw");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_set_timeout (tests, 60);
  tcase_add_loop_test (tests, the_whole_procedure_works_with_packets_of_any_size, 0, 6);
  tcase_add_loop_test (tests, bytes_may_come_in_any_pieces, 1, 9);
  tcase_add_test (tests, a_question_goes_as_it_is);
  tcase_add_loop_test (tests, each_answer_is_judged_by_its_header, 0, (int)G_N_ELEMENTS (answers));
  tcase_add_loop_test (tests, what_is_no_smp_is_none, 0, 4);
  tcase_add_test (tests, a_leaked_private_key_is_an_alarm);
  tcase_add_test (tests, the_recording_drives_the_complete_dialogue_again);
  tcase_add_test (tests, the_device_takes_a_packet_at_the_end_of_its_transfer_only);
  tcase_add_test (tests, the_device_ends_every_transfer_with_a_short_packet);
  suite_add_tcase (suite, tests);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The station's and the device's codec, each by itself, each against the other, and
 * both against bytes that mean harm.
 *
 * With KEYCRADLE_VECTORS=1 the test vectors of docs/smp-provisioning-group.md are
 * printed.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/encode.h"
#include "drivers/smp/device/cbor_small.h"
#include "drivers/smp/device/smp_serial_frame.h"
#include "drivers/smp/device/usb_descriptors.h"
#include "drivers/smp/exchange.h"
#include "tests/unit/drivers/smp-chip.h"
#include "tests/unit/rounds.h"

static GBytes *
some_bytes (gsize length)
{
  guint8 *data = g_malloc (MAX (length, 1));

  for (gsize i = 0; i < length; i++)
    data[i] = (guint8)(i * 37 + length);
  return g_bytes_new_take (data, length);
}

/* Feeds frames line by line; the last line's kind. */
static SmpLine
take_lines (SmpAssembly *assembly, const char *text, gsize length)
{
  SmpLine kind = SMP_LINE_TEXT;

  while (length > 0) {
    const char *end = memchr (text, '\n', length);
    gsize line = end == NULL ? length : (gsize)(end - text) + 1;

    kind = smp_assembly_take (assembly, (const guint8 *)text, line);
    text += line;
    length -= line;
  }
  return kind;
}

static SmpLine
take_bytes (SmpAssembly *assembly, GBytes *frames)
{
  gsize length;
  const char *text = g_bytes_get_data (frames, &length);

  return take_lines (assembly, text, length);
}

START_TEST (the_crc_is_xmodem)
{
  const guint8 *digits = (const guint8 *)"123456789";

  ck_assert_uint_eq (smp_crc (digits, 9), 0x31c3);
  ck_assert_uint_eq (smp_crc16 (0, digits, 9), 0x31c3);
  ck_assert_uint_eq (smp_crc16 (smp_crc16 (0, digits, 4), digits + 4, 5), 0x31c3);
  ck_assert_uint_eq (smp_crc (digits, 0), 0);
}
END_TEST

START_TEST (frames_go_there_and_back_at_every_length)
{
  for (gsize length = 1; length < 600; length++) {
    g_autoptr (GBytes) packet = some_bytes (length);
    g_autoptr (GBytes) frames = smp_frames_new (packet);
    g_auto (SmpAssembly) assembly = { 0 };

    smp_assembly_init (&assembly);
    ck_assert_int_eq (take_bytes (&assembly, frames), SMP_LINE_PACKET);
    ck_assert_uint_eq (assembly.packet->len, length);
    ck_assert_mem_eq (assembly.packet->data, g_bytes_get_data (packet, NULL), length);
  }
}
END_TEST

START_TEST (no_frame_is_longer_than_127_bytes)
{
  g_autoptr (GBytes) packet = some_bytes (1000);
  g_autoptr (GBytes) frames = smp_frames_new (packet);
  gsize length;
  const char *text = g_bytes_get_data (frames, &length);
  g_autofree char *copy = g_strndup (text, length);
  g_auto (GStrv) lines = g_strsplit (copy, "\n", -1);

  ck_assert_uint_gt (g_strv_length (lines), 5);
  for (guint i = 0; lines[i + 1] != NULL; i++) {
    ck_assert_uint_le (strlen (lines[i]) + 1, SMP_FRAME_MAX);
    ck_assert_int_eq (memcmp (lines[i], i == 0 ? "\x06\x09" : "\x04\x14", 2), 0);
  }
}
END_TEST

START_TEST (the_device_understands_the_station_at_every_length)
{
  guint8 buffer[602];

  for (gsize length = 1; length < 600; length++) {
    g_autoptr (GBytes) packet = some_bytes (length);
    g_autoptr (GBytes) frames = smp_frames_new (packet);
    SmpSerialReceiver receiver;
    gsize size, got = 0;
    const guint8 *text = g_bytes_get_data (frames, &size);

    smp_serial_receiver_init (&receiver, buffer, sizeof buffer);
    for (gsize i = 0; i < size; i++) {
      ck_assert_uint_eq (got, 0);
      got = smp_serial_receive (&receiver, text[i]);
    }
    ck_assert_uint_eq (got, length);
    ck_assert_mem_eq (buffer, g_bytes_get_data (packet, NULL), length);
  }
}
END_TEST

static void
append (void *context, const uint8_t *data, size_t length)
{
  g_assert (length <= SMP_SERIAL_FRAME_MAX);
  g_byte_array_append (context, data, (guint)length);
}

START_TEST (both_sides_write_the_same_frames)
{
  for (gsize length = 1; length < 600; length++) {
    g_autoptr (GBytes) packet = some_bytes (length);
    g_autoptr (GBytes) frames = smp_frames_new (packet);
    g_autoptr (GByteArray) sent = g_byte_array_new ();

    smp_serial_send (g_bytes_get_data (packet, NULL), length, append, sent);
    ck_assert_uint_eq (sent->len, g_bytes_get_size (frames));
    ck_assert_mem_eq (sent->data, g_bytes_get_data (frames, NULL), sent->len);
  }
}
END_TEST

START_TEST (a_frame_may_stand_behind_console_text)
{
  g_autoptr (GBytes) packet = some_bytes (150);
  g_autoptr (GBytes) frames = smp_frames_new (packet);
  g_autoptr (GString) noisy = g_string_new ("uart:~$ ");
  g_auto (SmpAssembly) assembly = { 0 };
  gsize length;
  const char *text = g_bytes_get_data (frames, &length);

  for (gsize i = 0; i < length; i++) {
    g_string_append_c (noisy, text[i]);
    if (text[i] == '\n')
      g_string_append (noisy, "\r\n[00:01] <inf> log: \006 \t \004 text\r\n> ");
  }
  smp_assembly_init (&assembly);
  g_string_truncate (noisy, noisy->len - strlen ("\r\n[00:01] <inf> log: \006 \t \004 text\r\n> "));
  ck_assert_int_eq (take_lines (&assembly, noisy->str, noisy->len), SMP_LINE_PACKET);
  ck_assert_mem_eq (assembly.packet->data, g_bytes_get_data (packet, NULL), 150);
}
END_TEST

START_TEST (a_damaged_digit_is_noticed_by_both_sides)
{
  g_autoptr (GBytes) packet = some_bytes (40);
  g_autoptr (GBytes) frames = smp_frames_new (packet);
  gsize length;
  const guint8 *text = g_bytes_get_data (frames, &length);

  for (gsize i = 2; i + 1 < length; i++) {
    g_autofree guint8 *damaged = g_memdup2 (text, length);
    g_auto (SmpAssembly) assembly = { 0 };
    SmpSerialReceiver receiver;
    guint8 buffer[64];
    gsize got = 0;

    damaged[i] = damaged[i] == 'A' ? 'B' : 'A';
    smp_assembly_init (&assembly);
    ck_assert_int_ne (take_lines (&assembly, (const char *)damaged, length), SMP_LINE_PACKET);
    smp_serial_receiver_init (&receiver, buffer, sizeof buffer);
    for (gsize k = 0; k < length; k++)
      got += smp_serial_receive (&receiver, damaged[k]);
    ck_assert_uint_eq (got, 0);
  }
}
END_TEST

START_TEST (frames_that_can_not_be_are_damaged)
{
  static const char *const lines[] = {
    "\x06\x09\n", /* nothing */
    "\x06\x09"
    "AA==\n", /* half a length */
    "\x06\x09"
    "AAAA\n", /* length 0 */
    "\x06\x09"
    "AAIA\n", /* length 2: no packet */
    "\x06\x09"
    "//8A\n", /* length 65535 */
    "\x06\x09"
    "AAsIAAABA\n", /* not whole groups */
    "\x06\x09"
    "AA sIAAAB\n", /* a space */
    "\x06\x09"
    "AA=sIAAAB\n", /* padding in the middle */
    "\x06\x09"
    "AAMAAAAAAA==\n", /* more than announced */
    "\x06\x09"
    "====\n",
  };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++) {
    g_auto (SmpAssembly) assembly = { 0 };

    smp_assembly_init (&assembly);
    ck_assert_int_eq (take_lines (&assembly, lines[i], strlen (lines[i])), SMP_LINE_DAMAGED);
    ck_assert_uint_eq (assembly.expected, 0);
  }
}
END_TEST

START_TEST (a_continuation_without_a_beginning_is_text)
{
  g_auto (SmpAssembly) assembly = { 0 };

  smp_assembly_init (&assembly);
  ck_assert_int_eq (take_lines (&assembly,
                                "\x04\x14"
                                "AAAA\n",
                                7),
                    SMP_LINE_TEXT);
}
END_TEST

START_TEST (a_new_beginning_ends_a_packet_that_never_ended)
{
  g_autoptr (GBytes) lost = some_bytes (300);
  g_autoptr (GBytes) lost_frames = smp_frames_new (lost);
  g_autoptr (GBytes) packet = some_bytes (20);
  g_autoptr (GBytes) frames = smp_frames_new (packet);
  g_auto (SmpAssembly) assembly = { 0 };

  smp_assembly_init (&assembly);
  ck_assert_int_eq (take_lines (&assembly, g_bytes_get_data (lost_frames, NULL), 127),
                    SMP_LINE_PART);
  ck_assert_int_eq (take_bytes (&assembly, frames), SMP_LINE_PACKET);
  ck_assert_uint_eq (assembly.packet->len, 20);
}
END_TEST

static gboolean
parses (const char *header_and_body)
{
  g_autoptr (GBytes) bytes = hex_decode (header_and_body);
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);
  g_autofree guint8 *packet = g_memdup2 (data, length); /* exact size, for the sanitizer */
  g_autoptr (cbor_item_t) body = NULL;
  SmpHeader header;

  return smp_packet_parse (packet, length, &header, &body);
}

START_TEST (bodies_are_one_bounded_map)
{
  ck_assert (parses ("0900000100000006a0"));                  /* {} */
  ck_assert (parses ("0900000500000006a1617201f6") == FALSE); /* {"r": 1} and null behind it */
  ck_assert (parses ("0900000400000006a1617201"));            /* {"r": 1} */
  ck_assert (parses ("0900000500000006bf617201ff"));          /* the same, indefinite */
  ck_assert (parses ("0900000700000006bf61729f01ffff"));      /* {"r": [1]}, indefinite */
  ck_assert (!parses ("0900000000000006"));                   /* no body */
  ck_assert (!parses ("090000010000000601"));                 /* 1 */
  ck_assert (!parses ("0900000200000006a0"));                 /* length too large */
  ck_assert (!parses ("0900000100000006a0a0"));               /* length too small */
  ck_assert (!parses ("0c00000100000006a0"));                 /* operation 4 */
  ck_assert (!parses ("09"));
  ck_assert (!parses ("0900000300000006a16172"));   /* a key without value */
  ck_assert (!parses ("0900000400000006bf6172ff")); /* the same, indefinite */
  ck_assert (!parses ("0900000300000006bf6172"));   /* no end */
}
END_TEST

START_TEST (counts_beyond_the_bytes_are_not_believed)
{
  /* {"r": [2^32 - 1 items]}, {"r": 2^63 - 1 bytes}, a map of 2^31, tags and arrays without end */
  ck_assert (!parses ("0900000800000006a161729affffffff"));
  ck_assert (!parses ("0900000c00000006a161725b7fffffffffffffff"));
  ck_assert (!parses ("0900000500000006ba7fffffff"));
  ck_assert (!parses ("0900000900000006bbffffffffffffffff"));
  ck_assert (!parses ("0900000600000006a161725f4101"));
}
END_TEST

START_TEST (a_count_costs_no_memory)
{
  struct rusage before, after;

  getrusage (RUSAGE_SELF, &before);
  /* {"r": [2^25 items]}: 256 MiB of pointers, where they are made */
  ck_assert (!parses ("0900000800000006a161729a02000000"));
  getrusage (RUSAGE_SELF, &after);
  ck_assert_int_lt (after.ru_maxrss - before.ru_maxrss, 64 * 1024);
}
END_TEST

START_TEST (deep_nesting_is_refused)
{
  static const guint8 openers[] = { 0x81, 0x9f, 0xa1, 0xbf, 0xc1 };

  for (guint i = 0; i < G_N_ELEMENTS (openers); i++) {
    guint8 packet[SMP_PACKET_MAX];
    g_autoptr (cbor_item_t) body = NULL;
    SmpHeader header;

    memset (packet, openers[i], sizeof packet);
    memcpy (packet, "\x09\x00\x1f\xf8\x00\x00\x00\x06\xa1\x61\x72", 11);
    ck_assert (!smp_packet_parse (packet, sizeof packet, &header, &body));
    ck_assert (!cbor_small_is_map (packet + 8, sizeof packet - 8));
  }
}
END_TEST

/* Arrays of one item, `depth` of them in each other, well-formed. */
static gsize
nest (guint8 *packet, gsize depth)
{
  gsize length = SMP_HEADER_LENGTH + 3 + depth + 1;

  memcpy (packet, "\x09\x00\x00\x00\x00\x00\x00\x06\xa1\x61\x72", 11);
  packet[3] = (guint8)(length - SMP_HEADER_LENGTH);
  memset (packet + 11, 0x81, depth);
  packet[length - 1] = 0;
  return length;
}

START_TEST (nesting_has_a_limit)
{
  guint8 packet[256];
  g_autoptr (cbor_item_t) shallow = NULL;
  g_autoptr (cbor_item_t) deep = NULL;
  SmpHeader header;

  ck_assert (smp_packet_parse (packet, nest (packet, 60), &header, &shallow));
  ck_assert (!smp_packet_parse (packet, nest (packet, 70), &header, &deep));
  ck_assert (cbor_small_is_map (packet + 8, nest (packet, CBOR_SMALL_DEPTH - 1) - 8));
  ck_assert (!cbor_small_is_map (packet + 8, nest (packet, CBOR_SMALL_DEPTH) - 8));
}
END_TEST

START_TEST (headers_go_there_and_back)
{
  SmpHeader header = { SMP_WRITE, 1, 0x4b43, 200, 7 };
  SmpHeader back;
  g_autoptr (cbor_item_t) map = smp_map_new (3);
  g_autoptr (cbor_item_t) body = NULL;
  g_autoptr (GBytes) packet = NULL;
  g_autofree char *text = NULL;
  guint64 number = 0;

  smp_map_add_text (map, "text", "grüße");
  smp_map_add_unsigned (map, "number", 70000);
  smp_map_add_bytes (map, "bytes", (const guint8 *)"\0\1", 2);
  packet = smp_packet_new (&header, map);
  ck_assert (
      smp_packet_parse (g_bytes_get_data (packet, NULL), g_bytes_get_size (packet), &back, &body));
  ck_assert (back.operation == SMP_WRITE && back.version == 1 && back.group == 0x4b43
             && back.sequence == 200 && back.command == 7);
  text = smp_map_get_text (body, "text");
  ck_assert_str_eq (text, "grüße");
  ck_assert (smp_map_get_unsigned (body, "number", &number) && number == 70000);
  ck_assert_ptr_null (smp_map_get_text (body, "bytes"));
  ck_assert_ptr_null (smp_map_get_bytes (body, "text"));
  ck_assert (!smp_map_get_unsigned (body, "text", &number));
  ck_assert_ptr_null (smp_map_get (body, "none"));
}
END_TEST

/* The device's answer to a packet given in hex, in hex. */
static char *
answer_of (SmpChip *chip, const char *request)
{
  g_autoptr (GBytes) bytes = hex_decode (request);
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);
  g_autofree guint8 *packet = g_memdup2 (data, length);
  guint8 response[1024];
  size_t size = provision_device_answer (&chip->device, packet, length, response, sizeof response);

  return hex_encode (response, size);
}

static void
assert_answer (const char *request, const char *wanted)
{
  g_autoptr (SmpChip) chip = smp_chip_new (1024);
  g_autofree char *answer = answer_of (chip, request);

  ck_assert_str_eq (answer, wanted);
}

START_TEST (the_device_answers_the_standard_commands)
{
  /* echo {"d": "hi"}, as read and as write; indefinite as Zephyr's clients send it */
  assert_answer ("0800000600000500a16164626869", "0900000600000500a16172626869");
  assert_answer ("0a00000600000500a16164626869", "0b00000600000500a16172626869");
  assert_answer ("0a00000700000500bf6164626869ff", "0b00000600000500a16172626869");
  /* parameters, in version 0 too */
  assert_answer ("0000000100000106a0",
                 "0100001800000106a2686275665f73697a65190400696275665f636f756e7401");
  /* reset with "force", which some clients send */
  assert_answer ("0a00000800000205a165666f72636501", "0b00000100000205a0");
}
END_TEST

START_TEST (the_device_refuses_what_it_does_not_know)
{
  assert_answer ("0800000100010000a0", "0900000500010000a162726308"); /* the image group */
  assert_answer ("08000001000000630a", "0900000500000063a162726308"); /* an OS command */
  assert_answer ("080000014b430063a0", "090000054b430063a162726308"); /* a command of ours */
  assert_answer ("0a0000014b430000a0", "0b0000054b430000a162726308"); /* write to a read */
  assert_answer ("1000000100000106a0", "0900000500000106a16272630d"); /* SMP version 2 */
  assert_answer ("0800000200000106a0", "0900000500000106a162726303"); /* length */
  assert_answer ("080000010000010601", "0900000500000106a162726303"); /* no map */
  assert_answer ("0800000100000500a0", "0900000500000500a162726303"); /* echo of nothing */
  assert_answer ("0900000100000106a0", "");                           /* an answer */
  assert_answer ("08", "");
  assert_answer ("", "");
}
END_TEST

START_TEST (an_old_client_gets_old_errors)
{
  /* CSR without a key: error 5 of the group; version 0 knows only "no entry", 5 of all groups */
  assert_answer ("080000064b430003a1636f666600",
                 "090000134b430003a163657272a26567726f7570194b4362726305");
  assert_answer ("000000064b430003a1636f666600", "010000054b430003a162726305");
}
END_TEST

START_TEST (chunks_must_follow_each_other)
{
  g_autoptr (SmpChip) chip = smp_chip_new (1024);
  /* {"what": "cert", "off": 0, "len": 4, "data": h'6162'} */
  g_autofree char *first = answer_of (chip, "0a00001d4b430004a46477686174646365727463"
                                            "6f666600636c656e04646461746142"
                                            "6162");
  /* {"what": "chain", "off": 2, "data": h'6364'}: another object */
  g_autofree char *other = answer_of (chip, "0a0000194b430004a36477686174656368"
                                            "61696e636f666602646461746142"
                                            "6364");
  /* {"what": "cert", "off": 2, "data": h'6364'}: its install was given up by the one before */
  g_autofree char *late = answer_of (chip, "0a0000184b430004a3647768617464636572"
                                           "74636f666602646461746142"
                                           "6364");

  ck_assert_str_eq (first, "0b0000064b430004a1636f666602");
  ck_assert_str_eq (other, "0b0000134b430004a163657272a26567726f7570194b4362726309");
  ck_assert_str_eq (late, "0b0000134b430004a163657272a26567726f7570194b4362726309");
  ck_assert_ptr_null (chip->objects[PROVISION_OBJECT_CERTIFICATE]);
}
END_TEST

static void
assert_offset_refused (const char *second)
{
  g_autoptr (SmpChip) chip = smp_chip_new (1024);
  g_autofree char *begun = answer_of (chip, "0a00001d4b430004a46477686174646365727463"
                                            "6f666600636c656e046464617461426162");
  g_autofree char *answer = answer_of (chip, second);

  ck_assert_str_eq (begun, "0b0000064b430004a1636f666602");
  ck_assert_str_eq (answer, "0b0000134b430004a163657272a26567726f7570194b4362726309");
}

START_TEST (gaps_and_overlaps_and_overruns_are_refused)
{
  /* {"what": "cert", "off": 3, ...}, the same with 1, and with 4 GiB - 1 */
  assert_offset_refused ("0a0000184b430004a364776861746463657274636f6666036464617461426364");
  assert_offset_refused ("0a0000184b430004a364776861746463657274636f6666016464617461426364");
  assert_offset_refused (
      "0a00001c4b430004a364776861746463657274636f66661affffffff6464617461426364");
  /* off 2 and three bytes where two are left */
  assert_offset_refused ("0a0000194b430004a364776861746463657274636f666602646461746143636465");
}
END_TEST

START_TEST (what_was_damaged_on_the_way_is_not_kept)
{
  g_autoptr (SmpChip) chip = smp_chip_new (1024);
  g_autoptr (cbor_item_t) map = smp_map_new (5);
  SmpHeader header = { SMP_WRITE, 1, SMP_PROVISIONING_GROUP, 0, SMP_PROVISION_INSTALL };
  g_autoptr (GBytes) packet = NULL;
  g_autofree char *hex = NULL;
  g_autofree char *answer = NULL;

  smp_map_add_text (map, "what", "cert");
  smp_map_add_unsigned (map, "off", 0);
  smp_map_add_unsigned (map, "len", 4);
  smp_map_add_bytes (map, "data", (const guint8 *)"abcd", 4);
  smp_map_add_bytes (map, "sha", (const guint8 *)"01234567890123456789012345678901", 32);
  packet = smp_packet_new (&header, map);
  hex = hex_encode (g_bytes_get_data (packet, NULL), g_bytes_get_size (packet));
  answer = answer_of (chip, hex);
  ck_assert_str_eq (answer, "0b0000134b430004a163657272a26567726f7570194b436272630a");
  ck_assert_ptr_null (chip->objects[PROVISION_OBJECT_CERTIFICATE]);
}
END_TEST

/* Small changes of real packets, and plain noise: nothing may be read or written outside its
 * buffer (the sanitizers watch), and every answer must fit. */
START_TEST (noise_does_the_device_no_harm)
{
  static const char *const seeds[] = {
    "080000014b430001a0",
    "0a00000d4b430002a1646b696e6465702d323536",
    "0800000f4b430003a262636e6544455631326f666600",
    "0800000600000500a16164626869",
    "0a00001d4b430004a464776861746463657274636f666600636c656e046464617461426162",
  };
  g_autoptr (SmpChip) chip = smp_chip_new (1024);
  g_autoptr (GRand) random = g_rand_new_with_seed (1);

  for (guint round = 0; round < rounds_of (200000, 20000); round++) {
    g_autoptr (GBytes) seed = hex_decode (seeds[round % G_N_ELEMENTS (seeds)]);
    gsize length = g_bytes_get_size (seed);
    g_autofree guint8 *packet = g_memdup2 (g_bytes_get_data (seed, NULL), length);
    guint8 response[PROVISION_PACKET_MIN];

    for (guint change = 0; change <= round % 4; change++)
      packet[g_rand_int_range (random, 8, (gint32)length)] = (guint8)g_rand_int (random);
    length = (gsize)g_rand_int_range (random, 1, (gint32)length + 1);
    packet[3 % length] = length > 8 ? (guint8)(length - 8) : packet[3 % length];
    ck_assert_uint_le (
        provision_device_answer (&chip->device, packet, length, response, sizeof response),
        sizeof response);
  }
}
END_TEST

START_TEST (a_mebibyte_of_junk_leaves_both_sides_ready)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (2);
  g_autoptr (GBytes) packet = some_bytes (50);
  g_autoptr (GBytes) frames = smp_frames_new (packet);
  g_auto (SmpAssembly) assembly = { 0 };
  SmpSerialReceiver receiver;
  guint8 buffer[256];
  guint8 line[64];
  gsize size, got = 0;
  const guint8 *text = g_bytes_get_data (frames, &size);

  smp_assembly_init (&assembly);
  smp_serial_receiver_init (&receiver, buffer, sizeof buffer);
  for (guint i = 0; i < 1024 * 1024 / sizeof line; i++) {
    for (guint k = 0; k < sizeof line; k++)
      line[k] = (guint8)g_rand_int_range (random, 0, i % 2 == 0 ? 256 : 24);
    for (guint k = 0; k < sizeof line; k++)
      smp_serial_receive (&receiver, line[k]);
    smp_assembly_take (&assembly, line, sizeof line);
    ck_assert_uint_le (assembly.packet->len, SMP_PACKET_MAX + 2);
  }
  for (gsize i = 0; i < size; i++)
    got += smp_serial_receive (&receiver, text[i]);
  ck_assert_uint_eq (got, 50);
  ck_assert_int_eq (take_bytes (&assembly, frames), SMP_LINE_PACKET);
}
END_TEST

START_TEST (a_packet_too_large_for_the_device_is_dropped_and_the_next_one_taken)
{
  g_autoptr (GBytes) large = some_bytes (300);
  g_autoptr (GBytes) large_frames = smp_frames_new (large);
  g_autoptr (GBytes) fits = some_bytes (100);
  g_autoptr (GBytes) fitting_frames = smp_frames_new (fits);
  GBytes *all[] = { large_frames, fitting_frames };
  SmpSerialReceiver receiver;
  guint8 buffer[102];
  gsize got = 0;

  smp_serial_receiver_init (&receiver, buffer, sizeof buffer);
  for (guint i = 0; i < 2; i++) {
    gsize size;
    const guint8 *text = g_bytes_get_data (all[i], &size);

    for (gsize k = 0; k < size; k++)
      got += smp_serial_receive (&receiver, text[k]);
  }
  ck_assert_uint_eq (got, 100);
}
END_TEST

/* The vectors of the specification. */

static char *specification;

static void
vector (const char *name, GBytes *bytes)
{
  g_autofree char *hex = hex_encode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_autofree char *line = g_strdup_printf ("\n%-22s %s\n", name, hex);

  if (g_getenv ("KEYCRADLE_VECTORS") != NULL)
    g_print ("%s", line + 1);
  else
    ck_assert_msg (strstr (specification, line) != NULL, "not in the specification: %s", line + 1);
}

static void
vector_exchange (SmpChip *chip, const char *name, SmpOperation operation, guint8 command,
                 cbor_item_t *body)
{
  SmpHeader header = { operation, 1, SMP_PROVISIONING_GROUP, 7, command };
  g_autoptr (cbor_item_t) owned = body;
  g_autoptr (GBytes) request = smp_packet_new (&header, owned);
  g_autofree char *request_name = g_strconcat (name, "-request", NULL);
  g_autofree char *answer_name = g_strconcat (name, "-answer", NULL);
  g_autofree char *hex = hex_encode (g_bytes_get_data (request, NULL), g_bytes_get_size (request));
  g_autofree char *answer_hex = answer_of (chip, hex);
  g_autoptr (GBytes) answer = hex_decode (answer_hex);

  vector (request_name, request);
  if (g_strcmp0 (name, "prove") != 0) /* a signature is another one each time */
    vector (answer_name, answer);
}

static cbor_item_t *
map_of_text (const char *key, const char *text)
{
  cbor_item_t *map = smp_map_new (1);

  smp_map_add_text (map, key, text);
  return map;
}

static cbor_item_t *
map_of_install (void)
{
  g_autoptr (GBytes) digest = sha256_of ((const guint8 *)"iot.example.com", 15);
  cbor_item_t *map = smp_map_new (5);

  smp_map_add_text (map, "what", "endpoint");
  smp_map_add_unsigned (map, "off", 0);
  smp_map_add_unsigned (map, "len", 15);
  smp_map_add_bytes (map, "data", (const guint8 *)"iot.example.com", 15);
  smp_map_add_bytes (map, "sha", g_bytes_get_data (digest, NULL), 32);
  return map;
}

static cbor_item_t *
map_of_read_back (void)
{
  cbor_item_t *map = smp_map_new (2);

  smp_map_add_text (map, "what", "endpoint");
  smp_map_add_unsigned (map, "off", 0);
  return map;
}

static void
vector_of_proof (SmpChip *chip)
{
  static const char domain[] = "keycradle-proof-v1";
  g_autoptr (GByteArray) message = g_byte_array_new ();
  cbor_item_t *map = smp_map_new (1);
  guint8 nonce[32];

  for (guint i = 0; i < sizeof nonce; i++)
    nonce[i] = (guint8)i;
  smp_map_add_bytes (map, "nonce", nonce, sizeof nonce);
  vector_exchange (chip, "prove", SMP_READ, SMP_PROVISION_PROVE, map);
  g_byte_array_append (message, (const guint8 *)domain, sizeof domain);
  g_byte_array_append (message, nonce, sizeof nonce);
  g_autoptr (GBytes) digest = sha256_of (message->data, message->len);
  g_autoptr (GBytes) bytes = g_byte_array_free_to_bytes (g_steal_pointer (&message));
  vector ("prove-message", bytes);
  vector ("prove-sha256", digest);
}

static cbor_item_t *
map_of_csr (void)
{
  cbor_item_t *map = smp_map_new (2);

  smp_map_add_text (map, "cn", "DEV-1");
  smp_map_add_unsigned (map, "off", 0);
  return map;
}

/* The install request again, as it goes over a serial line: two frames. */
static void
vector_of_frames (void)
{
  SmpHeader header = { SMP_WRITE, 1, SMP_PROVISIONING_GROUP, 7, SMP_PROVISION_INSTALL };
  g_autoptr (cbor_item_t) map = map_of_install ();
  g_autoptr (GBytes) packet = smp_packet_new (&header, map);
  g_autoptr (GBytes) frames = smp_frames_new (packet);

  vector ("install-frames", frames);
}

static void
vector_of_table (const char *name, const uint8_t *table, gsize size)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (table, size);

  vector (name, bytes);
}

/* The reference descriptors of section 7. */
static void
vectors_of_usb (void)
{
  vector_of_table ("usb-device", smp_usb_device_descriptor, sizeof smp_usb_device_descriptor);
  vector_of_table ("usb-configuration-full", smp_usb_full_speed_configuration,
                   sizeof smp_usb_full_speed_configuration);
  vector_of_table ("usb-configuration-high", smp_usb_high_speed_configuration,
                   sizeof smp_usb_high_speed_configuration);
  vector_of_table ("usb-qualifier", smp_usb_qualifier_descriptor,
                   sizeof smp_usb_qualifier_descriptor);
  vector_of_table ("usb-bos", smp_usb_bos_descriptor, sizeof smp_usb_bos_descriptor);
  vector_of_table ("usb-ms-os-set", smp_usb_ms_os_set, sizeof smp_usb_ms_os_set);
}

START_TEST (the_specification_shows_what_the_code_does)
{
  g_autoptr (SmpChip) chip = smp_chip_new (1024);

  ck_assert (g_file_get_contents (SMP_SPECIFICATION, &specification, NULL, NULL)
             || g_getenv ("KEYCRADLE_VECTORS") != NULL);
  vector_exchange (chip, "identify", SMP_READ, SMP_PROVISION_IDENTIFY, smp_map_new (0));
  vector_exchange (chip, "capabilities", SMP_READ, SMP_PROVISION_CAPABILITIES, smp_map_new (0));
  vector_exchange (chip, "no-key", SMP_READ, SMP_PROVISION_READ_CSR, map_of_csr ());
  vector_exchange (chip, "generate-key", SMP_WRITE, SMP_PROVISION_GENERATE_KEY,
                   map_of_text ("kind", "p-256"));
  vector_exchange (chip, "install", SMP_WRITE, SMP_PROVISION_INSTALL, map_of_install ());
  vector_exchange (chip, "read-back", SMP_READ, SMP_PROVISION_READ_BACK, map_of_read_back ());
  vector_of_proof (chip);
  vector_exchange (chip, "lock", SMP_WRITE, SMP_PROVISION_LOCK, smp_map_new (0));
  vector_exchange (chip, "locked", SMP_WRITE, SMP_PROVISION_GENERATE_KEY,
                   map_of_text ("kind", "p-256"));
  vector_of_frames ();
  vectors_of_usb ();
}
END_TEST

static TCase *
frame_tests (void)
{
  TCase *tests = tcase_create ("frames");

  tcase_add_test (tests, the_crc_is_xmodem);
  tcase_add_test (tests, frames_go_there_and_back_at_every_length);
  tcase_add_test (tests, no_frame_is_longer_than_127_bytes);
  tcase_add_test (tests, the_device_understands_the_station_at_every_length);
  tcase_add_test (tests, both_sides_write_the_same_frames);
  tcase_add_test (tests, a_frame_may_stand_behind_console_text);
  tcase_add_test (tests, a_damaged_digit_is_noticed_by_both_sides);
  tcase_add_test (tests, frames_that_can_not_be_are_damaged);
  tcase_add_test (tests, a_continuation_without_a_beginning_is_text);
  tcase_add_test (tests, a_new_beginning_ends_a_packet_that_never_ended);
  tcase_add_test (tests, a_packet_too_large_for_the_device_is_dropped_and_the_next_one_taken);
  tcase_add_test (tests, a_mebibyte_of_junk_leaves_both_sides_ready);
  return tests;
}

static TCase *
packet_tests (void)
{
  TCase *tests = tcase_create ("packets");

  tcase_add_test (tests, bodies_are_one_bounded_map);
  tcase_add_test (tests, counts_beyond_the_bytes_are_not_believed);
  tcase_add_test (tests, a_count_costs_no_memory);
  tcase_add_test (tests, deep_nesting_is_refused);
  tcase_add_test (tests, nesting_has_a_limit);
  tcase_add_test (tests, headers_go_there_and_back);
  return tests;
}

static TCase *
device_tests (void)
{
  TCase *tests = tcase_create ("device");

  tcase_set_timeout (tests, 60);
  tcase_add_test (tests, the_device_answers_the_standard_commands);
  tcase_add_test (tests, the_device_refuses_what_it_does_not_know);
  tcase_add_test (tests, an_old_client_gets_old_errors);
  tcase_add_test (tests, chunks_must_follow_each_other);
  tcase_add_test (tests, gaps_and_overlaps_and_overruns_are_refused);
  tcase_add_test (tests, what_was_damaged_on_the_way_is_not_kept);
  tcase_add_test (tests, noise_does_the_device_no_harm);
  tcase_add_test (tests, the_specification_shows_what_the_code_does);
  return tests;
}

int
main (void)
{
  Suite *suite = suite_create ("smp-proto");
  SRunner *runner;
  int failed;

  suite_add_tcase (suite, frame_tests ());
  suite_add_tcase (suite, packet_tests ());
  suite_add_tcase (suite, device_tests ());
  runner = srunner_create (suite);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Packets, a kit's lines and the chip's configuration, by tables.
 */
#include <check.h>
#include <string.h>

#include "base/encode.h"
#include "drivers/microchip/proto.h"

/* Recomputed from the datasheet's CRC by hand; count, opcode, p1, p2, data, CRC. */
START_TEST (test_commands_are_the_known_ones)
{
  static const guint8 zeros[CHIP_BLOCK];
  static const struct {
    ChipCommand command;
    const char *line;
  } cases[] = {
    { { .opcode = CHIP_INFO }, "E:t(0730000000035D)\n" },
    { { .opcode = CHIP_READ, .p1 = 0x80 }, "E:t(070280000009AD)\n" },
    { { .opcode = CHIP_RANDOM }, "E:t(071B00000024CD)\n" },
    { { .opcode = CHIP_GENKEY, .p1 = 4 }, "E:t(07400400008387)\n" },
    { { .opcode = CHIP_GENKEY }, "E:t(07400000000005)\n" },
    { { .opcode = CHIP_NONCE, .p1 = 0x03, .data = zeros, .length = 32 },
      "E:t(27160300000000000000000000000000000000000000000000000000000000000000000000C7B8)\n" },
    { { .opcode = CHIP_NONCE, .p1 = 0x43, .data = zeros, .length = 32 },
      "E:t(27164300000000000000000000000000000000000000000000000000000000000000000000143A)\n" },
    { { .opcode = CHIP_SIGN, .p1 = 0x80 }, "E:t(07418000002805)\n" },
    { { .opcode = CHIP_SIGN, .p1 = 0xa0 }, "E:t(0741A000007B85)\n" },
    { { .opcode = CHIP_WRITE, .p1 = 0x82, .p2 = 0x50, .data = zeros, .length = 32 },
      "E:t(27128250000000000000000000000000000000000000000000000000000000000000000000"
      "4835)\n" },
    { { .opcode = CHIP_LOCK, .p1 = 0x80 }, "E:t(0717800000398D)\n" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *line = kit_talk_line (&cases[i].command);

    ck_assert_str_eq (line, cases[i].line);
  }
}
END_TEST

START_TEST (test_answers_are_checked)
{
  static const struct {
    const char *hex;
    int status; /* -1: it is none */
  } cases[] = { { "04000340", 0x00 }, { "040F2342", 0x0f }, { "04113343", 0x11 },
                { "04113344", -1 },   { "05113343", -1 },   { "0411334300", -1 },
                { "0300a0", -1 },     { "", -1 },           { "04", -1 } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GBytes) packet =
        cases[i].hex[0] == '\0' ? g_bytes_new (NULL, 0) : hex_decode (cases[i].hex);
    const guint8 *data;
    gsize length;
    gboolean good = chip_packet_read (packet, &data, &length);

    ck_assert_msg (good == (cases[i].status >= 0), "%s", cases[i].hex);
    ck_assert (!good || (length == 1 && data[0] == cases[i].status));
  }
}
END_TEST

START_TEST (test_lines_are_read_strictly)
{
  static const struct {
    const char *line;
    int status;
    gsize length;
  } cases[] = { { "00()", 0, 0 },       { "00(0411)", 0, 2 },   { "C0()", 0xc0, 0 },
                { "00(041)", -1, 0 },   { "00(0411", -1, 0 },   { "0(0411)", -1, 0 },
                { "00 (0411)", -1, 0 }, { "00(04 11)", -1, 0 }, { "", -1, 0 },
                { "zz()", -1, 0 },      { "00(0g)", -1, 0 } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GBytes) payload = NULL;
    guint8 status = 0;
    gboolean good = kit_answer_read (cases[i].line, &status, &payload);

    ck_assert_msg (good == (cases[i].status >= 0), "%s", cases[i].line);
    ck_assert (!good
               || (status == cases[i].status && g_bytes_get_size (payload) == cases[i].length));
  }
}
END_TEST

START_TEST (test_devices_are_told_apart)
{
  static const struct {
    const char *line;
    int kind; /* -1: no such line */
    guint8 address;
  } cases[] = { { "ECC608 TWI 00(C0)", KIT_DEVICE_ECC, 0xc0 },
                { "ECC608A SWI 00(6a)", KIT_DEVICE_ECC, 0x6a },
                { "SHA204 TWI 00(C8)", KIT_DEVICE_OTHER, 0xc8 },
                { "no_device", KIT_DEVICE_NONE, 0 },
                { "no_device 00(00)", KIT_DEVICE_NONE, 0 },
                { "ECC608 TWI 00(C0", -1, 0 },
                { "ECC608(C0)", -1, 0 },
                { "E\033C TWI 00(C0)", -1, 0 },
                { "ECC60800000000000000000 TWI 00(C0)", -1, 0 },
                { "login:", -1, 0 },
                { "ERROR", -1, 0 } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    KitDevice device;
    gboolean good = kit_device_read (cases[i].line, &device);

    ck_assert_msg (good == (cases[i].kind >= 0), "%s", cases[i].line);
    ck_assert (!good || ((int)device.kind == cases[i].kind && device.address == cases[i].address));
  }
}
END_TEST

/* One sound configuration, and one byte of it changed. */
START_TEST (test_a_slot_must_be_fit_for_its_use)
{
  static const struct {
    guint place;
    guint8 value;
    const char *key_problem;  /* of slot 0, to make a key; NULL: it is fit */
    const char *data_problem; /* of slot 10 */
  } cases[] = { { 0, 0x01, NULL, NULL },
                { 96, 0x3c, "private P-256", NULL }, /* KeyConfig 0: data */
                { 96, 0xb3, "authorization", NULL }, /* ReqAuth */
                { 20, 0x84, "comes from outside", NULL },
                { 21, 0x00, "for ever", NULL }, /* no GenKey */
                { 88, 0xfe, "locked", NULL },
                { 89, 0xfb, NULL, "locked" }, /* slot 10 */
                { 40, 0x8f, NULL, "secret" },
                { 41, 0x4f, NULL, "encrypted" },
                { 41, 0x8f, NULL, "never" },
                { 116, 0x33, NULL, "private key" } };
  guint8 config[CHIP_CONFIG_LENGTH] = { 0x01, 0x23 };

  config[88] = config[89] = 0xff;
  config[20] = 0x85;
  config[21] = 0x20;
  config[96] = 0x33;
  config[40] = config[41] = 0x0f;
  config[116] = 0x3c;
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    const guint8 before = config[cases[i].place];

    config[cases[i].place] = cases[i].value;
    const char *key = chip_key_slot_problem (config, 0, TRUE);
    const char *data = chip_data_slot_problem (config, 10);
    ck_assert_msg ((key == NULL) == (cases[i].key_problem == NULL), "%u: %s", i, key);
    ck_assert (key == NULL || strstr (key, cases[i].key_problem) != NULL);
    ck_assert_msg ((data == NULL) == (cases[i].data_problem == NULL), "%u: %s", i, data);
    ck_assert (data == NULL || strstr (data, cases[i].data_problem) != NULL);
    config[cases[i].place] = before;
  }
  config[21] = 0x00; /* a key that is not to be made anew may be fixed */
  ck_assert_ptr_null (chip_key_slot_problem (config, 0, FALSE));
  ck_assert_ptr_nonnull (chip_data_slot_problem (config, 7));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("drivers-microchip-proto");
  TCase *tcase = tcase_create ("proto");

  tcase_add_test (tcase, test_commands_are_the_known_ones);
  tcase_add_test (tcase, test_answers_are_checked);
  tcase_add_test (tcase, test_lines_are_read_strictly);
  tcase_add_test (tcase, test_devices_are_told_apart);
  tcase_add_test (tcase, test_a_slot_must_be_fit_for_its_use);
  suite_add_tcase (suite, tcase);
  SRunner *runner = srunner_create (suite);
  srunner_run_all (runner, CK_NORMAL);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? 0 : 1;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The frames, against vectors, and what a sketch tells of itself.
 */
#include <check.h>
#include <string.h>

#include "base/encode.h"
#include "drivers/arduino/proto.h"

#define DESCRIPTION "serial=0123456789abcdefee model=MKR version=1.0 locked=yes"

START_TEST (frames_are_those_of_arduinos_tool)
{
  static const struct {
    ArduinoType type;
    const char *payload;
    const char *frame;
  } vectors[] = {
    { ARDUINO_COMMAND, "0a0102", "55aa0100050a01028f7caa55" },
    { ARDUINO_DATA, "04", "55aa02000304b65caa55" },
    { ARDUINO_COMMAND, "02", "55aa01000302d36aaa55" },
    { ARDUINO_DATA, "", "55aa0200020000aa55" },
  };

  /* The check value of CRC-16/X-25 (reveng's catalogue). */
  ck_assert_uint_eq (arduino_crc ((const guint8 *)"123456789", 9), 0x906e);
  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++) {
    g_autoptr (GByteArray) frame = g_byte_array_new ();
    g_autoptr (GByteArray) taken = g_byte_array_new ();
    g_autoptr (GBytes) payload = hex_decode (vectors[i].payload);
    gsize length = payload == NULL ? 0 : g_bytes_get_size (payload);
    guint8 type;

    arduino_put_frame (frame, vectors[i].type,
                       payload == NULL ? NULL : g_bytes_get_data (payload, NULL), length);
    g_autofree char *hex = hex_encode (frame->data, frame->len);
    ck_assert_str_eq (hex, vectors[i].frame);
    ck_assert_int_eq (arduino_take_frame (frame, &type, taken), ARDUINO_FRAME);
    ck_assert_uint_eq (type, vectors[i].type);
    ck_assert_uint_eq (taken->len, length);
    ck_assert_uint_eq (frame->len, 0);
  }
}
END_TEST

/* What arduino_take_frame() makes of `hex`, in order: F, B, and how many bytes are left. */
static char *
take_all (const char *hex)
{
  g_autoptr (GBytes) bytes = hex_decode (hex);
  g_autoptr (GByteArray) input = g_byte_array_new ();
  g_autoptr (GByteArray) payload = g_byte_array_new ();
  GString *found = g_string_new (NULL);
  ArduinoFound one;
  guint8 type;

  g_byte_array_append (input, g_bytes_get_data (bytes, NULL), (guint)g_bytes_get_size (bytes));
  while ((one = arduino_take_frame (input, &type, payload)) != ARDUINO_NO_FRAME)
    g_string_append_c (found, one == ARDUINO_FRAME ? 'F' : 'B');
  g_string_append_printf (found, "%u", input->len);
  return g_string_free (found, FALSE);
}

START_TEST (what_is_no_frame_is_passed_over)
{
  static const char *const cases[][2] = {
    { "55aa01000302d36aaa55", "F0" },
    { "0d0a5555aa01000302d36aaa55aa", "F0" },    /* noise before and behind */
    { "55aa01000302d36baa55", "B1" },            /* CRC */
    { "55aa01000302d36aaa56", "B0" },            /* end */
    { "55aa01000102d36aaa55", "B1" },            /* shorter than its CRC */
    { "55aaffffff55aa01000302d36aaa55", "BF0" }, /* longer than any */
    { "55aa01000355aa01000302d36aaa55", "BF0" }, /* one that was cut off, and a whole one */
    { "55aa01000302d36aaa", "9" },
    { "55aa", "2" },
    { "0055", "1" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *found = take_all (cases[i][0]);

    ck_assert_msg (g_str_equal (found, cases[i][1]), "%s gave %s", cases[i][0], found);
  }
}
END_TEST

START_TEST (descriptions_are_checked)
{
  static const struct {
    const char *text;
    const char *serial;
    gboolean locked;
  } cases[] = {
    { DESCRIPTION, "0123456789abcdefee", TRUE },
    { "serial=0123456789ABCDEFEE locked=no", "0123456789abcdefee", FALSE },
    { "serial=012345678 locked=yes", NULL, TRUE },
    { "serial=01234 locked=yes", NULL, TRUE },
    { "serial=000000000000000000 locked=yes", NULL, TRUE },
    { "serial=ffffffffffffffffff", NULL, FALSE },
    { "model=MKR locked=yes", NULL, TRUE },
    { "", NULL, FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_auto (ArduinoIdentity) identity = { 0 };

    ck_assert_int_eq (
        arduino_parse_identity ((const guint8 *)cases[i].text, strlen (cases[i].text), &identity),
        cases[i].serial != NULL);
    ck_assert_msg (g_strcmp0 (identity.serial, cases[i].serial) == 0, "%s", cases[i].text);
    ck_assert_int_eq (identity.locked, cases[i].locked);
  }
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("drivers-arduino-proto");
  TCase *frames = tcase_create ("frames");

  tcase_add_test (frames, frames_are_those_of_arduinos_tool);
  tcase_add_test (frames, what_is_no_frame_is_passed_over);
  tcase_add_test (frames, descriptions_are_checked);
  suite_add_tcase (suite, frames);
  SRunner *runner = srunner_create (suite);
  srunner_run_all (runner, CK_NORMAL);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? 0 : 1;
}

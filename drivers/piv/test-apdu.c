/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The bytes of PIV without a card: commands, answers, values in values, ciphers.
 */
#include <check.h>
#include <string.h>

#include "base/encode.h"
#include "drivers/card-frame.h"
#include "drivers/piv/apdu.h"
#include "drivers/piv/management-key.h"

START_TEST (apdus_come_out_of_a_stream_whole)
{
  g_autoptr (GByteArray) stream = g_byte_array_new ();

  card_frame_put (stream, (const guint8 *)"\x00\xa4\x04\x00", 4);
  card_frame_put (stream, NULL, 0);
  for (guint length = 0; length < 6; length++) {
    g_autoptr (GByteArray) part = g_byte_array_new ();
    g_byte_array_append (part, stream->data, length);
    ck_assert_ptr_null (card_frame_take (part));
    ck_assert_uint_eq (part->len, length);
  }
  g_autoptr (GBytes) first = card_frame_take (stream);
  ck_assert_uint_eq (g_bytes_get_size (first), 4);
  g_autoptr (GBytes) second = card_frame_take (stream);
  ck_assert_uint_eq (g_bytes_get_size (second), 0);
  ck_assert_ptr_null (card_frame_take (stream));
}
END_TEST

START_TEST (t0_has_no_place_for_a_second_length)
{
  static const struct {
    const char *hex;
    gsize length;
  } cases[] = {
    { "00200080", 4 },         /* neither data nor answer */
    { "00fd000000", 5 },       /* an answer */
    { "0020008002aabb", 7 },   /* data */
    { "00a4040002aabb00", 7 }, /* both */
    { "00a4040000aabb00", 8 }, /* extended: not for T=0 at all */
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GBytes) apdu = hex_decode (cases[i].hex);
    ck_assert_uint_eq (
        card_command_length_t0 (g_bytes_get_data (apdu, NULL), g_bytes_get_size (apdu)),
        cases[i].length);
  }
}
END_TEST

START_TEST (a_long_command_is_chained)
{
  guint8 data[600];
  PivCommand command = { .instruction = PIV_PUT_DATA,
                         .p1 = 0x3f,
                         .p2 = 0xff,
                         .data = data,
                         .length = sizeof data,
                         .wants_answer = TRUE };

  memset (data, 0xab, sizeof data);
  ck_assert_uint_eq (piv_command_parts (&command), 3);
  g_autoptr (GByteArray) first = piv_command_part (&command, 0);
  g_autoptr (GByteArray) last = piv_command_part (&command, 2);
  ck_assert_uint_eq (first->len, 5 + 255);
  ck_assert_mem_eq (first->data, "\x10\xdb\x3f\xff\xff\xab", 6);
  ck_assert_uint_eq (last->len, 5 + 90 + 1);
  ck_assert_mem_eq (last->data, "\x00\xdb\x3f\xff\x5a\xab", 6);
  ck_assert_uint_eq (last->data[last->len - 1], 0);
  command.length = 255;
  ck_assert_uint_eq (piv_command_parts (&command), 1);
  command.length = 0;
  command.wants_answer = FALSE;
  g_autoptr (GByteArray) bare = piv_command_part (&command, 0);
  ck_assert_uint_eq (bare->len, 4);
}
END_TEST

START_TEST (values_are_found_and_lies_are_not_followed)
{
  static const struct {
    const char *hex;
    guint tag;
    const char *value; /* NULL: not found */
  } cases[] = {
    { "7c0482020102", 0x7c, "82020102" },
    { "8000"
      "8101aa",
      0x81, "aa" },
    { "7f4902aabb", 0x7f49, "aabb" },
    { "53820002ccdd", 0x53, "ccdd" },
    { "538102ccdd", 0x53, "ccdd" },
    { "", 0x53, NULL },
    { "53", 0x53, NULL },
    { "5302aa", 0x53, NULL },
    { "53ff", 0x53, NULL },
    { "5383000001aa", 0x53, NULL },
    { "5382ffffaa", 0x53, NULL },
    { "5380aa0000", 0x53, NULL },
    { "7f", 0x7f49, NULL },
    { "7f8149", 0x7f81, NULL },
    { "80ff"
      "8101aa",
      0x81, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GBytes) bytes = hex_decode (cases[i].hex);
    gsize length;
    const guint8 *data = g_bytes_get_data (bytes, &length);
    g_autofree guint8 *exact = g_memdup2 (data, length); /* so that a sanitizer sees its end */
    PivValue value;
    gboolean found = piv_find ((PivValue){ exact, length }, cases[i].tag, &value);

    ck_assert_msg (found == (cases[i].value != NULL), "%s", cases[i].hex);
    if (found) {
      g_autofree char *hex = hex_encode (value.data, value.length);
      ck_assert_str_eq (hex, cases[i].value);
    }
  }
}
END_TEST

START_TEST (slots_have_the_objects_of_the_standard)
{
  static const struct {
    const char *word;
    guint8 slot;
    guint32 object;
  } good[] = { { "9a", 0x9a, 0x5fc105 }, { "9c", 0x9c, 0x5fc10a }, { "9d", 0x9d, 0x5fc10b },
               { "9e", 0x9e, 0x5fc101 }, { "82", 0x82, 0x5fc10d }, { "95", 0x95, 0x5fc120 } };
  static const char *const bad[] = { "", "81", "96", "9b", "f9", "9A ", "09a", "0x9a" };
  guint8 slot;
  guint32 object;

  for (guint i = 0; i < G_N_ELEMENTS (good); i++) {
    ck_assert (piv_slot_parse (good[i].word, &slot, &object));
    ck_assert_uint_eq (slot, good[i].slot);
    ck_assert_uint_eq (object, good[i].object);
  }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    ck_assert_msg (!piv_slot_parse (bad[i], &slot, &object), "%s", bad[i]);
}
END_TEST

START_TEST (a_status_word_is_one)
{
  g_autoptr (GByteArray) data = g_byte_array_new ();
  guint16 status;

  ck_assert (!piv_answer_split ((const guint8 *)"\x90", 1, data, &status));
  ck_assert (!piv_answer_split ((const guint8 *)"\x23\x23", 2, data, &status));
  ck_assert (piv_answer_split ((const guint8 *)"\x01\x90\x00", 3, data, &status));
  ck_assert_uint_eq (status, 0x9000);
  ck_assert_uint_eq (data->len, 1);
  g_byte_array_set_size (data, PIV_DATA_MAX - 1);
  ck_assert (piv_answer_split ((const guint8 *)"\x01\x61\x00", 3, data, &status));
  ck_assert (!piv_answer_split ((const guint8 *)"\x01\x61\x00", 3, data, &status));
}
END_TEST

/* FIPS 197, appendix C; NIST SP 800-20's Triple DES sample has three equal keys, so here is one
 * with three: SP 800-67, appendix B.1. */
START_TEST (ciphers_are_the_published_ones)
{
  static const struct {
    const char *key;
    PivAlgorithm algorithm;
    const char *plain;
    const char *cipher;
  } cases[] = {
    { "000102030405060708090a0b0c0d0e0f", PIV_AES_128, "00112233445566778899aabbccddeeff",
      "69c4e0d86a7b0430d8cdb78070b4c55a" },
    { "000102030405060708090a0b0c0d0e0f1011121314151617", PIV_AES_192,
      "00112233445566778899aabbccddeeff", "dda97ca4864cdfe06eaf70a0ec0d7191" },
    { "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", PIV_AES_256,
      "00112233445566778899aabbccddeeff", "8ea2b7ca516745bfeafc49904b496089" },
    { "0123456789abcdef23456789abcdef01456789abcdef0123", PIV_TRIPLE_DES, "5468652071756663",
      "a826fd8ce53b855f" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    ManagementKey key;
    guint8 block[MANAGEMENT_BLOCK_MAX];
    guint8 again[MANAGEMENT_BLOCK_MAX];
    g_autoptr (GBytes) plain = hex_decode (cases[i].plain);

    ck_assert (management_key_read (cases[i].key, &key));
    ck_assert (management_key_suits (&key, cases[i].algorithm));
    key.algorithm = cases[i].algorithm;
    management_encrypt (&key, g_bytes_get_data (plain, NULL), block);
    g_autofree char *hex = hex_encode (block, management_block_length (&key));
    ck_assert_str_eq (hex, cases[i].cipher);
    management_decrypt (&key, block, again);
    ck_assert_mem_eq (again, g_bytes_get_data (plain, NULL), g_bytes_get_size (plain));
  }
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("drivers-piv-apdu");
  TCase *tcase = tcase_create ("bytes");

  tcase_add_test (tcase, apdus_come_out_of_a_stream_whole);
  tcase_add_test (tcase, t0_has_no_place_for_a_second_length);
  tcase_add_test (tcase, a_long_command_is_chained);
  tcase_add_test (tcase, values_are_found_and_lies_are_not_followed);
  tcase_add_test (tcase, slots_have_the_objects_of_the_standard);
  tcase_add_test (tcase, a_status_word_is_one);
  tcase_add_test (tcase, ciphers_are_the_published_ones);
  suite_add_tcase (suite, tcase);
  SRunner *runner = srunner_create (suite);
  srunner_run_all (runner, CK_NORMAL);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? 0 : 1;
}

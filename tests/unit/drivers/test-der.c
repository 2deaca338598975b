/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Cutting a request up, held against OpenSSL.
 */
#include <check.h>
#include <string.h>

#include "drivers/der.h"
#include "tests/unit/drivers/device-key.h"

static GBytes *
slice (GBytes *bytes, gsize length)
{
  return g_bytes_new_from_bytes (bytes, 0, length);
}

START_TEST (the_parts_are_what_openssl_signed)
{
  EVP_PKEY *key = device_key_new ();
  g_autoptr (GBytes) request = device_key_request (key, "device-1");
  g_autoptr (GBytes) key_info = device_key_info (key);
  g_auto (DerRequest) parts = { 0 };

  ck_assert (der_request_split (request, &parts));
  ck_assert (g_bytes_equal (parts.spki, key_info));
  Proof proof = { .scheme = PROOF_ECDSA_SHA256_DER,
                  .message = parts.info,
                  .signature = parts.signature };
  ck_assert (device_key_made (key, &proof));
  EVP_PKEY_free (key);
}
END_TEST

START_TEST (a_request_that_is_cut_off_anywhere_is_refused)
{
  EVP_PKEY *key = device_key_new ();
  g_autoptr (GBytes) request = device_key_request (key, "device-1");

  for (gsize length = 0; length < g_bytes_get_size (request); length++) {
    g_autoptr (GBytes) part = slice (request, length);
    g_auto (DerRequest) parts = { 0 };

    ck_assert (!der_request_split (part, &parts));
    ck_assert_ptr_null (parts.info);
  }
  EVP_PKEY_free (key);
}
END_TEST

START_TEST (a_byte_behind_the_request_is_refused)
{
  EVP_PKEY *key = device_key_new ();
  g_autoptr (GBytes) request = device_key_request (key, "device-1");
  g_autoptr (GByteArray) longer = g_byte_array_new ();
  g_auto (DerRequest) parts = { 0 };

  g_byte_array_append (longer, g_bytes_get_data (request, NULL), (guint)g_bytes_get_size (request));
  g_byte_array_append (longer, (const guint8 *)"", 1);
  g_autoptr (GBytes) bytes = g_byte_array_free_to_bytes (g_steal_pointer (&longer));
  ck_assert (!der_request_split (bytes, &parts));
  EVP_PKEY_free (key);
}
END_TEST

START_TEST (lengths_that_lie_or_are_too_long_are_refused)
{
  static const char *const texts[] = {
    "\x30\x80",                 /* indefinite */
    "\x30\x81\x05",             /* not the shortest form */
    "\x30\x84\xff\xff\xff\xff", /* longer than anything */
    "\x30\x83\xff\xff\xff",
    "\x30\x7f",
    "\x31\x02\x05",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autoptr (GBytes) bytes = g_bytes_new (texts[i], strlen (texts[i]));
    g_auto (DerRequest) parts = { 0 };

    ck_assert (!der_request_split (bytes, &parts));
  }
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("drivers-der");
  TCase *tcase = tcase_create ("request");

  tcase_add_test (tcase, the_parts_are_what_openssl_signed);
  tcase_add_test (tcase, a_request_that_is_cut_off_anywhere_is_refused);
  tcase_add_test (tcase, a_byte_behind_the_request_is_refused);
  tcase_add_test (tcase, lengths_that_lie_or_are_too_long_are_refused);
  suite_add_tcase (suite, tcase);
  SRunner *runner = srunner_create (suite);
  srunner_run_all (runner, CK_NORMAL);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? 0 : 1;
}

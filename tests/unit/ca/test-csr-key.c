/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The gate: keys in a request that must not pass, whoever signed it: of another curve or size,
 * points that are none, numbers that no RSA key has.
 */
#include "base/der-write.h"
#include "base/encode.h"
#include "tests/unit/ca/expect.h"
#include "tests/unit/ca/make.h"

#include <check.h>
#include <string.h>

static EVP_PKEY *p256;
static EVP_PKEY *rsa;

static void
setup (void)
{
  p256 = make_key ("P-256");
  rsa = make_key ("rsa-2048");
}

static void
teardown (void)
{
  EVP_PKEY_free (p256);
  EVP_PKEY_free (rsa);
}

START_TEST (test_weak_and_foreign_keys_are_refused)
{
  static const struct {
    const char *key;
    CaError code;
  } cases[] = { { "rsa-1024", CA_ERROR_RSA_TOO_SMALL },  { "rsa-2040", CA_ERROR_RSA_TOO_SMALL },
                { "rsa-2052", CA_ERROR_RSA_MALFORMED },  { "secp256k1", CA_ERROR_EC_CURVE },
                { "P-224", CA_ERROR_EC_CURVE },          { "prime192v1", CA_ERROR_EC_CURVE },
                { "brainpoolP256r1", CA_ERROR_EC_CURVE } };

  expect_refused (make_good_request (cases[_i].key, "SHA256"), cases[_i].code, NULL);
}
END_TEST

/* The SubjectPublicKeyInfo of a P-256 key with another key field. */
static char *
spki_hex_with_point (const char *point_hex)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autoptr (GBytes) algorithm = hex_decode ("301306072a8648ce3d020106082a8648ce3d030107");
  g_autofree char *bits_hex = g_strconcat ("00", point_hex, NULL);
  g_autoptr (GBytes) bits = hex_decode (bits_hex);

  g_byte_array_append (out, g_bytes_get_data (algorithm, NULL),
                       (guint)g_bytes_get_size (algorithm));
  der_put (out, DER_BIT_STRING, g_bytes_get_data (bits, NULL), g_bytes_get_size (bits));
  der_wrap (out, 0, DER_SEQUENCE);
  return hex_encode (out->data, out->len);
}

static char *
point_hex_of (EVP_PKEY *key)
{
  guint8 *point = NULL;
  gsize length = EVP_PKEY_get1_encoded_public_key (key, &point);
  char *hex = hex_encode (point, length);

  OPENSSL_free (point);
  return hex;
}

START_TEST (test_bad_points_are_refused)
{
  RequestParts parts = make_parts (p256, "SHA256");
  g_autofree char *good = point_hex_of (p256);
  g_autofree char *bad = g_strdup (good);
  g_autofree char *spki = NULL;

  switch (_i) {
  case 0: /* compressed */
    bad[66] = '\0';
    memcpy (bad, "02", 2);
    break;
  case 1: /* infinity */
    strcpy (bad, "00");
    break;
  case 2: /* hybrid */
    memcpy (bad, "06", 2);
    break;
  case 3: /* off the curve */
    bad[129] = bad[129] == '0' ? '1' : '0';
    break;
  case 4: /* too short */
    bad[128] = '\0';
    break;
  case 5: /* outside the field */
    memset (bad + 2, 'f', 64);
    break;
  }
  spki = spki_hex_with_point (bad);
  parts_set (&parts.spki, spki);
  expect_refused (make_request (&parts), CA_ERROR_EC_POINT, NULL);
  parts_clear (&parts);
}
END_TEST

START_TEST (test_a_curve_given_by_parameters_is_refused)
{
  EVP_PKEY *key = make_key ("P-256");
  RequestParts parts;

  ck_assert_int_eq (EVP_PKEY_set_utf8_string_param (key, "encoding", "explicit"), 1);
  parts = make_parts (key, "SHA256");
  expect_refused (make_request (&parts), CA_ERROR_EC_CURVE, NULL);
  parts_clear (&parts);
  EVP_PKEY_free (key);
}
END_TEST

/* An RSA SubjectPublicKeyInfo of any numbers. */
static char *
spki_hex_with_numbers (const char *modulus_hex, const char *exponent_hex)
{
  static const char null_and_oid[] = "300d06092a864886f70d0101010500";
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autoptr (GBytes) modulus = hex_decode (modulus_hex);
  g_autoptr (GBytes) exponent = hex_decode (exponent_hex);
  g_autoptr (GBytes) algorithm = hex_decode (null_and_oid);
  g_autoptr (GByteArray) bits = g_byte_array_new ();
  const guint8 unused = 0;
  guint key;

  g_byte_array_append (out, g_bytes_get_data (algorithm, NULL),
                       (guint)g_bytes_get_size (algorithm));
  key = out->len;
  der_put (out, DER_INTEGER, g_bytes_get_data (modulus, NULL), g_bytes_get_size (modulus));
  der_put (out, DER_INTEGER, g_bytes_get_data (exponent, NULL), g_bytes_get_size (exponent));
  der_wrap (out, key, DER_SEQUENCE);
  g_byte_array_append (bits, &unused, 1);
  g_byte_array_append (bits, out->data + key, out->len - key);
  g_byte_array_set_size (out, key);
  der_put (out, DER_BIT_STRING, bits->data, bits->len);
  der_wrap (out, 0, DER_SEQUENCE);
  return hex_encode (out->data, out->len);
}

START_TEST (test_impossible_rsa_numbers_are_refused)
{
  g_autofree char *odd = g_strnfill (512, 'f');
  g_autofree char *modulus = g_strconcat ("00", odd, NULL);
  g_autofree char *even = g_strdup (modulus);
  g_autofree char *huge_digits = g_strnfill (2050, 'f');
  g_autofree char *huge = g_strconcat ("00", huge_digits, NULL);
  g_autofree char *wide_digits = g_strnfill (64, '0');
  g_autofree char *wide = g_strconcat ("01", wide_digits, NULL);
  const struct {
    const char *modulus;
    const char *exponent;
    CaError code;
  } cases[] = {
    { modulus, "01", CA_ERROR_RSA_EXPONENT },     { modulus, "00", CA_ERROR_RSA_EXPONENT },
    { modulus, "010000", CA_ERROR_RSA_EXPONENT }, { even, "010001", CA_ERROR_RSA_MALFORMED },
    { modulus, wide, CA_ERROR_RSA_EXPONENT },     { huge, "010001", CA_ERROR_RSA_TOO_LARGE },
    { odd, "010001", CA_ERROR_CSR_MALFORMED }, /* negative */
    { "00", "010001", CA_ERROR_RSA_TOO_SMALL },
  };
  RequestParts parts = make_parts (rsa, "SHA256");
  g_autofree char *spki = NULL;

  even[513] = 'e';
  wide[65] = '1';
  spki = spki_hex_with_numbers (cases[_i].modulus, cases[_i].exponent);
  parts_set (&parts.spki, spki);
  expect_refused (make_request (&parts), cases[_i].code, NULL);
  parts_clear (&parts);
}
END_TEST
#define N_RSA_NUMBERS 8

int
main (void)
{
  Suite *suite = suite_create ("ca csr key");
  TCase *gate = tcase_create ("gate");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_set_timeout (gate, 120);
  tcase_add_unchecked_fixture (gate, setup, teardown);
  tcase_add_loop_test (gate, test_weak_and_foreign_keys_are_refused, 0, 7);
  tcase_add_loop_test (gate, test_bad_points_are_refused, 0, 6);
  tcase_add_test (gate, test_a_curve_given_by_parameters_is_refused);
  tcase_add_loop_test (gate, test_impossible_rsa_numbers_are_refused, 0, N_RSA_NUMBERS);
  suite_add_tcase (suite, gate);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Requests for chips that only sign, held against OpenSSL, which plays the chip here.
 */
#include <check.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#include "drivers/request.h"
#include "tests/unit/drivers/device-key.h"

static const struct {
  KeyKind kind;
  const char *curve; /* NULL: RSA */
  unsigned bits;
  gsize width; /* of a coordinate or of the modulus */
  RequestAlgorithm algorithm;
} kinds[] = {
  { KEY_KIND_P256, "P-256", 256, 32, REQUEST_ECDSA_SHA256 },
  { KEY_KIND_P384, "P-384", 384, 48, REQUEST_ECDSA_SHA384 },
  { KEY_KIND_P384, "P-384", 384, 48, REQUEST_ECDSA_SHA256 },
  { KEY_KIND_P521, "P-521", 521, 66, REQUEST_ECDSA_SHA384 },
  { KEY_KIND_RSA_2048, NULL, 2048, 256, REQUEST_RSA_SHA256 },
  { KEY_KIND_RSA_3072, NULL, 3072, 384, REQUEST_RSA_SHA256 },
  { KEY_KIND_RSA_4096, NULL, 4096, 512, REQUEST_RSA_SHA256 },
};

/* One of each, made before the tests, because RSA takes its time. */
static EVP_PKEY *keys[G_N_ELEMENTS (kinds)];

static void
make_keys (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    keys[i] = kinds[i].curve != NULL ? EVP_EC_gen (kinds[i].curve) : EVP_RSA_gen (kinds[i].bits);
}

static void
free_keys (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    EVP_PKEY_free (keys[i]);
}

/* A number as chips give it: of full width, so the modulus begins with a set bit, and of four bytes
 * for the exponent, so with zeros in front. */
static GByteArray *
number_of (EVP_PKEY *key, const char *name, gsize width)
{
  BIGNUM *number = NULL;
  GByteArray *bytes = g_byte_array_sized_new ((guint)width);

  ck_assert (EVP_PKEY_get_bn_param (key, name, &number));
  g_byte_array_set_size (bytes, (guint)width);
  ck_assert_int_eq (BN_bn2binpad (number, bytes->data, (int)width), (int)width);
  BN_free (number);
  return bytes;
}

static GBytes *
ec_key (EVP_PKEY *key, KeyKind kind)
{
  guint8 point[160];
  size_t length;

  ck_assert (
      EVP_PKEY_get_octet_string_param (key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &length));
  return request_ec_key (kind, point, length);
}

static GBytes *
rsa_key (EVP_PKEY *key, gsize width)
{
  g_autoptr (GByteArray) modulus = number_of (key, OSSL_PKEY_PARAM_RSA_N, width);
  g_autoptr (GByteArray) exponent = number_of (key, OSSL_PKEY_PARAM_RSA_E, 4);

  return request_rsa_key (modulus->data, modulus->len, exponent->data, exponent->len);
}

static GBytes *
key_info (EVP_PKEY *key, int i)
{
  return kinds[i].curve != NULL ? ec_key (key, kinds[i].kind) : rsa_key (key, kinds[i].width);
}

static const EVP_MD *
digest_of (RequestAlgorithm algorithm)
{
  return algorithm == REQUEST_ECDSA_SHA384 ? EVP_sha384 () : EVP_sha256 ();
}

static GBytes *
sign (EVP_PKEY *key, RequestAlgorithm algorithm, GBytes *message)
{
  EVP_MD_CTX *context = EVP_MD_CTX_new ();
  guint8 signature[512];
  size_t length = sizeof signature;

  ck_assert_int_eq (EVP_DigestSignInit (context, NULL, digest_of (algorithm), NULL, key), 1);
  ck_assert_int_eq (EVP_DigestSign (context, signature, &length, g_bytes_get_data (message, NULL),
                                    g_bytes_get_size (message)),
                    1);
  EVP_MD_CTX_free (context);
  return g_bytes_new (signature, length);
}

/* The request as OpenSSL reads it, which must want to write its signed part just so. */
static X509_REQ *
parsed (GBytes *request, GBytes *info)
{
  gsize length;
  const guint8 *start = g_bytes_get_data (request, &length);
  const guint8 *end = start;
  X509_REQ *read = d2i_X509_REQ (NULL, &end, (long)length);
  unsigned char *again = NULL;

  ck_assert_ptr_nonnull (read);
  ck_assert_ptr_eq (end, start + length);
  int again_length = i2d_re_X509_REQ_tbs (read, &again);
  ck_assert_int_gt (again_length, 0);
  ck_assert_uint_eq ((gsize)again_length, g_bytes_get_size (info));
  ck_assert_mem_eq (again, g_bytes_get_data (info, NULL), g_bytes_get_size (info));
  OPENSSL_free (again);
  return read;
}

static void
expect_common_name (X509_REQ *request, const char *expected)
{
  const X509_NAME *subject = X509_REQ_get_subject_name (request);
  ck_assert_int_eq (X509_NAME_entry_count (subject), 1);
  const X509_NAME_ENTRY *entry = X509_NAME_get_entry (subject, 0);
  const ASN1_STRING *value = X509_NAME_ENTRY_get_data (entry);

  ck_assert_int_eq (OBJ_obj2nid (X509_NAME_ENTRY_get_object (entry)), NID_commonName);
  ck_assert_int_eq (ASN1_STRING_type (value), V_ASN1_UTF8STRING);
  ck_assert_uint_eq ((gsize)ASN1_STRING_length (value), strlen (expected));
  ck_assert_mem_eq (ASN1_STRING_get0_data (value), expected, strlen (expected));
}

START_TEST (openssl_reads_and_verifies_it)
{
  static const char name[] = "Gerät 0042";
  EVP_PKEY *key = keys[_i];
  g_autoptr (GBytes) spki = key_info (key, _i);
  g_autoptr (GBytes) expected = device_key_info (key);
  ck_assert (g_bytes_equal (spki, expected));

  g_autoptr (GBytes) info = request_info (name, spki);
  g_autoptr (GBytes) signature = sign (key, kinds[_i].algorithm, info);
  g_autoptr (GBytes) request = request_new (info, kinds[_i].algorithm, signature);
  X509_REQ *read = parsed (request, info);
  expect_common_name (read, name);
  ck_assert_int_eq (X509_REQ_get_version (read), X509_REQ_VERSION_1);
  ck_assert_int_eq (X509_REQ_get_attr_count (read), 0);
  ck_assert_int_eq (X509_REQ_verify (read, key), 1);
  X509_REQ_free (read);
}
END_TEST

START_TEST (a_signature_over_anything_else_does_not_verify)
{
  EVP_PKEY *key = keys[_i];
  g_autoptr (GBytes) spki = key_info (key, _i);
  g_autoptr (GBytes) info = request_info ("device-1", spki);
  g_autoptr (GBytes) other = request_info ("device-2", spki);
  g_autoptr (GBytes) signature = sign (key, kinds[_i].algorithm, other);
  g_autoptr (GBytes) request = request_new (info, kinds[_i].algorithm, signature);
  X509_REQ *read = parsed (request, info);

  ck_assert_int_ne (X509_REQ_verify (read, key), 1);
  X509_REQ_free (read);
}
END_TEST

START_TEST (a_point_that_is_not_the_curves_is_refused)
{
  guint8 point[1 + 2 * 66] = { 0x04 };

  ck_assert_ptr_null (request_ec_key (KEY_KIND_P256, point, 64));
  ck_assert_ptr_null (request_ec_key (KEY_KIND_P256, point, 66));
  ck_assert_ptr_null (request_ec_key (KEY_KIND_P256, point, 97));
  ck_assert_ptr_null (request_ec_key (KEY_KIND_P384, point, 65));
  ck_assert_ptr_null (request_ec_key (KEY_KIND_P521, point, 97));
  ck_assert_ptr_null (request_ec_key (KEY_KIND_P256, point, 0));
  ck_assert_ptr_null (request_ec_key (KEY_KIND_RSA_2048, point, 65));
  g_autoptr (GBytes) whole = request_ec_key (KEY_KIND_P256, point, 65);
  ck_assert_ptr_nonnull (whole);
  point[0] = 0x02;
  ck_assert_ptr_null (request_ec_key (KEY_KIND_P256, point, 65));
}
END_TEST

START_TEST (numbers_stay_positive_and_short)
{
  static const struct {
    const char *raw;
    gsize length;
    const char *der;
    gsize der_length;
  } cases[] = {
    { "\x01\x02", 2, "\x30\x06\x02\x01\x01\x02\x01\x02", 8 },
    { "\x80\x7f", 2, "\x30\x07\x02\x02\x00\x80\x02\x01\x7f", 9 },
    { "\x00\x05\x00\x80", 4, "\x30\x07\x02\x01\x05\x02\x02\x00\x80", 9 },
    { "\x00\x00\x01\x00", 4, "\x30\x07\x02\x01\x00\x02\x02\x01\x00", 9 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GBytes) signature =
        request_signature_from_raw ((const guint8 *)cases[i].raw, cases[i].length);
    ck_assert_uint_eq (g_bytes_get_size (signature), cases[i].der_length);
    ck_assert_mem_eq (g_bytes_get_data (signature, NULL), cases[i].der, cases[i].der_length);
  }
}
END_TEST

/* r and s of an Ecdsa-Sig-Value, each `width` bytes wide. */
static void
raw_of (GBytes *signature, gsize width, guint8 *raw)
{
  const guint8 *start = g_bytes_get_data (signature, NULL);
  ECDSA_SIG *parts = d2i_ECDSA_SIG (NULL, &start, (long)g_bytes_get_size (signature));

  ck_assert_ptr_nonnull (parts);
  BN_bn2binpad (ECDSA_SIG_get0_r (parts), raw, (int)width);
  BN_bn2binpad (ECDSA_SIG_get0_s (parts), raw + width, (int)width);
  ECDSA_SIG_free (parts);
}

START_TEST (a_raw_signature_comes_back_as_openssl_wrote_it)
{
  EVP_PKEY *key = EVP_EC_gen ("P-256");
  g_autoptr (GBytes) message = g_bytes_new_static ("nonce", 5);

  for (int i = 0; i < 600; i++) { /* enough for r and s that begin with a zero byte */
    guint8 raw[64];
    g_autoptr (GBytes) signature = sign (key, REQUEST_ECDSA_SHA256, message);
    raw_of (signature, 32, raw);
    g_autoptr (GBytes) again = request_signature_from_raw (raw, sizeof raw);
    ck_assert (g_bytes_equal (again, signature));
  }
  EVP_PKEY_free (key);
}
END_TEST

/* What a chip does that only knows the bare RSA operation. */
static GBytes *
bare_rsa (EVP_PKEY *key, GBytes *block)
{
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new (key, NULL);
  guint8 result[512];
  size_t length = sizeof result;

  ck_assert_int_eq (EVP_PKEY_sign_init (context), 1);
  ck_assert_int_eq (EVP_PKEY_CTX_set_rsa_padding (context, RSA_NO_PADDING), 1);
  ck_assert_int_eq (EVP_PKEY_sign (context, result, &length, g_bytes_get_data (block, NULL),
                                   g_bytes_get_size (block)),
                    1);
  EVP_PKEY_CTX_free (context);
  return g_bytes_new (result, length);
}

START_TEST (the_padded_block_is_what_openssl_signs)
{
  guint8 digest[32];
  EVP_PKEY *key = keys[_i];
  g_autoptr (GBytes) message = g_bytes_new_static ("nonce", 5);

  ck_assert_int_eq (EVP_Digest ("nonce", 5, digest, NULL, EVP_sha256 (), NULL), 1);
  g_autoptr (GBytes) block = request_pkcs1_block (digest, kinds[_i].width);
  g_autoptr (GBytes) expected = sign (key, REQUEST_RSA_SHA256, message);
  g_autoptr (GBytes) signature = bare_rsa (key, block);
  ck_assert (g_bytes_equal (signature, expected));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("drivers-request");
  TCase *tcase = tcase_create ("request");

  tcase_add_unchecked_fixture (tcase, make_keys, free_keys);
  tcase_add_loop_test (tcase, openssl_reads_and_verifies_it, 0, G_N_ELEMENTS (kinds));
  tcase_add_loop_test (tcase, a_signature_over_anything_else_does_not_verify, 0,
                       G_N_ELEMENTS (kinds));
  tcase_add_test (tcase, a_point_that_is_not_the_curves_is_refused);
  tcase_add_test (tcase, numbers_stay_positive_and_short);
  tcase_add_test (tcase, a_raw_signature_comes_back_as_openssl_wrote_it);
  tcase_add_loop_test (tcase, the_padded_block_is_what_openssl_signs, 4, G_N_ELEMENTS (kinds));
  suite_add_tcase (suite, tcase);
  SRunner *runner = srunner_create (suite);
  srunner_run_all (runner, CK_NORMAL);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? 0 : 1;
}

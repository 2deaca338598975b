/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The proof that a device holds the key of its certificate.
 */
#include "ca/judge/proof.h"
#include "ca/openssl.h"
#include "tests/unit/ca/make.h"

#include <check.h>
#include <openssl/ecdsa.h>
#include <string.h>

static GBytes *
certificate_of (EVP_PKEY *key)
{
  X509 *certificate = X509_new ();
  guint8 *der = NULL;
  int length;
  GBytes *bytes;

  X509_gmtime_adj (X509_getm_notBefore (certificate), 0);
  X509_gmtime_adj (X509_getm_notAfter (certificate), 1000);
  X509_set_pubkey (certificate, key);
  ck_assert_int_gt (X509_sign (certificate, key, EVP_sha256 ()), 0);
  length = i2d_X509 (certificate, &der);
  bytes = g_bytes_new (der, (gsize)length);
  OPENSSL_free (der);
  X509_free (certificate);
  return bytes;
}

static GBytes *
sign (EVP_PKEY *key, GBytes *message)
{
  g_autoptr (EVP_MD_CTX) context = EVP_MD_CTX_new ();
  guint8 signature[512];
  gsize length = sizeof signature;

  ck_assert_int_eq (EVP_DigestSignInit (context, NULL, EVP_sha256 (), NULL, key), 1);
  ck_assert_int_eq (EVP_DigestSign (context, signature, &length, g_bytes_get_data (message, NULL),
                                    g_bytes_get_size (message)),
                    1);
  return g_bytes_new (signature, length);
}

/* r and s, each of `half` bytes. */
static GBytes *
raw_of (GBytes *der, int half)
{
  const guint8 *data = g_bytes_get_data (der, NULL);
  ECDSA_SIG *pair = d2i_ECDSA_SIG (NULL, &data, (long)g_bytes_get_size (der));
  guint8 *raw = g_malloc ((gsize)half * 2);

  ck_assert_int_eq (BN_bn2binpad (ECDSA_SIG_get0_r (pair), raw, half), half);
  ck_assert_int_eq (BN_bn2binpad (ECDSA_SIG_get0_s (pair), raw + half, half), half);
  ECDSA_SIG_free (pair);
  return g_bytes_new_take (raw, (gsize)half * 2);
}

static const struct {
  const char *key;
  SignatureScheme scheme;
  int half; /* of a raw signature */
} cases[] = {
  { "P-256", SIGNATURE_ECDSA_SHA256_DER, 0 },  { "P-384", SIGNATURE_ECDSA_SHA256_DER, 0 },
  { "P-256", SIGNATURE_ECDSA_SHA256_RAW, 32 }, { "P-384", SIGNATURE_ECDSA_SHA256_RAW, 48 },
  { "P-521", SIGNATURE_ECDSA_SHA256_RAW, 66 }, { "rsa-2048", SIGNATURE_RSA_PKCS1_SHA256, 0 }
};

static void
expect_refused (GBytes *certificate, SignatureScheme scheme, GBytes *message, GBytes *signature)
{
  g_autoptr (GError) problem = NULL;

  ck_assert (!certificate_key_signed (certificate, scheme, message, signature, &problem));
  ck_assert (g_error_matches (problem, CA_ERROR, CA_ERROR_CSR_SIGNATURE));
}

START_TEST (test_a_good_proof_passes_and_any_other_does_not)
{
  g_autoptr (EVP_PKEY) key = make_key (cases[_i].key);
  g_autoptr (EVP_PKEY) other = make_key (cases[_i].key);
  g_autoptr (GBytes) certificate = certificate_of (key);
  g_autoptr (GBytes) other_certificate = certificate_of (other);
  g_autoptr (GBytes) nonce = g_bytes_new_static ("a fresh nonce", 13);
  g_autoptr (GBytes) other_nonce = g_bytes_new_static ("another nonce", 13);
  g_autoptr (GBytes) der = sign (key, nonce);
  g_autoptr (GBytes) signature =
      cases[_i].half > 0 ? raw_of (der, cases[_i].half) : g_bytes_ref (der);
  g_autoptr (GBytes) longer = bytes_resized (signature, 1);
  g_autoptr (GBytes) shorter = bytes_resized (signature, -1);
  g_autoptr (GBytes) empty = g_bytes_new_static ("", 0);
  SignatureScheme scheme = cases[_i].scheme;

  ck_assert (certificate_key_signed (certificate, scheme, nonce, signature, NULL));
  expect_refused (certificate, scheme, other_nonce, signature);
  expect_refused (other_certificate, scheme, nonce, signature);
  expect_refused (certificate, scheme, nonce, longer);
  expect_refused (certificate, scheme, nonce, shorter);
  expect_refused (certificate, scheme, nonce, empty);
  expect_refused (certificate,
                  scheme == SIGNATURE_RSA_PKCS1_SHA256 ? SIGNATURE_ECDSA_SHA256_DER
                                                       : SIGNATURE_RSA_PKCS1_SHA256,
                  nonce, signature);
  for (gsize place = 0; place < g_bytes_get_size (signature); place += 5) {
    g_autoptr (GBytes) bad = bytes_flipped (signature, place, 0x10);
    expect_refused (certificate, scheme, nonce, bad);
  }
}
END_TEST

START_TEST (test_something_that_is_no_certificate_is_an_error_of_ours)
{
  g_autoptr (EVP_PKEY) key = make_key ("P-256");
  g_autoptr (GBytes) certificate = certificate_of (key);
  g_autoptr (GBytes) longer = bytes_resized (certificate, 1);
  g_autoptr (GBytes) nonce = g_bytes_new_static ("a fresh nonce", 13);
  g_autoptr (GBytes) signature = sign (key, nonce);
  g_autoptr (GError) problem = NULL;

  ck_assert (
      !certificate_key_signed (longer, SIGNATURE_ECDSA_SHA256_DER, nonce, signature, &problem));
  ck_assert (g_error_matches (problem, CA_ERROR, CA_ERROR_INTERNAL));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("ca proof");
  TCase *proof = tcase_create ("proof");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_set_timeout (proof, 60);
  tcase_add_loop_test (proof, test_a_good_proof_passes_and_any_other_does_not, 0, 6);
  tcase_add_test (proof, test_something_that_is_no_certificate_is_an_error_of_ours);
  suite_add_tcase (suite, proof);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}

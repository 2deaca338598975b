/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The signature algorithms: each is encoded as OpenSSL encodes it, signs and verifies, fits its own
 * kind of key alone, and verifies neither other bytes nor as another algorithm.
 */
#include "ca/openssl.h"
#include "ca/signature.h"
#include "tests/unit/ca/make-ca.h"

#include <check.h>
#include <openssl/rsa.h>

static const struct {
  const char *word;
  const char *key;
  const EVP_MD *(*digest) (void);
} algorithms[] = {
  { "ecdsa-sha256", "P-256", EVP_sha256 },      { "ecdsa-sha384", "P-384", EVP_sha384 },
  { "ecdsa-sha512", "P-521", EVP_sha512 },      { "rsa-sha256", "rsa-2048", EVP_sha256 },
  { "rsa-sha384", "rsa-2048", EVP_sha384 },     { "rsa-sha512", "rsa-2048", EVP_sha512 },
  { "rsa-pss-sha256", "rsa-2048", EVP_sha256 }, { "rsa-pss-sha384", "rsa-2048", EVP_sha384 },
  { "rsa-pss-sha512", "rsa-2048", EVP_sha512 }, { "dsa-sha256", "dsa-2048-256", EVP_sha256 },
};

static const char *parameter_folder;
static const guint8 text[] = "to be signed";
static const guint8 other_text[] = "to be sigmed";

static EVP_PKEY *
key_for (const char *word)
{
  return make_ca_key (word, parameter_folder);
}

/* What OpenSSL writes into a certificate that it signs itself. */
static GBytes *
identifier_by_openssl (EVP_PKEY *key, const EVP_MD *digest, gboolean pss)
{
  g_autoptr (EVP_MD_CTX) context = EVP_MD_CTX_new ();
  g_autoptr (X509) certificate = X509_new ();
  EVP_PKEY_CTX *settings = NULL;
  const X509_ALGOR *identifier;
  guint8 *der = NULL;
  GBytes *bytes;
  int length;

  X509_set_pubkey (certificate, key);
  ck_assert_int_eq (EVP_DigestSignInit (context, &settings, digest, NULL, key), 1);
  if (pss) {
    EVP_PKEY_CTX_set_rsa_padding (settings, RSA_PKCS1_PSS_PADDING);
    EVP_PKEY_CTX_set_rsa_pss_saltlen (settings, RSA_PSS_SALTLEN_DIGEST);
  }
  ck_assert_int_gt (X509_sign_ctx (certificate, context), 0);
  X509_get0_signature (NULL, &identifier, certificate);
  length = i2d_X509_ALGOR (identifier, &der);
  bytes = g_bytes_new (der, (gsize)length);
  OPENSSL_free (der);
  return bytes;
}

START_TEST (test_an_identifier_is_openssls)
{
  const SignatureAlgorithm *algorithm = signature_find (algorithms[_i].word);
  g_autoptr (EVP_PKEY) key = key_for (algorithms[_i].key);
  g_autoptr (GBytes) wanted = identifier_by_openssl (key, algorithms[_i].digest (), algorithm->pss);

  ck_assert (span_equal (algorithm->identifier, g_bytes_get_data (wanted, NULL),
                         g_bytes_get_size (wanted)));
  ck_assert (signature_of_identifier (algorithm->identifier) == algorithm);
}
END_TEST

START_TEST (test_a_signature_verifies_over_its_own_bytes_alone)
{
  const SignatureAlgorithm *algorithm = signature_find (algorithms[_i].word);
  g_autoptr (EVP_PKEY) key = key_for (algorithms[_i].key);
  g_autoptr (EVP_PKEY) other_key = key_for (algorithms[_i].key);
  g_autoptr (GByteArray) signature = g_byte_array_new ();
  const Span data = { text, sizeof text };
  Span made;

  ck_assert (signature_fits (algorithm, key));
  ck_assert (signature_make (algorithm, NULL, key, data, signature, NULL));
  made = (Span){ signature->data, signature->len };
  ck_assert (signature_verify (algorithm, key, data, made, NULL));
  ck_assert (!signature_verify (algorithm, key, (Span){ other_text, sizeof text }, made, NULL));
  ck_assert (!signature_verify (algorithm, other_key, data, made, NULL));
  signature->data[signature->len / 2] ^= 1;
  ck_assert (!signature_verify (algorithm, key, data, made, NULL));
}
END_TEST

/* A signature does not verify as any other algorithm that fits the key. */
START_TEST (test_a_signature_is_of_one_algorithm)
{
  const SignatureAlgorithm *algorithm = signature_find (algorithms[_i].word);
  g_autoptr (EVP_PKEY) key = key_for (algorithms[_i].key);
  g_autoptr (GByteArray) signature = g_byte_array_new ();
  const Span data = { text, sizeof text };

  ck_assert (signature_make (algorithm, NULL, key, data, signature, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (algorithms); i++) {
    const SignatureAlgorithm *other = signature_find (algorithms[i].word);

    ck_assert (signature_fits (other, key) == g_str_equal (other->key_type, algorithm->key_type));
    if (signature_fits (other, key))
      ck_assert (
          signature_verify (other, key, data, (Span){ signature->data, signature->len }, NULL)
          == (i == (guint)_i));
  }
}
END_TEST

START_TEST (test_a_key_has_its_default)
{
  static const char *const wanted[][2] = {
    { "P-256", "ecdsa-sha256" },  { "P-384", "ecdsa-sha384" },      { "P-521", "ecdsa-sha512" },
    { "rsa-2048", "rsa-sha256" }, { "dsa-2048-256", "dsa-sha256" }, { "dsa-3072-256", "dsa-sha256" }
  };
  g_autoptr (EVP_PKEY) edwards = EVP_PKEY_Q_keygen (NULL, NULL, "ED25519");

  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++) {
    g_autoptr (EVP_PKEY) key = key_for (wanted[i][0]);

    ck_assert_str_eq (signature_default (key)->word, wanted[i][1]);
  }
  ck_assert (signature_default (edwards) == NULL);
}
END_TEST

/* SHA-1 with RSA, ecdsa-with-SHA224, a PSS without parameters, an ECDSA with NULL. */
START_TEST (test_other_words_and_identifiers_are_unknown)
{
  static const struct {
    const char *der;
    gsize length;
  } identifiers[] = {
    { "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05\x05\x00", 15 },
    { "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x01", 12 },
    { "\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a", 13 },
    { "\x30\x0c\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02\x05\x00", 14 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (identifiers); i++)
    ck_assert (signature_of_identifier (
                   (Span){ (const guint8 *)identifiers[i].der, identifiers[i].length })
               == NULL);
  ck_assert (signature_find ("rsa-sha1") == NULL);
  ck_assert (signature_find ("ECDSA-SHA256") == NULL);
  ck_assert (signature_find ("") == NULL);
}
END_TEST

int
main (int argc, char **argv)
{
  const int count = G_N_ELEMENTS (algorithms);
  Suite *suite = suite_create ("ca signature");
  TCase *signature = tcase_create ("signature");
  SRunner *runner = srunner_create (suite);
  int failed;

  parameter_folder = argv[1];
  tcase_set_timeout (signature, 60);
  tcase_add_loop_test (signature, test_an_identifier_is_openssls, 0, count);
  tcase_add_loop_test (signature, test_a_signature_verifies_over_its_own_bytes_alone, 0, count);
  tcase_add_loop_test (signature, test_a_signature_is_of_one_algorithm, 0, count);
  tcase_add_test (signature, test_a_key_has_its_default);
  tcase_add_test (signature, test_other_words_and_identifiers_are_unknown);
  suite_add_tcase (suite, signature);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}

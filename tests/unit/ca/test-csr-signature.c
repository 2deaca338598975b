/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * With what a request may be signed. Each request here is really signed with what it says, so that
 * only the rule at hand can refuse it, and each refusal has a twin that passes.
 */
#include "ca/judge/csr.h"
#include "tests/unit/ca/expect.h"
#include "tests/unit/ca/make.h"

#include <check.h>
#include <openssl/dsa.h>
#include <openssl/obj_mac.h>
#include <openssl/x509.h>

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

START_TEST (test_other_digests_are_refused_by_name)
{
  static const struct {
    const char *key;
    const char *digest;
    CaError code;
    const char *says;
  } cases[] = {
    { "rsa-2048", "MD5", CA_ERROR_SIGNATURE_WEAK, "md5WithRSAEncryption" },
    { "rsa-2048", "SHA1", CA_ERROR_SIGNATURE_WEAK, "sha1WithRSAEncryption" },
    { "P-256", "SHA1", CA_ERROR_SIGNATURE_WEAK, "ecdsa-with-SHA1" },
    { "rsa-2048", "SHA224", CA_ERROR_SIGNATURE_ALGORITHM, "sha224WithRSAEncryption" },
    { "P-256", "SHA224", CA_ERROR_SIGNATURE_ALGORITHM, "ecdsa-with-SHA224" },
    { "rsa-2048", "SHA3-256", CA_ERROR_SIGNATURE_ALGORITHM, "RSA-SHA3-256" },
    { "P-256", "SHA3-256", CA_ERROR_SIGNATURE_ALGORITHM, "ecdsa_with_SHA3-256" },
  };

  expect_refused (make_good_request (cases[_i].key, cases[_i].digest), cases[_i].code,
                  cases[_i].says);
  expect_accepted (make_good_request (cases[_i].key, "SHA256"));
}
END_TEST
#define N_DIGESTS 7

/* Names that no key of ours can sign with. */
START_TEST (test_foreign_algorithms_are_refused_by_name)
{
  static const struct {
    const char *hex;
    const char *says;
  } cases[] = {
    { "300b0609608648016503040302", "dsa_with_SHA256" },
    { "300506032b6570", "ED25519" },
    { "300506032b6571", "ED448" },
    { "300d06092a864886f70d01010b0500", "sha256WithRSAEncryption, which the key" },
    { "300f06092a864886f70d01010a30020500", "rsassaPss, which the key" },
    { "300706052b05010203", "1.3.5.1.2.3" },
  };
  RequestParts parts = make_parts (p256, "SHA256");

  parts_set (&parts.algorithm, cases[_i].hex);
  expect_refused (make_request (&parts), CA_ERROR_SIGNATURE_ALGORITHM, cases[_i].says);
  parts_set (&parts.algorithm, "300a06082a8648ce3d040302");
  expect_accepted (make_request (&parts));
  parts_clear (&parts);
}
END_TEST
#define N_FOREIGN 6

START_TEST (test_an_rsa_key_does_not_sign_ecdsa)
{
  RequestParts parts = make_parts (rsa, "SHA256");

  parts_set (&parts.algorithm, "300a06082a8648ce3d040302");
  expect_refused (make_request (&parts), CA_ERROR_SIGNATURE_ALGORITHM, "ecdsa-with-SHA256, which");
  parts_clear (&parts);
}
END_TEST

START_TEST (test_rsa_needs_its_null_parameter)
{
  RequestParts parts = make_parts (rsa, "SHA256");

  parts_set (&parts.algorithm, "300b06092a864886f70d01010b");
  expect_refused (make_request (&parts), CA_ERROR_CSR_MALFORMED, "parameters: missing");
  parts_set (&parts.algorithm, "300d06092a864886f70d01010b0500");
  expect_accepted (make_request (&parts));
  parts_clear (&parts);
}
END_TEST

START_TEST (test_a_nordic_null_parameter_passes_and_is_noted)
{
  RequestParts parts = make_parts (p256, "SHA256");
  g_autoptr (GBytes) request = NULL;
  g_autofree char *description = NULL;
  gsize length;
  const guint8 *data;
  Csr csr;

  parts_set (&parts.algorithm, "300c06082a8648ce3d0403020500");
  request = make_request (&parts);
  data = g_bytes_get_data (request, &length);
  ck_assert (csr_judge (data, length, NULL, &csr, NULL, NULL));
  ck_assert (csr.null_parameter);
  description = csr_describe_signature (&csr);
  ck_assert_str_eq (description, "ecdsa-with-SHA256 (with a NULL parameter, as Nordic modems do)");
  /* a NULL alone, not any parameter */
  parts_set (&parts.algorithm, "300d06082a8648ce3d040302040100");
  expect_refused (make_request (&parts), CA_ERROR_CSR_MALFORMED, "tag 04");
  parts_clear (&parts);
}
END_TEST

/* ---- keys of another kind, with proof of possession ---- */

static EVP_PKEY *
make_dsa_key (void)
{
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name (NULL, "DSA", NULL);
  EVP_PKEY *parameters = NULL, *key = NULL;

  ck_assert_int_eq (EVP_PKEY_paramgen_init (context), 1);
  ck_assert_int_eq (EVP_PKEY_CTX_set_dsa_paramgen_bits (context, 1024), 1);
  ck_assert_int_eq (EVP_PKEY_paramgen (context, &parameters), 1);
  EVP_PKEY_CTX_free (context);
  context = EVP_PKEY_CTX_new_from_pkey (NULL, parameters, NULL);
  ck_assert_int_eq (EVP_PKEY_keygen_init (context), 1);
  ck_assert_int_eq (EVP_PKEY_keygen (context, &key), 1);
  EVP_PKEY_CTX_free (context);
  EVP_PKEY_free (parameters);
  return key;
}

/* As OpenSSL makes it, whatever the key. */
static GBytes *
openssl_request (EVP_PKEY *key, const EVP_MD *digest)
{
  X509_REQ *request = X509_REQ_new ();
  guint8 *der = NULL;
  GBytes *bytes;
  int length;

  ck_assert_int_eq (X509_REQ_set_pubkey (request, key), 1);
  ck_assert_int_gt (X509_REQ_sign (request, key, digest), 0);
  ck_assert_int_eq (X509_REQ_verify (request, key), 1);
  length = i2d_X509_REQ (request, &der);
  ck_assert_int_gt (length, 0);
  bytes = g_bytes_new (der, (gsize)length);
  OPENSSL_free (der);
  X509_REQ_free (request);
  EVP_PKEY_free (key);
  return bytes;
}

START_TEST (test_keys_of_another_kind_are_refused_by_name)
{
  expect_refused (openssl_request (make_dsa_key (), EVP_sha256 ()), CA_ERROR_KEY_ALGORITHM,
                  "dsaEncryption, the request signed with dsa_with_SHA256");
  expect_refused (openssl_request (EVP_PKEY_Q_keygen (NULL, NULL, "ED25519"), NULL),
                  CA_ERROR_KEY_ALGORITHM, "ED25519");
  expect_refused (openssl_request (EVP_PKEY_Q_keygen (NULL, NULL, "ED448"), NULL),
                  CA_ERROR_KEY_ALGORITHM, "ED448");
  expect_accepted (openssl_request (make_key ("P-256"), EVP_sha256 ()));
  expect_accepted (openssl_request (make_key ("rsa-2048"), EVP_sha256 ()));
}
END_TEST

/* The same numbers, but the key says of itself that it does PSS only: id-RSASSA-PSS is another kind
 * of key, which no cloud takes. */
START_TEST (test_an_rsa_pss_key_is_refused_by_name)
{
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name (NULL, "RSA-PSS", NULL);
  EVP_PKEY *key = NULL;

  ck_assert_int_eq (EVP_PKEY_keygen_init (context), 1);
  ck_assert_int_eq (EVP_PKEY_keygen (context, &key), 1);
  EVP_PKEY_CTX_free (context);
  expect_refused (openssl_request (key, EVP_sha256 ()), CA_ERROR_KEY_ALGORITHM, "rsassaPss");
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("ca csr signature");
  TCase *gate = tcase_create ("signature");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_set_timeout (gate, 60);
  tcase_add_unchecked_fixture (gate, setup, teardown);
  tcase_add_loop_test (gate, test_other_digests_are_refused_by_name, 0, N_DIGESTS);
  tcase_add_loop_test (gate, test_foreign_algorithms_are_refused_by_name, 0, N_FOREIGN);
  tcase_add_test (gate, test_an_rsa_key_does_not_sign_ecdsa);
  tcase_add_test (gate, test_rsa_needs_its_null_parameter);
  tcase_add_test (gate, test_a_nordic_null_parameter_passes_and_is_noted);
  tcase_add_test (gate, test_keys_of_another_kind_are_refused_by_name);
  tcase_add_test (gate, test_an_rsa_pss_key_is_refused_by_name);
  suite_add_tcase (suite, gate);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * When a proof of possession holds, and every way in which it does not.
 */
#include <check.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "station/prove.h"

static guint8 nonce[PROOF_NONCE_LENGTH];
static EVP_PKEY *key;
static GBytes *certificate;

/* A self-signed certificate is enough: only its key is looked at. */
static GBytes *
certificate_of (EVP_PKEY *owner)
{
  X509 *x509 = X509_new ();
  guint8 *der = NULL;
  GBytes *bytes;
  int length;

  ck_assert_int_eq (X509_set_version (x509, X509_VERSION_3), 1);
  ASN1_INTEGER_set (X509_get_serialNumber (x509), 7);
  X509_gmtime_adj (X509_getm_notBefore (x509), 0);
  X509_gmtime_adj (X509_getm_notAfter (x509), 3600);
  ck_assert_int_eq (X509_set_pubkey (x509, owner), 1);
  ck_assert_int_gt (X509_sign (x509, owner, EVP_sha256 ()), 0);
  length = i2d_X509 (x509, &der);
  bytes = g_bytes_new (der, (gsize)length);
  OPENSSL_free (der);
  X509_free (x509);
  return bytes;
}

static GBytes *
sign (EVP_PKEY *signer, const void *message, gsize length)
{
  EVP_MD_CTX *context = EVP_MD_CTX_new ();
  guint8 signature[512];
  gsize size = sizeof signature;

  ck_assert_int_eq (EVP_DigestSignInit (context, NULL, EVP_sha256 (), NULL, signer), 1);
  ck_assert_int_eq (EVP_DigestSign (context, signature, &size, message, length), 1);
  EVP_MD_CTX_free (context);
  return g_bytes_new (signature, size);
}

static Proof
proof_over (EVP_PKEY *signer, const void *message, gsize length)
{
  return (Proof){ .scheme = PROOF_ECDSA_SHA256_DER,
                  .message = g_bytes_new (message, length),
                  .signature = sign (signer, message, length) };
}

static void
set_up (void)
{
  ck_assert_int_eq (RAND_bytes (nonce, sizeof nonce), 1);
  key = EVP_EC_gen ("P-256");
  certificate = certificate_of (key);
}

static void
tear_down (void)
{
  EVP_PKEY_free (key);
  g_bytes_unref (certificate);
}

static void
assert_refused (const Proof *proof)
{
  g_autoptr (GError) error = NULL;

  ck_assert (!proof_holds (proof, nonce, certificate, &error));
  ck_assert (g_error_matches (error, DRIVER_ERROR, DRIVER_ERROR_PROOF));
}

START_TEST (the_signed_nonce_holds)
{
  g_auto (Proof) proof = proof_over (key, nonce, sizeof nonce);
  g_autoptr (GError) error = NULL;

  ck_assert_msg (proof_holds (&proof, nonce, certificate, &error), "%s",
                 error != NULL ? error->message : "");
}
END_TEST

START_TEST (the_nonce_may_stand_in_a_text_as_hex)
{
  g_autofree char *hex = hex_encode (nonce, sizeof nonce);
  g_autofree char *text = g_strdup_printf ("{\"challenge\":\"%s\"}", hex);
  g_auto (Proof) proof = proof_over (key, text, strlen (text));

  ck_assert (proof_holds (&proof, nonce, certificate, NULL));
}
END_TEST

START_TEST (an_rsa_key_proves_as_well)
{
  EVP_PKEY *rsa = EVP_RSA_gen (2048);
  g_autoptr (GBytes) owner = certificate_of (rsa);
  g_auto (Proof) proof = proof_over (rsa, nonce, sizeof nonce);

  proof.scheme = PROOF_RSA_PKCS1_SHA256;
  ck_assert (proof_holds (&proof, nonce, owner, NULL));
  EVP_PKEY_free (rsa);
}
END_TEST

START_TEST (another_key_does_not_prove)
{
  EVP_PKEY *other = EVP_EC_gen ("P-256");
  g_auto (Proof) proof = proof_over (other, nonce, sizeof nonce);

  assert_refused (&proof);
  EVP_PKEY_free (other);
}
END_TEST

START_TEST (what_the_station_itself_cannot_judge_is_not_held_against_the_device)
{
  g_auto (Proof) proof = proof_over (key, nonce, sizeof nonce);
  g_autoptr (GBytes) damaged = g_bytes_new_static ("no certificate", 14);
  g_autoptr (GError) error = NULL;

  ck_assert (!proof_holds (&proof, nonce, damaged, &error));
  ck_assert (g_error_matches (error, DRIVER_ERROR, DRIVER_ERROR_INTERNAL));
}
END_TEST

START_TEST (an_old_answer_does_not_prove)
{
  g_auto (Proof) proof = proof_over (key, nonce, sizeof nonce);

  nonce[0] ^= 1; /* what is asked for now is another nonce */
  assert_refused (&proof);
}
END_TEST

START_TEST (half_a_nonce_does_not_prove)
{
  g_auto (Proof) proof = proof_over (key, nonce, sizeof nonce / 2);

  assert_refused (&proof);
}
END_TEST

START_TEST (nothing_at_all_does_not_prove)
{
  g_auto (Proof) proof = { .message = g_bytes_new (NULL, 0), .signature = g_bytes_new (NULL, 0) };

  assert_refused (&proof);
}
END_TEST

/* A token as a modem makes it: header.claims, signed as a whole. */
static Proof
token_with (const char *claims_shown)
{
  g_autofree char *hex = hex_encode (nonce, sizeof nonce);
  g_autofree char *claims = g_strdup_printf ("{\"nonce\":\"%s\",\"x\":\">>??~~\"}", hex);
  g_autofree char *text = g_base64_encode ((const guchar *)claims, strlen (claims));
  g_autofree char *message = NULL;
  Proof proof;

  g_strdelimit (text, "+", '-');
  g_strdelimit (text, "/", '_');
  text[strcspn (text, "=")] = '\0';
  message = g_strconcat ("eyJhbGciOiJFUzI1NiJ9.", text, NULL);
  proof = proof_over (key, message, strlen (message));
  proof.claims = claims_shown != NULL ? g_bytes_new (claims_shown, strlen (claims_shown))
                                      : g_bytes_new (claims, strlen (claims));
  return proof;
}

START_TEST (a_token_holds_with_its_own_claims)
{
  g_auto (Proof) proof = token_with (NULL);
  g_autoptr (GError) error = NULL;

  ck_assert_msg (proof_holds (&proof, nonce, certificate, &error), "%s",
                 error != NULL ? error->message : "");
}
END_TEST

START_TEST (a_token_does_not_hold_with_other_claims)
{
  g_autofree char *hex = hex_encode (nonce, sizeof nonce);
  g_auto (Proof) proof = token_with (hex);

  assert_refused (&proof);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("station-prove");
  TCase *cases = tcase_create ("all");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_add_checked_fixture (cases, set_up, tear_down);
  tcase_add_test (cases, the_signed_nonce_holds);
  tcase_add_test (cases, the_nonce_may_stand_in_a_text_as_hex);
  tcase_add_test (cases, an_rsa_key_proves_as_well);
  tcase_add_test (cases, another_key_does_not_prove);
  tcase_add_test (cases, what_the_station_itself_cannot_judge_is_not_held_against_the_device);
  tcase_add_test (cases, an_old_answer_does_not_prove);
  tcase_add_test (cases, half_a_nonce_does_not_prove);
  tcase_add_test (cases, nothing_at_all_does_not_prove);
  tcase_add_test (cases, a_token_holds_with_its_own_claims);
  tcase_add_test (cases, a_token_does_not_hold_with_other_claims);
  suite_add_tcase (suite, cases);
  srunner_run_all (runner, CK_ENV);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

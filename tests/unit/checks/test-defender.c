/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The nine checks: AWS's names and words, and the days on which they turn.
 */
#include "checks/defender.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <string.h>

#include "base/encode.h"
#include "ca/judge/known-keys.h"
#include "material.h"

#define DAY G_GINT64_CONSTANT (86400)
#define NOW G_GINT64_CONSTANT (1800000000)

START_TEST (names_are_taken_with_and_without_their_end)
{
  Check check;

  for (guint i = 0; i < N_CHECKS; i++) {
    const char *name = check_rule ((Check)i)->name;
    g_autofree char *shorter = g_strndup (name, strlen (name) - strlen ("_CHECK"));

    ck_assert (check_from_name (name, &check) && check == i);
    ck_assert (check_from_name (shorter, &check) && check == i);
  }
  ck_assert (!check_from_name ("DEVICE_CERTIFICATE", &check));
  ck_assert (!check_from_name ("", &check));
  ck_assert (!check_rule (CHECK_DEVICE_AGE)->by_default);
}
END_TEST

static void
ends (gint64 not_after, guint days, const char *code)
{
  g_auto (CheckReason) reason = { 0 };

  ck_assert (check_end (not_after, NOW, days, &reason) == (code == NULL));
  ck_assert_str_eq (code != NULL ? reason.code : "", code != NULL ? code : "");
}

START_TEST (the_end_turns_on_its_day)
{
  ends (NOW + 30 * DAY, 30, NULL);
  ends (NOW + 30 * DAY - 1, 30, "CERTIFICATE_APPROACHING_EXPIRATION");
  ends (NOW, 30, "CERTIFICATE_APPROACHING_EXPIRATION");
  ends (NOW - 1, 30, "CERTIFICATE_PAST_EXPIRATION");
  ends (NOW + 31 * DAY, 32, "CERTIFICATE_APPROACHING_EXPIRATION");
  ends (253402300799, 3652, NULL);
}
END_TEST

START_TEST (the_age_turns_on_its_day)
{
  g_auto (CheckReason) reason = { 0 };

  ck_assert (check_age (NOW - 365 * DAY + 1, NOW, 365, &reason));
  ck_assert (!check_age (NOW - 365 * DAY, NOW, 365, &reason));
  ck_assert_str_eq (reason.code, "CERTIFICATE_PAST_AGE_THRESHOLD");
}
END_TEST

static GBytes *
spki_of (EVP_PKEY *key)
{
  guint8 *data = NULL;
  const int length = i2d_PUBKEY (key, &data);
  GBytes *bytes = g_bytes_new (data, (gsize)length);

  OPENSSL_free (data);
  return bytes;
}

static void
key_is (EVP_PKEY *key, const KnownKeys *known, const char *code)
{
  g_autoptr (GBytes) spki = spki_of (key);
  g_auto (CheckReason) reason = { 0 };
  Span span;

  span.data = g_bytes_get_data (spki, &span.length);
  ck_assert (check_key (span, known, &reason) == (code == NULL));
  ck_assert_str_eq (code != NULL ? reason.code : "", code != NULL ? code : "");
}

static KnownKeys *
list_of (const char *text)
{
  g_autofree char *path = NULL;
  const int fd = g_file_open_tmp ("known-XXXXXX", &path, NULL);
  const char *paths[] = { path, NULL };

  ck_assert_int_ge (fd, 0);
  close (fd);
  ck_assert (g_file_set_contents (path, text, -1, NULL));
  KnownKeys *known = known_keys_load (paths, NULL);
  g_unlink (path);
  ck_assert_ptr_nonnull (known);
  return known;
}

/* openssl-blacklist's line for an RSA key. */
static char *
debian_line (EVP_PKEY *key)
{
  BIGNUM *modulus = NULL;
  guint8 digest[SHA_DIGEST_LENGTH];

  EVP_PKEY_get_bn_param (key, "n", &modulus);
  char *hex = BN_bn2hex (modulus);
  g_autofree char *text = g_strdup_printf ("Modulus=%s\n", hex);
  SHA1 ((const guint8 *)text, strlen (text), digest);
  OPENSSL_free (hex);
  BN_free (modulus);
  g_autofree char *line = hex_encode (digest + 10, 10);
  return g_strconcat (line, "\n", NULL);
}

START_TEST (keys_are_judged_by_the_rules_of_today)
{
  EVP_PKEY *good = p256_key ();
  EVP_PKEY *rsa = EVP_RSA_gen (2048);
  EVP_PKEY *small = EVP_RSA_gen (1024);
  g_autofree char *line = debian_line (rsa);
  g_autoptr (GBytes) spki = spki_of (good);
  g_autofree char *sha256 = sha256_hex (g_bytes_get_data (spki, NULL), g_bytes_get_size (spki));
  g_autoptr (KnownKeys) debian = list_of (line);
  g_autoptr (KnownKeys) known = list_of (sha256);

  key_is (good, NULL, NULL);
  key_is (rsa, NULL, NULL);
  key_is (small, NULL, "KEYCRADLE_RSA_TOO_SMALL");
  key_is (rsa, debian, "CERTIFICATE_KEY_VULNERABILITY_CVE-2008-0166");
  key_is (rsa, known, NULL);
  key_is (good, debian, NULL);
  key_is (good, known, "KEYCRADLE_KNOWN_KEY");
  EVP_PKEY_free (good);
  EVP_PKEY_free (rsa);
  EVP_PKEY_free (small);
}
END_TEST

static EVP_PKEY *
rsa_key (const BIGNUM *modulus)
{
  OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new ();
  EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_from_name (NULL, "RSA", NULL);
  EVP_PKEY *key = NULL;

  OSSL_PARAM_BLD_push_BN (builder, "n", modulus);
  OSSL_PARAM_BLD_push_ulong (builder, "e", 65537);
  OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param (builder);
  EVP_PKEY_fromdata_init (maker);
  ck_assert_int_gt (EVP_PKEY_fromdata (maker, &key, EVP_PKEY_PUBLIC_KEY, parameters), 0);
  OSSL_PARAM_free (parameters);
  OSSL_PARAM_BLD_free (builder);
  EVP_PKEY_CTX_free (maker);
  return key;
}

static gboolean
is_small_prime (guint number)
{
  for (guint factor = 2; factor * factor <= number; factor++)
    if (number % factor == 0)
      return FALSE;
  return TRUE;
}

/* A number of 2048 bits that is 65537 modulo each prime up to 167, as those of CVE-2017-15361 are
 * powers of it there. */
static BIGNUM *
vulnerable_number (void)
{
  BIGNUM *number = BN_new (), *primorial = BN_new ();
  BN_CTX *context = BN_CTX_new ();

  BN_one (primorial);
  for (guint prime = 2; prime <= 167; prime++)
    if (is_small_prime (prime))
      BN_mul_word (primorial, prime);
  do {
    BN_rand (number, 2048 - BN_num_bits (primorial), BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ANY);
    BN_mul (number, number, primorial, context);
    BN_add_word (number, 65537);
  } while (BN_num_bits (number) != 2048);
  BN_free (primorial);
  BN_CTX_free (context);
  return number;
}

/* More than half of them have a prime factor below 65537 as well, for which is asked first. */
START_TEST (roca_has_aws_s_code)
{
  g_autofree char *code = NULL;

  for (guint i = 0; i < 100 && (code == NULL || strstr (code, "SMALL_FACTOR") != NULL); i++) {
    BIGNUM *number = vulnerable_number ();
    EVP_PKEY *key = rsa_key (number);
    g_autoptr (GBytes) spki = spki_of (key);
    g_auto (CheckReason) reason = { 0 };
    Span span;

    span.data = g_bytes_get_data (spki, &span.length);
    ck_assert (!check_key (span, NULL, &reason));
    g_free (code);
    code = g_strdup (reason.code);
    EVP_PKEY_free (key);
    BN_free (number);
  }
  ck_assert_str_eq (code, "CERTIFICATE_KEY_VULNERABILITY_CVE-2017-15361");
}
END_TEST

START_TEST (a_finding_is_aws_s_own)
{
  g_autoptr (GString) out = g_string_new (NULL);
  const CheckReason reason = { "CERTIFICATE_PAST_EXPIRATION", (char *)"it \"ended\"" };
  const CheckFinding finding = { .check = CHECK_DEVICE_EXPIRING,
                                 .reason = &reason,
                                 .sha256 = "ab",
                                 .next = "keycradle campaign list",
                                 .found_at = NOW,
                                 .device = "SN-1",
                                 .not_after = NOW };

  check_finding_append (out, &finding);
  ck_assert_str_eq (
      out->str,
      "{\"checkName\":\"DEVICE_CERTIFICATE_EXPIRING_CHECK\",\"severity\":\"MEDIUM\","
      "\"findingTime\":\"2027-01-15T08:00:00Z\",\"nonCompliantResource\":{\"resourceType\":"
      "\"DEVICE_CERTIFICATE\",\"resourceIdentifier\":{\"deviceCertificateId\":\"ab\"},"
      "\"additionalInfo\":{\"device\":\"SN-1\",\"EXPIRATION_TIME\":\"2027-01-15T08:00:00Z\","
      "\"next\":\"keycradle campaign list\"}},\"reasonForNonCompliance\":\"it \\\"ended\\\"\","
      "\"reasonForNonComplianceCode\":\"CERTIFICATE_PAST_EXPIRATION\"}\n");
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("defender");
  TCase *tests = tcase_create ("checks");

  tcase_add_test (tests, names_are_taken_with_and_without_their_end);
  tcase_add_test (tests, the_end_turns_on_its_day);
  tcase_add_test (tests, the_age_turns_on_its_day);
  tcase_add_test (tests, keys_are_judged_by_the_rules_of_today);
  tcase_add_test (tests, roca_has_aws_s_code);
  tcase_add_test (tests, a_finding_is_aws_s_own);
  suite_add_tcase (suite, tests);
  return run_suite (suite);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the signer knows of keys beyond the request: lists of known keys, and the RSA keys that it
 * signed for last. All requests have a valid proof of possession.
 */
#include "base/encode.h"
#include "ca/signer/signer.h"
#include "tests/unit/ca/make-rsa.h"
#include "tests/unit/ca/make.h"

#include <check.h>
#include <string.h>

/* The signer rests 49 times as long as a search took. */
#define AFTER_A_REST (500 * 1000)

static char *folder;

static void
setup (void)
{
  folder = folder_make ();
  folder_fill (folder, "p-256");
}

static void
teardown (void)
{
  folder_remove (folder);
}

/* `lists` as they stand behind KnownKeys=; NULL for none. */
static void
configure (const char *lists)
{
  g_autofree char *path = g_build_filename (folder, "signer.conf", NULL);
  g_autoptr (GKeyFile) keyfile = g_key_file_new ();

  ck_assert (g_key_file_load_from_file (keyfile, path, G_KEY_FILE_NONE, NULL));
  g_key_file_set_string (keyfile, "signer", "KnownKeys", lists);
  ck_assert (g_key_file_save_to_file (keyfile, path, NULL));
}

static Signer *
open_signer (GError **error)
{
  g_autofree char *path = g_build_filename (folder, "signer.conf", NULL);
  g_autoptr (SignerConfig) config = signer_config_load (path, error);

  return config != NULL ? signer_open (config, LOG_OPEN_WRITE, error) : NULL;
}

static Signer *
open_signer_well (void)
{
  g_autoptr (GError) problem = NULL;
  Signer *signer = open_signer (&problem);

  ck_assert_msg (signer != NULL, "%s", problem != NULL ? problem->message : "");
  return signer;
}

static gboolean
sign (Signer *signer, const char *device, GBytes *request, GError **error)
{
  g_autoptr (Generation) generation = signer_generation (signer);
  const IssueTemplate *plan = generation_template (generation, "sensor");
  SignOrder order = { .batch = "b1",
                      .product = "sensor",
                      .profile = "sensor",
                      .profile_sha256 = issue_template_profile (plan)->sha256,
                      .device = device };
  g_autoptr (GBytes) entry = NULL;
  guint64 index;

  order.csr.data = g_bytes_get_data (request, &order.csr.length);
  entry = signer_sign (signer, &order, &index, error);
  return entry != NULL;
}

static void
expect_signed (Signer *signer, const char *device, GBytes *request)
{
  g_autoptr (GError) problem = NULL;

  ck_assert_msg (sign (signer, device, request, &problem), "%s",
                 problem != NULL ? problem->message : "");
}

static void
expect_refused (Signer *signer, const char *device, GBytes *request, CaError code, const char *says)
{
  g_autoptr (GError) problem = NULL;

  ck_assert (!sign (signer, device, request, &problem));
  ck_assert_msg (problem->code == (int)code, "%s", problem->message);
  ck_assert_msg (strstr (problem->message, says) != NULL, "%s", problem->message);
}

/* ---- known keys ---- */

static void
write_list (const char *name, GBytes *request)
{
  g_autofree char *text = NULL;
  g_autofree char *hex = NULL;
  Csr csr;

  ck_assert (csr_parse (g_bytes_get_data (request, NULL), g_bytes_get_size (request), &csr, NULL));
  hex = sha256_hex (csr.spki.data, csr.spki.length);
  text = g_strdup_printf ("# leaked\n%s from a web page\n", hex);
  folder_write (folder, name, text, 0644);
}

START_TEST (test_a_known_key_is_refused_and_the_list_named)
{
  g_autoptr (GBytes) known = make_good_request (_i == 0 ? "P-256" : "rsa-2048", "SHA256");
  g_autoptr (GBytes) twin = make_good_request (_i == 0 ? "P-256" : "rsa-2048", "SHA256");
  g_autofree char *lists = g_strdup_printf ("%s/other; %s/leaked.txt", folder, folder);
  g_autoptr (Signer) signer = NULL;

  write_list ("leaked.txt", known);
  folder_write (folder, "other", "00112233445566778899\n", 0644);
  configure (lists);
  signer = open_signer_well ();
  expect_refused (signer, "SN-1", known, CA_ERROR_KNOWN_KEY, "leaked.txt, line 2");
  expect_signed (signer, "SN-2", twin);
  ck_assert_uint_eq (issuance_log_size (signer_log (signer)), 1);
}
END_TEST

START_TEST (test_a_list_that_is_missing_or_damaged_stops_the_signer)
{
  g_autofree char *lists = g_strdup_printf ("%s/list", folder);
  g_autoptr (GError) problem = NULL;

  configure (lists);
  if (_i == 1)
    folder_write (folder, "list", "no list\n", 0644);
  ck_assert (open_signer (&problem) == NULL);
  ck_assert (g_error_matches (problem, CA_ERROR, CA_ERROR_KNOWN_KEY));
  ck_assert_msg (strstr (problem->message, lists) != NULL, "%s", problem->message);
}
END_TEST

/* A CA, or what stands above it, whose key was published. */
START_TEST (test_a_ca_with_a_known_key_is_refused)
{
  g_autofree char *lists = g_strdup_printf ("%s/published", folder);
  g_autofree char *line = NULL;
  g_autoptr (GError) problem = NULL;

  ck_assert_int_eq (
      run (folder, &line, "sh", "-c",
           "openssl x509 -in ca.pem -pubkey -noout | openssl pkey -pubin -outform DER "
           "| sha256sum | cut -c 1-64",
           NULL),
      0);
  folder_write (folder, "published", line, 0644);
  configure (lists);
  ck_assert (open_signer (&problem) == NULL);
  ck_assert (g_error_matches (problem, CA_ERROR, CA_ERROR_CA_CERTIFICATE));
  ck_assert_msg (strstr (problem->message, "no secret") != NULL
                     && strstr (problem->message, "published, line 1") != NULL,
                 "%s", problem->message);
}
END_TEST

/* ---- shared primes ---- */

static GBytes *
request_of (const BIGNUM *p, const BIGNUM *q)
{
  RsaPrimes primes = { .count = 0 };
  GBytes *request;

  rsa_primes_add (&primes, BN_dup (p));
  rsa_primes_add (&primes, BN_dup (q));
  request = rsa_request_usual (&primes);
  rsa_primes_clear (&primes);
  return request;
}

START_TEST (test_a_prime_shared_with_a_recent_key_is_refused)
{
  BIGNUM *p[] = { rsa_prime (1024), rsa_prime (1024), rsa_prime (1024), rsa_prime (1024),
                  rsa_prime (1024) };
  g_autoptr (GBytes) first = request_of (p[0], p[1]);
  g_autoptr (GBytes) relative = request_of (p[2], p[1]);
  g_autoptr (GBytes) twin = request_of (p[3], p[4]);
  g_autoptr (Signer) signer = open_signer_well ();

  expect_signed (signer, "SN-1", first);
  if (_i == 1) { /* what it signed for before it was started again counts too */
    g_clear_pointer (&signer, signer_close);
    signer = open_signer_well ();
  }
  g_usleep (AFTER_A_REST);
  expect_refused (signer, "SN-2", relative, CA_ERROR_RSA_SHARED_PRIME,
                  "shares a prime with that of device SN-1 (entry 0 of the issuance log)");
  g_usleep (AFTER_A_REST);
  expect_signed (signer, "SN-3", twin);
  expect_signed (signer, "SN-1", first);
  for (guint i = 0; i < G_N_ELEMENTS (p); i++)
    BN_free (p[i]);
}
END_TEST

static Suite *
make_suite (void)
{
  Suite *suite = suite_create ("ca/signer-keys");
  TCase *keys = tcase_create ("keys");

  tcase_add_checked_fixture (keys, setup, teardown);
  tcase_set_timeout (keys, 60);
  tcase_add_loop_test (keys, test_a_known_key_is_refused_and_the_list_named, 0, 2);
  tcase_add_loop_test (keys, test_a_list_that_is_missing_or_damaged_stops_the_signer, 0, 2);
  tcase_add_test (keys, test_a_ca_with_a_known_key_is_refused);
  tcase_add_loop_test (keys, test_a_prime_shared_with_a_recent_key_is_refused, 0, 2);
  suite_add_tcase (suite, keys);
  return suite;
}

int
main (void)
{
  SRunner *runner = srunner_create (make_suite ());
  int failed;

  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? 0 : 1;
}

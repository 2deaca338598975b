/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * csr check with requests whose keys are related, all with a valid proof of possession, each beside
 * requests of strangers.
 */
#include "station/cli/csr-fleet.h"
#include "tests/unit/ca/make-rsa.h"
#include "tests/unit/ca/make.h"

#include <check.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char *folder;

static void
setup (void)
{
  folder = folder_make ();
}

static void
teardown (void)
{
  folder_remove (folder);
}

static void
write_request (const char *name, GBytes *request)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  ck_assert (g_file_set_contents (path, g_bytes_get_data (request, NULL),
                                  (gssize)g_bytes_get_size (request), NULL));
  g_bytes_unref (request);
}

static void
write_rsa (const char *name, const BIGNUM *p, const BIGNUM *q)
{
  RsaPrimes primes = { .count = 0 };

  rsa_primes_add (&primes, BN_dup (p));
  rsa_primes_add (&primes, BN_dup (q));
  write_request (name, rsa_request_usual (&primes));
  rsa_primes_clear (&primes);
}

/* The key pair of a private key on P-256. */
static EVP_PKEY *
key_of (const BIGNUM *private_key)
{
  EC_GROUP *group = EC_GROUP_new_by_curve_name (NID_X9_62_prime256v1);
  EC_POINT *point = EC_POINT_new (group);
  OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new ();
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name (NULL, "EC", NULL);
  EVP_PKEY *key = NULL;
  OSSL_PARAM *parameters;
  guint8 bytes[65];

  ck_assert (EC_POINT_mul (group, point, private_key, NULL, NULL, NULL));
  ck_assert_uint_eq (
      EC_POINT_point2oct (group, point, POINT_CONVERSION_UNCOMPRESSED, bytes, sizeof bytes, NULL),
      sizeof bytes);
  OSSL_PARAM_BLD_push_utf8_string (builder, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
  OSSL_PARAM_BLD_push_octet_string (builder, OSSL_PKEY_PARAM_PUB_KEY, bytes, sizeof bytes);
  OSSL_PARAM_BLD_push_BN (builder, OSSL_PKEY_PARAM_PRIV_KEY, private_key);
  parameters = OSSL_PARAM_BLD_to_param (builder);
  ck_assert_int_eq (EVP_PKEY_fromdata_init (context), 1);
  ck_assert_int_eq (EVP_PKEY_fromdata (context, &key, EVP_PKEY_KEYPAIR, parameters), 1);
  OSSL_PARAM_free (parameters);
  OSSL_PARAM_BLD_free (builder);
  EVP_PKEY_CTX_free (context);
  EC_POINT_free (point);
  EC_GROUP_free (group);
  return key;
}

static void
write_ec (const char *name, const BIGNUM *base, BN_ULONG difference)
{
  BIGNUM *private_key = BN_dup (base);
  EVP_PKEY *key;
  RequestParts parts;

  ck_assert (BN_add_word (private_key, difference));
  key = key_of (private_key);
  parts = make_parts (key, "SHA256");
  write_request (name, make_request (&parts));
  parts_clear (&parts);
  EVP_PKEY_free (key);
  BN_free (private_key);
}

static GPtrArray *
judge_folder (void)
{
  char *arguments[] = { folder, NULL };
  g_autoptr (GPtrArray) files = csr_files_find (arguments);
  GPtrArray *verdicts = g_ptr_array_new_with_free_func ((GDestroyNotify)csr_verdict_free);
  g_autoptr (GError) problem = NULL;

  for (guint i = 0; i < files->len; i++)
    g_ptr_array_add (verdicts, csr_file_judge (g_ptr_array_index (files, i), NULL));
  ck_assert_msg (csr_fleet_judge (verdicts, &problem), "%s",
                 problem != NULL ? problem->message : "");
  return verdicts;
}

/* `other`: a file that the engineer's sentence must name, or NULL. */
static void
expect (GPtrArray *verdicts, const char *name, const char *code, const char *other)
{
  for (guint i = 0; i < verdicts->len; i++) {
    const CsrVerdict *verdict = g_ptr_array_index (verdicts, i);

    if (!g_str_has_suffix (verdict->file, name))
      continue;
    ck_assert_msg (g_str_equal (verdict->code, code), "%s: %s: %s", name, verdict->code,
                   verdict->engineer);
    ck_assert_int_eq (verdict->accepted, g_str_equal (code, "ok"));
    ck_assert (*verdict->operator_text != '\0');
    ck_assert_msg (other == NULL || strstr (verdict->engineer, other) != NULL, "%s",
                   verdict->engineer);
    return;
  }
  ck_abort_msg ("%s was not judged", name);
}

START_TEST (two_rsa_keys_that_share_a_prime_are_rejected)
{
  BIGNUM *p[] = { rsa_prime (1024), rsa_prime (1024), rsa_prime (1024), rsa_prime (1024),
                  rsa_prime (1024) };
  g_autoptr (GPtrArray) verdicts = NULL;

  write_rsa ("a.csr", p[0], p[1]);
  write_rsa ("b.csr", p[2], p[3]);
  write_rsa ("c.csr", p[1], p[4]);
  verdicts = judge_folder ();
  expect (verdicts, "a.csr", "rsa-shared-prime", "c.csr");
  expect (verdicts, "b.csr", "ok", NULL);
  expect (verdicts, "c.csr", "rsa-shared-prime", "a.csr");
  for (guint i = 0; i < G_N_ELEMENTS (p); i++)
    BN_free (p[i]);
}
END_TEST

START_TEST (two_near_ec_keys_are_rejected)
{
  g_autoptr (GPtrArray) verdicts = NULL;
  BIGNUM *base = BN_new ();

  ck_assert (BN_rand (base, 250, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY));
  write_ec ("a.csr", base, 0);
  write_ec ("b.csr", base, 100000);
  write_ec ("c.csr", base, 17);
  write_request ("d.csr", make_good_request ("P-256", "SHA256"));
  verdicts = judge_folder ();
  expect (verdicts, "a.csr", "ec-near-key", "c.csr");
  expect (verdicts, "b.csr", "ok", NULL);
  expect (verdicts, "c.csr", "ec-near-key", "a.csr");
  expect (verdicts, "d.csr", "ok", NULL);
  BN_free (base);
}
END_TEST

/* Two requests by one key; and one file by two names is one request. */
START_TEST (a_key_in_two_requests_is_rejected)
{
  g_autofree char *file = g_build_filename (folder, "c.csr", NULL);
  g_autofree char *link_to_it = g_build_filename (folder, "d.csr", NULL);
  g_autoptr (GPtrArray) verdicts = NULL;
  BIGNUM *base = BN_new ();

  ck_assert (BN_rand (base, 250, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY));
  write_ec ("a.csr", base, 0);
  write_ec ("b.csr", base, 0);
  write_request ("c.csr", make_good_request ("P-384", "SHA384"));
  ck_assert_int_eq (symlink (file, link_to_it), 0);
  verdicts = judge_folder ();
  expect (verdicts, "a.csr", "duplicate-key", "b.csr");
  expect (verdicts, "b.csr", "duplicate-key", "a.csr");
  expect (verdicts, "c.csr", "ok", NULL);
  expect (verdicts, "d.csr", "ok", NULL);
  BN_free (base);
}
END_TEST

/* A key that is bad in itself keeps its own reason, and still gives the other one away. */
START_TEST (a_rejected_key_is_a_partner_too)
{
  BIGNUM *p[] = { rsa_prime (512), rsa_prime (512), rsa_prime (1536) };
  g_autoptr (GPtrArray) verdicts = NULL;

  write_rsa ("small.csr", p[0], p[1]);
  write_rsa ("usual.csr", p[0], p[2]);
  verdicts = judge_folder ();
  expect (verdicts, "small.csr", "rsa-too-small", NULL);
  expect (verdicts, "usual.csr", "rsa-shared-prime", "small.csr");
  for (guint i = 0; i < G_N_ELEMENTS (p); i++)
    BN_free (p[i]);
}
END_TEST

/* A request with somebody else's key, which its maker could not sign. */
START_TEST (an_unproven_key_gives_nobody_away)
{
  EVP_PKEY *key = make_key ("P-256");
  EVP_PKEY *stranger = make_key ("P-256");
  RequestParts parts = make_parts (key, "SHA256");
  g_autoptr (GPtrArray) verdicts = NULL;

  write_request ("honest.csr", make_request (&parts));
  parts.key = stranger;
  write_request ("stolen.csr", make_request (&parts));
  verdicts = judge_folder ();
  expect (verdicts, "honest.csr", "ok", NULL);
  expect (verdicts, "stolen.csr", "csr-signature", NULL);
  parts_clear (&parts);
  EVP_PKEY_free (key);
  EVP_PKEY_free (stranger);
}
END_TEST

START_TEST (a_known_key_is_rejected_and_the_list_named)
{
  g_autoptr (GBytes) known = make_good_request ("P-256", "SHA256");
  g_autofree char *list = g_build_filename (folder, "list.txt", NULL);
  g_autofree char *hex = NULL;
  g_autofree char *said = NULL;
  const char *program = g_getenv ("KEYCRADLE_PROGRAM");
  Csr csr;

  ck_assert (csr_parse (g_bytes_get_data (known, NULL), g_bytes_get_size (known), &csr, NULL));
  hex = g_compute_checksum_for_data (G_CHECKSUM_SHA256, csr.spki.data, csr.spki.length);
  ck_assert (g_file_set_contents (list, hex, -1, NULL));
  folder_write (folder, "other.txt", "00112233445566778899\n", 0644);
  write_request ("known.csr", g_bytes_ref (known));
  write_request ("twin.csr", make_good_request ("P-256", "SHA256"));
  run (folder, &said, program, "csr", "check", "--known-keys", "other.txt", "--known-keys",
       "list.txt", "known.csr", "twin.csr", NULL);
  ck_assert_msg (strstr (said, "known.csr: reject: known-key: the key is on the list of known "
                               "keys list.txt, line 1\n")
                         != NULL
                     && strstr (said, "twin.csr: accept: ") != NULL,
                 "%s", said);
  g_clear_pointer (&said, g_free);
  ck_assert_int_ne (
      run (folder, &said, program, "csr", "check", "--known-keys", "absent", "twin.csr", NULL), 0);
  ck_assert_msg (strstr (said, "absent") != NULL, "%s", said);
}
END_TEST

/* What a shell and a script see. */
START_TEST (the_command_says_it_in_words_and_in_json)
{
  g_autofree char *words = NULL;
  g_autofree char *json = NULL;
  const char *program = g_getenv ("KEYCRADLE_PROGRAM");
  BIGNUM *base = BN_new ();
  int status;

  ck_assert (BN_rand (base, 250, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY));
  write_ec ("a.csr", base, 0);
  write_ec ("b.csr", base, 1);
  status = run (folder, &words, program, "csr", "check", ".", NULL);
  ck_assert (WIFEXITED (status) && WEXITSTATUS (status) == 6);
  ck_assert_msg (strstr (words, "./a.csr: reject: ec-near-key: the private key is that of ./b.csr "
                                "plus or minus a small number\n")
                     != NULL,
                 "%s", words);
  run (folder, &json, program, "csr", "check", "--json", ".", NULL);
  ck_assert_msg (strstr (json, "\"code\" : \"ec-near-key\"") != NULL
                     && strstr (json, "Put this device aside and call a supervisor.") != NULL,
                 "%s", json);
  BN_free (base);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("cli-csr-fleet");
  TCase *tests = tcase_create ("csr-fleet");
  SRunner *runner = srunner_create (suite);
  int failed;

  suite_add_tcase (suite, tests);
  tcase_add_checked_fixture (tests, setup, teardown);
  tcase_set_timeout (tests, 60);
  tcase_add_test (tests, two_rsa_keys_that_share_a_prime_are_rejected);
  tcase_add_test (tests, two_near_ec_keys_are_rejected);
  tcase_add_test (tests, a_key_in_two_requests_is_rejected);
  tcase_add_test (tests, a_rejected_key_is_a_partner_too);
  tcase_add_test (tests, an_unproven_key_gives_nobody_away);
  tcase_add_test (tests, a_known_key_is_rejected_and_the_list_named);
  tcase_add_test (tests, the_command_says_it_in_words_and_in_json);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? 0 : 1;
}

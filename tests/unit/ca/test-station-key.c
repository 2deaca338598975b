/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The station's key: made at the first start, never lost silently, and in any keystore. argv[1] is
 * keycradle-signer, argv[2] stores.sh.
 */
#include "base/encode.h"
#include "ca/openssl.h"
#include "tests/unit/ca/make.h"
#include "tests/unit/ca/running.h"
#include "tests/unit/ca/stores.h"

#include <check.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

static const char *program;
static const char *script;
static Running *running;

static void
setup (void)
{
  running = running_new (program);
}

static void
teardown (void)
{
  running_free (running);
}

static void
start_and_stop (void)
{
  g_autoptr (SignerStatus) status = NULL;
  g_autoptr (GError) problem = NULL;

  running_start (running);
  status = signer_client_status (running->client, deadline_in (PATIENCE), &problem);
  ck_assert_msg (status != NULL, "%s", problem != NULL ? problem->message : "");
  running_stop (running, SIGTERM);
}

static void
lose (const char *name)
{
  g_autofree char *path = running_path (running, name);

  ck_assert_int_eq (g_unlink (path), 0);
}

/* A checkpoint that the station's certificate verifies. */
static void
expect_signature (void)
{
  g_autoptr (GError) problem = NULL;
  g_autofree char *note =
      signer_client_checkpoint (running->client, TRUE, deadline_in (PATIENCE), &problem);
  g_autoptr (X509) station = NULL;
  Checkpoint checkpoint;
  gsize length;

  ck_assert_msg (note != NULL, "%s", problem != NULL ? problem->message : "");
  station = running_station (running);
  ck_assert (checkpoint_read (note, X509_get0_pubkey (station), &checkpoint, &length, NULL));
}

START_TEST (test_the_first_start_makes_it_and_the_next_keep_it)
{
  g_autofree char *path = running_path (running, "station.key");
  g_autofree char *said = NULL;
  g_autofree char *before = NULL, *after = NULL;
  g_autoptr (SignerStatus) status = NULL;
  g_autoptr (X509) station = NULL;
  gsize length, size;
  struct stat info;

  running_expect_check (running, NULL);
  ck_assert (!g_file_test (path, G_FILE_TEST_EXISTS));
  start_and_stop ();
  ck_assert_int_eq (stat (path, &info), 0);
  ck_assert_uint_eq (info.st_mode & 07777, 0400);
  before = running_read (running, "station.key", &length);
  ck_assert (g_str_has_prefix (before, "-----BEGIN PRIVATE KEY-----\n"));
  running_expect_check (running, NULL);
  running_start (running);
  status = signer_client_status (running->client, deadline_in (PATIENCE), NULL);
  station = running_station (running);
  size = (gsize)i2d_X509 (station, NULL);
  ck_assert_uint_eq (g_bytes_get_size (status->station), size);
  expect_signature ();
  after = running_read (running, "station.key", &length);
  ck_assert_str_eq (before, after);
  ck_assert_int_eq (run (running->folder, &said, "openssl", "x509", "-in", "state/station.pem",
                         "-noout", "-text", NULL),
                    0);
  ck_assert_ptr_nonnull (strstr (said, "NIST CURVE: P-256"));
  ck_assert_ptr_nonnull (strstr (said, "CA:FALSE"));
  ck_assert_ptr_nonnull (strstr (said, "Digital Signature"));
}
END_TEST

/* The certificate verifies itself for OpenSSL, strictly. */
START_TEST (test_the_certificate_is_one)
{
  g_autofree char *said = NULL;

  running_configure (running, "[station]\nName=Linie 3 \xc3\xbc\n");
  start_and_stop ();
  ck_assert_msg (run (running->folder, &said, "openssl", "verify", "-x509_strict", "-check_ss_sig",
                      "-CAfile", "state/station.pem", "state/station.pem", NULL)
                     == 0,
                 "%s", said);
  g_clear_pointer (&said, g_free);
  ck_assert_int_eq (run (running->folder, &said, "openssl", "x509", "-in", "state/station.pem",
                         "-noout", "-subject", "-nameopt", "utf8", NULL),
                    0);
  ck_assert_str_eq (said, "subject=CN=Linie 3 \xc3\xbc\n");
}
END_TEST

START_TEST (test_a_lost_certificate)
{
  start_and_stop ();
  lose ("station.pem");
  running_expect_check (running, "has lost its certificate");
}
END_TEST

START_TEST (test_a_lost_key)
{
  g_autofree char *before = NULL, *after = NULL;

  start_and_stop ();
  before = running_read (running, "station.pem", NULL);
  lose ("station.key");
  running_expect_check (running, "the station's key is gone");
  /* A first start that was cut off looks so. */
  lose ("checkpoints");
  start_and_stop ();
  after = running_read (running, "station.pem", NULL);
  ck_assert_str_ne (before, after);
}
END_TEST

static void
make_pair (const char *curve, const char *certificate, const char *key)
{
  g_autofree char *command = g_strdup_printf (
      "openssl req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:%s -subj /CN=x "
      "-out %s -keyout %s && chmod 0400 %s",
      curve, certificate, key, key);

  ck_assert_int_eq (run (running->folder, NULL, "sh", "-c", command, NULL), 0);
}

START_TEST (test_a_pair_that_does_not_fit)
{
  make_pair ("P-256", "state/station.pem", "other.key");
  make_pair ("P-256", "other.pem", "state/station.key");
  running_expect_check (running, "the station's key is not that of the station's certificate");
  make_pair ("P-256", "state/station.pem", "state/station.key");
  start_and_stop ();
}
END_TEST

START_TEST (test_another_curve)
{
  make_pair ("P-384", "state/station.pem", "state/station.key");
  running_expect_check (running, "not for a P-256 key");
}
END_TEST

START_TEST (test_a_key_that_others_may_read)
{
  g_autofree char *path = running_path (running, "station.key");

  start_and_stop ();
  ck_assert_int_eq (chmod (path, 0440), 0);
  running_expect_check (running, "may be read by group or others");
  ck_assert_int_eq (chmod (path, 0600), 0);
  running_expect_check (running, NULL);
}
END_TEST

START_TEST (test_a_certificate_file_with_two)
{
  make_pair ("P-256", "state/station.pem", "state/station.key");
  ck_assert_int_eq (
      run (running->folder, NULL, "sh", "-c", "cat ca.pem >> state/station.pem", NULL), 0);
  running_expect_check (running, "must hold one certificate");
}
END_TEST

static const struct {
  const char *text, *says;
} wrong[] = {
  { "[station]\nCertificate=x.pem\n", "Certificate= is for a Key= that stands beside it" },
  { "[station]\nCheckpointEvery=0\n", "CheckpointEvery must be a number from 1" },
  { "[station]\nCheckpointsEvery=5\n", "did you mean 'CheckpointEvery'" },
  { "[station]\nName=12345678901234567890123456789012345678901234567890123456789012345\n",
    "longer than 64 bytes" },
  { "[station]\nKey=ca.key\n", "of no kind that this signer knows" },
};

START_TEST (test_what_can_not_be_configured)
{
  running_configure (running, wrong[_i].text);
  running_expect_check (running, wrong[_i].says);
}
END_TEST

START_TEST (test_a_certificate_that_is_named_is_not_made)
{
  g_autofree char *text =
      g_strdup_printf ("[station]\nKey=file:%s/station.key\nCertificate=%s/absent.pem\n",
                       running->folder, running->folder);

  running_configure (running, text);
  running_expect_check (running, "absent.pem is not there");
}
END_TEST

START_TEST (test_a_named_file_must_be_sealed)
{
  g_autofree char *text =
      g_strdup_printf ("[station]\nKey=file:%s/mine.key\nPassphraseFile=%s/word\n", running->folder,
                       running->folder);

  running_configure (running, text);
  make_pair ("P-256", "mine.pem", "mine.key");
  folder_write (running->folder, "word", "a passphrase\n", 0600);
  running_start (running);
  ck_assert_ptr_null (signer_client_status (running->client, deadline_in (500), NULL));
  running_stop (running, SIGKILL);
  ck_assert_int_eq (run (running->folder, NULL, "sh", "-c",
                         "openssl pkcs8 -topk8 -scrypt -scrypt_N 1024 -in mine.key "
                         "-out sealed.key -passout file:word && chmod 0600 sealed.key && "
                         "mv -f sealed.key mine.key",
                         NULL),
                    0);
  running_start (running);
  expect_signature ();
}
END_TEST

static const char *const stores[] = { "pkcs11", "tpm2" };
static char *folder; /* of the stores; for all tests */

static void
make_stores (void)
{
  folder = stores_make (script);
}

static void
remove_stores (void)
{
  stores_remove (folder);
}

START_TEST (test_a_key_in_a_token)
{
  g_autofree char *uri = stores_uri (folder, "p256", stores[_i]);
  g_autofree char *text =
      g_strdup_printf ("[station]\nKey=%s\nPassphraseFile=%s/pin\n", uri, folder);
  g_autofree char *key = running_path (running, "station.key");

  running_configure (running, text);
  running_start (running);
  expect_signature ();
  running_stop (running, SIGTERM);
  ck_assert (!g_file_test (key, G_FILE_TEST_EXISTS));
  running_start (running);
  running_sign (running, "b1", "SN-1");
  expect_signature ();
  running_stop (running, SIGTERM);
}
END_TEST

/* The signer would start. */
static void
expect_check_says (const char *words)
{
  g_autofree char *said = NULL;

  ck_assert_int_ne (
      run (running->folder, &said, running->program, "--check", "--config", "signer.conf", NULL),
      0);
  ck_assert_msg (strstr (said, words) != NULL, "%s", said);
}

/* Orders go on without it, and so does the start. */
START_TEST (test_a_token_that_is_gone)
{
  g_autofree char *uri = stores_uri (folder, "p256", "pkcs11");
  g_autofree char *text =
      g_strdup_printf ("[station]\nKey=%s\nPassphraseFile=%s/pin\n", uri, folder);
  g_autoptr (GError) problem = NULL;

  running_configure (running, text);
  stores_lose (folder, "pkcs11");
  running_expect_check (running, "can't be made while its key is not there");
  stores_return (folder, "pkcs11");
  start_and_stop ();
  stores_lose (folder, "pkcs11");
  expect_check_says ("[station]: ");
  running_start (running);
  running_sign (running, "b1", "SN-1");
  ck_assert_ptr_null (
      signer_client_checkpoint (running->client, TRUE, deadline_in (PATIENCE), &problem));
  ck_assert (g_error_matches (problem, CA_ERROR, CA_ERROR_CA_TOKEN));
  ck_assert_msg (g_str_has_prefix (problem->message, "[station]: "), "%s", problem->message);
  stores_return (folder, "pkcs11");
  expect_signature ();
  running_stop (running, SIGTERM);
}
END_TEST

START_TEST (test_a_reload_keeps_it)
{
  g_autoptr (SignerStatus) status = NULL;
  gboolean told = FALSE;

  running_start (running);
  expect_signature ();
  running_configure (running, "[station]\nCheckpointEvery=7\n");
  kill (running->pid, SIGHUP);
  for (guint i = 0; i < 500 && !told; i++) {
    g_clear_pointer (&status, signer_status_free);
    status = signer_client_status (running->client, deadline_in (PATIENCE), NULL);
    told = status->problems[0] != NULL;
    g_usleep (10000);
  }
  ck_assert (told);
  ck_assert_ptr_nonnull (strstr (status->problems[0], "[station] is another one: restart"));
}
END_TEST

int
main (int argc, char **argv)
{
  Suite *suite = suite_create ("station's key");
  TCase *tests = tcase_create ("station's key");
  TCase *tokens = tcase_create ("tokens");
  SRunner *runner = srunner_create (suite);
  int failed;

  g_assert_cmpint (argc, ==, 3);
  program = argv[1];
  script = argv[2];
  suite_add_tcase (suite, tests);
  tcase_set_timeout (tests, 120);
  tcase_add_checked_fixture (tests, setup, teardown);
  tcase_add_test (tests, test_the_first_start_makes_it_and_the_next_keep_it);
  tcase_add_test (tests, test_the_certificate_is_one);
  tcase_add_test (tests, test_a_lost_certificate);
  tcase_add_test (tests, test_a_lost_key);
  tcase_add_test (tests, test_a_pair_that_does_not_fit);
  tcase_add_test (tests, test_another_curve);
  tcase_add_test (tests, test_a_key_that_others_may_read);
  tcase_add_test (tests, test_a_certificate_file_with_two);
  tcase_add_loop_test (tests, test_what_can_not_be_configured, 0, G_N_ELEMENTS (wrong));
  tcase_add_test (tests, test_a_certificate_that_is_named_is_not_made);
  tcase_add_test (tests, test_a_named_file_must_be_sealed);
  tcase_add_test (tests, test_a_reload_keeps_it);
  suite_add_tcase (suite, tokens);
  tcase_set_timeout (tokens, 120);
  tcase_add_unchecked_fixture (tokens, make_stores, remove_stores);
  tcase_add_checked_fixture (tokens, setup, teardown);
  tcase_add_loop_test (tokens, test_a_key_in_a_token, 0, G_N_ELEMENTS (stores));
  tcase_add_test (tokens, test_a_token_that_is_gone);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}

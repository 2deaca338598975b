/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A CA from its request to its first certificate: keycradle-signer ca ..., with an offline root
 * that the openssl command plays. argv[1] is keycradle-signer.
 */
#include "ca/wire/client.h"
#include "tests/unit/ca/make.h"

#include <check.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define ROOT                                                                                       \
  "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -days 3650 "               \
  "-subj '/CN=Offline Root' -keyout root.key -out root.pem "                                       \
  "-addext keyUsage=critical,keyCertSign,cRLSign 2>&1 "
#define EXTENSIONS                                                                                 \
  "printf '%s\\n' 'basicConstraints=critical,CA:TRUE,pathlen:0' "                                  \
  "'keyUsage=critical,keyCertSign,cRLSign' 'subjectKeyIdentifier=hash' "                           \
  "'authorityKeyIdentifier=keyid:always' > ca.ext "
#define SIGN                                                                                       \
  "openssl x509 -req -in ca-2026/ca.csr -CA root.pem -CAkey root.key -CAcreateserial -sha256 "     \
  "-days 1825 -extfile ca.ext -out signed.pem 2>&1 "
#define CHAIN "cat root.pem signed.pem > chain.pem "

static const char *program;
static char *folder;

static void
setup (void)
{
  folder = folder_make ();
  folder_write (folder, "passphrase", "correct horse battery\n", 0600);
}

static void
teardown (void)
{
  folder_remove (folder);
}

/* `arguments` go through the shell behind "keycradle-signer ca ". */
static int
ca (const char *arguments, char **said)
{
  g_autofree char *command = g_strconcat (program, " ca ", arguments, NULL);

  return run (folder, said, "sh", "-c", command, NULL);
}

static void
expect_done (const char *arguments)
{
  g_autofree char *said = NULL;

  ck_assert_msg (ca (arguments, &said) == 0, "%s: %s", arguments, said);
}

static void
expect_refused (const char *arguments, const char *words)
{
  g_autofree char *said = NULL;

  ck_assert_msg (ca (arguments, &said) != 0, "accepted: %s", arguments);
  ck_assert_msg (strstr (said, words) != NULL, "wanted '%s', said: %s", words, said);
}

static gboolean
exists (const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

#define CSR                                                                                        \
  "csr --folder ca-2026 --subject 'CN=Works CA 2026,O=Example\\, Inc' --passphrase-file "          \
  "passphrase "
#define INSTALL "install-chain --folder ca-2026 --chain chain.pem "

/* Everything up to a ca.pem. */
static void
make_ca (const char *key)
{
  g_autofree char *arguments = g_strconcat (CSR "--key ", key, NULL);

  expect_done (arguments);
  folder_shell (folder, ROOT "&&" EXTENSIONS "&&" SIGN "&&" CHAIN);
  expect_done (INSTALL);
}

static const char *const keys[] = { "p-256", "p-384", "p-521", "rsa-3072", "rsa-4096" };

START_TEST (test_a_request_asks_for_what_a_ca_needs)
{
  g_autofree char *arguments = g_strconcat (CSR "--key ", keys[_i], NULL);
  g_autofree char *said = NULL;
  g_autofree char *text = NULL;
  g_autofree char *printed = NULL;
  struct stat info;
  g_autofree char *path = g_build_filename (folder, "ca-2026/ca.key", NULL);

  ck_assert_int_eq (ca (arguments, &said), 0);
  ck_assert_int_eq (run (folder, &text, "openssl", "req", "-in", "ca-2026/ca.csr", "-noout",
                         "-text", "-verify", NULL),
                    0);
  ck_assert_ptr_nonnull (strstr (text, "verify OK"));
  ck_assert_ptr_nonnull (strstr (text, "CA:TRUE, pathlen:0"));
  ck_assert_ptr_nonnull (strstr (text, "Certificate Sign, CRL Sign"));
  ck_assert_ptr_nonnull (strstr (text, "O = \"Example, Inc\""));
  ck_assert_int_eq (g_stat (path, &info), 0);
  ck_assert_int_eq (info.st_mode & 0777, 0600);
  folder_shell (folder, "openssl pkcs8 -in ca-2026/ca.key -passin file:passphrase -out /dev/null");
  folder_shell (folder, "openssl asn1parse -in ca-2026/ca.key | grep -q scrypt");
  ck_assert_int_eq (run (folder, &printed, "sh", "-c",
                         "openssl req -in ca-2026/ca.csr -noout -pubkey | openssl pkey -pubin "
                         "-outform DER | openssl dgst -sha256 -r | cut -c1-64 | tr -d '\\n'",
                         NULL),
                    0);
  ck_assert_uint_eq (strlen (printed), 64);
  ck_assert_ptr_nonnull (strstr (said, printed));
}
END_TEST

START_TEST (test_nothing_is_overwritten)
{
  expect_done (CSR);
  folder_shell (folder, "sha256sum ca-2026/* > sums");
  expect_refused (CSR, "exists already");
  expect_refused (CSR "--key-uri file:ca-2026/ca.key", "exists already");
  folder_shell (folder, "sha256sum --check --quiet sums");
  folder_shell (folder, "rm ca-2026/ca.csr");
  expect_refused (CSR, "ca.key exists already");
  /* the same key once more: what a power cut between key and request calls for */
  expect_done (CSR "--key-uri file:ca-2026/ca.key");
  folder_shell (folder, "openssl req -in ca-2026/ca.csr -noout -verify");
  expect_done ("init --folder demo");
  expect_refused ("init --folder demo", "exists already");
}
END_TEST

START_TEST (test_a_passphrase_is_asked_for_in_private)
{
  folder_write (folder, "short", "1234567\n", 0600);
  folder_write (folder, "enough", "12345678\n", 0600);
  folder_write (folder, "open", "correct horse battery\n", 0644);
  expect_refused ("csr --folder a --subject CN=x --passphrase-file short", "8 bytes or more");
  expect_refused ("csr --folder a --subject CN=x --passphrase-file open", "read by group");
  expect_refused ("csr --folder a --subject CN=x </dev/null", "--passphrase-file");
  ck_assert (!exists ("a/ca.key") && !exists ("a/ca.csr"));
  expect_done ("csr --folder a --subject CN=x --passphrase-file enough");
}
END_TEST

START_TEST (test_wrong_words_are_named)
{
  expect_refused ("csr --folder a --subject CN=x --key p-999 --passphrase-file passphrase",
                  "p-521");
  expect_refused ("csr --folder a --subject 'XX=y' --passphrase-file passphrase", "no attribute");
  expect_refused ("csr --folder a --subject 'CN=${serial}' --passphrase-file passphrase",
                  "does not have");
  expect_refused ("csr --folder a --subject CN=x --key p-256 --key-uri file:b", "either --key");
  expect_refused ("csr --folder a", "--subject");
  expect_refused ("frobnicate", "install-chain");
  ck_assert (!exists ("a/ca.key") && !exists ("a/ca.csr"));
}
END_TEST

START_TEST (test_a_chain_is_put_in_order)
{
  g_autofree char *said = NULL;

  expect_done (CSR);
  folder_shell (folder,
                ROOT "&&" EXTENSIONS "&&" SIGN "&& cat root.pem root.pem signed.pem > chain.pem");
  ck_assert_int_eq (ca (INSTALL, &said), 0);
  ck_assert_ptr_nonnull (strstr (said, "[ca 2026]"));
  ck_assert_ptr_nonnull (strstr (said, "/ca-2026/ca.key"));
  ck_assert_ptr_null (strstr (said, "warning"));
  folder_shell (folder, "cat signed.pem root.pem > wanted.pem && cmp wanted.pem ca-2026/ca.pem");
  /* once more is nothing new; another certificate of the same key needs a word */
  expect_done (INSTALL);
  folder_shell (folder, SIGN "&&" CHAIN);
  expect_refused (INSTALL, "--replace");
  expect_done (INSTALL "--replace");
  folder_shell (folder, "cat signed.pem root.pem > wanted.pem && cmp wanted.pem ca-2026/ca.pem");
  expect_done ("check --folder ca-2026 --passphrase-file passphrase");
  folder_write (folder, "other", "wrong horse battery\n", 0600);
  expect_refused ("check --folder ca-2026 --passphrase-file other", "passphrase is wrong");
}
END_TEST

/* Each is the good chain with one thing changed. */
static const struct {
  const char *change;
  const char *words;
} bad_chains[] = {
  { "cp root.pem chain.pem", "is for the key of ca.csr" },
  { "cat root.pem signed.pem stranger.pem > chain.pem", "does not stand above" },
  { "cat stranger.pem signed.pem > chain.pem", "does not stand above" },
  { "head -c 300 root.pem > chain.pem", "can't be read" },
  { "sed s/CA:TRUE,pathlen:0/CA:FALSE/ -i ca.ext &&" SIGN "&&" CHAIN, "no CA's" },
  { "sed s/keyCertSign,cRLSign/digitalSignature/ -i ca.ext &&" SIGN "&&" CHAIN, "may not sign" },
  { "openssl x509 -req -in ca-2026/ca.csr -CA root.pem -CAkey root.key -CAcreateserial -sha1 "
    "-days 1825 -extfile ca.ext -out signed.pem 2>&1 &&" CHAIN,
    "SHA-1" },
};

START_TEST (test_a_bad_chain_never_becomes_ca_pem)
{
  expect_done (CSR);
  folder_shell (folder, ROOT "&&" EXTENSIONS "&&" SIGN "&&" CHAIN);
  folder_shell (
      folder, "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "
              "/CN=Stranger -keyout /dev/null -out stranger.pem 2>&1");
  folder_shell (folder, bad_chains[_i].change);
  expect_refused (INSTALL, bad_chains[_i].words);
  folder_shell (folder, "test \"$(ls ca-2026 | tr '\\n' ' ')\" = 'ca.csr ca.key '");
}
END_TEST

START_TEST (test_what_should_be_known_is_said)
{
  g_autofree char *said = NULL;

  expect_done (CSR);
  folder_shell (folder, ROOT
                "&& printf '%s\\n' 'basicConstraints=critical,CA:TRUE' "
                "'keyUsage=critical,keyCertSign' 'subjectKeyIdentifier=hash' "
                "'authorityKeyIdentifier=keyid:always' > ca.ext && "
                "openssl x509 -req -in ca-2026/ca.csr -CA root.pem -CAkey root.key -CAcreateserial "
                "-days 20 -extfile ca.ext -out chain.pem 2>&1");
  ck_assert_int_eq (ca (INSTALL, &said), 0);
  ck_assert_ptr_nonnull (strstr (said, "warning: it expires on"));
  ck_assert_ptr_nonnull (strstr (said, "cRLSign"));
  ck_assert_ptr_nonnull (strstr (said, "pathlen:0"));
  ck_assert_ptr_nonnull (strstr (said, "root is not in the chain"));
}
END_TEST

/* ---- in production ---- */

static void
make_production_folder (void)
{
  g_autofree char *config = g_strdup_printf (
      "[signer]\nSocket=%s/signer.sock\nStateFolder=%s/state\nProfileFolder=%s/profiles.d\n"
      "[ca "
      "2026]\nKey=file:%s/ca-2026/ca.key\nCertificate=%s/ca-2026/ca.pem\nPassphraseFile=%s/"
      "passphrase\n",
      folder, folder, folder, folder, folder, folder);

  folder_shell (folder, "mkdir state profiles.d");
  folder_write (folder, "profiles.d/sensor.profile",
                "[certificate]\nSubject=CN=${serial},O=Example\nValidity=until-ca\n", 0644);
  folder_write (folder, "signer.conf", config, 0644);
}

static GPid
start_signer (void)
{
  g_autofree char *config = g_build_filename (folder, "signer.conf", NULL);
  char *argv[] = { (char *)program, (char *)"--config", config, NULL };
  GPid pid;

  ck_assert (g_spawn_async (NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid, NULL));
  return pid;
}

static void
issue_one (void)
{
  g_autofree char *socket = g_build_filename (folder, "signer.sock", NULL);
  G_GNUC_UNUSED g_autofree char *profile =
      g_build_filename (folder, "profiles.d/sensor.profile", NULL);
  g_autoptr (SignerClient) client = signer_client_new (socket);
  g_autoptr (SignerStatus) status = signer_client_status (client, deadline_in (20000), NULL);
  g_autoptr (GBytes) csr = make_good_request ("P-256", "SHA256");
  g_autoptr (IssuanceEntry) entry = NULL;
  g_autoptr (GError) problem = NULL;
  g_autofree char *path = g_build_filename (folder, "device.der", NULL);

  ck_assert_ptr_nonnull (status);
  ck_assert (!status->issuing->demo);
  g_autofree char *digest = g_strndup (strchr (status->profiles[0], ':') + 1, 64);
  const SignRequest request = { .batch = "B1",
                                .product = "",
                                .profile = "sensor",
                                .profile_sha256 = digest,
                                .device = "KC-1",
                                .csr = csr };
  entry = signer_client_sign (client, &request, deadline_in (20000), &problem);
  ck_assert_msg (entry != NULL, "%s", problem != NULL ? problem->message : "");
  ck_assert (g_file_set_contents (path, g_bytes_get_data (entry->certificate, NULL),
                                  (gssize)g_bytes_get_size (entry->certificate), NULL));
}

START_TEST (test_a_ca_of_an_offline_root_issues_in_production)
{
  GPid pid;
  int status;

  make_ca (keys[_i]);
  make_production_folder ();
  expect_done ("check --config signer.conf");
  pid = start_signer ();
  issue_one ();
  kill (pid, SIGTERM);
  ck_assert_int_eq (waitpid (pid, &status, 0), pid);
  ck_assert_int_eq (status, 0);
  folder_shell (folder, "openssl x509 -inform DER -in device.der -out device.pem");
  folder_shell (
      folder,
      "openssl verify -x509_strict -purpose sslclient -CAfile root.pem -untrusted signed.pem "
      "device.pem");
}
END_TEST

/* Killed at each call that changes a folder: what is left is nothing, or can be gone on with. */
START_TEST (test_a_cut_leaves_nothing_half_made)
{
  static const char *const calls[] = { "mkdir", "fchmod", "write", "fsync", "link", "unlink" };
  const char *call = calls[_i];

  if (g_find_program_in_path ("strace") == NULL)
    return;
  folder_shell (folder, ROOT "&&" EXTENSIONS);
  for (int when = 1; when < 200; when++) {
    g_autofree char *command =
        g_strdup_printf ("rm -rf ca-2026; strace -qq -o /dev/null -f -e trace=%s -e "
                         "inject=%s:signal=KILL:when=%d %s ca " CSR " >/dev/null",
                         call, call, when, program);
    const int status = run (folder, NULL, "sh", "-c", command, NULL);

    if (status == 0) {
      ck_assert_int_gt (when, 1); /* it was cut at least once */
      return;
    }
    ck_assert (!exists ("ca-2026/ca.pem"));
    if (exists ("ca-2026/ca.csr"))
      folder_shell (folder, SIGN "&&" CHAIN);
    if (exists ("ca-2026/ca.csr"))
      expect_done (INSTALL);
    if (exists ("ca-2026/ca.key"))
      folder_shell (folder,
                    "openssl pkcs8 -in ca-2026/ca.key -passin file:passphrase -out /dev/null");
  }
  ck_abort_msg ("%s never ended", call);
}
END_TEST

int
main (int argc, char **argv)
{
  Suite *suite = suite_create ("ca command");
  TCase *tests = tcase_create ("all");
  SRunner *runner = srunner_create (suite);

  program = g_canonicalize_filename (argv[1], NULL);
  tcase_set_timeout (tests, 120);
  tcase_add_checked_fixture (tests, setup, teardown);
  tcase_add_loop_test (tests, test_a_request_asks_for_what_a_ca_needs, 0, 4);
  tcase_add_test (tests, test_nothing_is_overwritten);
  tcase_add_test (tests, test_a_passphrase_is_asked_for_in_private);
  tcase_add_test (tests, test_wrong_words_are_named);
  tcase_add_test (tests, test_a_chain_is_put_in_order);
  tcase_add_loop_test (tests, test_a_bad_chain_never_becomes_ca_pem, 0, G_N_ELEMENTS (bad_chains));
  tcase_add_test (tests, test_what_should_be_known_is_said);
  tcase_add_loop_test (tests, test_a_ca_of_an_offline_root_issues_in_production, 0, 4);
  tcase_add_loop_test (tests, test_a_cut_leaves_nothing_half_made, 0, 6);
  suite_add_tcase (suite, tests);
  srunner_run_all (runner, CK_NORMAL);
  const int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? 0 : 1;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which CA the signer takes, and in which state: asked of the real program with --check.
 * argv[1] is keycradle-signer. Keys and certificates come from the openssl command.
 */
#include "base/names.h"
#include "tests/unit/ca/make.h"

#include <check.h>
#include <glib/gstdio.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAKE_CA                                                                                    \
  "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 "                 \
  "-subj '/CN=Works CA' -keyout plain.key -out ca.pem "
#define CA_EXTENSIONS                                                                              \
  "-addext basicConstraints=critical,CA:TRUE,pathlen:0 "                                           \
  "-addext keyUsage=critical,keyCertSign "
#define SEAL                                                                                       \
  "&& openssl pkcs8 -topk8 -scrypt -in plain.key -out ca.key -passout file:ca.passphrase "         \
  "&& chmod 600 ca.key "

static const char *program;
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

/* A CA that does not carry the demo mark, made by `command`, in production mode. */
static void
use_production_ca (const char *command)
{
  folder_shell (folder, command);
  folder_shell (folder, "sed -i s/Mode=demo/Mode=production/ signer.conf");
}

static void
expect_ok (void)
{
  g_autofree char *said = NULL;

  ck_assert_msg (run (folder, &said, program, "--check", "--config", "signer.conf", NULL) == 0,
                 "%s", said);
  ck_assert (g_str_has_prefix (said, "OK: "));
}

/* The reason must hold `words`. */
static void
expect_refused (const char *words)
{
  g_autofree char *said = NULL;

  ck_assert_msg (run (folder, &said, program, "--check", "--config", "signer.conf", NULL) != 0,
                 "accepted, but wanted: %s", words);
  ck_assert_msg (strstr (said, words) != NULL, "wanted '%s', said: %s", words, said);
}

START_TEST (test_a_production_ca_with_a_scrypt_key_is_taken)
{
  use_production_ca (MAKE_CA CA_EXTENSIONS SEAL);
  expect_ok ();
}
END_TEST

START_TEST (test_a_demo_ca_is_for_demo_mode_only)
{
  expect_ok ();
  folder_shell (folder, "sed -i s/Mode=demo/Mode=production/ signer.conf");
  expect_refused ("is a test CA");
}
END_TEST

START_TEST (test_the_mark_counts_in_any_part_of_the_name)
{
  use_production_ca ("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
                     "-days 30 -subj '/CN=A/OU=old TEST - NOT FOR PRODUCTION ca' "
                     "-keyout plain.key -out ca.pem " CA_EXTENSIONS SEAL);
  expect_refused ("is a test CA");
}
END_TEST

START_TEST (test_a_wrong_passphrase_is_refused)
{
  folder_write (folder, "ca.passphrase", "not this\n", 0600);
  expect_refused ("the passphrase is wrong");
}
END_TEST

START_TEST (test_a_passphrase_file_for_others_or_absent_or_empty_is_refused)
{
  folder_shell (folder, "chmod 640 ca.passphrase");
  expect_refused ("chmod 0600");
  folder_write (folder, "ca.passphrase", "", 0600);
  expect_refused ("empty");
  folder_shell (folder, "rm ca.passphrase");
  expect_refused ("can't be opened");
}
END_TEST

START_TEST (test_a_plain_key_is_refused_unless_the_ca_is_a_demo)
{
  use_production_ca (MAKE_CA CA_EXTENSIONS "&& mv plain.key ca.key && chmod 600 ca.key");
  expect_refused ("openssl pkcs8 -topk8 -scrypt");
}
END_TEST

START_TEST (test_a_demo_ca_may_have_a_plain_key)
{
  folder_shell (
      folder,
      "openssl pkcs8 -in ca.key -passin file:ca.passphrase -out new.key && mv new.key ca.key "
      "&& chmod 644 ca.key");
  expect_ok ();
}
END_TEST

START_TEST (test_other_encryptions_are_refused)
{
  static const char *const commands[] = {
    "&& openssl pkcs8 -topk8 -v2 aes-256-cbc -in plain.key -out ca.key "
    "-passout file:ca.passphrase && chmod 600 ca.key",
    "&& openssl pkcs8 -topk8 -v1 PBE-SHA1-3DES -in plain.key -out ca.key "
    "-passout file:ca.passphrase && chmod 600 ca.key",
    "&& openssl ec -aes256 -in plain.key -out ca.key -passout file:ca.passphrase "
    "&& chmod 600 ca.key",
  };
  g_autofree char *command = g_strconcat (MAKE_CA CA_EXTENSIONS, commands[_i], NULL);

  use_production_ca (command);
  expect_refused ("openssl pkcs8 -topk8 -scrypt");
}
END_TEST

START_TEST (test_a_key_file_that_group_or_others_may_read_is_refused)
{
  static const char *const modes[] = { "chmod 640 ca.key", "chmod 604 ca.key", "chmod 620 ca.key" };

  use_production_ca (MAKE_CA CA_EXTENSIONS SEAL);
  folder_shell (folder, modes[_i]);
  expect_refused ("chmod 0600");
}
END_TEST

START_TEST (test_a_key_file_of_another_user_is_refused)
{
  use_production_ca (MAKE_CA CA_EXTENSIONS SEAL);
  if (geteuid () != 0)
    return; /* only root can give a file away */
  folder_shell (folder, "chown 65534 ca.key");
  expect_refused ("another user");
}
END_TEST

START_TEST (test_another_cas_key_is_refused)
{
  use_production_ca (MAKE_CA CA_EXTENSIONS SEAL "&& " MAKE_CA CA_EXTENSIONS);
  expect_refused ("not that of the CA certificate");
}
END_TEST

START_TEST (test_certificates_that_can_not_issue_are_refused)
{
  static const struct {
    const char *command;
    const char *words;
  } cases[] = {
    { MAKE_CA "-addext basicConstraints=critical,CA:FALSE -addext keyUsage=keyCertSign " SEAL,
      "CA:TRUE" },
    { MAKE_CA "-addext keyUsage=critical,digitalSignature " SEAL, "keyUsage" },
    { "openssl req -x509 -newkey rsa:1024 -nodes -days 30 -subj /CN=a -keyout plain.key "
      "-out ca.pem " CA_EXTENSIONS SEAL,
      "2048" },
    { "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:secp256k1 -nodes -days 30 "
      "-subj /CN=a -keyout plain.key -out ca.pem " CA_EXTENSIONS SEAL,
      "P-256" },
    { MAKE_CA CA_EXTENSIONS SEAL "&& echo nonsense > ca.pem", "can't be read" },
    { MAKE_CA CA_EXTENSIONS SEAL "&& cat root.pem >> ca.pem", "behind the root" },
  };

  use_production_ca (cases[_i].command);
  expect_refused (cases[_i].words);
}
END_TEST

/* Root, intermediate: each with one mistake; made with `openssl x509 -req`. */
START_TEST (test_a_chain_with_a_weak_or_foreign_link_is_refused)
{
  static const struct {
    const char *root;
    const char *sign;
    const char *words;
  } cases[] = {
    { "rsa:1024", "-CA root.pem -CAkey root.key -extfile x -sha256",
      "certificate 2 must not be used: the RSA key has 1024 bits" },
    { "rsa:2048", "-CA root.pem -CAkey root.key -extfile x -sha1", "SHA-1" },
    { "rsa:2048", "-signkey plain.key -extfile x -sha256", "behind the root" },
    { "rsa:2048", "-CA root.pem -CAkey root.key -extfile x -sha256", NULL },
  };
  g_autofree char *command = g_strdup_printf (
      "printf 'basicConstraints=critical,CA:TRUE,pathlen:0\\nkeyUsage=critical,keyCertSign\\n"
      "subjectKeyIdentifier=hash\\n' > x && "
      "openssl req -x509 -newkey %s -nodes -days 30 -subj /CN=Root -keyout root.key -out root.pem "
      "-addext keyUsage=critical,keyCertSign && "
      "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=Issuing "
      "-keyout plain.key -out ca.csr && "
      "openssl x509 -req -in ca.csr -days 20 %s -out ca.pem -CAcreateserial && "
      "cat root.pem >> ca.pem " SEAL,
      cases[_i].root, cases[_i].sign);

  use_production_ca (command);
  if (cases[_i].words == NULL)
    expect_ok ();
  else
    expect_refused (cases[_i].words);
}
END_TEST

/* The intermediate's signature is changed; the demo root follows it. */
START_TEST (test_a_chain_whose_signature_is_wrong_is_refused)
{
  folder_shell (
      folder, "openssl x509 -in ca.pem -outform DER -out one.der && "
              "size=$(stat -c %s one.der) && head -c $((size-1)) one.der > two.der && "
              "printf '\\001' >> two.der && "
              "openssl x509 -inform DER -in two.der -out bad.pem && cat bad.pem root.pem > ca.pem");
  expect_refused ("certificate 1 is wrong");
}
END_TEST

static void
add_extension (X509 *certificate, int nid, const char *value)
{
  X509_EXTENSION *extension;
  X509V3_CTX context;

  X509V3_set_ctx (&context, certificate, certificate, NULL, NULL, 0);
  extension = X509V3_EXT_conf_nid (NULL, &context, nid, value);
  ck_assert_int_eq (X509_add_ext (certificate, extension, -1), 1);
  X509_EXTENSION_free (extension);
}

/* A demo root that is valid from `from` to `to`, in seconds from now. */
static void
use_root_valid (long from, long to)
{
  EVP_PKEY *key = make_key ("P-256");
  X509 *root = X509_new ();
  g_autofree char *path = g_build_filename (folder, "ca.pem", NULL);
  FILE *file = fopen (path, "w");

  X509_set_version (root, X509_VERSION_3);
  X509_NAME_add_entry_by_txt (X509_get_subject_name (root), "CN", MBSTRING_ASC,
                              (const guchar *)DEMO_CA_MARK, -1, -1, 0);
  X509_set_issuer_name (root, X509_get_subject_name (root));
  X509_gmtime_adj (X509_getm_notBefore (root), from);
  X509_gmtime_adj (X509_getm_notAfter (root), to);
  X509_set_pubkey (root, key);
  add_extension (root, NID_basic_constraints, "critical,CA:TRUE");
  add_extension (root, NID_key_usage, "critical,keyCertSign");
  add_extension (root, NID_subject_key_identifier, "hash");
  ck_assert_int_gt (X509_sign (root, key, EVP_sha256 ()), 0);
  ck_assert_int_eq (PEM_write_X509 (file, root), 1);
  fclose (file);
  g_clear_pointer (&path, g_free);
  path = g_build_filename (folder, "ca.key", NULL);
  file = fopen (path, "w");
  ck_assert_int_eq (PEM_write_PrivateKey (file, key, NULL, NULL, 0, NULL, NULL), 1);
  fclose (file);
  X509_free (root);
  EVP_PKEY_free (key);
}

START_TEST (test_a_ca_before_or_after_its_time_is_refused)
{
  use_root_valid (-1000, 1000);
  expect_ok ();
  use_root_valid (-1000, -10);
  expect_refused ("has expired");
  use_root_valid (1000, 2000);
  expect_refused ("not valid yet");
}
END_TEST

START_TEST (test_mistakes_in_the_configuration_name_file_and_line)
{
  static const struct {
    const char *command;
    const char *words;
  } cases[] = {
    { "sed -i 's/^Socket/Sokket/' signer.conf", "signer.conf:3: unknown key 'Sokket'" },
    { "sed -i 's/^Mode=.*/Mode=test/' signer.conf", "signer.conf:2: Mode is 'test'" },
    { "sed -i 's/^Key=.*//' signer.conf", "needs Key=" },
    { "sed -i 's/^Key=file/Key=hsm/' signer.conf", "write file:/PATH" },
    { "echo PassphraseFd=5 >> signer.conf", "only one of" },
    { "echo Endpint=a >> profiles.d/sensor.profile", "sensor.profile:4: unknown key 'Endpint'" },
    { "sed -i '/^PassphraseFile/d' signer.conf", "PassphraseFile=" },
    { "rm -r profiles.d", "profile folder" },
    { "rm -r state", "there is no such folder" },
    { "sed -i 's/^Mode/AllowedUser=nobody-at-all\\nMode/' signer.conf", "no such user" },
  };

  folder_shell (folder, cases[_i].command);
  expect_refused (cases[_i].words);
}
END_TEST

START_TEST (test_the_passphrase_comes_by_descriptor_or_credential_too)
{
  g_autofree char *command =
      g_strdup_printf ("%s --check --config signer.conf 5<ca.passphrase", program);
  g_autofree char *credential =
      g_strdup_printf ("CREDENTIALS_DIRECTORY=$PWD %s --check --config signer.conf", program);

  folder_shell (folder, "sed -i 's/^PassphraseFile=.*/PassphraseFd=5/' signer.conf");
  folder_shell (folder, command);
  folder_shell (folder,
                "sed -i 's/^PassphraseFd=.*/PassphraseCredential=ca.passphrase/' signer.conf");
  folder_shell (folder, credential);
  expect_refused ("LoadCredential");
}
END_TEST

START_TEST (test_demo_cas_verify_and_are_never_overwritten)
{
  static const char *const keys[] = { "p-256", "p-384", "rsa-3072" };
  g_autofree char *said = NULL;
  struct stat info;
  g_autofree char *key = g_build_filename (folder, "new/ca.key", NULL);

  ck_assert_int_eq (
      run (folder, NULL, program, "init-demo", "--folder", "new", "--key", keys[_i], NULL), 0);
  folder_shell (folder, "openssl verify -x509_strict -CAfile new/root.pem new/ca.pem");
  ck_assert_int_eq (g_stat (key, &info), 0);
  ck_assert_uint_eq (info.st_mode & 0777, 0600);
  ck_assert_int_ne (run (folder, &said, program, "init-demo", "--folder", "new", NULL), 0);
  ck_assert_ptr_nonnull (strstr (said, "not overwritten"));
}
END_TEST

START_TEST (test_an_unknown_kind_of_demo_key_is_refused)
{
  ck_assert_int_ne (
      run (folder, NULL, program, "init-demo", "--folder", "new", "--key", "rsa-1024", NULL), 0);
}
END_TEST

int
main (int argc, char **argv)
{
  Suite *suite = suite_create ("ca custody");
  TCase *custody = tcase_create ("custody");
  SRunner *runner = srunner_create (suite);
  int failed;

  g_assert_cmpint (argc, ==, 2);
  program = g_canonicalize_filename (argv[1], NULL); /* tests run in other folders */
  tcase_set_timeout (custody, 60);
  tcase_add_checked_fixture (custody, setup, teardown);
  tcase_add_test (custody, test_a_production_ca_with_a_scrypt_key_is_taken);
  tcase_add_test (custody, test_a_demo_ca_is_for_demo_mode_only);
  tcase_add_test (custody, test_the_mark_counts_in_any_part_of_the_name);
  tcase_add_test (custody, test_a_wrong_passphrase_is_refused);
  tcase_add_test (custody, test_a_passphrase_file_for_others_or_absent_or_empty_is_refused);
  tcase_add_test (custody, test_a_plain_key_is_refused_unless_the_ca_is_a_demo);
  tcase_add_test (custody, test_a_demo_ca_may_have_a_plain_key);
  tcase_add_loop_test (custody, test_other_encryptions_are_refused, 0, 3);
  tcase_add_loop_test (custody, test_a_key_file_that_group_or_others_may_read_is_refused, 0, 3);
  tcase_add_test (custody, test_a_key_file_of_another_user_is_refused);
  tcase_add_test (custody, test_another_cas_key_is_refused);
  tcase_add_loop_test (custody, test_certificates_that_can_not_issue_are_refused, 0, 6);
  tcase_add_loop_test (custody, test_a_chain_with_a_weak_or_foreign_link_is_refused, 0, 4);
  tcase_add_test (custody, test_a_chain_whose_signature_is_wrong_is_refused);
  tcase_add_test (custody, test_a_ca_before_or_after_its_time_is_refused);
  tcase_add_loop_test (custody, test_mistakes_in_the_configuration_name_file_and_line, 0, 10);
  tcase_add_test (custody, test_the_passphrase_comes_by_descriptor_or_credential_too);
  tcase_add_loop_test (custody, test_demo_cas_verify_and_are_never_overwritten, 0, 3);
  tcase_add_test (custody, test_an_unknown_kind_of_demo_key_is_refused);
  suite_add_tcase (suite, custody);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Certificates over a cloud's registration codes, asked of the real signer over its socket. argv[1]
 * is keycradle-signer. The openssl command judges.
 */
#include "tests/unit/ca/make.h"
#include "tests/unit/ca/running.h"

#include <check.h>
#include <signal.h>

#define AWS_CODE "14c9a7f3a1d1a3e8fa6e1f0e1b2d3c4b5a69788796a5b4c3d2e1f00112233445"
#define AZURE_CODE "A901A843EFF75419AC1F0EB460E85DF153092A0547AA30F5"

static const char *program;
static Running *running;

static void
setup (void)
{
  running = running_new (program);
  running_start (running);
}

static void
teardown (void)
{
  running_stop (running, SIGTERM);
  running_free (running);
}

static const char *const good_codes[] = { AWS_CODE, AZURE_CODE };

START_TEST (test_a_code_is_certified)
{
  const char *code = good_codes[_i];
  g_autoptr (GError) problem = NULL;
  g_autoptr (GBytes) certificate =
      signer_client_certify_code (running->client, "", code, deadline_in (PATIENCE), &problem);
  g_autoptr (GPtrArray) entries = NULL;
  const IssuanceEntry *entry;
  g_autofree char *command =
      g_strdup_printf ("test \"$(openssl x509 -in code.pem -noout -subject -nameopt multiline | "
                       "sed -n 's/.*commonName *= //p')\" = %s",
                       code);

  ck_assert_msg (certificate != NULL, "%s", problem != NULL ? problem->message : "");
  folder_save (running->folder, "code.der", certificate);
  folder_shell (running->folder, "openssl x509 -inform DER -in code.der -out code.pem");
  folder_shell (running->folder, command);
  folder_shell (running->folder,
                "openssl verify -x509_strict -CAfile root.pem -untrusted ca.pem code.pem");
  /* no device: a server refuses it */
  folder_shell_refuses (
      running->folder,
      "openssl verify -purpose sslclient -CAfile root.pem -untrusted ca.pem code.pem",
      "unsuitable certificate purpose");
  folder_shell_refuses (
      running->folder,
      "openssl verify -purpose sslserver -CAfile root.pem -untrusted ca.pem code.pem",
      "unsuitable certificate purpose");
  folder_shell (running->folder, "openssl x509 -in code.pem -noout -checkend $((29 * 86400))");
  folder_shell (running->folder, "! openssl x509 -in code.pem -noout -checkend $((31 * 86400))");
  folder_shell (running->folder,
                "openssl x509 -in code.pem -noout -text > text && grep -q 'CA:FALSE' text && "
                "grep -q 'Digital Signature$' text && ! grep -q 'TLS Web' text");
  entries = signer_client_entries (running->client, 0, 10, deadline_in (PATIENCE), NULL);
  entry = g_ptr_array_index (entries, entries->len - 1);
  ck_assert_str_eq (entry->device, code);
  ck_assert (g_bytes_equal (entry->certificate, certificate));
}
END_TEST

static const char *const bad_codes[] = {
  "",
  "KC-1",
  "14c9a7f3a1d1a3e8fa6e1f0e1b2d3c4b5a69788796a5b4c3d2e1f0011223344",   /* 63 */
  "14c9a7f3a1d1a3e8fa6e1f0e1b2d3c4b5a69788796a5b4c3d2e1f001122334455", /* 65 */
  "14C9a7f3a1d1a3e8fa6e1f0e1b2d3c4b5a69788796a5b4c3d2e1f00112233445",  /* mixed */
  "14c9a7f3a1d1a3e8fa6e1f0e1b2d3c4b5a69788796a5b4c3d2e1f0011223344g",
  "A901A843EFF75419AC1F0EB460E85DF153092A0547AA30F",
  "A901A843EFF75419AC1F0EB460E85DF153092A0547AA30F ",
  "A901A843EFF75419AC1F0EB460E85DF153092A0547AA30,O",
  "A901A843EFF75419AC1F0EB460E85DF153092A0547AA30F\n",
};

START_TEST (test_other_text_is_no_code)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (SignerStatus) before =
      signer_client_status (running->client, deadline_in (PATIENCE), NULL);
  g_autoptr (SignerStatus) after = NULL;

  ck_assert_ptr_null (signer_client_certify_code (running->client, "", bad_codes[_i],
                                                  deadline_in (PATIENCE), &problem));
  ck_assert (g_error_matches (problem, CA_ERROR, CA_ERROR_SUBJECT));
  after = signer_client_status (running->client, deadline_in (PATIENCE), NULL);
  ck_assert_uint_eq (before->log_size, after->log_size);
}
END_TEST

int
main (int argc, char **argv)
{
  Suite *suite = suite_create ("ca code");
  TCase *tests = tcase_create ("all");
  SRunner *runner = srunner_create (suite);

  program = argv[1];
  tcase_set_timeout (tests, 60);
  tcase_add_checked_fixture (tests, setup, teardown);
  tcase_add_loop_test (tests, test_a_code_is_certified, 0, G_N_ELEMENTS (good_codes));
  tcase_add_loop_test (tests, test_other_text_is_no_code, 0, G_N_ELEMENTS (bad_codes));
  suite_add_tcase (suite, tests);
  srunner_run_all (runner, CK_NORMAL);
  const int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? 0 : 1;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Revocation lists, asked of the real signer over its socket by an honest station and by a hostile
 * one. argv[1] is keycradle-signer. The openssl command judges.
 */
#include "base/encode.h"
#include "ca/crl/crl.h"
#include "ca/wire/client-private.h"
#include "tests/unit/ca/make.h"
#include "tests/unit/ca/running.h"

#include <check.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#define AWS_CODE "14c9a7f3a1d1a3e8fa6e1f0e1b2d3c4b5a69788796a5b4c3d2e1f00112233445"

static const char *program;
static Running *running;

/* Until it answers. */
static void
start (void)
{
  g_autoptr (SignerStatus) status = NULL;

  running_start (running);
  status = signer_client_status (running->client, deadline_in (PATIENCE), NULL);
  ck_assert_ptr_nonnull (status);
}

static void
setup (void)
{
  running = running_new (program);
  start ();
}

static void
teardown (void)
{
  running_stop (running, SIGTERM);
  running_free (running);
}

/* ---- what is asked of it ---- */

/* A unit's certificate as NAME.der; its place in the log. */
static guint64
issue (const char *name, const char *profile)
{
  G_GNUC_UNUSED g_autoptr (SignerStatus) status =
      signer_client_status (running->client, deadline_in (PATIENCE), NULL);
  g_autoptr (GBytes) csr = make_good_request ("P-256", "SHA256");
  g_autoptr (IssuanceEntry) entry = NULL;
  g_autoptr (GError) problem = NULL;
  g_autofree char *file = g_strconcat (name, ".der", NULL);
  g_autofree char *path = g_strconcat (running->folder, "/profiles.d/", profile, ".profile", NULL);
  g_autofree char *text = NULL;
  g_autofree char *sha256 = NULL;
  gsize length;

  ck_assert (g_file_get_contents (path, &text, &length, NULL));
  sha256 = sha256_hex ((const guint8 *)text, length);
  const SignRequest request = { .batch = "B1",
                                .product = "",
                                .profile = profile,
                                .profile_sha256 = sha256,
                                .device = name,
                                .csr = csr };
  entry = signer_client_sign (running->client, &request, deadline_in (PATIENCE), &problem);
  ck_assert_msg (entry != NULL, "%s", problem != NULL ? problem->message : "");
  folder_save (running->folder, file, entry->certificate);
  return entry->index;
}

static void
revoke_unit (guint64 place, guint8 reason)
{
  const RevokedCertificate revoked = { place, g_get_real_time (), reason };
  g_autoptr (GError) problem = NULL;
  guint unknown;

  ck_assert_msg (signer_client_revoke (running->client, &revoked, 1, &unknown,
                                       deadline_in (PATIENCE), &problem),
                 "%s", problem != NULL ? problem->message : "");
  ck_assert_uint_eq (unknown, 0);
}

static void
expect_revoke_refused (guint64 place, guint8 reason)
{
  const RevokedCertificate revoked = { place, g_get_real_time (), reason };
  g_autoptr (GError) problem = NULL;
  guint unknown;

  ck_assert (!signer_client_revoke (running->client, &revoked, 1, &unknown, deadline_in (PATIENCE),
                                    &problem));
  ck_assert_msg (g_error_matches (problem, CA_ERROR, CA_ERROR_CRL), "%s", problem->message);
}

static SignerCrl *
ask (const char *ca, SignerCrlMode mode)
{
  g_autoptr (GError) problem = NULL;
  SignerCrl *crl = signer_client_crl (running->client, ca, mode, deadline_in (PATIENCE), &problem);

  ck_assert_msg (crl != NULL, "%s", problem != NULL ? problem->message : "");
  return crl;
}

/* A new list, as crl.der and crl.pem. */
static guint64
make_list (const char *ca, guint count)
{
  g_autoptr (SignerCrl) crl = ask (ca, CRL_MAKE);

  ck_assert_uint_eq (crl->count, count);
  ck_assert_uint_eq (crl->waiting, 0);
  folder_save (running->folder, "crl.der", crl->der);
  folder_shell (running->folder, "openssl crl -inform DER -in crl.der -out crl.pem");
  return crl->number;
}

#define VERIFY                                                                                     \
  "openssl verify -x509_strict -crl_check -CAfile root.pem -untrusted ca.pem -CRLfile crl.pem "

static void
expect_live (const char *name)
{
  g_autofree char *command = g_strdup_printf (
      "openssl x509 -inform DER -in %s.der -out %s.pem && " VERIFY "%s.pem", name, name, name);

  folder_shell (running->folder, command);
}

static void
expect_revoked (const char *name)
{
  g_autofree char *command = g_strdup_printf (
      "openssl x509 -inform DER -in %s.der -out %s.pem && " VERIFY "%s.pem", name, name, name);

  folder_shell_refuses (running->folder, command, "certificate revoked");
}

/* ---- lists ---- */

START_TEST (test_a_list_says_what_is_revoked)
{
  const guint64 first = issue ("KC-1", "sensor");
  const guint64 second = issue ("KC-2", "sensor");

  issue ("KC-3", "sensor");
  ck_assert_uint_eq (make_list ("", 0), 1);
  expect_live ("KC-1");
  revoke_unit (first, CRL_SUPERSEDED);
  revoke_unit (second, CRL_UNSPECIFIED);
  revoke_unit (first, CRL_KEY_COMPROMISE); /* known already: the first word stands */
  ck_assert_uint_eq (make_list ("", 2), 2);
  folder_shell (running->folder, "openssl crl -in crl.pem -noout -verify -CAfile ca.pem");
  expect_revoked ("KC-1");
  expect_revoked ("KC-2");
  expect_live ("KC-3");
  folder_shell (running->folder, "openssl crl -in crl.pem -noout -text > text");
  folder_shell (running->folder, "grep -A1 'CRL Number' text | grep -qw 2");
  folder_shell (running->folder,
                "grep -q 'Authority Key Identifier' text && grep -q 'Superseded' text");
  folder_shell (running->folder, "! grep -q 'Key Compromise' text && ! grep -q 'Unspecified' text");
  folder_shell (running->folder,
                "grep -q 'Version 2' text && test $(grep -c 'Reason Code' text) = 1");
}
END_TEST

START_TEST (test_numbers_and_revocations_outlive_the_signer)
{
  const guint64 first = issue ("KC-1", "sensor");
  guint64 number = 0;

  issue ("KC-2", "sensor");
  revoke_unit (first, CRL_CESSATION_OF_OPERATION);
  for (int i = 0; i < 4; i++) {
    const guint64 next = make_list ("", 1);

    ck_assert_uint_eq (next, number + 1);
    number = next;
    running_stop (running, i % 2 == 0 ? SIGKILL : SIGTERM);
    start ();
    g_autoptr (SignerCrl) crl = ask ("", CRL_READ);
    ck_assert_uint_eq (crl->number, number);
    folder_save (running->folder, "again.der", crl->der);
    folder_shell (running->folder, "cmp crl.der again.der");
    expect_revoked ("KC-1");
    expect_live ("KC-2");
  }
}
END_TEST

/* Killed at each of the calls that put a list on the disk and into the log. */
START_TEST (test_a_cut_loses_no_number)
{
  const guint64 first = issue ("KC-1", "sensor");
  g_autofree char *strace = g_find_program_in_path ("strace");
  guint64 number;

  ck_assert_ptr_nonnull (strace);
  revoke_unit (first, CRL_SUPERSEDED);
  number = make_list ("", 1);
  for (int when = 1; when <= 5; when++) {
    static const char *const calls[] = { "fsync", "rename", "fdatasync", "fchmod", "sendto" };
    g_autofree char *pid = g_strdup_printf ("%d", running->pid);
    g_autofree char *inject = g_strdup_printf ("inject=%s:signal=KILL:when=1", calls[when - 1]);
    g_autofree char *trace = g_strdup_printf ("trace=%s", calls[when - 1]);
    char *argv[] = { (char *)"strace",
                     (char *)"-f",
                     (char *)"-qq",
                     (char *)"-o",
                     (char *)"/dev/null",
                     (char *)"-e",
                     trace,
                     (char *)"-e",
                     inject,
                     (char *)"-p",
                     pid,
                     NULL };
    GPid tracer;
    guint64 next;

    ck_assert (
        g_spawn_async (NULL, argv, NULL,
                       G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDERR_TO_DEV_NULL,
                       NULL, NULL, &tracer, NULL));
    g_usleep (300 * 1000);
    G_GNUC_UNUSED g_autoptr (SignerCrl) none =
        signer_client_crl (running->client, "", CRL_MAKE, deadline_in (500), NULL);
    kill (tracer, SIGTERM);
    running_stop (running, SIGKILL);
    waitpid (tracer, NULL, 0);
    start ();
    next = make_list ("", 1);
    ck_assert_uint_gt (next, number);
    number = next;
    expect_revoked ("KC-1");
  }
}
END_TEST

START_TEST (test_an_old_list_is_not_taken_back)
{
  const guint64 first = issue ("KC-1", "sensor");

  make_list ("", 0);
  folder_shell (running->folder, "cp state/crl-*.der old.der && ls state/crl-*.der > name");
  revoke_unit (first, CRL_SUPERSEDED);
  make_list ("", 1);
  folder_shell (running->folder, "cp state/crl-*.der new.der");
  for (int i = 0; i < 4; i++) {
    static const char *const damages[] = {
      "cp old.der $(cat name)", "rm $(cat name)", "head -c 200 new.der > $(cat name)",
      "printf '\\252' | dd of=$(cat name) bs=1 seek=120 conv=notrunc 2>/dev/null"
    };
    g_autoptr (GError) problem = NULL;

    running_stop (running, SIGTERM);
    folder_shell (running->folder, damages[i]);
    start ();
    g_autoptr (SignerCrl) none =
        signer_client_crl (running->client, "", CRL_MAKE, deadline_in (PATIENCE), &problem);
    ck_assert_msg (none == NULL, "taken after: %s", damages[i]);
    ck_assert_msg (g_error_matches (problem, CA_ERROR, CA_ERROR_CRL), "%s", problem->message);
    expect_revoke_refused (first, CRL_SUPERSEDED);
    /* units go on; and with the newest list all is well again */
    g_autofree char *name = g_strdup_printf ("KC-N%d", i);
    issue (name, "sensor");
    running_stop (running, SIGTERM);
    folder_shell (running->folder, "cp new.der $(cat name)");
    start ();
    make_list ("", 1);
    expect_revoked ("KC-1");
    folder_shell (running->folder, "cp state/crl-*.der new.der");
  }
}
END_TEST

START_TEST (test_a_hostile_station_gets_nothing)
{
  const guint64 first = issue ("KC-1", "sensor");
  G_GNUC_UNUSED g_autoptr (SignerStatus) status =
      signer_client_status (running->client, deadline_in (PATIENCE), NULL);
  g_autoptr (GBytes) code =
      signer_client_certify_code (running->client, "", AWS_CODE, deadline_in (PATIENCE), NULL);
  g_autoptr (GVariant) reply = NULL;

  ck_assert_ptr_nonnull (code);
  revoke_unit (first, CRL_SUPERSEDED);
  make_list ("", 1);
  /* no entry, an entry that is a code's, reasons that could be taken back or are a CA's */
  expect_revoke_refused (999, CRL_SUPERSEDED);
  expect_revoke_refused (G_MAXUINT64, CRL_SUPERSEDED);
  expect_revoke_refused (first + 1, CRL_SUPERSEDED);
  for (guint8 reason = 0; reason < 12; reason++)
    if (!crl_reason_is_known (reason))
      expect_revoke_refused (first, reason);
  ck_assert (!crl_reason_is_known (2) && !crl_reason_is_known (6) && !crl_reason_is_known (8));
  /* too many at once */
  GVariantBuilder builder;
  g_variant_builder_init (&builder, G_VARIANT_TYPE (WIRE_REVOKE_REQUEST));
  for (guint i = 0; i <= WIRE_REVOKE_MOST; i++)
    g_variant_builder_add (&builder, "(txy)", first, (gint64)0, 4);
  g_autoptr (GError) problem = NULL;
  reply = signer_client_call (running->client, WIRE_REVOKE, g_variant_builder_end (&builder),
                              deadline_in (PATIENCE), &problem);
  ck_assert_ptr_null (reply);
  /* what is revoked stays so */
  make_list ("", 1);
  expect_revoked ("KC-1");
}
END_TEST

START_TEST (test_a_bad_one_among_good_ones_revokes_none)
{
  RevokedCertificate revoked[] = { { issue ("KC-1", "sensor"), 0, CRL_SUPERSEDED },
                                   { 999, 0, CRL_SUPERSEDED } };
  guint unknown;

  ck_assert (
      !signer_client_revoke (running->client, revoked, 2, &unknown, deadline_in (PATIENCE), NULL));
  make_list ("", 0);
  expect_live ("KC-1");
  ck_assert (
      signer_client_revoke (running->client, revoked, 1, &unknown, deadline_in (PATIENCE), NULL));
  make_list ("", 1);
  expect_revoked ("KC-1");
}
END_TEST

/* Two CAs of one name: their lists differ, and neither can revoke what is the other's. */
START_TEST (test_each_ca_has_a_list_of_its_own)
{
  g_autofree char *config = NULL;
  guint64 old_unit, new_unit;

  running_stop (running, SIGTERM);
  ck_assert_int_eq (
      run (running->folder, NULL, running->program, "init-demo", "--folder", "second", NULL), 0);
  config = g_strdup_printf ("[ca next]\nKey=file:%s/second/ca.key\nCertificate=%s/second/ca.pem\n"
                            "PassphraseFile=%s/second/ca.passphrase\nCrlDays=7\n",
                            running->folder, running->folder, running->folder);
  folder_write (running->folder, "next.conf", config, 0644);
  folder_shell (
      running->folder,
      "cat next.conf >> signer.conf && sed -i 's/^Mode=demo/Mode=demo\\nIssuing=ca/' signer.conf");
  folder_write (running->folder, "profiles.d/next.profile",
                "[certificate]\nSubject=CN=${serial},O=Example\nValidity=until-ca\nCA=next\n",
                0644);
  start ();
  old_unit = issue ("KC-1", "sensor");
  new_unit = issue ("KC-2", "next");
  revoke_unit (old_unit, CRL_SUPERSEDED);
  make_list ("next", 0);
  folder_shell (running->folder, "cp crl.pem next.crl");
  make_list ("ca", 1);
  expect_revoked ("KC-1");
  folder_shell (
      running->folder,
      "openssl x509 -inform DER -in KC-2.der -out KC-2.pem && openssl verify -crl_check -CAfile "
      "second/root.pem -untrusted second/ca.pem -CRLfile next.crl KC-2.pem");
  folder_shell_refuses (
      running->folder,
      "openssl verify -crl_check -CAfile second/root.pem -untrusted second/ca.pem "
      "-CRLfile crl.pem KC-2.pem",
      "error");
  revoke_unit (new_unit, CRL_KEY_COMPROMISE);
  make_list ("next", 1);
  folder_shell_refuses (
      running->folder,
      "openssl verify -crl_check -CAfile second/root.pem -untrusted second/ca.pem "
      "-CRLfile crl.pem KC-2.pem",
      "certificate revoked");
  g_autoptr (GError) problem = NULL;
  ck_assert_ptr_null (
      signer_client_crl (running->client, "nobody", CRL_MAKE, deadline_in (PATIENCE), &problem));
  ck_assert (g_error_matches (problem, CA_ERROR, CA_ERROR_CA_UNKNOWN));
}
END_TEST

int
main (int argc, char **argv)
{
  Suite *suite = suite_create ("ca crl");
  TCase *tests = tcase_create ("all");
  SRunner *runner = srunner_create (suite);

  program = argv[1];
  tcase_set_timeout (tests, 60);
  tcase_add_checked_fixture (tests, setup, teardown);
  tcase_add_test (tests, test_a_list_says_what_is_revoked);
  tcase_add_test (tests, test_numbers_and_revocations_outlive_the_signer);
  tcase_add_test (tests, test_a_cut_loses_no_number);
  tcase_add_test (tests, test_an_old_list_is_not_taken_back);
  tcase_add_test (tests, test_a_hostile_station_gets_nothing);
  tcase_add_test (tests, test_a_bad_one_among_good_ones_revokes_none);
  tcase_add_test (tests, test_each_ca_has_a_list_of_its_own);
  suite_add_tcase (suite, tests);
  srunner_run_all (runner, CK_NORMAL);
  const int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? 0 : 1;
}

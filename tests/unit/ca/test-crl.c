/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Revocation lists and certificates over registration codes, asked of the real signer over its
 * socket by an honest station and by a hostile one. argv[1] is keycradle-signer. The openssl
 * command judges.
 */
#include "base/encode.h"
#include "ca/crl/crl.h"
#include "ca/issue/config.h"
#include "ca/issue/generation.h"
#include "ca/wire/client-private.h"
#include "tests/unit/ca/make.h"
#include "tests/unit/rounds.h"

#include <check.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define PATIENCE 20000
#define AWS_CODE "14c9a7f3a1d1a3e8fa6e1f0e1b2d3c4b5a69788796a5b4c3d2e1f00112233445"
#define AZURE_CODE "A901A843EFF75419AC1F0EB460E85DF153092A0547AA30F5"

static const char *program;
static char *folder;
static GPid signer_pid;
static SignerClient *client;

/* ---- the signer ---- */

static void
start_signer (void)
{
  g_autofree char *config = g_build_filename (folder, "signer.conf", NULL);
  g_autofree char *socket = g_build_filename (folder, "signer.sock", NULL);
  char *argv[] = { (char *)program, (char *)"--config", config, NULL };
  g_autoptr (SignerStatus) status = NULL;

  ck_assert (
      g_spawn_async (NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &signer_pid, NULL));
  client = signer_client_new (socket);
  status = signer_client_status (client, deadline_in (PATIENCE), NULL);
  ck_assert_ptr_nonnull (status);
}

static void
stop_signer (int with)
{
  kill (signer_pid, with);
  ck_assert_int_eq (waitpid (signer_pid, NULL, 0), signer_pid);
  g_clear_pointer (&client, signer_client_free);
}

static void
setup (void)
{
  folder = folder_make ();
  folder_fill (folder, "p-256");
  start_signer ();
}

static void
teardown (void)
{
  stop_signer (SIGTERM);
  folder_remove (folder);
}

static void
shell (const char *command)
{
  g_autofree char *said = NULL;

  ck_assert_msg (run (folder, &said, "sh", "-c", command, NULL) == 0, "%s: %s", command, said);
}

static void
expect_refused (const char *command, const char *words)
{
  g_autofree char *said = NULL;

  ck_assert_msg (run (folder, &said, "sh", "-c", command, NULL) != 0, "accepted: %s", command);
  ck_assert_msg (strstr (said, words) != NULL, "wanted '%s', said: %s", words, said);
}

static void
save (const char *name, GBytes *bytes)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  ck_assert (g_file_set_contents (path, g_bytes_get_data (bytes, NULL),
                                  (gssize)g_bytes_get_size (bytes), NULL));
}

/* ---- what is asked of it ---- */

/* A unit's certificate as NAME.der; its place in the log. */
static guint64
issue (const char *name, const char *profile)
{
  G_GNUC_UNUSED g_autoptr (SignerStatus) status =
      signer_client_status (client, deadline_in (PATIENCE), NULL);
  g_autoptr (GBytes) csr = make_good_request ("P-256", "SHA256");
  g_autoptr (IssuanceEntry) entry = NULL;
  g_autoptr (GError) problem = NULL;
  g_autofree char *file = g_strconcat (name, ".der", NULL);
  g_autofree char *path = g_strconcat (folder, "/profiles.d/", profile, ".profile", NULL);
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
  entry = signer_client_sign (client, &request, deadline_in (PATIENCE), &problem);
  ck_assert_msg (entry != NULL, "%s", problem != NULL ? problem->message : "");
  save (file, entry->certificate);
  return entry->index;
}

static void
revoke_unit (guint64 place, guint8 reason)
{
  const RevokedCertificate revoked = { place, g_get_real_time (), reason };
  g_autoptr (GError) problem = NULL;
  guint unknown;

  ck_assert_msg (
      signer_client_revoke (client, &revoked, 1, &unknown, deadline_in (PATIENCE), &problem), "%s",
      problem != NULL ? problem->message : "");
  ck_assert_uint_eq (unknown, 0);
}

static void
expect_revoke_refused (guint64 place, guint8 reason)
{
  const RevokedCertificate revoked = { place, g_get_real_time (), reason };
  g_autoptr (GError) problem = NULL;
  guint unknown;

  ck_assert (
      !signer_client_revoke (client, &revoked, 1, &unknown, deadline_in (PATIENCE), &problem));
  ck_assert_msg (g_error_matches (problem, CA_ERROR, CA_ERROR_CRL), "%s", problem->message);
}

static SignerCrl *
ask (const char *ca, SignerCrlMode mode)
{
  g_autoptr (GError) problem = NULL;
  SignerCrl *crl = signer_client_crl (client, ca, mode, deadline_in (PATIENCE), &problem);

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
  save ("crl.der", crl->der);
  shell ("openssl crl -inform DER -in crl.der -out crl.pem");
  return crl->number;
}

#define VERIFY                                                                                     \
  "openssl verify -x509_strict -crl_check -CAfile root.pem -untrusted ca.pem -CRLfile crl.pem "

static void
expect_live (const char *name)
{
  g_autofree char *command = g_strdup_printf (
      "openssl x509 -inform DER -in %s.der -out %s.pem && " VERIFY "%s.pem", name, name, name);

  shell (command);
}

static void
expect_revoked (const char *name)
{
  g_autofree char *command = g_strdup_printf (
      "openssl x509 -inform DER -in %s.der -out %s.pem && " VERIFY "%s.pem", name, name, name);

  expect_refused (command, "certificate revoked");
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
  shell ("openssl crl -in crl.pem -noout -verify -CAfile ca.pem");
  expect_revoked ("KC-1");
  expect_revoked ("KC-2");
  expect_live ("KC-3");
  shell ("openssl crl -in crl.pem -noout -text > text");
  shell ("grep -A1 'CRL Number' text | grep -qw 2");
  shell ("grep -q 'Authority Key Identifier' text && grep -q 'Superseded' text");
  shell ("! grep -q 'Key Compromise' text && ! grep -q 'Unspecified' text");
  shell ("grep -q 'Version 2' text && test $(grep -c 'Reason Code' text) = 1");
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
    stop_signer (i % 2 == 0 ? SIGKILL : SIGTERM);
    start_signer ();
    g_autoptr (SignerCrl) crl = ask ("", CRL_READ);
    ck_assert_uint_eq (crl->number, number);
    save ("again.der", crl->der);
    shell ("cmp crl.der again.der");
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
    g_autofree char *pid = g_strdup_printf ("%d", signer_pid);
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
        signer_client_crl (client, "", CRL_MAKE, deadline_in (500), NULL);
    kill (tracer, SIGTERM);
    kill (signer_pid, SIGKILL);
    waitpid (tracer, NULL, 0);
    waitpid (signer_pid, NULL, 0);
    g_clear_pointer (&client, signer_client_free);
    start_signer ();
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
  shell ("cp state/crl-*.der old.der && ls state/crl-*.der > name");
  revoke_unit (first, CRL_SUPERSEDED);
  make_list ("", 1);
  shell ("cp state/crl-*.der new.der");
  for (int i = 0; i < 4; i++) {
    static const char *const damages[] = {
      "cp old.der $(cat name)", "rm $(cat name)", "head -c 200 new.der > $(cat name)",
      "printf '\\252' | dd of=$(cat name) bs=1 seek=120 conv=notrunc 2>/dev/null"
    };
    g_autoptr (GError) problem = NULL;

    stop_signer (SIGTERM);
    shell (damages[i]);
    start_signer ();
    g_autoptr (SignerCrl) none =
        signer_client_crl (client, "", CRL_MAKE, deadline_in (PATIENCE), &problem);
    ck_assert_msg (none == NULL, "taken after: %s", damages[i]);
    ck_assert_msg (g_error_matches (problem, CA_ERROR, CA_ERROR_CRL), "%s", problem->message);
    expect_revoke_refused (first, CRL_SUPERSEDED);
    /* units go on; and with the newest list all is well again */
    g_autofree char *name = g_strdup_printf ("KC-N%d", i);
    issue (name, "sensor");
    stop_signer (SIGTERM);
    shell ("cp new.der $(cat name)");
    start_signer ();
    make_list ("", 1);
    expect_revoked ("KC-1");
    shell ("cp state/crl-*.der new.der");
  }
}
END_TEST

START_TEST (test_a_hostile_station_gets_nothing)
{
  const guint64 first = issue ("KC-1", "sensor");
  G_GNUC_UNUSED g_autoptr (SignerStatus) status =
      signer_client_status (client, deadline_in (PATIENCE), NULL);
  g_autoptr (GBytes) code =
      signer_client_certify_code (client, "", AWS_CODE, deadline_in (PATIENCE), NULL);
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
  reply = signer_client_call (client, WIRE_REVOKE, g_variant_builder_end (&builder),
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

  ck_assert (!signer_client_revoke (client, revoked, 2, &unknown, deadline_in (PATIENCE), NULL));
  make_list ("", 0);
  expect_live ("KC-1");
  ck_assert (signer_client_revoke (client, revoked, 1, &unknown, deadline_in (PATIENCE), NULL));
  make_list ("", 1);
  expect_revoked ("KC-1");
}
END_TEST

/* Two CAs of one name: their lists differ, and neither can revoke what is the other's. */
START_TEST (test_each_ca_has_a_list_of_its_own)
{
  g_autofree char *config = NULL;
  guint64 old_unit, new_unit;

  stop_signer (SIGTERM);
  ck_assert_int_eq (run (folder, NULL, program, "init-demo", "--folder", "second", NULL), 0);
  config = g_strdup_printf ("[ca next]\nKey=file:%s/second/ca.key\nCertificate=%s/second/ca.pem\n"
                            "PassphraseFile=%s/second/ca.passphrase\nCrlDays=7\n",
                            folder, folder, folder);
  folder_write (folder, "next.conf", config, 0644);
  shell (
      "cat next.conf >> signer.conf && sed -i 's/^Mode=demo/Mode=demo\\nIssuing=ca/' signer.conf");
  folder_write (folder, "profiles.d/next.profile",
                "[certificate]\nSubject=CN=${serial},O=Example\nValidity=until-ca\nCA=next\n",
                0644);
  start_signer ();
  old_unit = issue ("KC-1", "sensor");
  new_unit = issue ("KC-2", "next");
  revoke_unit (old_unit, CRL_SUPERSEDED);
  make_list ("next", 0);
  shell ("cp crl.pem next.crl");
  make_list ("ca", 1);
  expect_revoked ("KC-1");
  shell ("openssl x509 -inform DER -in KC-2.der -out KC-2.pem && openssl verify -crl_check -CAfile "
         "second/root.pem -untrusted second/ca.pem -CRLfile next.crl KC-2.pem");
  expect_refused ("openssl verify -crl_check -CAfile second/root.pem -untrusted second/ca.pem "
                  "-CRLfile crl.pem KC-2.pem",
                  "error");
  revoke_unit (new_unit, CRL_KEY_COMPROMISE);
  make_list ("next", 1);
  expect_refused ("openssl verify -crl_check -CAfile second/root.pem -untrusted second/ca.pem "
                  "-CRLfile crl.pem KC-2.pem",
                  "certificate revoked");
  g_autoptr (GError) problem = NULL;
  ck_assert_ptr_null (
      signer_client_crl (client, "nobody", CRL_MAKE, deadline_in (PATIENCE), &problem));
  ck_assert (g_error_matches (problem, CA_ERROR, CA_ERROR_CA_UNKNOWN));
}
END_TEST

/* ---- codes ---- */

static const char *const good_codes[] = { AWS_CODE, AZURE_CODE };

START_TEST (test_a_code_is_certified)
{
  const char *code = good_codes[_i];
  g_autoptr (GError) problem = NULL;
  g_autoptr (GBytes) certificate =
      signer_client_certify_code (client, "", code, deadline_in (PATIENCE), &problem);
  g_autoptr (GPtrArray) entries = NULL;
  const IssuanceEntry *entry;
  g_autofree char *command =
      g_strdup_printf ("test \"$(openssl x509 -in code.pem -noout -subject -nameopt multiline | "
                       "sed -n 's/.*commonName *= //p')\" = %s",
                       code);

  ck_assert_msg (certificate != NULL, "%s", problem != NULL ? problem->message : "");
  save ("code.der", certificate);
  shell ("openssl x509 -inform DER -in code.der -out code.pem");
  shell (command);
  shell ("openssl verify -x509_strict -CAfile root.pem -untrusted ca.pem code.pem");
  /* no device: a server refuses it */
  expect_refused ("openssl verify -purpose sslclient -CAfile root.pem -untrusted ca.pem code.pem",
                  "unsuitable certificate purpose");
  expect_refused ("openssl verify -purpose sslserver -CAfile root.pem -untrusted ca.pem code.pem",
                  "unsuitable certificate purpose");
  shell ("openssl x509 -in code.pem -noout -checkend $((29 * 86400))");
  shell ("! openssl x509 -in code.pem -noout -checkend $((31 * 86400))");
  shell ("openssl x509 -in code.pem -noout -text > text && grep -q 'CA:FALSE' text && "
         "grep -q 'Digital Signature$' text && ! grep -q 'TLS Web' text");
  entries = signer_client_entries (client, 0, 10, deadline_in (PATIENCE), NULL);
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
  g_autoptr (SignerStatus) before = signer_client_status (client, deadline_in (PATIENCE), NULL);
  g_autoptr (SignerStatus) after = NULL;

  ck_assert_ptr_null (
      signer_client_certify_code (client, "", bad_codes[_i], deadline_in (PATIENCE), &problem));
  ck_assert (g_error_matches (problem, CA_ERROR, CA_ERROR_SUBJECT));
  after = signer_client_status (client, deadline_in (PATIENCE), NULL);
  ck_assert_uint_eq (before->log_size, after->log_size);
}
END_TEST

/* ---- large lists ---- */

static Generation *
load_generation (void)
{
  g_autofree char *path = g_build_filename (folder, "signer.conf", NULL);
  g_autoptr (SignerConfig) config = signer_config_load (path, NULL);
  Generation *generation = generation_load (config, NULL);

  ck_assert_ptr_nonnull (generation);
  return generation;
}

/* Serials as the signer draws them: random, but the same ones each time. */
static gboolean
add_number (Crl *crl, guint32 number)
{
  guint8 serial[20] = { 1 };
  g_autoptr (GBytes) hash = sha256_of ((const guint8 *)&number, sizeof number);

  memcpy (serial + 1, g_bytes_get_data (hash, NULL), sizeof serial - 1);
  return crl_add (crl, (Span){ serial, sizeof serial }, 1700000000, CRL_SUPERSEDED);
}

START_TEST (test_a_hundred_thousand_are_revoked)
{
  g_autoptr (Generation) generation = load_generation ();
  g_autoptr (Crl) crl = crl_new ();
  g_autoptr (GBytes) der = NULL;
  g_autoptr (Crl) again = NULL;
  const guint32 many = rounds_of (100000, 10000);
  const gint64 start = g_get_monotonic_time ();
  const CrlHead head = { 300, 1700000000, 1700086400 };
  CrlHead found;

  for (guint32 i = 0; i < many; i++)
    ck_assert (add_number (crl, i));
  for (guint32 i = 0; i < many; i += 7)
    ck_assert (!add_number (crl, i));
  der = crl_make (crl, generation->issuing, &head, NULL);
  ck_assert_ptr_nonnull (der);
  again = crl_read (generation->issuing, der, &found, NULL);
  ck_assert_ptr_nonnull (again);
  ck_assert_uint_eq (crl_count (again), many);
  ck_assert_uint_eq (found.number, 300);
  ck_assert (!add_number (again, many - 1));
  ck_assert (add_number (again, many));
  printf ("%u revoked: %" G_GSIZE_FORMAT " bytes, %" G_GINT64_FORMAT " ms\n", many,
          g_bytes_get_size (der), (g_get_monotonic_time () - start) / 1000);
  ck_assert_int_lt (g_get_monotonic_time () - start, 10 * G_USEC_PER_SEC);
  save ("crl.der", der);
  shell ("openssl crl -inform DER -in crl.der -noout -verify -CAfile ca.pem");
}
END_TEST

/* Every byte of a list counts: a changed one is no list of this CA. */
START_TEST (test_a_changed_list_is_noticed)
{
  g_autoptr (Generation) generation = load_generation ();
  g_autoptr (Crl) crl = crl_new ();
  g_autoptr (GBytes) der = NULL;
  const CrlHead head = { 1, 1700000000, 1700086400 };
  CrlHead found;

  add_number (crl, 1);
  add_number (crl, 2);
  der = crl_make (crl, generation->issuing, &head, NULL);
  ck_assert_ptr_nonnull (der);
  for (gsize i = 0; i < g_bytes_get_size (der); i++) {
    g_autoptr (GBytes) changed = bytes_flipped (der, i, 1);
    g_autoptr (GBytes) shorter = bytes_resized (der, -(gssize)i - 1);

    ck_assert_ptr_null (crl_read (generation->issuing, changed, &found, NULL));
    ck_assert_ptr_null (crl_read (generation->issuing, shorter, &found, NULL));
  }
  g_autoptr (GBytes) longer = bytes_resized (der, 1);
  ck_assert_ptr_null (crl_read (generation->issuing, longer, &found, NULL));
  g_autoptr (Crl) same = crl_read (generation->issuing, der, &found, NULL);
  ck_assert_ptr_nonnull (same);
}
END_TEST

int
main (int argc, char **argv)
{
  Suite *suite = suite_create ("ca crl");
  TCase *tests = tcase_create ("all");
  SRunner *runner = srunner_create (suite);

  program = g_canonicalize_filename (argv[1], NULL);
  tcase_set_timeout (tests, 60);
  tcase_add_checked_fixture (tests, setup, teardown);
  tcase_add_test (tests, test_a_list_says_what_is_revoked);
  tcase_add_test (tests, test_numbers_and_revocations_outlive_the_signer);
  tcase_add_test (tests, test_a_cut_loses_no_number);
  tcase_add_test (tests, test_an_old_list_is_not_taken_back);
  tcase_add_test (tests, test_a_hostile_station_gets_nothing);
  tcase_add_test (tests, test_a_bad_one_among_good_ones_revokes_none);
  tcase_add_test (tests, test_each_ca_has_a_list_of_its_own);
  tcase_add_loop_test (tests, test_a_code_is_certified, 0, G_N_ELEMENTS (good_codes));
  tcase_add_loop_test (tests, test_other_text_is_no_code, 0, G_N_ELEMENTS (bad_codes));
  tcase_add_test (tests, test_a_hundred_thousand_are_revoked);
  tcase_add_test (tests, test_a_changed_list_is_noticed);
  suite_add_tcase (suite, tests);
  srunner_run_all (runner, CK_NORMAL);
  const int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? 0 : 1;
}

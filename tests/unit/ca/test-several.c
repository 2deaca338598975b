/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Several CAs in one signer, and the change from one to the next while it runs: the real program,
 * reloaded by SIGHUP as systemd does it. argv[1] is keycradle-signer.
 */
#include "base/encode.h"
#include "ca/command/demo.h"
#include "ca/log/log.h"
#include "ca/wire/client.h"
#include "tests/unit/ca/make.h"

#include <check.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE 20000

#define SENSOR "[certificate]\nSubject=CN=${serial},O=Example\nValidity=until-ca\n"

static const char *program;
static char *folder;
static char *socket_path;
static GPid signer_pid;

/* ---- the folder: two CAs, "old" and "new" ---- */

static void
add_authority (const char *name)
{
  g_autofree char *below = g_build_filename (folder, name, NULL);

  ck_assert (demo_create (below, "p-256", NULL));
}

/* `names` are the CAs, `issuing` the one of them that issues. */
static void
write_config (const char *issuing, const char *const *names)
{
  g_autoptr (GString) text = g_string_new (NULL);

  g_string_append_printf (text,
                          "[signer]\nMode=demo\nSocket=%s\nStateFolder=%s/state\n"
                          "ProfileFolder=%s/profiles.d\nIssuing=%s\n",
                          socket_path, folder, folder, issuing);
  for (; *names != NULL; names++)
    g_string_append_printf (text,
                            "[ca %s]\nKey=file:%s/%s/ca.key\nCertificate=%s/%s/ca.pem\n"
                            "PassphraseFile=%s/%s/ca.passphrase\n",
                            *names, folder, *names, folder, *names, folder, *names);
  folder_write (folder, "signer.conf", text->str, 0644);
}

static const char *const both[] = { "old", "new", NULL };
static const char *const only_old[] = { "old", NULL };
static const char *const only_new[] = { "new", NULL };

static void
start_signer (void)
{
  g_autofree char *config = g_build_filename (folder, "signer.conf", NULL);
  const char *const arguments[] = { program, "--config", config, "--child", NULL };

  ck_assert (g_spawn_async (NULL, (char **)arguments, NULL,
                            G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL,
                            &signer_pid, NULL));
}

static int
stop_signer (int number)
{
  int status;

  kill (signer_pid, number);
  ck_assert_int_eq (waitpid (signer_pid, &status, 0), signer_pid);
  signer_pid = 0;
  return status;
}

static void
setup (void)
{
  folder = folder_make ();
  folder_fill (folder, "p-256");
  socket_path = g_build_filename (folder, "signer.sock", NULL);
  add_authority ("old");
  add_authority ("new");
  write_config ("old", only_old);
}

static void
teardown (void)
{
  if (signer_pid > 0)
    stop_signer (SIGKILL);
  folder_remove (folder);
  g_free (socket_path);
}

/* ---- asking ---- */

static IssuanceEntry *
sign_for (SignerClient *client, const char *profile, const char *device, GBytes *request,
          GError **error)
{
  g_autofree char *path = g_strdup_printf ("%s/profiles.d/%s.profile", folder, profile);
  g_autofree char *text = NULL;
  g_autofree char *digest = NULL;
  gsize length;

  ck_assert (g_file_get_contents (path, &text, &length, NULL));
  digest = sha256_hex ((const guint8 *)text, length);
  const SignRequest order = { .batch = "b1",
                              .product = "sensor",
                              .profile = profile,
                              .profile_sha256 = digest,
                              .device = device,
                              .csr = request };
  return signer_client_sign (client, &order, deadline_in (PATIENCE), error);
}

static IssuanceEntry *
sign_new (SignerClient *client, const char *profile, const char *device)
{
  g_autoptr (GBytes) request = make_good_request ("P-256", "SHA256");
  g_autoptr (GError) problem = NULL;
  IssuanceEntry *entry = sign_for (client, profile, device, request, &problem);

  ck_assert_msg (entry != NULL, "%s: %s", device, problem != NULL ? problem->message : "");
  return entry;
}

static SignerStatus *
ask (SignerClient *client)
{
  g_autoptr (GError) problem = NULL;
  SignerStatus *status = signer_client_status (client, deadline_in (PATIENCE), &problem);

  ck_assert_msg (status != NULL, "%s", problem != NULL ? problem->message : "");
  return status;
}

static X509 *
authority_certificate (const char *name)
{
  g_autofree char *path = g_strdup_printf ("%s/%s/ca.pem", folder, name);
  g_autofree char *text = NULL;
  g_autoptr (GBytes) der = NULL;
  const guint8 *at;
  gsize length;

  ck_assert (g_file_get_contents (path, &text, NULL, NULL));
  der = pem_decode (text, "CERTIFICATE", NULL);
  at = g_bytes_get_data (der, &length);
  return d2i_X509 (NULL, &at, (long)length);
}

static gboolean
is_issued_by (const IssuanceEntry *entry, const char *name)
{
  gsize length;
  const guint8 *at = g_bytes_get_data (entry->certificate, &length);
  X509 *certificate = d2i_X509 (NULL, &at, (long)length);
  X509 *authority = authority_certificate (name);
  gboolean yes = X509_check_issued (authority, certificate) == X509_V_OK
                 && X509_verify (certificate, X509_get0_pubkey (authority)) == 1;

  X509_free (certificate);
  X509_free (authority);
  return yes;
}

/* Until STATUS says it: a reload answers nobody. */
static void
reload_until_issuing (SignerClient *client, const char *name)
{
  kill (signer_pid, SIGHUP);
  for (guint i = 0; i < 500; i++) {
    g_autoptr (SignerStatus) status = ask (client);

    if (g_str_equal (status->issuing->name, name) && status->problems[0] == NULL)
      return;
    g_usleep (10000);
  }
  ck_abort_msg ("the signer does not issue with %s", name);
}

static char *
reload_until_problem (SignerClient *client)
{
  kill (signer_pid, SIGHUP);
  for (guint i = 0; i < 500; i++) {
    g_autoptr (SignerStatus) status = ask (client);

    if (status->problems[0] != NULL)
      return g_strdup (status->problems[0]);
    g_usleep (10000);
  }
  ck_abort_msg ("the signer does not say what is wrong");
  return NULL;
}

/* ---- tests ---- */

/* A CA whose time is over. */
static void
add_ended_authority (void)
{
  ck_assert_int_eq (
      run (folder, NULL, "sh", "-c",
           "mkdir ended && cd ended && faketime '2020-01-01 00:00:00' openssl req -x509 -newkey ec "
           "-pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 "
           "-subj '/CN=TEST - NOT FOR PRODUCTION ended' -addext keyUsage=critical,keyCertSign "
           "-keyout ca.key -out ca.pem && echo none > ca.passphrase && chmod 600 ca.*",
           NULL),
      0);
}

START_TEST (test_a_ca_that_has_ended_stops_only_its_own_profiles)
{
  static const char *const with_ended[] = { "old", "ended", NULL };
  g_autoptr (SignerClient) client = signer_client_new (socket_path);
  g_autoptr (GBytes) request = make_good_request ("P-256", "SHA256");
  g_autoptr (GError) problem = NULL;

  add_ended_authority ();
  folder_write (folder, "profiles.d/late.profile", SENSOR "CA=ended\n", 0644);
  write_config ("old", with_ended);
  start_signer ();
  issuance_entry_free (sign_new (client, "sensor", "SN-1"));
  ck_assert_ptr_null (sign_for (client, "late", "SN-2", request, &problem));
  ck_assert (g_error_matches (problem, CA_ERROR, CA_ERROR_CA_CERTIFICATE));
  ck_assert_ptr_nonnull (strstr (problem->message, "has expired"));
  stop_signer (SIGTERM);
  write_config ("ended", with_ended);
  start_signer ();
  ck_assert_int_eq (stop_signer (0), EXIT_FAILURE << 8);
}
END_TEST

START_TEST (test_a_second_ca_signs_beside_the_first_for_its_profile)
{
  g_autoptr (SignerClient) client = signer_client_new (socket_path);
  g_autoptr (IssuanceEntry) one = NULL;
  g_autoptr (IssuanceEntry) two = NULL;
  g_autoptr (SignerStatus) status = NULL;

  write_config ("old", both);
  folder_write (folder, "profiles.d/meter.profile", SENSOR "CA=new\n", 0644);
  start_signer ();
  one = sign_new (client, "sensor", "SN-1");
  two = sign_new (client, "meter", "SN-2");
  ck_assert (is_issued_by (one, "old") && !is_issued_by (one, "new"));
  ck_assert (is_issued_by (two, "new") && !is_issued_by (two, "old"));
  status = ask (client);
  ck_assert_uint_eq (status->authorities->len, 2);
  ck_assert (g_str_has_suffix (status->profiles[0], ":new"));
  ck_assert (g_str_has_suffix (status->profiles[1], ":old"));
}
END_TEST

START_TEST (test_a_ca_stands_in_the_log_before_its_first_certificate)
{
  g_autoptr (SignerClient) client = signer_client_new (socket_path);
  g_autoptr (IssuanceEntry) one = NULL;
  g_autoptr (IssuanceEntry) two = NULL;
  g_autoptr (GPtrArray) entries = NULL;
  const IssuanceEntry *begin;

  start_signer ();
  one = sign_new (client, "sensor", "SN-1");
  write_config ("new", both);
  reload_until_issuing (client, "new");
  two = sign_new (client, "sensor", "SN-2");
  entries = signer_client_entries (client, 0, 10, deadline_in (PATIENCE), NULL);
  ck_assert_uint_eq (entries->len, 3);
  begin = g_ptr_array_index (entries, 1);
  ck_assert_int_eq (begin->type, LOG_ENTRY_AUTHORITY);
  ck_assert_str_eq (begin->device, "new");
  ck_assert_uint_eq (two->index, 2);
  /* Once is enough, also after a restart. */
  stop_signer (SIGTERM);
  start_signer ();
  {
    g_autoptr (SignerStatus) status = ask (client);
    ck_assert_uint_eq (status->log_size, 3);
  }
}
END_TEST

START_TEST (test_after_the_change_an_earlier_order_gets_its_earlier_certificate)
{
  g_autoptr (SignerClient) client = signer_client_new (socket_path);
  g_autoptr (GBytes) request = make_good_request ("P-256", "SHA256");
  g_autoptr (IssuanceEntry) before = NULL;
  g_autoptr (IssuanceEntry) again = NULL;
  g_autoptr (IssuanceEntry) next = NULL;

  start_signer ();
  before = sign_for (client, "sensor", "SN-1", request, NULL);
  write_config ("new", both);
  reload_until_issuing (client, "new");
  again = sign_for (client, "sensor", "SN-1", request, NULL);
  ck_assert (before != NULL && again != NULL);
  ck_assert (g_bytes_equal (before->certificate, again->certificate));
  next = sign_new (client, "sensor", "SN-2");
  ck_assert (is_issued_by (again, "old"));
  ck_assert (is_issued_by (next, "new"));
}
END_TEST

START_TEST (test_what_is_wrong_is_not_reloaded_and_the_old_goes_on)
{
  static const struct {
    const char *file;
    const char *text;
    const char *why;
  } cases[] = {
    { "signer.conf", "[signer]\nMode=demo\n", "there is no CA" },
    { "profiles.d/sensor.profile", "[certificate]\nSubject=\nColour=red\n", "Colour" },
    { "profiles.d/meter.profile", SENSOR "CA=newest\n", "no [ca newest]" },
  };
  g_autoptr (SignerClient) client = signer_client_new (socket_path);
  g_autofree char *path = g_build_filename (folder, cases[_i].file, NULL);
  g_autofree char *problem = NULL;
  g_autofree char *good = NULL;
  g_autoptr (IssuanceEntry) entry = NULL;
  gboolean there = g_file_get_contents (path, &good, NULL, NULL);

  write_config ("old", both);
  start_signer ();
  entry = sign_new (client, "sensor", "SN-1");
  folder_write (folder, cases[_i].file, cases[_i].text, 0644);
  problem = reload_until_problem (client);
  ck_assert_msg (strstr (problem, cases[_i].why) != NULL, "%s", problem);
  if (there)
    folder_write (folder, cases[_i].file, good, 0644);
  else
    unlink (path);
  {
    g_autoptr (IssuanceEntry) goes_on = sign_new (client, "sensor", "SN-2");
    ck_assert (is_issued_by (goes_on, "old"));
  }
  /* The near twin: the same change without the fault. */
  write_config ("new", both);
  reload_until_issuing (client, "new");
}
END_TEST

START_TEST (test_settings_that_a_reload_can_not_change_are_refused)
{
  g_autoptr (SignerClient) client = signer_client_new (socket_path);
  g_autofree char *problem = NULL;
  g_autofree char *kept = g_steal_pointer (&socket_path);

  socket_path = g_strdup (kept);
  start_signer ();
  issuance_entry_free (sign_new (client, "sensor", "SN-1"));
  g_free (socket_path);
  socket_path = g_strconcat (kept, "2", NULL);
  write_config ("old", both);
  problem = reload_until_problem (client);
  ck_assert_ptr_nonnull (strstr (problem, "restart the signer"));
}
END_TEST

START_TEST (test_the_log_of_other_cas_is_refused_unless_one_is_known)
{
  g_autoptr (SignerClient) client = signer_client_new (socket_path);
  g_autofree char *said = NULL;

  start_signer ();
  issuance_entry_free (sign_new (client, "sensor", "SN-1"));
  stop_signer (SIGTERM);
  write_config ("new", only_new);
  ck_assert_int_ne (run (folder, &said, program, "--check", "--config", "signer.conf", NULL), 0);
  ck_assert_msg (strstr (said, "keep the old [ca ...] beside the new one") != NULL, "%s", said);
  ck_assert_int_ne (run (folder, NULL, program, "--config", "signer.conf", NULL), 0);
  /* Beside the old one it begins, and then it may stay alone. */
  write_config ("new", both);
  start_signer ();
  issuance_entry_free (sign_new (client, "sensor", "SN-2"));
  stop_signer (SIGTERM);
  write_config ("new", only_new);
  start_signer ();
  issuance_entry_free (sign_new (client, "sensor", "SN-3"));
}
END_TEST

START_TEST (test_a_ca_is_named_once)
{
  g_autofree char *said = NULL;
  g_autofree char *twin = g_strdup_printf ("%s/twin", folder);
  g_autofree char *old = g_strdup_printf ("%s/old", folder);
  static const char *const twins[] = { "old", "twin", NULL };

  ck_assert_int_eq (run (NULL, NULL, "cp", "-a", old, twin, NULL), 0);
  write_config ("old", twins);
  ck_assert_int_ne (run (folder, &said, program, "--check", "--config", "signer.conf", NULL), 0);
  ck_assert_ptr_nonnull (strstr (said, "have the same key"));
  write_config ("old", both);
  ck_assert_int_eq (run (folder, NULL, program, "--check", "--config", "signer.conf", NULL), 0);
}
END_TEST

START_TEST (test_the_key_of_a_ca_is_no_devices)
{
  g_autoptr (SignerClient) client = signer_client_new (socket_path);
  g_autofree char *subject = g_strdup ("/CN=SN-1");
  g_autofree char *pem = NULL;
  g_autofree char *path = g_build_filename (folder, "ca.csr", NULL);
  g_autofree char *key = g_build_filename (folder, "new/ca.key", NULL);
  g_autofree char *secret = g_strdup_printf ("file:%s/new/ca.passphrase", folder);
  g_autoptr (GBytes) request = NULL;
  g_autoptr (GError) problem = NULL;

  write_config ("old", both);
  start_signer ();
  ck_assert_int_eq (run (folder, NULL, "openssl", "req", "-new", "-key", key, "-passin", secret,
                         "-subj", subject, "-out", path, NULL),
                    0);
  ck_assert (g_file_get_contents (path, &pem, NULL, NULL));
  request = pem_decode (pem, "CERTIFICATE REQUEST", NULL);
  ck_assert (sign_for (client, "sensor", "SN-1", request, &problem) == NULL);
  ck_assert (g_error_matches (problem, CA_ERROR, CA_ERROR_DUPLICATE_KEY));
}
END_TEST

/* ---- the change under load ---- */

typedef struct {
  guint number;
  gint *stop;
  guint of_old;
  guint of_new;
} Station;

static gpointer
run_station (gpointer data)
{
  Station *station = data;
  g_autoptr (SignerClient) client = signer_client_new (socket_path);

  for (guint i = 0; !g_atomic_int_get (station->stop); i++) {
    g_autofree char *device = g_strdup_printf ("SN-%u-%u", station->number, i);
    g_autoptr (IssuanceEntry) entry = sign_new (client, "sensor", device);
    gboolean old = is_issued_by (entry, "old");

    ck_assert (old != is_issued_by (entry, "new"));
    if (old)
      station->of_old++;
    else
      station->of_new++;
  }
  return NULL;
}

START_TEST (test_no_order_fails_while_the_cas_change)
{
  g_autoptr (SignerClient) client = signer_client_new (socket_path);
  Station stations[4];
  GThread *threads[4];
  guint of_old = 0, of_new = 0;
  gint stop = 0;

  write_config ("old", both);
  start_signer ();
  issuance_entry_free (sign_new (client, "sensor", "SN-0")); /* it is there */
  for (guint i = 0; i < 4; i++) {
    stations[i] = (Station){ .number = i, .stop = &stop };
    threads[i] = g_thread_new ("station", run_station, &stations[i]);
  }
  for (guint i = 0; i < 4; i++) {
    const char *next = i % 2 == 0 ? "new" : "old";

    write_config (next, both);
    reload_until_issuing (client, next);
    issuance_entry_free (sign_new (client, "sensor", next));
  }
  g_atomic_int_set (&stop, 1);
  for (guint i = 0; i < 4; i++) {
    g_thread_join (threads[i]);
    of_old += stations[i].of_old;
    of_new += stations[i].of_new;
  }
  ck_assert_uint_gt (of_old, 0);
  ck_assert_uint_gt (of_new, 0);
}
END_TEST

int
main (int argc, char **argv)
{
  Suite *suite = suite_create ("ca several");
  TCase *several = tcase_create ("several");
  SRunner *runner = srunner_create (suite);
  int failed;

  g_assert_cmpint (argc, ==, 2);
  program = g_canonicalize_filename (argv[1], NULL); /* tests run in other folders */
  tcase_set_timeout (several, 120);
  tcase_add_checked_fixture (several, setup, teardown);
  tcase_add_test (several, test_a_second_ca_signs_beside_the_first_for_its_profile);
  tcase_add_test (several, test_a_ca_that_has_ended_stops_only_its_own_profiles);
  tcase_add_test (several, test_a_ca_stands_in_the_log_before_its_first_certificate);
  tcase_add_test (several, test_after_the_change_an_earlier_order_gets_its_earlier_certificate);
  tcase_add_loop_test (several, test_what_is_wrong_is_not_reloaded_and_the_old_goes_on, 0, 3);
  tcase_add_test (several, test_settings_that_a_reload_can_not_change_are_refused);
  tcase_add_test (several, test_the_log_of_other_cas_is_refused_unless_one_is_known);
  tcase_add_test (several, test_a_ca_is_named_once);
  tcase_add_test (several, test_the_key_of_a_ca_is_no_devices);
  tcase_add_test (several, test_no_order_fails_while_the_cas_change);
  suite_add_tcase (suite, several);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The real signer in production mode, in its sandbox, with its key in each kind of store: what a
 * station hears while the token is away, and what the log says afterwards. argv[1] is
 * keycradle-signer, argv[2] stores.sh.
 */
#include "base/encode.h"
#include "ca/wire/client.h"
#include "tests/unit/ca/make.h"
#include "tests/unit/ca/stores.h"

#include <check.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE 20000
#define STATIONS 4
#define DEVICES 40

static const char *program;
static const char *script;
static char *folder;
static char *socket_path;
static GPid signer_pid;

static void
make_stores (void)
{
  g_autofree char *profiles = NULL;

  folder = stores_make (script);
  profiles = g_build_filename (folder, "profiles.d", NULL);
  g_assert_cmpint (g_mkdir (profiles, 0755), ==, 0);
  folder_write (folder, "profiles.d/sensor.profile",
                "[certificate]\nSubject=CN=${serial},O=Example\nValidity=until-ca\n", 0644);
  socket_path = g_build_filename (folder, "signer.sock", NULL);
}

static void
remove_stores (void)
{
  g_free (socket_path);
  stores_remove (folder);
}

/* A configuration and an empty log for the P-256 key in `store`. */
static void
configure (const char *store, const char *pin)
{
  g_autofree char *uri = stores_uri (folder, "p256", store);
  g_autofree char *state = g_build_filename (folder, "state", NULL);
  g_autofree char *config =
      g_strdup_printf ("[signer]\nSocket=%s\nStateFolder=%s\nProfileFolder=%s/profiles.d\n"
                       "[ca]\nKey=%s\nCertificate=%s/p256.%s.pem\nPassphraseFile=%s/%s\n",
                       socket_path, state, folder, uri, folder, store, folder, pin);

  ck_assert_int_eq (run (NULL, NULL, "rm", "-rf", state, NULL), 0);
  ck_assert_int_eq (g_mkdir (state, 0700), 0);
  folder_write (folder, "signer.conf", config, 0644);
}

static void
start_signer (void)
{
  g_autofree char *config = g_build_filename (folder, "signer.conf", NULL);
  const char *const arguments[] = { program, "--config", config, "--child", NULL };

  ck_assert (g_spawn_async (NULL, (char **)arguments, NULL,
                            G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL,
                            &signer_pid, NULL));
}

static void
stop_signer (void)
{
  int status;

  kill (signer_pid, SIGTERM);
  ck_assert_int_eq (waitpid (signer_pid, &status, 0), signer_pid);
  ck_assert (WIFEXITED (status) && WEXITSTATUS (status) == 0);
}

/* The signer's stderr is no part of this; whether it says so is asked of --check. */
static void
expect_check (gboolean good, const char *words)
{
  g_autofree char *said = NULL;
  int status = run (folder, &said, program, "--check", "--config", "signer.conf", NULL);

  ck_assert_msg ((status == 0) == good && strstr (said, words) != NULL, "wanted '%s', said: %s",
                 words, said);
}

static IssuanceEntry *
order (SignerClient *client, const char *device, GBytes *request, GError **error)
{
  static const char profile[] =
      "[certificate]\nSubject=CN=${serial},O=Example\nValidity=until-ca\n";
  g_autofree char *digest = sha256_hex ((const guint8 *)profile, sizeof profile - 1);
  const SignRequest wanted = { .batch = "b1",
                               .product = "sensor",
                               .profile = "sensor",
                               .profile_sha256 = digest,
                               .device = device,
                               .csr = request };

  return signer_client_sign (client, &wanted, deadline_in (PATIENCE), error);
}

static void
expect_signed (SignerClient *client, const char *device, GBytes *request, guint64 index)
{
  GError *problem = NULL;
  g_autoptr (IssuanceEntry) entry = order (client, device, request, &problem);

  ck_assert_msg (entry != NULL, "%s", problem != NULL ? problem->message : "");
  ck_assert_uint_eq (entry->index, index);
}

static void
expect_refused (SignerClient *client, const char *device, GBytes *request)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (IssuanceEntry) entry = order (client, device, request, &problem);

  ck_assert_ptr_null (entry);
  ck_assert_msg (g_error_matches (problem, CA_ERROR, CA_ERROR_CA_TOKEN), "%s", problem->message);
}

static void
expect_status (SignerClient *client, const char *scheme, gboolean trouble, guint64 entries)
{
  g_autoptr (SignerStatus) status = signer_client_status (client, deadline_in (PATIENCE), NULL);

  ck_assert_ptr_nonnull (status);
  ck_assert_str_eq (status->issuing->keystore, scheme);
  ck_assert_int_eq (status->issuing->problem != NULL, trouble);
  ck_assert_uint_eq (status->log_size, entries);
}

static const char *
scheme_of (const char *store)
{
  return g_str_has_prefix (store, "tpm2") ? "tpm2" : store;
}

START_TEST (test_a_token_that_dies_stops_orders_and_nothing_else)
{
  const char *store = store_names[_i];
  g_autoptr (SignerClient) client = signer_client_new (socket_path);
  g_autoptr (GBytes) first = make_good_request ("P-256", "SHA256");
  g_autoptr (GBytes) second = make_good_request ("P-256", "SHA256");
  g_autoptr (GPtrArray) entries = NULL;

  configure (store, "pin");
  start_signer ();
  expect_signed (client, "SN-1", first, 0);
  expect_status (client, scheme_of (store), FALSE, 1);
  kill (signer_pid, SIGPIPE); /* as a write to a token that just went away raises it */
  stores_lose (folder, store);
  expect_refused (client, "SN-2", second);
  expect_status (client, scheme_of (store), TRUE, 1);
  expect_signed (client, "SN-1", first, 0); /* out of the log */
  entries = signer_client_entries (client, 0, 10, deadline_in (PATIENCE), NULL);
  ck_assert_uint_eq (entries->len, 1);
  expect_refused (client, "SN-2", second);
  stores_return (folder, store);
  expect_signed (client, "SN-2", second, 1);
  expect_status (client, scheme_of (store), FALSE, 2);
  expect_signed (client, "SN-2", second, 1);
  expect_status (client, scheme_of (store), FALSE, 2);
  stop_signer ();
}
END_TEST

START_TEST (test_the_signer_may_start_without_its_token)
{
  const char *store = store_names[_i];
  g_autoptr (SignerClient) client = signer_client_new (socket_path);
  g_autoptr (GBytes) request = make_good_request ("P-256", "SHA256");

  configure (store, "pin");
  stores_lose (folder, store);
  expect_check (FALSE, "[ca ca] can't sign: ");
  start_signer ();
  expect_status (client, scheme_of (store), TRUE, 0);
  expect_refused (client, "SN-1", request);
  stores_return (folder, store);
  expect_signed (client, "SN-1", request, 0);
  stop_signer ();
  expect_check (TRUE, scheme_of (store));
}
END_TEST

typedef struct {
  guint number;
  int *refusals; /* atomic */
} StationThread;

/* Orders certificates for its devices, each until it gets it, as a line does. */
static gpointer
run_station (gpointer data)
{
  const StationThread *station = data;
  g_autoptr (SignerClient) client = signer_client_new (socket_path);

  for (guint i = 0; i < DEVICES; i++) {
    g_autoptr (GBytes) request = make_good_request ("P-256", "SHA256");
    g_autofree char *device = g_strdup_printf ("SN-%u-%u", station->number, i);
    g_autoptr (IssuanceEntry) entry = NULL;

    while (entry == NULL) {
      g_autoptr (GError) problem = NULL;

      entry = order (client, device, request, &problem);
      if (entry != NULL)
        break;
      if (!g_error_matches (problem, CA_ERROR, CA_ERROR_CA_TOKEN))
        g_error ("%s", problem->message);
      g_atomic_int_inc (station->refusals);
      g_usleep (G_USEC_PER_SEC / 200);
    }
    g_usleep (G_USEC_PER_SEC / 100);
  }
  return NULL;
}

/* Each device once, and no serial number twice. */
static void
judge_log (void)
{
  g_autoptr (SignerClient) client = signer_client_new (socket_path);
  g_autoptr (GHashTable) devices = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  guint64 from = 0;

  while (from < STATIONS * DEVICES) {
    g_autoptr (GPtrArray) entries =
        signer_client_entries (client, from, 64, deadline_in (PATIENCE), NULL);

    ck_assert_uint_gt (entries->len, 0);
    for (guint i = 0; i < entries->len; i++) {
      const IssuanceEntry *entry = g_ptr_array_index (entries, i);

      ck_assert_uint_eq (entry->index, from + i);
      ck_assert (g_hash_table_add (devices, g_strdup (entry->device)));
    }
    from += entries->len;
  }
  ck_assert_uint_eq (g_hash_table_size (devices), STATIONS * DEVICES);
}

START_TEST (test_nothing_is_signed_twice_when_a_token_dies_among_orders)
{
  const char *store = store_names[_i];
  g_autoptr (SignerClient) client = signer_client_new (socket_path);
  StationThread stations[STATIONS];
  GThread *threads[STATIONS];
  int refusals = 0;

  configure (store, "pin");
  start_signer ();
  for (guint i = 0; i < STATIONS; i++) {
    stations[i] = (StationThread){ i, &refusals };
    threads[i] = g_thread_new ("station", run_station, &stations[i]);
  }
  for (guint i = 0; i < 3; i++) {
    int before = g_atomic_int_get (&refusals);

    g_usleep (G_USEC_PER_SEC / 20);
    stores_lose (folder, store);
    while (g_atomic_int_get (&refusals) == before)
      g_usleep (G_USEC_PER_SEC / 200);
    stores_return (folder, store);
  }
  for (guint i = 0; i < STATIONS; i++)
    g_thread_join (threads[i]);
  judge_log ();
  expect_status (client, scheme_of (store), FALSE, STATIONS * DEVICES);
  stop_signer ();
}
END_TEST

START_TEST (test_a_wrong_pin_leaves_the_signer_up)
{
  const char *store = store_names[_i];
  g_autoptr (SignerClient) client = signer_client_new (socket_path);
  g_autoptr (GBytes) request = make_good_request ("P-256", "SHA256");
  g_autoptr (GError) problem = NULL;

  configure (store, "wrong-pin");
  expect_check (FALSE, "not tried again");
  start_signer ();
  expect_status (client, scheme_of (store), TRUE, 0);
  ck_assert_ptr_null (order (client, "SN-1", request, &problem));
  ck_assert (g_error_matches (problem, CA_ERROR, CA_ERROR_CA_KEY));
  stop_signer ();
}
END_TEST

/* What /proc shows of the signer to whoever may look. */
static void
expect_not_in (const char *file, const char *secret)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/%s", signer_pid, file);
  g_autofree char *text = NULL;
  gsize length;

  if (!g_file_get_contents (path, &text, &length, NULL))
    return; /* not even root's children may */
  ck_assert_ptr_null (memmem (text, length, secret, strlen (secret)));
}

START_TEST (test_no_secret_stands_in_the_environment_or_the_command_line)
{
  const char *store = store_names[_i];
  g_autoptr (SignerClient) client = signer_client_new (socket_path);
  g_autoptr (GBytes) request = make_good_request ("P-256", "SHA256");
  g_autofree char *path = g_build_filename (folder, "pin", NULL);
  g_autofree char *pin = NULL;

  ck_assert (g_file_get_contents (path, &pin, NULL, NULL));
  g_strchomp (pin);
  configure (store, "pin");
  start_signer ();
  expect_signed (client, "SN-1", request, 0);
  expect_not_in ("environ", pin);
  expect_not_in ("cmdline", pin);
  stop_signer ();
}
END_TEST

int
main (int argc, char **argv)
{
  Suite *suite = suite_create ("ca tokens");
  TCase *tokens = tcase_create ("tokens");
  SRunner *runner = srunner_create (suite);
  int failed;

  g_assert_cmpint (argc, ==, 3);
  program = g_canonicalize_filename (argv[1], NULL);
  script = argv[2];
  tcase_set_timeout (tokens, 60);
  tcase_add_unchecked_fixture (tokens, make_stores, remove_stores);
  tcase_add_loop_test (tokens, test_a_token_that_dies_stops_orders_and_nothing_else, 1, N_STORES);
  tcase_add_loop_test (tokens, test_the_signer_may_start_without_its_token, 1, N_STORES);
  tcase_add_loop_test (tokens, test_nothing_is_signed_twice_when_a_token_dies_among_orders, 1,
                       N_STORES);
  tcase_add_loop_test (tokens, test_a_wrong_pin_leaves_the_signer_up, 1, N_STORES);
  tcase_add_loop_test (tokens, test_no_secret_stands_in_the_environment_or_the_command_line, 0,
                       N_STORES);
  suite_add_tcase (suite, tokens);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}

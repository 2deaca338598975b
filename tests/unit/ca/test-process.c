/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The real program behind its socket, and the station's client: what is asked, what is
 * dropped, and what is left after kill -9. argv[1] is keycradle-signer.
 */
#include "base/encode.h"
#include "ca/log/log.h"
#include "ca/wire/client.h"
#include "ca/wire/wire.h"
#include "tests/unit/ca/make.h"

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE 20000

static const char *program;
static char *folder;
static char *socket_path;
static GPid signer_pid;

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
  start_signer ();
}

static void
teardown (void)
{
  if (signer_pid > 0)
    stop_signer (SIGKILL);
  folder_remove (folder);
  g_free (socket_path);
}

static char *
profile_sha256 (void)
{
  g_autofree char *path = g_build_filename (folder, "profiles.d/sensor.profile", NULL);
  g_autofree char *text = NULL;
  gsize length;

  ck_assert (g_file_get_contents (path, &text, &length, NULL));
  return sha256_hex ((const guint8 *)text, length);
}

static IssuanceEntry *
sign (SignerClient *client, const char *device, GBytes *request, GError **error)
{
  g_autofree char *digest = profile_sha256 ();
  const SignRequest order = { .batch = "b1",
                              .product = "sensor",
                              .profile = "sensor",
                              .profile_sha256 = digest,
                              .device = device,
                              .csr = request };

  return signer_client_sign (client, &order, deadline_in (PATIENCE), error);
}

START_TEST (test_a_station_signs_asks_for_the_status_and_reads_the_entries)
{
  g_autoptr (SignerClient) client = signer_client_new (socket_path);
  g_autoptr (GBytes) request = make_good_request ("P-256", "SHA256");
  g_autoptr (GBytes) digest =
      sha256_of (g_bytes_get_data (request, NULL), g_bytes_get_size (request));
  GError *problem = NULL;
  g_autoptr (IssuanceEntry) entry = sign (client, "SN-1", request, &problem);
  g_autoptr (SignerStatus) status = NULL;
  g_autoptr (GPtrArray) entries = NULL;
  IssuanceEntry *first;

  ck_assert_msg (entry != NULL, "%s", problem != NULL ? problem->message : "");
  ck_assert (g_bytes_equal (entry->csr_sha256, digest));
  ck_assert_str_eq (entry->device, "SN-1");
  status = signer_client_status (client, deadline_in (PATIENCE), NULL);
  ck_assert_uint_eq (status->log_size, 1);
  ck_assert_str_eq (status->issuing->key, "P-256");
  ck_assert (status->issuing->demo);
  ck_assert_uint_eq (status->issuing->chain->len, 2);
  ck_assert_uint_eq (strlen (status->log_origin), 64);
  ck_assert (g_str_has_prefix (status->profiles[0], "sensor:"));
  entries = signer_client_entries (client, 0, 100, deadline_in (PATIENCE), NULL);
  ck_assert_uint_eq (entries->len, 1);
  first = g_ptr_array_index (entries, 0);
  ck_assert (g_bytes_equal (first->certificate, entry->certificate));
  g_ptr_array_unref (entries);
  entries = signer_client_entries (client, 1, 100, deadline_in (PATIENCE), NULL);
  ck_assert_uint_eq (entries->len, 0);
}
END_TEST

START_TEST (test_reasons_come_across_the_wire)
{
  g_autoptr (SignerClient) client = signer_client_new (socket_path);
  g_autoptr (GBytes) weak = make_good_request ("rsa-1024", "SHA256");
  g_autoptr (GError) problem = NULL;

  ck_assert (sign (client, "SN-1", weak, &problem) == NULL);
  ck_assert (g_error_matches (problem, CA_ERROR, CA_ERROR_RSA_TOO_SMALL));
}
END_TEST

START_TEST (test_many_entries_come_in_frames_that_fit)
{
  g_autoptr (SignerClient) client = signer_client_new (socket_path);
  guint64 next = 0;

  for (guint i = 0; i < 200; i++) {
    g_autoptr (GBytes) request = make_good_request ("P-256", "SHA256");
    g_autofree char *device = g_strdup_printf ("SN-%u", i);
    g_autoptr (IssuanceEntry) entry = sign (client, device, request, NULL);

    ck_assert (entry != NULL);
  }
  while (next < 200) {
    g_autoptr (GPtrArray) entries =
        signer_client_entries (client, next, 1000, deadline_in (PATIENCE), NULL);

    ck_assert (entries != NULL && entries->len > 0);
    next += entries->len;
  }
  ck_assert_uint_eq (next, 200);
}
END_TEST

START_TEST (test_an_absent_signer_is_waited_for_until_the_deadline)
{
  g_autoptr (SignerClient) client = signer_client_new ("/nonexistent/signer.sock");
  g_autoptr (GError) problem = NULL;

  ck_assert (signer_client_status (client, deadline_in (60), &problem) == NULL);
  ck_assert (g_error_matches (problem, CA_ERROR, CA_ERROR_UNREACHABLE));
}
END_TEST

START_TEST (test_the_client_outlives_a_restart_of_the_signer)
{
  g_autoptr (SignerClient) client = signer_client_new (socket_path);
  g_autoptr (GBytes) request = make_good_request ("P-256", "SHA256");
  g_autoptr (IssuanceEntry) before = sign (client, "SN-1", request, NULL);
  g_autoptr (IssuanceEntry) after = NULL;
  int status;

  status = stop_signer (SIGTERM);
  ck_assert (WIFEXITED (status) && WEXITSTATUS (status) == 0);
  start_signer ();
  after = sign (client, "SN-1", request, NULL);
  ck_assert (before != NULL && after != NULL);
  ck_assert (g_bytes_equal (before->certificate, after->certificate));
}
END_TEST

/* ---- hostile frames ---- */

static int
connect_raw (void)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_strlcpy (address.sun_path, socket_path, sizeof address.sun_path);
  ck_assert_int_eq (connect (fd, (struct sockaddr *)&address, sizeof address), 0);
  return fd;
}

START_TEST (test_a_frame_against_the_protocol_ends_the_connection_and_nothing_else)
{
  static const struct {
    const char *bytes;
    gsize length;
  } frames[] = {
    { "\xff\xff\xff\xff", 4 },                      /* too long */
    { "\0\0\0\0", 4 },                              /* empty */
    { "\x04\0\0\0abcd", 8 },                        /* no variant of ours */
    { "\x08\0\0\0\x02\x03\0\0\0\0\0()", 13 },       /* nearly one */
    { "\x0b\0\0\0\x01\x03\0\0\0\0\0\0\0\0()", 16 }, /* another version */
    { "\x0b\0\0\0\x02\x17\0\0\0\0\0\0\0\0()", 16 }, /* another kind */
    { "\x0b\0\0\0\x02\0\0\0\0\0\0\0\0\0()", 16 },   /* a reply's kind */
  };
  g_autoptr (SignerClient) client = signer_client_new (socket_path);
  g_autoptr (SignerStatus) before = signer_client_status (client, deadline_in (PATIENCE), NULL);
  g_autoptr (SignerStatus) after = NULL;
  int fd = connect_raw ();
  char answer[16];

  ck_assert (before != NULL);
  ck_assert_int_eq (send (fd, frames[_i].bytes, frames[_i].length, 0), (gssize)frames[_i].length);
  ck_assert_int_le (recv (fd, answer, sizeof answer, 0), 0);
  close (fd);
  after = signer_client_status (client, deadline_in (PATIENCE), NULL);
  ck_assert (after != NULL);
}
END_TEST

START_TEST (test_half_a_frame_holds_nobody_up)
{
  g_autoptr (SignerClient) client = signer_client_new (socket_path);
  g_autoptr (SignerStatus) before = signer_client_status (client, deadline_in (PATIENCE), NULL);
  g_autoptr (SignerStatus) after = NULL;
  int fd = connect_raw ();

  ck_assert (before != NULL);
  ck_assert_int_eq (send (fd, "\x40\0\0\0abc", 7, 0), 7);
  after = signer_client_status (client, deadline_in (PATIENCE), NULL);
  ck_assert (after != NULL);
  close (fd);
}
END_TEST

START_TEST (test_a_second_signer_on_the_same_socket_or_log_is_refused)
{
  g_autoptr (SignerClient) client = signer_client_new (socket_path);
  g_autoptr (SignerStatus) status = signer_client_status (client, deadline_in (PATIENCE), NULL);
  g_autofree char *said = NULL;

  ck_assert (status != NULL);
  ck_assert_int_ne (run (folder, &said, program, "--config", "signer.conf", NULL), 0);
  ck_assert_ptr_nonnull (strstr (said, "another signer"));
  ck_assert_int_eq (run (folder, NULL, program, "--check", "--config", "signer.conf", NULL), 0);
}
END_TEST

START_TEST (test_a_stale_socket_is_replaced_and_is_not_for_others)
{
  g_autoptr (SignerClient) client = signer_client_new (socket_path);
  g_autoptr (SignerStatus) status = NULL;
  struct stat info;

  g_clear_pointer (&status, signer_status_free);
  status = signer_client_status (client, deadline_in (PATIENCE), NULL);
  ck_assert (status != NULL);
  stop_signer (SIGKILL);
  ck_assert_int_eq (stat (socket_path, &info), 0);
  ck_assert_uint_eq (info.st_mode & 0777, 0660);
  start_signer ();
  g_clear_pointer (&status, signer_status_free);
  status = signer_client_status (client, deadline_in (PATIENCE), NULL);
  ck_assert (status != NULL);
}
END_TEST

/* ---- kill -9 ---- */

typedef struct {
  guint number;
  gint *stop;
  GPtrArray *answered; /* of IssuanceEntry */
} Station;

static gpointer
run_station (gpointer data)
{
  Station *station = data;
  g_autoptr (SignerClient) client = signer_client_new (socket_path);

  for (guint i = 0; !g_atomic_int_get (station->stop); i++) {
    g_autoptr (GBytes) request = make_good_request ("P-256", "SHA256");
    g_autofree char *device = g_strdup_printf ("SN-%u-%u", station->number, i);
    IssuanceEntry *entry = sign (client, device, request, NULL);

    if (entry != NULL)
      g_ptr_array_add (station->answered, entry);
  }
  return NULL;
}

static guint64
log_size (SignerClient *client)
{
  g_autoptr (SignerStatus) status = signer_client_status (client, deadline_in (PATIENCE), NULL);

  ck_assert (status != NULL);
  return status->log_size;
}

/* Entry by entry: what was answered stands in the log, and no device twice. */
static void
expect_logged (SignerClient *client, const GPtrArray *answered)
{
  g_autoptr (GHashTable) devices = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) logged =
      g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
  guint64 size = log_size (client);

  while (g_hash_table_size (logged) < size) {
    g_autoptr (GPtrArray) entries = signer_client_entries (client, g_hash_table_size (logged), 1000,
                                                           deadline_in (PATIENCE), NULL);

    ck_assert (entries != NULL && entries->len > 0);
    for (guint i = 0; i < entries->len; i++) {
      const IssuanceEntry *entry = g_ptr_array_index (entries, i);

      ck_assert (g_hash_table_add (devices, g_strdup (entry->device)));
      ck_assert (g_hash_table_add (logged, g_bytes_ref (entry->certificate)));
    }
  }
  for (guint i = 0; i < answered->len; i++) {
    const IssuanceEntry *entry = g_ptr_array_index (answered, i);
    ck_assert (g_hash_table_contains (logged, entry->certificate));
  }
}

/* The kills come when the log has grown, not by the clock. */
START_TEST (test_whatever_was_answered_before_kill_9_is_in_the_log)
{
  g_autoptr (SignerClient) client = signer_client_new (socket_path);
  g_autoptr (GPtrArray) answered =
      g_ptr_array_new_with_free_func ((GDestroyNotify)issuance_entry_free);
  Station stations[4];
  GThread *threads[4];
  gint stop = 0;

  for (guint i = 0; i < 4; i++) {
    stations[i] = (Station){ i, &stop, g_ptr_array_new () };
    threads[i] = g_thread_new ("station", run_station, &stations[i]);
  }
  for (guint kills = 0; kills < 5; kills++) {
    guint64 before = log_size (client);

    while (log_size (client) < before + 60)
      ;
    stop_signer (SIGKILL);
    start_signer ();
  }
  g_atomic_int_set (&stop, 1);
  for (guint i = 0; i < 4; i++) {
    g_thread_join (threads[i]);
    g_ptr_array_extend_and_steal (answered, stations[i].answered);
  }
  ck_assert_uint_ge (answered->len, 300);
  expect_logged (client, answered);
}
END_TEST

START_TEST (test_the_passed_socket_is_used)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  g_autofree char *passed = g_build_filename (folder, "passed.sock", NULL);
  g_autofree char *config = g_build_filename (folder, "signer.conf", NULL);
  g_autoptr (SignerClient) client = signer_client_new (passed);
  g_autoptr (SignerStatus) status = NULL;
  int fd = socket (AF_UNIX, SOCK_STREAM, 0);

  stop_signer (SIGTERM);
  g_strlcpy (address.sun_path, passed, sizeof address.sun_path);
  ck_assert_int_eq (bind (fd, (struct sockaddr *)&address, sizeof address), 0);
  ck_assert_int_eq (listen (fd, 8), 0);
  signer_pid = fork ();
  if (signer_pid == 0) {
    g_autofree char *pid = g_strdup_printf ("%d", getpid ());

    dup2 (fd, 3);
    g_setenv ("LISTEN_PID", pid, TRUE);
    g_setenv ("LISTEN_FDS", "1", TRUE);
    execl (program, program, "--child", "--config", config, NULL);
    _exit (99);
  }
  status = signer_client_status (client, deadline_in (PATIENCE), NULL);
  ck_assert (status != NULL);
  close (fd);
}
END_TEST

int
main (int argc, char **argv)
{
  Suite *suite = suite_create ("ca process");
  TCase *wire = tcase_create ("wire");
  SRunner *runner = srunner_create (suite);
  int failed;

  g_assert_cmpint (argc, ==, 2);
  program = g_canonicalize_filename (argv[1], NULL); /* tests run in other folders */
  tcase_set_timeout (wire, 120);
  tcase_add_checked_fixture (wire, setup, teardown);
  tcase_add_test (wire, test_a_station_signs_asks_for_the_status_and_reads_the_entries);
  tcase_add_test (wire, test_reasons_come_across_the_wire);
  tcase_add_test (wire, test_many_entries_come_in_frames_that_fit);
  tcase_add_test (wire, test_an_absent_signer_is_waited_for_until_the_deadline);
  tcase_add_test (wire, test_the_client_outlives_a_restart_of_the_signer);
  tcase_add_loop_test (wire, test_a_frame_against_the_protocol_ends_the_connection_and_nothing_else,
                       0, 7);
  tcase_add_test (wire, test_half_a_frame_holds_nobody_up);
  tcase_add_test (wire, test_a_second_signer_on_the_same_socket_or_log_is_refused);
  tcase_add_test (wire, test_a_stale_socket_is_replaced_and_is_not_for_others);
  tcase_add_test (wire, test_whatever_was_answered_before_kill_9_is_in_the_log);
  tcase_add_test (wire, test_the_passed_socket_is_used);
  suite_add_tcase (suite, wire);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}

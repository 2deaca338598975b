/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The clock: as numbers, and (with faketime) on the real signer, whose clock is years off, is set
 * while it runs, or is corrected a little. argv[1] is keycradle-signer.
 */
#include "ca/clock.h"

#include "base/encode.h"
#include "ca/wire/client.h"
#include "tests/unit/ca/make.h"

#include <check.h>
#include <glob.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE 20000
#define MINUTE G_TIME_SPAN_MINUTE
#define YEAR (365 * G_TIME_SPAN_DAY)

static const char *program;
static char *folder;
static char *socket_path;
static GPid signer_pid;

/* ---- as numbers ---- */

static gboolean
check (Clock *clock_state, gint64 real, gint64 boot, gint64 newest, char **why)
{
  g_autoptr (GError) problem = NULL;
  const ClockReading reading = { real, boot };
  gboolean ok = clock_check (clock_state, reading, newest, &problem);

  if (problem != NULL)
    ck_assert_int_eq (problem->code, CA_ERROR_CLOCK);
  if (why != NULL)
    *why = problem != NULL ? g_strdup (problem->message) : NULL;
  return ok;
}

START_TEST (test_a_jump_is_refused_until_it_is_undone)
{
  const gint64 now = g_get_real_time ();
  Clock state = { 0 };
  g_autofree char *why = NULL;

  clock_init (&state);
  ck_assert (check (&state, now, 0, 0, NULL));
  ck_assert (check (&state, now + 60 * MINUTE, 60 * MINUTE, 0, NULL));
  ck_assert (check (&state, now + 4 * MINUTE, 0, 0, NULL));
  ck_assert (check (&state, now - 4 * MINUTE, 0, 0, NULL));
  ck_assert (!check (&state, now + 6 * MINUTE, 0, 0, &why));
  ck_assert_ptr_nonnull (strstr (why, "360 s forward"));
  ck_assert (!check (&state, now - 6 * MINUTE, 0, 0, NULL));
  ck_assert (check (&state, now, 0, 0, NULL));
  clock_clear (&state);
}
END_TEST

/* A clock that runs wrong and is corrected again and again never jumps. */
START_TEST (test_small_corrections_are_followed)
{
  const gint64 now = g_get_real_time ();
  Clock state = { 0 };

  clock_init (&state);
  ck_assert (check (&state, now, 0, 0, NULL));
  for (gint64 off = 0; off < 30 * MINUTE; off += 4 * MINUTE) {
    ck_assert (check (&state, now + off, 0, 0, NULL));
    clock_follow (&state, (ClockReading){ now + off, 0 });
  }
  clock_clear (&state);
}
END_TEST

START_TEST (test_a_clock_is_held_against_the_newest_entry)
{
  const gint64 now = g_get_real_time ();
  Clock state = { 0 };
  g_autofree char *why = NULL;

  clock_init (&state);
  ck_assert (!check (&state, now, 0, now + 6 * MINUTE, &why));
  ck_assert_ptr_nonnull (strstr (why, "newest entry"));
  ck_assert_ptr_nonnull (strstr (why, "`keycradle clock reset`"));
  ck_assert_ptr_nonnull (strstr (why, "--clock-reset"));
  ck_assert (check (&state, now, 0, now + 4 * MINUTE, NULL));
  clock_clear (&state);
}
END_TEST

/* A clock that was wrong at the start is no measure for the right one. */
START_TEST (test_only_a_believed_clock_is_a_measure)
{
  const gint64 now = g_get_real_time ();
  Clock state = { 0 };
  g_autofree char *past = NULL;
  g_autofree char *future = NULL;

  clock_init (&state);
  ck_assert (!check (&state, 0, 0, 0, &past));
  ck_assert_ptr_nonnull (strstr (past, "1970-01-01 00:00:00 UTC, which is before this program"));
  ck_assert_ptr_null (strstr (past, "clock reset"));
  ck_assert (!check (&state, now + 21 * YEAR, 0, 0, &future));
  ck_assert_ptr_nonnull (strstr (future, "more than 20 years after"));
  ck_assert (check (&state, now, 0, 0, NULL));
  ck_assert (clock_is_plausible (now + 19 * YEAR, NULL));
  clock_clear (&state);
}
END_TEST

/* ---- on the real signer ---- */

static char *
find_library (void)
{
  glob_t found = { 0 };
  char *path = NULL;

  if (glob ("/usr/lib/*/faketime/libfaketimeMT.so.1", 0, NULL, &found) == 0)
    path = g_strdup (found.gl_pathv[0]);
  globfree (&found);
  ck_assert_msg (path != NULL, "the package faketime is missing");
  return path;
}

/* Takes effect at once: the library reads the file at every question. */
static void
set_clock (const char *offset)
{
  folder_write (folder, "clock.next", offset, 0644);
  {
    g_autofree char *from = g_build_filename (folder, "clock.next", NULL);
    g_autofree char *to = g_build_filename (folder, "clock", NULL);

    ck_assert_int_eq (rename (from, to), 0);
  }
}

static void
start_signer (void)
{
  g_autofree char *library = find_library ();
  g_autofree char *config = g_build_filename (folder, "signer.conf", NULL);
  g_autofree char *file = g_build_filename (folder, "clock", NULL);
  g_auto (GStrv) environment = g_get_environ ();
  const char *const arguments[] = { program, "--config", config, "--child", NULL };

  environment = g_environ_setenv (environment, "LD_PRELOAD", library, TRUE);
  environment = g_environ_setenv (environment, "FAKETIME_TIMESTAMP_FILE", file, TRUE);
  environment = g_environ_setenv (environment, "FAKETIME_NO_CACHE", "1", TRUE);
  /* Nobody sets the time since boot. */
  environment = g_environ_setenv (environment, "FAKETIME_DONT_FAKE_MONOTONIC", "1", TRUE);
  environment = g_environ_setenv (environment, "DONT_FAKE_MONOTONIC", "1", TRUE);
  ck_assert (g_spawn_async (NULL, (char **)arguments, environment,
                            G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL,
                            &signer_pid, NULL));
}

static void
setup (void)
{
  folder = folder_make ();
  folder_fill (folder, "p-256");
  socket_path = g_build_filename (folder, "signer.sock", NULL);
}

static void
teardown (void)
{
  if (signer_pid > 0) {
    kill (signer_pid, SIGKILL);
    waitpid (signer_pid, NULL, 0);
  }
  signer_pid = 0;
  folder_remove (folder);
  g_free (socket_path);
}

/* The certificate's entry, or why not in `why`. */
static IssuanceEntry *
sign (SignerClient *client, const char *device, char **why)
{
  g_autofree char *path = g_build_filename (folder, "profiles.d/sensor.profile", NULL);
  g_autoptr (GBytes) request = make_good_request ("P-256", "SHA256");
  g_autoptr (GError) problem = NULL;
  g_autofree char *text = NULL;
  g_autofree char *digest = NULL;
  IssuanceEntry *entry;
  gsize length;

  ck_assert (g_file_get_contents (path, &text, &length, NULL));
  digest = sha256_hex ((const guint8 *)text, length);
  const SignRequest order = { .batch = "b1",
                              .product = "sensor",
                              .profile = "sensor",
                              .profile_sha256 = digest,
                              .device = device,
                              .csr = request };
  entry = signer_client_sign (client, &order, deadline_in (PATIENCE), &problem);
  if (problem != NULL && problem->code != CA_ERROR_CLOCK)
    ck_abort_msg ("%s", problem->message);
  *why = problem != NULL ? g_strdup (problem->message) : NULL;
  return entry;
}

static void
expect_signed (SignerClient *client, const char *device)
{
  g_autofree char *why = NULL;
  g_autoptr (IssuanceEntry) entry = sign (client, device, &why);

  ck_assert_msg (entry != NULL, "%s", why);
}

/* The refusal and STATUS say the same. */
static void
expect_stopped (SignerClient *client, const char *device, const char *sentence)
{
  g_autofree char *why = NULL;
  g_autoptr (IssuanceEntry) entry = sign (client, device, &why);
  g_autoptr (SignerStatus) status = NULL;

  ck_assert_ptr_null (entry);
  ck_assert_msg (strstr (why, sentence) != NULL, "%s", why);
  status = signer_client_status (client, deadline_in (PATIENCE), NULL);
  ck_assert_ptr_nonnull (status->problems[0]);
  ck_assert_msg (strstr (status->problems[0], sentence) != NULL, "%s", status->problems[0]);
}

/* A dead battery, and the day when the time comes from the network after all. */
START_TEST (test_a_signer_that_started_years_off_waits_for_its_clock)
{
  static const struct {
    const char *offset;
    const char *sentence;
  } cases[] = { { "-30y", "which is before this program was built" },
                { "+30y", "more than 20 years after this program was built" } };
  g_autoptr (SignerClient) client = signer_client_new (socket_path);
  g_autoptr (GPtrArray) entries = NULL;
  const IssuanceEntry *refusal;

  set_clock (cases[_i].offset);
  start_signer ();
  expect_stopped (client, "SN-1", cases[_i].sentence);
  entries = signer_client_entries (client, 0, 10, deadline_in (PATIENCE), NULL);
  ck_assert_uint_eq (entries->len, 1);
  refusal = g_ptr_array_index (entries, 0);
  ck_assert_int_eq (refusal->type, LOG_ENTRY_REFUSAL);
  ck_assert_str_eq (refusal->profile, "clock");
  ck_assert_str_eq (refusal->device, "SN-1");
  set_clock ("+0");
  expect_signed (client, "SN-1");
}
END_TEST

START_TEST (test_a_clock_that_is_set_while_the_signer_runs_stops_it_until_it_is_set_back)
{
  g_autoptr (SignerClient) client = signer_client_new (socket_path);

  set_clock ("+0");
  start_signer ();
  expect_signed (client, "SN-1");
  set_clock ("+1h");
  expect_stopped (client, "SN-2", "s forward while the signer ran");
  set_clock ("+0");
  expect_signed (client, "SN-3");
  set_clock ("-1h");
  expect_stopped (client, "SN-4", "before the newest entry of the issuance log");
  set_clock ("+0");
  expect_signed (client, "SN-5");
}
END_TEST

START_TEST (test_a_clock_that_is_set_back_before_anything_was_issued_is_seen_too)
{
  g_autoptr (SignerClient) client = signer_client_new (socket_path);

  set_clock ("+2d");
  start_signer ();
  signer_status_free (signer_client_status (client, deadline_in (PATIENCE), NULL));
  set_clock ("+1d");
  expect_stopped (client, "SN-1", "s back while the signer ran");
  set_clock ("+2d");
  expect_signed (client, "SN-2");
}
END_TEST

START_TEST (test_small_steps_of_time_synchronisation_go_on)
{
  static const char *const offsets[] = { "+0", "+120", "-60", "+180", "+0" };
  g_autoptr (SignerClient) client = signer_client_new (socket_path);

  set_clock ("+0");
  start_signer ();
  for (guint i = 0; i < G_N_ELEMENTS (offsets); i++) {
    g_autofree char *device = g_strdup_printf ("SN-%u", i);

    set_clock (offsets[i]);
    expect_signed (client, device);
  }
}
END_TEST

int
main (int argc, char **argv)
{
  Suite *suite = suite_create ("ca clock");
  TCase *numbers = tcase_create ("numbers");
  TCase *process = tcase_create ("process");
  SRunner *runner = srunner_create (suite);
  int failed;

  g_assert_cmpint (argc, ==, 2);
  program = g_canonicalize_filename (argv[1], NULL);
  tcase_add_test (numbers, test_a_jump_is_refused_until_it_is_undone);
  tcase_add_test (numbers, test_small_corrections_are_followed);
  tcase_add_test (numbers, test_a_clock_is_held_against_the_newest_entry);
  tcase_add_test (numbers, test_only_a_believed_clock_is_a_measure);
  suite_add_tcase (suite, numbers);
  tcase_set_timeout (process, 60);
  tcase_add_checked_fixture (process, setup, teardown);
  tcase_add_loop_test (process, test_a_signer_that_started_years_off_waits_for_its_clock, 0, 2);
  tcase_add_test (process,
                  test_a_clock_that_is_set_while_the_signer_runs_stops_it_until_it_is_set_back);
  tcase_add_test (process, test_a_clock_that_is_set_back_before_anything_was_issued_is_seen_too);
  tcase_add_test (process, test_small_steps_of_time_synchronisation_go_on);
  suite_add_tcase (suite, process);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}

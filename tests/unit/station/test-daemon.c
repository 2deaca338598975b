/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradled as a program: its options, what it tells the service manager, and its end.
 */
#include <check.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "rig.h"

static Rig *rig;
static char *config;

static void
write_config (const char *more)
{
  g_autofree char *text = g_strdup_printf (
      "[station]\nName=test-line\nMode=demo\nStateFolder=%s/state\nSocket=%s/station.sock\n"
      "ProfileFolder=%s/profiles\n%s[signer]\nSocket=%s\n[slot 1]\nPort=%s/port\n",
      rig->folder, rig->folder, rig->folder, more, rig->socket, rig->folder);

  ck_assert (g_file_set_contents (config, text, -1, NULL));
}

static void
set_up (void)
{
  rig = rig_new (NULL, NULL);
  config = rig_path (rig, "keycradle.conf");
  write_config ("");
}

static void
tear_down (void)
{
  g_free (config);
  rig_free (rig);
}

/* Runs it to its end; what it wrote to either output is in `output`. */
static int
run (const char *option, char **output)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) daemon =
      g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE, &error,
                        DAEMON, "--config", config, option, NULL);

  ck_assert_msg (daemon != NULL, "%s", error != NULL ? error->message : "");
  ck_assert (g_subprocess_communicate_utf8 (daemon, NULL, NULL, output, NULL, NULL));
  return g_subprocess_get_exit_status (daemon);
}

START_TEST (a_good_configuration_is_called_good)
{
  g_autofree char *output = NULL;

  ck_assert_int_eq (run ("--check-config", &output), 0);
  ck_assert (strstr (output, "good") != NULL);
}
END_TEST

START_TEST (a_bad_configuration_is_named_by_its_line)
{
  g_autofree char *output = NULL;

  write_config ("Naem=x\n");
  ck_assert_int_eq (run ("--check-config", &output), 1);
  ck_assert_msg (strstr (output, "keycradle.conf:7:") != NULL, "%s", output);
}
END_TEST

START_TEST (an_unknown_option_is_wrong_usage)
{
  g_autofree char *output = NULL;

  ck_assert_int_eq (run ("--frobnicate", &output), 2);
}
END_TEST

/* A service manager's end of NOTIFY_SOCKET. */
static int
notify_socket (const char *path)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

  ck_assert_uint_lt (g_strlcpy (address.sun_path, path, sizeof address.sun_path),
                     sizeof address.sun_path);
  ck_assert_int_eq (bind (fd, (struct sockaddr *)&address, sizeof address), 0);
  return fd;
}

/* Reads messages until one has `line`; Check's timeout ends a wait in vain. */
static void
expect_message (int fd, const char *line)
{
  char message[1024];

  do {
    ssize_t length = recv (fd, message, sizeof message - 1, 0);

    ck_assert_int_ge (length, 0);
    message[length] = '\0';
  } while (strstr (message, line) == NULL);
}

START_TEST (the_service_manager_hears_of_start_life_and_stop)
{
  g_autofree char *path = rig_path (rig, "notify");
  g_autoptr (GSubprocessLauncher) launcher =
      g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDERR_SILENCE);
  g_autoptr (GSubprocess) daemon = NULL;
  g_autofree char *socket_path = rig_path (rig, "station.sock");
  int fd = notify_socket (path);

  g_subprocess_launcher_setenv (launcher, "NOTIFY_SOCKET", path, TRUE);
  g_subprocess_launcher_setenv (launcher, "WATCHDOG_USEC", "100000", TRUE);
  daemon = g_subprocess_launcher_spawn (launcher, NULL, DAEMON, "--config", config, NULL);
  ck_assert_ptr_nonnull (daemon);
  expect_message (fd, "READY=1");
  ck_assert (g_file_test (socket_path, G_FILE_TEST_EXISTS)); /* ready is ready */
  expect_message (fd, "WATCHDOG=1");
  g_subprocess_send_signal (daemon, SIGTERM);
  expect_message (fd, "STOPPING=1");
  ck_assert (g_subprocess_wait_check (daemon, NULL, NULL));
  ck_assert (!g_file_test (socket_path, G_FILE_TEST_EXISTS));
  close (fd);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("station-daemon");
  TCase *cases = tcase_create ("all");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_set_timeout (cases, 60);
  tcase_add_checked_fixture (cases, set_up, tear_down);
  tcase_add_test (cases, a_good_configuration_is_called_good);
  tcase_add_test (cases, a_bad_configuration_is_named_by_its_line);
  tcase_add_test (cases, an_unknown_option_is_wrong_usage);
  tcase_add_test (cases, the_service_manager_hears_of_start_life_and_stop);
  suite_add_tcase (suite, cases);
  srunner_run_all (runner, CK_ENV);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

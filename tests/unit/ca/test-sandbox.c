/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the signer can't do any more once it serves, call by call, in a child that enters the
 * sandbox; and what the kernel says of the real signer. argv[1] is keycradle-signer.
 */
#include "ca/signer/sandbox.h"
#include "ca/wire/client.h"
#include "tests/unit/ca/make.h"
#include "tests/unit/confined-calls.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE 20000
#define PAGE 4096

static const char *program;

static long
try_internet (void)
{
  return socket (AF_INET, SOCK_STREAM, 0);
}

START_TEST (test_a_call_that_the_signer_does_not_need_is_refused)
{
  const ConfinedCall *row = &confined_calls[_i];

  ck_assert_msg (call_is_refused (row->call, sandbox_enter), "%s is allowed", row->name);
  if (!row->privileged)
    ck_assert_msg (!call_is_refused (row->call, NULL), "%s was refused before", row->name);
}
END_TEST

/* ---- what is left ---- */

static gpointer
double_it (gpointer data)
{
  return GINT_TO_POINTER (GPOINTER_TO_INT (data) * 2);
}

static gboolean
threads_work (void)
{
  GThread *thread = g_thread_new ("twin", double_it, GINT_TO_POINTER (21));

  return GPOINTER_TO_INT (g_thread_join (thread)) == 42;
}

static gboolean
files_work (void)
{
  g_autofree char *text = NULL;

  return g_file_set_contents_full ("sandbox.txt", "a line", -1,
                                   G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
                                   0600, NULL)
         && g_file_get_contents ("sandbox.txt", &text, NULL, NULL) && unlink ("sandbox.txt") == 0;
}

static gboolean
unix_sockets_work (void)
{
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  return fd >= 0 && close (fd) == 0;
}

/* As the loader maps a module that comes late. */
static gboolean
code_is_mapped_from_files (void)
{
  int fd = open ("/proc/self/exe", O_RDONLY | O_CLOEXEC);

  return fd >= 0 && mmap (NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) != MAP_FAILED;
}

START_TEST (test_threads_files_unix_sockets_and_modules_still_work)
{
  static gboolean (*const works[]) (void) = { threads_work, files_work, unix_sockets_work,
                                              code_is_mapped_from_files };
  char *folder = folder_make ();

  ck_assert_int_eq (chdir (folder), 0);
  ck_assert (work_is_possible (works[_i], sandbox_enter));
  folder_remove (folder);
}
END_TEST

static gpointer
try_later (gpointer data)
{
  gint *entered = data;

  while (!g_atomic_int_get (entered))
    g_usleep (1000);
  return GINT_TO_POINTER (try_internet () == -1 && errno == EPERM);
}

static gboolean
earlier_threads_are_bound (void)
{
  gint entered = 0;
  GThread *thread = g_thread_new ("earlier", try_later, &entered);

  if (!sandbox_enter (NULL))
    return FALSE;
  g_atomic_int_set (&entered, 1);
  return GPOINTER_TO_INT (g_thread_join (thread));
}

/* A module may have started one before. */
START_TEST (test_threads_that_run_already_are_bound_too)
{
  ck_assert (work_is_possible (earlier_threads_are_bound, NULL));
}
END_TEST

/* ---- the real signer ---- */

/* The line of /proc/PID/NAME that begins with `field`, without it and the blanks behind. */
static char *
proc_line (GPid pid, const char *name, const char *field)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/%s", pid, name);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  ck_assert (g_file_get_contents (path, &text, NULL, NULL));
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    if (g_str_has_prefix (lines[i], field))
      return g_strdup (g_strstrip (lines[i] + strlen (field)));
  return NULL;
}

static void
expect_confined (GPid pid)
{
  static const char *const fields[][2] = {
    { "Seccomp:", "2" },
    { "NoNewPrivs:", "1" },
    { "CapInh:", "0000000000000000" },
    { "CapPrm:", "0000000000000000" },
    { "CapEff:", "0000000000000000" },
    { "CapAmb:", "0000000000000000" },
  };
  g_autofree char *core = proc_line (pid, "limits", "Max core file size");
  g_autofree char *memory = g_strdup_printf ("/proc/%d/mem", pid);
  struct stat info;

  for (guint i = 0; i < G_N_ELEMENTS (fields); i++) {
    g_autofree char *value = proc_line (pid, "status", fields[i][0]);
    ck_assert_msg (g_strcmp0 (value, fields[i][1]) == 0, "%s %s", fields[i][0], value);
  }
  ck_assert (g_str_has_prefix (core, "0  ") && strstr (core, " 0  ") != NULL);
  /* An undumpable process's files in /proc are root's: its own user can't open them. */
  ck_assert_int_eq (stat (memory, &info), 0);
  ck_assert_uint_eq (info.st_uid, 0);
}

START_TEST (test_the_running_signer_is_confined)
{
  char *folder = folder_make ();
  g_autofree char *config = g_build_filename (folder, "signer.conf", NULL);
  g_autofree char *socket_path = g_build_filename (folder, "signer.sock", NULL);
  const char *const arguments[] = { program, "--config", config, "--child", NULL };
  g_autoptr (SignerClient) client = signer_client_new (socket_path);
  g_autoptr (SignerStatus) status = NULL;
  GPid pid;

  folder_fill (folder, "p-256");
  ck_assert (g_spawn_async (NULL, (char **)arguments, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL,
                            &pid, NULL));
  status = signer_client_status (client, deadline_in (PATIENCE), NULL);
  ck_assert (status != NULL);
  expect_confined (pid);
  kill (pid, SIGTERM);
  ck_assert_int_eq (waitpid (pid, NULL, 0), pid);
  folder_remove (folder);
}
END_TEST

int
main (int argc, char **argv)
{
  Suite *suite = suite_create ("ca sandbox");
  TCase *sandbox = tcase_create ("sandbox");
  SRunner *runner = srunner_create (suite);
  int failed;

  g_assert_cmpint (argc, ==, 2);
  program = g_canonicalize_filename (argv[1], NULL);
  tcase_set_timeout (sandbox, 60);
  tcase_add_loop_test (sandbox, test_a_call_that_the_signer_does_not_need_is_refused, 0,
                       (int)n_confined_calls);
  tcase_add_loop_test (sandbox, test_threads_files_unix_sockets_and_modules_still_work, 0, 4);
  tcase_add_test (sandbox, test_threads_that_run_already_are_bound_too);
  tcase_add_test (sandbox, test_the_running_signer_is_confined);
  suite_add_tcase (suite, sandbox);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}

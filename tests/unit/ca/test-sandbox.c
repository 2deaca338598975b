/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the signer can't do any more once it serves, call by call, in a child that enters the
 * sandbox; and what the kernel says of the real signer. argv[1] is keycradle-signer.
 */
#include "ca/client.h"
#include "ca/sandbox.h"
#include "tests/unit/ca/make.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE 20000
#define PAGE 4096

static const char *program;

/* ---- calls: each returns -1 with its errno where it is refused ---- */

static long
try_program (void)
{
  return syscall (SYS_execve, "/no/such/program", NULL, NULL);
}

static long
try_program_at (void)
{
  return syscall (SYS_execveat, AT_FDCWD, "/no/such/program", NULL, NULL, 0);
}

static long
try_fork (void)
{
  long pid = syscall (SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);

  if (pid == 0)
    _exit (0);
  return pid > 0 ? waitpid ((pid_t)pid, NULL, 0) : pid;
}

static long
try_internet (void)
{
  return syscall (SYS_socket, AF_INET, SOCK_STREAM, 0);
}

static long
try_internet_6 (void)
{
  return syscall (SYS_socket, AF_INET6, SOCK_DGRAM, 0);
}

static long
try_netlink (void)
{
  return syscall (SYS_socket, AF_NETLINK, SOCK_RAW, 0);
}

static long
try_trace (void)
{
  return syscall (SYS_ptrace, PTRACE_PEEKDATA, getppid (), NULL, NULL);
}

static long
try_foreign_memory (void)
{
  return syscall (SYS_process_vm_readv, getpid (), NULL, 0, NULL, 0, 0);
}

static long
try_foreign_memory_write (void)
{
  return syscall (SYS_process_vm_writev, getpid (), NULL, 0, NULL, 0, 0);
}

static long
try_signal (void)
{
  return syscall (SYS_kill, getppid (), 0);
}

static long
try_written_and_run (void)
{
  return (long)mmap (NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
                     -1, 0);
}

static long
try_made_to_run (void)
{
  void *page = mmap (NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

  return page != MAP_FAILED ? mprotect (page, PAGE, PROT_READ | PROT_EXEC) : 0;
}

static long
try_dumpable (void)
{
  return prctl (PR_SET_DUMPABLE, 0, 0, 0, 0);
}

static long
try_limit (void)
{
  const struct rlimit none = { 0, 0 };

  return syscall (SYS_prlimit64, 0, RLIMIT_CORE, &none, NULL);
}

static long
try_terminal_input (void)
{
  return ioctl (-1, TIOCSTI, "x");
}

static long
try_keyring (void)
{
  return syscall (SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_PROCESS_KEYRING, 0, 0, 0);
}

static long
try_namespace (void)
{
  return syscall (SYS_setns, -1, 0);
}

static long
try_bpf (void)
{
  return syscall (SYS_bpf, BPF_MAP_CREATE, NULL, 0);
}

static long
try_mount (void)
{
  return syscall (SYS_mount, NULL, NULL, NULL, MS_BIND, NULL);
}

static long
try_ring (void)
{
  return syscall (SYS_io_uring_setup, 0, NULL);
}

static const struct {
  const char *name;
  long (*call) (void);
  gboolean privileged; /* or forbidden by some hosts: says nothing without the sandbox */
} refused[] = {
  { "execve", try_program, FALSE },
  { "execveat", try_program_at, FALSE },
  { "fork", try_fork, FALSE },
  { "AF_INET", try_internet, FALSE },
  { "AF_INET6", try_internet_6, FALSE },
  { "AF_NETLINK", try_netlink, FALSE },
  { "ptrace", try_trace, FALSE },
  { "process_vm_readv", try_foreign_memory, FALSE },
  { "process_vm_writev", try_foreign_memory_write, FALSE },
  { "kill", try_signal, FALSE },
  { "memory to write and run", try_written_and_run, FALSE },
  { "memory made to run", try_made_to_run, FALSE },
  { "PR_SET_DUMPABLE", try_dumpable, FALSE },
  { "a new limit", try_limit, FALSE },
  { "TIOCSTI", try_terminal_input, FALSE },
  { "keyctl", try_keyring, TRUE },
  { "setns", try_namespace, TRUE },
  { "bpf", try_bpf, TRUE },
  { "mount", try_mount, TRUE },
  { "io_uring", try_ring, TRUE },
};

/* Whether `call` fails with EPERM in a process of its own, sandboxed or not. */
static gboolean
is_refused (long (*call) (void), gboolean sandboxed)
{
  int status;
  pid_t pid = fork ();

  ck_assert_int_ge (pid, 0);
  if (pid == 0) {
    if (sandboxed && !sandbox_enter (NULL))
      _exit (2);
    _exit (call () == -1 && errno == EPERM);
  }
  ck_assert_int_eq (waitpid (pid, &status, 0), pid);
  ck_assert (WIFEXITED (status) && WEXITSTATUS (status) < 2);
  return WEXITSTATUS (status) == 1;
}

START_TEST (test_a_call_that_the_signer_does_not_need_is_refused)
{
  ck_assert_msg (is_refused (refused[_i].call, TRUE), "%s is allowed", refused[_i].name);
  if (!refused[_i].privileged)
    ck_assert_msg (!is_refused (refused[_i].call, FALSE), "%s was refused before",
                   refused[_i].name);
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
  int status;
  pid_t pid = fork ();

  if (pid == 0)
    _exit (chdir (folder) == 0 && sandbox_enter (NULL) && works[_i]() ? 0 : 1);
  ck_assert_int_eq (waitpid (pid, &status, 0), pid);
  ck_assert_int_eq (status, 0);
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
  int status;
  pid_t pid = fork ();

  if (pid == 0)
    _exit (earlier_threads_are_bound () ? 0 : 1);
  ck_assert_int_eq (waitpid (pid, &status, 0), pid);
  ck_assert_int_eq (status, 0);
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
#ifdef KEYCRADLE_SANITIZED
  return 77; /* such a build does not confine itself */
#endif
  tcase_set_timeout (sandbox, 60);
  tcase_add_loop_test (sandbox, test_a_call_that_the_signer_does_not_need_is_refused, 0,
                       G_N_ELEMENTS (refused));
  tcase_add_loop_test (sandbox, test_threads_files_unix_sockets_and_modules_still_work, 0, 4);
  tcase_add_test (sandbox, test_threads_that_run_already_are_bound_too);
  tcase_add_test (sandbox, test_the_running_signer_is_confined);
  suite_add_tcase (suite, sandbox);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See confined-calls.h. Each call returns -1 with its errno where it is refused.
 */
#include "tests/unit/confined-calls.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/keyctl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096

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

const ConfinedCall confined_calls[] = {
  { "execve", try_program, FALSE, TRUE },
  { "execveat", try_program_at, FALSE, TRUE },
  { "fork", try_fork, FALSE, FALSE },
  { "AF_INET", try_internet, FALSE, TRUE },
  { "AF_INET6", try_internet_6, FALSE, TRUE },
  { "AF_NETLINK", try_netlink, FALSE, TRUE },
  { "ptrace", try_trace, FALSE, TRUE },
  { "process_vm_readv", try_foreign_memory, FALSE, TRUE },
  { "process_vm_writev", try_foreign_memory_write, FALSE, TRUE },
  { "kill", try_signal, FALSE, FALSE },
  { "memory to write and run", try_written_and_run, FALSE, FALSE },
  { "memory made to run", try_made_to_run, FALSE, FALSE },
  { "PR_SET_DUMPABLE", try_dumpable, FALSE, FALSE },
  { "a new limit", try_limit, FALSE, FALSE },
  { "TIOCSTI", try_terminal_input, FALSE, TRUE },
  { "keyctl", try_keyring, TRUE, TRUE },
  { "setns", try_namespace, TRUE, TRUE },
  { "bpf", try_bpf, TRUE, TRUE },
  { "mount", try_mount, TRUE, TRUE },
  { "io_uring", try_ring, TRUE, TRUE },
};
const guint n_confined_calls = G_N_ELEMENTS (confined_calls);

static int
end_of (pid_t pid)
{
  int status;

  ck_assert_int_ge (pid, 0);
  ck_assert_int_eq (waitpid (pid, &status, 0), pid);
  ck_assert (WIFEXITED (status) && WEXITSTATUS (status) < 2);
  return WEXITSTATUS (status);
}

gboolean
call_is_refused (long (*call) (void), gboolean (*enter) (GError **error))
{
  pid_t pid = fork ();

  if (pid == 0) {
    if (enter != NULL && !enter (NULL))
      _exit (2);
    _exit (call () == -1 && errno == EPERM);
  }
  return end_of (pid) == 1;
}

gboolean
work_is_possible (gboolean (*work) (void), gboolean (*enter) (GError **error))
{
  pid_t pid = fork ();

  if (pid == 0) {
    if (enter != NULL && !enter (NULL))
      _exit (2);
    _exit (work ());
  }
  return end_of (pid) == 1;
}

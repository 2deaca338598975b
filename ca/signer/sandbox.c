/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See sandbox.h. The list is what the signer needs, with GLib, OpenSSL, libsystemd, a module for
 * PKCS#11 or a TPM behind a file or a Unix socket. It is meant for the day when a request finds a
 * fault in a parser: then there is nothing to run and nowhere to go.
 */
#include "ca/signer/sandbox.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

/* Names that a machine's kernel does not have are passed over. */
static const char *const calls[] = {
  /* memory */
  "brk", "madvise", "membarrier", "mlock", "mlock2", "mmap2", "mremap", "munlock", "munmap",
  /* threads, their signals and their end */
  "exit", "exit_group", "futex", "futex_time64", "get_robust_list", "restart_syscall", "rseq",
  "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sched_getaffinity", "sched_getattr",
  "sched_yield", "set_robust_list", "sigaltstack", "signalfd4",
  /* who and where it is */
  "getegid", "geteuid", "getgid", "getgroups", "getpid", "getppid", "getrandom", "getresgid",
  "getresuid", "getrusage", "gettid", "getuid", "sysinfo", "uname",
  /* files */
  "access", "close", "dup", "dup3", "faccessat", "faccessat2", "fadvise64", "fallocate", "fchmod",
  "fcntl", "fcntl64", "fdatasync", "flock", "fstat", "fstat64", "fstatat64", "fstatfs", "fstatfs64",
  "fsync", "ftruncate", "ftruncate64", "getcwd", "getdents64", "_llseek", "lseek", "lstat", "mkdir",
  "mkdirat", "newfstatat", "open", "openat", "pread64", "pwrite64", "read", "readlink",
  "readlinkat", "readv", "rename", "renameat", "renameat2", "stat", "statfs", "statfs64", "statx",
  "umask", "unlink", "unlinkat", "write", "writev",
  /* sockets, all of them Unix sockets */
  "accept4", "connect", "getpeername", "getsockname", "getsockopt", "recvfrom", "recvmsg",
  "sendmsg", "sendto", "setsockopt", "shutdown",
  /* waiting and time */
  "clock_getres", "clock_gettime", "clock_gettime64", "clock_nanosleep", "clock_nanosleep_time64",
  "epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_wait", "eventfd2", "gettimeofday",
  "nanosleep", "pipe2", "poll", "ppoll", "ppoll_time64", "pselect6", "select", "time"
};

/* A call that is allowed where one of its arguments, below a mask, has a value. */
typedef struct {
  const char *call;
  unsigned argument;
  scmp_datum_t mask;
  scmp_datum_t value;
} Condition;

#define WHOLE 0xffffffffu

static const Condition conditions[] = {
  { "socket", 0, WHOLE, AF_UNIX },
  /* a thread, never a process */
  { "clone", 0, CLONE_THREAD, CLONE_THREAD },
  /* memory is never both written and run, and what was written is never made to run; a module's
   * code is mapped from its file */
  { "mmap", 2, PROT_WRITE | PROT_EXEC, 0 },
  { "mmap", 2, PROT_WRITE | PROT_EXEC, PROT_WRITE },
  { "mmap", 2, PROT_WRITE | PROT_EXEC, PROT_EXEC },
  { "mprotect", 2, PROT_EXEC, 0 },
  /* a thread's name; not, above all, PR_SET_DUMPABLE */
  { "prctl", 0, WHOLE, PR_SET_NAME },
  /* limits are read */
  { "prlimit64", 2, ~(scmp_datum_t)0, 0 },
  /* isatty() */
  { "ioctl", 1, WHOLE, TCGETS },
};

static int
allow (scmp_filter_ctx filter, const char *name, const struct scmp_arg_cmp *comparison)
{
  int number = seccomp_syscall_resolve_name (name);

  if (number == __NR_SCMP_ERROR)
    return 0;
  return seccomp_rule_add_array (filter, SCMP_ACT_ALLOW, number, comparison != NULL, comparison);
}

static int
add_rules (scmp_filter_ctx filter)
{
  int result = 0;

  for (guint i = 0; i < G_N_ELEMENTS (calls) && result == 0; i++)
    result = allow (filter, calls[i], NULL);
  for (guint i = 0; i < G_N_ELEMENTS (conditions) && result == 0; i++) {
    const Condition *row = &conditions[i];
    const struct scmp_arg_cmp comparison =
        SCMP_CMP64 (row->argument, SCMP_CMP_MASKED_EQ, row->mask, row->value);

    result = allow (filter, row->call, &comparison);
  }
  /* Its flags are where no filter can read them; without it glibc takes clone(). */
  return result == 0 ? seccomp_rule_add (filter, SCMP_ACT_ERRNO (ENOSYS), SCMP_SYS (clone3), 0)
                     : result;
}

static int
load (scmp_filter_ctx filter)
{
  int result = seccomp_attr_set (filter, SCMP_FLTATR_CTL_TSYNC, 1);

  if (result == 0)
    result = add_rules (filter);
#ifdef KEYCRADLE_SANITIZED
  return result;
#endif
  return result == 0 ? seccomp_load (filter) : result;
}

gboolean
sandbox_enter (GError **error)
{
  scmp_filter_ctx filter = seccomp_init (SCMP_ACT_ERRNO (EPERM));
  int result = filter != NULL ? load (filter) : -ENOMEM;

  if (filter != NULL)
    seccomp_release (filter);
  if (result == 0)
    return TRUE;
  g_set_error (error, CA_ERROR, CA_ERROR_INTERNAL,
               "the system calls can't be restricted, which needs a kernel with seccomp: %s",
               g_strerror (-result));
  return FALSE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See sandbox.h. A list of what is forbidden, since the daemon with GLib, GDBus, SQLite, udev and
 * the serial ports needs many calls; its unit's list of what is allowed is behind this one. A child
 * inherits it.
 */
#include "station/sandbox.h"

#include <errno.h>
#include <linux/netlink.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/confine.h"

#define WHOLE 0xffffffffu

static const char *const forbidden[] = {
  /* other processes */
  "kcmp", "pidfd_getfd", "process_madvise", "process_vm_readv", "process_vm_writev", "ptrace",
  /* the kernel's inside */
  "add_key", "bpf", "io_uring_enter", "io_uring_register", "io_uring_setup", "keyctl",
  "perf_event_open", "personality", "request_key", "syslog", "userfaultfd",
  /* the machine */
  "acct", "clock_settime", "delete_module", "finit_module", "init_module", "ioperm", "iopl",
  "kexec_file_load", "kexec_load", "quotactl", "reboot", "settimeofday", "swapoff", "swapon",
  /* other views of it */
  "chroot", "fsconfig", "fsmount", "fsopen", "fspick", "mknod", "mknodat", "mount", "mount_setattr",
  "move_mount", "name_to_handle_at", "open_by_handle_at", "open_tree", "pivot_root", "setns",
  "umount", "umount2", "unshare"
};

static const char *const programs[] = { "execve", "execveat" };

/* Names that a machine's kernel does not have are passed over. */
static int
forbid (scmp_filter_ctx filter, const char *const *calls, gsize count)
{
  int result = 0;

  for (gsize i = 0; i < count && result == 0; i++) {
    int number = seccomp_syscall_resolve_name (calls[i]);

    if (number != __NR_SCMP_ERROR)
      result = seccomp_rule_add (filter, SCMP_ACT_ERRNO (EPERM), number, 0);
  }
  return result;
}

static int
forbid_where (scmp_filter_ctx filter, int call, const struct scmp_arg_cmp *comparisons,
              unsigned count)
{
  return seccomp_rule_add_array (filter, SCMP_ACT_ERRNO (EPERM), call, count, comparisons);
}

/* Leaves Unix sockets and udev's events. A rule compares an argument once, so that "neither of two"
 * takes a rule for each other family. */
static int
forbid_networks (scmp_filter_ctx filter)
{
  const struct scmp_arg_cmp above = SCMP_A0 (SCMP_CMP_GT, AF_NETLINK, 0);
  const struct scmp_arg_cmp no_udev[] = {
    SCMP_A0 (SCMP_CMP_EQ, AF_NETLINK, 0),
    SCMP_A2 (SCMP_CMP_NE, NETLINK_KOBJECT_UEVENT, 0),
  };
  int result = forbid_where (filter, SCMP_SYS (socket), &above, 1);

  for (unsigned family = 0; family < AF_NETLINK && result == 0; family++) {
    const struct scmp_arg_cmp same = SCMP_A0 (SCMP_CMP_EQ, family, 0);

    if (family != AF_UNIX)
      result = forbid_where (filter, SCMP_SYS (socket), &same, 1);
  }
  return result == 0 ? forbid_where (filter, SCMP_SYS (socket), no_udev, G_N_ELEMENTS (no_udev))
                     : result;
}

/* What is allowed but for some of its arguments. */
static int
forbid_parts (scmp_filter_ctx filter)
{
  const struct scmp_arg_cmp user_namespace =
      SCMP_A0 (SCMP_CMP_MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER);
  const struct scmp_arg_cmp typing = SCMP_A1 (SCMP_CMP_MASKED_EQ, WHOLE, TIOCSTI);
  int result = forbid_where (filter, SCMP_SYS (clone), &user_namespace, 1);

  if (result == 0)
    result = forbid_where (filter, SCMP_SYS (ioctl), &typing, 1);
  /* Its flags are where no filter can read them; without it glibc takes clone(). */
  return result == 0 ? seccomp_rule_add (filter, SCMP_ACT_ERRNO (ENOSYS), SCMP_SYS (clone3), 0)
                     : result;
}

static int
load (scmp_filter_ctx filter, gboolean starts_signer)
{
  int result = forbid (filter, forbidden, G_N_ELEMENTS (forbidden));

  if (result == 0 && !starts_signer)
    result = forbid (filter, programs, G_N_ELEMENTS (programs));
  if (result == 0)
    result = forbid_networks (filter);
  if (result == 0)
    result = forbid_parts (filter);
#ifdef KEYCRADLE_SANITIZED
  return result;
#endif
  return result == 0 ? seccomp_load (filter) : result;
}

static gboolean
filter_calls (gboolean starts_signer, GError **error)
{
  scmp_filter_ctx filter = seccomp_init (SCMP_ACT_ALLOW);
  int result = filter != NULL ? load (filter, starts_signer) : -ENOMEM;

  if (filter != NULL)
    seccomp_release (filter);
  if (result == 0)
    return TRUE;
  g_set_error (error, G_FILE_ERROR, (int)g_file_error_from_errno (-result),
               "the system calls can't be restricted, which needs a kernel with seccomp: %s",
               g_strerror (-result));
  return FALSE;
}

gboolean
sandbox_daemon (gboolean starts_signer, GError **error)
{
  return confine_process (error) && confine_drop_capabilities (error)
         && filter_calls (starts_signer, error);
}

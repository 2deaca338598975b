/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See confine.h.
 */
#include "base/confine.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static gboolean
refuse (GError **error, const char *what)
{
  int number = errno;

  g_set_error (error, G_FILE_ERROR, (int)g_file_error_from_errno (number), "%s: %s", what,
               g_strerror (number));
  return FALSE;
}

gboolean
confine_process (GError **error)
{
  const struct rlimit none = { 0, 0 };

  if (setrlimit (RLIMIT_CORE, &none) < 0)
    return refuse (error, "core dumps can't be turned off");
  /* Where a program collects them, the kernel does not ask the limit: core(5). */
  if (prctl (PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
    return refuse (error, "the process can't be made undumpable");
  if (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
    return refuse (error, "new privileges can't be ruled out");
  return TRUE;
}

/* Then there is no need to ask, which a unit's SystemCallFilter= may forbid. */
static gboolean
has_none (struct __user_cap_header_struct *header)
{
  struct __user_cap_data_struct held[_LINUX_CAPABILITY_U32S_3] = { 0 };

  if (syscall (SYS_capget, header, held) < 0)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (held); i++)
    if ((held[i].effective | held[i].permitted | held[i].inheritable) != 0)
      return FALSE;
  return TRUE;
}

gboolean
confine_drop_capabilities (GError **error)
{
  struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
  const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

#ifdef KEYCRADLE_SANITIZED
  return TRUE;
#endif
  if (has_none (&header) || syscall (SYS_capset, &header, none) == 0)
    return TRUE;
  return refuse (error, "the capabilities can't be given up");
}

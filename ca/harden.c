/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See harden.h.
 */
#include "ca/harden.h"

#include "base/confine.h"

#include <errno.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#define SECURE_HEAP (64 * 1024)
#define SECURE_LEAST 32

static gboolean
refuse (GError **error, const char *doing)
{
  g_set_error (error, CA_ERROR, CA_ERROR_INTERNAL, "%s: %s", doing, g_strerror (errno));
  return FALSE;
}

gboolean
harden_process (GError **error)
{
  mallopt (M_ARENA_MAX, 2);
  if (!confine_process (error))
    return FALSE;
  switch (CRYPTO_secure_malloc_init (SECURE_HEAP, SECURE_LEAST)) {
  case 0:
    return refuse (error, "no secure heap");
  case 1:
    return TRUE;
  }
  g_warning ("the secure heap can't be locked into memory; raise LimitMEMLOCK, or turn swap off");
  return TRUE;
}

gboolean
harden_follow_parent (GError **error)
{
  pid_t parent = getppid ();

  if (prctl (PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) < 0)
    return refuse (error, "the process can't follow its parent");
  /* The parent may have gone before the kernel knew. */
  if (getppid () != parent)
    raise (SIGTERM);
  return TRUE;
}

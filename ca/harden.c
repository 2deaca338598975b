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
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define SECURE_HEAP (64 * 1024)
#define SECURE_LEAST 32
#define WIPED_STACK (128 * 1024) /* more than decoding a key takes */
#define LEAST_COPY 16
#define MOST_COPY 2048

static gboolean
refuse (GError **error, const char *doing)
{
  g_set_error (error, CA_ERROR, CA_ERROR_INTERNAL, "%s: %s", doing, g_strerror (errno));
  return FALSE;
}

/* ---- what OpenSSL gives back is wiped: it decodes keys in buffers that it does not clear ---- */

static void
wiping_free (void *block, const char *file, int line)
{
  if (block != NULL)
    explicit_bzero (block, malloc_usable_size (block));
  free (block);
}

static void *
plain_malloc (size_t size, const char *file, int line)
{
  return malloc (size);
}

/* realloc() may move a block and leave its bytes behind. */
static void *
wiping_realloc (void *block, size_t size, const char *file, int line)
{
  size_t held = malloc_usable_size (block);
  void *moved;

  if (size <= held && block != NULL)
    return block;
  moved = malloc (size);
  if (moved == NULL)
    return NULL;
  if (held > 0)
    memcpy (moved, block, held);
  wiping_free (block, file, line);
  return moved;
}

/* The C library's own function, which no compiler may replace. */
static void *(*const volatile copy) (void *to, const void *from, size_t size) = memmove;

/* The copies of zeros are for the vector registers: they still hold what was copied last, and the
 * dynamic loader saves them on the stack whenever it binds a function. */
__attribute__ ((noinline)) void
harden_wipe_stack (void)
{
  guint8 below[WIPED_STACK];

  OPENSSL_cleanse (below, sizeof below);
  for (gsize size = LEAST_COPY; size <= MOST_COPY; size *= 2)
    copy (below, below + MOST_COPY, size);
  OPENSSL_cleanse (below, MOST_COPY);
}

/* All memory, now and later, where its limit allows: a signing thread works on copies of the key
 * outside the secure heap. A thread's whole stack counts against the limit, so a low one would
 * keep threads from starting. */
static void
lock_memory (void)
{
  const struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };

  if (setrlimit (RLIMIT_MEMLOCK, &none) == 0)
    mlockall (MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
}

gboolean
harden_process (GError **error)
{
  mallopt (M_ARENA_MAX, 2);
  if (!confine_process (error))
    return FALSE;
  if (CRYPTO_set_mem_functions (plain_malloc, wiping_realloc, wiping_free) != 1)
    return refuse (error, "OpenSSL was in use before its memory could be guarded");
  lock_memory ();
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

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Any bytes as a list of known keys. What is taken for a list must be searched without a step
 * outside it, and where it is badkeys', a key that stands in it must be found.
 */
#include "ca/judge/known-keys.h"

#include <openssl/sha.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define RECORD 16

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

/* A file in memory alone, with these bytes. */
static const char *
list_of (const guint8 *data, size_t size)
{
  static char path[64];
  static int fd = -1;

  if (fd < 0) {
    fd = memfd_create ("list", MFD_CLOEXEC);
    g_snprintf (path, sizeof path, "/proc/self/fd/%d", fd);
  }
  if (ftruncate (fd, 0) != 0 || pwrite (fd, data, size, 0) != (ssize_t)size)
    g_abort ();
  return path;
}

static Csr
key_of (const guint8 *number, gsize length)
{
  Csr csr = { .key_type = CSR_KEY_RSA };

  csr.modulus = (Span){ number, length };
  csr.spki = (Span){ number, length };
  return csr;
}

/* A list with one record more, in its place, for a key that is known here. */
static void
expect_found (const guint8 *data, size_t size)
{
  static const guint8 number[] = "keycradle";
  guint8 digest[SHA256_DIGEST_LENGTH];
  const char *paths[] = { NULL, NULL };
  g_autofree guint8 *with = g_malloc (size + RECORD);
  size_t before = 0;
  KnownKeys *known;
  Csr csr = key_of (number, sizeof number - 1);

  SHA256 (number, sizeof number - 1, digest);
  digest[RECORD - 1] = 1;
  while (before < size && memcmp (data + before, digest, RECORD) < 0)
    before += RECORD;
  memcpy (with, data, before);
  memcpy (with + before, digest, RECORD);
  memcpy (with + before + RECORD, data + before, size - before);
  paths[0] = list_of (with, size + RECORD);
  known = known_keys_load (paths, NULL);
  if (known == NULL || known_keys_check (known, &csr, NULL))
    g_abort ();
  known_keys_free (known);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  const char *const paths[] = { list_of (data, size), NULL };
  Csr csr = key_of (data, size);
  g_autoptr (GError) problem = NULL;
  g_autoptr (KnownKeys) known = NULL;
  gboolean binary;

  known = known_keys_load (paths, &problem);
  if (known == NULL) {
    if (problem->domain != CA_ERROR || problem->code != CA_ERROR_KNOWN_KEY)
      g_abort ();
    return 0;
  }
  if (known_keys_size (known) == 0)
    g_abort ();
  binary = size % RECORD == 0 && known_keys_size (known) == size / RECORD;
  known_keys_check (known, &csr, NULL);
  g_clear_pointer (&known, known_keys_free);
  /* A list of nothing but text is read as text, however long it is. */
  if (binary && data[RECORD - 1] < 9)
    expect_found (data, size);
  return 0;
}

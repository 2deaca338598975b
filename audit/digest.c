/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See digest.h.
 */
#include "audit/digest.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

struct AuditDigest {
  EVP_MD *algorithm;
  EVP_MD_CTX *context;
  guint8 secret[16];
};

AuditDigest *
audit_digest_new (void)
{
  AuditDigest *digest = g_new0 (AuditDigest, 1);

  digest->algorithm = EVP_MD_fetch (NULL, "SHA256", NULL);
  digest->context = EVP_MD_CTX_new ();
  if (digest->algorithm == NULL || digest->context == NULL
      || !EVP_DigestInit_ex2 (digest->context, digest->algorithm, NULL)
      || RAND_bytes (digest->secret, sizeof digest->secret) != 1)
    g_error ("OpenSSL can't compute SHA-256");
  return digest;
}

void
audit_digest_free (AuditDigest *digest)
{
  EVP_MD_CTX_free (digest->context);
  EVP_MD_free (digest->algorithm);
  g_free (digest);
}

static void
update (AuditDigest *digest, const void *data, gsize length)
{
  if (length > 0 && !EVP_DigestUpdate (digest->context, data, length))
    g_error ("OpenSSL can't compute SHA-256");
}

static void
restart (AuditDigest *digest)
{
  if (!EVP_DigestInit_ex2 (digest->context, NULL, NULL))
    g_error ("OpenSSL can't compute SHA-256");
}

static void
finish (AuditDigest *digest, guint8 hash[AUDIT_HASH])
{
  if (!EVP_DigestFinal_ex (digest->context, hash, NULL))
    g_error ("OpenSSL can't compute SHA-256");
}

void
audit_digest (AuditDigest *digest, Span first, Span second, guint8 hash[AUDIT_HASH])
{
  restart (digest);
  update (digest, first.data, first.length);
  update (digest, second.data, second.length);
  finish (digest, hash);
}

guint64
audit_digest_mark (AuditDigest *digest, Span first, Span second)
{
  guint64 length = first.length;
  guint8 hash[AUDIT_HASH];
  guint64 mark;

  restart (digest);
  update (digest, digest->secret, sizeof digest->secret);
  update (digest, &length, sizeof length);
  update (digest, first.data, first.length);
  update (digest, second.data, second.length);
  finish (digest, hash);
  memcpy (&mark, hash, sizeof mark);
  return mark;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See authorities.h.
 */
#include "audit/authorities.h"

#include <string.h>

#include "base/encode.h"

typedef struct {
  GBytes *subject; /* Name with its header */
  GBytes *key_id;  /* subjectKeyIdentifier; empty: it has none */
} Name;

struct AuditAuthorities {
  GPtrArray *all; /* of AuditAuthority; the header's first */
  AuditAuthority *last_found;
};

static void
name_free (gpointer data)
{
  Name *name = data;

  g_bytes_unref (name->subject);
  g_bytes_unref (name->key_id);
  g_free (name);
}

static void
authority_free (gpointer data)
{
  AuditAuthority *authority = data;

  g_ptr_array_unref (authority->names);
  X509_free (authority->certificate);
  g_free (authority);
}

static AuditAuthority *
authority_new (AuditAuthorities *authorities, const guint8 spki_sha256[AUDIT_HASH])
{
  AuditAuthority *authority = g_new0 (AuditAuthority, 1);

  memcpy (authority->spki_sha256, spki_sha256, AUDIT_HASH);
  authority->names = g_ptr_array_new_with_free_func (name_free);
  g_ptr_array_add (authorities->all, authority);
  return authority;
}

AuditAuthorities *
audit_authorities_new (const guint8 origin[AUDIT_HASH])
{
  AuditAuthorities *authorities = g_new0 (AuditAuthorities, 1);

  authorities->all = g_ptr_array_new_with_free_func (authority_free);
  authority_new (authorities, origin);
  return authorities;
}

void
audit_authorities_free (AuditAuthorities *authorities)
{
  g_ptr_array_unref (authorities->all);
  g_free (authorities);
}

AuditAuthority *
audit_authorities_of_key (AuditAuthorities *authorities, const guint8 spki_sha256[AUDIT_HASH])
{
  for (guint i = 0; i < authorities->all->len; i++) {
    AuditAuthority *authority = g_ptr_array_index (authorities->all, i);
    if (memcmp (authority->spki_sha256, spki_sha256, AUDIT_HASH) == 0)
      return authority;
  }
  return NULL;
}

static void
add_name (AuditAuthority *authority, const CertificateParts *parts)
{
  Name *name = g_new0 (Name, 1);
  CertificatePart id;

  certificate_subject_key_id (parts, &id);
  name->subject = g_bytes_new (parts->subject.data, parts->subject.length);
  name->key_id = g_bytes_new (id.data, id.length);
  g_ptr_array_add (authority->names, name);
}

/* Only for its key. */
static void
take_certificate (AuditAuthority *authority, Span certificate)
{
  const guint8 *end = certificate.data;
  X509 *read = d2i_X509 (NULL, &end, (long)certificate.length);

  if (read == NULL)
    return;
  X509_free (authority->certificate);
  authority->certificate = read;
}

gboolean
audit_authorities_add (AuditAuthorities *authorities, Span certificate,
                       const guint8 spki_sha256[AUDIT_HASH])
{
  CertificateParts parts;
  AuditAuthority *authority;

  if (!certificate_split (certificate.data, certificate.length, &parts))
    return FALSE;
  authority = audit_authorities_of_key (authorities, spki_sha256);
  if (authority == NULL)
    authority = authority_new (authorities, spki_sha256);
  add_name (authority, &parts);
  take_certificate (authority, certificate);
  return TRUE;
}

static gboolean
is_for_key (Span certificate, const guint8 spki_sha256[AUDIT_HASH])
{
  CertificateParts parts;
  g_autoptr (GBytes) hash = NULL;

  if (!certificate_split (certificate.data, certificate.length, &parts))
    return FALSE;
  hash = sha256_of (parts.spki.data, parts.spki.length);
  return memcmp (g_bytes_get_data (hash, NULL), spki_sha256, AUDIT_HASH) == 0;
}

gboolean
audit_authorities_load_origin (AuditAuthorities *authorities, const char *pem)
{
  const AuditAuthority *origin = g_ptr_array_index (authorities->all, 0);
  const char *at = pem, *before = NULL;

  while (at != before) {
    g_autoptr (GBytes) der = NULL;
    Span certificate;

    before = at;
    der = pem_decode (at, "CERTIFICATE", &at);
    if (der == NULL)
      continue;
    certificate.data = g_bytes_get_data (der, &certificate.length);
    if (is_for_key (certificate, origin->spki_sha256))
      audit_authorities_add (authorities, certificate, origin->spki_sha256);
  }
  return origin->names->len > 0;
}

static gboolean
is_bytes (GBytes *bytes, CertificatePart part)
{
  gsize length;
  const void *data = g_bytes_get_data (bytes, &length);

  return certificate_part_equal (part, data, length);
}

static gboolean
is_named (const AuditAuthority *authority, CertificatePart issuer, CertificatePart key_id)
{
  for (guint i = 0; i < authority->names->len; i++) {
    const Name *name = g_ptr_array_index (authority->names, i);
    if (is_bytes (name->subject, issuer) && (key_id.length == 0 || is_bytes (name->key_id, key_id)))
      return TRUE;
  }
  return FALSE;
}

static AuditAuthority *
found (AuditAuthorities *authorities, AuditAuthority *authority)
{
  authorities->last_found = authority;
  return authority;
}

AuditAuthority *
audit_authorities_find (AuditAuthorities *authorities, const CertificateParts *parts)
{
  AuditAuthority *origin = g_ptr_array_index (authorities->all, 0);
  CertificatePart key_id;

  certificate_authority_key_id (parts, &key_id);
  if (authorities->last_found != NULL && is_named (authorities->last_found, parts->issuer, key_id))
    return authorities->last_found;
  for (guint i = 0; i < authorities->all->len; i++)
    if (is_named (g_ptr_array_index (authorities->all, i), parts->issuer, key_id))
      return found (authorities, g_ptr_array_index (authorities->all, i));
  return origin->names->len > 0 ? NULL : origin;
}

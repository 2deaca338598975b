/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See authorities.h.
 */
#include "audit/authorities.h"

#include <openssl/x509v3.h>

#include <string.h>

#include "base/encode.h"

#define KEY_IDENTIFIER 0x80 /* [0] in AuthorityKeyIdentifier */
#define CONTEXT_3 0xa3      /* extensions in a TBSCertificate */
#define OCTET_STRING 0x04

static const guint8 authority_key_id[] = { 0x55, 0x1d, 0x23 };

struct AuditAuthorities {
  GPtrArray *all; /* of AuditAuthority; the header's first */
  AuditAuthority *last_found;
};

static void
authority_free (gpointer data)
{
  AuditAuthority *authority = data;

  g_clear_pointer (&authority->subject, g_bytes_unref);
  g_clear_pointer (&authority->key_id, g_bytes_unref);
  X509_free (authority->certificate);
  g_free (authority);
}

static AuditAuthority *
authority_new (AuditAuthorities *authorities, const guint8 spki_sha256[AUDIT_HASH])
{
  AuditAuthority *authority = g_new0 (AuditAuthority, 1);

  memcpy (authority->spki_sha256, spki_sha256, AUDIT_HASH);
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
take_names (AuditAuthority *authority, X509 *certificate, const CertificateParts *parts)
{
  const ASN1_OCTET_STRING *id = X509_get0_subject_key_id (certificate);

  g_clear_pointer (&authority->subject, g_bytes_unref);
  g_clear_pointer (&authority->key_id, g_bytes_unref);
  X509_free (authority->certificate);
  authority->certificate = certificate;
  authority->subject = g_bytes_new (parts->subject.data, parts->subject.length);
  if (id != NULL)
    authority->key_id = g_bytes_new (ASN1_STRING_get0_data (id), (gsize)ASN1_STRING_length (id));
}

gboolean
audit_authorities_add (AuditAuthorities *authorities, Span certificate,
                       const guint8 spki_sha256[AUDIT_HASH])
{
  const guint8 *end = certificate.data;
  CertificateParts parts;
  AuditAuthority *authority;
  X509 *read;

  if (!certificate_split (certificate.data, certificate.length, &parts))
    return FALSE;
  read = d2i_X509 (NULL, &end, (long)certificate.length);
  if (read == NULL)
    return FALSE;
  authority = audit_authorities_of_key (authorities, spki_sha256);
  if (authority == NULL)
    authority = authority_new (authorities, spki_sha256);
  take_names (authority, read, &parts);
  return TRUE;
}

gboolean
audit_authorities_load_origin (AuditAuthorities *authorities, const char *pem, gsize length)
{
  const AuditAuthority *origin = g_ptr_array_index (authorities->all, 0);
  const char *at = pem;

  for (;;) {
    g_autoptr (GBytes) der = pem_decode (at, "CERTIFICATE", &at);
    CertificateParts parts;
    Span certificate;
    g_autoptr (GBytes) hash = NULL;

    if (der == NULL)
      return FALSE;
    certificate.data = g_bytes_get_data (der, &certificate.length);
    if (!certificate_split (certificate.data, certificate.length, &parts))
      continue;
    hash = sha256_of (parts.spki.data, parts.spki.length);
    if (memcmp (g_bytes_get_data (hash, NULL), origin->spki_sha256, AUDIT_HASH) == 0)
      return audit_authorities_add (authorities, certificate, origin->spki_sha256);
  }
}

/* The extensions stand behind the key, and perhaps unique identifiers. */
static gboolean
enter_extensions (Span certificate, const CertificateParts *parts, DerReader *list)
{
  DerReader all = der_reader (certificate.data, certificate.length);
  DerReader whole, signed_part;

  if (!der_enter (&all, DER_SEQUENCE, "certificate", &whole, NULL)
      || !der_enter (&whole, DER_SEQUENCE, "certificate", &signed_part, NULL))
    return FALSE;
  signed_part.next = parts->spki.data + parts->spki.length;
  return der_enter (&signed_part, CONTEXT_3, "extensions", list, NULL)
         && der_enter (list, DER_SEQUENCE, "extensions", list, NULL);
}

static gboolean
read_key_id (DerReader *extension, Span *key_id)
{
  DerReader value, identifier;

  return der_enter (extension, OCTET_STRING, "value", &value, NULL)
         && der_enter (&value, DER_SEQUENCE, "key identifier", &identifier, NULL)
         && der_read (&identifier, KEY_IDENTIFIER, "key identifier", key_id, NULL, NULL);
}

gboolean
audit_authority_key_id (Span certificate, const CertificateParts *parts, Span *key_id)
{
  DerReader list;

  if (!enter_extensions (certificate, parts, &list))
    return FALSE;
  while (!der_at_end (&list)) {
    DerReader extension;
    Span oid;

    if (!der_enter (&list, DER_SEQUENCE, "extension", &extension, NULL)
        || !der_read (&extension, DER_OID, "extension", &oid, NULL, NULL))
      return FALSE;
    if (span_equal (oid, authority_key_id, sizeof authority_key_id))
      return read_key_id (&extension, key_id);
  }
  return FALSE;
}

static gboolean
is_bytes (GBytes *bytes, Span span)
{
  gsize length = 0;
  const void *data = bytes != NULL ? g_bytes_get_data (bytes, &length) : NULL;

  return span_equal (span, data, length);
}

static gboolean
is_named (const AuditAuthority *authority, Span issuer, Span key_id)
{
  return authority->subject != NULL && is_bytes (authority->subject, issuer)
         && (key_id.length == 0 || is_bytes (authority->key_id, key_id));
}

static AuditAuthority *
found (AuditAuthorities *authorities, AuditAuthority *authority)
{
  authorities->last_found = authority;
  return authority;
}

AuditAuthority *
audit_authorities_find (AuditAuthorities *authorities, Span certificate,
                        const CertificateParts *parts)
{
  AuditAuthority *origin = g_ptr_array_index (authorities->all, 0);
  Span issuer = { parts->issuer.data, parts->issuer.length };
  Span key_id = { NULL, 0 };

  audit_authority_key_id (certificate, parts, &key_id);
  if (authorities->last_found != NULL && is_named (authorities->last_found, issuer, key_id))
    return authorities->last_found;
  for (guint i = 0; i < authorities->all->len; i++)
    if (is_named (g_ptr_array_index (authorities->all, i), issuer, key_id))
      return found (authorities, g_ptr_array_index (authorities->all, i));
  return origin->subject != NULL ? NULL : origin;
}

gboolean
audit_authorities_complete (const AuditAuthorities *authorities)
{
  const AuditAuthority *origin = g_ptr_array_index (authorities->all, 0);

  return origin->certificate != NULL;
}

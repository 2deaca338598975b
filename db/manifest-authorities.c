/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which CA goes with a row. A batch may hold certificates of two CAs, since one may take over from
 * the other in the middle of a shift. A row's CA is told by its issuer's name and by its
 * authorityKeyIdentifier, which our certificates carry in one form only. The CA that the export was
 * recorded with is asked first, so exports from before there were several are made again byte by
 * byte; the others stand in the ledger in an order that never changes.
 */
#include <openssl/x509v3.h>
#include <string.h>

#include "base/certificate.h"
#include "db/manifest-private.h"

#define OCTET_STRING 0x04
#define SEQUENCE 0x30
#define KEY_IDENTIFIER 0x80
#define LONGEST_KEY_ID 64

/* id-ce-authorityKeyIdentifier, RFC 5280, 4.2.1.1 */
static const guint8 authority_key_id[] = { 0x06, 0x03, 0x55, 0x1d, 0x23 };

static void
authority_free (gpointer data)
{
  ManifestAuthority *authority = data;

  g_free (authority->pem);
  g_clear_pointer (&authority->subject, g_bytes_unref);
  g_clear_pointer (&authority->key_mark, g_bytes_unref);
  g_clear_pointer (&authority->der, g_bytes_unref);
  g_free (authority);
}

/* The bytes by which a certificate says that this CA's key signed it. */
static GBytes *
key_mark (X509 *certificate)
{
  const ASN1_OCTET_STRING *id = X509_get0_subject_key_id (certificate);
  const gsize length = id != NULL ? (gsize)ASN1_STRING_length (id) : 0;
  GByteArray *mark = g_byte_array_new ();

  if (length == 0 || length > LONGEST_KEY_ID)
    return g_byte_array_free_to_bytes (mark);
  const guint8 heads[] = { OCTET_STRING,         (guint8)(length + 4), SEQUENCE,
                           (guint8)(length + 2), KEY_IDENTIFIER,       (guint8)length };
  g_byte_array_append (mark, authority_key_id, sizeof authority_key_id);
  g_byte_array_append (mark, heads, sizeof heads);
  g_byte_array_append (mark, ASN1_STRING_get0_data (id), (guint)length);
  return g_byte_array_free_to_bytes (mark);
}

static void
take_names (ManifestAuthority *authority, const guint8 *der, gsize length)
{
  const guint8 *end = der;
  X509 *certificate = d2i_X509 (NULL, &end, (long)length);
  CertificateParts parts;

  if (certificate != NULL && certificate_split (der, length, &parts)) {
    authority->subject = g_bytes_new (parts.subject.data, parts.subject.length);
    authority->key_mark = key_mark (certificate);
  }
  X509_free (certificate);
}

static ManifestAuthority *
authority_new (GBytes *certificate)
{
  ManifestAuthority *authority = g_new0 (ManifestAuthority, 1);
  g_autoptr (GString) pem = g_string_new (NULL);
  gsize length;
  const guint8 *der = g_bytes_get_data (certificate, &length);

  append_pem (pem, der, length, "\n");
  authority->der = g_bytes_ref (certificate);
  authority->pem_length = pem->len;
  g_string_truncate (pem, 0);
  append_pem (pem, der, length, "\\n");
  authority->pem = g_strdup (pem->str);
  take_names (authority, der, length);
  return authority;
}

GPtrArray *
manifest_authorities_new (Database *database, GBytes *recorded, GError **error)
{
  g_autoptr (GPtrArray) chains = authorities_load (database, error);
  GPtrArray *authorities;

  if (chains == NULL)
    return NULL;
  authorities = g_ptr_array_new_with_free_func (authority_free);
  g_ptr_array_add (authorities, authority_new (recorded));
  for (guint i = 0; i < chains->len; i++) {
    GPtrArray *chain = g_ptr_array_index (chains, i);

    if (chain->len > 0)
      g_ptr_array_add (authorities, authority_new (g_ptr_array_index (chain, 0)));
  }
  return authorities;
}

static gboolean
issued (const ManifestAuthority *authority, const ManifestRow *row, const CertificateParts *parts)
{
  gsize length;
  const void *data;

  if (authority->subject == NULL)
    return FALSE;
  data = g_bytes_get_data (authority->subject, &length);
  if (!certificate_part_equal (parts->issuer, data, length))
    return FALSE;
  data = g_bytes_get_data (authority->key_mark, &length);
  return length == 0 || memmem (row->der, row->der_length, data, length) != NULL;
}

const ManifestAuthority *
manifest_authority_of (const ManifestContext *context, const ManifestRow *row)
{
  CertificateParts parts;

  if (certificate_split (row->der, row->der_length, &parts))
    for (guint i = 0; i < context->authorities->len; i++) {
      const ManifestAuthority *authority = g_ptr_array_index (context->authorities, i);

      if (issued (authority, row, &parts))
        return authority;
    }
  return g_ptr_array_index (context->authorities, 0);
}

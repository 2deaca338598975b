/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See log-tag.h.
 */
#include "ca/log/log-tag.h"

#include "base/certificate.h"
#include "base/encode.h"

#include <string.h>

static void
hash_of (const guint8 *data, gsize length, guint8 hash[LOG_HASH])
{
  g_autoptr (GBytes) bytes = sha256_of (data, length);

  memcpy (hash, g_bytes_get_data (bytes, NULL), LOG_HASH);
}

static void
tag_of (CertificatePart name, CertificatePart id, guint8 tag[LOG_HASH])
{
  g_autoptr (GByteArray) both = g_byte_array_sized_new ((guint)(name.length + id.length));

  g_byte_array_append (both, name.data, (guint)name.length);
  if (id.length > 0)
    g_byte_array_append (both, id.data, (guint)id.length);
  hash_of (both->data, both->len, tag);
}

gboolean
log_tag_of_issued (Span certificate, guint8 tag[LOG_HASH])
{
  CertificateParts parts;
  CertificatePart id;

  if (!certificate_split (certificate.data, certificate.length, &parts))
    return FALSE;
  certificate_authority_key_id (&parts, &id);
  tag_of (parts.issuer, id, tag);
  return TRUE;
}

gboolean
log_tag_of_authority (Span certificate, guint8 tag[LOG_HASH], guint8 spki_sha256[LOG_HASH])
{
  CertificateParts parts;
  CertificatePart id;

  if (!certificate_split (certificate.data, certificate.length, &parts))
    return FALSE;
  certificate_subject_key_id (&parts, &id);
  tag_of (parts.subject, id, tag);
  hash_of (parts.spki.data, parts.spki.length, spki_sha256);
  return TRUE;
}

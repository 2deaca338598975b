/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See certificate.h. Each device passes here twice: no key is decoded for it.
 */
#include "station/certificate.h"

#include "base/certificate.h"

static gboolean
split (GBytes *certificate, CertificateParts *parts)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (certificate, &length);

  return certificate_split (data, length, parts);
}

gboolean
certificate_has_key (GBytes *certificate, GBytes *spki)
{
  CertificateParts parts;
  gsize length;
  const guint8 *data = g_bytes_get_data (spki, &length);

  return split (certificate, &parts) && certificate_part_equal (parts.spki, data, length);
}

gboolean
certificate_key_is_rsa (GBytes *certificate)
{
  CertificateParts parts;

  return split (certificate, &parts) && certificate_part_is_rsa_key (parts.spki);
}

gboolean
certificate_is_self_issued (GBytes *certificate)
{
  CertificateParts parts;

  return split (certificate, &parts)
         && certificate_part_equal (parts.issuer, parts.subject.data, parts.subject.length);
}

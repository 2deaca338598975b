/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See certificate.h.
 */
#include "station/certificate.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509, X509_free)

static X509 *
parse (GBytes *certificate)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (certificate, &length);

  return d2i_X509 (NULL, &data, (long)length);
}

gboolean
certificate_has_key (GBytes *certificate, GBytes *spki)
{
  g_autoptr (X509) parsed = parse (certificate);
  guint8 *der = NULL;
  gboolean same;
  int length;

  if (parsed == NULL)
    return FALSE;
  length = i2d_X509_PUBKEY (X509_get_X509_PUBKEY (parsed), &der);
  same = length > 0 && (gsize)length == g_bytes_get_size (spki)
         && memcmp (der, g_bytes_get_data (spki, NULL), (gsize)length) == 0;
  OPENSSL_free (der);
  return same;
}

gboolean
certificate_key_is_rsa (GBytes *certificate)
{
  g_autoptr (X509) parsed = parse (certificate);
  EVP_PKEY *key = parsed != NULL ? X509_get0_pubkey (parsed) : NULL;

  return key != NULL && EVP_PKEY_is_a (key, "RSA");
}

gboolean
certificate_is_self_issued (GBytes *certificate)
{
  g_autoptr (X509) parsed = parse (certificate);

  return parsed != NULL
         && X509_NAME_cmp (X509_get_subject_name (parsed), X509_get_issuer_name (parsed)) == 0;
}

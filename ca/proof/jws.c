/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See jws.h.
 */
#include "ca/proof/jws.h"

#include "base/encode.h"
#include "base/jws.h"

#include <string.h>

char *
jws_protected_header (X509 *certificate, GError **error)
{
  guint8 *der = NULL;
  const int length = i2d_X509 (certificate, &der);
  g_autoptr (GBytes) bytes = g_bytes_new (der, (gsize)MAX (length, 0));
  char *header = jws_es256_header (bytes);

  OPENSSL_free (der);
  if (header == NULL)
    ca_refuse (error, CA_ERROR_CA_CERTIFICATE,
               "[station]: the certificate has no subjectKeyIdentifier, by which readers of a "
               "Microchip manifest find it");
  return header;
}

char *
jws_signing_input (const char *protected_header, const char *payload)
{
  g_autofree char *text = base64url_encode ((const guint8 *)payload, strlen (payload));

  return g_strconcat (protected_header, ".", text, NULL);
}

char *
jws_signature_text (Span der, GError **error)
{
  char *text = jws_es256_signature (der.data, der.length);

  if (text == NULL)
    ca_refuse (error, CA_ERROR_PROOF, "that is no signature of a P-256 key");
  return text;
}

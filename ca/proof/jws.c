/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See jws.h.
 */
#include "ca/proof/jws.h"

#include "base/encode.h"

#include <openssl/ecdsa.h>
#include <openssl/x509v3.h>
#include <string.h>

#define COORDINATE 32 /* bytes, of P-256 */

static char *
certificate_thumbprint (X509 *certificate)
{
  guint8 *der = NULL;
  const int length = i2d_X509 (certificate, &der);
  g_autoptr (GBytes) hash = sha256_of (der, (gsize)MAX (length, 0));

  OPENSSL_free (der);
  return base64url_encode (g_bytes_get_data (hash, NULL), g_bytes_get_size (hash));
}

char *
jws_protected_header (X509 *certificate, GError **error)
{
  const ASN1_OCTET_STRING *id = X509_get0_subject_key_id (certificate);
  g_autofree char *key_id = NULL;
  g_autofree char *thumbprint = NULL;
  g_autofree char *text = NULL;

  if (id == NULL) {
    ca_refuse (error, CA_ERROR_CA_CERTIFICATE,
               "[station]: the certificate has no subjectKeyIdentifier, by which readers of a "
               "Microchip manifest find it");
    return NULL;
  }
  key_id = base64url_encode (ASN1_STRING_get0_data (id), (gsize)ASN1_STRING_length (id));
  thumbprint = certificate_thumbprint (certificate);
  text = g_strdup_printf ("{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"%s\",\"x5t#S256\":\"%s\"}",
                          key_id, thumbprint);
  return base64url_encode ((const guint8 *)text, strlen (text));
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
  const guint8 *end = der.data;
  ECDSA_SIG *signature = d2i_ECDSA_SIG (NULL, &end, (long)der.length);
  guint8 raw[2 * COORDINATE];
  const gboolean fits =
      signature != NULL
      && BN_bn2binpad (ECDSA_SIG_get0_r (signature), raw, COORDINATE) == COORDINATE
      && BN_bn2binpad (ECDSA_SIG_get0_s (signature), raw + COORDINATE, COORDINATE) == COORDINATE;

  ECDSA_SIG_free (signature);
  if (fits)
    return base64url_encode (raw, sizeof raw);
  ca_refuse (error, CA_ERROR_PROOF, "that is no signature of a P-256 key");
  return NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See jws.h.
 */
#include "base/jws.h"

#include <openssl/ecdsa.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/certificate.h"
#include "base/encode.h"

#define COORDINATE 32 /* bytes, of P-256 */

char *
jws_flattened (const char *payload, const char *protected_header, const char *unique_id,
               const char *signature)
{
  g_autofree char *encoded = base64url_encode ((const guint8 *)payload, strlen (payload));

  return g_strdup_printf ("{\"payload\":\"%s\",\"protected\":\"%s\",\"header\":{\"uniqueId\":"
                          "\"%s\"},\"signature\":\"%s\"}",
                          encoded, protected_header, unique_id, signature);
}

char *
jws_es256_header (GBytes *certificate)
{
  gsize length;
  const guint8 *der = g_bytes_get_data (certificate, &length);
  g_autoptr (GBytes) hash = sha256_of (der, length);
  g_autofree char *thumbprint =
      base64url_encode (g_bytes_get_data (hash, NULL), g_bytes_get_size (hash));
  g_autofree char *key_id = NULL;
  g_autofree char *text = NULL;
  CertificateParts parts;
  CertificatePart id;

  if (!certificate_split (der, length, &parts) || !certificate_subject_key_id (&parts, &id))
    return NULL;
  key_id = base64url_encode (id.data, id.length);
  text = g_strdup_printf ("{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"%s\",\"x5t#S256\":\"%s\"}",
                          key_id, thumbprint);
  return base64url_encode ((const guint8 *)text, strlen (text));
}

char *
jws_es256_signature (const guint8 *der, gsize length)
{
  ECDSA_SIG *signature = d2i_ECDSA_SIG (NULL, &der, (long)length);
  guint8 raw[2 * COORDINATE];
  const gboolean fits =
      signature != NULL
      && BN_bn2binpad (ECDSA_SIG_get0_r (signature), raw, COORDINATE) == COORDINATE
      && BN_bn2binpad (ECDSA_SIG_get0_s (signature), raw + COORDINATE, COORDINATE) == COORDINATE;

  ECDSA_SIG_free (signature);
  return fits ? base64url_encode (raw, sizeof raw) : NULL;
}

/* An ECDSA-Sig-Value; free with OPENSSL_free(). */
static int
encode_signature (GBytes *raw, guint8 **der)
{
  const guint8 *data = g_bytes_get_data (raw, NULL);
  ECDSA_SIG *signature = ECDSA_SIG_new ();
  BIGNUM *r = BN_bin2bn (data, COORDINATE, NULL);
  BIGNUM *s = BN_bin2bn (data + COORDINATE, COORDINATE, NULL);
  int length = -1;

  if (signature != NULL && r != NULL && s != NULL && ECDSA_SIG_set0 (signature, r, s) == 1)
    length = i2d_ECDSA_SIG (signature, der);
  else {
    BN_free (r);
    BN_free (s);
  }
  ECDSA_SIG_free (signature);
  return length;
}

static gboolean
verify (GBytes *certificate, const char *input, GBytes *raw)
{
  gsize length;
  const guint8 *end = g_bytes_get_data (certificate, &length);
  X509 *x509 = d2i_X509 (NULL, &end, (long)length);
  EVP_MD_CTX *context = EVP_MD_CTX_new ();
  guint8 *der = NULL;
  const int der_length = encode_signature (raw, &der);
  const gboolean right =
      x509 != NULL && context != NULL && der_length > 0
      && EVP_DigestVerifyInit (context, NULL, EVP_sha256 (), NULL, X509_get0_pubkey (x509)) == 1
      && EVP_DigestVerify (context, der, (gsize)der_length, (const guint8 *)input, strlen (input))
             == 1;

  OPENSSL_free (der);
  EVP_MD_CTX_free (context);
  X509_free (x509);
  return right;
}

gboolean
jws_es256_verify (GBytes *certificate, const char *protected_header, const char *payload,
                  const char *signature)
{
  g_autofree char *expected = jws_es256_header (certificate);
  g_autofree char *input = g_strconcat (protected_header, ".", payload, NULL);
  g_autoptr (GBytes) raw = base64url_decode (signature);

  return g_strcmp0 (expected, protected_header) == 0 && raw != NULL
         && g_bytes_get_size (raw) == 2 * COORDINATE && verify (certificate, input, raw);
}

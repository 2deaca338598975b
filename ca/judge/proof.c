/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See proof.h. Everything here comes from the device and may be anything.
 */
#include "ca/judge/proof.h"

#include "base/certificate.h"
#include "ca/judge/csr.h"
#include "ca/openssl.h"

#include <openssl/ecdsa.h>

static gboolean
refuse (GError **error, const char *message)
{
  return openssl_refuse (error, CA_ERROR_CSR_SIGNATURE, message);
}

/* Put together from its numbers, as for a request: decoding it costs more than the check. */
static EVP_PKEY *
key_of (GBytes *certificate, GError **error)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (certificate, &length);
  CertificateParts parts;
  EVP_PKEY *key = NULL;
  Csr csr;

  if (certificate_split (data, length, &parts)
      && csr_parse_key (parts.spki.data, parts.spki.length, &csr, NULL))
    key = csr_public_key (&csr, NULL);
  if (key == NULL)
    openssl_refuse (error, CA_ERROR_INTERNAL, "this is not a certificate");
  return key;
}

/* r and s, each as long as the curve's order, as the DER that OpenSSL verifies. */
static GBytes *
der_of_raw (EVP_PKEY *key, GBytes *signature)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (signature, &length);
  gsize half = ((gsize)EVP_PKEY_get_bits (key) + 7) / 8;
  ECDSA_SIG *pair;
  BIGNUM *r, *s;
  guint8 *der = NULL;
  int der_length;
  GBytes *copy;

  if (length != 2 * half)
    return NULL;
  pair = ECDSA_SIG_new ();
  r = BN_bin2bn (data, (int)half, NULL);
  s = BN_bin2bn (data + half, (int)half, NULL);
  if (pair == NULL || r == NULL || s == NULL)
    g_error ("no memory for a signature");
  ECDSA_SIG_set0 (pair, r, s);
  der_length = i2d_ECDSA_SIG (pair, &der);
  ECDSA_SIG_free (pair);
  if (der_length <= 0)
    return NULL;
  copy = g_bytes_new (der, (gsize)der_length);
  OPENSSL_free (der);
  return copy;
}

static gboolean
verify (EVP_PKEY *key, GBytes *message, GBytes *signature, GError **error)
{
  g_autoptr (EVP_MD_CTX) context = EVP_MD_CTX_new ();
  gsize message_length, signature_length;
  const guint8 *message_data = g_bytes_get_data (message, &message_length);
  const guint8 *signature_data = g_bytes_get_data (signature, &signature_length);

  if (context == NULL || EVP_DigestVerifyInit (context, NULL, EVP_sha256 (), NULL, key) <= 0)
    return openssl_refuse (error, CA_ERROR_INTERNAL, "OpenSSL can't begin to verify");
  return EVP_DigestVerify (context, signature_data, signature_length, message_data, message_length)
             == 1
         || refuse (error, "the signature is not by the key of the certificate");
}

gboolean
certificate_key_signed (GBytes *certificate, SignatureScheme scheme, GBytes *message,
                        GBytes *signature, GError **error)
{
  g_autoptr (EVP_PKEY) key = key_of (certificate, error);
  g_autoptr (GBytes) der = NULL;
  const char *wanted = scheme == SIGNATURE_RSA_PKCS1_SHA256 ? "RSA" : "EC";

  if (key == NULL)
    return FALSE;
  if (!EVP_PKEY_is_a (key, wanted))
    return refuse (error, "the signature's scheme does not fit the certificate's key");
  if (scheme != SIGNATURE_ECDSA_SHA256_RAW)
    return verify (key, message, signature, error);
  der = der_of_raw (key, signature);
  return der != NULL ? verify (key, message, der, error)
                     : refuse (error, "the raw signature has the wrong length");
}

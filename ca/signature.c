/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See signature.h. RFC 4055 for RSA and RSASSA-PSS (the parameters of the digest are NULL, as
 * section 2.1 has it), RFC 5758 for ECDSA and DSA.
 */
#include "ca/signature.h"

#include "ca/openssl.h"

#include <openssl/rsa.h>

static const guint8 ecdsa_sha256[] = { 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                       0x48, 0xce, 0x3d, 0x04, 0x03, 0x02 };
static const guint8 ecdsa_sha384[] = { 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                       0x48, 0xce, 0x3d, 0x04, 0x03, 0x03 };
static const guint8 ecdsa_sha512[] = { 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                       0x48, 0xce, 0x3d, 0x04, 0x03, 0x04 };
static const guint8 rsa_sha256[] = { 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                     0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00 };
static const guint8 rsa_sha384[] = { 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                     0xf7, 0x0d, 0x01, 0x01, 0x0c, 0x05, 0x00 };
static const guint8 rsa_sha512[] = { 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                     0xf7, 0x0d, 0x01, 0x01, 0x0d, 0x05, 0x00 };
static const guint8 rsa_pss_sha256[] = { 0x30, 0x41, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d,
                                         0x01, 0x01, 0x0a, 0x30, 0x34, 0xa0, 0x0f, 0x30, 0x0d, 0x06,
                                         0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
                                         0x05, 0x00, 0xa1, 0x1c, 0x30, 0x1a, 0x06, 0x09, 0x2a, 0x86,
                                         0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08, 0x30, 0x0d, 0x06,
                                         0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
                                         0x05, 0x00, 0xa2, 0x03, 0x02, 0x01, 0x20 };
static const guint8 rsa_pss_sha384[] = { 0x30, 0x41, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d,
                                         0x01, 0x01, 0x0a, 0x30, 0x34, 0xa0, 0x0f, 0x30, 0x0d, 0x06,
                                         0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02,
                                         0x05, 0x00, 0xa1, 0x1c, 0x30, 0x1a, 0x06, 0x09, 0x2a, 0x86,
                                         0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08, 0x30, 0x0d, 0x06,
                                         0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02,
                                         0x05, 0x00, 0xa2, 0x03, 0x02, 0x01, 0x30 };
static const guint8 rsa_pss_sha512[] = { 0x30, 0x41, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d,
                                         0x01, 0x01, 0x0a, 0x30, 0x34, 0xa0, 0x0f, 0x30, 0x0d, 0x06,
                                         0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03,
                                         0x05, 0x00, 0xa1, 0x1c, 0x30, 0x1a, 0x06, 0x09, 0x2a, 0x86,
                                         0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08, 0x30, 0x0d, 0x06,
                                         0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03,
                                         0x05, 0x00, 0xa2, 0x03, 0x02, 0x01, 0x40 };
static const guint8 dsa_sha256[] = { 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48,
                                     0x01, 0x65, 0x03, 0x04, 0x03, 0x02 };

static const SignatureAlgorithm algorithms[] = {
  { "ecdsa-sha256", "EC", "SHA2-256", FALSE, { ecdsa_sha256, sizeof ecdsa_sha256 } },
  { "ecdsa-sha384", "EC", "SHA2-384", FALSE, { ecdsa_sha384, sizeof ecdsa_sha384 } },
  { "ecdsa-sha512", "EC", "SHA2-512", FALSE, { ecdsa_sha512, sizeof ecdsa_sha512 } },
  { "rsa-sha256", "RSA", "SHA2-256", FALSE, { rsa_sha256, sizeof rsa_sha256 } },
  { "rsa-sha384", "RSA", "SHA2-384", FALSE, { rsa_sha384, sizeof rsa_sha384 } },
  { "rsa-sha512", "RSA", "SHA2-512", FALSE, { rsa_sha512, sizeof rsa_sha512 } },
  { "rsa-pss-sha256", "RSA", "SHA2-256", TRUE, { rsa_pss_sha256, sizeof rsa_pss_sha256 } },
  { "rsa-pss-sha384", "RSA", "SHA2-384", TRUE, { rsa_pss_sha384, sizeof rsa_pss_sha384 } },
  { "rsa-pss-sha512", "RSA", "SHA2-512", TRUE, { rsa_pss_sha512, sizeof rsa_pss_sha512 } },
  { "dsa-sha256", "DSA", "SHA2-256", FALSE, { dsa_sha256, sizeof dsa_sha256 } },
};

const SignatureAlgorithm *
signature_find (const char *word)
{
  for (guint i = 0; i < G_N_ELEMENTS (algorithms); i++)
    if (g_str_equal (algorithms[i].word, word))
      return &algorithms[i];
  return NULL;
}

const SignatureAlgorithm *
signature_of_identifier (Span identifier)
{
  for (guint i = 0; i < G_N_ELEMENTS (algorithms); i++)
    if (span_equal (identifier, algorithms[i].identifier.data, algorithms[i].identifier.length))
      return &algorithms[i];
  return NULL;
}

const SignatureAlgorithm *
signature_default (EVP_PKEY *key)
{
  const int bits = EVP_PKEY_get_bits (key);

  if (EVP_PKEY_is_a (key, "RSA"))
    return signature_find ("rsa-sha256");
  if (EVP_PKEY_is_a (key, "DSA"))
    return signature_find ("dsa-sha256");
  if (!EVP_PKEY_is_a (key, "EC"))
    return NULL;
  return signature_find (bits <= 256   ? "ecdsa-sha256"
                         : bits <= 384 ? "ecdsa-sha384"
                                       : "ecdsa-sha512");
}

gboolean
signature_fits (const SignatureAlgorithm *algorithm, EVP_PKEY *key)
{
  return EVP_PKEY_is_a (key, algorithm->key_type);
}

static gboolean
set_padding (const SignatureAlgorithm *algorithm, EVP_PKEY_CTX *context)
{
  return !algorithm->pss
         || (EVP_PKEY_CTX_set_rsa_padding (context, RSA_PKCS1_PSS_PADDING) > 0
             && EVP_PKEY_CTX_set_rsa_pss_saltlen (context, RSA_PSS_SALTLEN_DIGEST) > 0);
}

gboolean
signature_make (const SignatureAlgorithm *algorithm, OSSL_LIB_CTX *library, EVP_PKEY *key,
                Span data, GByteArray *out, GError **error)
{
  g_autoptr (EVP_MD_CTX) context = EVP_MD_CTX_new ();
  EVP_PKEY_CTX *settings = NULL;
  guint8 signature[2048]; /* RSA with up to 16384 bits */
  gsize length = sizeof signature;

  if (context == NULL
      || EVP_DigestSignInit_ex (context, &settings, algorithm->digest, library, NULL, key, NULL)
             <= 0
      || !set_padding (algorithm, settings)
      || EVP_DigestSign (context, signature, &length, data.data, data.length) <= 0)
    return openssl_refuse (error, CA_ERROR_INTERNAL, "OpenSSL did not sign");
  g_byte_array_append (out, signature, (guint)length);
  return TRUE;
}

gboolean
signature_verify (const SignatureAlgorithm *algorithm, EVP_PKEY *key, Span data, Span signature,
                  GError **error)
{
  g_autoptr (EVP_MD_CTX) context = EVP_MD_CTX_new ();
  EVP_PKEY_CTX *settings = NULL;

  if (context == NULL
      || EVP_DigestVerifyInit_ex (context, &settings, algorithm->digest, NULL, NULL, key, NULL) <= 0
      || !set_padding (algorithm, settings))
    return openssl_refuse (error, CA_ERROR_INTERNAL, "OpenSSL can't begin to verify");
  return EVP_DigestVerify (context, signature.data, signature.length, data.data, data.length) == 1
         || openssl_refuse (error, CA_ERROR_CSR_SIGNATURE, "the signature is not by this key");
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * OpenSSL plays the chip.
 */
#include "tests/unit/drivers/device-key.h"

#include <openssl/ecdsa.h>
#include <openssl/x509.h>
#include <string.h>

#define COORDINATE 32

EVP_PKEY *
device_key_new (void)
{
  return EVP_EC_gen ("P-256");
}

static GBytes *
take_der (unsigned char *der, int length)
{
  g_assert_true (length > 0);
  GBytes *bytes = g_bytes_new (der, (gsize)length);
  OPENSSL_free (der);
  return bytes;
}

GBytes *
device_key_request (EVP_PKEY *key, const char *common_name)
{
  X509_REQ *request = X509_REQ_new ();
  unsigned char *der = NULL;

  X509_NAME_add_entry_by_txt (X509_REQ_get_subject_name (request), "CN", MBSTRING_ASC,
                              (const unsigned char *)common_name, -1, -1, 0);
  X509_REQ_set_pubkey (request, key);
  g_assert_true (X509_REQ_sign (request, key, EVP_sha256 ()) > 0);
  int length = i2d_X509_REQ (request, &der);
  X509_REQ_free (request);
  return take_der (der, length);
}

GBytes *
device_key_info (EVP_PKEY *key)
{
  unsigned char *der = NULL;
  int length = i2d_PUBKEY (key, &der);

  return take_der (der, length);
}

static GBytes *
sign_der (EVP_PKEY *key, const char *message)
{
  EVP_MD_CTX *context = EVP_MD_CTX_new ();
  guint8 signature[128];
  size_t length = sizeof signature;

  EVP_DigestSignInit (context, NULL, EVP_sha256 (), NULL, key);
  g_assert_cmpint (
      EVP_DigestSign (context, signature, &length, (const guint8 *)message, strlen (message)), ==,
      1);
  EVP_MD_CTX_free (context);
  return g_bytes_new (signature, length);
}

static char *
base64url (const guint8 *data, gsize length)
{
  char *text = g_base64_encode (data, length);

  g_strdelimit (text, "+", '-');
  g_strdelimit (text, "/", '_');
  text[strcspn (text, "=")] = '\0';
  return text;
}

char *
device_key_jwt (EVP_PKEY *key, const char *header, const char *payload)
{
  g_autofree char *first = base64url ((const guint8 *)header, strlen (header));
  g_autofree char *second = base64url ((const guint8 *)payload, strlen (payload));
  g_autofree char *message = g_strconcat (first, ".", second, NULL);
  g_autoptr (GBytes) der = sign_der (key, message);
  gsize length;
  const unsigned char *at = g_bytes_get_data (der, &length);
  ECDSA_SIG *signature = d2i_ECDSA_SIG (NULL, &at, (long)length);
  guint8 raw[2 * COORDINATE];

  BN_bn2binpad (ECDSA_SIG_get0_r (signature), raw, COORDINATE);
  BN_bn2binpad (ECDSA_SIG_get0_s (signature), raw + COORDINATE, COORDINATE);
  ECDSA_SIG_free (signature);
  g_autofree char *third = base64url (raw, sizeof raw);
  return g_strconcat (message, ".", third, NULL);
}

/* r and s as DER. */
static GBytes *
der_of_raw (GBytes *raw)
{
  const guint8 *data = g_bytes_get_data (raw, NULL);
  ECDSA_SIG *signature = ECDSA_SIG_new ();
  unsigned char *der = NULL;

  g_assert_cmpuint (g_bytes_get_size (raw), ==, 2 * COORDINATE);
  ECDSA_SIG_set0 (signature, BN_bin2bn (data, COORDINATE, NULL),
                  BN_bin2bn (data + COORDINATE, COORDINATE, NULL));
  int length = i2d_ECDSA_SIG (signature, &der);
  ECDSA_SIG_free (signature);
  return take_der (der, length);
}

gboolean
device_key_made (EVP_PKEY *key, const Proof *proof)
{
  g_autoptr (GBytes) signature = proof->scheme == PROOF_ECDSA_SHA256_RAW
                                     ? der_of_raw (proof->signature)
                                     : g_bytes_ref (proof->signature);
  EVP_MD_CTX *context = EVP_MD_CTX_new ();
  gsize signature_length;
  const guint8 *signature_data = g_bytes_get_data (signature, &signature_length);
  gsize message_length;
  const guint8 *message = g_bytes_get_data (proof->message, &message_length);

  EVP_DigestVerifyInit (context, NULL, EVP_sha256 (), NULL, key);
  int verdict =
      EVP_DigestVerify (context, signature_data, signature_length, message, message_length);
  EVP_MD_CTX_free (context);
  return verdict == 1;
}

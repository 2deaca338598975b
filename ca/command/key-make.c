/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See key-make.h.
 */
#include "ca/command/key-make.h"

#include "base/encode.h"
#include "ca/openssl.h"

#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <string.h>

/* 16 MiB and some 50 ms for each guess. */
#define SCRYPT_N 16384
#define SCRYPT_R 8
#define SCRYPT_P 1

EVP_PKEY *
key_make (const char *word, GError **error)
{
  static const struct {
    const char *word;
    const char *curve; /* or RSA */
    guint bits;
  } kinds[] = { { "p-256", "P-256", 0 },
                { "p-384", "P-384", 0 },
                { "p-521", "P-521", 0 },
                { "rsa-3072", NULL, 3072 },
                { "rsa-4096", NULL, 4096 } };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    EVP_PKEY *key;

    if (!g_str_equal (kinds[i].word, word))
      continue;
    key = kinds[i].curve != NULL ? EVP_EC_gen (kinds[i].curve) : EVP_RSA_gen (kinds[i].bits);
    if (key == NULL)
      openssl_refuse (error, CA_ERROR_INTERNAL, "no key could be made");
    return key;
  }
  g_set_error (error, CA_ERROR, CA_ERROR_CA_KEY,
               "'%s' is no kind of key for a CA; known are " KEY_KINDS, word);
  return NULL;
}

char *
key_seal (EVP_PKEY *key, const char *passphrase, GError **error)
{
  PKCS8_PRIV_KEY_INFO *plain = EVP_PKEY2PKCS8 (key);
  X509_ALGOR *algorithm =
      PKCS5_pbe2_set_scrypt (EVP_aes_256_cbc (), NULL, 0, NULL, SCRYPT_N, SCRYPT_R, SCRYPT_P);
  g_autoptr (X509_SIG) sealed = NULL;
  guint8 *der = NULL;
  char *text = NULL;
  int length;

  if (plain != NULL && algorithm != NULL)
    sealed = PKCS8_set0_pbe (passphrase, (int)strlen (passphrase), plain, algorithm);
  PKCS8_PRIV_KEY_INFO_free (plain);
  if (sealed == NULL)
    X509_ALGOR_free (algorithm);
  length = sealed != NULL ? i2d_X509_SIG (sealed, &der) : -1;
  if (length > 0)
    text = pem_encode ("ENCRYPTED PRIVATE KEY", der, (gsize)length);
  else
    openssl_refuse (error, CA_ERROR_INTERNAL, "the key can't be encrypted");
  OPENSSL_free (der);
  return text;
}

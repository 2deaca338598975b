/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is asked of the key in a keystore: signatures, and what its TPM counted.
 */
#include "ca/keystore/keystore-private.h"

typedef struct {
  const SignatureAlgorithm *algorithm;
  Span data;
  GByteArray *out;
} Signing;

static gboolean
sign_with (KeystoreKey *key, gpointer data, GError **error)
{
  const Signing *signing = data;

  return keystore_key_sign (key, signing->algorithm, signing->data, signing->out, error);
}

gboolean
keystore_sign (Keystore *keystore, const SignatureAlgorithm *algorithm, Span data, GByteArray *out,
               GError **error)
{
  Signing signing = { algorithm, data, out };

  return keystore_act (keystore, sign_with, &signing, error);
}

/* ---- counting ---- */

gboolean
keystore_counts (const Keystore *keystore)
{
  return g_str_equal (keystore_scheme (keystore), "tpm2")
         && keystore_tpm2_is_counted (keystore_uri (keystore));
}

static gboolean
refuse_uncounted (GError **error)
{
  return ca_refuse (error, CA_ERROR_COUNT, "the CA key is in no TPM that counts its signatures");
}

static gboolean
count_with (KeystoreKey *key, gpointer data, GError **error)
{
  return key->count != NULL ? key->count (key, data, error) : refuse_uncounted (error);
}

gboolean
keystore_count (Keystore *keystore, KeystoreCount *count, GError **error)
{
  return keystore_act (keystore, count_with, count, error);
}

typedef struct {
  EVP_PKEY *owner;
  guint32 limit;
  GBytes *signature;
} NewLimit;

static gboolean
set_limit_with (KeystoreKey *key, gpointer data, GError **error)
{
  const NewLimit *wanted = data;

  return key->set_limit != NULL
             ? key->set_limit (key, wanted->owner, wanted->limit, wanted->signature, error)
             : refuse_uncounted (error);
}

gboolean
keystore_set_limit (Keystore *keystore, EVP_PKEY *owner, guint32 limit, GBytes *signature,
                    GError **error)
{
  NewLimit wanted = { owner, limit, signature };

  return keystore_act (keystore, set_limit_with, &wanted, error);
}

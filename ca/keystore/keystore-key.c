/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One key of a store, from when it is found to when it is let go. A new kind of store is a file of
 * its own and a line in the table.
 */
#include "ca/keystore/keystore-private.h"

#include "ca/openssl.h"

#include <openssl/rand.h>
#include <string.h>

typedef struct {
  const char *scheme;
  KeystoreOpen open;
} KeystoreKind;

static const KeystoreKind kinds[] = {
  { "file", keystore_file_open },
  { "pkcs11", keystore_pkcs11_open },
  { "tpm2", keystore_tpm2_open },
};

static const KeystoreKind *
kind_of (const char *uri)
{
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (g_str_has_prefix (uri, kinds[i].scheme) && uri[strlen (kinds[i].scheme)] == ':')
      return &kinds[i];
  return NULL;
}

const char *
keystore_uri_scheme (const char *uri)
{
  const KeystoreKind *kind = kind_of (uri);

  return kind != NULL ? kind->scheme : NULL;
}

static void
key_clear (gpointer data)
{
  KeystoreKey *key = data;

  EVP_PKEY_free (key->key);
  if (key->close != NULL)
    key->close (key->state);
}

void
keystore_key_unref (KeystoreKey *key)
{
  if (key != NULL)
    g_atomic_rc_box_release_full (key, key_clear);
}

gboolean
keystore_key_sign (KeystoreKey *key, const SignatureAlgorithm *algorithm, Span data,
                   GByteArray *out, GError **error)
{
  if (key->sign != NULL)
    return key->sign (key, algorithm, data, out, error);
  return signature_make (algorithm, key->library, key->key, data, out, error);
}

/* What a token says of its key is not proof; a signature is. The words can't be those of a
 * certificate, which begins with 0x30. */
static gboolean
token_signs (const KeystoreSource *source, KeystoreKey *key, GError **error)
{
  static const char words[] = "keycradle-signer tries its key ";
  const SignatureAlgorithm *algorithm =
      source->algorithm != NULL ? source->algorithm : signature_default (source->public_key);
  guint8 text[sizeof words + 32];
  const Span span = { text, sizeof text };
  g_autoptr (GByteArray) signature = g_byte_array_new ();

  memcpy (text, words, sizeof words);
  if (RAND_bytes (text + sizeof words, 32) != 1)
    return openssl_refuse (error, CA_ERROR_INTERNAL, "no random bytes");
  if (algorithm == NULL)
    return openssl_refuse (error, CA_ERROR_CA_KEY, "no CA can have a key of this kind");
  return keystore_key_sign (key, algorithm, span, signature, error)
         && (signature_verify (algorithm, source->public_key, span,
                               (Span){ signature->data, signature->len }, NULL)
             || openssl_refuse (error, CA_ERROR_CA_KEY,
                                "the CA key is not that of the CA certificate"));
}

static EVP_PKEY *
public_half (KeystoreKey *key, GError **error)
{
  if (key->public_half != NULL)
    return key->public_half (key, error);
  EVP_PKEY_up_ref (key->key);
  return key->key;
}

static gboolean
is_equal (const KeystoreSource *source, KeystoreKey *key)
{
  g_autoptr (EVP_PKEY) own = public_half (key, NULL);

  return own != NULL && EVP_PKEY_eq (own, source->public_key) == 1;
}

/* Where that was left open, it is this key from now on. One whose TPM counts does not sign for
 * that: the signature would stand in no log. */
static gboolean
is_the_key (KeystoreSource *source, KeystoreKey *key, GError **error)
{
  if (source->public_key == NULL)
    source->public_key = public_half (key, error);
  if (source->public_key == NULL)
    return FALSE;
  if (key->token && key->count == NULL)
    return token_signs (source, key, error);
  return is_equal (source, key)
         || openssl_refuse (error, CA_ERROR_CA_KEY, "the CA key is not that of the CA certificate");
}

KeystoreKey *
keystore_key_find (KeystoreSource *source, gboolean *never_again, GError **error)
{
  const KeystoreKind *kind = kind_of (source->uri);
  KeystoreKey *key = g_atomic_rc_box_new0 (KeystoreKey);
  gboolean ok = kind->open (source, source->uri + strlen (kind->scheme) + 1, key, error)
                && is_the_key (source, key, error);

  *never_again = key->never_again;
  if (ok)
    return key;
  keystore_key_unref (key);
  return NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * TPM2_MakeCredential in software: a secret for the one TPM that has an endorsement key, and there
 * only beside the object of a certain name.
 * Source: TCG, "Trusted Platform Module Library", Part 1, 24 (credential protection), 11.4.10
 * (KDFa, KDFe), B.10.3 and C.6.1 (secret sharing); Part 3, 12.6.
 */
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <string.h>

#include "station/attestation/judge.h"
#include "station/attestation/tpm-wire.h"

#define IDENTITY "IDENTITY" /* labels go with their NUL */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_PKEY_CTX, EVP_PKEY_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)

static void
append_16 (GByteArray *into, gsize number)
{
  const guint8 octets[] = { (guint8)(number >> 8), (guint8)number };

  g_byte_array_append (into, octets, 2);
}

static void
append_sized (GByteArray *into, const void *data, gsize length)
{
  append_16 (into, length);
  g_byte_array_append (into, data, (guint)length);
}

static void
append_bytes (GByteArray *into, GBytes *bytes)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);

  g_byte_array_append (into, data, (guint)length);
}

/* ---- key derivation: one block is all that is ever asked for ---- */

/* HMAC over counter, label, context and how many bits. */
static gboolean
kdf_a (const EVP_MD *hash, const guint8 *key, const char *label, GBytes *context, guint bits,
       guint8 *block)
{
  static const guint8 counter[] = { 0, 0, 0, 1 };
  const guint8 size[] = { 0, 0, (guint8)(bits >> 8), (guint8)bits };
  g_autoptr (GByteArray) data = g_byte_array_new ();
  unsigned int length;

  g_byte_array_append (data, counter, sizeof counter);
  g_byte_array_append (data, (const guint8 *)label, (guint)strlen (label) + 1);
  if (context != NULL)
    append_bytes (data, context);
  g_byte_array_append (data, size, sizeof size);
  return HMAC (hash, key, EVP_MD_get_size (hash), data->data, data->len, block, &length) != NULL;
}

/* Hash over counter, shared secret, label and the two points' X. */
static gboolean
kdf_e (const EVP_MD *hash, const guint8 *shared, const guint8 *ephemeral_x, const guint8 *x,
       gsize width, guint8 *seed)
{
  static const guint8 counter[] = { 0, 0, 0, 1 };
  g_autoptr (GByteArray) data = g_byte_array_new ();
  gboolean made;

  g_byte_array_append (data, counter, sizeof counter);
  g_byte_array_append (data, shared, (guint)width);
  g_byte_array_append (data, (const guint8 *)IDENTITY, sizeof IDENTITY);
  g_byte_array_append (data, ephemeral_x, (guint)width);
  g_byte_array_append (data, x, (guint)width);
  made = EVP_Digest (data->data, data->len, seed, NULL, hash, NULL) == 1;
  OPENSSL_cleanse (data->data, data->len);
  return made;
}

/* ---- a seed that only the endorsement key's TPM learns ---- */

static gboolean
seed_for_rsa (EVP_PKEY *key, const EVP_MD *hash, guint8 *seed, GByteArray *encrypted)
{
  g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new (key, NULL);
  const gsize length = (gsize)EVP_MD_get_size (hash);
  guint8 out[512];
  gsize size = sizeof out;
  char *label = OPENSSL_memdup (IDENTITY, sizeof IDENTITY);

  if (context == NULL || label == NULL || EVP_PKEY_encrypt_init (context) != 1
      || EVP_PKEY_CTX_set_rsa_padding (context, RSA_PKCS1_OAEP_PADDING) != 1
      || EVP_PKEY_CTX_set_rsa_oaep_md (context, hash) != 1
      || EVP_PKEY_CTX_set_rsa_mgf1_md (context, hash) != 1
      || EVP_PKEY_CTX_set0_rsa_oaep_label (context, label, sizeof IDENTITY) != 1)
  {
    OPENSSL_free (label);
    return FALSE;
  }
  if (RAND_bytes (seed, (int)length) != 1
      || EVP_PKEY_encrypt (context, out, &size, seed, length) != 1)
    return FALSE;
  g_byte_array_append (encrypted, out, (guint)size);
  return TRUE;
}

static gboolean
coordinate (EVP_PKEY *key, const char *name, guint8 *out, gsize width)
{
  BIGNUM *value = NULL;
  const gboolean read = EVP_PKEY_get_bn_param (key, name, &value) == 1
                        && BN_bn2binpad (value, out, (int)width) == (int)width;

  BN_free (value);
  return read;
}

static gboolean
agree (EVP_PKEY *own, EVP_PKEY *peer, guint8 *shared, gsize width)
{
  g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new (own, NULL);
  gsize size = width;

  return context != NULL && EVP_PKEY_derive_init (context) == 1
         && EVP_PKEY_derive_set_peer (context, peer) == 1
         && EVP_PKEY_derive (context, shared, &size) == 1 && size == width;
}

static gboolean
seed_for_ec (EVP_PKEY *key, const TpmPublic *public, guint8 *seed, GByteArray *encrypted)
{
  const gsize width = tpm_curve_width (public);
  g_autoptr (EVP_PKEY) ephemeral = EVP_EC_gen (public->curve);
  guint8 x[66], ephemeral_x[66], ephemeral_y[66], shared[66];
  gboolean made;

  if (ephemeral == NULL || !coordinate (key, OSSL_PKEY_PARAM_EC_PUB_X, x, width)
      || !coordinate (ephemeral, OSSL_PKEY_PARAM_EC_PUB_X, ephemeral_x, width)
      || !coordinate (ephemeral, OSSL_PKEY_PARAM_EC_PUB_Y, ephemeral_y, width)
      || !agree (ephemeral, key, shared, width))
    return FALSE;
  made = kdf_e (public->name_hash, shared, ephemeral_x, x, width, seed);
  OPENSSL_cleanse (shared, sizeof shared);
  append_sized (encrypted, ephemeral_x, width);
  append_sized (encrypted, ephemeral_y, width);
  return made;
}

/* ---- the credential ---- */

static gboolean
encrypt (const guint8 *key, guint bits, const guint8 *secret, GByteArray *into)
{
  g_autoptr (EVP_CIPHER_CTX) context = EVP_CIPHER_CTX_new ();
  const EVP_CIPHER *cipher = bits == 128 ? EVP_aes_128_cfb128 () : EVP_aes_256_cfb128 ();
  static const guint8 zero[16];
  guint8 plain[2 + ATTESTATION_SECRET_LENGTH] = { 0, ATTESTATION_SECRET_LENGTH };
  guint8 out[sizeof plain];
  int length = 0;
  gboolean done;

  memcpy (plain + 2, secret, ATTESTATION_SECRET_LENGTH);
  done = context != NULL && EVP_EncryptInit_ex2 (context, cipher, key, zero, NULL) == 1
         && EVP_EncryptUpdate (context, out, &length, plain, sizeof plain) == 1
         && length == (int)sizeof plain;
  OPENSSL_cleanse (plain, sizeof plain);
  if (done)
    g_byte_array_append (into, out, sizeof out);
  return done;
}

/* TPM2B_ID_OBJECT: the HMAC over what is encrypted and the name, then what is encrypted. */
static gboolean
protect (const TpmPublic *public, const guint8 *seed, GBytes *name, const guint8 *secret,
         GByteArray *into)
{
  const EVP_MD *hash = public->name_hash;
  const gsize size = (gsize)EVP_MD_get_size (hash);
  g_autoptr (GByteArray) encrypted = g_byte_array_new ();
  guint8 key[TPM_MOST_DIGEST], hmac[TPM_MOST_DIGEST];
  unsigned int length;
  gboolean done = kdf_a (hash, seed, "STORAGE", name, public->symmetric_bits, key)
                  && encrypt (key, public->symmetric_bits, secret, encrypted)
                  && kdf_a (hash, seed, "INTEGRITY", NULL, (guint)size * 8, key);
  g_autoptr (GByteArray) covered = g_byte_array_new ();

  g_byte_array_append (covered, encrypted->data, encrypted->len);
  append_bytes (covered, name);
  done = done && HMAC (hash, key, (int)size, covered->data, covered->len, hmac, &length) != NULL;
  OPENSSL_cleanse (key, sizeof key);
  if (!done)
    return FALSE;
  append_16 (into, 2 + size + encrypted->len);
  append_sized (into, hmac, size);
  g_byte_array_append (into, encrypted->data, encrypted->len);
  return TRUE;
}

/* NULL where it can be none that a TPM has. */
static const char *
unfit (const TpmPublic *public, GBytes *endorsement_key, GBytes *name)
{
  const gsize length = g_bytes_get_size (name);

  if (!tpm_public_read ((TpmPublic *)public, endorsement_key))
    return "the endorsement key is not a TPMT_PUBLIC of RSA or of a known curve";
  if (public->symmetric_bits == 0 || !(public->attributes & TPM_DECRYPT)
      || (public->is_rsa && public->modulus.length < 256))
    return "the endorsement key is not a storage key of 112 bits or more";
  if (length < 2 + 32 || length > 2 + TPM_MOST_DIGEST)
    return "the attestation key's name has the wrong length";
  return NULL;
}

static GBytes *
refuse (GError **error, const char *why)
{
  g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_ATTESTATION, why);
  return NULL;
}

static void
remember (AttestationChallenge *challenge, GBytes *endorsement_key, GBytes *name)
{
  g_clear_pointer (&challenge->endorsement_key, g_bytes_unref);
  g_clear_pointer (&challenge->name, g_bytes_unref);
  challenge->endorsement_key = g_bytes_ref (endorsement_key);
  challenge->name = g_bytes_ref (name);
}

GBytes *
attestation_make_credential (gpointer data, GBytes *endorsement_key, GBytes *name, GError **error)
{
  AttestationChallenge *challenge = data;
  g_autoptr (GByteArray) credential = g_byte_array_new ();
  g_autoptr (GByteArray) encrypted = g_byte_array_new ();
  guint8 seed[TPM_MOST_DIGEST];
  TpmPublic public;
  const char *wrong = unfit (&public, endorsement_key, name);
  g_autoptr (EVP_PKEY) key = wrong == NULL ? tpm_public_key (&public) : NULL;
  gboolean made;

  if (key == NULL)
    return refuse (error, wrong != NULL ? wrong : "the endorsement key is no key");
  made = (public.is_rsa ? seed_for_rsa (key, public.name_hash, seed, encrypted)
                        : seed_for_ec (key, &public, seed, encrypted))
         && protect (&public, seed, name, challenge->secret, credential);
  OPENSSL_cleanse (seed, sizeof seed);
  if (!made)
    return refuse (error, "no credential can be made for this endorsement key");
  append_sized (credential, encrypted->data, encrypted->len);
  remember (challenge, endorsement_key, name);
  return g_byte_array_free_to_bytes (g_steal_pointer (&credential));
}

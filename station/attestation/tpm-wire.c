/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See tpm-wire.h. Everything is big-endian; a TPM2B is 16 bits of length and so many bytes.
 */
#include "station/attestation/tpm-wire.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <string.h>

#define ALG_RSA 0x0001
#define ALG_AES 0x0006
#define ALG_SHA256 0x000b
#define ALG_SHA384 0x000c
#define ALG_SHA512 0x000d
#define ALG_NULL 0x0010
#define ALG_RSASSA 0x0014
#define ALG_RSAES 0x0015
#define ALG_RSAPSS 0x0016
#define ALG_OAEP 0x0017
#define ALG_ECDSA 0x0018
#define ALG_ECDH 0x0019
#define ALG_ECC 0x0023
#define ALG_CFB 0x0043
#define GENERATED_VALUE 0xff544347u
#define ST_ATTEST_CERTIFY 0x8017
#define ST_ATTEST_CREATION 0x801a
#define DEFAULT_EXPONENT 65537u

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_PKEY_CTX, EVP_PKEY_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_MD_CTX, EVP_MD_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OSSL_PARAM_BLD, OSSL_PARAM_BLD_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OSSL_PARAM, OSSL_PARAM_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BIGNUM, BN_free)

/* ---- reading ---- */

static TpmPart
whole (GBytes *bytes)
{
  TpmPart part;

  part.data = g_bytes_get_data (bytes, &part.length);
  return part;
}

static gboolean
take (TpmPart *cursor, gsize length, TpmPart *part)
{
  if (cursor->length < length)
    return FALSE;
  *part = (TpmPart){ cursor->data, length };
  cursor->data += length;
  cursor->length -= length;
  return TRUE;
}

static gboolean
take_number (TpmPart *cursor, gsize octets, guint64 *number)
{
  TpmPart part;

  if (!take (cursor, octets, &part))
    return FALSE;
  *number = 0;
  for (gsize i = 0; i < octets; i++)
    *number = *number << 8 | part.data[i];
  return TRUE;
}

static gboolean
take_16 (TpmPart *cursor, guint *number)
{
  guint64 value;

  if (!take_number (cursor, 2, &value))
    return FALSE;
  *number = (guint)value;
  return TRUE;
}

static gboolean
take_32 (TpmPart *cursor, guint32 *number)
{
  guint64 value;

  if (!take_number (cursor, 4, &value))
    return FALSE;
  *number = (guint32)value;
  return TRUE;
}

/* TPM2B */
static gboolean
take_sized (TpmPart *cursor, gsize most, TpmPart *part)
{
  guint length;

  return take_16 (cursor, &length) && length <= most && take (cursor, length, part);
}

static gboolean
take_hash (TpmPart *cursor, const EVP_MD **hash)
{
  guint algorithm;

  *hash = NULL;
  if (!take_16 (cursor, &algorithm))
    return FALSE;
  if (algorithm == ALG_SHA256)
    *hash = EVP_sha256 ();
  if (algorithm == ALG_SHA384)
    *hash = EVP_sha384 ();
  if (algorithm == ALG_SHA512)
    *hash = EVP_sha512 ();
  return *hash != NULL;
}

/* TPMT_SYM_DEF_OBJECT: none, or AES in CFB mode. */
static gboolean
take_symmetric (TpmPart *cursor, guint *bits)
{
  guint algorithm, mode;

  *bits = 0;
  if (!take_16 (cursor, &algorithm))
    return FALSE;
  if (algorithm == ALG_NULL)
    return TRUE;
  return algorithm == ALG_AES && take_16 (cursor, bits) && (*bits == 128 || *bits == 256)
         && take_16 (cursor, &mode) && mode == ALG_CFB;
}

/* TPMT_RSA_SCHEME, TPMT_ECC_SCHEME: whichever, but its hash must be one of ours. */
static gboolean
take_scheme (TpmPart *cursor)
{
  const EVP_MD *hash;
  guint scheme;

  if (!take_16 (cursor, &scheme))
    return FALSE;
  switch (scheme) {
  case ALG_NULL:
  case ALG_RSAES:
    return TRUE;
  case ALG_RSASSA:
  case ALG_RSAPSS:
  case ALG_OAEP:
  case ALG_ECDSA:
  case ALG_ECDH:
    return take_hash (cursor, &hash);
  }
  return FALSE;
}

static gboolean
take_rsa (TpmPart *cursor, TpmPublic *public)
{
  guint bits;

  if (!take_16 (cursor, &bits) || !take_32 (cursor, &public->exponent)
      || !take_sized (cursor, 512, &public->modulus) || bits < 1024
      || public->modulus.length * 8 != bits)
    return FALSE;
  if (public->exponent == 0)
  public->exponent = DEFAULT_EXPONENT;
  return TRUE;
}

/* TPM_ECC_CURVE, Part 2, 6.4. */
static const char *
curve_name (guint curve)
{
  static const char *const names[] = { NULL, NULL, NULL, "P-256", "P-384", "P-521" };

  return curve < G_N_ELEMENTS (names) ? names[curve] : NULL;
}

static gboolean
take_ecc (TpmPart *cursor, TpmPublic *public)
{
  guint curve, kdf;

  if (!take_16 (cursor, &curve) || !take_16 (cursor, &kdf) || kdf != ALG_NULL
      || !take_sized (cursor, 66, &public->x) || !take_sized (cursor, 66, &public->y))
    return FALSE;
  public->curve = curve_name (curve);
  return public->curve != NULL && public->x.length <= tpm_curve_width (public)
         && public->y.length <= tpm_curve_width (public);
}

gboolean
tpm_public_read (TpmPublic *public, GBytes *bytes)
{
  TpmPart cursor = whole (bytes), policy;
  guint type;

  *public = (TpmPublic){ 0 };
  if (!take_16 (&cursor, &type) || (type != ALG_RSA && type != ALG_ECC)
      || !take_hash (&cursor, &public->name_hash) || !take_32 (&cursor, &public->attributes)
      || !take_sized (&cursor, TPM_MOST_DIGEST, &policy)
      || !take_symmetric (&cursor, &public->symmetric_bits) || !take_scheme (&cursor))
    return FALSE;
  public->is_rsa = type == ALG_RSA;
  return (public->is_rsa ? take_rsa (&cursor, public) : take_ecc (&cursor, public))
         && cursor.length == 0;
}

gsize
tpm_curve_width (const TpmPublic *public)
{
  return public->curve[2] == '2' ? 32 : public->curve[2] == '3' ? 48 : 66;
}

static guint
hash_number (const EVP_MD *hash)
{
  return EVP_MD_is_a (hash, "SHA2-256")   ? ALG_SHA256
         : EVP_MD_is_a (hash, "SHA2-384") ? ALG_SHA384
                                          : ALG_SHA512;
}

GBytes *
tpm_public_name (const TpmPublic *public, GBytes *bytes)
{
  const guint number = hash_number (public->name_hash);
  TpmPart all = whole (bytes);
  guint8 name[2 + TPM_MOST_DIGEST] = { (guint8)(number >> 8), (guint8)number };
  unsigned int length = 0;

  if (EVP_Digest (all.data, all.length, name + 2, &length, public->name_hash, NULL) != 1)
    return g_bytes_new (NULL, 0);
  return g_bytes_new (name, 2 + length);
}

/* Behind the object's name stands its qualified name, or the hash of how it was created. */
gboolean
tpm_certification_read (TpmCertification *certification, GBytes *bytes)
{
  TpmPart cursor = whole (bytes), signer, clock, rest;
  guint32 magic;
  guint type;

  return take_32 (&cursor, &magic) && magic == GENERATED_VALUE && take_16 (&cursor, &type)
         && (type == ST_ATTEST_CERTIFY || type == ST_ATTEST_CREATION)
         && take_sized (&cursor, 2 + TPM_MOST_DIGEST, &signer)
         && take_sized (&cursor, TPM_MOST_DIGEST, &certification->extra)
         && take (&cursor, 8 + 4 + 4 + 1, &clock)
         && take_number (&cursor, 8, &certification->firmware)
         && take_sized (&cursor, 2 + TPM_MOST_DIGEST, &certification->name)
         && take_sized (&cursor, 2 + TPM_MOST_DIGEST, &rest) && cursor.length == 0;
}

/* ---- keys and signatures ---- */

static EVP_PKEY *
key_from (const char *type, OSSL_PARAM_BLD *builder)
{
  g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_name (NULL, type, NULL);
  g_autoptr (OSSL_PARAM) parameters = OSSL_PARAM_BLD_to_param (builder);
  EVP_PKEY *key = NULL;

  if (context == NULL || parameters == NULL || EVP_PKEY_fromdata_init (context) != 1
      || EVP_PKEY_fromdata (context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
    return NULL;
  return key;
}

static EVP_PKEY *
rsa_key (const TpmPublic *public)
{
  g_autoptr (OSSL_PARAM_BLD) builder = OSSL_PARAM_BLD_new ();
  g_autoptr (BIGNUM) modulus = BN_bin2bn (public->modulus.data, (int)public->modulus.length, NULL);

  if (builder == NULL || modulus == NULL
      || OSSL_PARAM_BLD_push_BN (builder, OSSL_PKEY_PARAM_RSA_N, modulus) != 1
      || OSSL_PARAM_BLD_push_ulong (builder, OSSL_PKEY_PARAM_RSA_E, public->exponent) != 1)
    return NULL;
  return key_from ("RSA", builder);
}

/* SEC 1, 2.3.3: uncompressed, at full width. */
static EVP_PKEY *
ec_key (const TpmPublic *public)
{
  const gsize width = tpm_curve_width (public);
  g_autoptr (OSSL_PARAM_BLD) builder = OSSL_PARAM_BLD_new ();
  guint8 point[1 + 2 * 66] = { 4 };

  memcpy (point + 1 + width - public->x.length, public->x.data, public->x.length);
  memcpy (point + 1 + 2 * width - public->y.length, public->y.data, public->y.length);
  if (builder == NULL
      || OSSL_PARAM_BLD_push_utf8_string (builder, OSSL_PKEY_PARAM_GROUP_NAME, public->curve, 0)
             != 1
      || OSSL_PARAM_BLD_push_octet_string (builder, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * width)
             != 1)
    return NULL;
  return key_from ("EC", builder);
}

EVP_PKEY *
tpm_public_key (const TpmPublic *public)
{
  return public->is_rsa ? rsa_key (public) : ec_key (public);
}

/* Ecdsa-Sig-Value of r and s, which have at most 66 bytes each: so all lengths are of one byte, but
 * for the SEQUENCE's. */
static GByteArray *
ecdsa_der (TpmPart r, TpmPart s)
{
  GByteArray *der = g_byte_array_new ();
  const TpmPart numbers[] = { r, s };

  for (guint i = 0; i < 2; i++) {
    TpmPart number = numbers[i];
    guint8 head[3] = { 0x02, 0, 0 };
    gboolean sign;

    while (number.length > 1 && number.data[0] == 0) {
      number.data++;
      number.length--;
    }
    sign = number.length == 0 || (number.data[0] & 0x80) != 0;
    head[1] = (guint8)(number.length + (sign ? 1 : 0));
    g_byte_array_append (der, head, sign ? 3 : 2);
    g_byte_array_append (der, number.data, (guint)number.length);
  }
  const guint8 head[] = { 0x30, 0x81, (guint8)der->len };
  if (der->len < 128) {
    g_byte_array_prepend (der, head + 2, 1);
    g_byte_array_prepend (der, head, 1);
  }
  else {
    g_byte_array_prepend (der, head, 3);
  }
  return der;
}

static gboolean
verify (EVP_PKEY *key, const EVP_MD *hash, gboolean pss, GBytes *message, TpmPart signature)
{
  g_autoptr (EVP_MD_CTX) context = EVP_MD_CTX_new ();
  EVP_PKEY_CTX *options; /* the context's */
  TpmPart all = whole (message);

  if (context == NULL || EVP_DigestVerifyInit (context, &options, hash, NULL, key) != 1)
    return FALSE;
  if (pss && EVP_PKEY_CTX_set_rsa_padding (options, RSA_PKCS1_PSS_PADDING) != 1)
    return FALSE;
  return EVP_DigestVerify (context, signature.data, signature.length, all.data, all.length) == 1;
}

gboolean
tpm_signed (EVP_PKEY *key, GBytes *message, GBytes *signature)
{
  const gboolean is_rsa = EVP_PKEY_is_a (key, "RSA");
  TpmPart cursor = whole (signature), value, s;
  const EVP_MD *hash;
  guint scheme;

  if (!take_16 (&cursor, &scheme) || !take_hash (&cursor, &hash))
    return FALSE;
  if (is_rsa && (scheme == ALG_RSASSA || scheme == ALG_RSAPSS))
    return take_sized (&cursor, 512, &value) && cursor.length == 0
           && verify (key, hash, scheme == ALG_RSAPSS, message, value);
  if (is_rsa || scheme != ALG_ECDSA || !take_sized (&cursor, 66, &value)
      || !take_sized (&cursor, 66, &s) || cursor.length != 0)
    return FALSE;
  g_autoptr (GByteArray) der = ecdsa_der (value, s);
  return verify (key, hash, FALSE, message, (TpmPart){ der->data, der->len });
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A CA key in a TPM 2.0 that itself counts the key's signatures, and stops at the owner's limit:
 * ca/proof/tpm-policy.h. Each signature is preceded by PolicySecret of the counter, in a policy
 * session of its own, so that whoever is root here gets no further either. tpm2-openssl knows
 * passwords only, hence this speaks with tpm2-tss.
 */
#include "ca/keystore/tpm-private.h"

#include "ca/keystore/keystore-private.h"
#include "ca/openssl.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <string.h>

typedef struct {
  TpmLink *link;
  TpmCounterPlace place;
  ESYS_TR key;
  ESYS_TR counter;
  TPM2B_PUBLIC *public_area;
} CountedKey;

static gboolean
refuse (GError **error, CaError code, const char *message)
{
  g_set_error_literal (error, CA_ERROR, (int)code, message);
  return FALSE;
}

gboolean
keystore_tpm2_is_counted (const char *rest)
{
  return strstr (rest, ";count=") != NULL;
}

/* ---- the public half ---- */

static EVP_PKEY *
key_from (const char *type, OSSL_PARAM_BLD *builder)
{
  g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_name (NULL, type, NULL);
  OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param (builder);
  EVP_PKEY *key = NULL;

  if (context == NULL || parameters == NULL || EVP_PKEY_fromdata_init (context) <= 0
      || EVP_PKEY_fromdata (context, &key, EVP_PKEY_PUBLIC_KEY, parameters) <= 0)
    key = NULL;
  OSSL_PARAM_free (parameters);
  return key;
}

static EVP_PKEY *
ec_key (const TPMT_PUBLIC *area, OSSL_PARAM_BLD *builder)
{
  const TPMI_ECC_CURVE id = area->parameters.eccDetail.curveID;
  const char *curve = id == TPM2_ECC_NIST_P256   ? "P-256"
                      : id == TPM2_ECC_NIST_P384 ? "P-384"
                                                 : NULL;
  const TPM2B_ECC_PARAMETER *x = &area->unique.ecc.x, *y = &area->unique.ecc.y;
  const guint size = id == TPM2_ECC_NIST_P256 ? 32 : 48;
  guint8 point[1 + 2 * 48] = { 4 };

  if (curve == NULL || x->size > size || y->size > size)
    return NULL;
  memcpy (point + 1 + size - x->size, x->buffer, x->size);
  memcpy (point + 1 + 2 * size - y->size, y->buffer, y->size);
  if (!OSSL_PARAM_BLD_push_utf8_string (builder, OSSL_PKEY_PARAM_GROUP_NAME, curve, 0)
      || !OSSL_PARAM_BLD_push_octet_string (builder, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * size))
    return NULL;
  return key_from ("EC", builder);
}

static EVP_PKEY *
rsa_key (const TPMT_PUBLIC *area, OSSL_PARAM_BLD *builder)
{
  const UINT32 exponent = area->parameters.rsaDetail.exponent;
  BIGNUM *n = BN_bin2bn (area->unique.rsa.buffer, area->unique.rsa.size, NULL);
  BIGNUM *e = BN_new ();
  EVP_PKEY *key = NULL;

  if (n != NULL && e != NULL && BN_set_word (e, exponent != 0 ? exponent : RSA_F4)
      && OSSL_PARAM_BLD_push_BN (builder, OSSL_PKEY_PARAM_RSA_N, n)
      && OSSL_PARAM_BLD_push_BN (builder, OSSL_PKEY_PARAM_RSA_E, e))
    key = key_from ("RSA", builder);
  BN_free (n);
  BN_free (e);
  return key;
}

EVP_PKEY *
tpm_public_key (const TPMT_PUBLIC *area, GError **error)
{
  OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new ();
  EVP_PKEY *key = NULL;

  if (builder != NULL && area->type == TPM2_ALG_ECC)
    key = ec_key (area, builder);
  else if (builder != NULL && area->type == TPM2_ALG_RSA)
    key = rsa_key (area, builder);
  OSSL_PARAM_BLD_free (builder);
  if (key == NULL)
    openssl_refuse (error, CA_ERROR_CA_KEY, "the TPM's key is neither P-256, P-384 nor RSA");
  return key;
}

static EVP_PKEY *
public_half (KeystoreKey *key, GError **error)
{
  const CountedKey *counted = key->state;

  return tpm_public_key (&counted->public_area->publicArea, error);
}

/* ---- signing ---- */

static TPMI_ALG_HASH
digest_algorithm (gsize length)
{
  return length == 32 ? TPM2_ALG_SHA256 : length == 48 ? TPM2_ALG_SHA384 : TPM2_ALG_SHA512;
}

static TPMT_SIG_SCHEME
scheme_of (const SignatureAlgorithm *algorithm, TPMI_ALG_HASH hash)
{
  TPMT_SIG_SCHEME scheme = { .scheme = g_str_equal (algorithm->key_type, "EC") ? TPM2_ALG_ECDSA
                                       : algorithm->pss                        ? TPM2_ALG_RSAPSS
                                                                               : TPM2_ALG_RSASSA };

  scheme.details.any.hashAlg = hash;
  return scheme;
}

static gboolean
put_ecdsa (const TPMS_SIGNATURE_ECC *numbers, GByteArray *out)
{
  ECDSA_SIG *signature = ECDSA_SIG_new ();
  BIGNUM *r = BN_bin2bn (numbers->signatureR.buffer, numbers->signatureR.size, NULL);
  BIGNUM *s = BN_bin2bn (numbers->signatureS.buffer, numbers->signatureS.size, NULL);
  guint8 *der = NULL;
  int length = -1;

  if (signature != NULL && r != NULL && s != NULL && ECDSA_SIG_set0 (signature, r, s) == 1)
    length = i2d_ECDSA_SIG (signature, &der);
  if (length > 0)
    g_byte_array_append (out, der, (guint)length);
  OPENSSL_free (der);
  ECDSA_SIG_free (signature);
  return length > 0;
}

static gboolean
put_signature (const TPMT_SIGNATURE *signature, GByteArray *out, GError **error)
{
  const TPM2B_PUBLIC_KEY_RSA *rsa = &signature->signature.rsassa.sig; /* rsapss has it there too */

  if (signature->sigAlg == TPM2_ALG_ECDSA)
    return put_ecdsa (&signature->signature.ecdsa, out)
           || openssl_refuse (error, CA_ERROR_INTERNAL, "the TPM's signature can't be encoded");
  g_byte_array_append (out, rsa->buffer, rsa->size);
  return TRUE;
}

static gboolean
refuse_used_up (CountedKey *counted, GError **error)
{
  KeystoreCount count = { 0, 0 };

  if (!tpm_counter_read (counted->link, counted->counter, &count, error))
    return FALSE;
  return ca_refuse (error, CA_ERROR_COUNT,
                    "the TPM's count is used up, %u of %u signatures: load the owner's next ticket",
                    count.count, count.limit);
}

/* From here on the count has gone up. */
static gboolean
take_one (CountedKey *counted, ESYS_TR session, GError **error)
{
  TPM2B_TIMEOUT *timeout = NULL;
  TPMT_TK_AUTH *ticket = NULL;
  TSS2_RC code =
      Esys_PolicySecret (counted->link->esys, counted->counter, session, ESYS_TR_PASSWORD,
                         ESYS_TR_NONE, ESYS_TR_NONE, NULL, NULL, NULL, 0, &timeout, &ticket);

  Esys_Free (timeout);
  Esys_Free (ticket);
  if (tpm_said (code, TPM2_RC_AUTH_UNAVAILABLE) || tpm_said (code, TPM2_RC_NV_UNINITIALIZED))
    return refuse_used_up (counted, error);
  return code == TSS2_RC_SUCCESS || tpm_refuse (code, "the TPM does not count", error);
}

static gboolean
sign_digest (CountedKey *counted, ESYS_TR session, const SignatureAlgorithm *algorithm,
             const TPM2B_DIGEST *digest, GByteArray *out, GError **error)
{
  const TPMT_SIG_SCHEME scheme = scheme_of (algorithm, digest_algorithm (digest->size));
  const TPMT_TK_HASHCHECK outside = { .tag = TPM2_ST_HASHCHECK, .hierarchy = TPM2_RH_NULL };
  TPMT_SIGNATURE *signature = NULL;
  TSS2_RC code;
  gboolean ok;

  if (!take_one (counted, session, error))
    return FALSE;
  code = Esys_Sign (counted->link->esys, counted->key, session, ESYS_TR_NONE, ESYS_TR_NONE, digest,
                    &scheme, &outside, &signature);
  if (code != TSS2_RC_SUCCESS)
    return tpm_refuse (code, "the TPM with the CA key does not sign", error);
  ok = put_signature (signature, out, error);
  Esys_Free (signature);
  return ok;
}

static gboolean
sign (KeystoreKey *key, const SignatureAlgorithm *algorithm, Span data, GByteArray *out,
      GError **error)
{
  CountedKey *counted = key->state;
  TPM2B_DIGEST digest = { 0 };
  gsize length = sizeof digest.buffer;
  ESYS_TR session;
  gboolean ok;

  if (!EVP_Q_digest (NULL, algorithm->digest, NULL, data.data, data.length, digest.buffer, &length))
    return openssl_refuse (error, CA_ERROR_INTERNAL, "OpenSSL makes no digest");
  digest.size = (UINT16)length;
  if (!tpm_session_begin (counted->link, &session, error))
    return FALSE;
  ok = sign_digest (counted, session, algorithm, &digest, out, error);
  tpm_session_end (counted->link, &session);
  return ok;
}

/* ---- counting ---- */

static gboolean
count (KeystoreKey *key, KeystoreCount *result, GError **error)
{
  CountedKey *counted = key->state;

  return tpm_counter_read (counted->link, counted->counter, result, error);
}

static gboolean
set_limit (KeystoreKey *key, EVP_PKEY *owner, guint32 limit, GBytes *signature, GError **error)
{
  CountedKey *counted = key->state;

  return tpm_counter_set_limit (counted->link, counted->counter, &counted->place, owner, limit,
                                signature, error);
}

/* That the count is used up is no fault of the token. */
static gboolean
check (KeystoreKey *key, GError **error)
{
  CountedKey *counted = key->state;
  TPM2B_DIGEST *bytes = NULL;
  TSS2_RC code =
      Esys_GetRandom (counted->link->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, 8, &bytes);

  Esys_Free (bytes);
  return code == TSS2_RC_SUCCESS || tpm_refuse (code, "the TPM with the CA key is gone", error);
}

/* ---- opening ---- */

static void
close_key (gpointer state)
{
  CountedKey *counted = state;

  Esys_Free (counted->public_area);
  tpm_link_close (counted->link);
  g_free (counted);
}

/* A key that can be used without its counter would be counted by nobody. */
static gboolean
check_policy (const CountedKey *counted, const guint8 counter[TPM_NAME], GError **error)
{
  const TPMT_PUBLIC *area = &counted->public_area->publicArea;
  guint8 expected[TPM_DIGEST];

  tpm_counted_key_policy (counter, expected);
  return ((area->objectAttributes & TPMA_OBJECT_USERWITHAUTH) == 0
          && (area->objectAttributes & TPMA_OBJECT_FIXEDTPM) != 0
          && area->authPolicy.size == TPM_DIGEST
          && memcmp (area->authPolicy.buffer, expected, TPM_DIGEST) == 0)
         || refuse (error, CA_ERROR_CA_KEY,
                    "the TPM's key is not one that counts there; make it with "
                    "`keycradle-signer ca count create`");
}

static gboolean
find_key (CountedKey *counted, guint32 handle, GError **error)
{
  guint8 counter[TPM_NAME];
  TSS2_RC code;

  if (!tpm_find (counted->link, handle, "CA key", &counted->key, error)
      || !tpm_counter_find (counted->link, counted->place.index, &counted->counter, counter, NULL,
                            error))
    return FALSE;
  code = Esys_ReadPublic (counted->link->esys, counted->key, ESYS_TR_NONE, ESYS_TR_NONE,
                          ESYS_TR_NONE, &counted->public_area, NULL, NULL);
  if (code != TSS2_RC_SUCCESS)
    return tpm_refuse (code, "the TPM does not tell what its key is", error);
  return check_policy (counted, counter, error);
}

gboolean
keystore_tpm2_counted_open (const KeystoreSource *source G_GNUC_UNUSED, const char *rest,
                            KeystoreKey *key, GError **error)
{
  CountedKey *counted = g_new0 (CountedKey, 1);
  g_autofree char *tcti = NULL;
  guint32 handle;

  key->alone = TRUE;
  key->token = TRUE;
  key->sign = sign;
  key->public_half = public_half;
  key->check = check;
  key->count = count;
  key->set_limit = set_limit;
  key->close = close_key;
  key->state = counted;
  counted->key = ESYS_TR_NONE;
  counted->counter = ESYS_TR_NONE;
  if (!tpm_uri_parse (rest, &handle, &counted->place, &tcti, error))
    return FALSE;
  counted->link = tpm_link_open (tcti, error);
  return counted->link != NULL && find_key (counted, handle, error);
}

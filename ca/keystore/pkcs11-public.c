/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The public key of a private key in a PKCS#11 token, before there is a certificate that tells it.
 * Of an RSA key the private object has it all. The point of an EC key is in a public object, which
 * has the same CKA_ID (PKCS#11 v2.40, "Key objects").
 */
#include "ca/keystore/pkcs11-private.h"

#include "ca/openssl.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>
#include <string.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC (OSSL_PARAM_BLD, OSSL_PARAM_BLD_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OSSL_PARAM, OSSL_PARAM_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BIGNUM, BN_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ASN1_OCTET_STRING, ASN1_OCTET_STRING_free)

/* NULL where the object does not show it. */
static GBytes *
read_attribute (const Pkcs11Token *token, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type)
{
  guint8 value[2048];
  CK_ATTRIBUTE attribute = { type, value, sizeof value };

  if (token->module->C_GetAttributeValue (token->login, object, &attribute, 1) != CKR_OK)
    return NULL;
  return g_bytes_new (value, attribute.ulValueLen);
}

static EVP_PKEY *
make_key (const char *type, OSSL_PARAM_BLD *builder)
{
  g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_name (NULL, type, NULL);
  g_autoptr (OSSL_PARAM) parameters = OSSL_PARAM_BLD_to_param (builder);
  EVP_PKEY *key = NULL;

  if (context == NULL || parameters == NULL || EVP_PKEY_fromdata_init (context) <= 0
      || EVP_PKEY_fromdata (context, &key, EVP_PKEY_PUBLIC_KEY, parameters) <= 0)
    return NULL;
  return key;
}

static BIGNUM *
number_of (GBytes *bytes)
{
  gsize length;
  const guint8 *data = bytes != NULL ? g_bytes_get_data (bytes, &length) : NULL;

  return data != NULL ? BN_bin2bn (data, (int)length, NULL) : NULL;
}

static EVP_PKEY *
rsa_key (const Pkcs11Token *token)
{
  g_autoptr (GBytes) modulus = read_attribute (token, token->key, CKA_MODULUS);
  g_autoptr (GBytes) exponent = read_attribute (token, token->key, CKA_PUBLIC_EXPONENT);
  g_autoptr (BIGNUM) n = number_of (modulus);
  g_autoptr (BIGNUM) e = number_of (exponent);
  g_autoptr (OSSL_PARAM_BLD) builder = OSSL_PARAM_BLD_new ();

  if (n == NULL || e == NULL || !OSSL_PARAM_BLD_push_BN (builder, OSSL_PKEY_PARAM_RSA_N, n)
      || !OSSL_PARAM_BLD_push_BN (builder, OSSL_PKEY_PARAM_RSA_E, e))
    return NULL;
  return make_key ("RSA", builder);
}

/* CKA_EC_PARAMS as it should be: the DER of a named curve's OID. */
static const char *
curve_of (GBytes *parameters)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (parameters, &length);
  ASN1_OBJECT *oid = d2i_ASN1_OBJECT (NULL, &data, (long)length);
  const char *name = oid != NULL ? OBJ_nid2sn (OBJ_obj2nid (oid)) : NULL;

  ASN1_OBJECT_free (oid);
  return name;
}

/* CKA_EC_POINT is the DER of an OCTET STRING that holds the point. */
static EVP_PKEY *
ec_key (GBytes *parameters, GBytes *point)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (point, &length);
  g_autoptr (ASN1_OCTET_STRING) octets = d2i_ASN1_OCTET_STRING (NULL, &data, (long)length);
  const char *curve = curve_of (parameters);
  g_autoptr (OSSL_PARAM_BLD) builder = OSSL_PARAM_BLD_new ();

  if (octets == NULL || curve == NULL
      || !OSSL_PARAM_BLD_push_utf8_string (builder, OSSL_PKEY_PARAM_GROUP_NAME, curve, 0)
      || !OSSL_PARAM_BLD_push_octet_string (builder, OSSL_PKEY_PARAM_PUB_KEY,
                                            ASN1_STRING_get0_data (octets),
                                            (gsize)ASN1_STRING_length (octets)))
    return NULL;
  return make_key ("EC", builder);
}

/* CK_INVALID_HANDLE where there is none. */
static CK_OBJECT_HANDLE
public_object (const Pkcs11Token *token)
{
  CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
  g_autoptr (GBytes) id = read_attribute (token, token->key, CKA_ID);
  CK_ATTRIBUTE wanted[] = { { CKA_CLASS, &class, sizeof class }, { CKA_ID, NULL, 0 } };
  CK_OBJECT_HANDLE found = CK_INVALID_HANDLE;
  CK_ULONG n_found = 0;
  gsize length;

  if (id == NULL)
    return CK_INVALID_HANDLE;
  wanted[1].pValue = (void *)g_bytes_get_data (id, &length);
  wanted[1].ulValueLen = length;
  if (token->module->C_FindObjectsInit (token->login, wanted, G_N_ELEMENTS (wanted)) != CKR_OK)
    return CK_INVALID_HANDLE;
  token->module->C_FindObjects (token->login, &found, 1, &n_found);
  token->module->C_FindObjectsFinal (token->login);
  return n_found == 1 ? found : CK_INVALID_HANDLE;
}

static EVP_PKEY *
find_ec_key (const Pkcs11Token *token)
{
  CK_OBJECT_HANDLE object = public_object (token);
  g_autoptr (GBytes) parameters = NULL;
  g_autoptr (GBytes) point = NULL;

  if (object == CK_INVALID_HANDLE)
    return NULL;
  parameters = read_attribute (token, object, CKA_EC_PARAMS);
  point = read_attribute (token, object, CKA_EC_POINT);
  return parameters != NULL && point != NULL ? ec_key (parameters, point) : NULL;
}

/* That it belongs to the private key is seen by a signature: keystore-key.c. */
EVP_PKEY *
pkcs11_public_half (KeystoreKey *key, GError **error)
{
  const Pkcs11Token *token = key->state;
  EVP_PKEY *public_key = rsa_key (token);

  if (public_key == NULL)
    public_key = find_ec_key (token);
  if (public_key == NULL)
    openssl_refuse (error, CA_ERROR_CA_KEY,
                    "the token does not show the public half of the key: it needs a public key "
                    "object with the same id");
  return public_key;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See related-keys.h.
 */
#include "related-keys.h"

#include <check.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>

static BIGNUM *
number_of (EVP_PKEY *key, const char *name)
{
  BIGNUM *number = NULL;

  ck_assert (EVP_PKEY_get_bn_param (key, name, &number));
  return number;
}

static EVP_PKEY *
build (const char *type, OSSL_PARAM_BLD *builder)
{
  OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param (builder);
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name (NULL, type, NULL);
  EVP_PKEY *key = NULL;

  ck_assert_int_eq (EVP_PKEY_fromdata_init (context), 1);
  ck_assert_int_eq (EVP_PKEY_fromdata (context, &key, EVP_PKEY_KEYPAIR, parameters), 1);
  EVP_PKEY_CTX_free (context);
  OSSL_PARAM_free (parameters);
  OSSL_PARAM_BLD_free (builder);
  return key;
}

/* The inverse of `exponent` modulo (p - 1)(q - 1). */
static BIGNUM *
private_exponent (EVP_PKEY *rsa, const BIGNUM *exponent, BN_CTX *context)
{
  BIGNUM *p = number_of (rsa, OSSL_PKEY_PARAM_RSA_FACTOR1);
  BIGNUM *q = number_of (rsa, OSSL_PKEY_PARAM_RSA_FACTOR2);
  BIGNUM *order = BN_new ();

  BN_sub_word (p, 1);
  BN_sub_word (q, 1);
  BN_mul (order, p, q, context);
  BIGNUM *inverse = BN_mod_inverse (NULL, exponent, order, context);
  ck_assert_ptr_nonnull (inverse);
  BN_clear_free (p);
  BN_clear_free (q);
  BN_clear_free (order);
  return inverse;
}

EVP_PKEY *
with_exponent (EVP_PKEY *rsa, unsigned long exponent)
{
  BN_CTX *context = BN_CTX_new ();
  BIGNUM *modulus = number_of (rsa, OSSL_PKEY_PARAM_RSA_N);
  BIGNUM *e = BN_new ();
  OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new ();

  BN_set_word (e, exponent);
  BIGNUM *d = private_exponent (rsa, e, context);
  OSSL_PARAM_BLD_push_BN (builder, OSSL_PKEY_PARAM_RSA_N, modulus);
  OSSL_PARAM_BLD_push_BN (builder, OSSL_PKEY_PARAM_RSA_E, e);
  OSSL_PARAM_BLD_push_BN (builder, OSSL_PKEY_PARAM_RSA_D, d);
  EVP_PKEY *key = build ("RSA", builder);
  BN_free (modulus);
  BN_free (e);
  BN_clear_free (d);
  BN_CTX_free (context);
  return key;
}

EVP_PKEY *
negated (EVP_PKEY *ec)
{
  EC_GROUP *group = EC_GROUP_new_by_curve_name (NID_X9_62_prime256v1);
  EC_POINT *point = EC_POINT_new (group);
  BIGNUM *d = number_of (ec, OSSL_PKEY_PARAM_PRIV_KEY);
  OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new ();
  guint8 encoded[65];

  BN_sub (d, EC_GROUP_get0_order (group), d);
  ck_assert (EC_POINT_mul (group, point, d, NULL, NULL, NULL));
  ck_assert_uint_eq (EC_POINT_point2oct (group, point, POINT_CONVERSION_UNCOMPRESSED, encoded,
                                         sizeof encoded, NULL),
                     sizeof encoded);
  OSSL_PARAM_BLD_push_utf8_string (builder, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
  OSSL_PARAM_BLD_push_octet_string (builder, OSSL_PKEY_PARAM_PUB_KEY, encoded, sizeof encoded);
  OSSL_PARAM_BLD_push_BN (builder, OSSL_PKEY_PARAM_PRIV_KEY, d);
  EVP_PKEY *key = build ("EC", builder);
  BN_clear_free (d);
  EC_POINT_free (point);
  EC_GROUP_free (group);
  return key;
}

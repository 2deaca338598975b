/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From a parsed request to OpenSSL's key, and the proof of possession. OpenSSL 3.0's
 * decoder costs more than the signature check itself, so keys are put together from their
 * numbers: an EC key from a template of its curve, an RSA key from modulus and exponent.
 */
#include "ca/judge/csr.h"

#include "ca/judge/keycheck.h"
#include "ca/openssl.h"

#include <openssl/core_names.h>
#include <openssl/objects.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

#define MOST_MODULUS_BYTES 1024
#define MOST_EXPONENT_BYTES 32

static EVP_PKEY *
curve_template (const char *group)
{
  g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_name (NULL, "EC", NULL);
  EVP_PKEY *key = NULL;
  OSSL_PARAM parameters[] = { OSSL_PARAM_construct_utf8_string (OSSL_PKEY_PARAM_GROUP_NAME,
                                                                (char *)group, 0),
                              OSSL_PARAM_construct_end () };

  if (context == NULL || EVP_PKEY_fromdata_init (context) <= 0
      || EVP_PKEY_fromdata (context, &key, EVP_PKEY_KEY_PARAMETERS, parameters) <= 0)
    return NULL;
  return key;
}

/* Made once and never freed: a key with a curve and no point, to be copied. */
static EVP_PKEY *
template_for (CsrKeyType type)
{
  static const char *const groups[] = {
    [CSR_KEY_EC_P256] = "P-256", [CSR_KEY_EC_P384] = "P-384", [CSR_KEY_EC_P521] = "P-521"
  };
  static gsize templates[G_N_ELEMENTS (groups)];

  if (g_once_init_enter (&templates[type])) {
    EVP_PKEY *key = curve_template (groups[type]);

    if (key == NULL)
      g_error ("OpenSSL does not know the curve %s", groups[type]);
    g_once_init_leave (&templates[type], GPOINTER_TO_SIZE (key));
  }
  return GSIZE_TO_POINTER (templates[type]);
}

/* set1_encoded_public_key refuses a point that is off the curve or infinity. */
static EVP_PKEY *
ec_public_key (const Csr *csr, GError **error)
{
  g_autoptr (EVP_PKEY) key = EVP_PKEY_dup (template_for (csr->key_type));

  if (key == NULL) {
    openssl_refuse (error, CA_ERROR_INTERNAL, "no memory for a key");
    return NULL;
  }
  if (EVP_PKEY_set1_encoded_public_key (key, csr->point.data, csr->point.length) <= 0) {
    openssl_refuse (error, CA_ERROR_EC_POINT, "the EC point is not on its curve");
    return NULL;
  }
  return g_steal_pointer (&key);
}

/* OSSL_PARAM takes numbers in the machine's byte order. */
static OSSL_PARAM
number_parameter (const char *name, Span number, guint8 *room)
{
  for (gsize i = 0; i < number.length; i++)
#if G_BYTE_ORDER == G_LITTLE_ENDIAN
    room[i] = number.data[number.length - 1 - i];
#else
    room[i] = number.data[i];
#endif
  return OSSL_PARAM_construct_BN (name, room, number.length);
}

static EVP_PKEY *
rsa_public_key (const Csr *csr, GError **error)
{
  g_autoptr (EVP_PKEY_CTX) context = NULL;
  guint8 modulus[MOST_MODULUS_BYTES];
  guint8 exponent[MOST_EXPONENT_BYTES];
  OSSL_PARAM parameters[3];
  EVP_PKEY *key = NULL;

  if (csr->modulus.length > sizeof modulus || csr->exponent.length > sizeof exponent
      || csr->modulus.length == 0 || csr->exponent.length == 0)
  {
    g_set_error_literal (error, CA_ERROR, CA_ERROR_RSA_MALFORMED, "the RSA numbers are no key's");
    return NULL;
  }
  parameters[0] = number_parameter (OSSL_PKEY_PARAM_RSA_N, csr->modulus, modulus);
  parameters[1] = number_parameter (OSSL_PKEY_PARAM_RSA_E, csr->exponent, exponent);
  parameters[2] = OSSL_PARAM_construct_end ();
  context = EVP_PKEY_CTX_new_from_name (NULL, "RSA", NULL);
  if (context == NULL || EVP_PKEY_fromdata_init (context) <= 0
      || EVP_PKEY_fromdata (context, &key, EVP_PKEY_PUBLIC_KEY, parameters) <= 0)
  {
    openssl_refuse (error, CA_ERROR_RSA_MALFORMED, "OpenSSL does not take the RSA key");
    return NULL;
  }
  return key;
}

EVP_PKEY *
csr_public_key (const Csr *csr, GError **error)
{
  return csr->key_type == CSR_KEY_RSA ? rsa_public_key (csr, error) : ec_public_key (csr, error);
}

/* Fetched once: an implicit fetch looks the algorithm up anew each time. */
static const EVP_MD *
digest_for (int digest_nid)
{
  static gsize digests[3];
  static const char *const names[] = { "SHA2-256", "SHA2-384", "SHA2-512" };
  const guint place = digest_nid == NID_sha384 ? 1 : digest_nid == NID_sha512 ? 2 : 0;

  if (g_once_init_enter (&digests[place])) {
    EVP_MD *digest = EVP_MD_fetch (NULL, names[place], NULL);

    if (digest == NULL)
      g_error ("OpenSSL does not know %s", names[place]);
    g_once_init_leave (&digests[place], GPOINTER_TO_SIZE (digest));
  }
  return GSIZE_TO_POINTER (digests[place]);
}

/* MGF1 takes the message's digest unless it is told another. */
static gboolean
set_padding (const Csr *csr, EVP_PKEY_CTX *settings)
{
  return csr->signature_nid != NID_rsassaPss
         || (EVP_PKEY_CTX_set_rsa_padding (settings, RSA_PKCS1_PSS_PADDING) > 0
             && EVP_PKEY_CTX_set_rsa_pss_saltlen (settings, (int)csr->salt_length) > 0);
}

gboolean
csr_verify (const Csr *csr, EVP_PKEY *public_key, GError **error)
{
  g_autoptr (EVP_MD_CTX) context = EVP_MD_CTX_new ();
  EVP_PKEY_CTX *settings = NULL;
  int answer;

  if (context == NULL
      || EVP_DigestVerifyInit (context, &settings, digest_for (csr->digest_nid), NULL, public_key)
             <= 0
      || !set_padding (csr, settings))
    return openssl_refuse (error, CA_ERROR_INTERNAL, "OpenSSL can't begin to verify");
  answer = EVP_DigestVerify (context, csr->signature.data, csr->signature.length, csr->info.data,
                             csr->info.length);
  return answer == 1
         || openssl_refuse (error, CA_ERROR_CSR_SIGNATURE,
                            "the request is not signed by the key that it carries");
}

void
csr_key_number_sha256 (const Csr *csr, guint8 hash[32])
{
  Span number = csr->modulus;

  if (csr->key_type != CSR_KEY_RSA)
    number = (Span){ csr->point.data + 1, (csr->point.length - 1) / 2 };
  SHA256 (number.data, number.length, hash);
}

char *
csr_describe_key (const Csr *csr)
{
  switch (csr->key_type) {
  case CSR_KEY_RSA:
    return g_strdup_printf ("RSA %u", keycheck_bits (csr->modulus));
  case CSR_KEY_EC_P256:
    return g_strdup ("P-256");
  case CSR_KEY_EC_P384:
    return g_strdup ("P-384");
  case CSR_KEY_EC_P521:
    return g_strdup ("P-521");
  }
  return g_strdup ("unknown");
}

char *
csr_describe_signature (const Csr *csr)
{
  if (csr->signature_nid == NID_rsassaPss)
    return g_strdup_printf ("RSASSA-PSS with %s and %u bytes of salt", OBJ_nid2ln (csr->digest_nid),
                            csr->salt_length);
  return g_strconcat (OBJ_nid2ln (csr->signature_nid),
                      csr->null_parameter ? " (with a NULL parameter, as Nordic modems do)" : "",
                      NULL);
}

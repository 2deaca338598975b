/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Certificates of makers: decoding, chains, signatures. A maker's intermediate may stand among the
 * roots as the end of the chain, since many publish nothing else.
 */
#include <openssl/bio.h>
#include <openssl/ecdsa.h>
#include <openssl/objects.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "base/text.h"
#include "station/attestation/judge.h"

#define MOST_INTERMEDIATES 6
#define LEAST_SECURITY 2 /* of OpenSSL's levels: 112 bits, so RSA 2048 and SHA-224 at least */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_STORE, X509_STORE_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_STORE_CTX, X509_STORE_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ECDSA_SIG, ECDSA_SIG_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_MD_CTX, EVP_MD_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ASN1_OBJECT, ASN1_OBJECT_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BIO, BIO_free_all)

AttestationVerdict
attestation_refuse (char **detail, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  *detail = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  return ATTESTATION_REFUSED;
}

GBytes *
attestation_part (const AttestationCase *claim, guint index)
{
  return g_ptr_array_index (claim->evidence->parts, index);
}

gboolean
attestation_part_is_empty (const AttestationCase *claim, guint index)
{
  return g_bytes_get_size (attestation_part (claim, index)) == 0;
}

X509 *
attestation_certificate (GBytes *der)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (der, &length), *at = data;
  g_autoptr (X509) certificate =
      length == 0 || length > G_MAXINT ? NULL : d2i_X509 (NULL, &at, (long)length);

  return certificate != NULL && at == data + length ? g_steal_pointer (&certificate) : NULL;
}

EVP_PKEY *
attestation_key (GBytes *spki)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (spki, &length), *at = data;
  g_autoptr (EVP_PKEY) key =
      length == 0 || length > G_MAXINT ? NULL : d2i_PUBKEY (NULL, &at, (long)length);

  return key != NULL && at == data + length ? g_steal_pointer (&key) : NULL;
}

char *
attestation_subject (const X509 *certificate)
{
  g_autoptr (BIO) memory = BIO_new (BIO_s_mem ());
  char *text = NULL;
  long length;

  if (memory == NULL
      || X509_NAME_print_ex (memory, X509_get_subject_name (certificate), 0, XN_FLAG_RFC2253) < 0)
    return g_strdup ("?");
  length = BIO_get_mem_data (memory, &text);
  g_autofree char *whole = g_strndup (text, length > 0 ? (gsize)length : 0);
  return text_for_display (whole, 200);
}

gboolean
attestation_has_key (const X509 *certificate, GBytes *spki)
{
  g_autoptr (EVP_PKEY) key = attestation_key (spki);
  EVP_PKEY *certified = X509_get0_pubkey (certificate);

  return key != NULL && certified != NULL && EVP_PKEY_eq (key, certified) == 1;
}

gboolean
attestation_is_issued_by (X509 *certificate, X509 *between)
{
  EVP_PKEY *key = X509_get0_pubkey (between);

  return key != NULL && X509_check_issued (between, certificate) == X509_V_OK
         && X509_verify (certificate, key) == 1;
}

static X509_STORE *
store_of (const AttestationCase *claim)
{
  X509_STORE *store = X509_STORE_new ();

  for (guint i = 0; store != NULL && i < claim->trust->certificates->len; i++) {
    g_autoptr (X509) root =
        attestation_certificate (g_ptr_array_index (claim->trust->certificates, i));

    if (root != NULL)
      X509_STORE_add_cert (store, root);
  }
  return store;
}

/* Purposes are the formats' matter: makers' certificates are for no purpose that OpenSSL knows. */
static void
set_rules (X509_STORE_CTX *context, gint64 now)
{
  X509_VERIFY_PARAM *rules = X509_STORE_CTX_get0_param (context);

  X509_VERIFY_PARAM_set_flags (rules, X509_V_FLAG_PARTIAL_CHAIN);
  X509_VERIFY_PARAM_set_time (rules, (time_t)now);
  X509_VERIFY_PARAM_set_depth (rules, MOST_INTERMEDIATES);
  X509_VERIFY_PARAM_set_auth_level (rules, LEAST_SECURITY);
}

char *
attestation_chain_problem (const AttestationCase *claim, X509 *certificate, X509 *between)
{
  g_autoptr (X509_STORE) store = store_of (claim);
  g_autoptr (X509_STORE_CTX) context = X509_STORE_CTX_new ();
  STACK_OF (X509) *untrusted = sk_X509_new_null ();
  char *problem = NULL;

  if (between != NULL)
    sk_X509_push (untrusted, between);
  if (store == NULL || context == NULL
      || X509_STORE_CTX_init (context, store, certificate, untrusted) != 1)
  {
    problem = g_strdup ("out of memory");
  }
  else {
    set_rules (context, claim->now);
    if (X509_verify_cert (context) != 1)
      problem = g_strdup (X509_verify_cert_error_string (X509_STORE_CTX_get_error (context)));
  }
  sk_X509_free (untrusted);
  return problem;
}

/* OpenSSL takes EC signatures as Ecdsa-Sig-Value only. */
static GBytes *
ecdsa_der (GBytes *raw)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (raw, &length);
  g_autoptr (ECDSA_SIG) signature = ECDSA_SIG_new ();
  BIGNUM *r = BN_bin2bn (data, (int)(length / 2), NULL);
  BIGNUM *s = BN_bin2bn (data + length / 2, (int)(length / 2), NULL);
  guint8 *der = NULL;
  GBytes *encoded;
  int size;

  if (signature == NULL || r == NULL || s == NULL || ECDSA_SIG_set0 (signature, r, s) != 1) {
    BN_free (r);
    BN_free (s);
    return NULL;
  }
  size = i2d_ECDSA_SIG (signature, &der);
  if (size <= 0)
    return NULL;
  encoded = g_bytes_new (der, (gsize)size);
  OPENSSL_free (der);
  return encoded;
}

gboolean
attestation_signed_raw (EVP_PKEY *key, const guint8 *message, gsize length, GBytes *signature)
{
  g_autoptr (EVP_MD_CTX) context = EVP_MD_CTX_new ();
  g_autoptr (GBytes) der = NULL;

  if (context == NULL || !EVP_PKEY_is_a (key, "EC") || g_bytes_get_size (signature) != 64)
    return FALSE;
  der = ecdsa_der (signature);
  return der != NULL && EVP_DigestVerifyInit (context, NULL, EVP_sha256 (), NULL, key) == 1
         && EVP_DigestVerify (context, g_bytes_get_data (der, NULL), g_bytes_get_size (der),
                              message, length)
                == 1;
}

const ASN1_OCTET_STRING *
attestation_extension (const X509 *certificate, const char *oid)
{
  g_autoptr (ASN1_OBJECT) object = OBJ_txt2obj (oid, 1);
  int at = object == NULL ? -1 : X509_get_ext_by_OBJ (certificate, object, -1);

  /* One that stands twice may mean anything. */
  if (at < 0 || X509_get_ext_by_OBJ (certificate, object, at) >= 0)
    return NULL;
  return X509_EXTENSION_get_data (X509_get_ext (certificate, at));
}

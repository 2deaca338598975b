/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See authority.h.
 */
#include "ca/issue/authority.h"

#include "base/encode.h"
#include "base/names.h"
#include "ca/issue/chain.h"
#include "ca/openssl.h"

#include <openssl/core_names.h>
#include <openssl/obj_mac.h>
#include <openssl/x509v3.h>
#include <string.h>

static gboolean
refuse (GError **error, const char *message)
{
  return openssl_refuse (error, CA_ERROR_CA_CERTIFICATE, message);
}

/* Q is as long as the digest that it is used with (FIPS 186-4, section 4.2). */
static int
dsa_order_bits (const EVP_PKEY *key)
{
  BIGNUM *order = NULL;
  int bits = 0;

  if (EVP_PKEY_get_bn_param (key, OSSL_PKEY_PARAM_FFC_Q, &order) == 1)
    bits = BN_num_bits (order);
  BN_free (order);
  return bits;
}

/* "P-256", "RSA 3072"; NULL for a key that may not issue. */
static char *
describe_key (EVP_PKEY *key)
{
  static const char *const curves[][2] = { { "prime256v1", "P-256" },
                                           { "secp384r1", "P-384" },
                                           { "secp521r1", "P-521" } };
  const int bits = EVP_PKEY_get_bits (key);
  char curve[64] = "";

  if (EVP_PKEY_is_a (key, "RSA") && bits >= 2048 && bits <= 8192)
    return g_strdup_printf ("RSA %d", bits);
  if (EVP_PKEY_is_a (key, "DSA") && (bits == 2048 || bits == 3072) && dsa_order_bits (key) == 256)
    return g_strdup_printf ("DSA %d", bits);
  if (EVP_PKEY_is_a (key, "EC"))
    EVP_PKEY_get_group_name (key, curve, sizeof curve, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (curves); i++)
    if (g_str_equal (curve, curves[i][0]))
      return g_strdup (curves[i][1]);
  return NULL;
}

static gboolean
take_key_kind (Authority *authority, const char *signature, GError **error)
{
  EVP_PKEY *key = authority->public_key;

  authority->key_text = describe_key (key);
  if (authority->key_text == NULL)
    return refuse (error, "the CA's key is not P-256, P-384, P-521, RSA with 2048 to 8192 bits, "
                          "or DSA with 2048 or 3072 bits and a 256-bit q");
  authority->signature = signature != NULL ? signature_find (signature) : signature_default (key);
  if (authority->signature != NULL && signature_fits (authority->signature, key))
    return TRUE;
  g_set_error (error, CA_ERROR, CA_ERROR_CA_CERTIFICATE,
               "Signature=%s is not for a CA whose key is %s", signature, authority->key_text);
  return FALSE;
}

static char *
name_text (const X509_NAME *name)
{
  g_autoptr (BIO) out = BIO_new (BIO_s_mem ());
  char *data = NULL;
  long length;

  X509_NAME_print_ex (out, name, 0, XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
  length = BIO_get_mem_data (out, &data);
  /* It goes over the wire as text, whatever the certificate says. */
  return g_utf8_make_valid (data, (gssize)length);
}

static gboolean
value_has_mark (const ASN1_STRING *value)
{
  guint8 *text = NULL;
  int length = ASN1_STRING_to_UTF8 (&text, value);
  gboolean found = length > 0 && g_strstr_len ((const char *)text, length, DEMO_CA_MARK) != NULL;

  OPENSSL_free (text);
  return found;
}

static gboolean
name_has_mark (const X509_NAME *name)
{
  for (int i = 0; i < X509_NAME_entry_count (name); i++)
    if (value_has_mark (X509_NAME_ENTRY_get_data (X509_NAME_get_entry (name, i))))
      return TRUE;
  return FALSE;
}

/* The mark counts wherever it stands in the chain: a demo root makes a demo CA. */
static gboolean
chain_has_mark (STACK_OF (X509) * certificates)
{
  for (int i = 0; i < sk_X509_num (certificates); i++) {
    const X509 *certificate = sk_X509_value (certificates, i);

    if (name_has_mark (X509_get_subject_name (certificate))
        || name_has_mark (X509_get_issuer_name (certificate)))
      return TRUE;
  }
  return FALSE;
}

static GBytes *
certificate_der (X509 *certificate)
{
  guint8 *der = NULL;
  int length = i2d_X509 (certificate, &der);
  GBytes *copy = g_bytes_new (der, (gsize)MAX (length, 0));

  OPENSSL_free (der);
  return copy;
}

static GBytes *
name_der (const X509_NAME *name)
{
  guint8 *der = NULL;
  int length = i2d_X509_NAME (name, &der);
  GBytes *copy = g_bytes_new (der, (gsize)MAX (length, 0));

  OPENSSL_free (der);
  return copy;
}

static void
take_origin (Authority *authority, X509 *certificate)
{
  guint8 *der = NULL;
  int length = i2d_X509_PUBKEY (X509_get_X509_PUBKEY (certificate), &der);
  g_autoptr (GBytes) hash = sha256_of (der, (gsize)MAX (length, 0));

  memcpy (authority->origin, g_bytes_get_data (hash, NULL), sizeof authority->origin);
  OPENSSL_free (der);
}

static gboolean
take_key_id (Authority *authority, X509 *certificate, GError **error)
{
  const ASN1_OCTET_STRING *id = X509_get0_subject_key_id (certificate);

  if (id == NULL || ASN1_STRING_length (id) < 1 || ASN1_STRING_length (id) > 64)
    return refuse (error, "the CA certificate has no usable subjectKeyIdentifier");
  authority->key_id = g_bytes_new (ASN1_STRING_get0_data (id), (gsize)ASN1_STRING_length (id));
  return TRUE;
}

static gboolean
take_certificate (Authority *authority, X509 *certificate, const char *signature, GError **error)
{
  GBytes *der = g_ptr_array_index (authority->chain, 0);
  gsize length;
  const guint8 *data = g_bytes_get_data (der, &length);

  authority->public_key = X509_get_pubkey (certificate);
  if (authority->public_key == NULL)
    return refuse (error, "the CA certificate's key can't be read");
  authority->subject = name_der (X509_get_subject_name (certificate));
  authority->subject_text = name_text (X509_get_subject_name (certificate));
  authority->fingerprint = sha256_hex (data, length);
  authority->not_before = chain_seconds (X509_get0_notBefore (certificate));
  authority->not_after = chain_seconds (X509_get0_notAfter (certificate));
  take_origin (authority, certificate);
  return take_key_id (authority, certificate, error) && take_key_kind (authority, signature, error);
}

Authority *
authority_load (const char *name, const char *path, const char *signature, GError **error)
{
  g_autoptr (Authority) authority = g_new0 (Authority, 1);
  STACK_OF (X509) *certificates = chain_read (path, error);
  g_autoptr (GError) late = NULL;
  gboolean ok;

  if (certificates == NULL)
    return NULL;
  authority->name = g_strdup (name);
  authority->chain = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  for (int i = 0; i < sk_X509_num (certificates); i++)
    g_ptr_array_add (authority->chain, certificate_der (sk_X509_value (certificates, i)));
  authority->demo = chain_has_mark (certificates);
  ok = chain_check (certificates, error)
       && take_certificate (authority, sk_X509_value (certificates, 0), signature, error);
  if (!chain_check_times (certificates, &late))
    authority->times_problem = g_strdup_printf ("%s: %s", path, late->message);
  sk_X509_pop_free (certificates, X509_free);
  if (!ok) {
    g_prefix_error (error, "%s: ", path);
    return NULL;
  }
  return g_steal_pointer (&authority);
}

void
authority_free (Authority *authority)
{
  if (authority == NULL)
    return;
  g_clear_pointer (&authority->chain, g_ptr_array_unref);
  g_clear_pointer (&authority->subject, g_bytes_unref);
  g_clear_pointer (&authority->key_id, g_bytes_unref);
  g_free (authority->times_problem);
  g_free (authority->subject_text);
  g_free (authority->key_text);
  g_free (authority->fingerprint);
  keystore_close (authority->keystore);
  EVP_PKEY_free (authority->public_key);
  g_free (authority->name);
  g_free (authority);
}

gboolean
authority_check_times (const Authority *authority, GError **error)
{
  if (authority->times_problem == NULL)
    return TRUE;
  g_set_error_literal (error, CA_ERROR, CA_ERROR_CA_CERTIFICATE, authority->times_problem);
  return FALSE;
}

gboolean
authority_check_mode (const Authority *authority, gboolean production, GError **error)
{
  if (!production || !authority->demo)
    return TRUE;
  g_set_error (error, CA_ERROR, CA_ERROR_DEMO_CA,
               "the CA '%s' is a test CA and must not issue in production; give the production "
               "CA, or set Mode=demo",
               authority->subject_text);
  return FALSE;
}

gboolean
authority_unlock (Authority *authority, const char *uri, const PassphraseSource *passphrase,
                  GError **error)
{
  const KeystoreSource source = { .uri = uri,
                                  .passphrase = passphrase,
                                  .demo = authority->demo,
                                  .public_key = authority->public_key,
                                  .algorithm = authority->signature };

  authority->keystore = keystore_open (&source, error);
  return authority->keystore != NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See material.h.
 */
#include "material.h"

#include <string.h>

#define DAY (24 * 60 * 60)

EVP_PKEY *
p256_key (void)
{
  EVP_PKEY *key = EVP_EC_gen ("P-256");

  g_assert (key != NULL);
  return key;
}

static void
extend (X509 *certificate, X509 *issuer, int nid, const char *value)
{
  X509V3_CTX context;
  X509_EXTENSION *extension;

  X509V3_set_ctx (&context, issuer, certificate, NULL, NULL, 0);
  extension = X509V3_EXT_conf_nid (NULL, &context, nid, value);
  g_assert (extension != NULL);
  X509_add_ext (certificate, extension, -1);
  X509_EXTENSION_free (extension);
}

static X509 *
certificate_new (const char *name, EVP_PKEY *key, int begins, int days)
{
  X509 *certificate = X509_new ();
  BIGNUM *serial = BN_new ();

  BN_rand (serial, 126, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY);
  BN_to_ASN1_INTEGER (serial, X509_get_serialNumber (certificate));
  BN_free (serial);
  X509_set_version (certificate, 2);
  X509_NAME_add_entry_by_txt (X509_get_subject_name (certificate), "CN", MBSTRING_UTF8,
                              (const guint8 *)name, -1, -1, 0);
  X509_gmtime_adj (X509_getm_notBefore (certificate), (long)begins * DAY);
  X509_gmtime_adj (X509_getm_notAfter (certificate), (long)days * DAY);
  X509_set_pubkey (certificate, key);
  return certificate;
}

static X509 *
make_authority (const char *name, EVP_PKEY *key, X509 *issuer, EVP_PKEY *signer)
{
  X509 *certificate = certificate_new (name, key, -10, 3650);

  X509_set_issuer_name (certificate, X509_get_subject_name (issuer != NULL ? issuer : certificate));
  extend (certificate, certificate, NID_subject_key_identifier, "hash");
  extend (certificate, issuer != NULL ? issuer : certificate, NID_authority_key_identifier,
          "keyid:always");
  extend (certificate, certificate, NID_basic_constraints, "critical,CA:TRUE");
  extend (certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign");
  X509_sign (certificate, signer, EVP_sha256 ());
  return certificate;
}

void
material_make (Material *material)
{
  material->root_key = p256_key ();
  material->key = p256_key ();
  material->root = make_authority ("Root", material->root_key, NULL, material->root_key);
  material->authority =
      make_authority ("Issuing", material->key, material->root, material->root_key);
}

void
material_clear (Material *material)
{
  EVP_PKEY_free (material->root_key);
  EVP_PKEY_free (material->key);
  X509_free (material->root);
  X509_free (material->authority);
}

GBytes *
der_of (X509 *certificate)
{
  guint8 *data = NULL;
  const int length = i2d_X509 (certificate, &data);
  GBytes *bytes = g_bytes_new (data, (gsize)length);

  OPENSSL_free (data);
  return bytes;
}

X509 *
certificate_of (GBytes *der)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (der, &length);

  return d2i_X509 (NULL, &data, (long)length);
}

CheckedAuthorities *
material_authorities (const Material *material)
{
  static const char *const names[] = { "ca" };
  g_autoptr (GPtrArray) chain = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  g_autoptr (GPtrArray) chains = g_ptr_array_new ();

  g_ptr_array_add (chain, der_of (material->authority));
  g_ptr_array_add (chain, der_of (material->root));
  g_ptr_array_add (chains, chain);
  return checked_authorities_new (chains, names, NULL);
}

static void
extend_more (X509 *certificate, const char *more)
{
  g_auto (GStrv) words = g_strsplit (more, "=", 2);

  extend (certificate, certificate, OBJ_txt2nid (words[0]), words[1]);
}

GBytes *
material_leaf (const Material *material, const Wanted *wanted)
{
  g_autoptr (EVP_PKEY) own = wanted->key == NULL ? p256_key () : NULL;
  g_autoptr (X509) leaf = certificate_new ("SN-0001", own != NULL ? own : wanted->key,
                                           wanted->begins != 0 ? wanted->begins : -1,
                                           wanted->days != 0 ? wanted->days : 30);

  X509_set_issuer_name (leaf, X509_get_subject_name (material->authority));
  if (wanted->version != 0)
    X509_set_version (leaf, wanted->version);
  extend (leaf, leaf, NID_subject_key_identifier, "hash");
  extend (leaf, material->authority, NID_authority_key_identifier, "keyid:always");
  extend (leaf, leaf, NID_basic_constraints,
          wanted->basic_constraints != NULL ? wanted->basic_constraints : "critical,CA:FALSE");
  extend (leaf, leaf, NID_key_usage,
          wanted->key_usage != NULL ? wanted->key_usage : "critical,digitalSignature");
  if (wanted->more != NULL)
    extend_more (leaf, wanted->more);
  X509_sign (leaf, wanted->signer != NULL ? wanted->signer : material->key, EVP_sha256 ());
  return der_of (leaf);
}

GBytes *
material_crl (const Material *material, gboolean by_root, const X509 *certificate, EVP_PKEY *signer)
{
  X509_CRL *crl = X509_CRL_new ();
  X509_REVOKED *revoked = X509_REVOKED_new ();
  ASN1_TIME *time = X509_gmtime_adj (NULL, 0);
  guint8 *data = NULL;

  X509_CRL_set_version (crl, 1);
  X509_CRL_set_issuer_name (crl,
                            X509_get_subject_name (by_root ? material->root : material->authority));
  X509_CRL_set1_lastUpdate (crl, time);
  X509_gmtime_adj (time, DAY);
  X509_CRL_set1_nextUpdate (crl, time);
  X509_REVOKED_set_serialNumber (revoked, (ASN1_INTEGER *)X509_get0_serialNumber (certificate));
  X509_REVOKED_set_revocationDate (revoked, time);
  X509_CRL_add0_revoked (crl, revoked);
  X509_CRL_sign (crl, signer, EVP_sha256 ());
  const int length = i2d_X509_CRL (crl, &data);
  GBytes *bytes = g_bytes_new (data, (gsize)length);
  OPENSSL_free (data);
  ASN1_TIME_free (time);
  X509_CRL_free (crl);
  return bytes;
}

GBytes *
turned (GBytes *bytes, gsize bit)
{
  gsize length;
  guint8 *copy = g_memdup2 (g_bytes_get_data (bytes, &length), g_bytes_get_size (bytes));

  g_bytes_get_data (bytes, &length);
  copy[bit / 8] ^= (guint8)(1u << bit % 8);
  return g_bytes_new_take (copy, length);
}

int
run_suite (Suite *suite)
{
  SRunner *runner = srunner_create (suite);

  srunner_run_all (runner, CK_NORMAL);
  const int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? 0 : 1;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See make-ca.h. Whatever goes wrong here ends the program.
 */
#include "tests/unit/ca/make-ca.h"

#include "ca/openssl.h"
#include "tests/unit/ca/make.h"

#include <check.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#define DAY 86400

static void
add_extension (X509 *certificate, X509 *issuer, int nid, const char *value)
{
  g_autoptr (X509_EXTENSION) extension = NULL;
  X509V3_CTX context;

  X509V3_set_ctx (&context, issuer, certificate, NULL, NULL, 0);
  extension = X509V3_EXT_conf_nid (NULL, &context, nid, value);
  g_assert_true (extension != NULL && X509_add_ext (certificate, extension, -1));
}

/* `vendor` and `product` may be NULL: then it is no Matter PAI. */
static X509 *
make_ca_certificate (EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key, const char *vendor,
                     const char *product)
{
  X509 *certificate = X509_new ();
  X509 *above = issuer != NULL ? issuer : certificate;
  X509_NAME *name = X509_get_subject_name (certificate);
  ASN1_OBJECT *vid = OBJ_txt2obj ("1.3.6.1.4.1.37244.2.1", TRUE);
  ASN1_OBJECT *pid = OBJ_txt2obj ("1.3.6.1.4.1.37244.2.2", TRUE);

  X509_set_version (certificate, X509_VERSION_3);
  ASN1_INTEGER_set (X509_get_serialNumber (certificate), issuer != NULL ? 2 : 1);
  X509_NAME_add_entry_by_NID (name, NID_commonName, V_ASN1_UTF8STRING,
                              (const guchar *)(issuer != NULL ? "Issuing" : "Root"), -1, -1, 0);
  if (vendor != NULL)
    X509_NAME_add_entry_by_OBJ (name, vid, V_ASN1_UTF8STRING, (const guchar *)vendor, -1, -1, 0);
  if (product != NULL)
    X509_NAME_add_entry_by_OBJ (name, pid, V_ASN1_UTF8STRING, (const guchar *)product, -1, -1, 0);
  X509_set_issuer_name (certificate, X509_get_subject_name (above));
  X509_gmtime_adj (X509_getm_notBefore (certificate), -DAY);
  X509_gmtime_adj (X509_getm_notAfter (certificate), 7300L * DAY);
  X509_set_pubkey (certificate, key);
  add_extension (certificate, above, NID_basic_constraints,
                 issuer != NULL ? "critical,CA:TRUE,pathlen:0" : "critical,CA:TRUE");
  add_extension (certificate, above, NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension (certificate, above, NID_subject_key_identifier, "hash");
  add_extension (certificate, above, NID_authority_key_identifier, "keyid:always");
  g_assert_cmpint (X509_sign (certificate, issuer_key, EVP_sha256 ()), >, 0);
  ASN1_OBJECT_free (vid);
  ASN1_OBJECT_free (pid);
  return certificate;
}

static void
save_pem (const char *folder, const char *name, BIO *pem)
{
  char *data;
  long length = BIO_get_mem_data (pem, &data);
  g_autofree char *text = g_strndup (data, (gsize)length);

  folder_write (folder, name, text, 0600);
}

void
save_certificate (const char *folder, const char *name, X509 *certificate)
{
  g_autoptr (BIO) out = BIO_new (BIO_s_mem ());

  PEM_write_bio_X509 (out, certificate);
  save_pem (folder, name, out);
}

static void
save_key (const char *folder, const char *name, EVP_PKEY *key)
{
  g_autoptr (BIO) out = BIO_new (BIO_s_mem ());

  PEM_write_bio_PrivateKey (out, key, NULL, NULL, 0, NULL, NULL);
  save_pem (folder, name, out);
}

/* DSA's parameters take seconds to make, so they are kept in files; keys are new. */
static EVP_PKEY *
make_dsa_key (const char *word, const char *parameter_folder)
{
  g_autofree char *path = g_strdup_printf ("%s/%s.pem", parameter_folder, word);
  g_autoptr (BIO) in = BIO_new_file (path, "r");
  g_autoptr (EVP_PKEY) parameters = PEM_read_bio_Parameters (in, NULL);
  g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_pkey (NULL, parameters, NULL);
  EVP_PKEY *key = NULL;

  g_assert_cmpint (EVP_PKEY_keygen_init (context), ==, 1);
  g_assert_cmpint (EVP_PKEY_keygen (context, &key), ==, 1);
  return key;
}

EVP_PKEY *
make_ca_key (const char *word, const char *parameter_folder)
{
  return g_str_has_prefix (word, "dsa-") ? make_dsa_key (word, parameter_folder) : make_key (word);
}

void
write_ca (const char *folder, EVP_PKEY *key, const char *vendor, const char *product)
{
  g_autoptr (EVP_PKEY) root_key = make_key ("P-256");
  g_autoptr (X509) root = make_ca_certificate (root_key, NULL, root_key, vendor, NULL);
  g_autoptr (X509) issuing = make_ca_certificate (key, root, root_key, vendor, product);

  save_certificate (folder, "root.pem", root);
  save_certificate (folder, "ca.pem", issuing);
  save_key (folder, "ca.key", key);
}

Authority *
open_ca (const char *folder, EVP_PKEY *key, const char *signature, const char *vendor,
         const char *product)
{
  g_autofree char *uri = g_strdup_printf ("file:%s/ca.key", folder);
  g_autofree char *path = g_build_filename (folder, "ca.pem", NULL);
  PassphraseSource no_passphrase = { .fd = -1 };
  GError *problem = NULL;
  Authority *authority;

  write_ca (folder, key, vendor, product);
  authority = authority_load ("ca", path, signature, &problem);
  g_assert_no_error (problem);
  authority->demo = TRUE; /* so that its key may be plain */
  g_assert_true (authority_unlock (authority, uri, &no_passphrase, &problem));
  return authority;
}

Profile *
make_profile (const char *folder, const char *text)
{
  g_autofree char *path = g_build_filename (folder, "test.profile", NULL);
  GError *problem = NULL;
  Profile *profile;

  folder_write (folder, "test.profile", text, 0644);
  profile = profile_load (path, &problem);
  ck_assert_msg (profile != NULL, "%s", problem != NULL ? problem->message : "");
  return profile;
}

X509 *
certificate_decode (GBytes *der)
{
  gsize length;
  const guint8 *at = g_bytes_get_data (der, &length);
  X509 *certificate = d2i_X509 (NULL, &at, (long)length);

  ck_assert (certificate != NULL && at == (const guint8 *)g_bytes_get_data (der, NULL) + length);
  return certificate;
}

char *
certificate_text (GBytes *der)
{
  g_autoptr (X509) certificate = certificate_decode (der);
  g_autoptr (BIO) out = BIO_new (BIO_s_mem ());
  char *data;
  long length;

  X509_print_ex (out, certificate, XN_FLAG_RFC2253, 0);
  length = BIO_get_mem_data (out, &data);
  return g_strndup (data, (gsize)length);
}

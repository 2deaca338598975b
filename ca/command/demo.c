/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See demo.h.
 */
#include "ca/command/demo.h"

#include "base/encode.h"
#include "base/files.h"
#include "base/names.h"
#include "ca/command/key-make.h"
#include "ca/openssl.h"
#include "ca/signature.h"

#include <errno.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/stat.h>

#define DAYS(n) ((long)(n)*86400)
#define ROOT_DAYS (10 * 365 + 3)
#define INTERMEDIATE_DAYS (5 * 365 + 2)
#define BACKDATE DAYS (2) /* so that what begins with an hour can be issued at once */

static gboolean
refuse (GError **error, const char *message)
{
  return openssl_refuse (error, CA_ERROR_INTERNAL, message);
}

static gboolean
set_serial (X509 *certificate)
{
  guint8 bytes[20];
  BIGNUM *number;
  gboolean ok;

  if (RAND_bytes (bytes, sizeof bytes) != 1)
    return FALSE;
  bytes[0] = (bytes[0] & 0x7f) | 0x40;
  number = BN_bin2bn (bytes, sizeof bytes, NULL);
  ok = number != NULL && BN_to_ASN1_INTEGER (number, X509_get_serialNumber (certificate)) != NULL;
  BN_free (number);
  return ok;
}

static gboolean
set_name (X509_NAME *name, const char *role)
{
  g_autofree char *common_name = g_strdup_printf (DEMO_CA_MARK " %s", role);

  return X509_NAME_add_entry_by_NID (name, NID_organizationName, V_ASN1_UTF8STRING,
                                     (const guchar *)DEMO_CA_MARK, -1, -1, 0)
         && X509_NAME_add_entry_by_NID (name, NID_commonName, V_ASN1_UTF8STRING,
                                        (const guchar *)common_name, -1, -1, 0);
}

static gboolean
add_extension (X509 *certificate, X509 *issuer, int nid, const char *value)
{
  g_autoptr (X509_EXTENSION) extension = NULL;
  X509V3_CTX context;

  X509V3_set_ctx (&context, issuer, certificate, NULL, NULL, 0);
  extension = X509V3_EXT_conf_nid (NULL, &context, nid, value);
  return extension != NULL && X509_add_ext (certificate, extension, -1);
}

static gboolean
add_extensions (X509 *certificate, X509 *issuer)
{
  gboolean is_root = issuer == certificate;

  return add_extension (certificate, issuer, NID_basic_constraints,
                        is_root ? "critical,CA:TRUE" : "critical,CA:TRUE,pathlen:0")
         && add_extension (certificate, issuer, NID_key_usage, "critical,keyCertSign,cRLSign")
         && add_extension (certificate, issuer, NID_subject_key_identifier, "hash")
         && add_extension (certificate, issuer, NID_authority_key_identifier, "keyid:always");
}

/* `issuer` is NULL for the root, which signs itself. */
static X509 *
make_certificate (const char *role, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key, long days,
                  GError **error)
{
  g_autoptr (X509) certificate = X509_new ();
  X509 *above = issuer != NULL ? issuer : certificate;
  const char *digest = signature_default (issuer_key)->digest;

  if (certificate == NULL || !X509_set_version (certificate, X509_VERSION_3)
      || !set_serial (certificate) || !set_name (X509_get_subject_name (certificate), role)
      || !X509_set_issuer_name (certificate, X509_get_subject_name (above))
      || X509_gmtime_adj (X509_getm_notBefore (certificate), -BACKDATE) == NULL
      || X509_gmtime_adj (X509_getm_notAfter (certificate), DAYS (days)) == NULL
      || !X509_set_pubkey (certificate, key) || !add_extensions (certificate, above)
      || !X509_sign (certificate, issuer_key, EVP_get_digestbyname (digest)))
  {
    refuse (error, "a demo certificate can't be made");
    return NULL;
  }
  return g_steal_pointer (&certificate);
}

static gboolean
save (const char *folder, const char *name, const char *text, mode_t mode, GError **error)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  return file_create_durably (path, text, strlen (text), mode, error);
}

static char *
certificate_pem (X509 *certificate)
{
  guint8 *der = NULL;
  int length = i2d_X509 (certificate, &der);
  char *text = length > 0 ? pem_encode ("CERTIFICATE", der, (gsize)length) : NULL;

  OPENSSL_free (der);
  return text;
}

static gboolean
save_key (const char *folder, EVP_PKEY *key, GError **error)
{
  guint8 random[24];
  g_autofree char *passphrase = NULL;
  g_autofree char *line = NULL;
  g_autofree char *pem = NULL;
  gboolean saved;

  if (RAND_bytes (random, sizeof random) != 1)
    return refuse (error, "no random bytes for a passphrase");
  passphrase = hex_encode (random, sizeof random);
  line = g_strconcat (passphrase, "\n", NULL);
  pem = key_seal (key, passphrase, error);
  saved = pem != NULL && save (folder, "ca.passphrase", line, 0600, error)
          && save (folder, "ca.key", pem, 0600, error);
  OPENSSL_cleanse (random, sizeof random);
  OPENSSL_cleanse (passphrase, strlen (passphrase));
  OPENSSL_cleanse (line, strlen (line));
  return saved;
}

static gboolean
save_certificates (const char *folder, X509 *root, X509 *intermediate, GError **error)
{
  g_autofree char *root_pem = certificate_pem (root);
  g_autofree char *intermediate_pem = certificate_pem (intermediate);
  g_autofree char *chain = NULL;

  if (root_pem == NULL || intermediate_pem == NULL)
    return refuse (error, "the demo certificates can't be encoded");
  chain = g_strconcat (intermediate_pem, root_pem, NULL);
  return save (folder, "root.pem", root_pem, 0644, error)
         && save (folder, "ca.pem", chain, 0644, error);
}

static gboolean
check_absent (const char *folder, GError **error)
{
  static const char *const names[] = { "ca.key", "ca.passphrase", "ca.pem", "root.pem" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *path = g_build_filename (folder, names[i], NULL);

    if (g_file_test (path, G_FILE_TEST_EXISTS)) {
      g_set_error (error, CA_ERROR, CA_ERROR_CA_KEY,
                   "%s exists already and is not overwritten; remove the old demo CA first", path);
      return FALSE;
    }
  }
  return TRUE;
}

gboolean
demo_create (const char *folder, const char *key, GError **error)
{
  g_autoptr (EVP_PKEY) root_key = NULL;
  g_autoptr (EVP_PKEY) ca_key = NULL;
  g_autoptr (X509) root = NULL;
  g_autoptr (X509) intermediate = NULL;

  if (g_mkdir_with_parents (folder, 0755) < 0) {
    g_set_error (error, CA_ERROR, CA_ERROR_CA_KEY, "%s can't be made: %s", folder,
                 g_strerror (errno));
    return FALSE;
  }
  if (!check_absent (folder, error) || (root_key = key_make (key, error)) == NULL
      || (ca_key = key_make (key, error)) == NULL)
    return FALSE;
  root = make_certificate ("Root CA", root_key, NULL, root_key, ROOT_DAYS, error);
  if (root == NULL)
    return FALSE;
  intermediate = make_certificate ("Issuing CA", ca_key, root, root_key, INTERMEDIATE_DAYS, error);
  return intermediate != NULL && save_key (folder, ca_key, error)
         && save_certificates (folder, root, intermediate, error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See server-chain.h.
 */
#include "station/rehearse/server-chain.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/files.h"
#include "base/names.h"

#define DAY (24 * 60 * 60)
#define ROOT_DAYS (20 * 365)
#define SERVER_DAYS 90
#define SERIAL_BYTES 16

G_DEFINE_QUARK (keycradle - rehearse - error, rehearse_error)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509, X509_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_NAME, X509_NAME_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BIO, BIO_free_all)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BIGNUM, BN_free)

/* A certificate and its key. */
typedef struct {
  X509 *certificate;
  EVP_PKEY *key;
} Pair;

static void
pair_clear (Pair *pair)
{
  X509_free (pair->certificate);
  EVP_PKEY_free (pair->key);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pair, pair_clear)

gboolean
rehearse_fail (GError **error, const char *sentence)
{
  const char *said = ERR_reason_error_string (ERR_peek_last_error ());

  g_set_error (error, REHEARSE_ERROR, REHEARSE_ERROR_FAILED, "%s%s%s.", sentence,
               said != NULL ? ": " : "", said != NULL ? said : "");
  ERR_clear_error ();
  return FALSE;
}

static const char *
kind_word (ServerKind kind)
{
  return kind == SERVER_RSA ? "rsa" : "ecdsa";
}

/* ---- making ---- */

static EVP_PKEY *
make_key (ServerKind kind)
{
  return kind == SERVER_RSA ? EVP_RSA_gen (2048) : EVP_EC_gen ("P-256");
}

static gboolean
set_serial (X509 *certificate)
{
  guint8 bytes[SERIAL_BYTES];
  g_autoptr (BIGNUM) number = NULL;

  if (RAND_bytes (bytes, sizeof bytes) != 1)
    return FALSE;
  bytes[0] = (bytes[0] & 0x3f) | 0x40;
  number = BN_bin2bn (bytes, sizeof bytes, NULL);
  return number != NULL && BN_to_ASN1_INTEGER (number, X509_get_serialNumber (certificate)) != NULL;
}

static gboolean
set_subject (X509 *certificate, const char *name)
{
  g_autoptr (X509_NAME) subject = X509_NAME_new ();

  return subject != NULL
         && X509_NAME_add_entry_by_txt (subject, "O", MBSTRING_UTF8, (const guchar *)DEMO_CA_MARK,
                                        -1, -1, 0)
                == 1
         && X509_NAME_add_entry_by_txt (subject, "CN", MBSTRING_UTF8, (const guchar *)name, -1, -1,
                                        0)
                == 1
         && X509_set_subject_name (certificate, subject) == 1;
}

static gboolean
add_extension (X509 *certificate, X509 *issuer, int nid, const char *value)
{
  X509V3_CTX context;
  X509_EXTENSION *extension;
  gboolean added;

  X509V3_set_ctx (&context, issuer, certificate, NULL, NULL, 0);
  extension = X509V3_EXT_conf_nid (NULL, &context, nid, value);
  added = extension != NULL && X509_add_ext (certificate, extension, -1) == 1;
  X509_EXTENSION_free (extension);
  return added;
}

/* `endpoint` for the server itself, NULL for a CA. */
static gboolean
add_extensions (X509 *certificate, X509 *issuer, const char *endpoint)
{
  g_autofree char *names = endpoint != NULL ? g_strconcat ("DNS:", endpoint, NULL) : NULL;
  const gboolean is_root = certificate == issuer;

  if (!add_extension (certificate, issuer, NID_basic_constraints,
                      endpoint != NULL ? "critical,CA:FALSE"
                      : is_root        ? "critical,CA:TRUE"
                                       : "critical,CA:TRUE,pathlen:0")
      || !add_extension (certificate, issuer, NID_key_usage,
                         endpoint != NULL ? "critical,digitalSignature,keyEncipherment"
                                          : "critical,keyCertSign,cRLSign")
      || !add_extension (certificate, issuer, NID_subject_key_identifier, "hash"))
    return FALSE;
  if (!is_root
      && !add_extension (certificate, issuer, NID_authority_key_identifier, "keyid:always"))
    return FALSE;
  return endpoint == NULL
         || (add_extension (certificate, issuer, NID_ext_key_usage, "serverAuth")
             && add_extension (certificate, issuer, NID_subject_alt_name, names));
}

/* Signed by `issuer`, or by itself where that is NULL. */
static gboolean
make_certificate (Pair *pair, const Pair *issuer, const char *name, int days, const char *endpoint)
{
  const Pair *by = issuer != NULL ? issuer : pair;

  pair->certificate = X509_new ();
  return pair->certificate != NULL && pair->key != NULL
         && X509_set_version (pair->certificate, X509_VERSION_3) == 1
         && set_serial (pair->certificate) && set_subject (pair->certificate, name)
         && X509_set_issuer_name (pair->certificate, X509_get_subject_name (by->certificate)) == 1
         && X509_gmtime_adj (X509_getm_notBefore (pair->certificate), -DAY) != NULL
         && X509_gmtime_adj (X509_getm_notAfter (pair->certificate), (long)days * DAY) != NULL
         && X509_set_pubkey (pair->certificate, pair->key) == 1
         && add_extensions (pair->certificate, by->certificate, endpoint)
         && X509_sign (pair->certificate, by->key, EVP_sha256 ()) > 0;
}

/* ---- the root's files ---- */

static gboolean
write_bio (BIO *bio, const char *path, mode_t mode, GError **error)
{
  char *data;
  const long length = BIO_get_mem_data (bio, &data);

  return file_create_durably (path, data, (gsize)length, mode, error);
}

/* The key first: a certificate without it would never be completed. */
static gboolean
write_root (const Pair *root, const char *path, const char *key_path, GError **error)
{
  g_autoptr (BIO) certificate = BIO_new (BIO_s_mem ());
  g_autoptr (BIO) key = BIO_new (BIO_s_secmem ());

  if (certificate == NULL || key == NULL || PEM_write_bio_X509 (certificate, root->certificate) != 1
      || PEM_write_bio_PrivateKey (key, root->key, NULL, NULL, 0, NULL, NULL) != 1)
    return rehearse_fail (error, "The test root could not be encoded");
  return write_bio (key, key_path, 0600, error) && write_bio (certificate, path, 0644, error);
}

/* Asks for no passphrase, ever. */
static int
no_passphrase (char *buffer, int size, int writing, void *data)
{
  return -1;
}

static gboolean
read_pair (Pair *pair, const char *path, const char *key_path, GError **error)
{
  g_autoptr (BIO) certificate = BIO_new_file (path, "r");
  g_autoptr (BIO) key = BIO_new_file (key_path, "r");

  if (certificate != NULL)
    pair->certificate = PEM_read_bio_X509 (certificate, NULL, no_passphrase, NULL);
  if (key != NULL)
    pair->key = PEM_read_bio_PrivateKey (key, NULL, no_passphrase, NULL);
  if (pair->certificate != NULL && pair->key != NULL
      && X509_check_private_key (pair->certificate, pair->key) == 1)
    return TRUE;
  ERR_clear_error ();
  g_set_error (error, REHEARSE_ERROR, REHEARSE_ERROR_WRONG,
               "%s and %s are not a certificate and its key. Remove both, and a new test root is "
               "made, which devices must be given then.",
               path, key_path);
  return FALSE;
}

static gboolean
check_root (const Pair *root, ServerKind kind, const char *path, GError **error)
{
  const gboolean fits =
      EVP_PKEY_get_base_id (root->key) == (kind == SERVER_RSA ? EVP_PKEY_RSA : EVP_PKEY_EC);

  if (fits && X509_cmp_current_time (X509_get0_notAfter (root->certificate)) > 0)
    return TRUE;
  g_set_error (error, REHEARSE_ERROR, REHEARSE_ERROR_WRONG,
               "%s %s. Remove it and its key, and a new test root is made, which devices must be "
               "given then.",
               path, fits ? "has expired" : "has another kind of key than its name says");
  return FALSE;
}

static gboolean
open_root (Pair *root, ServerKind kind, const char *folder, GError **error)
{
  g_autofree char *path = g_strdup_printf ("%s/rehearsal-%s.pem", folder, kind_word (kind));
  g_autofree char *key_path = g_strdup_printf ("%s/rehearsal-%s.key", folder, kind_word (kind));
  g_autofree char *name =
      g_strdup_printf ("Keycradle rehearsal root, %s", kind == SERVER_RSA ? "RSA" : "ECDSA");

  if (g_file_test (path, G_FILE_TEST_EXISTS))
    return read_pair (root, path, key_path, error) && check_root (root, kind, path, error);
  if (g_mkdir_with_parents (folder, 0755) != 0) {
    g_set_error (error, G_FILE_ERROR, (int)g_file_error_from_errno (errno), "%s can't be made: %s.",
                 folder, g_strerror (errno));
    return FALSE;
  }
  root->key = make_key (kind);
  if (!make_certificate (root, NULL, name, ROOT_DAYS, NULL))
    return rehearse_fail (error, "The test root could not be made");
  return write_root (root, path, key_path, error);
}

/* ---- the chain ---- */

static gboolean
use_chain (SSL_CTX *context, const Pair *server, const Pair *between)
{
  return SSL_CTX_use_certificate (context, server->certificate) == 1
         && SSL_CTX_use_PrivateKey (context, server->key) == 1
         && SSL_CTX_add1_chain_cert (context, between->certificate) == 1;
}

gboolean
server_chain_make (SSL_CTX *context, ServerKind kind, const char *endpoint, const char *folder,
                   GError **error)
{
  g_auto (Pair) root = { 0 };
  g_auto (Pair) between = { 0 };
  g_auto (Pair) server = { 0 };

  if (!open_root (&root, kind, folder, error))
    return FALSE;
  between.key = make_key (kind);
  server.key = make_key (kind);
  if (!make_certificate (&between, &root, "Keycradle rehearsal server CA", SERVER_DAYS, NULL)
      || !make_certificate (&server, &between, "Keycradle rehearsal", SERVER_DAYS, endpoint)
      || !use_chain (context, &server, &between))
    return rehearse_fail (error, "The server's chain could not be made");
  return TRUE;
}

gboolean
server_chain_load (SSL_CTX *context, const char *certificate, const char *key, ServerKind *kind,
                   GError **error)
{
  X509 *own;

  SSL_CTX_set_default_passwd_cb (context, no_passphrase);
  if (SSL_CTX_use_certificate_chain_file (context, certificate) != 1
      || SSL_CTX_use_PrivateKey_file (context, key, SSL_FILETYPE_PEM) != 1
      || SSL_CTX_check_private_key (context) != 1)
  {
    g_autofree char *shown = g_filename_display_name (certificate);
    g_autofree char *sentence =
        g_strdup_printf ("%s and its key can't be used as the server's", shown);
    return rehearse_fail (error, sentence);
  }
  own = SSL_CTX_get0_certificate (context);
  *kind = EVP_PKEY_get_base_id (X509_get0_pubkey (own)) == EVP_PKEY_EC ? SERVER_ECDSA : SERVER_RSA;
  return TRUE;
}

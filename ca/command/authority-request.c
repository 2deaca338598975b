/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See authority-request.h. The key is on the disk before anything is asked for it, so that no root
 * ever signs for a key that was lost. Cut off in between, ca.key stands alone: no request, no CA.
 */
#include "ca/command/authority-request.h"

#include "base/der-write.h"
#include "base/encode.h"
#include "base/files.h"
#include "ca/command/key-make.h"
#include "ca/judge/csr.h"
#include "ca/keystore/keystore.h"
#include "ca/openssl.h"
#include "ca/profile/subject.h"

#include <errno.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/stat.h>

/* pkcs-9-at-extensionRequest, RFC 2985, section 5.4.2. */
static const guint8 oid_extension_request[] = {
  0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x0e
};

/* Either one that was made just now, or one in a keystore. */
typedef struct {
  EVP_PKEY *made;
  Keystore *keystore;
  EVP_PKEY *public_key; /* lent */
} RequestKey;

static gboolean
refuse (GError **error, const char *message)
{
  return openssl_refuse (error, CA_ERROR_INTERNAL, message);
}

/* Appends what OpenSSL encoded, and frees it. */
static gboolean
take (GByteArray *out, guint8 *der, int length, GError **error)
{
  if (length <= 0)
    return refuse (error, "the request can't be made");
  g_byte_array_append (out, der, (guint)length);
  OPENSSL_free (der);
  return TRUE;
}

static gboolean
put_extension (GByteArray *out, int nid, const char *value, GError **error)
{
  g_autoptr (X509_EXTENSION) extension = X509V3_EXT_conf_nid (NULL, NULL, nid, value);
  guint8 *der = NULL;
  int length = extension != NULL ? i2d_X509_EXTENSION (extension, &der) : -1;

  return take (out, der, length, error);
}

/* [0] { SEQUENCE { extensionRequest, SET { Extensions } } } */
static gboolean
put_attributes (GByteArray *out, GError **error)
{
  guint start = out->len;
  guint value;

  der_put (out, DER_OID, oid_extension_request, sizeof oid_extension_request);
  value = out->len;
  if (!put_extension (out, NID_basic_constraints, "critical,CA:TRUE,pathlen:0", error)
      || !put_extension (out, NID_key_usage, "critical,keyCertSign,cRLSign", error))
    return FALSE;
  der_wrap (out, value, DER_SEQUENCE);
  der_wrap (out, value, DER_SET);
  der_wrap (out, start, DER_SEQUENCE);
  der_wrap (out, start, DER_CONTEXT_0);
  return TRUE;
}

static gboolean
put_key (GByteArray *out, EVP_PKEY *key, GError **error)
{
  guint8 *der = NULL;
  int length = i2d_PUBKEY (key, &der);

  return take (out, der, length, error);
}

/* CertificationRequestInfo, RFC 2986, section 4.1. */
static gboolean
put_info (GByteArray *out, X509_NAME *subject, EVP_PKEY *key, GError **error)
{
  static const guint8 version_1[] = { 0 };
  guint8 *name = NULL;
  int length = i2d_X509_NAME (subject, &name);

  der_put (out, DER_INTEGER, version_1, sizeof version_1);
  if (!take (out, name, length, error) || !put_key (out, key, error)
      || !put_attributes (out, error))
    return FALSE;
  der_wrap (out, 0, DER_SEQUENCE);
  return TRUE;
}

static gboolean
make_signature (const RequestKey *key, const SignatureAlgorithm *algorithm, Span data,
                GByteArray *out, GError **error)
{
  return key->keystore != NULL ? keystore_sign (key->keystore, algorithm, data, out, error)
                               : signature_make (algorithm, NULL, key->made, data, out, error);
}

static gboolean
sign (GByteArray *out, const RequestKey *key, GError **error)
{
  const SignatureAlgorithm *algorithm = signature_default (key->public_key);
  g_autofree guint8 *info = g_memdup2 (out->data, out->len);
  const Span signed_part = { info, out->len };
  guint start;

  if (algorithm == NULL)
    return refuse (error, "the key is of a kind that can't be a CA's");
  g_byte_array_append (out, algorithm->identifier.data, (guint)algorithm->identifier.length);
  start = out->len;
  g_byte_array_append (out, (const guint8 *)"", 1); /* a BIT STRING's count of unused bits */
  if (!make_signature (key, algorithm, signed_part, out, error))
    return FALSE;
  der_wrap (out, start, DER_BIT_STRING);
  der_wrap (out, 0, DER_SEQUENCE);
  return TRUE;
}

/* By OpenSSL's own reader. */
static gboolean
verify (const GByteArray *request, EVP_PKEY *key, GError **error)
{
  const guint8 *at = request->data;
  X509_REQ *read = d2i_X509_REQ (NULL, &at, (long)request->len);
  gboolean ok =
      read != NULL && at == request->data + request->len && X509_REQ_verify (read, key) == 1;

  X509_REQ_free (read);
  return ok || refuse (error, "the request just made does not verify");
}

static gboolean
save (const char *folder, const char *name, const char *text, mode_t mode, GError **error)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GError) problem = NULL;

  if (file_create_durably (path, text, strlen (text), mode, &problem))
    return TRUE;
  g_set_error_literal (error, CA_ERROR, CA_ERROR_CA_KEY, problem->message);
  return FALSE;
}

/* A CA is held to what devices are held to; that judge does not know DSA. */
static gboolean
judge (const GByteArray *request, EVP_PKEY *key, GError **error)
{
  Csr csr;

  return EVP_PKEY_is_a (key, "DSA")
         || csr_judge (request->data, request->len, NULL, &csr, NULL, error);
}

static gboolean
write_request (const AuthorityRequest *wanted, const RequestKey *key, X509_NAME *subject,
               GError **error)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autofree char *pem = NULL;

  if (!put_info (out, subject, key->public_key, error) || !sign (out, key, error)
      || !verify (out, key->public_key, error) || !judge (out, key->public_key, error))
    return FALSE;
  pem = pem_encode ("CERTIFICATE REQUEST", out->data, out->len);
  return save (wanted->folder, CA_REQUEST_FILE, pem, 0644, error);
}

/* ---- the key ---- */

static void
request_key_clear (RequestKey *key)
{
  EVP_PKEY_free (key->made);
  keystore_close (key->keystore);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RequestKey, request_key_clear)

static gboolean
make_key (const AuthorityRequest *wanted, RequestKey *key, GError **error)
{
  g_autoptr (Passphrase) passphrase = NULL;
  g_autofree char *pem = NULL;

  passphrase = passphrase_for_new_key (wanted->passphrase_file, error);
  key->made = passphrase != NULL ? key_make (wanted->key, error) : NULL;
  key->public_key = key->made;
  pem = key->made != NULL ? key_seal (key->made, passphrase->text, error) : NULL;
  return pem != NULL && save (wanted->folder, CA_KEY_FILE, pem, 0600, error);
}

static gboolean
find_key (const AuthorityRequest *wanted, RequestKey *key, GError **error)
{
  const PassphraseSource passphrase = { .file = (char *)wanted->passphrase_file, .fd = -1 };
  const KeystoreSource source = { .uri = wanted->key_uri, .passphrase = &passphrase };
  g_autofree char *problem = NULL;

  key->keystore = keystore_open (&source, error);
  if (key->keystore == NULL)
    return FALSE;
  key->public_key = keystore_public_key (key->keystore);
  if (key->public_key != NULL)
    return TRUE;
  problem = keystore_problem (key->keystore);
  g_set_error (error, CA_ERROR, CA_ERROR_CA_TOKEN, "the token does not answer: %s", problem);
  return FALSE;
}

/* ---- the folder ---- */

static gboolean
check_absent (const char *folder, const char *name, const char *advice, GError **error)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return TRUE;
  g_set_error (error, CA_ERROR, CA_ERROR_CA_KEY, "%s exists already and is not overwritten; %s",
               path, advice);
  return FALSE;
}

/* Only a file that this very key is in may stand there already: it was made, and then the power
 * failed. */
static gboolean
prepare_folder (const AuthorityRequest *wanted, GError **error)
{
  static const char another[] = "give each CA a folder of its own";

  if (g_mkdir_with_parents (wanted->folder, 0755) < 0) {
    g_set_error (error, CA_ERROR, CA_ERROR_CA_KEY, "%s can't be made: %s", wanted->folder,
                 g_strerror (errno));
    return FALSE;
  }
  return check_absent (wanted->folder, CA_CERTIFICATE_FILE, another, error)
         && check_absent (wanted->folder, CA_REQUEST_FILE, another, error)
         && (wanted->key_uri != NULL
             || check_absent (wanted->folder, CA_KEY_FILE,
                              "give each CA a folder of its own, or, if the request for this key "
                              "was never made, --key-uri=file:FOLDER/ca.key",
                              error));
}

char *
authority_request (const AuthorityRequest *wanted, GError **error)
{
  static const SubjectValues none = { 0 };
  g_autoptr (X509_NAME) subject = subject_fill (wanted->subject, &none, error);
  g_autoptr (GByteArray) spki = g_byte_array_new ();
  g_auto (RequestKey) key = { 0 };

  if (subject == NULL || !prepare_folder (wanted, error))
    return NULL;
  if (wanted->key_uri != NULL ? !find_key (wanted, &key, error) : !make_key (wanted, &key, error))
    return NULL;
  if (!write_request (wanted, &key, subject, error) || !put_key (spki, key.public_key, error))
    return NULL;
  return sha256_hex (spki->data, spki->len);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Requests are put together by hand around OpenSSL's CertificationRequestInfo,
 * because some devices encode the algorithm in their own way and some faults
 * need a signature that is well-formed and wrong.
 */
#include "drivers/simulator/chip.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <string.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_REQ, X509_REQ_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_NAME, X509_NAME_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509, X509_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BIO, BIO_free_all)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_MD_CTX, EVP_MD_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ECDSA_SIG, ECDSA_SIG_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ASN1_BIT_STRING, ASN1_BIT_STRING_free)

typedef struct {
  guint rsa_bits;
  const char *curve;
} KeyRecipe;

static const KeyRecipe recipes[N_KEY_KINDS] = {
  [KEY_KIND_RSA_2048] = { .rsa_bits = 2048 }, [KEY_KIND_RSA_3072] = { .rsa_bits = 3072 },
  [KEY_KIND_RSA_4096] = { .rsa_bits = 4096 }, [KEY_KIND_P256] = { .curve = "P-256" },
  [KEY_KIND_P384] = { .curve = "P-384" },     [KEY_KIND_P521] = { .curve = "P-521" },
};

static EVP_PKEY *
key_by_recipe (const KeyRecipe *recipe)
{
  if (recipe->rsa_bits > 0)
    return EVP_RSA_gen (recipe->rsa_bits);
  return EVP_EC_gen (recipe->curve);
}

EVP_PKEY *
chip_make_key (KeyKind kind)
{
  return key_by_recipe (&recipes[kind]);
}

EVP_PKEY *
chip_make_weak_key (KeyKind kind)
{
  const KeyRecipe weak_rsa = { .rsa_bits = 1024 }, weak_ec = { .curve = "P-224" };

  return key_by_recipe (recipes[kind].rsa_bits > 0 ? &weak_rsa : &weak_ec);
}

static const EVP_MD *
digest_of (EVP_PKEY *key)
{
  int bits = EVP_PKEY_get_bits (key);

  if (!EVP_PKEY_is_a (key, "EC") || bits <= 256)
    return EVP_sha256 ();
  return bits <= 384 ? EVP_sha384 () : EVP_sha512 ();
}

static GBytes *
sign_with (EVP_PKEY *key, const EVP_MD *digest, const void *data, gsize length)
{
  g_autoptr (EVP_MD_CTX) context = EVP_MD_CTX_new ();
  g_autofree guint8 *signature = NULL;
  size_t size = 0;

  if (EVP_DigestSignInit (context, NULL, digest, NULL, key) != 1
      || EVP_DigestSign (context, NULL, &size, data, length) != 1)
    return NULL;
  signature = g_malloc (size);
  if (EVP_DigestSign (context, signature, &size, data, length) != 1)
    return NULL;
  return g_bytes_new_take (g_steal_pointer (&signature), size);
}

GBytes *
chip_sign (EVP_PKEY *key, const void *data, gsize length)
{
  return sign_with (key, EVP_sha256 (), data, length);
}

GBytes *
chip_sign_raw (EVP_PKEY *key, const void *data, gsize length)
{
  g_autoptr (GBytes) der = chip_sign (key, data, length);
  g_autoptr (ECDSA_SIG) signature = NULL;
  const guint8 *at;
  guint8 raw[64];
  gsize size;

  if (der == NULL)
    return NULL;
  at = g_bytes_get_data (der, &size);
  signature = d2i_ECDSA_SIG (NULL, &at, (long)size);
  if (signature == NULL || BN_bn2binpad (ECDSA_SIG_get0_r (signature), raw, 32) != 32
      || BN_bn2binpad (ECDSA_SIG_get0_s (signature), raw + 32, 32) != 32)
    return NULL;
  return g_bytes_new (raw, sizeof raw);
}

GBytes *
chip_public_key (EVP_PKEY *key)
{
  unsigned char *der = NULL;
  int length = i2d_PUBKEY (key, &der);
  GBytes *bytes = length > 0 ? g_bytes_new (der, (gsize)length) : NULL;

  OPENSSL_free (der);
  return bytes;
}

static char *
bio_text (BIO *bio)
{
  char *data;
  long length = BIO_get_mem_data (bio, &data);

  return g_strndup (data, (gsize)length);
}

char *
chip_private_pem (EVP_PKEY *key)
{
  g_autoptr (BIO) bio = BIO_new (BIO_s_mem ());

  if (PEM_write_bio_PKCS8PrivateKey (bio, key, NULL, NULL, 0, NULL, NULL) != 1)
    return NULL;
  return bio_text (bio);
}

GBytes *
chip_private_der (EVP_PKEY *key)
{
  unsigned char *der = NULL;
  int length = i2d_PrivateKey (key, &der);
  GBytes *bytes = length > 0 ? g_bytes_new (der, (gsize)length) : NULL;

  OPENSSL_free (der);
  return bytes;
}

EVP_PKEY *
chip_parse_private_pem (const char *pem)
{
  g_autoptr (BIO) bio = BIO_new_mem_buf (pem, -1);

  return PEM_read_bio_PrivateKey (bio, NULL, NULL, NULL);
}

/* "CN=x,O=y" as a name; a comma inside a value can't be written, as on the devices. */
static X509_NAME *
parse_subject (const char *text)
{
  g_autoptr (X509_NAME) name = X509_NAME_new ();
  g_auto (GStrv) parts = g_strsplit (text, ",", -1);

  for (char **part = parts; *part != NULL; part++) {
    char *value = strchr (*part, '=');

    if (value == NULL)
      return NULL;
    *value++ = '\0';
    if (X509_NAME_add_entry_by_txt (name, g_strstrip (*part), MBSTRING_UTF8,
                                    (const unsigned char *)value, -1, -1, 0)
        != 1)
      return NULL;
  }
  return g_steal_pointer (&name);
}

static void
add_bits (STACK_OF (X509_EXTENSION) * extensions, int nid, const char *bits)
{
  g_autoptr (ASN1_BIT_STRING) value = ASN1_BIT_STRING_new ();

  for (int i = 0; bits[i] != '\0'; i++)
    ASN1_BIT_STRING_set_bit (value, i, bits[i] == '1');
  sk_X509_EXTENSION_push (extensions, X509V3_EXT_i2d (nid, 0, value));
}

static void
add_extensions (X509_REQ *req, const ChipRequest *request)
{
  STACK_OF (X509_EXTENSION) *extensions = sk_X509_EXTENSION_new_null ();

  if (request->key_usage != NULL)
    add_bits (extensions, NID_key_usage, request->key_usage);
  if (request->client_type)
    add_bits (extensions, NID_netscape_cert_type, "1");
  if (sk_X509_EXTENSION_num (extensions) > 0)
    X509_REQ_add_extensions (req, extensions);
  sk_X509_EXTENSION_pop_free (extensions, X509_EXTENSION_free);
}

/* The CertificationRequestInfo in DER. */
static GBytes *
request_info (EVP_PKEY *key, const ChipRequest *request)
{
  g_autoptr (X509_REQ) req = X509_REQ_new ();
  g_autoptr (X509_NAME) name = parse_subject (request->subject);
  unsigned char *der = NULL;
  GBytes *bytes;
  int length;

  if (name == NULL || X509_REQ_set_subject_name (req, name) != 1
      || X509_REQ_set_pubkey (req, key) != 1)
    return NULL;
  add_extensions (req, request);
  length = i2d_re_X509_REQ_tbs (req, &der);
  bytes = length > 0 ? g_bytes_new (der, (gsize)length) : NULL;
  OPENSSL_free (der);
  return bytes;
}

static void
der_append (GByteArray *into, guint8 tag, const void *data, gsize length)
{
  guint8 head[4] = { tag, (guint8)length };
  guint size = 2;

  if (length > 255) {
    head[1] = 0x82;
    head[2] = (guint8)(length >> 8);
    head[3] = (guint8)length;
    size = 4;
  }
  else if (length > 127) {
    head[1] = 0x81;
    head[2] = (guint8)length;
    size = 3;
  }
  g_byte_array_append (into, head, size);
  g_byte_array_append (into, data, (guint)length);
}

static void
der_append_algorithm (GByteArray *into, EVP_PKEY *key, gboolean null_parameter)
{
  static const guint8 null[] = { 0x05, 0x00 };
  g_autoptr (GByteArray) algorithm = g_byte_array_new ();
  gboolean is_ec = EVP_PKEY_is_a (key, "EC");
  unsigned char *oid = NULL;
  int signature, length;

  OBJ_find_sigid_by_algs (&signature, EVP_MD_get_type (digest_of (key)),
                          is_ec ? NID_X9_62_id_ecPublicKey : NID_rsaEncryption);
  length = i2d_ASN1_OBJECT (OBJ_nid2obj (signature), &oid);
  g_byte_array_append (algorithm, oid, (guint)length);
  OPENSSL_free (oid);
  if (!is_ec || null_parameter)
    g_byte_array_append (algorithm, null, sizeof null);
  der_append (into, 0x30, algorithm->data, algorithm->len);
}

static GBytes *
request_signature (EVP_PKEY *key, GBytes *info, gboolean bad)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (info, &length);

  return sign_with (key, digest_of (key), data, bad ? length - 1 : length);
}

GBytes *
chip_make_csr (EVP_PKEY *key, const ChipRequest *request)
{
  g_autoptr (GBytes) info = request_info (key, request);
  g_autoptr (GBytes) signature = NULL;
  g_autoptr (GByteArray) bits = g_byte_array_new ();
  g_autoptr (GByteArray) body = g_byte_array_new ();
  GByteArray *whole = g_byte_array_new ();

  if (info != NULL)
    signature = request_signature (key, info, request->bad_signature);
  if (signature == NULL) {
    g_byte_array_unref (whole);
    return NULL;
  }
  g_byte_array_append (body, g_bytes_get_data (info, NULL), (guint)g_bytes_get_size (info));
  der_append_algorithm (body, key, request->null_parameter);
  g_byte_array_append (bits, (const guint8 *)"", 1);
  g_byte_array_append (bits, g_bytes_get_data (signature, NULL),
                       (guint)g_bytes_get_size (signature));
  der_append (body, 0x03, bits->data, bits->len);
  der_append (whole, 0x30, body->data, body->len);
  return g_byte_array_free_to_bytes (whole);
}

GBytes *
chip_make_other_certificate (EVP_PKEY *key)
{
  g_autoptr (X509) certificate = X509_new ();
  g_autoptr (X509_NAME) name = parse_subject ("CN=another certificate");
  unsigned char *der = NULL;
  GBytes *bytes;
  int length;

  X509_set_version (certificate, X509_VERSION_3);
  ASN1_INTEGER_set (X509_get_serialNumber (certificate), 1);
  X509_gmtime_adj (X509_getm_notBefore (certificate), 0);
  X509_gmtime_adj (X509_getm_notAfter (certificate), 24 * 3600);
  X509_set_subject_name (certificate, name);
  X509_set_issuer_name (certificate, name);
  X509_set_pubkey (certificate, key);
  if (X509_sign (certificate, key, digest_of (key)) == 0)
    return NULL;
  length = i2d_X509 (certificate, &der);
  bytes = g_bytes_new (der, (gsize)length);
  OPENSSL_free (der);
  return bytes;
}

gboolean
chip_is_certificate (GBytes *der)
{
  gsize length;
  const guint8 *start = g_bytes_get_data (der, &length), *end = start;
  g_autoptr (X509) certificate = d2i_X509 (NULL, &end, (long)length);

  return certificate != NULL && end == start + length;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See make-entry.h. One certificate is made with OpenSSL; of the others only serial, name, key and
 * signature are other bytes in the same places. Whatever goes wrong here ends the program.
 */
#include "tests/unit/ca/make-entry.h"

#include "base/certificate.h"
#include "base/der-write.h"
#include "base/encode.h"
#include "ca/openssl.h"
#include "ca/proof/merkle.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#define SERIAL 16
#define POINT 64
#define DEVICE "SN-0000000000"

static const guint8 ecdsa_with_sha256[] = { 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                            0x48, 0xce, 0x3d, 0x04, 0x03, 0x02 };

struct EntryMaker {
  X509 *authority;
  GBytes *authority_der;
  guint8 origin[LOG_HASH];
  EVP_PKEY *key;
  gboolean real;
  guint8 profile_sha256[LOG_HASH];
  guint8 *tbs; /* and where in it the parts stand that change */
  gsize tbs_length;
  guint8 *serial;
  guint8 *device;
  Span spki;
  GByteArray *certificate;
  char batch[16];
  char product[16];
};

static BIO *
open_pem (const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  BIO *file = BIO_new_file (path, "r");

  g_assert_nonnull (file);
  return file;
}

static GBytes *
der_of (X509 *certificate)
{
  guint8 *der = NULL;
  int length = i2d_X509 (certificate, &der);
  GBytes *bytes;

  g_assert_cmpint (length, >, 0);
  bytes = g_bytes_new (der, (gsize)length);
  OPENSSL_free (der);
  return bytes;
}

static void
add_extension (X509 *certificate, X509 *issuer, int nid, const char *value)
{
  g_autoptr (X509_EXTENSION) extension = NULL;
  X509V3_CTX context;

  X509V3_set_ctx (&context, issuer, certificate, NULL, NULL, 0);
  extension = X509V3_EXT_conf_nid (NULL, &context, nid, value);
  g_assert_true (extension != NULL && X509_add_ext (certificate, extension, -1));
}

/* With a serial number of SERIAL bytes. */
static X509 *
make_template (const EntryMaker *maker)
{
  X509 *certificate = X509_new ();
  g_autoptr (EVP_PKEY) key = EVP_EC_gen ("P-256");
  guint8 serial[SERIAL] = { 0x40 };
  BIGNUM *number = BN_bin2bn (serial, sizeof serial, NULL);
  X509_NAME *name = X509_get_subject_name (certificate);

  X509_set_version (certificate, X509_VERSION_3);
  BN_to_ASN1_INTEGER (number, X509_get_serialNumber (certificate));
  BN_free (number);
  X509_NAME_add_entry_by_txt (name, "O", MBSTRING_UTF8, (const guchar *)"Example", -1, -1, 0);
  X509_NAME_add_entry_by_txt (name, "CN", MBSTRING_UTF8, (const guchar *)DEVICE, -1, -1, 0);
  X509_set_issuer_name (certificate, X509_get_subject_name (maker->authority));
  X509_gmtime_adj (X509_getm_notBefore (certificate), 0);
  X509_gmtime_adj (X509_getm_notAfter (certificate), 3650L * 86400);
  X509_set_pubkey (certificate, key);
  add_extension (certificate, maker->authority, NID_basic_constraints, "critical,CA:FALSE");
  add_extension (certificate, maker->authority, NID_key_usage, "critical,digitalSignature");
  add_extension (certificate, maker->authority, NID_ext_key_usage, "clientAuth");
  add_extension (certificate, maker->authority, NID_authority_key_identifier, "keyid:always");
  g_assert_cmpint (X509_sign (certificate, maker->key, EVP_sha256 ()), >, 0);
  return certificate;
}

static guint8 *
place_in (EntryMaker *maker, const guint8 *whole, const guint8 *part)
{
  return maker->tbs + (part - whole);
}

static void
take_template (EntryMaker *maker)
{
  X509 *template = make_template (maker);
  g_autoptr (GBytes) der = der_of (template);
  CertificateParts parts;
  int length = i2d_re_X509_tbs (template, &maker->tbs);
  const guint8 *whole, *found;

  g_assert_cmpint (length, >, 0);
  maker->tbs_length = (gsize)length;
  whole =
      memmem (g_bytes_get_data (der, NULL), g_bytes_get_size (der), maker->tbs, maker->tbs_length);
  g_assert_true (certificate_split (g_bytes_get_data (der, NULL), g_bytes_get_size (der), &parts));
  found = memmem (parts.subject.data, parts.subject.length, DEVICE, strlen (DEVICE));
  g_assert_true (whole != NULL && found != NULL && parts.serial.length == SERIAL);
  maker->serial = place_in (maker, whole, parts.serial.data);
  maker->device = place_in (maker, whole, found);
  maker->spki = (Span){ place_in (maker, whole, parts.spki.data), parts.spki.length };
  X509_free (template);
}

static void
take_authority (EntryMaker *maker, const char *folder)
{
  g_autoptr (BIO) certificate = open_pem (folder, "ca.pem");
  g_autoptr (BIO) key = open_pem (folder, "ca.key");
  g_autofree char *secret_path = g_build_filename (folder, "ca.passphrase", NULL);
  g_autofree char *secret = NULL;
  CertificateParts parts;

  if (g_file_get_contents (secret_path, &secret, NULL, NULL))
    g_strchomp (secret);
  maker->authority = PEM_read_bio_X509 (certificate, NULL, NULL, NULL);
  maker->key = PEM_read_bio_PrivateKey (key, NULL, NULL, secret);
  g_assert_true (maker->authority != NULL && maker->key != NULL);
  maker->authority_der = der_of (maker->authority);
  g_assert_true (certificate_split (g_bytes_get_data (maker->authority_der, NULL),
                                    g_bytes_get_size (maker->authority_der), &parts));
  EVP_Digest (parts.spki.data, parts.spki.length, maker->origin, NULL, EVP_sha256 (), NULL);
}

static void
take_profile (EntryMaker *maker, const char *folder)
{
  g_autofree char *path = g_build_filename (folder, "profiles.d", "sensor.profile", NULL);
  g_autofree char *text = NULL;
  gsize length;

  g_assert_true (g_file_get_contents (path, &text, &length, NULL));
  EVP_Digest (text, length, maker->profile_sha256, NULL, EVP_sha256 (), NULL);
}

EntryMaker *
entry_maker_new (const char *folder, gboolean real)
{
  EntryMaker *maker = g_new0 (EntryMaker, 1);

  maker->real = real;
  maker->certificate = g_byte_array_new ();
  take_authority (maker, folder);
  take_profile (maker, folder);
  take_template (maker);
  return maker;
}

void
entry_maker_free (EntryMaker *maker)
{
  X509_free (maker->authority);
  EVP_PKEY_free (maker->key);
  g_bytes_unref (maker->authority_der);
  OPENSSL_free (maker->tbs);
  g_byte_array_unref (maker->certificate);
  g_free (maker);
}

const guint8 *
entry_maker_origin (const EntryMaker *maker)
{
  return maker->origin;
}

Span
entry_maker_authority (const EntryMaker *maker)
{
  return (Span){ g_bytes_get_data (maker->authority_der, NULL),
                 g_bytes_get_size (maker->authority_der) };
}

/* ---- one entry ---- */

/* 32 bytes that come once. */
static void
noise (guint64 number, guint what, guint8 bytes[LOG_HASH])
{
  const guint64 seed[] = { number, what };

  merkle_leaf_hash ((const guint8 *)seed, sizeof seed, bytes);
}

static void
put_key (EntryMaker *maker, guint64 number)
{
  guint8 *point = (guint8 *)maker->spki.data + maker->spki.length - POINT;

  if (maker->real) {
    g_autoptr (EVP_PKEY) key = EVP_EC_gen ("P-256");
    guint8 encoded[POINT + 1];
    gsize length;

    g_assert_true (EVP_PKEY_get_octet_string_param (key, "pub", encoded, sizeof encoded, &length));
    memcpy (point, encoded + 1, POINT);
    return;
  }
  noise (number, 0, point);
  noise (number, 1, point + POINT / 2);
}

static void
put_integer (GByteArray *out, guint8 bytes[LOG_HASH])
{
  bytes[0] = (guint8)((bytes[0] & 0x3f) | 0x40); /* positive, and as short as it looks */
  der_put (out, DER_INTEGER, bytes, LOG_HASH);
}

static void
put_signature (EntryMaker *maker, guint64 number, GByteArray *out)
{
  const guint start = out->len;
  guint8 bytes[128];
  gsize length = sizeof bytes;
  EVP_MD_CTX *context;

  if (!maker->real) {
    for (guint i = 0; i < 2; i++) {
      noise (number, 2 + i, bytes);
      put_integer (out, bytes);
    }
    der_wrap (out, start, DER_SEQUENCE);
    return;
  }
  context = EVP_MD_CTX_new ();
  g_assert_true (EVP_DigestSignInit (context, NULL, EVP_sha256 (), NULL, maker->key)
                 && EVP_DigestSign (context, bytes, &length, maker->tbs, maker->tbs_length));
  g_byte_array_append (out, bytes, (guint)length);
  EVP_MD_CTX_free (context);
}

static void
put_certificate (EntryMaker *maker, guint64 number)
{
  GByteArray *out = maker->certificate;
  guint start;

  g_byte_array_set_size (out, 0);
  g_byte_array_append (out, maker->tbs, (guint)maker->tbs_length);
  g_byte_array_append (out, ecdsa_with_sha256, sizeof ecdsa_with_sha256);
  start = out->len;
  g_byte_array_append (out, (const guint8 *)"", 1); /* no unused bits */
  put_signature (maker, number, out);
  der_wrap (out, start, DER_BIT_STRING);
  der_wrap (out, 0, DER_SEQUENCE);
}

void
entry_make (EntryMaker *maker, guint64 number, LogEntry *entry)
{
  guint8 serial[LOG_HASH];
  char device[32];

  *entry = (LogEntry){ .type = LOG_ENTRY_CERTIFICATE };
  noise (number, 4, serial);
  serial[0] = (guint8)((serial[0] & 0x3f) | 0x40);
  memcpy (maker->serial, serial, SERIAL);
  g_snprintf (device, sizeof device, "SN-%010" G_GUINT64_FORMAT, number);
  memcpy (maker->device, device, strlen (DEVICE));
  put_key (maker, number);
  put_certificate (maker, number);
  g_snprintf (maker->batch, sizeof maker->batch, "B-%05" G_GUINT64_FORMAT,
              number / ENTRIES_A_BATCH);
  entry->batch = span_of_text (maker->batch);
  entry->profile = span_of_text ("sensor");
  entry->product = span_of_text ("thermometer");
  entry->device = (Span){ maker->device, strlen (DEVICE) };
  memcpy (entry->profile_sha256, maker->profile_sha256, LOG_HASH);
  noise (number, 5, entry->csr_sha256);
  EVP_Digest (maker->spki.data, maker->spki.length, entry->spki_sha256, NULL, EVP_sha256 (), NULL);
  entry->certificate = (Span){ maker->certificate->data, maker->certificate->len };
}

void
entry_frame (const LogEntry *entry, GByteArray *frame)
{
  g_autoptr (GByteArray) bytes = log_entry_encode (entry);
  guint8 number[4], hash[LOG_HASH];

  log_write_u32 (number, bytes->len);
  merkle_leaf_hash (bytes->data, bytes->len, hash);
  g_byte_array_append (frame, number, sizeof number);
  g_byte_array_append (frame, bytes->data, bytes->len);
  g_byte_array_append (frame, hash, sizeof hash);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * OpenSSL's view of a certificate, flattened.
 */
#include "db/certificate-fields.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <time.h>

#include "base/encode.h"
#include "db/ledger.h"

/* UTF-8 stays UTF-8; what could confuse a terminal is escaped. */
#define SUBJECT_FLAGS (XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB)
#define LONGEST_SERIAL 20

G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509, X509_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BIO, BIO_free_all)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BIGNUM, BN_free)

static GBytes *
serial_of (const X509 *certificate)
{
  guint8 number[LONGEST_SERIAL];
  g_autoptr (BIGNUM) serial = ASN1_INTEGER_to_BN (X509_get0_serialNumber (certificate), NULL);

  if (serial == NULL || BN_is_negative (serial) || BN_is_zero (serial)
      || BN_num_bytes (serial) > LONGEST_SERIAL)
    return NULL;
  return g_bytes_new (number, (gsize)BN_bn2bin (serial, number));
}

static GBytes *
digest_of (GBytes *data, const EVP_MD *kind)
{
  guint8 digest[EVP_MAX_MD_SIZE];
  unsigned int length;

  if (!EVP_Digest (g_bytes_get_data (data, NULL), g_bytes_get_size (data), digest, &length, kind,
                   NULL))
    return NULL;
  return g_bytes_new (digest, length);
}

static GBytes *
spki_sha256_of (const X509 *certificate)
{
  guint8 *der = NULL;
  int length = i2d_X509_PUBKEY (X509_get_X509_PUBKEY (certificate), &der);
  GBytes *digest = length > 0 ? sha256_of (der, (gsize)length) : NULL;

  OPENSSL_free (der);
  return digest;
}

static char *
subject_of (const X509 *certificate)
{
  char *text;
  g_autoptr (BIO) memory = BIO_new (BIO_s_mem ());

  if (memory == NULL
      || X509_NAME_print_ex (memory, X509_get_subject_name (certificate), 0, SUBJECT_FLAGS) < 0)
    return NULL;
  long length = BIO_get_mem_data (memory, &text);
  return length < 0 ? NULL : g_utf8_make_valid (text, length);
}

static char *
common_name_of (const X509 *certificate)
{
  X509_NAME *name = X509_get_subject_name (certificate);
  int place = X509_NAME_get_index_by_NID (name, NID_commonName, -1);
  unsigned char *text = NULL;

  if (place < 0)
    return NULL;
  int length =
      ASN1_STRING_to_UTF8 (&text, X509_NAME_ENTRY_get_data (X509_NAME_get_entry (name, place)));
  char *common_name = length < 0 ? NULL : g_utf8_make_valid ((const char *)text, length);
  OPENSSL_free (text);
  return common_name;
}

static gboolean
seconds_of (const ASN1_TIME *time, gint64 *seconds)
{
  struct tm parts;

  if (!ASN1_TIME_to_tm (time, &parts))
    return FALSE;
  *seconds = timegm (&parts);
  return TRUE;
}

static X509 *
parse (GBytes *der)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (der, &length);
  const guint8 *end = data;
  g_autoptr (X509) certificate = d2i_X509 (NULL, &end, (long)MIN (length, G_MAXINT));

  return certificate != NULL && end == data + length ? g_steal_pointer (&certificate) : NULL;
}

static CertificateFields *
unreadable (GError **error)
{
  g_set_error_literal (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
                       "these bytes are not exactly one X.509 certificate");
  return NULL;
}

CertificateFields *
certificate_fields_read (GBytes *der, GError **error)
{
  g_autoptr (X509) certificate = parse (der);
  g_autoptr (CertificateFields) fields = g_new0 (CertificateFields, 1);

  if (certificate == NULL || !seconds_of (X509_get0_notBefore (certificate), &fields->not_before)
      || !seconds_of (X509_get0_notAfter (certificate), &fields->not_after))
    return unreadable (error);
  fields->serial_number = serial_of (certificate);
  fields->sha256 = digest_of (der, EVP_sha256 ());
  fields->sha1 = digest_of (der, EVP_sha1 ());
  fields->spki_sha256 = spki_sha256_of (certificate);
  fields->subject = subject_of (certificate);
  fields->common_name = common_name_of (certificate);
  if (fields->serial_number == NULL || fields->sha256 == NULL || fields->sha1 == NULL
      || fields->spki_sha256 == NULL || fields->subject == NULL)
    return unreadable (error);
  return g_steal_pointer (&fields);
}

void
certificate_fields_free (CertificateFields *fields)
{
  if (fields == NULL)
    return;
  g_clear_pointer (&fields->serial_number, g_bytes_unref);
  g_clear_pointer (&fields->sha256, g_bytes_unref);
  g_clear_pointer (&fields->sha1, g_bytes_unref);
  g_clear_pointer (&fields->spki_sha256, g_bytes_unref);
  g_free (fields->subject);
  g_free (fields->common_name);
  g_free (fields);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A certificate, flattened. OpenSSL reads names and times; the public key, which it would decode at
 * the price of several signatures, is only hashed.
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

G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_NAME, X509_NAME_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ASN1_TIME, ASN1_TIME_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BIO, BIO_free_all)

/* The number without its sign byte. */
static GBytes *
serial_of (CertificatePart serial)
{
  if ((serial.data[0] & 0x80) != 0)
    return NULL;
  while (serial.length > 0 && serial.data[0] == 0) {
    serial.data++;
    serial.length--;
  }
  if (serial.length == 0 || serial.length > LONGEST_SERIAL)
    return NULL;
  return g_bytes_new (serial.data, serial.length);
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

static char *
subject_of (X509_NAME *name)
{
  char *text;
  g_autoptr (BIO) memory = BIO_new (BIO_s_mem ());

  if (memory == NULL || X509_NAME_print_ex (memory, name, 0, SUBJECT_FLAGS) < 0)
    return NULL;
  long length = BIO_get_mem_data (memory, &text);
  return length < 0 ? NULL : g_utf8_make_valid (text, length);
}

static char *
common_name_of (X509_NAME *name)
{
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
seconds_of (CertificatePart part, gint64 *seconds)
{
  const guint8 *at = part.data;
  g_autoptr (ASN1_TIME) time = d2i_ASN1_TIME (NULL, &at, (long)part.length);
  struct tm parts;

  if (time == NULL || at != part.data + part.length || !ASN1_TIME_to_tm (time, &parts))
    return FALSE;
  *seconds = timegm (&parts);
  return TRUE;
}

static X509_NAME *
name_of (CertificatePart part)
{
  const guint8 *at = part.data;
  g_autoptr (X509_NAME) name = d2i_X509_NAME (NULL, &at, (long)part.length);

  return name != NULL && at == part.data + part.length ? g_steal_pointer (&name) : NULL;
}

static CertificateFields *
unreadable (GError **error)
{
  g_set_error_literal (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
                       "these bytes are not exactly one X.509 certificate of an RSA or EC key");
  return NULL;
}

CertificateFields *
certificate_fields_read (GBytes *der, GError **error)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (der, &length);
  g_autoptr (CertificateFields) fields = g_new0 (CertificateFields, 1);
  g_autoptr (X509_NAME) subject = NULL;
  CertificateParts parts;

  if (!certificate_split (data, length, &parts) || !certificate_part_key (parts.spki, &fields->key)
      || !seconds_of (parts.not_before, &fields->not_before)
      || !seconds_of (parts.not_after, &fields->not_after)
      || (subject = name_of (parts.subject)) == NULL)
    return unreadable (error);
  fields->issuer = parts.issuer;
  certificate_authority_key_id (&parts, &fields->issuer_key_id);
  fields->serial_number = serial_of (parts.serial);
  fields->sha256 = digest_of (der, EVP_sha256 ());
  fields->sha1 = digest_of (der, EVP_sha1 ());
  fields->spki_sha256 = sha256_of (parts.spki.data, parts.spki.length);
  fields->subject = subject_of (subject);
  fields->common_name = common_name_of (subject);
  if (fields->serial_number == NULL || fields->sha256 == NULL || fields->sha1 == NULL
      || fields->spki_sha256 == NULL || fields->subject == NULL)
    return unreadable (error);
  return g_steal_pointer (&fields);
}

gboolean
certificate_read_end (GBytes *der, gint64 *not_after, char **subject)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (der, &length);
  g_autoptr (X509_NAME) name = NULL;
  CertificateParts parts;

  if (!certificate_split (data, length, &parts) || !seconds_of (parts.not_after, not_after)
      || (name = name_of (parts.subject)) == NULL)
    return FALSE;
  if (subject != NULL)
    *subject = subject_of (name);
  return subject == NULL || *subject != NULL;
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

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See certificate.h. Each device passes here twice: only where its CA is told is a key decoded.
 */
#include "station/certificate.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/certificate.h"

/* As the ledger writes subjects: UTF-8 stays, what could confuse a terminal is escaped. */
#define NAME_FLAGS (XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB)

G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_NAME, X509_NAME_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BIO, BIO_free_all)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509, X509_free)

static gboolean
split (GBytes *certificate, CertificateParts *parts)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (certificate, &length);

  return certificate_split (data, length, parts);
}

gboolean
certificate_has_key (GBytes *certificate, GBytes *spki)
{
  CertificateParts parts;
  gsize length;
  const guint8 *data = g_bytes_get_data (spki, &length);

  return split (certificate, &parts) && certificate_part_equal (parts.spki, data, length);
}

gboolean
certificate_key_is_rsa (GBytes *certificate)
{
  CertificateParts parts;

  return split (certificate, &parts) && certificate_part_is_rsa_key (parts.spki);
}

gboolean
certificate_is_self_issued (GBytes *certificate)
{
  CertificateParts parts;

  return split (certificate, &parts)
         && certificate_part_equal (parts.issuer, parts.subject.data, parts.subject.length);
}

static X509 *
decode (GBytes *certificate)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (certificate, &length);

  return d2i_X509 (NULL, &data, (long)length);
}

gboolean
certificate_is_issued_by (GBytes *certificate, GBytes *authority)
{
  g_autoptr (X509) below = decode (certificate);
  g_autoptr (X509) above = decode (authority);

  return below != NULL && above != NULL && X509_check_issued (above, below) == X509_V_OK
         && X509_verify (below, X509_get0_pubkey (above)) == 1;
}

char *
certificate_issuer (GBytes *certificate)
{
  g_autoptr (X509_NAME) name = NULL;
  g_autoptr (BIO) memory = NULL;
  CertificateParts parts;
  const guint8 *data;
  char *text;
  long length;

  if (!split (certificate, &parts))
    return NULL;
  data = parts.issuer.data;
  name = d2i_X509_NAME (NULL, &data, (long)parts.issuer.length);
  memory = BIO_new (BIO_s_mem ());
  if (name == NULL || memory == NULL || X509_NAME_print_ex (memory, name, 0, NAME_FLAGS) < 0)
    return NULL;
  length = BIO_get_mem_data (memory, &text);
  return length < 0 ? NULL : g_utf8_make_valid (text, length);
}

/* id-ecPublicKey and the curve, RFC 5480. */
#define EC_KEY 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01
static const guint8 p256[] = { EC_KEY, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
static const guint8 p384[] = { EC_KEY, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22 };

/* Without decoding the point: a list has many. The two SEQUENCEs around it take 4 bytes in keys of
 * this size. */
static gboolean
key_is_on (CertificatePart spki, const guint8 *algorithm, gsize length)
{
  return spki.length > 4 + length && memcmp (spki.data + 4, algorithm, length) == 0;
}

char *
certificate_key_text (GBytes *certificate)
{
  g_autoptr (EVP_PKEY) key = NULL;
  CertificateParts parts;
  const guint8 *data;

  if (!split (certificate, &parts))
    return NULL;
  if (key_is_on (parts.spki, p256, sizeof p256))
    return g_strdup ("EC P-256");
  if (key_is_on (parts.spki, p384, sizeof p384))
    return g_strdup ("EC P-384");
  data = parts.spki.data;
  key = d2i_PUBKEY (NULL, &data, (long)parts.spki.length);
  if (key == NULL)
    return NULL;
  return g_strdup_printf ("%s %d", EVP_PKEY_get0_type_name (key), EVP_PKEY_get_bits (key));
}

GPtrArray *
certificate_chain_for_devices (const GPtrArray *chain)
{
  GPtrArray *kept = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);

  for (guint i = 0; i < chain->len; i++) {
    GBytes *der = g_ptr_array_index (chain, i);

    if (i == 0 || !certificate_is_self_issued (der))
      g_ptr_array_add (kept, g_bytes_ref (der));
  }
  return kept;
}

gboolean
certificate_chains_equal (const GPtrArray *a, const GPtrArray *b)
{
  if (a->len != b->len)
    return FALSE;
  for (guint i = 0; i < a->len; i++)
    if (!g_bytes_equal (g_ptr_array_index (a, i), g_ptr_array_index (b, i)))
      return FALSE;
  return TRUE;
}

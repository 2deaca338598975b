/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See shown.h.
 */
#include "station/rehearse/shown.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#include "base/encode.h"
#include "base/text.h"

#define MOST_SHOWN 200u

G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509, X509_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BIO, BIO_free_all)

static char *
name_text (const X509_NAME *name)
{
  g_autoptr (BIO) text = BIO_new (BIO_s_mem ());
  char *data;

  if (text == NULL || X509_NAME_print_ex (text, name, 0, XN_FLAG_RFC2253) < 0)
    return g_strdup ("");
  const long length = BIO_get_mem_data (text, &data);
  return bytes_for_display ((const guint8 *)data, (gsize)MAX (length, 0), MOST_SHOWN);
}

static char *
name_part (const X509_NAME *name, int nid)
{
  const int at = X509_NAME_get_index_by_NID (name, nid, -1);
  guint8 *utf8 = NULL;
  char *text;
  int length;

  if (at < 0)
    return NULL;
  length = ASN1_STRING_to_UTF8 (&utf8, X509_NAME_ENTRY_get_data (X509_NAME_get_entry (name, at)));
  text = length > 0 ? bytes_for_display (utf8, (gsize)length, MOST_SHOWN) : NULL;
  OPENSSL_free (utf8);
  return text;
}

char *
certificate_own_name (X509 *certificate)
{
  const X509_NAME *subject = X509_get_subject_name (certificate);
  char *name = name_part (subject, NID_serialNumber);

  if (name == NULL)
    name = name_part (subject, NID_commonName);
  return name != NULL ? name : name_text (subject);
}

GBytes *
certificate_der (X509 *certificate)
{
  guint8 *der = NULL;
  const int length = i2d_X509 (certificate, &der);
  GBytes *bytes = length > 0 ? g_bytes_new (der, (gsize)length) : NULL;

  OPENSSL_free (der);
  return bytes;
}

static gint64
seconds_of (const ASN1_TIME *time)
{
  struct tm parts = { 0 };

  return ASN1_TIME_to_tm (time, &parts) == 1 ? (gint64)timegm (&parts) : 0;
}

static gboolean
curve_is_known (const char *curve)
{
  return g_str_equal (curve, "P-256") || g_str_equal (curve, "P-384")
         || g_str_equal (curve, "P-521");
}

static void
read_curve (Shown *shown, EVP_PKEY *key)
{
  static const struct {
    const char *openssl;
    const char *nist;
  } names[] = {
    { "prime256v1", "P-256" },
    { "secp384r1", "P-384" },
    { "secp521r1", "P-521" },
  };
  char group[64] = "";
  const char *curve = group;

  EVP_PKEY_get_utf8_string_param (key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_str_equal (names[i].openssl, group))
      curve = names[i].nist;
  shown->key = g_strdup_printf ("EC %s", *curve != '\0' ? curve : "of its own");
  shown->key_sufficient = curve_is_known (curve);
}

static void
read_key (Shown *shown, X509 *certificate)
{
  EVP_PKEY *key = X509_get0_pubkey (certificate);
  const char *type = key != NULL ? EVP_PKEY_get0_type_name (key) : NULL;

  if (key != NULL && EVP_PKEY_get_base_id (key) == EVP_PKEY_EC) {
    read_curve (shown, key);
    return;
  }
  if (key != NULL && EVP_PKEY_get_base_id (key) == EVP_PKEY_RSA) {
    shown->key = g_strdup_printf ("RSA %d", EVP_PKEY_get_bits (key));
    shown->key_sufficient = EVP_PKEY_get_bits (key) >= 2048;
    return;
  }
  shown->key = g_strdup (type != NULL ? type : "of a kind that is not known");
}

static gboolean
signed_itself (X509 *certificate)
{
  EVP_PKEY *key = X509_get0_pubkey (certificate);
  const gboolean same =
      X509_NAME_cmp (X509_get_subject_name (certificate), X509_get_issuer_name (certificate)) == 0;
  const gboolean fits = same && key != NULL && X509_verify (certificate, key) == 1;

  ERR_clear_error ();
  return fits;
}

static GBytes *
spki_of (X509 *certificate)
{
  guint8 *der = NULL;
  const int length = i2d_X509_PUBKEY (X509_get_X509_PUBKEY (certificate), &der);
  GBytes *bytes = length > 0 ? g_bytes_new (der, (gsize)length) : NULL;

  OPENSSL_free (der);
  return bytes;
}

void
shown_read (Shown *shown, X509 *certificate, guint count)
{
  gsize length;

  if (shown->der != NULL)
    return;
  shown->der = certificate_der (certificate);
  if (shown->der == NULL)
    return;
  const guint8 *data = g_bytes_get_data (shown->der, &length);
  shown->count = count;
  shown->sha256 = sha256_hex (data, length);
  shown->spki = spki_of (certificate);
  shown->subject = name_text (X509_get_subject_name (certificate));
  shown->issuer = name_text (X509_get_issuer_name (certificate));
  shown->name = certificate_own_name (certificate);
  shown->not_before = seconds_of (X509_get0_notBefore (certificate));
  shown->not_after = seconds_of (X509_get0_notAfter (certificate));
  shown->is_authority = X509_check_ca (certificate) == 1;
  shown->self_signed = signed_itself (certificate);
  read_key (shown, certificate);
  ERR_clear_error ();
}

static X509 *
parse (GBytes *der)
{
  gsize length;
  const guint8 *at = g_bytes_get_data (der, &length);

  return length > 0 && length <= G_MAXINT ? d2i_X509 (NULL, &at, (long)length) : NULL;
}

gboolean
certificate_signed_by (GBytes *certificate, GBytes *authority)
{
  g_autoptr (X509) lower = parse (certificate);
  g_autoptr (X509) upper = parse (authority);
  gboolean fits = FALSE;

  if (lower != NULL && upper != NULL && X509_get0_pubkey (upper) != NULL
      && X509_NAME_cmp (X509_get_issuer_name (lower), X509_get_subject_name (upper)) == 0)
    fits = X509_verify (lower, X509_get0_pubkey (upper)) == 1;
  ERR_clear_error ();
  return fits;
}

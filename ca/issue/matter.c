/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See matter.h.
 */
#include "ca/issue/matter.h"

#include "ca/openssl.h"

#include <openssl/x509v3.h>
#include <string.h>

#define VID_OID "1.3.6.1.4.1.37244.2.1"
#define PID_OID "1.3.6.1.4.1.37244.2.2"
#define KEY_ID_BYTES 20

static gboolean G_GNUC_PRINTF (3, 4)
    refuse (const Profile *profile, GError **error, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list arguments;

  va_start (arguments, format);
  message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, CA_ERROR, CA_ERROR_CA_CERTIFICATE, "profile %s (Kind=matter-dac): %s",
               profile->name, message);
  return FALSE;
}

/* The four digits that stand in the one attribute of that type, or else behind `mark` in the
 * common name (6.2.2.2); NULL where there are none. */
static char *
find_id (const X509_NAME *name, const char *oid, const char *mark)
{
  ASN1_OBJECT *wanted = OBJ_txt2obj (oid, TRUE);
  char text[256] = "";
  const char *at = text;

  if (X509_NAME_get_text_by_OBJ (name, wanted, text, sizeof text) < 0) {
    X509_NAME_get_text_by_NID (name, NID_commonName, text, sizeof text);
    at = strstr (text, mark);
    at = at != NULL ? at + strlen (mark) : "";
  }
  ASN1_OBJECT_free (wanted);
  return *at != '\0' ? g_strndup (at, 4) : NULL;
}

static gboolean
check_ids (const X509 *certificate, const Profile *profile, GError **error)
{
  const X509_NAME *name = X509_get_subject_name (certificate);
  g_autofree char *vendor = find_id (name, VID_OID, "Mvid:");
  g_autofree char *product = find_id (name, PID_OID, "Mpid:");

  if (vendor == NULL)
    return refuse (profile, error, "the CA's subject has no vendor id, so it is no PAI");
  if (!g_str_equal (vendor, profile->vendor_id))
    return refuse (profile, error, "Vid=%s, but the CA is vendor %s's", profile->vendor_id, vendor);
  return product == NULL || g_str_equal (product, profile->product_id)
         || refuse (profile, error, "Pid=%s, but the CA is for product %s", profile->product_id,
                    product);
}

gboolean
matter_check_authority (const Authority *authority, const Profile *profile, GError **error)
{
  gsize length;
  const guint8 *der = g_bytes_get_data (g_ptr_array_index (authority->chain, 0), &length);
  g_autoptr (X509) certificate = d2i_X509 (NULL, &der, (long)length);

  if (certificate == NULL)
    return openssl_refuse (error, CA_ERROR_INTERNAL, "the CA certificate can't be read again");
  if (!g_str_equal (authority->key_text, "P-256")
      || !g_str_equal (authority->signature->word, "ecdsa-sha256"))
    return refuse (profile, error,
                   "the CA's key is %s and it signs with %s, but a PAI has P-256 "
                   "and ecdsa-sha256",
                   authority->key_text, authority->signature->word);
  if (X509_get_pathlen (certificate) != 0)
    return refuse (profile, error, "the CA's pathLenConstraint is not 0");
  if (g_bytes_get_size (authority->key_id) != KEY_ID_BYTES)
    return refuse (profile, error, "the CA's subjectKeyIdentifier is not of %d bytes",
                   KEY_ID_BYTES);
  return check_ids (certificate, profile, error);
}

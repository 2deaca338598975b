/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See constraints.h. A sample of the profile's certificates is made, with a key that is forgotten
 * at once, and asked for what OpenSSL's verifier asks: its subject, its alternative names, and a
 * common name that looks like a host's. Serials take part by their form only, and that is what
 * constraints can be about: a subtree, a domain.
 */
#include "ca/issue/constraints.h"

#include "ca/issue/extensions.h"
#include "ca/openssl.h"

#include <openssl/x509v3.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NAME_CONSTRAINTS, NAME_CONSTRAINTS_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free)

static gboolean
refuse (const Authority *authority, guint place, const Profile *profile, const char *why,
        GError **error)
{
  g_set_error (error, CA_ERROR, CA_ERROR_CA_CERTIFICATE,
               "[ca %s]: certificate %u of the chain does not let it issue for profile %s: %s",
               authority->name, place + 1, profile->name, why);
  return FALSE;
}

/* ---- the sample ---- */

static const SubjectValues sample_values = { "00", "00", "00", "00" };

static X509_NAME *
sample_subject (const Profile *profile, GError **error)
{
  const SubjectPattern pattern = profile_subject (profile);
  g_autoptr (GByteArray) der = g_byte_array_new ();
  const guint8 *at;

  if (!profile_has_subject (profile))
    return X509_NAME_new ();
  if (!subject_put (der, &pattern, &sample_values, error))
    return NULL;
  at = der->data;
  return d2i_X509_NAME (NULL, &at, (long)der->len);
}

static gboolean
add_extensions (X509 *sample, const Profile *profile, GError **error)
{
  g_autoptr (GByteArray) der = g_byte_array_new ();
  const guint8 *at, *end;

  extensions_put_fixed (der, profile);
  if (!extensions_put_filled (der, profile, &sample_values, error))
    return FALSE;
  at = der->data;
  end = der->data + der->len;
  while (at < end) {
    g_autoptr (X509_EXTENSION) extension = d2i_X509_EXTENSION (NULL, &at, (long)(end - at));

    if (extension == NULL || X509_add_ext (sample, extension, -1) != 1)
      return openssl_refuse (error, CA_ERROR_INTERNAL, "a sample's extension can't be read");
  }
  return TRUE;
}

static gboolean
fill_sample (X509 *sample, EVP_PKEY *key, X509_NAME *subject)
{
  return X509_set_version (sample, X509_VERSION_3) == 1
         && ASN1_INTEGER_set (X509_get_serialNumber (sample), 1) == 1
         && X509_gmtime_adj (X509_getm_notBefore (sample), 0) != NULL
         && X509_gmtime_adj (X509_getm_notAfter (sample), 60) != NULL
         && X509_set_subject_name (sample, subject) == 1
         && X509_set_issuer_name (sample, subject) == 1 && X509_set_pubkey (sample, key) == 1;
}

static X509 *
make_sample (const Profile *profile, GError **error)
{
  g_autoptr (EVP_PKEY) key = EVP_EC_gen ("P-256");
  g_autoptr (X509) sample = X509_new ();
  g_autoptr (X509_NAME) subject = sample_subject (profile, error);

  if (subject == NULL || !add_extensions (sample, profile, error))
    return NULL;
  if (key == NULL || !fill_sample (sample, key, subject)
      || X509_sign (sample, key, EVP_sha256 ()) == 0 || X509_check_purpose (sample, -1, 0) != 1)
  {
    openssl_refuse (error, CA_ERROR_INTERNAL, "a sample of a certificate can't be made");
    return NULL;
  }
  return g_steal_pointer (&sample);
}

/* ---- what stands above it ---- */

/* NULL where it may have these names. */
static const char *
judge_names (X509 *above, X509 *sample)
{
  int result = X509_V_OK;
  int found = -1;
  g_autoptr (NAME_CONSTRAINTS) constraints =
      X509_get_ext_d2i (above, NID_name_constraints, &found, NULL);

  if (constraints == NULL)
    return found == -1 ? NULL : "its name constraints can't be read";
  result = NAME_CONSTRAINTS_check (sample, constraints);
  if (result == X509_V_OK)
    result = NAME_CONSTRAINTS_check_CN (sample, constraints);
  return result == X509_V_OK ? NULL : X509_verify_cert_error_string (result);
}

static gboolean
has_usage (EXTENDED_KEY_USAGE *usages, const ASN1_OBJECT *wanted)
{
  for (int i = 0; i < sk_ASN1_OBJECT_num (usages); i++) {
    const ASN1_OBJECT *usage = sk_ASN1_OBJECT_value (usages, i);

    if (OBJ_cmp (usage, wanted) == 0 || OBJ_obj2nid (usage) == NID_anyExtendedKeyUsage)
      return TRUE;
  }
  return FALSE;
}

/* A CA's extended key usages bound those below it. */
static const char *
judge_usages (X509 *above, X509 *sample)
{
  g_autoptr (EXTENDED_KEY_USAGE) allowed = X509_get_ext_d2i (above, NID_ext_key_usage, NULL, NULL);
  g_autoptr (EXTENDED_KEY_USAGE) wanted = X509_get_ext_d2i (sample, NID_ext_key_usage, NULL, NULL);

  if (allowed == NULL || wanted == NULL)
    return NULL;
  for (int i = 0; i < sk_ASN1_OBJECT_num (wanted); i++)
    if (!has_usage (allowed, sk_ASN1_OBJECT_value (wanted, i)))
      return "its extendedKeyUsage lacks one that the profile asks for";
  return NULL;
}

static gboolean
judge_below (const Authority *authority, guint place, const Profile *profile, X509 *sample,
             GError **error)
{
  gsize length;
  const guint8 *der = g_bytes_get_data (g_ptr_array_index (authority->chain, place), &length);
  g_autoptr (X509) above = d2i_X509 (NULL, &der, (long)length);
  const char *why = above != NULL ? judge_names (above, sample) : "it can't be read";

  if (why == NULL)
    why = judge_usages (above, sample);
  return why == NULL || refuse (authority, place, profile, why, error);
}

gboolean
constraints_allow (const Authority *authority, const Profile *profile, GError **error)
{
  g_autoptr (X509) sample = make_sample (profile, error);

  if (sample == NULL)
    return FALSE;
  for (guint i = 0; i < authority->chain->len; i++)
    if (!judge_below (authority, i, profile, sample, error))
      return FALSE;
  return TRUE;
}

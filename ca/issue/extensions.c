/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See extensions.h.
 */
#include "ca/issue/extensions.h"

#include "base/der-write.h"
#include "ca/der.h"
#include "ca/profile/alternative-name.h"
#include "ca/profile/oid.h"

#include <string.h>

#define BOOLEAN 0x01
#define OCTET_STRING 0x04

/* id-pe (RFC 5280, 4.2.2) and id-ad-caIssuers. */
#define ID_PE_AUTHORITY_INFO_ACCESS "1.3.6.1.5.5.7.1.1"
#define ID_PE_MASA_URL "1.3.6.1.5.5.7.1.32"
#define ID_AD_CA_ISSUERS "1.3.6.1.5.5.7.48.2"

/* An extension that is being written: where it began and where its value did. */
typedef struct {
  guint start;
  guint value;
} Opened;

/* Extension ::= SEQUENCE { extnID, critical DEFAULT FALSE, extnValue OCTET STRING } */
static Opened
extension_open (GByteArray *out, const char *oid, gboolean critical)
{
  static const guint8 yes = 0xff;
  Opened opened = { .start = out->len };

  oid_put (out, oid);
  if (critical)
    der_put (out, BOOLEAN, &yes, sizeof yes);
  opened.value = out->len;
  return opened;
}

static void
extension_close (GByteArray *out, Opened opened)
{
  der_wrap (out, opened.value, OCTET_STRING);
  der_wrap (out, opened.start, DER_SEQUENCE);
}

static void
put_basic_constraints (GByteArray *out)
{
  const Opened opened = extension_open (out, "2.5.29.19", TRUE);

  der_put (out, DER_SEQUENCE, NULL, 0); /* cA is FALSE by default, and DER leaves defaults out */
  extension_close (out, opened);
}

/* A list of named bits without its trailing zeros (X.690, 11.2.2); all that a device may have stand
 * in the first byte. */
static void
put_key_usage (GByteArray *out, const Profile *profile)
{
  static const char *const bits[] = { "digitalSignature", "nonRepudiation", "keyEncipherment",
                                      "dataEncipherment", "keyAgreement" };
  const Opened opened = extension_open (out, "2.5.29.15", TRUE);
  guint8 content[2] = { 8, 0 }; /* unused bits, bits */

  for (guint i = 0; i < G_N_ELEMENTS (bits); i++)
    if (g_strv_contains ((const char *const *)profile->key_usage, bits[i])) {
      content[0] = (guint8)(7 - i);
      content[1] |= (guint8)(0x80 >> i);
    }
  der_put (out, DER_BIT_STRING, content, sizeof content);
  extension_close (out, opened);
}

static void
put_extended_key_usage (GByteArray *out, const Profile *profile)
{
  static const char *const purposes[][2] = { { "serverAuth", "1.3.6.1.5.5.7.3.1" },
                                             { "clientAuth", "1.3.6.1.5.5.7.3.2" },
                                             { "codeSigning", "1.3.6.1.5.5.7.3.3" },
                                             { "emailProtection", "1.3.6.1.5.5.7.3.4" } };
  const Opened opened = extension_open (out, "2.5.29.37", FALSE);
  const guint list = out->len;

  for (char **word = profile->extended_key_usage; *word != NULL; word++)
    for (guint i = 0; i < G_N_ELEMENTS (purposes); i++)
      if (g_str_equal (*word, purposes[i][0]))
        oid_put (out, purposes[i][1]);
  der_wrap (out, list, DER_SEQUENCE);
  extension_close (out, opened);
}

static void
put_policies (GByteArray *out, const Profile *profile)
{
  const Opened opened = extension_open (out, "2.5.29.32", FALSE);
  const guint list = out->len;

  for (char **word = profile->policies; *word != NULL; word++) {
    const guint policy = out->len;

    oid_put (out, *word);
    der_wrap (out, policy, DER_SEQUENCE);
  }
  der_wrap (out, list, DER_SEQUENCE);
  extension_close (out, opened);
}

void
extensions_put_fixed (GByteArray *out, const Profile *profile)
{
  put_basic_constraints (out);
  put_key_usage (out, profile);
  if (profile->extended_key_usage[0] != NULL)
    put_extended_key_usage (out, profile);
  if (profile->policies[0] != NULL)
    put_policies (out, profile);
}

void
extensions_put_authority_key_id (GByteArray *out, GBytes *key_id)
{
  const Opened opened = extension_open (out, "2.5.29.35", FALSE);
  const guint sequence = out->len;
  gsize length;
  const void *id = g_bytes_get_data (key_id, &length);

  der_put (out, 0x80, id, length); /* keyIdentifier [0] */
  der_wrap (out, sequence, DER_SEQUENCE);
  extension_close (out, opened);
}

void
extensions_put_subject_key_id (GByteArray *out, const guint8 *key_id, gsize length)
{
  const Opened opened = extension_open (out, "2.5.29.14", FALSE);

  der_put (out, OCTET_STRING, key_id, length);
  extension_close (out, opened);
}

static gboolean
put_alternative_names (GByteArray *out, const Profile *profile, const SubjectValues *values,
                       GError **error)
{
  const Opened opened = extension_open (out, "2.5.29.17", !profile_has_subject (profile));
  const guint list = out->len;

  for (char **word = profile->alternative_names; *word != NULL; word++)
    if (!alternative_name_put (out, *word, profile->hardware_type, values, error))
      return FALSE;
  der_wrap (out, list, DER_SEQUENCE);
  extension_close (out, opened);
  return TRUE;
}

/* DistributionPoint ::= SEQUENCE { distributionPoint [0] { fullName [0] GeneralNames } }, one for
 * each URL */
static gboolean
put_crl_points (GByteArray *out, const Profile *profile, const SubjectValues *values,
                GError **error)
{
  const Opened opened = extension_open (out, "2.5.29.31", FALSE);
  const guint list = out->len;

  for (char **url = profile->crl_urls; *url != NULL; url++) {
    const guint point = out->len;

    if (!http_url_put (out, *url, values, error))
      return FALSE;
    der_wrap (out, point, DER_CONTEXT_0);
    der_wrap (out, point, DER_CONTEXT_0);
    der_wrap (out, point, DER_SEQUENCE);
  }
  der_wrap (out, list, DER_SEQUENCE);
  extension_close (out, opened);
  return TRUE;
}

/* AccessDescription ::= SEQUENCE { id-ad-caIssuers, GeneralName } */
static gboolean
put_authority_info_access (GByteArray *out, const Profile *profile, const SubjectValues *values,
                           GError **error)
{
  const Opened opened = extension_open (out, ID_PE_AUTHORITY_INFO_ACCESS, FALSE);
  const guint list = out->len;

  for (char **url = profile->issuer_urls; *url != NULL; url++) {
    const guint description = out->len;

    oid_put (out, ID_AD_CA_ISSUERS);
    if (!http_url_put (out, *url, values, error))
      return FALSE;
    der_wrap (out, description, DER_SEQUENCE);
  }
  der_wrap (out, list, DER_SEQUENCE);
  extension_close (out, opened);
  return TRUE;
}

static gboolean
put_masa_url (GByteArray *out, const Profile *profile, const SubjectValues *values, GError **error)
{
  const Opened opened = extension_open (out, ID_PE_MASA_URL, FALSE);

  if (!masa_url_put (out, profile->masa_url, values, error))
    return FALSE;
  extension_close (out, opened);
  return TRUE;
}

gboolean
extensions_put_filled (GByteArray *out, const Profile *profile, const SubjectValues *values,
                       GError **error)
{
  if (profile->alternative_names[0] != NULL && !put_alternative_names (out, profile, values, error))
    return FALSE;
  if (profile->crl_urls[0] != NULL && !put_crl_points (out, profile, values, error))
    return FALSE;
  if (profile->issuer_urls[0] != NULL && !put_authority_info_access (out, profile, values, error))
    return FALSE;
  return profile->masa_url == NULL || put_masa_url (out, profile, values, error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a profile's certificates name beside their subject, and the rules of kinds that stand on
 * more than one key. See profile.h.
 */
#include "ca/profile/profile-private.h"

#include "ca/profile/alternative-name.h"
#include "ca/profile/oid.h"

#define MOST_WORDS 8

static gboolean G_GNUC_PRINTF (4, 5)
    refuse (const Keyfile *keyfile, const char *key, GError **error, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list arguments;

  va_start (arguments, format);
  message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  return keyfile_refuse (keyfile, PROFILE_CERTIFICATE, key, error, "%s", message);
}

static gboolean
read_list (const Keyfile *keyfile, const char *key, const char *fallback, char ***words,
           GError **error)
{
  *words = keyfile_words (keyfile, PROFILE_CERTIFICATE, key, fallback);
  return g_strv_length (*words) <= MOST_WORDS
         || refuse (keyfile, key, error, "%s has more than %d entries", key, MOST_WORDS);
}

/* Everything is put together once with the probe's values. */
static gboolean
check_names (const Keyfile *keyfile, const Profile *profile, GError **error)
{
  for (char **word = profile->alternative_names; *word != NULL; word++) {
    g_autoptr (GByteArray) name = g_byte_array_new ();
    g_autoptr (GError) problem = NULL;

    if (!alternative_name_put (name, *word, profile->hardware_type,
                               profile_kind_probe (profile->kind), &problem))
      return refuse (keyfile, "SubjectAltName", error, "%s", problem->message);
  }
  return TRUE;
}

static gboolean
check_urls (const Keyfile *keyfile, const char *key, char **urls, ProfileKind kind, GError **error)
{
  for (; *urls != NULL; urls++) {
    g_autoptr (GByteArray) url = g_byte_array_new ();
    g_autoptr (GError) problem = NULL;

    if (!http_url_put (url, *urls, profile_kind_probe (kind), &problem))
      return refuse (keyfile, key, error, "%s", problem->message);
  }
  return TRUE;
}

static gboolean
check_masa_url (const Keyfile *keyfile, const Profile *profile, GError **error)
{
  g_autoptr (GByteArray) url = g_byte_array_new ();
  g_autoptr (GError) problem = NULL;

  return profile->masa_url == NULL
         || masa_url_put (url, profile->masa_url, profile_kind_probe (profile->kind), &problem)
         || refuse (keyfile, "MasaUrl", error, "%s", problem->message);
}

static gboolean
check_policies (const Keyfile *keyfile, const Profile *profile, GError **error)
{
  for (char **word = profile->policies; *word != NULL; word++) {
    g_autoptr (GByteArray) oid = g_byte_array_new ();

    if (!oid_put (oid, *word))
      return refuse (keyfile, "CertificatePolicies", error, "'%s' is no object identifier", *word);
    for (char **other = profile->policies; other < word; other++)
      if (g_str_equal (*other, *word))
        return refuse (keyfile, "CertificatePolicies", error, "'%s' stands there twice", *word);
  }
  return TRUE;
}

static guint
count_hardware_modules (const Profile *profile)
{
  guint count = 0;

  for (char **word = profile->alternative_names; *word != NULL; word++)
    count += g_str_has_prefix (*word, HARDWARE_MODULE) ? 1 : 0;
  return count;
}

static gboolean
check_hardware_type (const Keyfile *keyfile, const Profile *profile, GError **error)
{
  g_autoptr (GByteArray) oid = g_byte_array_new ();

  if (profile->hardware_type == NULL)
    return count_hardware_modules (profile) == 0
           || refuse (keyfile, "HardwareType", error,
                      HARDWARE_MODULE " needs HardwareType=, the object identifier of this kind of "
                                      "hardware");
  if (count_hardware_modules (profile) == 0)
    return refuse (keyfile, "HardwareType", error,
                   "HardwareType= is for a " HARDWARE_MODULE " in SubjectAltName=");
  return oid_put (oid, profile->hardware_type)
         || refuse (keyfile, "HardwareType", error, "'%s' is no object identifier",
                    profile->hardware_type);
}

gboolean
profile_read_names (const Keyfile *keyfile, Profile *profile, GError **error)
{
  const KindDefaults *usual = profile_kind_defaults (profile->kind);

  profile->hardware_type = keyfile_text (keyfile, PROFILE_CERTIFICATE, "HardwareType", NULL);
  profile->masa_url = keyfile_text (keyfile, PROFILE_CERTIFICATE, "MasaUrl", NULL);
  return read_list (keyfile, "SubjectAltName", usual->alternative_names,
                    &profile->alternative_names, error)
         && read_list (keyfile, "CertificatePolicies", "", &profile->policies, error)
         && read_list (keyfile, "CrlDistributionPoint", "", &profile->crl_urls, error)
         && read_list (keyfile, "CaIssuers", "", &profile->issuer_urls, error)
         && keyfile_boolean (keyfile, PROFILE_CERTIFICATE, "SubjectKeyIdentifier",
                             usual->subject_key_id, &profile->subject_key_id, error)
         && check_hardware_type (keyfile, profile, error) && check_names (keyfile, profile, error)
         && check_policies (keyfile, profile, error)
         && check_urls (keyfile, "CrlDistributionPoint", profile->crl_urls, profile->kind, error)
         && check_urls (keyfile, "CaIssuers", profile->issuer_urls, profile->kind, error)
         && check_masa_url (keyfile, profile, error);
}

/* ---- kinds ---- */

static gboolean
has_word (char **words, const char *word)
{
  return g_strv_contains ((const char *const *)words, word);
}

/* A TLS client signs, and says that it is one. */
static gboolean
check_tls_client (const Keyfile *keyfile, const Profile *profile, GError **error)
{
  if (!has_word (profile->key_usage, "digitalSignature"))
    return refuse (keyfile, "KeyUsage", error, "Kind=%s needs KeyUsage=digitalSignature",
                   profile_kind_words[profile->kind]);
  return has_word (profile->extended_key_usage, "clientAuth")
         || refuse (keyfile, "ExtendedKeyUsage", error, "Kind=%s needs ExtendedKeyUsage=clientAuth",
                    profile_kind_words[profile->kind]);
}

/* IEEE 802.1AR-2018, clause 8.10: a DevID signs and may decipher keys; a subjectAltName, where
 * there is one, has the hardwareModuleName. */
static gboolean
check_idevid (const Keyfile *keyfile, const Profile *profile, GError **error)
{
  const guint most = has_word (profile->key_usage, "keyEncipherment") ? 2 : 1;

  if (!has_word (profile->key_usage, "digitalSignature")
      || g_strv_length (profile->key_usage) > most)
    return refuse (keyfile, "KeyUsage", error,
                   "an IDevID has KeyUsage=digitalSignature, at most with keyEncipherment");
  return profile->alternative_names[0] == NULL || count_hardware_modules (profile) == 1
         || refuse (keyfile, "SubjectAltName", error,
                    "an IDevID's SubjectAltName= has one " HARDWARE_MODULE);
}

/* Matter 1.0, 6.2.2.3: one curve, four extensions. */
static gboolean
check_matter (const Keyfile *keyfile, const Profile *profile, GError **error)
{
  if (profile->vendor_id == NULL)
    return refuse (keyfile, "Vid", error, "Kind=matter-dac needs Vid=, such as FFF1");
  if (profile->product_id == NULL)
    return refuse (keyfile, "Pid", error, "Kind=matter-dac needs Pid=, such as 8000");
  if (!profile->subject_key_id)
    return refuse (keyfile, "SubjectKeyIdentifier", error,
                   "a Matter DAC has a subjectKeyIdentifier");
  if (!g_str_equal (profile->key_usage[0], "digitalSignature") || profile->key_usage[1] != NULL)
    return refuse (keyfile, "KeyUsage", error, "a Matter DAC has KeyUsage=digitalSignature alone");
  if (!g_str_equal (profile->keys[0], "p-256") || profile->keys[1] != NULL)
    return keyfile_refuse (keyfile, PROFILE_DEVICE, "Key", error,
                           "a Matter DAC has a p-256 key and no other");
  return TRUE;
}

/* RFC 8813, 3 and RFC 3279, 2.3.1; see lint-kind.c. */
static gboolean
check_usage_of_keys (const Keyfile *keyfile, const Profile *profile, GError **error)
{
  const gboolean enciphers = has_word (profile->key_usage, "keyEncipherment")
                             || has_word (profile->key_usage, "dataEncipherment");

  for (char **key = profile->keys; *key != NULL; key++) {
    if (enciphers && g_str_has_prefix (*key, "p-"))
      return refuse (keyfile, "KeyUsage", error,
                     "a %s key enciphers nothing; list RSA keys alone in Key=, or leave "
                     "keyEncipherment and dataEncipherment out",
                     *key);
    if (has_word (profile->key_usage, "keyAgreement") && g_str_has_prefix (*key, "rsa-"))
      return refuse (keyfile, "KeyUsage", error,
                     "an %s key agrees on no key; list EC keys alone in Key=, or leave "
                     "keyAgreement out",
                     *key);
  }
  return TRUE;
}

/* Its reader knows one curve. */
static gboolean
check_form (const Keyfile *keyfile, const Profile *profile, GError **error)
{
  return profile->form != FORM_COMPRESSED
         || (g_str_equal (profile->keys[0], "p-256") && profile->keys[1] == NULL)
         || keyfile_refuse (keyfile, PROFILE_DEVICE, "Key", error,
                            "Form=compressed is for a p-256 key and no other");
}

gboolean
profile_check_kind (const Keyfile *keyfile, const Profile *profile, GError **error)
{
  if (!check_form (keyfile, profile, error))
    return FALSE;
  if (profile->kind != KIND_CUSTOM && !check_usage_of_keys (keyfile, profile, error))
    return FALSE;
  switch (profile->kind) {
  case KIND_AWS_IOT:
  case KIND_AZURE_DPS:
    return check_tls_client (keyfile, profile, error);
  case KIND_IDEVID:
    return check_idevid (keyfile, profile, error);
  case KIND_MATTER_DAC:
    return check_matter (keyfile, profile, error);
  case KIND_CUSTOM:
    break;
  }
  return TRUE;
}

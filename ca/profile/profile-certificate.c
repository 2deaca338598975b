/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A profile's [certificate]: see profile.h. What else it names than a subject is in
 * profile-names.c.
 */
#include "ca/profile/profile-private.h"

#include "base/text.h"

#include <string.h>

#define MOST_DAYS 36525
#define MOST_YEARS 100
#define MOST_COMPRESSED_YEARS 31 /* there are 5 bits for them */

/* keyCertSign and cRLSign are missing on purpose: a device is no CA. */
static const char *const key_usages[] = { "digitalSignature", "nonRepudiation", "keyEncipherment",
                                          "dataEncipherment", "keyAgreement",   NULL };
static const char *const extended_key_usages[] = { "clientAuth", "serverAuth", "codeSigning",
                                                   "emailProtection", NULL };
/* A purpose or policy that stands twice in a certificate confuses who reads it (RFC 5280, 4.2.1.4).
 */
static gboolean
check_once (const Keyfile *keyfile, const char *group, const char *key, char **words, char **word,
            GError **error)
{
  for (char **other = words; other < word; other++)
    if (g_str_equal (*other, *word))
      return keyfile_refuse (keyfile, group, key, error, "'%s' stands in %s twice", *word, key);
  return TRUE;
}

gboolean
profile_check_words (const Keyfile *keyfile, const char *group, const char *key, char **words,
                     const char *const *known, GError **error)
{
  g_autofree char *list = g_strjoinv (", ", (char **)known);

  for (char **word = words; *word != NULL; word++) {
    if (!g_strv_contains (known, *word))
      return keyfile_refuse (keyfile, group, key, error, "'%s' is no %s; known are %s", *word, key,
                             list);
    if (!check_once (keyfile, group, key, words, word, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
read_kind (const Keyfile *keyfile, Profile *profile, GError **error)
{
  guint kind;

  if (!keyfile_choice (keyfile, PROFILE_CERTIFICATE, "Kind", profile_kind_words, KIND_CUSTOM, &kind,
                       error))
    return FALSE;
  profile->kind = (ProfileKind)kind;
  for (const char *const *key = profile_kind_defaults (profile->kind)->forbidden; *key != NULL;
       key++)
    if (keyfile_line (keyfile, PROFILE_CERTIFICATE, *key) > 0)
      return keyfile_refuse (keyfile, PROFILE_CERTIFICATE, *key, error,
                             "%s= has no place in a profile with Kind=%s", *key,
                             profile_kind_words[kind]);
  return TRUE;
}

/* Four digits of upper-case hex (Matter 1.0, 6.1.1). */
static gboolean
read_matter_id (const Keyfile *keyfile, const char *key, char **id, GError **error)
{
  *id = keyfile_text (keyfile, PROFILE_CERTIFICATE, key, NULL);
  if (*id == NULL
      || (strlen (*id) == 4 && strspn (*id, "0123456789ABCDEF") == 4 && !g_str_equal (*id, "0000")))
    return TRUE;
  return keyfile_refuse (keyfile, PROFILE_CERTIFICATE, key, error,
                         "%s is '%s', but must be four digits of upper-case hex, such as FFF1", key,
                         *id);
}

/* The subject may be empty where the device has other names (RFC 5280, 4.1.2.6). */
static gboolean
read_subject (const Keyfile *keyfile, Profile *profile, GError **error)
{
  g_autoptr (GError) problem = NULL;
  SubjectPattern pattern;

  if (!read_matter_id (keyfile, "Vid", &profile->vendor_id, error)
      || !read_matter_id (keyfile, "Pid", &profile->product_id, error))
    return FALSE;
  profile->subject = profile->alternative_names[0] == NULL
                         ? keyfile_needed_text (keyfile, PROFILE_CERTIFICATE, "Subject", error)
                         : keyfile_text (keyfile, PROFILE_CERTIFICATE, "Subject", "");
  if (profile->subject == NULL)
    return FALSE;
  pattern = profile_subject (profile);
  return subject_check (&pattern, &problem)
         || keyfile_refuse (keyfile, PROFILE_CERTIFICATE, "Subject", error, "%s", problem->message);
}

/* TRUE where `text` has digits where `form` has 'd', and is the same elsewhere. */
static gboolean
has_form (const char *text, const char *form)
{
  for (; *form != '\0'; form++, text++)
    if (*form == 'd' ? !g_ascii_isdigit (*text) : *text != *form)
      return FALSE;
  return *text == '\0';
}

/* The last second that "2030-01-31", "2049-12-31T23:59:59Z" or "99991231235959Z" stands for. */
static gboolean
read_time (const char *text, gint64 *seconds)
{
  g_autoptr (GDateTime) time = NULL;
  int part[6] = { 0, 0, 0, 23, 59, 59 };
  static const guint8 widths[6] = { 4, 2, 2, 2, 2, 2 };
  const char *at = text;

  if (!has_form (text, "dddd-dd-dd") && !has_form (text, "dddd-dd-ddTdd:dd:ddZ")
      && !has_form (text, "ddddddddddddddZ"))
    return FALSE;
  for (guint i = 0; i < 6 && *at != '\0'; i++) {
    part[i] = 0;
    for (guint digit = 0; digit < widths[i]; digit++)
      part[i] = part[i] * 10 + *at++ - '0';
    at += *at != '\0' && !g_ascii_isdigit (*at);
  }
  time = g_date_time_new_utc (part[0], part[1], part[2], part[3], part[4], part[5]);
  if (time == NULL)
    return FALSE;
  *seconds = g_date_time_to_unix (time);
  return TRUE;
}

/* A number with `unit` behind it. */
static gboolean
read_count (const char *text, char unit, guint most, guint *count)
{
  const gsize length = strlen (text);
  g_autofree char *number = length > 0 ? g_strndup (text, length - 1) : NULL;
  guint64 value;

  if (length == 0 || text[length - 1] != unit
      || !g_ascii_string_to_unsigned (number, 10, 1, most, &value, NULL))
    return FALSE;
  *count = (guint)value;
  return TRUE;
}

static gboolean
read_validity (const Keyfile *keyfile, Profile *profile, GError **error)
{
  const char *usual = profile_kind_defaults (profile->kind)->validity;
  g_autofree char *text =
      usual == NULL ? keyfile_needed_text (keyfile, PROFILE_CERTIFICATE, "Validity", error)
                    : keyfile_text (keyfile, PROFILE_CERTIFICATE, "Validity", usual);

  if (text == NULL)
    return FALSE;
  if (g_str_equal (text, "until-ca"))
    profile->validity = VALIDITY_UNTIL_CA;
  else if (read_count (text, 'd', MOST_DAYS, &profile->days))
    profile->validity = VALIDITY_DAYS;
  else if (read_count (text, 'y', MOST_YEARS, &profile->years))
    profile->validity = VALIDITY_YEARS;
  else if (read_time (text, &profile->until))
    profile->validity = VALIDITY_UNTIL;
  else
    return keyfile_refuse (
        keyfile, PROFILE_CERTIFICATE, "Validity", error,
        "Validity is '%s', but must be days (3650d, at most 36525d), years (10y, "
        "at most 100y), until-ca, 2030-01-31, 2049-12-31T23:59:59Z or 99991231235959Z",
        text);
  return TRUE;
}

static gboolean
read_form (const Keyfile *keyfile, Profile *profile, GError **error)
{
  static const char *const words[] = { "full", "compressed", NULL };
  guint form;

  if (!keyfile_choice (keyfile, PROFILE_CERTIFICATE, "Form", words, FORM_FULL, &form, error))
    return FALSE;
  profile->form = (CertificateForm)form;
  if (profile->form == FORM_FULL)
    return TRUE;
  return (profile->validity == VALIDITY_YEARS && profile->years <= MOST_COMPRESSED_YEARS)
         || keyfile_refuse (keyfile, PROFILE_CERTIFICATE, "Validity", error,
                            "Form=compressed needs Validity= in years, 1y to %dy",
                            MOST_COMPRESSED_YEARS);
}

static gboolean
read_usages (const Keyfile *keyfile, Profile *profile, GError **error)
{
  profile->key_usage = keyfile_words (keyfile, PROFILE_CERTIFICATE, "KeyUsage", "digitalSignature");
  profile->extended_key_usage =
      keyfile_words (keyfile, PROFILE_CERTIFICATE, "ExtendedKeyUsage",
                     profile_kind_defaults (profile->kind)->extended_key_usage);
  if (profile->key_usage[0] == NULL)
    return keyfile_refuse (keyfile, PROFILE_CERTIFICATE, "KeyUsage", error, "KeyUsage is empty");
  return profile_check_words (keyfile, PROFILE_CERTIFICATE, "KeyUsage", profile->key_usage,
                              key_usages, error)
         && profile_check_words (keyfile, PROFILE_CERTIFICATE, "ExtendedKeyUsage",
                                 profile->extended_key_usage, extended_key_usages, error);
}

static gboolean
read_authority (const Keyfile *keyfile, Profile *profile, GError **error)
{
  profile->authority = keyfile_text (keyfile, PROFILE_CERTIFICATE, "CA", NULL);
  return profile->authority == NULL || serial_is_valid (profile->authority)
         || keyfile_refuse (keyfile, PROFILE_CERTIFICATE, "CA", error, "'%s' can't be a CA's name",
                            profile->authority);
}

gboolean
profile_read_certificate (const Keyfile *keyfile, Profile *profile, GError **error)
{
  return read_kind (keyfile, profile, error) && read_authority (keyfile, profile, error)
         && profile_read_names (keyfile, profile, error) && read_subject (keyfile, profile, error)
         && read_validity (keyfile, profile, error) && read_form (keyfile, profile, error)
         && read_usages (keyfile, profile, error)
         && keyfile_number (keyfile, PROFILE_CERTIFICATE, "BackdateSeconds", 0, 86400, 60,
                            &profile->backdate_seconds, error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See profile.h. Everything that can be wrong with a profile is found when it is loaded, and
 * named by file and line.
 */
#include "ca/profile.h"

#include "base/encode.h"
#include "base/keyfile.h"
#include "base/text.h"
#include "ca/subject.h"

#include <string.h>

#define SUFFIX ".profile"
#define CERTIFICATE "certificate"
#define DEVICE "device"

static const char *const certificate_keys[] = {
  "Subject", "Validity", "KeyUsage", "ExtendedKeyUsage", "BackdateSeconds", "CA", NULL
};
static const char *const device_keys[] = {
  "Key", "Chain", "ServerRoots", "Endpoint", "Lock", NULL
};
static const KeyfileGroup groups[] = { { CERTIFICATE, certificate_keys },
                                       { DEVICE, device_keys },
                                       { NULL, NULL } };

/* keyCertSign and cRLSign are missing on purpose: a device is no CA. */
static const char *const key_usages[] = { "digitalSignature", "nonRepudiation", "keyEncipherment",
                                          "dataEncipherment", "keyAgreement",   NULL };
static const char *const extended_key_usages[] = { "clientAuth", "serverAuth", "codeSigning",
                                                   "emailProtection", NULL };
static const char *const key_words[] = { "rsa-2048", "rsa-3072", "rsa-4096", "p-256",
                                         "p-384",    "p-521",    NULL };
static const char *const server_root_words[] = { "auto", "none", "amazon-root-ca-1",
                                                 "amazon-root-ca-3", NULL };

static gboolean
check_words (const Keyfile *keyfile, const char *group, const char *key, char **words,
             const char *const *known, GError **error)
{
  g_autofree char *list = NULL;

  for (; *words != NULL; words++) {
    if (g_strv_contains (known, *words))
      continue;
    list = g_strjoinv (", ", (char **)known);
    return keyfile_refuse (keyfile, group, key, error, "'%s' is no %s; known are %s", *words, key,
                           list);
  }
  return TRUE;
}

static gboolean
read_subject (const Keyfile *keyfile, Profile *profile, GError **error)
{
  g_autoptr (GError) problem = NULL;

  profile->subject = keyfile_needed_text (keyfile, CERTIFICATE, "Subject", error);
  if (profile->subject == NULL)
    return FALSE;
  return subject_check (profile->subject, &problem)
         || keyfile_refuse (keyfile, CERTIFICATE, "Subject", error, "%s", problem->message);
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

static gboolean
read_days (const char *text, guint *days)
{
  g_autofree char *number = g_strndup (text, strlen (text) - 1);
  guint64 value;

  if (!g_str_has_suffix (text, "d")
      || !g_ascii_string_to_unsigned (number, 10, 1, 36525, &value, NULL))
    return FALSE;
  *days = (guint)value;
  return TRUE;
}

static gboolean
read_validity (const Keyfile *keyfile, Profile *profile, GError **error)
{
  g_autofree char *text = keyfile_needed_text (keyfile, CERTIFICATE, "Validity", error);

  if (text == NULL)
    return FALSE;
  if (g_str_equal (text, "until-ca"))
    profile->validity = VALIDITY_UNTIL_CA;
  else if (read_days (text, &profile->days))
    profile->validity = VALIDITY_DAYS;
  else if (read_time (text, &profile->until))
    profile->validity = VALIDITY_UNTIL;
  else
    return keyfile_refuse (keyfile, CERTIFICATE, "Validity", error,
                           "Validity is '%s', but must be days (3650d, at most 36525d), until-ca, "
                           "2030-01-31, 2049-12-31T23:59:59Z or 99991231235959Z",
                           text);
  return TRUE;
}

static gboolean
read_usages (const Keyfile *keyfile, Profile *profile, GError **error)
{
  profile->key_usage = keyfile_words (keyfile, CERTIFICATE, "KeyUsage", "digitalSignature");
  profile->extended_key_usage =
      keyfile_words (keyfile, CERTIFICATE, "ExtendedKeyUsage", "clientAuth");
  if (profile->key_usage[0] == NULL)
    return keyfile_refuse (keyfile, CERTIFICATE, "KeyUsage", error, "KeyUsage is empty");
  return check_words (keyfile, CERTIFICATE, "KeyUsage", profile->key_usage, key_usages, error)
         && check_words (keyfile, CERTIFICATE, "ExtendedKeyUsage", profile->extended_key_usage,
                         extended_key_usages, error);
}

static gboolean
read_keys (const Keyfile *keyfile, Profile *profile, GError **error)
{
  profile->keys = keyfile_words (keyfile, DEVICE, "Key", "p-256");
  if (profile->keys[0] == NULL)
    return keyfile_refuse (keyfile, DEVICE, "Key", error, "Key is empty");
  return check_words (keyfile, DEVICE, "Key", profile->keys, key_words, error);
}

static gboolean
read_server_roots (const Keyfile *keyfile, Profile *profile, GError **error)
{
  profile->server_roots = keyfile_words (keyfile, DEVICE, "ServerRoots", "none");
  for (char **root = profile->server_roots; *root != NULL; root++) {
    gboolean alone = g_str_equal (*root, "auto") || g_str_equal (*root, "none");

    if (alone && g_strv_length (profile->server_roots) > 1)
      return keyfile_refuse (keyfile, DEVICE, "ServerRoots", error, "'%s' can't stand in a list",
                             *root);
    if (!g_path_is_absolute (*root) && !g_strv_contains (server_root_words, *root))
      return keyfile_refuse (keyfile, DEVICE, "ServerRoots", error,
                             "'%s' is no root; known are auto, none, amazon-root-ca-1, "
                             "amazon-root-ca-3 and absolute paths of PEM files",
                             *root);
  }
  return TRUE;
}

/* A host name: what goes to the device must not be able to say more than that. */
static gboolean
read_endpoint (const Keyfile *keyfile, Profile *profile, GError **error)
{
  profile->endpoint = keyfile_text (keyfile, DEVICE, "Endpoint", NULL);
  if (profile->endpoint == NULL)
    return TRUE;
  if (strlen (profile->endpoint) > 253)
    return keyfile_refuse (keyfile, DEVICE, "Endpoint", error, "Endpoint is too long");
  for (const char *at = profile->endpoint; *at != '\0'; at++)
    if (!g_ascii_isalnum (*at) && strchr (".-_:", *at) == NULL)
      return keyfile_refuse (keyfile, DEVICE, "Endpoint", error,
                             "Endpoint must be a host name, with a port if need be");
  return TRUE;
}

static gboolean
read_authority (const Keyfile *keyfile, Profile *profile, GError **error)
{
  profile->authority = keyfile_text (keyfile, CERTIFICATE, "CA", NULL);
  return profile->authority == NULL || serial_is_valid (profile->authority)
         || keyfile_refuse (keyfile, CERTIFICATE, "CA", error, "'%s' can't be a CA's name",
                            profile->authority);
}

static gboolean
read_profile (const Keyfile *keyfile, Profile *profile, GError **error)
{
  return read_authority (keyfile, profile, error) && read_subject (keyfile, profile, error)
         && read_validity (keyfile, profile, error) && read_usages (keyfile, profile, error)
         && keyfile_number (keyfile, CERTIFICATE, "BackdateSeconds", 0, 86400, 60,
                            &profile->backdate_seconds, error)
         && read_keys (keyfile, profile, error) && read_server_roots (keyfile, profile, error)
         && read_endpoint (keyfile, profile, error)
         && keyfile_boolean (keyfile, DEVICE, "Chain", TRUE, &profile->install_chain, error)
         && keyfile_boolean (keyfile, DEVICE, "Lock", FALSE, &profile->lock, error);
}

static gboolean
read_name (const char *path, Profile *profile, GError **error)
{
  g_autofree char *base = g_path_get_basename (path);

  if (g_str_has_suffix (base, SUFFIX))
    base[strlen (base) - strlen (SUFFIX)] = '\0';
  profile->name = g_steal_pointer (&base);
  if (serial_is_valid (profile->name))
    return TRUE;
  g_set_error (error, CA_ERROR, CA_ERROR_PROFILE,
               "%s: a profile's name is 1 to 64 of A-Z a-z 0-9 . : _ -", path);
  return FALSE;
}

Profile *
profile_load (const char *path, GError **error)
{
  g_autoptr (Profile) profile = g_new0 (Profile, 1);
  g_autoptr (Keyfile) keyfile = NULL;
  g_autoptr (GError) problem = NULL;

  if (!read_name (path, profile, error))
    return NULL;
  keyfile = keyfile_load_strict (path, groups, &problem);
  if (keyfile == NULL || !read_profile (keyfile, profile, &problem)) {
    g_set_error_literal (error, CA_ERROR, CA_ERROR_PROFILE, problem->message);
    return NULL;
  }
  profile->sha256 = sha256_hex ((const guint8 *)keyfile->content, keyfile->length);
  return g_steal_pointer (&profile);
}

void
profile_free (Profile *profile)
{
  if (profile == NULL)
    return;
  g_free (profile->name);
  g_free (profile->sha256);
  g_free (profile->authority);
  g_free (profile->subject);
  g_strfreev (profile->key_usage);
  g_strfreev (profile->extended_key_usage);
  g_strfreev (profile->keys);
  g_strfreev (profile->server_roots);
  g_free (profile->endpoint);
  g_free (profile);
}

static GDir *
open_folder (const char *folder, GError **error)
{
  g_autoptr (GError) problem = NULL;
  GDir *listing = g_dir_open (folder, 0, &problem);

  if (listing == NULL)
    g_set_error (error, CA_ERROR, CA_ERROR_PROFILE, "the profile folder can't be read: %s",
                 problem->message);
  return listing;
}

GHashTable *
profile_load_folder (const char *folder, GError **error)
{
  g_autoptr (GHashTable) profiles =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify)profile_free);
  g_autoptr (GDir) listing = open_folder (folder, error);
  const char *name;

  if (listing == NULL)
    return NULL;
  while ((name = g_dir_read_name (listing)) != NULL) {
    g_autofree char *path = g_build_filename (folder, name, NULL);
    Profile *profile;

    if (name[0] == '.' || !g_str_has_suffix (name, SUFFIX))
      continue;
    profile = profile_load (path, error);
    if (profile == NULL)
      return NULL;
    g_hash_table_insert (profiles, profile->name, profile);
  }
  return g_steal_pointer (&profiles);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See profile.h. Everything that can be wrong with a profile is found when it is loaded, and
 * named by file and line.
 */
#include "ca/profile/profile.h"

#include "base/encode.h"
#include "base/keyfile.h"
#include "base/text.h"
#include "ca/profile/profile-private.h"

#include <string.h>

#define SUFFIX ".profile"

static const char *const certificate_keys[] = { "Subject",
                                                "Kind",
                                                "CA",
                                                "Form",
                                                "Validity",
                                                "KeyUsage",
                                                "ExtendedKeyUsage",
                                                "BackdateSeconds",
                                                "SubjectAltName",
                                                "HardwareType",
                                                "CertificatePolicies",
                                                "CrlDistributionPoint",
                                                "CaIssuers",
                                                "MasaUrl",
                                                "SubjectKeyIdentifier",
                                                "Vid",
                                                "Pid",
                                                NULL };
static const char *const device_keys[] = { "Key",  "Chain",       "ServerRoots", "Endpoint",
                                           "Lock", "KeepRequest", "Attestation", "AttestationRoots",
                                           NULL };
static const KeyfileGroup groups[] = { { PROFILE_CERTIFICATE, certificate_keys },
                                       { PROFILE_DEVICE, device_keys },
                                       { "driver *", NULL },
                                       { NULL, NULL } };

static const char *const key_words[] = { "rsa-2048", "rsa-3072", "rsa-4096", "p-256",
                                         "p-384",    "p-521",    NULL };
static const char *const attestation_words[] = { "none", "preferred", "required", NULL };
static const char *const server_root_words[] = { "auto", "none", "amazon-root-ca-1",
                                                 "amazon-root-ca-3", NULL };

static gboolean
read_keys (const Keyfile *keyfile, Profile *profile, GError **error)
{
  profile->keys = keyfile_words (keyfile, PROFILE_DEVICE, "Key", "p-256");
  profile->keys_listed = keyfile_line (keyfile, PROFILE_DEVICE, "Key") > 0;
  if (profile->keys[0] == NULL)
    return keyfile_refuse (keyfile, PROFILE_DEVICE, "Key", error, "Key is empty");
  return profile_check_words (keyfile, PROFILE_DEVICE, "Key", profile->keys, key_words, error);
}

static gboolean
read_server_roots (const Keyfile *keyfile, Profile *profile, GError **error)
{
  profile->server_roots = keyfile_words (keyfile, PROFILE_DEVICE, "ServerRoots", "none");
  for (char **root = profile->server_roots; *root != NULL; root++) {
    gboolean alone = g_str_equal (*root, "auto") || g_str_equal (*root, "none");

    if (alone && g_strv_length (profile->server_roots) > 1)
      return keyfile_refuse (keyfile, PROFILE_DEVICE, "ServerRoots", error,
                             "'%s' can't stand in a list", *root);
    if (!g_path_is_absolute (*root) && !g_strv_contains (server_root_words, *root))
      return keyfile_refuse (keyfile, PROFILE_DEVICE, "ServerRoots", error,
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
  profile->endpoint = keyfile_text (keyfile, PROFILE_DEVICE, "Endpoint", NULL);
  if (profile->endpoint == NULL)
    return TRUE;
  if (strlen (profile->endpoint) > 253)
    return keyfile_refuse (keyfile, PROFILE_DEVICE, "Endpoint", error, "Endpoint is too long");
  for (const char *at = profile->endpoint; *at != '\0'; at++)
    if (!g_ascii_isalnum (*at) && strchr (".-_:", *at) == NULL)
      return keyfile_refuse (keyfile, PROFILE_DEVICE, "Endpoint", error,
                             "Endpoint must be a host name, with a port if need be");
  return TRUE;
}

/* Without roots nothing is ever verified, so that a profile that requires it would pass nobody. */
static gboolean
read_attestation (const Keyfile *keyfile, Profile *profile, GError **error)
{
  guint policy;

  if (!keyfile_choice (keyfile, PROFILE_DEVICE, "Attestation", attestation_words,
                       ATTESTATION_NOT_ASKED, &policy, error))
    return FALSE;
  profile->attestation = (AttestationPolicy)policy;
  profile->attestation_roots = keyfile_words (keyfile, PROFILE_DEVICE, "AttestationRoots", "");
  for (char **root = profile->attestation_roots; *root != NULL; root++)
    if (!g_path_is_absolute (*root))
      return keyfile_refuse (keyfile, PROFILE_DEVICE, "AttestationRoots", error,
                             "'%s' is not the absolute path of a PEM file", *root);
  if (profile->attestation == ATTESTATION_REQUIRED && profile->attestation_roots[0] == NULL)
    return keyfile_refuse (keyfile, PROFILE_DEVICE, "Attestation", error,
                           "Attestation=required needs AttestationRoots: whom to believe");
  if (profile->attestation == ATTESTATION_NOT_ASKED && profile->attestation_roots[0] != NULL)
    return keyfile_refuse (keyfile, PROFILE_DEVICE, "AttestationRoots", error,
                           "AttestationRoots is of use only with Attestation=preferred or "
                           "required");
  return TRUE;
}

static gboolean
read_profile (const Keyfile *keyfile, Profile *profile, GError **error)
{
  return profile_read_certificate (keyfile, profile, error) && read_keys (keyfile, profile, error)
         && read_server_roots (keyfile, profile, error) && read_endpoint (keyfile, profile, error)
         && keyfile_boolean (keyfile, PROFILE_DEVICE, "Chain", TRUE, &profile->install_chain, error)
         && keyfile_boolean (keyfile, PROFILE_DEVICE, "Lock", FALSE, &profile->lock, error)
         && keyfile_boolean (keyfile, PROFILE_DEVICE, "KeepRequest", FALSE, &profile->keep_request,
                             error)
         && read_attestation (keyfile, profile, error)
         && profile_check_kind (keyfile, profile, error);
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
  profile->driver_settings = keyfile_settings (keyfile, "driver ");
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
  g_clear_pointer (&profile->driver_settings, g_ptr_array_unref);
  g_free (profile->authority);
  g_free (profile->subject);
  g_free (profile->vendor_id);
  g_free (profile->product_id);
  g_strfreev (profile->alternative_names);
  g_free (profile->hardware_type);
  g_strfreev (profile->policies);
  g_strfreev (profile->crl_urls);
  g_strfreev (profile->issuer_urls);
  g_free (profile->masa_url);
  g_strfreev (profile->key_usage);
  g_strfreev (profile->extended_key_usage);
  g_strfreev (profile->keys);
  g_strfreev (profile->server_roots);
  g_strfreev (profile->attestation_roots);
  g_free (profile->endpoint);
  g_free (profile);
}

SubjectPattern
profile_subject (const Profile *profile)
{
  return (SubjectPattern){ profile->subject, profile->kind, profile->vendor_id,
                           profile->product_id };
}

gboolean
profile_has_subject (const Profile *profile)
{
  return *profile->subject != '\0' || profile->vendor_id != NULL || profile->product_id != NULL;
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

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See config.h.
 */
#include "ca/issue/config.h"

#include "base/keyfile.h"
#include "base/names.h"
#include "base/text.h"
#include "ca/signature.h"

#include <string.h>

#define SIGNER "signer"
#define CA "ca"
#define TICKETS "tickets"
#define STATION "station"
#define CRL_DAYS 30
#define CHECKPOINT_EVERY 100
#define MOST_CHECKPOINT_EVERY 1000000
#define MOST_STATION_NAME 64 /* bytes; ub-common-name, RFC 5280, appendix A.1 */

static const char *const signer_keys[] = { "Mode",          "Socket",      "StateFolder",
                                           "ProfileFolder", "AllowedUser", "KnownKeys",
                                           "Issuing",       NULL };
static const char *const ca_keys[] = {
  "Key",          "Certificate", "Signature", "PassphraseFile", "PassphraseCredential",
  "PassphraseFd", "CrlDays",     NULL
};
static const char *const tickets_keys[] = { "Owner", NULL };
static const char *const station_keys[] = {
  "Key",          "Certificate", "PassphraseFile",  "PassphraseCredential",
  "PassphraseFd", "Name",        "CheckpointEvery", NULL
};
static const KeyfileGroup groups[] = { { SIGNER, signer_keys },   { CA, ca_keys },
                                       { CA " *", ca_keys },      { TICKETS, tickets_keys },
                                       { STATION, station_keys }, { NULL, NULL } };

static gboolean
read_signer (const Keyfile *keyfile, SignerConfig *config, GError **error)
{
  static const char *const modes[] = { "production", "demo", NULL };
  guint mode;

  if (!keyfile_choice (keyfile, SIGNER, "Mode", modes, 0, &mode, error))
    return FALSE;
  config->production = mode == 0;
  config->socket = keyfile_text (keyfile, SIGNER, "Socket", DEFAULT_SIGNER_SOCKET);
  config->state_folder = keyfile_text (keyfile, SIGNER, "StateFolder", DEFAULT_SIGNER_FOLDER);
  config->profile_folder = keyfile_text (keyfile, SIGNER, "ProfileFolder", DEFAULT_PROFILE_FOLDER);
  config->allowed_user = keyfile_text (keyfile, SIGNER, "AllowedUser", NULL);
  config->known_keys = keyfile_words (keyfile, SIGNER, "KnownKeys", "");
  config->issuing = keyfile_text (keyfile, SIGNER, "Issuing", NULL);
  return TRUE;
}

static gboolean
read_passphrase (const Keyfile *keyfile, const char *group, PassphraseSource *source,
                 GError **error)
{
  guint fd = 0;

  source->file = keyfile_text (keyfile, group, "PassphraseFile", NULL);
  source->credential = keyfile_text (keyfile, group, "PassphraseCredential", NULL);
  if (!keyfile_number (keyfile, group, "PassphraseFd", 3, 1023, 0, &fd, error))
    return FALSE;
  source->fd = fd > 0 ? (int)fd : -1;
  if ((source->file != NULL) + (source->credential != NULL) + (source->fd >= 0) > 1)
    return keyfile_refuse (keyfile, group, NULL, error,
                           "only one of PassphraseFile, PassphraseCredential and PassphraseFd "
                           "may be given");
  return TRUE;
}

static gboolean
read_authority (const Keyfile *keyfile, const char *group, AuthorityConfig *authority,
                GError **error)
{
  authority->name = g_strdup (g_str_equal (group, CA) ? CA : group + strlen (CA " "));
  if (!serial_is_valid (authority->name))
    return keyfile_refuse (keyfile, group, NULL, error,
                           "a CA's name is 1 to 64 of A-Z a-z 0-9 . : _ -");
  authority->key = keyfile_needed_text (keyfile, group, "Key", error);
  if (authority->key == NULL)
    return FALSE;
  authority->certificate = keyfile_needed_text (keyfile, group, "Certificate", error);
  authority->signature = keyfile_text (keyfile, group, "Signature", NULL);
  if (authority->signature != NULL && signature_find (authority->signature) == NULL)
    return keyfile_refuse (keyfile, group, "Signature", error,
                           "'%s' is no signature algorithm; see keycradle-signer(8)",
                           authority->signature);
  return authority->certificate != NULL
         && read_passphrase (keyfile, group, &authority->passphrase, error)
         && keyfile_number (keyfile, group, "CrlDays", 1, 3650, CRL_DAYS, &authority->crl_days,
                            error);
}

static void
authority_config_free (AuthorityConfig *authority)
{
  g_free (authority->name);
  g_free (authority->key);
  g_free (authority->certificate);
  g_free (authority->signature);
  g_free (authority->passphrase.file);
  g_free (authority->passphrase.credential);
  g_free (authority);
}

const AuthorityConfig *
signer_config_authority (const SignerConfig *config, const char *name)
{
  for (guint i = 0; i < config->authorities->len; i++) {
    const AuthorityConfig *authority = g_ptr_array_index (config->authorities, i);

    if (g_str_equal (authority->name, name))
      return authority;
  }
  return NULL;
}

/* Which CA issues must be said once there are two. */
static gboolean
choose_issuing (const Keyfile *keyfile, SignerConfig *config, GError **error)
{
  const AuthorityConfig *first;

  if (config->authorities->len == 0)
    return keyfile_refuse (keyfile, CA, NULL, error, "there is no CA: [ca] is missing");
  first = g_ptr_array_index (config->authorities, 0);
  if (config->issuing == NULL && config->authorities->len == 1)
    config->issuing = g_strdup (first->name);
  if (config->issuing == NULL)
    return keyfile_refuse (keyfile, SIGNER, NULL, error,
                           "there are several CAs: Issuing= must name the one that signs");
  return signer_config_authority (config, config->issuing) != NULL
         || keyfile_refuse (keyfile, SIGNER, "Issuing", error, "there is no [ca %s]",
                            config->issuing);
}

static gboolean
read_authorities (const Keyfile *keyfile, SignerConfig *config, GError **error)
{
  g_auto (GStrv) names = g_key_file_get_groups (keyfile->values, NULL);

  for (char **group = names; *group != NULL; group++) {
    AuthorityConfig *authority;

    if (!g_str_equal (*group, CA) && !g_str_has_prefix (*group, CA " "))
      continue;
    authority = g_new0 (AuthorityConfig, 1);
    authority->passphrase.fd = -1;
    g_ptr_array_add (config->authorities, authority);
    if (!read_authority (keyfile, *group, authority, error))
      return FALSE;
  }
  return choose_issuing (keyfile, config, error);
}

/* A group without its key must not leave the line without limits. */
static gboolean
read_tickets (const Keyfile *keyfile, SignerConfig *config, GError **error)
{
  if (!g_key_file_has_group (keyfile->values, TICKETS))
    return TRUE;
  config->owner = keyfile_needed_text (keyfile, TICKETS, "Owner", error);
  return config->owner != NULL;
}

static gboolean
read_station (const Keyfile *keyfile, StationConfig *station, GError **error)
{
  station->key = keyfile_text (keyfile, STATION, "Key", NULL);
  station->certificate = keyfile_text (keyfile, STATION, "Certificate", NULL);
  station->name = keyfile_text (keyfile, STATION, "Name", NULL);
  if (station->certificate != NULL && station->key == NULL)
    return keyfile_refuse (keyfile, STATION, "Certificate", error,
                           "Certificate= is for a Key= that stands beside it");
  if (station->name != NULL && strlen (station->name) > MOST_STATION_NAME)
    return keyfile_refuse (keyfile, STATION, "Name", error, "Name= is longer than %d bytes",
                           MOST_STATION_NAME);
  return read_passphrase (keyfile, STATION, &station->passphrase, error)
         && keyfile_number (keyfile, STATION, "CheckpointEvery", 1, MOST_CHECKPOINT_EVERY,
                            CHECKPOINT_EVERY, &station->checkpoint_every, error);
}

SignerConfig *
signer_config_load (const char *path, GError **error)
{
  g_autoptr (SignerConfig) config = g_new0 (SignerConfig, 1);
  g_autoptr (Keyfile) keyfile = keyfile_load_strict (path, groups, error);

  config->authorities = g_ptr_array_new_with_free_func ((GDestroyNotify)authority_config_free);
  if (keyfile == NULL || !read_signer (keyfile, config, error)
      || !read_authorities (keyfile, config, error) || !read_tickets (keyfile, config, error)
      || !read_station (keyfile, &config->station, error))
    return NULL;
  return g_steal_pointer (&config);
}

void
signer_config_free (SignerConfig *config)
{
  if (config == NULL)
    return;
  g_free (config->socket);
  g_free (config->state_folder);
  g_free (config->profile_folder);
  g_free (config->allowed_user);
  g_strfreev (config->known_keys);
  g_free (config->issuing);
  g_free (config->owner);
  g_ptr_array_unref (config->authorities);
  g_free (config->station.key);
  g_free (config->station.certificate);
  g_free (config->station.passphrase.file);
  g_free (config->station.passphrase.credential);
  g_free (config->station.name);
  g_free (config);
}

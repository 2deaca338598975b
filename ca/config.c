/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See config.h.
 */
#include "ca/config.h"

#include "base/keyfile.h"
#include "base/names.h"

#define SIGNER "signer"
#define CA "ca"

static const char *const signer_keys[] = { "Mode",          "Socket",      "StateFolder",
                                           "ProfileFolder", "AllowedUser", NULL };
static const char *const ca_keys[] = {
  "Key", "Certificate", "PassphraseFile", "PassphraseCredential", "PassphraseFd", NULL
};
static const KeyfileGroup groups[] = { { SIGNER, signer_keys }, { CA, ca_keys }, { NULL, NULL } };

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
  return TRUE;
}

static gboolean
read_passphrase (const Keyfile *keyfile, SignerConfig *config, GError **error)
{
  PassphraseSource *source = &config->passphrase;
  guint fd = 0;

  source->file = keyfile_text (keyfile, CA, "PassphraseFile", NULL);
  source->credential = keyfile_text (keyfile, CA, "PassphraseCredential", NULL);
  if (!keyfile_number (keyfile, CA, "PassphraseFd", 3, 1023, 0, &fd, error))
    return FALSE;
  source->fd = fd > 0 ? (int)fd : -1;
  if ((source->file != NULL) + (source->credential != NULL) + (source->fd >= 0) > 1)
    return keyfile_refuse (keyfile, CA, NULL, error,
                           "only one of PassphraseFile, PassphraseCredential and PassphraseFd "
                           "may be given");
  return TRUE;
}

static gboolean
read_ca (const Keyfile *keyfile, SignerConfig *config, GError **error)
{
  config->key = keyfile_needed_text (keyfile, CA, "Key", error);
  if (config->key == NULL)
    return FALSE;
  config->certificate = keyfile_needed_text (keyfile, CA, "Certificate", error);
  return config->certificate != NULL && read_passphrase (keyfile, config, error);
}

SignerConfig *
signer_config_load (const char *path, GError **error)
{
  g_autoptr (SignerConfig) config = g_new0 (SignerConfig, 1);
  g_autoptr (Keyfile) keyfile = keyfile_load_strict (path, groups, error);

  config->passphrase.fd = -1;
  if (keyfile == NULL || !read_signer (keyfile, config, error) || !read_ca (keyfile, config, error))
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
  g_free (config->key);
  g_free (config->certificate);
  g_free (config->passphrase.file);
  g_free (config->passphrase.credential);
  g_free (config);
}

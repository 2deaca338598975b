/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * signer.conf; docs/operating.md describes its keys.
 */
#pragma once

#include <glib.h>

#include "ca/passphrase.h"

typedef struct {
  gboolean production;
  char *socket;
  char *state_folder;
  char *profile_folder;
  char *allowed_user; /* NULL where the configuration does not name one */
  char *key;          /* URI */
  char *certificate;
  PassphraseSource passphrase;
} SignerConfig;

/* Errors name file and line. */
SignerConfig *signer_config_load (const char *path, GError **error);
void signer_config_free (SignerConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SignerConfig, signer_config_free)

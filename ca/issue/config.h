/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * signer.conf; docs/operating.md describes its keys.
 */
#pragma once

#include <glib.h>

#include "ca/keystore/passphrase.h"

/* One CA: [ca NAME], or [ca] alone, whose name is "ca". */
typedef struct {
  char *name;
  char *key; /* URI */
  char *certificate;
  char *signature; /* a word of ca/signature.h, or NULL for what suits the key */
  PassphraseSource passphrase;
  guint crl_days; /* how long a revocation list is good for */
} AuthorityConfig;

/* [station]: the key that signs for the station. */
typedef struct {
  char *key;         /* URI; NULL: one of its own in the state folder */
  char *certificate; /* NULL: station.pem in the state folder */
  PassphraseSource passphrase;
  char *name;             /* of the certificate that is made; NULL: the PC's */
  guint checkpoint_every; /* entries of the log */
} StationConfig;

typedef struct {
  gboolean production;
  char *socket;
  char *state_folder;
  char *profile_folder;
  char *allowed_user;     /* NULL where the configuration does not name one */
  char **known_keys;      /* paths of lists; see ca/judge/known-keys.h */
  char *issuing;          /* the CA that signs where a profile names none */
  char *owner;            /* path of the certificates whose tickets are demanded, or NULL */
  GPtrArray *authorities; /* of AuthorityConfig, as they stand in the file; at least one */
  StationConfig station;
} SignerConfig;

/* NULL where there is none of that name. */
const AuthorityConfig *signer_config_authority (const SignerConfig *config, const char *name);

/* Errors name file and line. */
SignerConfig *signer_config_load (const char *path, GError **error);
void signer_config_free (SignerConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SignerConfig, signer_config_free)

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What signer.conf and the profiles said when they were read: the CAs, and a template for each
 * profile. It never changes, and is counted: an order keeps the generation that it began with, also
 * when the signer has gone on to the next one.
 */
#pragma once

#include "ca/issue/authority.h"
#include "ca/issue/config.h"
#include "ca/issue/issue.h"
#include "ca/judge/known-keys.h"

typedef struct {
  guint64 number;         /* from 1, no two of a process have the same */
  GPtrArray *authorities; /* of Authority, as they stand in signer.conf */
  const Authority *issuing;
  GHashTable *profiles;  /* name → Profile */
  GHashTable *templates; /* name → IssueTemplate */
  KnownKeys *known_keys; /* that no device may have */
  GPtrArray *owners;     /* of X509: whose tickets are demanded; NULL: none are */
} Generation;

/* Loads and checks everything that `config` names but the log. */
Generation *generation_load (const SignerConfig *config, GError **error);
Generation *generation_ref (Generation *generation);
void generation_unref (Generation *generation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Generation, generation_unref)

/* NULL where there is none of that name. */
const Authority *generation_authority (const Generation *generation, const char *name);
const IssueTemplate *generation_template (const Generation *generation, const char *profile);

/* "name:sha256hex:ca", sorted; free with g_strfreev(). */
char **generation_profiles (const Generation *generation);

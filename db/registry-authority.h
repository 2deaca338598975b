/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * CAs in targets: what the files about them share.
 */
#pragma once

#include "db/registry-private.h"

/* ---- what a CA must be: pure ---- */

/* A CA (basicConstraints) that is within its dates. INVALID with a sentence. */
gboolean authority_check (GBytes *der, GError **error);

/* `pem`: signed by this CA, its common name a registration code, within its dates. */
gboolean verification_check (const char *pem, GBytes *authority_der, GError **error);

/* ---- CAs of this ledger ---- */

typedef struct {
  gint64 id;
  char *name;
  char *sha256;
  GBytes *der;
} KnownAuthority;

/* By SHA-256, or by its name where only one CA has had that. */
gboolean known_authority_find (Database *database, const char *name, KnownAuthority *authority,
                               GError **error);
void known_authority_clear (KnownAuthority *authority);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (KnownAuthority, known_authority_clear)

/* ---- operations ---- */

typedef struct {
  const char *operation;    /* "register-ca", "update-ca", "delete-ca" */
  const char *from;         /* or NULL */
  const char *to;           /* or NULL */
  const char *verification; /* or NULL */
  int auto_registration;    /* -1: as it was */
  const char *actor;
} AuthorityDeed;

/* An audit event and the operation that the cloud is to be told; `id` of the CA's registration. */
gboolean authority_record (Database *database, const Target *target, const char *authority,
                           gint64 id, const AuthorityDeed *deed, GError **error);

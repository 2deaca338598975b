/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The station's key: it signs what the signer itself composes (reports, manifests' statements,
 * checkpoints), and no certificates. P-256, in any keystore; unless signer.conf names one, it is
 * made at the first start. Errors are CA_ERROR_CA_KEY, CA_ERROR_CA_CERTIFICATE and the keystore's.
 */
#pragma once

#include "ca/issue/config.h"
#include "ca/log/log.h"
#include "ca/proof/merkle.h"

#include <openssl/x509.h>

typedef struct StationKey StationKey;

/* NULL without error where it is still to be made and `mode` writes nothing. */
StationKey *station_key_open (const SignerConfig *config, LogOpenMode mode, GError **error);
void station_key_close (StationKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (StationKey, station_key_close)

/* What the owner pins. Lent. */
X509 *station_key_certificate (const StationKey *key);
GBytes *station_key_der (const StationKey *key);

/* SHA-256 of its SubjectPublicKeyInfo, which names the station. */
const guint8 *station_key_sha256 (const StationKey *key);
const char *station_key_name (const StationKey *key); /* the same in hex */

/* Appends the ECDSA signature with SHA-256 over `data`. Threads may call it at once. */
gboolean station_key_sign (StationKey *key, Span data, GByteArray *out, GError **error);

/* Why it can't sign now, or NULL. Free with g_free(). */
char *station_key_problem (StationKey *key);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Judging what a device brought to show where its key was made. Pure: bytes go in, a verdict comes
 * out; a file a format. docs/attestation.md says what each format proves, and what it does not.
 */
#pragma once

#include "db/ledger-attestation.h"
#include "drivers/driver.h"

/* Whom to believe: what the profile's AttestationRoots= holds. */
typedef struct {
  GPtrArray *certificates; /* of GBytes DER: each one ends a chain, self-signed or not */
  GPtrArray *keys;         /* of GBytes SubjectPublicKeyInfo */
} AttestationTrust;

/* Reads PEM files (CERTIFICATE and PUBLIC KEY, any number of each). STATION_ERROR_CONFIG where one
 * can't be read or holds neither. */
AttestationTrust *attestation_trust_load (const char *const *paths, GError **error);
AttestationTrust *attestation_trust_new (void);
void attestation_trust_free (AttestationTrust *trust);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AttestationTrust, attestation_trust_free)

#define ATTESTATION_SECRET_LENGTH 32

/* What one device is asked, and to whom it was said. */
typedef struct {
  guint8 nonce[PROOF_NONCE_LENGTH];
  guint8 secret[ATTESTATION_SECRET_LENGTH]; /* never leaves but inside a credential */
  GBytes *endorsement_key; /* whom the last credential was made for; NULL: none was */
  GBytes *name;
} AttestationChallenge;

/* Fresh; FALSE with DRIVER_ERROR_INTERNAL where there is no randomness. */
gboolean attestation_challenge_init (AttestationChallenge *challenge, GError **error);
void attestation_challenge_clear (AttestationChallenge *challenge);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (AttestationChallenge, attestation_challenge_clear)

/* AttestationRequest.make_credential over the secret; `challenge` is an AttestationChallenge. */
GBytes *attestation_make_credential (gpointer challenge, GBytes *endorsement_key, GBytes *name,
                                     GError **error);

/* All that is judged by. Borrowed. */
typedef struct {
  const Attestation *evidence;
  const AttestationChallenge *challenge;
  GBytes *request;     /* the CSR; NULL where the device had its key from before */
  GBytes *spki;        /* the key that gets the certificate */
  const char *chip_id; /* as the driver told it, or NULL */
  const AttestationTrust *trust;
  gint64 now; /* seconds since 1970 */
} AttestationCase;

/* `detail` says in a sentence what was shown, or why it is no good; free with g_free(). */
AttestationVerdict attestation_judge (const AttestationCase *claim, char **detail);

/* What the parts are, in their order, as names of files: "key.der"; NULL-ended. NULL for a format
 * that this Keycradle does not know. */
const char *const *attestation_part_names (const char *format);

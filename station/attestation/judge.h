/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the formats' judges share. Each of them returns a verdict, and sets `detail` whatever it is.
 */
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "station/attestation/attestation.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509, X509_free)

AttestationVerdict attestation_judge_nrf91 (const AttestationCase *claim, char **detail);
AttestationVerdict attestation_judge_piv (const AttestationCase *claim, char **detail);
AttestationVerdict attestation_judge_tpm (const AttestationCase *claim, char **detail);
AttestationVerdict attestation_judge_microchip (const AttestationCase *claim, char **detail);

/* Sets `detail` and returns ATTESTATION_REFUSED. */
AttestationVerdict attestation_refuse (char **detail, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* A part's bytes; there are as many parts as the format has when a judge is called. */
GBytes *attestation_part (const AttestationCase *claim, guint index);
gboolean attestation_part_is_empty (const AttestationCase *claim, guint index);

/* A part as one certificate and nothing behind it, or NULL. */
X509 *attestation_certificate (GBytes *der);
/* A SubjectPublicKeyInfo and nothing behind it, or NULL. */
EVP_PKEY *attestation_key (GBytes *spki);

/* A subject for people; free with g_free(). */
char *attestation_subject (const X509 *certificate);

gboolean attestation_has_key (const X509 *certificate, GBytes *spki);

/* Does `certificate` lead, by way of `between` (may be NULL), to one of the trusted ones, at
 * claim->now and with nothing weaker than 112 bits? NULL where it does, else why not; free with
 * g_free(). */
char *attestation_chain_problem (const AttestationCase *claim, X509 *certificate, X509 *between);

/* Is `between` the issuer of `certificate`, by name and signature? */
gboolean attestation_is_issued_by (X509 *certificate, X509 *between);

/* Did `key` sign `message` (SHA-256; an EC signature is r and s, raw)? */
gboolean attestation_signed_raw (EVP_PKEY *key, const guint8 *message, gsize length,
                                 GBytes *signature);

/* The contents of an extension by its object identifier in dots, or NULL. Borrowed from
 * `certificate`. */
const ASN1_OCTET_STRING *attestation_extension (const X509 *certificate, const char *oid);

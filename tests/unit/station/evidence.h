/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Evidence for the tests of its judges: makers' chains made on the spot, and a claim that can be
 * changed in one thing at a time.
 */
#pragma once

#include <check.h>
#include <openssl/x509.h>

#include "station/attestation/attestation.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509, X509_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_PKEY, EVP_PKEY_free)

#define EVIDENCE_DAY G_GINT64_CONSTANT (86400)

EVP_PKEY *evidence_key (void); /* P-256 */
GBytes *evidence_spki (EVP_PKEY *key);
GBytes *evidence_der (X509 *certificate);

/* A certificate of `key`, signed by `signer` as `issuer` (NULL: itself), valid from a day before to
 * `days` after `now`. */
X509 *evidence_certificate (const char *name, EVP_PKEY *key, X509 *issuer, EVP_PKEY *signer,
                            gboolean authority, gint64 now, int days);
/* Adds an extension (before signing anew by `signer`). */
void evidence_extend (X509 *certificate, const char *oid, const void *data, gsize length,
                      EVP_PKEY *signer);

/* One case, with everything that it borrows. */
typedef struct {
  AttestationCase claim;
  Attestation evidence;
  AttestationChallenge challenge;
  AttestationTrust *trust;
  guint free_at; /* a byte of parts 1 and 2 that nobody signs and that says nothing; 0: none */
} Evidence;

/* Fresh challenge, no parts, no trust, now. */
void evidence_begin (Evidence *evidence, AttestationFormat format);
void evidence_add (Evidence *evidence, GBytes *part);
void evidence_trust (Evidence *evidence, X509 *root);
void evidence_end (Evidence *evidence);

/* The verdict must be `wanted`, and the detail have `words`. */
void evidence_is (const Evidence *evidence, AttestationVerdict wanted, const char *words);

/* One bit of each byte of each part, one after the other: none may leave the evidence verified. */
void evidence_flips (Evidence *evidence, guint step);
/* Parts cut short or with a byte behind them must not be verified either. */
void evidence_cuts (Evidence *evidence);

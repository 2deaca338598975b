/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The proof of one entry (docs/evidence.md, "Proof"): that the log, as its station signed it, holds
 * this very entry, and with it a certificate. Errors are CA_ERROR_PROOF.
 */
#pragma once

#include "ca/log/log-format.h"
#include "ca/proof/checkpoint.h"

typedef struct {
  Checkpoint checkpoint;
  guint64 index;
  GBytes *bytes;  /* the entry's */
  LogEntry entry; /* points into them */
} AuditProof;

void audit_proof_clear (AuditProof *proof);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (AuditProof, audit_proof_clear)

/* `station` signed the checkpoint, and the entry that the proof brings along stands in its tree. */
gboolean audit_proof_verify (const char *text, EVP_PKEY *station, AuditProof *proof,
                             GError **error);

/* The entry holds that certificate (DER), byte for byte. */
gboolean audit_proof_is_of (const AuditProof *proof, Span certificate, GError **error);

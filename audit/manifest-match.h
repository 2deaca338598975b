/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Rows of manifests against the log and the ledger: which certificate a row is about, and whether
 * it was good when the manifest was made. Flat memory; errors are those of temporary files.
 */
#pragma once

#include "audit/issued.h"
#include "audit/manifest-row.h"
#include "audit/spill.h"
#include "ca/proof/report.h"

/* What ledger.jsonl says of a certificate: the events by which it became verified and void, or
 * G_MAXUINT64. Into a spill that manifest_match_new() then takes. */
gboolean manifest_match_add_state (Spill *states, const Issued *issued, guint64 verified,
                                   guint64 voided, GError **error);

typedef struct ManifestMatch ManifestMatch;

/* `digest` and `states` are lent; `states` may be NULL: there is no ledger. */
ManifestMatch *manifest_match_new (AuditDigest *digest, Spill *states);
void manifest_match_free (ManifestMatch *match);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ManifestMatch, manifest_match_free)

/* A row without a problem, of the `manifest`th file, counted from 0. */
gboolean manifest_match_add (ManifestMatch *match, guint manifest,
                             const ManifestStatement *statement, const ManifestRow *row,
                             GError **error);

/* Hears what is wrong with a row; rows come in no order. */
typedef void (*ManifestFault) (guint manifest, guint64 row, const char *why, gpointer data);

/* All rows were added. `issued` are the log's certificates. */
gboolean manifest_match_judge (ManifestMatch *match, AuditIssued *issued, ManifestFault fault,
                               gpointer data, GError **error);

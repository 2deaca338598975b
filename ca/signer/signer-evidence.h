/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the signer says to the owner, signed by the station's key: reports, manifests' statements,
 * checkpoints. The signer composes every word; of the ledger it repeats, in a group of its own,
 * what it was told. Any thread may call.
 */
#pragma once

#include "ca/proof/report.h"
#include "ca/signer/signer.h"

/* The certificate whose key signs (DER, lent); NULL where a signer that only checks found none. */
GBytes *signer_station_certificate (const Signer *signer);

/* Why the station's key can't sign now, or NULL. Free with g_free(). */
char *signer_station_problem (Signer *signer);

/* Both stand in the log at `place`, covered by a checkpoint, before they are returned.
 * CA_ERROR_PROOF for words that no report can have, CA_ERROR_CLOCK, CA_ERROR_LOG, and the
 * keystore's. Of `ledger` all is the caller's; of `statement` all that docs/evidence.md has in
 * [ledger], and batch, format, rows, bytes, sha256. */
GBytes *signer_report (Signer *signer, const char *batch, gboolean final, const LedgerClaim *ledger,
                       guint64 *place, GError **error);
GBytes *signer_manifest_statement (Signer *signer, const ManifestStatement *statement,
                                   guint64 *place, GError **error);

/* The newest checkpoint's note, NULL without error where there is none; with `fresh` one that
 * covers the whole log. */
char *signer_checkpoint (Signer *signer, gboolean fresh, GError **error);

/* The path of entry `index` to the newest checkpoint, which is made where none covers the entry.
 * CA_ERROR_PROOF where there is no such entry. */
GByteArray *signer_inclusion (Signer *signer, guint64 index, char **note, GError **error);

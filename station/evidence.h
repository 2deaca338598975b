/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the signer is asked for on the owner's behalf about what the ledger has: reports about
 * batches, statements about manifests. Both are in the signer's log before they are answered, and
 * come back from there where the answer was lost. Any thread may call, with a client of its own.
 * Errors are LEDGER_ERROR, CA_ERROR and those of issuer_follow().
 */
#pragma once

#include "db/ledger-evidence.h"
#include "station/issuer.h"

/* The final one where the batch is closed: then what is still open becomes void first, and
 * BATCH_STATE says that a unit of it is still at work. */
BatchReport *evidence_report (Ledger *ledger, Issuer *issuer, SignerClient *client,
                              const char *batch, GError **error);

/* The statement about export `id`: as it is kept, or else asked for now and kept. */
GBytes *evidence_statement (Ledger *ledger, Issuer *issuer, SignerClient *client, gint64 id,
                            GError **error);

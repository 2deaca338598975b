/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a station asks the signer for on the owner's behalf: tickets, reports, checkpoints, proofs,
 * and the log itself. Errors are those of client.h, and what the signer said.
 */
#pragma once

#include "ca/proof/report.h"
#include "ca/wire/client.h"

typedef struct {
  guint64 place; /* in the log */
  guint64 number;
  char *batch;
  char *profile;
  guint count;
  guint issued;
  gint64 not_before; /* seconds since 1970 */
  gint64 not_after;
  char *sha256;    /* hex, of the ticket as it was signed */
  gboolean newest; /* of its batch: the one that counts */
  char *note;
} TicketState;

void ticket_state_free (TicketState *state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TicketState, ticket_state_free)

/* Loads it: from then on it stands in the log, and ends the batch's earlier one. CA_ERROR_TICKET_*
 */
TicketState *signer_client_load_ticket (SignerClient *client, GBytes *ticket, Deadline deadline,
                                        GError **error);
/* Of TicketState, oldest first. */
GPtrArray *signer_client_tickets (SignerClient *client, Deadline deadline, GError **error);

/* Both are logged before they are answered. `place` (may be NULL) receives where. Unref with
 * g_bytes_unref(). */
GBytes *signer_client_report (SignerClient *client, const char *batch, gboolean final,
                              const LedgerClaim *ledger, guint64 *place, Deadline deadline,
                              GError **error);
/* Of `statement` batch, format, rows, bytes, sha256, ledger, event and event_hash are the
 * station's. */
GBytes *signer_client_manifest_statement (SignerClient *client, const ManifestStatement *statement,
                                          guint64 *place, Deadline deadline, GError **error);

/* The newest checkpoint as a note, or NULL without error where there is none; with `fresh` one that
 * covers every entry. Free with g_free(). */
char *signer_client_checkpoint (SignerClient *client, gboolean fresh, Deadline deadline,
                                GError **error);

/* The path of entry `index` (whole MERKLE_HASHes), the note that it leads to, and the entry's
 * bytes.
 */
GBytes *signer_client_inclusion (SignerClient *client, guint64 index, char **note, GBytes **entry,
                                 Deadline deadline, GError **error);
/* `to` 0: all entries. */
GBytes *signer_client_consistency (SignerClient *client, guint64 from, guint64 to,
                                   Deadline deadline, GError **error);

/* Bytes of the log's file from `offset` on, at most a frame; empty at the end, which `length` (may
 * be NULL) receives. */
GBytes *signer_client_log (SignerClient *client, guint64 offset, guint64 *length, Deadline deadline,
                           GError **error);

/* With a clock behind its log the signer issues nothing; from here on it goes by the clock again.
 * On record, with `who` and `why`. Refused where tickets are demanded: there only the owner can,
 * with a ticket. */
gboolean signer_client_reset_clock (SignerClient *client, const char *who, const char *why,
                                    Deadline deadline, GError **error);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Keys in memory, as the ledger would give them to the fleet's checks.
 */
#pragma once

#include "ca/fleet/fleet.h"

typedef struct {
  GPtrArray *keys; /* of FleetKey */
  guint reads;
  guint fail_at; /* the read that fails, from 1 on; 0: none */
} Ledger;

Ledger ledger_new (void);
void ledger_clear (Ledger *ledger);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Ledger, ledger_clear)

/* FleetSource of a Ledger. */
GPtrArray *ledger_read (guint64 after, guint most, gpointer data, GError **error);

/* Ids have gaps: 7, 10, 13 ... */
guint64 ledger_next_id (const Ledger *ledger);
guint64 ledger_add (Ledger *ledger, CsrKeyType type, const void *number, gsize length);

GArray *findings_new (void);
gboolean has_finding (GArray *findings, guint64 key, guint64 partner, CaError kind);

/* Checks everything in batches of `most`. */
void check_all (Fleet *fleet, guint most, guint64 *mark, GArray *findings);

/* All findings, by a fleet in memory. */
GArray *findings_of (Ledger *ledger, guint most);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What goes on record about the owner's permission, beside orders: tickets that are loaded, and a
 * clock that was set back. Any thread may call. What is refused is entered: refusals.h.
 */
#pragma once

#include "ca/signer/signer-tickets.h"
#include "ca/signer/signer.h"

/* Judges the ticket (DER, as the owner signed it) and enters it; when this returns it counts.
 * CA_ERROR_TICKET_*, CA_ERROR_CLOCK, CA_ERROR_LOG. */
LoadedTicket *signer_load_ticket (Signer *signer, Span der, GError **error);

/* See tickets_list(). */
GPtrArray *signer_tickets (Signer *signer, GError **error);

/* From here on the clock counts as it stands: on record, with who and why. CA_ERROR_CLOCK where
 * the log is not ahead of it, or where tickets are demanded: then a ticket can, with ClockReset=.
 * `place` receives the entry's. */
gboolean signer_reset_clock (Signer *signer, const char *who, const char *why, guint64 *place,
                             GError **error);

/* The hex SHA-256 of the station key, or "" where there is none. */
const char *signer_station (const Signer *signer);

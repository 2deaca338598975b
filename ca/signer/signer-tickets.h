/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The owner's tickets: loading them, and counting what they allow. There is no counter: how many
 * certificates a ticket has left follows from the log alone, and from the orders that are running.
 * docs/evidence.md has the rules. Any thread may call; errors are CA_ERROR_TICKET_* where nothing
 * else is said.
 */
#pragma once

#include "ca/clock.h"
#include "ca/issue/generation.h"
#include "ca/log/log.h"
#include "ca/proof/ticket.h"

typedef struct Tickets Tickets;

Tickets *tickets_new (IssuanceLog *log);
void tickets_free (Tickets *tickets);

/* One order for a new certificate. */
typedef struct {
  const char *batch;
  const Profile *profile;
  const Authority *authority;
  const char *station; /* hex SHA-256 of the station key's SubjectPublicKeyInfo */
  gint64 now;          /* microseconds since 1970 */
} TicketOrder;

/* TRUE where the batch's ticket allows it, or `generation` demands none: then a place is taken, and
 * tickets_finish() must follow once the entry stands in the log, or failed to. Waits where orders
 * that run could still leave a place. */
gboolean tickets_take (Tickets *tickets, const Generation *generation, const TicketOrder *order,
                       GError **error);
void tickets_finish (Tickets *tickets, const char *batch);

/* A ticket that stands in the log. */
typedef struct {
  guint64 place;
  guint8 sha256[LOG_HASH]; /* of the ticket as it was signed */
  guint64 issued;          /* until the batch's next ticket ended it */
  gboolean newest;         /* of its batch: the one that counts */
  Ticket *ticket;
} LoadedTicket;

void loaded_ticket_free (LoadedTicket *loaded);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LoadedTicket, loaded_ticket_free)

/* The batch's newest, or NULL: without error where there is none. Who signed it is not looked at
 * again. CA_ERROR_LOG. */
LoadedTicket *tickets_newest (IssuanceLog *log, const char *batch, GError **error);

/* All of them, oldest first: GPtrArray of LoadedTicket. CA_ERROR_LOG. */
GPtrArray *tickets_list (Tickets *tickets, GError **error);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What counting (signer-tickets.c) and loading (signer-owner.c) share.
 */
#pragma once

#include "ca/clock.h"
#include "ca/signer/signer-tickets.h"

struct Tickets {
  IssuanceLog *log;
  GMutex mutex;        /* guards what follows; no ticket is judged or counted without it */
  GCond changed;       /* an order ended, or a ticket was loaded */
  GHashTable *running; /* batch → how many orders for it are running */
  GHashTable *opened;  /* batch → OpenedTicket: what was read of its newest ticket */
  gboolean loading;    /* new orders wait */
  GMutex counting;     /* guards `lapsed` */
  GHashTable *lapsed;  /* place of a ticket (gint64) → what was issued under it (guint64) */
};

/* With the lock held: how many orders of the batch are running. */
guint tickets_running (const Tickets *tickets, const char *batch);

/* The longest that an order takes to stand in the log, and the most that the clock may be corrected
 * forward meanwhile: its time there is no earlier than that of entries before it. */
#define TICKET_MARGIN (G_TIME_SPAN_MINUTE + CLOCK_SLACK)

/* TRUE where an entry that is made now (microseconds) will not stand in the log with a time behind
 * the ticket's end. */
gboolean tickets_has_time (IssuanceLog *log, const Ticket *ticket, gint64 now);

/* "ticket 7", as sentences name it. Free with g_free(). */
char *ticket_name (const Ticket *ticket);

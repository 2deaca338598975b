/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * When a ticket begins and ends, as an owner writes it.
 */
#pragma once

#include <glib.h>

typedef enum { TICKET_BEGINS, TICKET_ENDS } TicketEdge;

/* `word` is 2026-11-20 (UTC: from its first second, or to its last one), 2026-11-20T08:00:00Z, or
 * +30d, +12h from `from` on. Seconds since 1970; CLI_USAGE names `option`. */
gboolean ticket_time_read (const char *option, const char *word, TicketEdge edge, gint64 from,
                           gint64 *seconds, GError **error);

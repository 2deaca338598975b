/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The owner's tickets as the signer told of them last: it alone counts, and what stands here is for
 * people, and for the refusal that comes before a batch is started in vain. Any thread may call.
 */
#pragma once

#include "ca/wire/client-evidence.h"

typedef struct TicketBook TicketBook;

TicketBook *ticket_book_new (void);
void ticket_book_free (TicketBook *book);

/* Notes whether tickets are demanded, and asks for them where they are. What goes wrong leaves what
 * was known. */
void ticket_book_look (TicketBook *book, SignerClient *client, const SignerStatus *status,
                       Deadline deadline);

/* Asks for them in any case. Of TicketState, oldest first; unref with g_ptr_array_unref(). */
GPtrArray *ticket_book_ask (TicketBook *book, SignerClient *client, Deadline deadline,
                            GError **error);

/* What a batch's newest ticket says; `known` FALSE where there is none. */
typedef struct {
  gboolean known;
  guint64 number;
  guint count;
  guint issued;
  gint64 not_before; /* seconds since 1970 */
  gint64 not_after;
} TicketRest;

TicketRest ticket_book_rest (TicketBook *book, const char *batch);

/* Refuses (CA_ERROR_TICKET_*) to start a batch whose every order the signer would refuse, with a
 * sentence that says what is to be done. */
gboolean ticket_book_check (TicketBook *book, const char *batch, GError **error);

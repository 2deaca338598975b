/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See ticket-book.h.
 */
#include "station/ticket-book.h"

struct TicketBook {
  GMutex lock;
  gboolean demanded;
  GPtrArray *tickets; /* of TicketState, or NULL */
};

TicketBook *
ticket_book_new (void)
{
  TicketBook *book = g_new0 (TicketBook, 1);

  g_mutex_init (&book->lock);
  return book;
}

void
ticket_book_free (TicketBook *book)
{
  if (book == NULL)
    return;
  g_clear_pointer (&book->tickets, g_ptr_array_unref);
  g_mutex_clear (&book->lock);
  g_free (book);
}

static void
keep (TicketBook *book, GPtrArray *tickets)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&book->lock);

  g_clear_pointer (&book->tickets, g_ptr_array_unref);
  book->tickets = g_ptr_array_ref (tickets);
}

GPtrArray *
ticket_book_ask (TicketBook *book, SignerClient *client, Deadline deadline, GError **error)
{
  GPtrArray *tickets = signer_client_tickets (client, deadline, error);

  if (tickets != NULL)
    keep (book, tickets);
  return tickets;
}

void
ticket_book_look (TicketBook *book, SignerClient *client, const SignerStatus *status,
                  Deadline deadline)
{
  g_autoptr (GPtrArray) tickets = NULL;

  g_mutex_lock (&book->lock);
  book->demanded = status->tickets_demanded;
  g_mutex_unlock (&book->lock);
  if (status->tickets_demanded)
    tickets = ticket_book_ask (book, client, deadline, NULL);
}

/* Under the lock. */
static const TicketState *
newest_of (const TicketBook *book, const char *batch)
{
  for (guint i = 0; book->tickets != NULL && i < book->tickets->len; i++) {
    const TicketState *ticket = g_ptr_array_index (book->tickets, i);

    if (ticket->newest && g_str_equal (ticket->batch, batch))
      return ticket;
  }
  return NULL;
}

TicketRest
ticket_book_rest (TicketBook *book, const char *batch)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&book->lock);
  const TicketState *ticket = newest_of (book, batch);

  if (ticket == NULL)
    return (TicketRest){ 0 };
  return (TicketRest){ TRUE,           ticket->number,     ticket->count,
                       ticket->issued, ticket->not_before, ticket->not_after };
}

static char *
date_of (gint64 seconds)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (seconds);

  return time != NULL ? g_date_time_format (time, "%Y-%m-%d %H:%M UTC") : g_strdup ("?");
}

static gboolean
check_dates (const TicketState *ticket, GError **error)
{
  const gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  g_autofree char *from = date_of (ticket->not_before);
  g_autofree char *to = date_of (ticket->not_after);

  if (now >= ticket->not_before && now <= ticket->not_after)
    return TRUE;
  g_set_error (error, CA_ERROR, CA_ERROR_TICKET_TIME,
               "ticket %" G_GUINT64_FORMAT
               " for batch %s is good from %s to %s only: ask the owner "
               "for another one",
               ticket->number, ticket->batch, from, to);
  return FALSE;
}

gboolean
ticket_book_check (TicketBook *book, const char *batch, GError **error)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&book->lock);
  const TicketState *ticket = newest_of (book, batch);

  if (!book->demanded)
    return TRUE;
  if (ticket == NULL) {
    g_set_error (error, CA_ERROR, CA_ERROR_TICKET_MISSING,
                 "batch %s has no ticket of the owner, so nothing would be issued: load it with "
                 "`keycradle ticket load FILE` first",
                 batch);
    return FALSE;
  }
  if (ticket->issued < ticket->count)
    return check_dates (ticket, error);
  g_set_error (error, CA_ERROR, CA_ERROR_TICKET_USED_UP,
               "ticket %" G_GUINT64_FORMAT " for batch %s is used up (%u of %u): ask the owner for "
               "another one",
               ticket->number, batch, ticket->issued, ticket->count);
  return FALSE;
}

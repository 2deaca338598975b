/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See signer-tickets.h. A ticket's certificates are the batch's entries behind the ticket's own in
 * the log, so nothing is kept that could be set back. An order holds its place from the moment when
 * it was allowed until its entry stands in the log. An order that finds all that is left held by
 * others waits for them: should one fail, its place is free again.
 */
#include "ca/signer/signer-tickets.h"

#include "base/encode.h"
#include "ca/proof/proof-text.h"
#include "ca/proof/statement.h"
#include "ca/signer/tickets-private.h"

#include <string.h>

/* A batch's newest ticket, read and its signature verified. */
typedef struct {
  guint64 place;
  guint64 generation; /* whose owners verified it */
  Ticket *ticket;
} OpenedTicket;

static void
opened_free (gpointer data)
{
  OpenedTicket *opened = data;

  ticket_free (opened->ticket);
  g_free (opened);
}

Tickets *
tickets_new (IssuanceLog *log)
{
  Tickets *tickets = g_new0 (Tickets, 1);

  g_mutex_init (&tickets->mutex);
  g_cond_init (&tickets->changed);
  tickets->log = log;
  tickets->running = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  tickets->opened = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, opened_free);
  g_mutex_init (&tickets->counting);
  tickets->lapsed = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  return tickets;
}

void
tickets_free (Tickets *tickets)
{
  if (tickets == NULL)
    return;
  g_hash_table_unref (tickets->running);
  g_hash_table_unref (tickets->opened);
  g_hash_table_unref (tickets->lapsed);
  g_mutex_clear (&tickets->counting);
  g_mutex_clear (&tickets->mutex);
  g_cond_clear (&tickets->changed);
  g_free (tickets);
}

/* ---- what stands in the log ---- */

/* The entry of a ticket; `bytes` keeps what it points to. */
static gboolean
read_entry (IssuanceLog *log, guint64 place, GBytes **bytes, LogEntry *entry, GError **error)
{
  gsize length;
  const guint8 *data;

  *bytes = issuance_log_read (log, place, error);
  if (*bytes == NULL)
    return FALSE;
  data = g_bytes_get_data (*bytes, &length);
  return (log_entry_decode (data, length, entry, NULL) && entry->type == LOG_ENTRY_TICKET)
         || ca_refuse (error, CA_ERROR_LOG,
                       "entry %" G_GUINT64_FORMAT " of the issuance log is no ticket", place);
}

void
loaded_ticket_free (LoadedTicket *loaded)
{
  if (loaded == NULL)
    return;
  ticket_free (loaded->ticket);
  g_free (loaded);
}

static LoadedTicket *
read_loaded (IssuanceLog *log, guint64 place, GError **error)
{
  g_autoptr (LoadedTicket) loaded = g_new0 (LoadedTicket, 1);
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *text = NULL;
  LogEntry entry;

  if (!read_entry (log, place, &bytes, &entry, error))
    return NULL;
  text = statement_peek (entry.certificate, error);
  loaded->ticket = text != NULL ? ticket_parse (text, error) : NULL;
  if (loaded->ticket == NULL)
    return NULL;
  loaded->place = place;
  memcpy (loaded->sha256, entry.csr_sha256, LOG_HASH);
  return g_steal_pointer (&loaded);
}

LoadedTicket *
tickets_newest (IssuanceLog *log, const char *batch, GError **error)
{
  LoadedTicket *loaded;
  LogBatch account;

  if (!issuance_log_batch (log, batch, &account) || !account.has_ticket)
    return NULL;
  loaded = read_loaded (log, account.ticket, error);
  if (loaded == NULL)
    return NULL;
  loaded->newest = TRUE;
  loaded->issued = account.since_ticket;
  return loaded;
}

static gboolean
is_certificate_of (IssuanceLog *log, guint64 place, const char *batch)
{
  g_autoptr (GBytes) bytes = issuance_log_read (log, place, NULL);
  LogEntry entry;

  return bytes != NULL
         && log_entry_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &entry,
                              NULL)
         && entry.type == LOG_ENTRY_CERTIFICATE && span_is_text (entry.batch, batch);
}

/* What was issued until the batch's next ticket, at `next`, ended this one. That never changes, so
 * the entries between them are read once. */
static guint64
count_lapsed (Tickets *tickets, const LoadedTicket *loaded, guint64 next)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&tickets->counting);
  guint64 *issued = g_hash_table_lookup (tickets->lapsed, &loaded->place);

  if (issued != NULL)
    return *issued;
  issued = g_new0 (guint64, 1);
  for (guint64 place = loaded->place + 1; place < next; place++)
    if (is_certificate_of (tickets->log, place, loaded->ticket->batch))
      (*issued)++;
  g_hash_table_insert (tickets->lapsed, g_memdup2 (&loaded->place, sizeof loaded->place), issued);
  return *issued;
}

/* `last` knows each batch's newest so far. */
static void
fill_account (Tickets *tickets, GHashTable *last, LoadedTicket *loaded)
{
  LoadedTicket *earlier = g_hash_table_lookup (last, loaded->ticket->batch);
  LogBatch account;

  if (earlier != NULL)
    earlier->issued = count_lapsed (tickets, earlier, loaded->place);
  g_hash_table_insert (last, loaded->ticket->batch, loaded);
  issuance_log_batch (tickets->log, loaded->ticket->batch, &account);
  loaded->newest = account.has_ticket && account.ticket == loaded->place;
  if (loaded->newest)
    loaded->issued = account.since_ticket;
}

GPtrArray *
tickets_list (Tickets *tickets, GError **error)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func ((GDestroyNotify)loaded_ticket_free);
  g_autoptr (GHashTable) last = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GArray) places = issuance_log_places (tickets->log, LOG_ENTRY_TICKET);

  for (guint i = 0; i < places->len; i++) {
    LoadedTicket *loaded = read_loaded (tickets->log, g_array_index (places, guint64, i), error);

    if (loaded == NULL)
      return NULL;
    g_ptr_array_add (list, loaded);
    fill_account (tickets, last, loaded);
  }
  return g_steal_pointer (&list);
}

/* ---- orders ---- */

char *
ticket_name (const Ticket *ticket)
{
  return g_strdup_printf ("ticket %" G_GUINT64_FORMAT, ticket->number);
}

guint
tickets_running (const Tickets *tickets, const char *batch)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (tickets->running, batch));
}

static void
set_running (Tickets *tickets, const char *batch, guint count)
{
  if (count > 0)
    g_hash_table_insert (tickets->running, g_strdup (batch), GUINT_TO_POINTER (count));
  else
    g_hash_table_remove (tickets->running, batch);
}

/* Verifies it again with this generation's owners: the file may have been changed while the signer
 * was down, and an owner may be one no more. */
static Ticket *
open_ticket (Tickets *tickets, const Generation *generation, guint64 place, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *text = NULL;
  Ticket *ticket = NULL;
  LogEntry entry;

  if (!read_entry (tickets->log, place, &bytes, &entry, error))
    return NULL;
  text = statement_open (entry.certificate, generation->owners, NULL, &problem);
  if (text != NULL)
    ticket = ticket_parse (text, &problem);
  if (ticket == NULL)
    ca_refuse (
        error, CA_ERROR_TICKET_INVALID,
        "the batch's ticket (entry %" G_GUINT64_FORMAT
        " of the log) does not count for the owner that signer.conf names: %s; load one that "
        "counts, or put the owner's certificate back",
        place, problem->message);
  return ticket;
}

/* The batch's newest ticket; lent. */
static const Ticket *
find_ticket (Tickets *tickets, const Generation *generation, const char *batch,
             const LogBatch *account, GError **error)
{
  OpenedTicket *opened = g_hash_table_lookup (tickets->opened, batch);
  Ticket *ticket;

  if (opened != NULL && opened->place == account->ticket
      && opened->generation == generation->number)
    return opened->ticket;
  ticket = open_ticket (tickets, generation, account->ticket, error);
  if (ticket == NULL)
    return NULL;
  opened = g_new0 (OpenedTicket, 1);
  *opened = (OpenedTicket){ account->ticket, generation->number, ticket };
  g_hash_table_insert (tickets->opened, g_strdup (batch), opened);
  return ticket;
}

#define LOAD_ANOTHER "; load another one that the owner signed"

static gboolean
check_work (const Ticket *ticket, const TicketOrder *order, GError **error)
{
  g_autofree char *name = ticket_name (ticket);
  g_autofree char *ca = hex_encode (order->authority->origin, sizeof order->authority->origin);

  if (!g_str_equal (ticket->batch, order->batch))
    return ca_refuse (
        error, CA_ERROR_TICKET_FOREIGN,
        "%s, which the log has for batch %s, is for batch %s: the log was changed; put "
        "back a good copy",
        name, order->batch, ticket->batch);
  if (!g_str_equal (ticket->station, order->station))
    return ca_refuse (error, CA_ERROR_TICKET_FOREIGN,
                      "%s is for another station than this one" LOAD_ANOTHER, name);
  if (!g_str_equal (ticket->profile, order->profile->name))
    return ca_refuse (error, CA_ERROR_TICKET_FOREIGN,
                      "%s is for profile %s, not for %s" LOAD_ANOTHER, name, ticket->profile,
                      order->profile->name);
  if (ticket->profile_sha256 != NULL
      && !g_str_equal (ticket->profile_sha256, order->profile->sha256))
    return ca_refuse (error, CA_ERROR_TICKET_FOREIGN,
                      "%s is for another version of profile %s than the signer has; put that one "
                      "back and reload the signer",
                      name, ticket->profile);
  return g_str_equal (ticket->ca, ca)
         || ca_refuse (error, CA_ERROR_TICKET_FOREIGN,
                       "%s is for another CA key than that of the CA '%s'" LOAD_ANOTHER, name,
                       order->authority->name);
}

gboolean
tickets_has_time (IssuanceLog *log, const Ticket *ticket, gint64 now)
{
  const gint64 newest = issuance_log_newest (log);
  /* a clock far behind the log is refused, or reset: then its own time is what counts */
  const gboolean behind = clock_is_behind ((ClockReading){ .real = now }, newest);

  return (behind ? now : MAX (now, newest)) + TICKET_MARGIN <= ticket->not_after * G_USEC_PER_SEC;
}

/* The order's own time may be some time ago: it may have waited for a place. */
static gboolean
check_time (IssuanceLog *log, const Ticket *ticket, gint64 now, GError **error)
{
  g_autofree char *name = ticket_name (ticket);
  g_autofree char *from = proof_time (ticket->not_before);
  g_autofree char *to = proof_time (ticket->not_after);

  return (ticket->not_before * G_USEC_PER_SEC <= now
          && tickets_has_time (log, ticket, MAX (now, clock_read ().real)))
         || ca_refuse (error, CA_ERROR_TICKET_TIME,
                       "%s is valid from %s to %s, and not now" LOAD_ANOTHER
                       ", where this PC's clock is right",
                       name, from, to);
}

static gboolean
refuse_used_up (const Ticket *ticket, GError **error)
{
  return ca_refuse (error, CA_ERROR_TICKET_USED_UP,
                    "ticket %" G_GUINT64_FORMAT
                    " allows %u certificates for batch %s, and all of them were issued; the owner "
                    "can give a ticket for more",
                    ticket->number, ticket->count, ticket->batch);
}

typedef enum { PLACE_FREE, PLACE_PERHAPS, PLACE_REFUSED } PlaceState;

/* With the lock held. */
static PlaceState
look_for_place (Tickets *tickets, const Generation *generation, const TicketOrder *order,
                GError **error)
{
  const guint running = tickets_running (tickets, order->batch);
  const Ticket *ticket;
  LogBatch account;

  if (!issuance_log_batch (tickets->log, order->batch, &account) || !account.has_ticket) {
    ca_refuse (error, CA_ERROR_TICKET_MISSING,
               "batch %s has no ticket; load one that the owner signed (keycradle ticket load)",
               order->batch);
    return PLACE_REFUSED;
  }
  ticket = find_ticket (tickets, generation, order->batch, &account, error);
  if (ticket == NULL || !check_work (ticket, order, error)
      || !check_time (tickets->log, ticket, order->now, error))
    return PLACE_REFUSED;
  if (account.since_ticket + running < ticket->count)
    return PLACE_FREE;
  if (account.since_ticket < ticket->count)
    return PLACE_PERHAPS;
  refuse_used_up (ticket, error);
  return PLACE_REFUSED;
}

gboolean
tickets_take (Tickets *tickets, const Generation *generation, const TicketOrder *order,
              GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&tickets->mutex);
  PlaceState state = PLACE_PERHAPS;

  while (state == PLACE_PERHAPS) {
    while (tickets->loading)
      g_cond_wait (&tickets->changed, &tickets->mutex);
    state = generation->owners != NULL ? look_for_place (tickets, generation, order, error)
                                       : PLACE_FREE;
    if (state == PLACE_PERHAPS)
      g_cond_wait (&tickets->changed, &tickets->mutex);
  }
  if (state == PLACE_FREE)
    set_running (tickets, order->batch, tickets_running (tickets, order->batch) + 1);
  return state == PLACE_FREE;
}

void
tickets_finish (Tickets *tickets, const char *batch)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&tickets->mutex);

  set_running (tickets, batch, tickets_running (tickets, batch) - 1);
  g_cond_broadcast (&tickets->changed);
}

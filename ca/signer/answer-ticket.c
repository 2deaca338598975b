/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See answer-ticket.h. What changes what may be issued is rare, and worth a line.
 */
#include "ca/signer/answer-ticket.h"

#include "base/text.h"
#include "ca/signer/signer-owner.h"
#include "ca/wire/wire.h"

/* A list must fit into a frame. */
#define LIST_BYTES (WIRE_MOST - 8 * 1024)

/* WIRE_TICKET_STATE. */
static GVariant *
ticket_payload (const LoadedTicket *loaded)
{
  const Ticket *ticket = loaded->ticket;

  return g_variant_new (
      "(ttssuuxx@aybs)", loaded->place, ticket->number, ticket->batch, ticket->profile,
      ticket->count, (guint)MIN (loaded->issued, G_MAXUINT), ticket->not_before, ticket->not_after,
      g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, loaded->sha256, LOG_HASH, 1), loaded->newest,
      ticket->note != NULL ? ticket->note : "");
}

GVariant *
answer_ticket (Signer *signer, GVariant *request, GError **error)
{
  g_autoptr (GVariant) bytes = g_variant_get_child_value (request, 0);
  g_autoptr (LoadedTicket) loaded = NULL;
  Span der;

  der.data = g_variant_get_fixed_array (bytes, &der.length, 1);
  loaded = signer_load_ticket (signer, der, error);
  if (loaded == NULL)
    return NULL;
  g_message ("loaded ticket %" G_GUINT64_FORMAT " (entry %" G_GUINT64_FORMAT
             "): %u certificates for batch %s",
             loaded->ticket->number, loaded->place, loaded->ticket->count, loaded->ticket->batch);
  return ticket_payload (loaded);
}

/* The newest ones where not all fit. */
GVariant *
answer_tickets (Signer *signer, GError **error)
{
  g_autoptr (GPtrArray) list = signer_tickets (signer, error);
  g_autoptr (GPtrArray) payloads = g_ptr_array_new ();
  gsize used = 0;

  if (list == NULL)
    return NULL;
  for (guint i = list->len; i > 0; i--) {
    GVariant *payload = ticket_payload (g_ptr_array_index (list, i - 1));

    used += g_variant_get_size (payload) + sizeof (guint64);
    if (used > LIST_BYTES) {
      g_variant_unref (g_variant_ref_sink (payload));
      break;
    }
    g_ptr_array_insert (payloads, 0, payload);
  }
  return g_variant_new_array (G_VARIANT_TYPE (WIRE_TICKET_STATE), (GVariant **)payloads->pdata,
                              payloads->len);
}

GVariant *
answer_clock (Signer *signer, GVariant *request, GError **error)
{
  const char *who, *why;
  guint64 place;

  g_variant_get (request, "(&s&s)", &who, &why);
  if (!signer_reset_clock (signer, who, why, &place, error))
    return NULL;
  return g_variant_new (WIRE_CLOCK_REPLY, place);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Any text as a ticket: either one error that is text, or a ticket within its bounds that is
 * written so that it reads as the same.
 */
#include "ca/proof/ticket.h"

#include "base/text.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

static void
expect_bounds (const Ticket *ticket)
{
  if (ticket->number == 0 || ticket->count == 0 || ticket->count > TICKET_MOST_COUNT
      || ticket->not_before > ticket->not_after || !serial_is_valid (ticket->batch)
      || !serial_is_valid (ticket->profile) || strlen (ticket->station) != 64
      || strlen (ticket->ca) != 64)
    g_abort ();
  if (ticket->tpm != NULL && ticket->tpm->from >= ticket->tpm->limit)
    g_abort ();
}

static void
expect_same (const char *text)
{
  g_autoptr (Ticket) again = ticket_parse (text, NULL);
  g_autofree char *rewritten = again != NULL ? ticket_text (again) : NULL;

  if (rewritten == NULL || !g_str_equal (text, rewritten))
    g_abort ();
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  g_autofree char *text = g_strndup ((const char *)data, size);
  g_autoptr (GError) problem = NULL;
  g_autoptr (Ticket) ticket = ticket_parse (text, &problem);
  g_autofree char *written = NULL;

  if ((ticket == NULL) == (problem == NULL))
    g_abort ();
  if (ticket == NULL) {
    if (!g_error_matches (problem, CA_ERROR, CA_ERROR_PROOF))
      g_abort ();
    return 0;
  }
  expect_bounds (ticket);
  written = ticket_text (ticket);
  expect_same (written);
  return 0;
}

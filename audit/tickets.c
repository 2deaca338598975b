/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The owner's tickets (docs/evidence.md, "Ticket"), judged again where they stand, and each
 * certificate against the ticket that it was made under. Nothing here is the signer's own code: it
 * counts from the log alone.
 */
#include <string.h>

#include "audit/run.h"
#include "base/encode.h"
#include "ca/proof/statement.h"
#include "ca/proof/ticket.h"

char *
audit_record_text (Span der, const GPtrArray *signers, GError **error)
{
  return signers != NULL ? statement_open (der, signers, NULL, error) : statement_peek (der, error);
}

static gboolean
is_key_of_one (const guint8 spki_sha256[AUDIT_HASH], const GPtrArray *signers)
{
  guint8 hash[AUDIT_HASH];

  for (guint i = 0; i < signers->len; i++) {
    statement_key_sha256 (g_ptr_array_index (signers, i), hash);
    if (memcmp (hash, spki_sha256, AUDIT_HASH) == 0)
      return TRUE;
  }
  return FALSE;
}

gboolean
audit_record_fits (AuditRun *run, AuditCheck check, guint64 index, const LogEntry *entry,
                   const GPtrArray *signers)
{
  guint8 hash[AUDIT_HASH];

  audit_digest (run->digest, entry->certificate, (Span){ NULL, 0 }, hash);
  if (memcmp (hash, entry->csr_sha256, AUDIT_HASH) != 0) {
    audit_wrong (run->result, check, AUDIT_ENTRY (index),
                 "its csr_sha256 is not that of the record");
    return FALSE;
  }
  if (signers == NULL || is_key_of_one (entry->spki_sha256, signers))
    return TRUE;
  audit_wrong (run->result, check, AUDIT_ENTRY (index),
               "its spki_sha256 is not that of the one who signs such records");
  return FALSE;
}

/* ---- the ticket itself ---- */

static gboolean G_GNUC_PRINTF (3, 4) refuse (AuditRun *run, guint64 index, const char *format, ...)
{
  g_autofree char *why = NULL;
  va_list arguments;

  va_start (arguments, format);
  why = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  audit_wrong (run->result, AUDIT_TICKETS, AUDIT_ENTRY (index), "%s", why);
  return FALSE;
}

static gboolean
is_told_rightly (AuditRun *run, guint64 index, const LogEntry *entry, const Ticket *ticket)
{
  return (span_is_text (entry->batch, ticket->batch)
          && span_is_text (entry->profile, ticket->profile)
          && audit_is_number (entry->device, ticket->number))
         || refuse (run, index, "it tells another batch, profile or number than the ticket in it");
}

static gboolean
is_of_station (AuditRun *run, guint64 index, const Ticket *ticket)
{
  guint8 hash[AUDIT_HASH];
  g_autoptr (GBytes) authority = hex_decode (ticket->ca);

  if (run->station_name != NULL && !g_str_equal (ticket->station, run->station_name))
    return refuse (run, index, "ticket %" G_GUINT64_FORMAT " is for another station",
                   ticket->number);
  if (authority == NULL || g_bytes_get_size (authority) != AUDIT_HASH)
    return refuse (run, index, "the ticket's Ca is no hash");
  memcpy (hash, g_bytes_get_data (authority, NULL), AUDIT_HASH);
  return audit_authorities_of_key (run->authorities, hash) != NULL
         || refuse (run, index,
                    "ticket %" G_GUINT64_FORMAT " is for a CA that the log does not know up to "
                    "there",
                    ticket->number);
}

/* Earlier tickets: numbers rise, and a batch keeps its profile. */
static gboolean
follows_others (AuditRun *run, guint64 index, const Ticket *ticket)
{
  const GPtrArray *tickets = audit_account_tickets (run->account);

  for (guint i = 0; i < tickets->len; i++) {
    const AuditTicket *earlier = g_ptr_array_index (tickets, i);
    if (earlier->number >= ticket->number)
      return refuse (run, index,
                     "ticket %" G_GUINT64_FORMAT " was loaded behind ticket %" G_GUINT64_FORMAT
                     ": it is a replayed one",
                     ticket->number, earlier->number);
    if (g_str_equal (earlier->batch, ticket->batch)
        && !g_str_equal (earlier->profile, ticket->profile))
      return refuse (run, index,
                     "the batch's earlier ticket %" G_GUINT64_FORMAT " is for another profile",
                     earlier->number);
  }
  return TRUE;
}

static gboolean
is_in_time (AuditRun *run, guint64 index, const LogEntry *entry, const Ticket *ticket)
{
  return entry->signed_at / G_USEC_PER_SEC <= ticket->not_after
         || refuse (run, index, "ticket %" G_GUINT64_FORMAT " had ended when it was loaded",
                    ticket->number);
}

static gboolean
knows_log (AuditRun *run, guint64 index, const Ticket *ticket)
{
  guint8 root[AUDIT_HASH];

  if (ticket->log_size > index)
    return refuse (run, index,
                   "the owner had seen %" G_GUINT64_FORMAT
                   " entries when the ticket was made: the log was cut off or rolled back",
                   ticket->log_size);
  return (audit_roots_at (run->roots, ticket->log_size, root)
          && memcmp (root, ticket->log_root, AUDIT_HASH) == 0)
         || refuse (run, index,
                    "the owner had seen other entries when the ticket was made: the log's first "
                    "%" G_GUINT64_FORMAT " have another root",
                    ticket->log_size);
}

static AuditTicket *
ticket_of (const LogEntry *entry, guint64 index, const Ticket *ticket)
{
  AuditTicket *kept = g_new0 (AuditTicket, 1);
  g_autoptr (GBytes) authority = hex_decode (ticket->ca);

  kept->place = index;
  kept->number = ticket->number;
  memcpy (kept->sha256, entry->csr_sha256, AUDIT_HASH);
  kept->batch = g_strdup (ticket->batch);
  kept->profile = g_strdup (ticket->profile);
  kept->profile_sha256 = g_strdup (ticket->profile_sha256);
  memcpy (kept->authority, g_bytes_get_data (authority, NULL), AUDIT_HASH);
  kept->count = ticket->count;
  kept->not_before = ticket->not_before;
  kept->not_after = ticket->not_after;
  kept->clock_reset = ticket->clock_reset;
  kept->has_tpm = ticket->tpm != NULL;
  return kept;
}

static void
take_ticket (AuditRun *run, AuditTicket *ticket)
{
  if (run->tally != NULL && ticket->has_tpm)
    audit_tally_counter (run->tally, ticket->authority);
  audit_account_ticket (run->account, ticket);
}

void
audit_ticket_judge (AuditRun *run, guint64 index, const LogEntry *entry)
{
  g_autoptr (GError) problem = NULL;
  g_autofree char *text = NULL;
  g_autoptr (Ticket) ticket = NULL;

  run->result->checked[AUDIT_TICKETS]++;
  if (!audit_record_fits (run, AUDIT_TICKETS, index, entry, run->owner))
    return;
  text = audit_record_text (entry->certificate, run->owner, &problem);
  ticket = text != NULL ? ticket_parse (text, &problem) : NULL;
  if (ticket == NULL) {
    refuse (run, index, "%s", problem->message);
    return;
  }
  if (is_told_rightly (run, index, entry, ticket) && is_of_station (run, index, ticket)
      && follows_others (run, index, ticket) && is_in_time (run, index, entry, ticket)
      && knows_log (run, index, ticket))
    take_ticket (run, ticket_of (entry, index, ticket));
}

/* ---- the clock ---- */

void
audit_ticket_note_reset (AuditRun *run, guint64 index, const LogEntry *entry)
{
  AuditReset reset = { .place = index };

  if (!audit_span_number (entry->device, &reset.ticket))
    reset.ticket = 0;
  g_array_append_val (run->resets, reset);
}

/* The ticket stands behind the reset that it allows; a crash between both leaves room for others.
 */
static gboolean
allows_reset (const AuditTicket *ticket, const AuditReset *reset)
{
  return ticket->clock_reset && ticket->number == reset->ticket && ticket->place > reset->place;
}

void
audit_ticket_judge_resets (AuditRun *run)
{
  const GPtrArray *tickets = audit_account_tickets (run->account);

  if (run->owner == NULL)
    return;
  for (guint i = 0; i < run->resets->len; i++) {
    const AuditReset *reset = &g_array_index (run->resets, AuditReset, i);
    gboolean allowed = FALSE;

    for (guint j = 0; j < tickets->len && !allowed; j++)
      allowed = allows_reset (g_ptr_array_index (tickets, j), reset);
    if (!allowed)
      refuse (run, reset->place, "the clock was set back, and no ticket of the owner's allows it");
  }
}

/* ---- what is made under it ---- */

static gboolean
has_hash (const char *hex, const guint8 hash[AUDIT_HASH])
{
  g_autofree char *own = hex != NULL ? hex_encode (hash, AUDIT_HASH) : NULL;

  return own == NULL || g_str_equal (own, hex);
}

static gboolean
is_allowed (AuditRun *run, guint64 index, const LogEntry *entry, const AuditTicket *ticket,
            const AuditAuthority *signer)
{
  gint64 at = entry->signed_at / G_USEC_PER_SEC;

  if (!span_is_text (entry->profile, ticket->profile)
      || !has_hash (ticket->profile_sha256, entry->profile_sha256))
    return refuse (run, index, "ticket %" G_GUINT64_FORMAT " is for another profile",
                   ticket->number);
  if (signer != NULL && memcmp (signer->spki_sha256, ticket->authority, AUDIT_HASH) != 0)
    return refuse (run, index, "ticket %" G_GUINT64_FORMAT " is for another CA", ticket->number);
  return (ticket->not_before <= at && at <= ticket->not_after)
         || refuse (run, index,
                    "ticket %" G_GUINT64_FORMAT " did not hold at the time of this certificate",
                    ticket->number);
}

void
audit_ticket_judge_certificate (AuditRun *run, guint64 index, const LogEntry *entry,
                                const AuditAuthority *signer)
{
  const AuditBatch *batch = audit_account_batch (run->account, entry->batch);
  const AuditTicket *ticket = batch->now.ticket;
  g_autofree char *device = NULL;

  if (ticket == NULL && run->owner == NULL)
    return;
  run->result->checked[AUDIT_TICKETS]++;
  if (ticket != NULL && batch->now.since_ticket < ticket->count) {
    is_allowed (run, index, entry, ticket, signer);
    return;
  }
  device = audit_shown (entry->device);
  if (ticket == NULL)
    refuse (run, index, "the certificate of device %s is not allowed by any ticket", device);
  else
    refuse (run, index,
            "the certificate of device %s is number %" G_GUINT64_FORMAT
            " of ticket %" G_GUINT64_FORMAT ", which allows %u",
            device, batch->now.since_ticket + 1, ticket->number, ticket->count);
}

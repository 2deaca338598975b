/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See signer-owner.h. A ticket is judged and entered with the tickets' lock held, and while no
 * order for its batch is running: what stands behind it in the log was issued under it.
 */
#include "ca/signer/signer-owner.h"

#include "base/encode.h"
#include "base/text.h"
#include "ca/proof/proof-text.h"
#include "ca/proof/statement.h"
#include "ca/signer/refusals.h"
#include "ca/signer/signer-private.h"
#include "ca/signer/tickets-private.h"

#include <string.h>

/* A ticket on its way into the log. */
typedef struct {
  Span der;
  Ticket *ticket;
  X509 *owner; /* lent by the generation */
  char *name;
} Candidate;

static void
candidate_clear (Candidate *candidate)
{
  ticket_free (candidate->ticket);
  g_free (candidate->name);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Candidate, candidate_clear)

/* ---- judging ---- */

static gboolean
open_candidate (const Generation *generation, Candidate *candidate, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autofree char *text = NULL;

  if (generation->owners == NULL)
    return ca_refuse (error, CA_ERROR_TICKET_INVALID,
                      "this signer asks for no tickets: its signer.conf names no owner ([tickets] "
                      "Owner=), whose they would have to be; name one there and reload the signer");
  text = statement_open (candidate->der, generation->owners, &candidate->owner, &problem);
  candidate->ticket = text != NULL ? ticket_parse (text, &problem) : NULL;
  if (candidate->ticket == NULL)
    return ca_refuse (error, CA_ERROR_TICKET_INVALID,
                      "%s; get the file from the owner again, and compare the certificate that "
                      "signer.conf names ([tickets] Owner=)",
                      problem->message);
  candidate->name = ticket_name (candidate->ticket);
  return TRUE;
}

static gboolean
check_profile (const Generation *generation, const Candidate *candidate, GError **error)
{
  const Ticket *ticket = candidate->ticket;
  const IssueTemplate *plan = generation_template (generation, ticket->profile);
  g_autofree char *ca = NULL;

  if (plan == NULL)
    return ca_refuse (error, CA_ERROR_TICKET_FOREIGN,
                      "%s is for profile %s, which the signer does not have; add it and reload the "
                      "signer",
                      candidate->name, ticket->profile);
  if (ticket->profile_sha256 != NULL
      && !g_str_equal (ticket->profile_sha256, issue_template_profile (plan)->sha256))
    return ca_refuse (error, CA_ERROR_TICKET_FOREIGN,
                      "%s is for another version of profile %s than the signer has; put that one "
                      "back and reload the signer",
                      candidate->name, ticket->profile);
  ca = hex_encode (issue_template_authority (plan)->origin, LOG_HASH);
  return g_str_equal (ticket->ca, ca)
         || ca_refuse (error, CA_ERROR_TICKET_FOREIGN,
                       "%s is for a CA key %s; profile %s is signed with %s here; the owner makes "
                       "it anew with the certificate of this CA",
                       candidate->name, ticket->ca, ticket->profile, ca);
}

static gboolean
check_foreign (Signer *signer, const Generation *generation, const Candidate *candidate,
               GError **error)
{
  const Ticket *ticket = candidate->ticket;
  g_autoptr (GError) problem = NULL;
  g_autoptr (LoadedTicket) earlier = NULL;

  if (!g_str_equal (ticket->station, signer_station (signer)))
    return ca_refuse (error, CA_ERROR_TICKET_FOREIGN,
                      "%s is for station %s; this is %s; load it there, or the owner makes it anew "
                      "with this one's station.pem",
                      candidate->name, ticket->station, signer_station (signer));
  if (!check_profile (generation, candidate, error))
    return FALSE;
  earlier = tickets_newest (signer->log, ticket->batch, &problem);
  if (problem != NULL)
    return ca_refuse (error, CA_ERROR_LOG, "%s", problem->message);
  return earlier == NULL || g_str_equal (earlier->ticket->profile, ticket->profile)
         || ca_refuse (error, CA_ERROR_TICKET_FOREIGN,
                       "%s is for profile %s, but ticket %" G_GUINT64_FORMAT
                       " for the same batch %s was for %s; give it a batch of its own",
                       candidate->name, ticket->profile, earlier->ticket->number, ticket->batch,
                       earlier->ticket->profile);
}

/* 0 where it is none. */
static guint64
number_at (IssuanceLog *log, guint64 place)
{
  g_autoptr (GBytes) bytes = issuance_log_read (log, place, NULL);
  g_autofree char *text = NULL;
  LogEntry entry;

  if (bytes == NULL
      || !log_entry_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &entry, NULL))
    return 0;
  text = g_strndup ((const char *)entry.device.data, entry.device.length);
  return g_ascii_strtoull (text, NULL, 10);
}

static gboolean
check_number (Signer *signer, const Candidate *candidate, GError **error)
{
  g_autoptr (GArray) places = issuance_log_places (signer->log, LOG_ENTRY_TICKET);

  for (guint i = 0; i < places->len; i++) {
    guint64 place = g_array_index (places, guint64, i);
    guint64 number = number_at (signer->log, place);

    if (number >= candidate->ticket->number)
      return ca_refuse (error, CA_ERROR_TICKET_REPLAYED,
                        "%s comes too late: ticket %" G_GUINT64_FORMAT
                        " was loaded already (entry %" G_GUINT64_FORMAT
                        " of the log); the owner gives the next one a higher number",
                        candidate->name, number, place);
  }
  return TRUE;
}

static gboolean
check_end (Signer *signer, const Candidate *candidate, ClockReading now, GError **error)
{
  g_autofree char *end = proof_time (candidate->ticket->not_after);

  return tickets_has_time (signer->log, candidate->ticket, now.real)
         || ca_refuse (
             error, CA_ERROR_TICKET_TIME,
             "%s was valid until %s; the owner makes one that is valid longer, where this "
             "PC's clock is right",
             candidate->name, end);
}

#define PUT_BACK "put back the newest copy of the signer's StateFolder"

static gboolean
check_log (Signer *signer, const Candidate *candidate, GError **error)
{
  const Ticket *ticket = candidate->ticket;
  guint64 size = issuance_log_size (signer->log);
  guint8 root[LOG_HASH];

  if (size < ticket->log_size)
    return ca_refuse (error, CA_ERROR_TICKET_ROLLED_BACK,
                      "the owner has seen %" G_GUINT64_FORMAT
                      " entries of this station's log, which has %" G_GUINT64_FORMAT
                      " now: an older copy was put in its place; " PUT_BACK,
                      ticket->log_size, size);
  if (!issuance_log_root (signer->log, ticket->log_size, root, error))
    return FALSE;
  return memcmp (root, ticket->log_root, LOG_HASH) == 0
         || ca_refuse (
             error, CA_ERROR_TICKET_ROLLED_BACK,
             "the first %" G_GUINT64_FORMAT
             " entries of this station's log are not those that the owner has seen; " PUT_BACK,
             ticket->log_size);
}

/* ---- the clock ---- */

static gboolean
enter_reset (Signer *signer, const char *who, const char *why, ClockReading now, guint64 *place,
             GError **error)
{
  g_autofree char *who_cut = refusals_cut (who);
  g_autofree char *why_cut = refusals_cut (why);
  LogEntry entry = { .type = LOG_ENTRY_CLOCK,
                     .signed_at = now.real,
                     .device = span_of_text (who_cut),
                     .product = span_of_text (why_cut) };

  if (!issuance_log_append (signer->log, &entry, place, error))
    return FALSE;
  clock_follow (&signer->clock, now);
  g_message ("the clock was set back on record (entry %" G_GUINT64_FORMAT "): %s: %s", *place,
             who_cut, why_cut);
  return TRUE;
}

/* With the lock held, so that two resets do not follow each other. */
static gboolean
reset_clock (Signer *signer, const char *who, const char *why, ClockReading now, guint64 *place,
             GError **error)
{
  if (!clock_is_plausible (now.real, error))
    return FALSE;
  if (!clock_is_behind (now, issuance_log_newest (signer->log)))
    return ca_refuse (error, CA_ERROR_CLOCK,
                      "the log is not ahead of this PC's clock: there is nothing to reset");
  return enter_reset (signer, who, why, now, place, error);
}

static gboolean
check_clock (Signer *signer, const Candidate *candidate, ClockReading now, GError **error)
{
  if (candidate->ticket->clock_reset && clock_is_behind (now, issuance_log_newest (signer->log)))
    return clock_is_plausible (now.real, error);
  return signer_check_clock (signer, now, error);
}

/* ---- loading ---- */

static gboolean
append (Signer *signer, const Candidate *candidate, ClockReading now, guint64 *place,
        GError **error)
{
  const Ticket *ticket = candidate->ticket;
  g_autofree char *number = g_strdup_printf ("%" G_GUINT64_FORMAT, ticket->number);
  g_autoptr (GBytes) digest = sha256_of (candidate->der.data, candidate->der.length);
  LogEntry entry = { .type = LOG_ENTRY_TICKET,
                     .signed_at = now.real,
                     .batch = span_of_text (ticket->batch),
                     .profile = span_of_text (ticket->profile),
                     .device = span_of_text (number),
                     .certificate = candidate->der };

  memcpy (entry.csr_sha256, g_bytes_get_data (digest, NULL), LOG_HASH);
  statement_key_sha256 (candidate->owner, entry.spki_sha256);
  if (!issuance_log_append (signer->log, &entry, place, error))
    return FALSE;
  signer_issued (signer, now);
  return TRUE;
}

/* Before the entry: after a crash between them the ticket can be loaded again. */
static gboolean
allow_in_tpm (const Generation *generation, const Candidate *candidate, GError **error)
{
  const IssueTemplate *plan = generation_template (generation, candidate->ticket->profile);

  return signature_count_allow (issue_template_authority (plan), candidate->ticket,
                                X509_get0_pubkey (candidate->owner), error);
}

/* With the lock held: the rules in the order of docs/evidence.md, then the log. */
static gboolean
judge_and_append (Signer *signer, const Generation *generation, const Candidate *candidate,
                  GError **error)
{
  const Ticket *ticket = candidate->ticket;
  const ClockReading now = clock_read ();
  guint64 place;

  if (!check_foreign (signer, generation, candidate, error)
      || !check_number (signer, candidate, error) || !check_end (signer, candidate, now, error)
      || !check_log (signer, candidate, error) || !check_clock (signer, candidate, now, error)
      || !allow_in_tpm (generation, candidate, error))
    return FALSE;
  if (ticket->clock_reset && clock_is_behind (now, issuance_log_newest (signer->log))) {
    g_autofree char *number = g_strdup_printf ("%" G_GUINT64_FORMAT, ticket->number);

    if (!reset_clock (signer, number, "the owner's ticket allows it", now, &place, error))
      return FALSE;
  }
  return append (signer, candidate, now, &place, error);
}

static gboolean
load_candidate (Signer *signer, const Generation *generation, const Candidate *candidate,
                GError **error)
{
  Tickets *tickets = signer->tickets;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = NULL;
  gboolean loaded;

  /* The index beside the log could have been made to leave a ticket out. Orders go on meanwhile. */
  if (!issuance_log_wait_verified (signer->log, error))
    return FALSE;
  locker = g_mutex_locker_new (&tickets->mutex);
  while (tickets->loading)
    g_cond_wait (&tickets->changed, &tickets->mutex);
  tickets->loading = TRUE;
  while (tickets_running (tickets, candidate->ticket->batch) > 0)
    g_cond_wait (&tickets->changed, &tickets->mutex);
  loaded = judge_and_append (signer, generation, candidate, error);
  tickets->loading = FALSE;
  g_cond_broadcast (&tickets->changed);
  return loaded;
}

/* What can't be opened says nothing of itself that could be believed. */
static void
enter_refusal (Signer *signer, const Generation *generation, const Candidate *candidate,
               const GError *problem)
{
  const Ticket *ticket = candidate->ticket;
  g_autofree char *number =
      ticket != NULL ? g_strdup_printf ("%" G_GUINT64_FORMAT, ticket->number) : NULL;
  const Refusal refusal = { ticket != NULL ? ticket->batch : NULL, number, candidate->der };

  if (generation->owners != NULL)
    refusals_enter (signer->refusals, &refusal, problem, clock_read ());
}

LoadedTicket *
signer_load_ticket (Signer *signer, Span der, GError **error)
{
  g_autoptr (Generation) generation = signer_generation (signer);
  g_auto (Candidate) candidate = { .der = der };
  g_autoptr (GError) problem = NULL;

  if (open_candidate (generation, &candidate, &problem)
      && load_candidate (signer, generation, &candidate, &problem))
    return tickets_newest (signer->log, candidate.ticket->batch, error);
  enter_refusal (signer, generation, &candidate, problem);
  g_propagate_error (error, g_steal_pointer (&problem));
  return NULL;
}

GPtrArray *
signer_tickets (Signer *signer, GError **error)
{
  return tickets_list (signer->tickets, error);
}

/* ---- without tickets ---- */

static gboolean
try_reset (Signer *signer, const Generation *generation, const char *who, const char *why,
           guint64 *place, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&signer->tickets->mutex);

  if (generation->owners != NULL)
    return ca_refuse (error, CA_ERROR_CLOCK,
                      "here only the owner can let the log go on with an earlier clock: with a "
                      "ticket that says ClockReset=yes");
  return reset_clock (signer, who, why, clock_read (), place, error);
}

gboolean
signer_reset_clock (Signer *signer, const char *who, const char *why, guint64 *place,
                    GError **error)
{
  g_autoptr (Generation) generation = signer_generation (signer);
  g_autofree char *shown_who = text_for_display (who, 64);
  g_autofree char *shown_why = text_for_display (why, 250);
  g_autoptr (GError) problem = NULL;
  const Refusal refusal = { NULL, shown_who, { NULL, 0 } };

  if (*who == '\0' || *why == '\0')
    return ca_refuse (error, CA_ERROR_CLOCK, "who and why are needed: they stand in the log");
  if (try_reset (signer, generation, shown_who, shown_why, place, &problem))
    return TRUE;
  if (generation->owners != NULL)
    refusals_enter (signer->refusals, &refusal, problem, clock_read ());
  g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}

const char *
signer_station (const Signer *signer)
{
  return station_key_name (signer->station);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reports and manifests' statements where they stand in the log: signed by the station, and saying
 * of the log what the log itself says. What they say of the ledger is judged with the ledger.
 */
#include <string.h>

#include "audit/run.h"

static gboolean G_GNUC_PRINTF (4, 5)
    refuse (AuditRun *run, AuditCheck check, guint64 index, const char *format, ...)
{
  g_autofree char *why = NULL;
  va_list arguments;

  va_start (arguments, format);
  why = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  audit_wrong (run->result, check, AUDIT_ENTRY (index), "%s", why);
  return FALSE;
}

static AuditRecord *
keep (AuditRun *run, guint64 index, const LogEntry *entry)
{
  AuditRecord *record = g_new0 (AuditRecord, 1);

  record->place = index;
  memcpy (record->sha256, entry->csr_sha256, AUDIT_HASH);
  g_ptr_array_add (run->records, record);
  return record;
}

/* ---- what both have ---- */

static gboolean
is_of_log (AuditRun *run, AuditCheck check, guint64 index, const char *station,
           const Checkpoint *log)
{
  guint8 root[AUDIT_HASH];

  if (run->station_name != NULL && !g_str_equal (station, run->station_name))
    return refuse (run, check, index, "it names another station");
  if (memcmp (log->origin, run->result->origin, AUDIT_HASH) != 0)
    return refuse (run, check, index, "it is about another log");
  if (log->size > index)
    return refuse (run, check, index,
                   "it was signed over %" G_GUINT64_FORMAT
                   " entries, and stands behind %" G_GUINT64_FORMAT
                   ": entries in front of it were taken out",
                   log->size, index);
  if (index - log->size > ACCOUNT_LOOKS_BACK)
    return refuse (run, check, index,
                   "it was signed over %" G_GUINT64_FORMAT " entries, and stands %" G_GUINT64_FORMAT
                   " entries behind them: what is signed is entered at once",
                   log->size, index - log->size);
  return (audit_roots_at (run->roots, log->size, root) && memcmp (root, log->root, AUDIT_HASH) == 0)
         || refuse (run, check, index,
                    "the log's first %" G_GUINT64_FORMAT
                    " entries are not those over which it was signed",
                    log->size);
}

/* ---- reports ---- */

static gboolean
is_next (AuditRun *run, guint64 index, const Report *report)
{
  guint64 next = 1;

  for (guint i = run->records->len; i > 0 && next == 1; i--) {
    const AuditRecord *record = g_ptr_array_index (run->records, i - 1);
    if (record->report != NULL)
      next = record->report->number + 1;
  }
  return report->number == next
         || refuse (run, AUDIT_REPORTS, index,
                    "it is report %" G_GUINT64_FORMAT ", and report %" G_GUINT64_FORMAT
                    " should stand here",
                    report->number, next);
}

static gboolean
equals (AuditRun *run, guint64 index, const char *what, guint64 said, guint64 counted)
{
  return said == counted
         || refuse (run, AUDIT_REPORTS, index,
                    "it says %s=%" G_GUINT64_FORMAT
                    ", and the log up to there says %" G_GUINT64_FORMAT,
                    what, said, counted);
}

static gboolean
ticket_fits (AuditRun *run, guint64 index, const TicketAccount *said, const BatchAccount *batch)
{
  const AuditTicket *ticket = batch->ticket;

  if (said == NULL)
    return ticket == NULL
           || refuse (run, AUDIT_REPORTS, index,
                      "it tells of no ticket, and the batch has ticket %" G_GUINT64_FORMAT,
                      ticket->number);
  if (ticket == NULL)
    return refuse (run, AUDIT_REPORTS, index,
                   "it tells of ticket %" G_GUINT64_FORMAT ", and the batch has none",
                   said->number);
  if (memcmp (said->sha256, ticket->sha256, AUDIT_HASH) != 0)
    return refuse (run, AUDIT_REPORTS, index, "it tells of another ticket than the batch has");
  return equals (run, index, "Number", said->number, ticket->number)
         && equals (run, index, "Count", said->count, ticket->count)
         && equals (run, index, "Issued", said->issued, batch->since_ticket);
}

/* What the TPM counted is what stands in the log, and what was lost. */
static gboolean
tpm_fits (AuditRun *run, guint64 index, const Report *report, const AuditTicket *ticket)
{
  const TpmAccount *said = report->tpm;
  AuditAuthority *authority;
  guint64 signatures, lost;

  if (ticket != NULL && ticket->has_tpm != (said != NULL))
    return refuse (run, AUDIT_REPORTS, index,
                   ticket->has_tpm ? "it says nothing of the TPM that counts for its ticket"
                                   : "it tells of a TPM, and its ticket is for a CA without one");
  if (ticket == NULL || said == NULL)
    return TRUE;
  authority = audit_authorities_of_key (run->authorities, ticket->authority);
  if (authority == NULL) /* then the ticket was wrong */
    return TRUE;
  audit_account_signatures_at (run->account, report->log.size, authority, &signatures, &lost);
  if (run->tally != NULL)
    audit_tally_count (run->tally, report->time * G_USEC_PER_SEC, authority->spki_sha256,
                       &(TallyCount){ report->number, said->count, signatures, lost });
  return equals (run, index, "Logged", said->logged, signatures)
         && equals (run, index, "Count", said->count, signatures + lost);
}

static gboolean
tells_log (AuditRun *run, guint64 index, const Report *report)
{
  const AuditBatch *batch = audit_account_batch (run->account, span_of_text (report->batch));
  LogAccount log;
  BatchAccount at;

  audit_account_at (run->account, report->log.size, batch, &log, &at);
  return equals (run, index, "Certificates", report->certificates, at.certificates)
         && equals (run, index, "First", report->first, at.first)
         && equals (run, index, "Last", report->last, at.last)
         && equals (run, index, "Refusals", report->refusals, log.refusals)
         && equals (run, index, "ClockResets", report->clock_resets, log.clock_resets)
         && equals (run, index, "Lost", report->lost, log.lost)
         && ticket_fits (run, index, report->ticket, &at)
         && tpm_fits (run, index, report, at.ticket);
}

void
audit_report_judge (AuditRun *run, guint64 index, const LogEntry *entry)
{
  g_autoptr (GError) problem = NULL;
  g_autofree char *text = NULL;
  g_autoptr (Report) report = NULL;

  run->result->checked[AUDIT_REPORTS]++;
  if (!audit_record_fits (run, AUDIT_REPORTS, index, entry, run->station))
    return;
  text = audit_record_text (entry->certificate, run->station, &problem);
  report = text != NULL ? report_parse (text, &problem) : NULL;
  if (report == NULL) {
    refuse (run, AUDIT_REPORTS, index, "%s", problem->message);
    return;
  }
  if (!span_is_text (entry->batch, report->batch)
      || !audit_is_number (entry->device, report->number)) {
    refuse (run, AUDIT_REPORTS, index, "it tells another batch or number than the report in it");
    return;
  }
  if (is_of_log (run, AUDIT_REPORTS, index, report->station, &report->log)
      && is_next (run, index, report))
    tells_log (run, index, report);
  keep (run, index, entry)->report = g_steal_pointer (&report);
}

/* What was issued for a batch when it was said to be closed. */
void
audit_reports_note_rest (AuditRun *run)
{
  for (guint i = 0; i < run->records->len; i++) {
    const AuditRecord *record = g_ptr_array_index (run->records, i);
    const Report *report = record->report;
    const AuditBatch *batch;

    if (report == NULL || !report->final)
      continue;
    batch = audit_account_batch (run->account, span_of_text (report->batch));
    if (batch->now.certificates > report->certificates)
      audit_note (run->result, AUDIT_REPORTS, AUDIT_AT ("report", report->number),
                  "it is final, and %" G_GUINT64_FORMAT
                  " certificates of its batch were issued behind it",
                  batch->now.certificates - report->certificates);
  }
}

/* ---- manifests' statements ---- */

void
audit_statement_judge (AuditRun *run, guint64 index, const LogEntry *entry)
{
  g_autoptr (GError) problem = NULL;
  g_autofree char *text = NULL;
  g_autoptr (ManifestStatement) statement = NULL;

  run->result->checked[AUDIT_STATEMENTS]++;
  if (!audit_record_fits (run, AUDIT_STATEMENTS, index, entry, run->station))
    return;
  text = audit_record_text (entry->certificate, run->station, &problem);
  statement = text != NULL ? manifest_statement_parse (text, &problem) : NULL;
  if (statement == NULL) {
    refuse (run, AUDIT_STATEMENTS, index, "%s", problem->message);
    return;
  }
  if (!span_is_text (entry->batch, statement->batch)
      || !span_is_text (entry->device, statement->format))
  {
    refuse (run, AUDIT_STATEMENTS, index,
            "it tells another batch or format than the statement in it");
    return;
  }
  is_of_log (run, AUDIT_STATEMENTS, index, statement->station, &statement->log);
  keep (run, index, entry)->statement = g_steal_pointer (&statement);
}

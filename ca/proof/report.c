/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See report.h: a report as text and back.
 */
#include "ca/proof/report-private.h"

static const char *const report_keys[] = { "Version", "Number", "Time", "Station",
                                           "Batch",   "Final",  NULL };
static const char *const log_keys[] = { "Origin", "Size", "Root",     "Certificates",
                                        "First",  "Last", "Refusals", "ClockResets",
                                        "Lost",   NULL };
static const char *const ticket_keys[] = {
  "Number", "Sha256", "Count", "Issued", "Remaining", NULL
};
static const char *const tpm_keys[] = { "Count", "Limit", "Logged", NULL };
static const char *const ledger_keys[] = { "Id",     "Devices", "Verified",  "Void",        "Open",
                                           "Failed", "Event",   "EventHash", "VoidsSha256", NULL };
static const KeyfileGroup groups[] = { { "report", report_keys }, { "log", log_keys },
                                       { "ticket", ticket_keys }, { "tpm", tpm_keys },
                                       { "ledger", ledger_keys }, { NULL, NULL } };

Report *
report_new (void)
{
  return g_new0 (Report, 1);
}

void
report_free (Report *report)
{
  if (report == NULL)
    return;
  g_free (report->station);
  g_free (report->batch);
  g_free (report->ticket);
  g_free (report->tpm);
  g_free (report->ledger.id);
  g_free (report);
}

/* ---- writing ---- */

static void
set_log (GKeyFile *text, const Report *report)
{
  report_set_log (text, &report->log);
  g_key_file_set_uint64 (text, "log", "Certificates", report->certificates);
  g_key_file_set_uint64 (text, "log", "First", report->first);
  g_key_file_set_uint64 (text, "log", "Last", report->last);
  g_key_file_set_uint64 (text, "log", "Refusals", report->refusals);
  g_key_file_set_uint64 (text, "log", "ClockResets", report->clock_resets);
  g_key_file_set_uint64 (text, "log", "Lost", report->lost);
}

/* More than the ticket allows can only stand there where the log was made by somebody else. */
static guint
remaining (const TicketAccount *ticket)
{
  return ticket->count > ticket->issued ? ticket->count - ticket->issued : 0;
}

static void
set_ticket (GKeyFile *text, const TicketAccount *ticket)
{
  g_key_file_set_uint64 (text, "ticket", "Number", ticket->number);
  proof_text_set_hash (text, "ticket", "Sha256", ticket->sha256);
  g_key_file_set_uint64 (text, "ticket", "Count", ticket->count);
  g_key_file_set_uint64 (text, "ticket", "Issued", ticket->issued);
  g_key_file_set_uint64 (text, "ticket", "Remaining", remaining (ticket));
}

static void
set_tpm (GKeyFile *text, const TpmAccount *tpm)
{
  g_key_file_set_uint64 (text, "tpm", "Count", tpm->count);
  g_key_file_set_uint64 (text, "tpm", "Limit", tpm->limit);
  g_key_file_set_uint64 (text, "tpm", "Logged", tpm->logged);
}

static void
set_ledger (GKeyFile *text, const LedgerClaim *ledger)
{
  g_key_file_set_value (text, "ledger", "Id", ledger->id);
  g_key_file_set_uint64 (text, "ledger", "Devices", ledger->devices);
  g_key_file_set_uint64 (text, "ledger", "Verified", ledger->verified);
  g_key_file_set_uint64 (text, "ledger", "Void", ledger->voided);
  g_key_file_set_uint64 (text, "ledger", "Open", ledger->open);
  g_key_file_set_uint64 (text, "ledger", "Failed", ledger->failed);
  g_key_file_set_uint64 (text, "ledger", "Event", ledger->event);
  proof_text_set_hash (text, "ledger", "EventHash", ledger->event_hash);
  proof_text_set_hash (text, "ledger", "VoidsSha256", ledger->voids_sha256);
}

char *
report_text (const Report *report)
{
  g_autoptr (GKeyFile) text = proof_text_new ("report");

  g_key_file_set_uint64 (text, "report", "Number", report->number);
  report_set_head (text, "report", report->time, report->station, report->batch);
  proof_text_set_flag (text, "report", "Final", report->final);
  set_log (text, report);
  if (report->ticket != NULL)
    set_ticket (text, report->ticket);
  if (report->tpm != NULL)
    set_tpm (text, report->tpm);
  set_ledger (text, &report->ledger);
  return g_key_file_to_data (text, NULL, NULL);
}

/* ---- reading ---- */

static gboolean
read_head (const Keyfile *text, Report *report, GError **error)
{
  return proof_text_number (text, "report", "Number", 1, G_MAXUINT64, &report->number, error)
         && report_read_head (text, "report", &report->time, &report->station, &report->batch,
                              error)
         && proof_text_flag (text, "report", "Final", &report->final, error);
}

/* What can't be true of any log. */
static gboolean
check_places (const Keyfile *text, const Report *report, GError **error)
{
  if (report->certificates == 0)
    return (report->first == 0 && report->last == 0)
           || proof_text_refuse (text, "log", "First", error,
                                 "First and Last are 0 where there are no certificates");
  if (report->first > report->last || report->last >= report->log.size)
    return proof_text_refuse (text, "log", "Last", error,
                              "First, Last and Size are not in ascending order");
  return report->certificates - 1 <= report->last - report->first
         || proof_text_refuse (text, "log", "Certificates", error,
                               "there are not so many places from First to Last");
}

static gboolean
read_log (const Keyfile *text, Report *report, GError **error)
{
  return report_read_log (text, &report->log, error)
         && proof_text_number (text, "log", "Certificates", 0, G_MAXUINT64, &report->certificates,
                               error)
         && proof_text_number (text, "log", "First", 0, G_MAXUINT64, &report->first, error)
         && proof_text_number (text, "log", "Last", 0, G_MAXUINT64, &report->last, error)
         && proof_text_number (text, "log", "Refusals", 0, G_MAXUINT64, &report->refusals, error)
         && proof_text_number (text, "log", "ClockResets", 0, G_MAXUINT64, &report->clock_resets,
                               error)
         && proof_text_number (text, "log", "Lost", 0, G_MAXUINT64, &report->lost, error)
         && check_places (text, report, error);
}

static gboolean
read_ticket (const Keyfile *text, Report *report, GError **error)
{
  TicketAccount *ticket;
  guint rest;

  if (!proof_text_has_group (text, "ticket"))
    return TRUE;
  ticket = report->ticket = g_new0 (TicketAccount, 1);
  if (!proof_text_number (text, "ticket", "Number", 1, G_MAXUINT64, &ticket->number, error)
      || !proof_text_hash (text, "ticket", "Sha256", ticket->sha256, error)
      || !proof_text_count (text, "ticket", "Count", 1, G_MAXUINT, &ticket->count, error)
      || !proof_text_count (text, "ticket", "Issued", 0, G_MAXUINT, &ticket->issued, error)
      || !proof_text_count (text, "ticket", "Remaining", 0, G_MAXUINT, &rest, error))
    return FALSE;
  return rest == remaining (ticket)
         || proof_text_refuse (text, "ticket", "Remaining", error,
                               "Remaining is not what Issued leaves of Count");
}

static gboolean
read_tpm (const Keyfile *text, Report *report, GError **error)
{
  TpmAccount *tpm;
  guint count, limit;

  if (!proof_text_has_group (text, "tpm"))
    return TRUE;
  tpm = report->tpm = g_new0 (TpmAccount, 1);
  if (!proof_text_count (text, "tpm", "Count", 0, G_MAXUINT32, &count, error)
      || !proof_text_count (text, "tpm", "Limit", 0, G_MAXUINT32, &limit, error)
      || !proof_text_number (text, "tpm", "Logged", 0, G_MAXUINT64, &tpm->logged, error))
    return FALSE;
  tpm->count = count;
  tpm->limit = limit;
  return TRUE;
}

static gboolean
read_ledger (const Keyfile *text, LedgerClaim *ledger, GError **error)
{
  const struct {
    const char *key;
    guint64 *value;
  } numbers[] = { { "Devices", &ledger->devices },
                  { "Verified", &ledger->verified },
                  { "Void", &ledger->voided },
                  { "Open", &ledger->open },
                  { "Failed", &ledger->failed } };

  if (!report_read_ledger (text, &ledger->id, &ledger->event, ledger->event_hash, error))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    if (!proof_text_number (text, "ledger", numbers[i].key, 0, G_MAXUINT64, numbers[i].value,
                            error))
      return FALSE;
  return proof_text_hash (text, "ledger", "VoidsSha256", ledger->voids_sha256, error);
}

Report *
report_parse (const char *text, GError **error)
{
  g_autoptr (Keyfile) read = proof_text_read ("report", text, groups, error);
  g_autoptr (Report) report = report_new ();

  if (read == NULL || !read_head (read, report, error) || !read_log (read, report, error)
      || !read_ticket (read, report, error) || !read_tpm (read, report, error)
      || !read_ledger (read, &report->ledger, error))
    return NULL;
  return g_steal_pointer (&report);
}

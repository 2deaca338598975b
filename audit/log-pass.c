/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See log-pass.h. An entry whose hash is wrong is counted in the tree with the hash that it should
 * have; so the pass can go on, and says what else is wrong.
 */
#include "audit/log-pass.h"

#include <string.h>

#include "audit/duplicates.h"

typedef struct {
  AuditRun *run;
  LogStream *stream;
  AuditAnchors *anchors;
  AuditDuplicates *duplicates;
  AuditCertificate certificate;
  gpointer data;
  gint64 latest; /* time since the last entry of type 9 */
} Pass;

/* ---- what the owner should see ---- */

static void
note_refusal (Pass *pass, guint64 index, const LogEntry *entry)
{
  g_autofree char *word = audit_shown (entry->profile);
  g_autofree char *batch = audit_shown (entry->batch);
  g_autofree char *device = audit_shown (entry->device);
  g_autofree char *sentence = audit_shown (entry->product);
  g_autofree char *more = audit_shown (entry->chip);
  gboolean has_more = entry->chip.length > 0 && !span_is_text (entry->chip, "0");

  audit_note (pass->run->result, AUDIT_TICKETS, AUDIT_ENTRY (index),
              "an attempt was refused (%s, batch %s, %s): %s%s%s%s", word, batch, device, sentence,
              has_more ? " (since the one before, not entered: " : "", has_more ? more : "",
              has_more ? ")" : "");
}

static void
note_clock (Pass *pass, guint64 index, const LogEntry *entry)
{
  g_autofree char *who = audit_shown (entry->device);
  g_autofree char *why = audit_shown (entry->product);

  audit_note (pass->run->result, AUDIT_TIMES, AUDIT_ENTRY (index),
              "the clock was set back on record by %s: %s", who, why);
  audit_ticket_note_reset (pass->run, index, entry);
}

static guint64
note_lost (Pass *pass, guint64 index, const LogEntry *entry)
{
  guint64 lost = 0;

  audit_span_number (entry->device, &lost);
  audit_note (pass->run->result, AUDIT_TICKETS, AUDIT_ENTRY (index),
              "the TPM counted %" G_GUINT64_FORMAT " signatures that stand in no entry", lost);
  return lost;
}

/* ---- one entry ---- */

static void
judge_time (Pass *pass, guint64 index, const LogEntry *entry)
{
  pass->run->result->checked[AUDIT_TIMES]++;
  if (entry->type == LOG_ENTRY_REFUSAL)
    return;
  if (entry->type != LOG_ENTRY_CLOCK && entry->signed_at < pass->latest) {
    audit_wrong (pass->run->result, AUDIT_TIMES, AUDIT_ENTRY (index),
                 "its time lies before that of an entry in front of it");
    return;
  }
  pass->latest = entry->signed_at;
}

static gboolean
take_certificate (Pass *pass, guint64 index, const LogEntry *entry, AuditAuthority **signer,
                  GError **error)
{
  audit_certificate_judge (pass->run, index, entry, signer);
  if (!audit_duplicates_add (pass->duplicates, pass->run, index, entry, *signer, error))
    return FALSE;
  if (pass->run->signatures != NULL && entry->type != LOG_ENTRY_AUTHORITY)
    audit_signatures_add (pass->run->signatures, index, entry->certificate, *signer);
  if (entry->type != LOG_ENTRY_CERTIFICATE)
    return TRUE;
  audit_ticket_judge_certificate (pass->run, index, entry, *signer);
  return pass->certificate == NULL || pass->certificate (index, entry, pass->data, error);
}

/* An entry that can't be taken for what it says. */
static void
count_nothing (Pass *pass, guint64 index)
{
  static const LogEntry nothing = { .type = LOG_ENTRY_CRL };

  audit_account_add (pass->run->account, index, &nothing, NULL, 0);
}

static void
count_for_month (const Pass *pass, const LogEntry *entry, guint64 lost)
{
  AuditTally *tally = pass->run->tally;
  const AuditTicket *ticket;

  if (entry->type == LOG_ENTRY_CERTIFICATE) {
    ticket = audit_account_batch (pass->run->account, entry->batch)->now.ticket;
    audit_tally_entry (tally, entry->signed_at, entry->batch, ticket != NULL ? ticket->number : 0);
  }
  else if (entry->type == LOG_ENTRY_VERIFICATION || entry->type == LOG_ENTRY_CRL) {
    audit_tally_other (tally, entry->signed_at);
  }
  audit_tally_lost (tally, entry->signed_at, lost);
}

static gboolean
judge_entry (Pass *pass, guint64 index, const LogEntry *entry, GError **error)
{
  AuditAuthority *signer = NULL;
  guint64 lost = 0;

  if (!audit_form_judge (pass->run, index, entry)) {
    count_nothing (pass, index);
    return TRUE;
  }
  judge_time (pass, index, entry);
  switch (entry->type) {
  case LOG_ENTRY_CERTIFICATE:
  case LOG_ENTRY_AUTHORITY:
  case LOG_ENTRY_VERIFICATION:
    if (!take_certificate (pass, index, entry, &signer, error))
      return FALSE;
    break;
  case LOG_ENTRY_CRL:
    signer = audit_authority_judge (pass->run, index, entry);
    break;
  case LOG_ENTRY_TICKET:
    break;
  case LOG_ENTRY_REPORT:
    audit_report_judge (pass->run, index, entry);
    break;
  case LOG_ENTRY_MANIFEST:
    audit_statement_judge (pass->run, index, entry);
    break;
  case LOG_ENTRY_REFUSAL:
    note_refusal (pass, index, entry);
    break;
  case LOG_ENTRY_CLOCK:
    note_clock (pass, index, entry);
    break;
  case LOG_ENTRY_LOST:
    lost = note_lost (pass, index, entry);
    signer = audit_authority_judge (pass->run, index, entry);
    break;
  }
  audit_account_add (pass->run->account, index, entry, signer, lost);
  if (pass->run->tally != NULL)
    count_for_month (pass, entry, lost);
  if (entry->type == LOG_ENTRY_TICKET)
    audit_ticket_judge (pass->run, index, entry);
  return TRUE;
}

/* ---- the frames ---- */

static void
say_torn (Pass *pass, guint64 index, guint64 bytes)
{
  audit_note (pass->run->result, AUDIT_LOG, AUDIT_ENTRY (index),
              "the file ends in a write that was not finished (%" G_GUINT64_FORMAT
              " bytes): nobody got an answer from it",
              bytes);
}

typedef enum { FRAME_JUDGED, FRAME_TORN_END, FRAME_FAILED } FrameVerdict;

static FrameVerdict
judge_frame (Pass *pass, const LogFrame *frame, GError **error)
{
  guint8 leaf[MERKLE_HASH];
  LogEntry entry;

  merkle_leaf_hash (frame->entry.data, frame->entry.length, leaf);
  if (memcmp (leaf, frame->leaf, MERKLE_HASH) != 0
      || !log_entry_decode (frame->entry.data, frame->entry.length, &entry, NULL))
  {
    if (log_stream_is_unwritten (pass->stream, frame))
      return FRAME_TORN_END;
    audit_wrong (pass->run->result, AUDIT_LOG, AUDIT_ENTRY (frame->index),
                 "its bytes do not fit its hash, or are no entry");
    count_nothing (pass, frame->index);
  }
  else if (!judge_entry (pass, frame->index, &entry, error)) {
    return FRAME_FAILED;
  }
  audit_roots_append (pass->run->roots, frame->offset, leaf);
  return FRAME_JUDGED;
}

static gboolean
read_frames (Pass *pass, GError **error)
{
  AuditRun *run = pass->run;

  for (;;) {
    guint64 index = audit_roots_size (run->roots);
    LogFrame frame;

    if (audit_anchors_next (pass->anchors) == index)
      audit_anchors_compare (pass->anchors, run->roots);
    switch (log_stream_next (pass->stream, &frame, error)) {
    case LOG_FRAME_WHOLE:
      break;
    case LOG_FRAME_END:
      return TRUE;
    case LOG_FRAME_TORN:
      say_torn (pass, index, log_stream_rest (pass->stream));
      return TRUE;
    case LOG_FRAME_BROKEN:
      audit_wrong (run->result, AUDIT_LOG, AUDIT_ENTRY (index),
                   "no frame of a log stands here; what is behind it was not read");
      return TRUE;
    case LOG_FRAME_FAILED:
      return FALSE;
    }
    run->result->checked[AUDIT_LOG]++;
    switch (judge_frame (pass, &frame, error)) {
    case FRAME_JUDGED:
      break;
    case FRAME_TORN_END:
      say_torn (pass, index, LOG_FRAME + frame.entry.length + log_stream_rest (pass->stream));
      return TRUE;
    case FRAME_FAILED:
      return FALSE;
    }
  }
}

static gboolean
has_record (const guint8 sha256[MERKLE_HASH], gpointer data)
{
  const AuditRun *run = data;

  for (guint i = 0; i < run->records->len; i++) {
    const AuditRecord *record = g_ptr_array_index (run->records, i);
    if (memcmp (record->sha256, sha256, MERKLE_HASH) == 0)
      return TRUE;
  }
  return FALSE;
}

static void
finish (Pass *pass)
{
  AuditResult *result = pass->run->result;

  result->entries = audit_roots_size (pass->run->roots);
  audit_roots_at (pass->run->roots, result->entries, result->root);
  audit_anchors_finish (pass->anchors, result->entries, has_record, pass->run);
  audit_ticket_judge_resets (pass->run);
  audit_reports_note_rest (pass->run);
}

gboolean
audit_log_pass (AuditRun *run, LogStream *stream, AuditAnchors *anchors,
                AuditCertificate certificate, gpointer data, GError **error)
{
  g_autoptr (AuditDuplicates) duplicates = audit_duplicates_new ();
  Pass pass = { .run = run,
                .stream = stream,
                .anchors = anchors,
                .duplicates = duplicates,
                .certificate = certificate,
                .data = data,
                .latest = G_MININT64 };

  if (!read_frames (&pass, error))
    return FALSE;
  finish (&pass);
  if (!audit_duplicates_judge (duplicates, run, error))
    return FALSE;
  if (run->signatures != NULL)
    audit_signatures_judge (run->signatures, run->result);
  return TRUE;
}

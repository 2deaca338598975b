/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See ledger.h. One pass over the lines; what refers to other lines is spilled (spill.h) and judged
 * behind it.
 */
#include "audit/line-reader.h"

#include "audit/ledger-private.h"

static void
ledger_clear (Ledger *ledger)
{
  g_clear_pointer (&ledger->references, ledger_references_free);
  g_clear_pointer (&ledger->reports, ledger_reports_free);
  g_clear_pointer (&ledger->batches, g_hash_table_unref);
  g_clear_pointer (&ledger->claimed, g_hash_table_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Ledger, ledger_clear)

static void
find_claimed (Ledger *ledger)
{
  for (guint i = 0; i < ledger->run->records->len; i++) {
    AuditRecord *record = g_ptr_array_index (ledger->run->records, i);
    g_hash_table_add (ledger->claimed, record->report != NULL ? &record->report->ledger.event
                                                              : &record->statement->event);
  }
}

/* Members stand in their order, `ledger` first and once, `end` last. */
static gboolean
is_in_place (Ledger *ledger, LedgerMember member)
{
  const gboolean first = ledger->number == 1;

  if (ledger->ended || member < ledger->member || first != (member == MEMBER_LEDGER))
    return FALSE;
  if (!first && member == MEMBER_END && ledger->member == MEMBER_END)
    return FALSE;
  if (member != ledger->member)
    ledger->has_last = FALSE;
  return TRUE;
}

static gboolean
judge (Ledger *ledger, const char *text, gsize length, JsonLine *line, GError **error)
{
  const char *problem = json_line_read (line, ledger_members, text, length);
  LedgerMember member, before = ledger->member;

  if (problem != NULL) {
    ledger_wrong (ledger, "%s", problem);
    return TRUE;
  }
  member = (LedgerMember)(line->member - ledger_members);
  if (!is_in_place (ledger, member)) {
    ledger_wrong (ledger, "'%s' is out of place", line->member->name);
    return TRUE;
  }
  ledger->member = member;
  if (before <= MEMBER_CERTIFICATE && member > MEMBER_CERTIFICATE)
    ledger_pass_over (ledger, G_MAXUINT64);
  return ledger_judge_line (ledger, line, error);
}

static gboolean
read_lines (Ledger *ledger, LineReader *reader, JsonLine *line, GError **error)
{
  for (;;) {
    const char *text;
    gsize length;

    switch (line_reader_next (reader, &text, &length, error)) {
    case LINE_WHOLE:
      ledger->number++;
      if (!judge (ledger, text, length, line, error))
        return FALSE;
      /* Without its head nothing in it can be judged. */
      if (!ledger->headed)
        return TRUE;
      break;
    case LINE_UNENDED:
      ledger->number++;
      ledger_wrong (ledger, "the file is cut short, or the line is longer than any may be");
      return TRUE;
    case LINE_END:
      ledger->number++;
      if (!ledger->ended)
        ledger_wrong (ledger, "the file is cut short: its end is not there");
      return TRUE;
    case LINE_FAILED:
      return FALSE;
    }
  }
}

static gboolean
judge_file (Ledger *ledger, const char *path, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (LineReader) reader = line_reader_open (path, &problem);
  JsonLine line;
  gboolean done;

  if (reader == NULL) {
    ledger->number = 1;
    ledger_wrong (ledger, "%s", problem->message);
    return TRUE;
  }
  json_line_init (&line);
  done = read_lines (ledger, reader, &line, error);
  json_line_clear (&line);
  return done;
}

gboolean
audit_ledger_judge (AuditRun *run, AuditIssued *issued, Spill *states, const char *path,
                    GError **error)
{
  g_auto (Ledger) ledger = {
    .run = run,
    .issued = issued,
    .states = states,
    .references = ledger_references_new (run->digest),
    .reports = ledger_reports_new (run->records),
    .batches = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL),
    .claimed = g_hash_table_new (g_int64_hash, g_int64_equal),
  };

  if (!audit_issued_rewind (issued, error))
    return FALSE;
  find_claimed (&ledger);
  ledger.has_next = audit_issued_next (issued, &ledger.next);
  if (!judge_file (&ledger, path, error))
    return FALSE;
  if (!ledger.headed)
    return TRUE;
  if (ledger.unknown > 0)
    audit_note (run->result, AUDIT_LEDGER, AUDIT_WHOLE ("ledger"),
                "it does not know %" G_GUINT64_FORMAT " of the log's certificates yet",
                ledger.unknown);
  if (!ledger_references_judge (ledger.references, run->result, error))
    return FALSE;
  ledger_reports_judge (ledger.reports, run->result);
  return TRUE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What ledger.c (the lines) shares with ledger-lines.c (each kind of line), ledger-references.c
 * (certificates against events) and ledger-reports.c (what reports say).
 */
#pragma once

#include "audit/json-line.h"
#include "audit/ledger.h"
#include "audit/spill.h"

typedef enum {
  MEMBER_LEDGER,
  MEMBER_BATCH,
  MEMBER_CERTIFICATE,
  MEMBER_EVENT,
  MEMBER_EXPORT,
  MEMBER_REPORT,
  MEMBER_END,
} LedgerMember;
#define MEMBER_COUNT (MEMBER_END + 1)

extern const JsonMember ledger_members[MEMBER_COUNT + 1];

/* The places of the keys in JsonLine.values. */
enum { LEDGER_VERSION, LEDGER_ID, LEDGER_NEXT, LEDGER_MADE_AT };
enum { BATCH_NAME, BATCH_PROFILE, BATCH_STATE, BATCH_TARGET, BATCH_DEVICES, BATCH_FAILED };
enum {
  CERTIFICATE_INDEX,
  CERTIFICATE_DEVICE,
  CERTIFICATE_BATCH,
  CERTIFICATE_PROFILE,
  CERTIFICATE_SERIAL,
  CERTIFICATE_SHA256,
  CERTIFICATE_STATE,
  CERTIFICATE_REASON,
  CERTIFICATE_VERIFIED,
  CERTIFICATE_VOID
};
enum { EVENT_ID, EVENT_AT, EVENT_ACTOR, EVENT_KIND, EVENT_SUBJECT, EVENT_DETAIL, EVENT_HASH };
enum {
  EXPORT_ID,
  EXPORT_AT,
  EXPORT_BATCH,
  EXPORT_FORMAT,
  EXPORT_ROWS,
  EXPORT_BYTES,
  EXPORT_SHA256,
  EXPORT_THROUGH,
  EXPORT_CONFIRMED
};
enum { REPORT_ID, REPORT_AT, REPORT_BATCH, REPORT_INDEX, REPORT_SHA256 };
enum { END_CERTIFICATES, END_EVENTS };

/* ---- ledger-references.c: which events certificates name ---- */

typedef struct LedgerReferences LedgerReferences;

LedgerReferences *ledger_references_new (AuditDigest *digest);
void ledger_references_free (LedgerReferences *references);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LedgerReferences, ledger_references_free)

/* `number` is the line's. */
gboolean ledger_references_certificate (LedgerReferences *references, guint64 number,
                                        const JsonLine *line, GError **error);
gboolean ledger_references_event (LedgerReferences *references, guint64 number,
                                  const JsonLine *line, GError **error);
/* Says what does not fit, in the order of the lines. */
gboolean ledger_references_judge (LedgerReferences *references, AuditResult *result,
                                  GError **error);

/* ---- ledger-reports.c: what reports say of a batch's certificates ---- */

typedef struct LedgerReports LedgerReports;

LedgerReports *ledger_reports_new (const GPtrArray *records);
void ledger_reports_free (LedgerReports *reports);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LedgerReports, ledger_reports_free)

void ledger_reports_batch (LedgerReports *reports, const JsonLine *line);
void ledger_reports_certificate (LedgerReports *reports, const JsonLine *line);
void ledger_reports_judge (LedgerReports *reports, AuditResult *result);

/* ---- one ledger ---- */

typedef struct {
  AuditRun *run;
  AuditIssued *issued;
  Spill *states;
  LedgerReferences *references;
  LedgerReports *reports;
  guint64 number; /* of the line, from 1 */
  gboolean ended;
  gboolean headed; /* its first line was good */
  LedgerMember member;
  gboolean has_last;
  gint64 last; /* id of the line before, of exports and reports */
  guint64 next_log_index;
  guint8 hash[AUDIT_HASH]; /* of the last event */
  guint64 events;
  guint64 certificates;
  guint64 unknown; /* of the log's certificates, not yet in the ledger */
  Issued next;     /* of the log's certificates */
  gboolean has_next;
  GHashTable *batches; /* names */
  GHashTable *claimed; /* events (guint64) of which reports and statements tell */
} Ledger;

void ledger_wrong (const Ledger *ledger, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* The line was read, and stands in its place. FALSE with error for temporary files only. */
gboolean ledger_judge_line (Ledger *ledger, const JsonLine *line, GError **error);

gboolean ledger_judge_certificate (Ledger *ledger, const JsonLine *line, GError **error);

/* So many digits of hex, lower-case. */
gboolean ledger_is_hex (Span text, gsize digits);
/* The bytes that such digits mean. Free with g_bytes_unref(). */
GBytes *ledger_bytes_of (Span text);
/* A line told of that batch. */
gboolean ledger_has_batch (const Ledger *ledger, Span name);

/* The log's certificates below `index` which the ledger may not know yet. */
void ledger_pass_over (Ledger *ledger, guint64 index);

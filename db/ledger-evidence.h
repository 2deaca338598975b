/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the ledger says of itself in records that the station signs (docs/evidence.md), and those
 * records as they came back: reports about batches, statements that go with manifests. Each of them
 * stands in the signer's log too; what was missed there comes back as certificates do. Errors are
 * LEDGER_ERROR.
 */
#pragma once

#include "db/ledger.h"

#define EVENT_HASH 32
#define LEDGER_IDENTITY 16

/* ---- the ledger's word ---- */

/* The last audit event, 0 where there is none, and the chain's hash up to there. */
typedef struct {
  gint64 event;
  guint8 hash[EVENT_HASH];
} LedgerHead;

gboolean ledger_head (Ledger *ledger, LedgerHead *head, GError **error);

/* The same up to the event as of which an export's units are verified and not void, whatever came
 * behind it. NOT_FOUND. */
gboolean ledger_export_head (Ledger *ledger, gint64 id, LedgerHead *head, GError **error);

/* What names the ledger, made with it: 32 hex digits. Free with g_free(). */
char *ledger_identity (Ledger *ledger, GError **error);

/* A batch as one moment has it: verified, voided and open together are all its certificates. */
typedef struct {
  guint64 devices;
  guint64 verified;
  guint64 voided;
  guint64 open;   /* issued, neither verified nor void */
  guint64 failed; /* attempts that failed */
  LedgerHead head;
  guint8 voids_sha256[EVENT_HASH]; /* over "INDEX REASON\n" of each void one, by log index */
} BatchClaim;

/* Reads indexes only, in a connection of its own; counts a million certificates in a fraction of a
 * second. NOT_FOUND. */
gboolean ledger_claim (Ledger *ledger, const char *batch, BatchClaim *claim, GError **error);

/* ---- reports ---- */

typedef struct {
  gint64 id;
  gint64 at; /* when it came */
  char *batch;
  guint64 log_index; /* its own entry's */
  gboolean final;    /* of the batch when it was closed */
  char *sha256;
  GBytes *der; /* CMS */
} BatchReport;

void batch_report_free (BatchReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatchReport, batch_report_free)

/* Takes batch, log_index, final and der. The same again is no error; INVALID where the ledger has
 * another entry at that index, NOT_FOUND where it lacks the batch. */
gboolean ledger_store_report (Ledger *ledger, const BatchReport *report, GError **error);
/* Of BatchReport, newest first; of all batches where `batch` is NULL. */
GPtrArray *ledger_reports (Ledger *ledger, const char *batch, guint most, GError **error);
BatchReport *ledger_report (Ledger *ledger, gint64 id, GError **error);
BatchReport *ledger_report_of_entry (Ledger *ledger, guint64 log_index, GError **error);

/* The names (GPtrArray of char *) of closed batches whose final report is to be made. */
GPtrArray *ledger_reports_due (Ledger *ledger, GError **error);

/* A closed batch before its report: what is still open in it becomes void ("batch-closed").
 * `settled` is FALSE while a device of it runs. NOT_FOUND; BATCH_STATE where it is not closed. */
gboolean ledger_settle_batch (Ledger *ledger, const char *batch, const char *actor,
                              gboolean *settled, GError **error);

/* ---- statements of exports ---- */

typedef struct {
  const char *batch;
  const char *format;
  const char *sha256; /* of the manifest file, hex */
  guint64 log_index;  /* the statement's own entry */
  GBytes *der;        /* CMS */
} ExportStatement;

/* Keeps it with the newest export of these bytes that has none. The same again is no error.
 * NOT_FOUND where there is no such export, INVALID as with reports. */
gboolean ledger_store_statement (Ledger *ledger, const ExportStatement *statement, GError **error);
/* NULL without error where it has none yet. NOT_FOUND. */
GBytes *ledger_export_statement (Ledger *ledger, gint64 id, GError **error);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the station signs: a report about a batch, and the statement that goes with a manifest.
 * docs/evidence.md has the texts. The signer knows its log and tickets; of the ledger it only
 * repeats what keycradled says, in a group of its own. Pure; errors are CA_ERROR_PROOF.
 */
#pragma once

#include "ca/proof/checkpoint.h"

/* As keycradled says. */
typedef struct {
  char *id;        /* hex, 16 bytes: names the ledger, made with it */
  guint64 devices; /* of the batch */
  guint64
      verified; /* certificates of the batch by state; together they are its entries in the log */
  guint64 voided;
  guint64 open;   /* issued, neither verified nor void */
  guint64 failed; /* attempts that failed */
  guint64 event;  /* the last audit event it knew, and the chain's hash up to there */
  guint8 event_hash[MERKLE_HASH];
  guint8 voids_sha256[MERKLE_HASH]; /* over the batch's void certificates: docs/evidence.md */
} LedgerClaim;

typedef struct {
  guint64 number;             /* of the ticket */
  guint8 sha256[MERKLE_HASH]; /* of the ticket as it stands in the log */
  guint count;
  guint issued;
} TicketAccount;

typedef struct {
  guint32 count; /* as the TPM has it */
  guint32 limit;
  guint64 logged; /* signatures of that key that stand in the log */
} TpmAccount;

typedef struct {
  guint64 number; /* of reports in this log, from 1 */
  gint64 time;    /* seconds since 1970 */
  char *station;
  char *batch;
  gboolean final;       /* the batch is closed */
  Checkpoint log;       /* before the report's own entry */
  guint64 certificates; /* of the batch */
  guint64 first;        /* places of the first and last of them; 0 where there are none */
  guint64 last;
  guint64 refusals; /* entries of that type in the whole log up to here, and clock entries */
  guint64 clock_resets;
  guint64 lost;          /* signatures that left no entry, by all entries of that type */
  TicketAccount *ticket; /* the batch's newest, or NULL */
  TpmAccount *tpm;       /* or NULL */
  LedgerClaim ledger;
} Report;

Report *report_new (void);
void report_free (Report *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Report, report_free)

char *report_text (const Report *report);
Report *report_parse (const char *text, GError **error);

typedef struct {
  gint64 time;
  char *station;
  char *batch;
  char *format;
  guint64 rows;
  guint64 bytes;
  guint8 sha256[MERKLE_HASH]; /* of the manifest file */
  Checkpoint log;
  char *ledger; /* its id */
  guint64 event;
  guint8 event_hash[MERKLE_HASH];
} ManifestStatement;

ManifestStatement *manifest_statement_new (void);
void manifest_statement_free (ManifestStatement *statement);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ManifestStatement, manifest_statement_free)

char *manifest_statement_text (const ManifestStatement *statement);
ManifestStatement *manifest_statement_parse (const char *text, GError **error);

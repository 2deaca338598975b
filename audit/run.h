/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the parts of one audit share.
 */
#pragma once

#include <openssl/x509.h>

#include "audit/account.h"
#include "audit/roots.h"
#include "audit/signatures.h"
#include "audit/tally.h"
#include "ca/proof/report.h"

/* A report or a manifest's statement in the log: what it says of the ledger is judged once that is
 * read. */
typedef struct {
  guint64 place;
  guint8 sha256[AUDIT_HASH]; /* of the record */
  Report *report;            /* one of both */
  ManifestStatement *statement;
  gboolean exported; /* the ledger has the statement's export */
} AuditRecord;

/* An entry that set the clock back, and the number of the ticket that it names (0: none). */
typedef struct {
  guint64 place;
  guint64 ticket;
} AuditReset;

typedef struct {
  AuditResult *result;
  GPtrArray *station; /* of X509; NULL: station.pem is not there */
  GPtrArray *owner;   /* of X509; NULL: the owner's certificate was not given */
  char *station_name; /* hex, or NULL */
  AuditDigest *digest;
  AuditRoots *roots;
  AuditAuthorities *authorities;
  AuditAccount *account;
  GPtrArray *records;          /* of AuditRecord, in the log's order */
  GArray *resets;              /* of AuditReset, the same */
  AuditSignatures *signatures; /* NULL: they are not verified */
  AuditTally *tally;           /* lent; NULL: nothing is counted by the month */
} AuditRun;

/* What a signed record says, verified where its signer is known; CA_ERROR_PROOF. Free with
 * g_free(). */
char *audit_record_text (Span der, const GPtrArray *signers, GError **error);

/* TRUE where `csr_sha256` is the record's, and `spki_sha256` its signer's where that is known; says
 * what is not. */
gboolean audit_record_fits (AuditRun *run, AuditCheck check, guint64 index, const LogEntry *entry,
                            const GPtrArray *signers);

/* Bytes of a log as text that may be shown. Free with g_free(). */
char *audit_shown (Span text);

/* A number in decimal, without leading zeros. */
gboolean audit_span_number (Span text, guint64 *number);
gboolean audit_is_number (Span text, guint64 number);

/* ---- entries, in order; each says what is wrong with entry `index` ---- */

/* FALSE where the entry can't be what its type says. */
gboolean audit_form_judge (AuditRun *run, guint64 index, const LogEntry *entry);

/* A certificate of whatever kind: its key, its CA. `signer` receives the CA, or NULL. */
void audit_certificate_judge (AuditRun *run, guint64 index, const LogEntry *entry,
                              AuditAuthority **signer);

/* A revocation list, or signatures that were lost: the CA whose key the entry names, or NULL. */
AuditAuthority *audit_authority_judge (AuditRun *run, guint64 index, const LogEntry *entry);

/* A ticket; what holds is entered into the account. To be called when the entry was counted. */
void audit_ticket_judge (AuditRun *run, guint64 index, const LogEntry *entry);

/* An entry that set the clock back; and, once all tickets are known, whether the owner let it. */
void audit_ticket_note_reset (AuditRun *run, guint64 index, const LogEntry *entry);
void audit_ticket_judge_resets (AuditRun *run);

/* A certificate, before it is counted. */
void audit_ticket_judge_certificate (AuditRun *run, guint64 index, const LogEntry *entry,
                                     const AuditAuthority *signer);

/* A report, or a manifest's statement, before it is counted. */
void audit_report_judge (AuditRun *run, guint64 index, const LogEntry *entry);
void audit_reports_note_rest (AuditRun *run); /* once all entries are known */
void audit_statement_judge (AuditRun *run, guint64 index, const LogEntry *entry);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The monthly reconciliation: what the CAs signed, what the log entered and what the ledger has,
 * batch by batch, and each certificate that did not end verified.
 */
#pragma once

#include "ca/der.h"

#define TALLY_HASH 32

typedef struct AuditTally AuditTally;

/* Counts what was issued from `from` to before `to` (microseconds since 1970). */
AuditTally *audit_tally_new (gint64 from, gint64 to);
void audit_tally_free (AuditTally *tally);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AuditTally, audit_tally_free)

/* "2026-11" → that month in UTC; NULL: all times. FALSE where it is none. */
gboolean audit_tally_month (const char *month, gint64 *from, gint64 *to);

/* An entry with a certificate for a device; the number of the ticket that it was made under, or 0.
 */
void audit_tally_entry (AuditTally *tally, gint64 at, Span batch, guint64 ticket);
/* An entry of another kind that has a signature of a CA. */
void audit_tally_other (AuditTally *tally, gint64 at);
/* Signatures that stand in no entry. */
void audit_tally_lost (AuditTally *tally, gint64 at, guint64 count);

/* The TPM of that CA (SHA-256 of its SubjectPublicKeyInfo) counts what it signs. */
void audit_tally_counter (AuditTally *tally, const guint8 authority[TALLY_HASH]);

/* What a TPM had counted by the time of a report, and what the log says of it. */
typedef struct {
  guint64 report; /* its number; 0: no report tells */
  guint64 counted;
  guint64 entries;
  guint64 lost;
} TallyCount;

/* By a report of that time; the newest one before the period's end is told. */
void audit_tally_count (AuditTally *tally, gint64 at, const guint8 authority[TALLY_HASH],
                        const TallyCount *count);

typedef enum { TALLY_OPEN, TALLY_VERIFIED, TALLY_VOID } TallyState;

/* A row of the ledger, with the time of its entry. `reason` is for void ones. */
void audit_tally_row (AuditTally *tally, gint64 at, guint64 index, Span batch, Span device,
                      TallyState state, Span reason);

/* TRUE where each batch has as many rows as entries, and each TPM counted as many signatures as are
 * entered or lost. */
gboolean audit_tally_is_even (const AuditTally *tally);

/* Both free with g_free(). */
char *audit_tally_text (const AuditTally *tally);
char *audit_tally_json (const AuditTally *tally);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a log says of its batches, counted entry by entry. A record may have been signed a moment
 * before it was entered, over a log a few entries shorter; so the account of a short while ago can
 * be asked for too.
 */
#pragma once

#include "audit/authorities.h"
#include "audit/result.h"
#include "ca/log/log-format.h"

#define ACCOUNT_LOOKS_BACK 4096u /* entries */

/* A ticket that holds, as it stands in the log. */
typedef struct {
  guint64 place;
  guint64 number;
  guint8 sha256[AUDIT_HASH];
  char *batch;
  char *profile;
  char *profile_sha256; /* hex, or NULL */
  guint8 authority[AUDIT_HASH];
  guint count;
  guint64 issued; /* certificates under it so far */
  gint64 not_before;
  gint64 not_after;
  gboolean clock_reset;
  gboolean has_tpm; /* its CA's TPM counts */
} AuditTicket;

/* What changes with entries. */
typedef struct {
  guint64 certificates;
  guint64 first;
  guint64 last;
  const AuditTicket *ticket; /* the newest one, or NULL */
  guint64 since_ticket;      /* certificates behind it */
} BatchAccount;

typedef struct {
  char *name;
  BatchAccount now;
} AuditBatch;

/* Of the whole log. */
typedef struct {
  guint64 certificates;
  guint64 refusals;
  guint64 clock_resets;
  guint64 lost;
} LogAccount;

typedef struct AuditAccount AuditAccount;

AuditAccount *audit_account_new (void);
void audit_account_free (AuditAccount *account);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AuditAccount, audit_account_free)

/* The batch of that name, made where it is new; lent. */
AuditBatch *audit_account_batch (AuditAccount *account, Span name);
/* All of them, in the order in which they came: GPtrArray of AuditBatch, lent. */
const GPtrArray *audit_account_batches (const AuditAccount *account);

/* Counts entry `index`; indexes are dense. `authority` (may be NULL) signed what is in it; `lost`
 * is what an entry of that type says of it. For a ticket that holds, call audit_account_ticket()
 * behind.
 */
void audit_account_add (AuditAccount *account, guint64 index, const LogEntry *entry,
                        AuditAuthority *authority, guint64 lost);

/* From here on it is the batch's ticket. Takes it. */
void audit_account_ticket (AuditAccount *account, AuditTicket *ticket);
/* Of AuditTicket, oldest first; lent. */
const GPtrArray *audit_account_tickets (const AuditAccount *account);

/* As it was with `size` entries, which is at most ACCOUNT_LOOKS_BACK ago. `batch` may be NULL. */
void audit_account_at (const AuditAccount *account, guint64 size, const AuditBatch *batch,
                       LogAccount *log, BatchAccount *of_batch);

/* How many entries of the first `size` carry a signature of that CA, and how many are lost by what
 * those say; `size` as above. */
void audit_account_signatures_at (const AuditAccount *account, guint64 size,
                                  const AuditAuthority *authority, guint64 *signatures,
                                  guint64 *lost);

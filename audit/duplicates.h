/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Over the whole log: a CA's serial number stands in one certificate, a public key belongs to one
 * device. Flat memory, see spill.h.
 */
#pragma once

#include "audit/run.h"

typedef struct AuditDuplicates AuditDuplicates;

AuditDuplicates *audit_duplicates_new (void);
void audit_duplicates_free (AuditDuplicates *duplicates);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AuditDuplicates, audit_duplicates_free)

/* A certificate of whatever kind; `signer` (may be NULL) is its CA. What can't be read as one is
 * passed over. G_FILE_ERROR. */
gboolean audit_duplicates_add (AuditDuplicates *duplicates, AuditRun *run, guint64 index,
                               const LogEntry *entry, const AuditAuthority *signer, GError **error);

/* Says what stands twice. G_FILE_ERROR. */
gboolean audit_duplicates_judge (AuditDuplicates *duplicates, AuditRun *run, GError **error);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The signatures of CAs over a log's certificates, verified by all cores beside the pass over the
 * log, in bounded memory.
 */
#pragma once

#include "audit/authorities.h"
#include "audit/result.h"

typedef struct AuditSignatures AuditSignatures;

AuditSignatures *audit_signatures_new (void);
void audit_signatures_free (AuditSignatures *signatures);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AuditSignatures, audit_signatures_free)

/* The certificate of entry `index`; `authority` (which lives on) is to have signed it. May wait. */
void audit_signatures_add (AuditSignatures *signatures, guint64 index, Span certificate,
                           const AuditAuthority *authority);

/* Waits for all, and says which do not verify. */
void audit_signatures_judge (AuditSignatures *signatures, AuditResult *result);

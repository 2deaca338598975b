/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The log's certificates for devices, in order, as the ledger is held against them: written to a
 * temporary file while the log is read, read again while the ledger is. Errors are G_FILE_ERROR.
 */
#pragma once

#include "audit/digest.h"
#include "base/certificate.h"
#include "ca/log/log-format.h"

typedef struct {
  guint64 index;
  guint64 certificate; /* audit_issued_mark() of its SHA-256 */
  guint64 rest;        /* of batch, device, profile and serial number */
  guint64 unit;        /* audit_issued_unit() */
  gint64 at;           /* when it was issued, microseconds since 1970 */
} Issued;

typedef struct AuditIssued AuditIssued;

/* `digest` is lent. */
AuditIssued *audit_issued_new (AuditDigest *digest, GError **error);
void audit_issued_free (AuditIssued *issued);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AuditIssued, audit_issued_free)

gboolean audit_issued_add (AuditIssued *issued, guint64 index, const LogEntry *entry,
                           GError **error);

/* Reads from the first one on. */
gboolean audit_issued_rewind (AuditIssued *issued, GError **error);
/* FALSE at the end. */
gboolean audit_issued_next (AuditIssued *issued, Issued *next);

/* A device of a batch. */
guint64 audit_issued_unit (AuditDigest *digest, Span batch, Span device);

/* What two tellings of one certificate have in common. `serial` may have zeros in front. */
guint64 audit_issued_mark (AuditDigest *digest, Span batch, Span device, Span profile, Span serial);

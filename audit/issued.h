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
  guint64 certificate; /* audit_issued_hash() of its SHA-256 */
  guint64 rest;        /* of batch, device, profile and serial number */
  guint64 unit;        /* audit_issued_unit() */
  guint64 key;         /* as `certificate`, of its key's SHA-256 */
  guint64 name;        /* audit_issued_name() */
  guint64 unique_id;   /* audit_issued_unique_id(); 0: it has none */
  gint64 at;           /* when it was issued, microseconds since 1970 */
} Issued;

typedef struct AuditIssued AuditIssued;

/* `digest` is lent. `named`: with key, name and unique id, as manifests have them. */
AuditIssued *audit_issued_new (AuditDigest *digest, gboolean named, GError **error);
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

/* What a certificate of a batch is called where it is registered: its common name, or the device's
 * serial where it has none. */
guint64 audit_issued_name (AuditDigest *digest, Span batch, Span name);
/* And by Microchip's manifest: the chip's number in hex, or the serial where that is one. */
guint64 audit_issued_unique_id (AuditDigest *digest, Span batch, Span id);

/* Of a hash: of a certificate, or of a key. */
guint64 audit_issued_hash (AuditDigest *digest, const guint8 hash[AUDIT_HASH]);

/* What two tellings of one certificate have in common. `serial` may have zeros in front. */
guint64 audit_issued_mark (AuditDigest *digest, Span batch, Span device, Span profile, Span serial);

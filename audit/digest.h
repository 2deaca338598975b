/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * SHA-256 a million times: OpenSSL finds its algorithm once, and one context serves all. For one
 * thread.
 */
#pragma once

#include <glib.h>

#include "ca/der.h"

#define AUDIT_HASH 32

typedef struct AuditDigest AuditDigest;

AuditDigest *audit_digest_new (void);
void audit_digest_free (AuditDigest *digest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AuditDigest, audit_digest_free)

/* Of `first` and `second` (may be empty), one behind the other. */
void audit_digest (AuditDigest *digest, Span first, Span second, guint8 hash[AUDIT_HASH]);

/* 64 bits that nobody can foresee: they are made with a random number of this digest. Who forges a
 * log can't make two things fall together. */
guint64 audit_digest_mark (AuditDigest *digest, Span first, Span second);

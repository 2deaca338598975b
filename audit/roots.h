/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The root of a log that is read once, and of any shorter one: of every few thousand entries the
 * tree's edge is kept, and from there the leaves are read again.
 */
#pragma once

#include "audit/log-stream.h"
#include "ca/proof/merkle.h"

typedef struct AuditRoots AuditRoots;

/* `path` is opened again where that is needed. */
AuditRoots *audit_roots_new (const char *path);
void audit_roots_free (AuditRoots *roots);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AuditRoots, audit_roots_free)

/* The leaf of the entry whose frame begins at `offset`. */
void audit_roots_append (AuditRoots *roots, guint64 offset, const guint8 leaf[MERKLE_HASH]);

guint64 audit_roots_size (const AuditRoots *roots);

/* Of the first `size` leaves; FALSE where there are fewer, or the file can't be read. */
gboolean audit_roots_at (AuditRoots *roots, guint64 size, guint8 root[MERKLE_HASH]);

/* An entry that was appended, read again; `frame` is valid until the next call. */
gboolean audit_roots_entry (AuditRoots *roots, guint64 index, LogFrame *frame);

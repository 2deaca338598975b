/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What was signed over this log and is not in it: what the owner kept, and the file `checkpoints`.
 * Each says that the log's first so many entries have that root.
 */
#pragma once

#include <openssl/x509.h>

#include "audit/result.h"
#include "audit/roots.h"

typedef struct AuditAnchors AuditAnchors;

/* `station`: of X509, whose signatures count; NULL: any. `origin` is the log's. */
AuditAnchors *audit_anchors_new (AuditResult *result, const GPtrArray *station,
                                 const guint8 origin[MERKLE_HASH]);
void audit_anchors_free (AuditAnchors *anchors);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AuditAnchors, audit_anchors_free)

/* Both read the file once, and say what is wrong with it alone. Kept is a file of checkpoints, a
 * signed report or statement, or a proof of one entry. */
void audit_anchors_add_kept (AuditAnchors *anchors, const char *path);
void audit_anchors_add_checkpoints (AuditAnchors *anchors, const char *path);

/* The size that is to be looked at next, or G_MAXUINT64. */
guint64 audit_anchors_next (const AuditAnchors *anchors);

/* To be called when the log has that size: compares, and goes on. */
void audit_anchors_compare (AuditAnchors *anchors, AuditRoots *roots);

/* TRUE where the record with that SHA-256 is in the log. */
typedef gboolean (*AuditHasRecord) (const guint8 sha256[MERKLE_HASH], gpointer data);

/* The log ends here: what is left was signed over a longer one, and a report or statement that the
 * owner kept must stand in it. */
void audit_anchors_finish (AuditAnchors *anchors, guint64 entries, AuditHasRecord has_record,
                           gpointer data);

/* The largest size at which what the owner kept was right; 0 where nothing was kept. */
guint64 audit_anchors_kept_through (const AuditAnchors *anchors);

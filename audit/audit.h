/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An audit: whether a collection of evidence (docs/evidence.md) holds together, and what the owner
 * has to see of it. It needs no station, and trusts nothing in the collection: what it goes by is
 * the station's certificate, the owner's own, and what the owner kept.
 */
#pragma once

#include "audit/result.h"
#include "audit/tally.h"

typedef struct {
  const char *folder;      /* a collection, or a log alone */
  const char *owner;       /* PEM, or NULL: tickets are counted, their signatures not verified */
  const char *station;     /* PEM, or NULL: the folder's own is taken */
  const char *const *kept; /* NULL-ended, or NULL */
  const char *const *manifests; /* the same */
  gboolean certificates;        /* verify each certificate's signature, too */
  AuditTally *tally;            /* counts along, or NULL */
} AuditPlan;

/* What it found, good or not. NULL where it could not be done: G_FILE_ERROR, CA_ERROR_PROOF for the
 * certificates of the plan. */
AuditResult *audit_verify (const AuditPlan *plan, GError **error);

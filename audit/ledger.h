/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ledger.jsonl (docs/evidence.md, "Ledger's evidence"): line by line against the log, its events as
 * a chain, its certificates against its events, and what reports in the log say of it.
 */
#pragma once

#include "audit/issued.h"
#include "audit/run.h"
#include "audit/spill.h"

/* `states` (may be NULL) receives what manifests want to know: see manifests.h. Errors are those of
 * reading and of temporary files; what is wrong goes to run->result. */
gboolean audit_ledger_judge (AuditRun *run, AuditIssued *issued, Spill *states, const char *path,
                             GError **error);

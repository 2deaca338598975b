/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Manifest files: the statement beside each is the station's and stands in the log, the file is the
 * one that it tells of, and each certificate in it is one of the batch, in the log, and was
 * verified when the manifest was made. Flat memory.
 */
#pragma once

#include "audit/issued.h"
#include "audit/run.h"
#include "audit/spill.h"

/* `paths` ends with NULL. `states` (manifest_match_add_state()) may be NULL: there is no ledger.
 * Errors are those of reading temporary files. */
gboolean audit_manifests_judge (AuditRun *run, const char *const *paths, AuditIssued *issued,
                                Spill *states, GError **error);

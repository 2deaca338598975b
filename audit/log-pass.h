/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The one pass over the log: each entry for itself and against those before it.
 */
#pragma once

#include "audit/anchors.h"
#include "audit/run.h"

/* What wants each certificate for a device that is judged; FALSE with error ends the pass. */
typedef gboolean (*AuditCertificate) (guint64 index, const LogEntry *entry, gpointer data,
                                      GError **error);

/* `stream` stands at the first entry. `certificate` may be NULL. Errors are those of reading and of
 * temporary files; what is wrong with the log goes to run->result. */
gboolean audit_log_pass (AuditRun *run, LogStream *stream, AuditAnchors *anchors,
                         AuditCertificate certificate, gpointer data, GError **error);

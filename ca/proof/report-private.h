/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What report.c and manifest-statement.c share.
 */
#pragma once

#include "ca/proof/proof-text.h"
#include "ca/proof/report.h"

/* Origin, Size and Root of [log]. */
void report_set_log (GKeyFile *text, const Checkpoint *log);
gboolean report_read_log (const Keyfile *text, Checkpoint *log, GError **error);

/* Id, Event and EventHash of [ledger]. */
gboolean report_read_ledger (const Keyfile *text, char **id, guint64 *event,
                             guint8 event_hash[MERKLE_HASH], GError **error);

/* Time, Station and Batch of the first group. */
void report_set_head (GKeyFile *text, const char *group, gint64 time, const char *station,
                      const char *batch);
gboolean report_read_head (const Keyfile *text, const char *group, gint64 *time, char **station,
                           char **batch, GError **error);

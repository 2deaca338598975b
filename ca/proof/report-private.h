/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What report.c and manifest-statement.c share.
 */
#pragma once

#include "ca/proof/proof-text.h"
#include "ca/proof/report.h"

#define REPORT_LEDGER_ID 16 /* bytes */

/* Origin, Size and Root of [log]. */
void report_set_log (GKeyFile *text, const Checkpoint *log);
gboolean report_read_log (const Keyfile *text, Checkpoint *log, GError **error);

/* Time, Station and Batch of the first group. */
gboolean report_read_head (const Keyfile *text, const char *group, gint64 *time, char **station,
                           char **batch, GError **error);

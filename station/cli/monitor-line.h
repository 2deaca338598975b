/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One event as one line for people. All strings are free of what could steer a
 * terminal; free them with g_free().
 */
#pragma once

#include <glib.h>

/* "slot 2", "batch WO-1". */
char *monitor_slot_name (GVariant *slot);
char *monitor_batch_name (GVariant *batch);

/* "SN0003  smp  sign 7/12", "SN0003  smp  PASS 0.31 s", "SN0003  smp  FAIL no-answer: ...". */
char *monitor_slot_line (GVariant *slot);

/* "running  5 of 16 passed, 1 failed". */
char *monitor_batch_line (GVariant *batch);

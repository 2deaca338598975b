/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The daemon's log: a sentence with structured fields (SLOT, DEVICE, BATCH, ERROR_CODE), to
 * the journal where there is one, else to stderr. Any thread may log.
 */
#pragma once

#include <glib.h>

/* Call once, first thing. */
void log_start (void);

/* About the station as a whole. */
void log_station (GLogLevelFlags level, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* About one slot; `device` may be NULL. */
void log_slot (GLogLevelFlags level, guint slot, const char *device, const char *format, ...)
    G_GNUC_PRINTF (4, 5);

/* How an attempt ended; `reason` is NULL where it passed. */
void log_attempt (guint slot, const char *device, const char *batch, const char *reason,
                  const char *detail);

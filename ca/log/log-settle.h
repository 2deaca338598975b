/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Between the memory's view of the log and the index beside it: what is taken over from the index
 * at the start, and how the newest entries get into it.
 */
#pragma once

#include "ca/log/log-private.h"

/* Opens the index, and takes what it covers where it fits `content`, the whole file. Where there is
 * none, or it does not fit, it is made anew; where that can't be, the log goes on without. */
void log_settle_open (IssuanceLog *log, const guint8 *content, gsize length);

/* After each entry that was scanned. */
void log_settle_scanned (IssuanceLog *log);

/* Once all is scanned: from here on the log may be used by many threads. */
void log_settle_start (IssuanceLog *log);

/* After entries were written. With the mutex held. */
void log_settle_noted (IssuanceLog *log);

/* Carries the rest into the index. */
void log_settle_close (IssuanceLog *log);

/* Log and index don't fit each other: nothing more is issued (`why` is a sentence), and the next
 * start reads the whole log. With the mutex held. */
void log_settle_condemn (IssuanceLog *log, const char *why);

/* So many entries have been read again. */
void log_settle_verified (IssuanceLog *log, guint64 entries);

/* The thread that reads again what was taken from the index (log-verify.c). */
gpointer log_verify_thread (gpointer log);

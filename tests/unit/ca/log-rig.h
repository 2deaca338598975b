/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A log that comes to an index after few entries, for the tests of what may be done to both.
 */
#pragma once

#include "ca/log/log-private.h"
#include "tests/unit/ca/make-entry.h"

#define RIG_STEP 64

extern char *rig_folder;
extern char *rig_path;  /* of the log */
extern char *rig_index; /* its index's folder */
extern EntryMaker *rig_maker;

/* rig_setup() makes a folder and uses it; the fixtures of a test. */
void rig_use (const char *folder);
void rig_setup (void);
void rig_teardown (void);

IssuanceLog *rig_try_open (LogOpenMode mode, GError **error);
IssuanceLog *rig_open (void);

/* Entry `number` of the log that all these tests write: every tenth is a ticket, now and then there
 * is something else. */
void rig_entry (guint64 number, LogEntry *entry);
gboolean rig_append (IssuanceLog *log, guint64 number, GError **error);

/* Appends until there are `count`; the second opens and closes the log for it. */
void rig_fill (IssuanceLog *log, guint64 count);
void rig_make (guint64 count);

/* All that the log says is what the same file says when it is read whole, without any index. */
void rig_expect_truth (IssuanceLog *log);
void rig_expect_verified (IssuanceLog *log);

/* Opens the log by its index, or (with `anew`) not by it, and compares all that it says. */
void rig_expect_opens (gboolean anew);

/* Until nothing is on its way into the index. */
void rig_wait_carried (IssuanceLog *log);

/* The path of a file of the index; whole files. */
char *rig_part (const char *name);
GBytes *rig_get (const char *file);
void rig_put (const char *file, GBytes *content);

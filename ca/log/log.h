/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The issuance log: append-only, synced, one a signer. It is the write-ahead of the whole
 * station: no certificate leaves the signer before it stands here, on the disk. Errors are
 * CA_ERROR_LOG. All functions but open and close may be called by many threads at once.
 */
#pragma once

#include <glib.h>

#include "ca/error.h"
#include "ca/log/log-format.h"

typedef struct IssuanceLog IssuanceLog;

typedef enum {
  LOG_OPEN_WRITE, /* locks it, makes it where it is absent, cuts off a torn tail */
  LOG_OPEN_CHECK, /* reads only; may be absent, and may be in use by a running signer */
} LogOpenMode;

/* Reads and checks every entry; a damaged log is refused, with the entry named. `origin` is for the
 * header of a new log: the SHA-256 of its first CA's SubjectPublicKeyInfo. Whose an older one is,
 * log-authorities.h tells. */
IssuanceLog *issuance_log_open (const char *path, const guint8 origin[LOG_HASH], LogOpenMode mode,
                                GError **error);
void issuance_log_close (IssuanceLog *log);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (IssuanceLog, issuance_log_close)

/* Returns when the entry is on the disk; entries of several threads share one sync. After any
 * failure the log takes nothing more until it is opened anew. */
gboolean issuance_log_append (IssuanceLog *log, const LogEntry *entry, guint64 *index,
                              GError **error);

/* What stands in the header, or would. */
const guint8 *issuance_log_origin (const IssuanceLog *log);

/* Entries on the disk, and the time of the newest one (0 where there is none). */
guint64 issuance_log_size (IssuanceLog *log);
gint64 issuance_log_newest (IssuanceLog *log);

/* The bytes of one entry, for log_entry_decode(); its hash has been checked. */
GBytes *issuance_log_read (IssuanceLog *log, guint64 index, GError **error);

/* The places (guint64) of entries that may be for this key, oldest first or not; read them to
 * know. */
GArray *issuance_log_find (IssuanceLog *log, const guint8 key[LOG_HASH]);

/* The place of the newest entry about a revocation list of that CA; FALSE where there is none. */
gboolean issuance_log_find_crl (IssuanceLog *log, const guint8 spki_sha256[LOG_HASH],
                                guint64 *place);

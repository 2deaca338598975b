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

/* Reads and checks every entry; a damaged log is refused, with the entry named. To write, it reads
 * what stands behind the index that it keeps in the folder issuance.index beside the log, and the
 * rest in a thread of its own: issuance_log_verified(). `origin` is for the header of a new log:
 * the SHA-256 of its first CA's SubjectPublicKeyInfo. Whose an older one is, log-authorities.h
 * tells. */
IssuanceLog *issuance_log_open (const char *path, const guint8 origin[LOG_HASH], LogOpenMode mode,
                                GError **error);
void issuance_log_close (IssuanceLog *log);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (IssuanceLog, issuance_log_close)

/* Returns when the entry is on the disk; entries of several threads share one sync. A time before
 * the latest that counts is raised to that, also in `entry`: threads overtake each other, and
 * clocks are corrected. After any failure the log takes nothing more until it is opened anew. */
gboolean issuance_log_append (IssuanceLog *log, LogEntry *entry, guint64 *index, GError **error);

/* Why the log takes nothing more, or NULL; free with g_free(). */
char *issuance_log_problem (IssuanceLog *log);

/* How many entries have been read and checked since the log was opened, and that are all at once
 * where it was read whole. FALSE from the second, which waits until they are, where one was found
 * to be damaged, or not what the index beside the log says: CA_ERROR_LOG. */
guint64 issuance_log_verified (IssuanceLog *log);
gboolean issuance_log_wait_verified (IssuanceLog *log, GError **error);

/* What stands in the header, or would. */
const guint8 *issuance_log_origin (const IssuanceLog *log);

/* Entries on the disk, and the latest time that counts: the newest one's (0 where there is none),
 * of those from the last LOG_ENTRY_CLOCK on. Refusals do not count: they say what the clock said.
 */
guint64 issuance_log_size (IssuanceLog *log);
gint64 issuance_log_newest (IssuanceLog *log);

/* The bytes of one entry, for log_entry_decode(); its hash has been checked. */
GBytes *issuance_log_read (IssuanceLog *log, guint64 index, GError **error);

/* The places (guint64) of entries that may be for this key, oldest first or not; read them to
 * know. */
GArray *issuance_log_find (IssuanceLog *log, const guint8 key[LOG_HASH]);

/* ---- what the log says of batches and of itself; none of it costs more in a long log ---- */

/* The certificates of a batch. */
typedef struct {
  guint64 certificates;
  guint64 first; /* places of the first and last of them */
  guint64 last;
  gboolean has_ticket;
  guint64 ticket;       /* place of the batch's newest ticket */
  guint64 since_ticket; /* certificates of the batch behind it */
} LogBatch;

/* FALSE, and zeros, where nothing stands in the log for it. */
gboolean issuance_log_batch (IssuanceLog *log, const char *batch, LogBatch *account);

/* The places (guint64) of all entries of a type, oldest first; not for certificates. */
GArray *issuance_log_places (IssuanceLog *log, LogEntryType type);

/* How many entries (certificates of both kinds, revocation lists) carry a signature of the CA with
 * this certificate (DER). */
guint64 issuance_log_signatures (IssuanceLog *log, Span authority);

/* The tree over the first `size` entries, from 0 to issuance_log_size(). CA_ERROR_LOG. */
gboolean issuance_log_root (IssuanceLog *log, guint64 size, guint8 root[LOG_HASH], GError **error);
/* See merkle.h: a GByteArray of hashes. CA_ERROR_LOG. */
GByteArray *issuance_log_inclusion (IssuanceLog *log, guint64 index, guint64 size, GError **error);
GByteArray *issuance_log_consistency (IssuanceLog *log, guint64 from, guint64 to, GError **error);

/* The file as it is: up to `most` bytes from `offset` on, whole entries' bytes on the disk only;
 * empty at the end. `length` (may be NULL) receives where that is. */
GBytes *issuance_log_bytes (IssuanceLog *log, guint64 offset, gsize most, guint64 *length,
                            GError **error);

/* The place of the newest entry about a revocation list of that CA; FALSE where there is none. */
gboolean issuance_log_find_crl (IssuanceLog *log, const guint8 spki_sha256[LOG_HASH],
                                guint64 *place);

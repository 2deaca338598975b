/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the ledger's files share among themselves.
 */
#pragma once

#include "base/certificate.h"
#include "db/ledger-evidence.h"
#include "db/ledger-key.h"
#include "db/ledger.h"
#include "db/renewal.h"
#include "db/statement.h"
#include "db/writer.h"

/* A read-only connection and whose turn it is. */
typedef struct {
  GMutex mutex;
  Database *database;
} Reader;

struct Ledger {
  char *path;
  int lock;
  Writer *writer;
  Reader line; /* short questions of the line */
  Reader list; /* lists for people: may take long, and must not hold up the line */
};

/* One blocking write; see writer.h. */
gboolean ledger_write (Ledger *ledger, WriterJob job, gpointer data, GError **error);
/* The same for what need not wait for the disk. */
gboolean ledger_write_soon (Ledger *ledger, WriterJob job, gpointer data, GError **error);

/* Fails with NOT_FOUND: "there is no `kind` `name`". Always FALSE. */
gboolean ledger_not_found (const char *kind, const char *name, GError **error);

/* Adds one audit event; `id` may be NULL. */
gboolean audit_add (Database *database, const char *actor, const char *kind, const char *subject,
                    const char *detail, gint64 *id, GError **error);

/* The last event up to `through` (0 where there is none) and the chain's hash up to there. */
gboolean audit_read_head (Database *database, gint64 through, LedgerHead *head, GError **error);

/* The 16 bytes that name the ledger. */
gboolean identity_read (Database *database, guint8 identity[LEDGER_IDENTITY], GError **error);

/* Of chains (GPtrArray of GBytes DER), the CA first, in the order in which the CAs came. */
GPtrArray *authorities_load (Database *database, GError **error);

/* The CA itself of a chain as the ledger keeps it; NULL where it can't be read. */
GBytes *chain_first (const guint8 *chain, gsize length);
/* The next column, certificates end to end, as a chain (GPtrArray of GBytes). */
GPtrArray *statement_chain (Statement *select);

/* Moves the mark in the signer's log over what is stored behind it. */
gboolean log_mark_advance (Database *database, GError **error);

/* All rows of `statement`, each made by `load`. */
typedef gpointer (*RowLoader) (Statement *statement);
GPtrArray *load_rows (Statement *statement, RowLoader load, GDestroyNotify free_row,
                      GError **error);
/* A list for people: the rows of `all`, or where `batch` is a name those of `of_batch`, to which it
 * is bound; both end in "LIMIT ?". */
GPtrArray *load_list (Ledger *ledger, const char *batch, guint most, const char *all,
                      const char *of_batch, RowLoader load, GDestroyNotify free_row,
                      GError **error);
/* The first row, or NULL with `found` FALSE. */
gboolean load_row (Statement *statement, RowLoader load, gpointer *row, GError **error);

/* The first column of the first row; `found` tells whether there was one. */
gboolean load_id (Statement *statement, gint64 *id, gboolean *found, GError **error);

/* -1 for "no limit" in SQL. */
static inline gint64
limit_of (guint most)
{
  return most == 0 ? -1 : (gint64)most;
}

/* Batch and time; reads what passed since. A device that passed twice is one device. */
#define BATCH_RATE_QUERY                                                                           \
  "SELECT count (DISTINCT device), avg (max (ended_at - started_at, 0)) FROM attempts"             \
  " WHERE batch = ? AND ended_at >= ? AND result = 'passed'"
/* The certificates for which `counts` holds and whose key tells of another (weak.other: the device
 * that has that one). A finding leads to a device, and that to its certificates: in this order
 * nothing else is read. */
#define WEAK_CERTIFICATES(counts)                                                                  \
  " FROM (SELECT id AS finding, kind, key, device, partner_device AS other FROM key_findings"      \
  "   UNION ALL SELECT id, kind, partner, partner_device, device FROM key_findings) AS weak"       \
  " CROSS JOIN seen_keys ON seen_keys.id = weak.key"                                               \
  " CROSS JOIN certificates ON certificates.device = weak.device AND " counts                      \
  "   AND key_sha256 (certificates.der) = seen_keys.number_sha256"
/* Batch; reads its counters only. */
#define BATCH_FAILURES_QUERY                                                                       \
  "SELECT reason, slot, count, last_at FROM failures WHERE batch = ?"                              \
  " ORDER BY count DESC, last_at DESC, reason, slot"

/* Ids by name; `found` FALSE without error where there is none. The _existing ones fail with
 * NOT_FOUND, the _running one also where the batch does not run. */
gboolean batch_find (Database *database, const char *name, gint64 *id, gboolean *found,
                     GError **error);
gboolean batch_find_existing (Database *database, const char *name, gint64 *id, GError **error);
gboolean batch_find_running (Database *database, const char *name, gint64 *id, GError **error);
gboolean batch_check_running (Database *database, gint64 id, GError **error);
gboolean device_find (Database *database, const char *serial, gint64 *id, gboolean *found,
                      GError **error);
gboolean device_find_existing (Database *database, const char *serial, gint64 *id, GError **error);

/* INVALID, with a sentence, where no batch can be like that. */
gboolean batch_is_sound (const Batch *batch, GError **error);
/* The batch called `name`, made as paused where the ledger has none (recovery). */
gboolean batch_find_or_recover (Database *database, const char *name, const char *profile,
                                BatchKind kind, gint64 *id, GError **error);
/* Refuses (BATCH_STATE) a batch with an empty list of units. */
gboolean batch_check_units (Database *database, const char *name, GError **error);
/* On record, where units of its list never came. */
gboolean batch_note_missing (Database *database, const char *name, const char *actor,
                             GError **error);

/* Where a page ended, as `count` numbers that stand for a row. Free with g_free(). */
char *page_marker (const gint64 *numbers, guint count);
/* Leaves `numbers` as they are where `marker` is NULL. INVALID where it is none of ours. */
gboolean page_marker_read (const char *marker, gint64 *numbers, guint count, GError **error);

/* The row of who signed a certificate, made where there is none. */
gboolean issuer_take (Database *database, CertificatePart name, CertificatePart key_id, gint64 *id,
                      GError **error);

/* The row of what was installed, made where there is none; 0 where `trust` is NULL. */
gboolean trust_take (Database *database, const InstalledTrust *trust, gint64 *id, GError **error);

/* `prefix` and `number`, zero-filled to `width`. Free with g_free(). */
char *serial_format (const char *prefix, guint width, guint64 number);
/* The next serial of a batch's range, consumed. Free with g_free(). */
char *batch_take_serial (Database *database, gint64 batch_id, GError **error);

/* Where a batch's devices have their serials from; settled when the batch is created. */
typedef struct {
  gboolean ranged;  /* the batch numbers them */
  gboolean scanned; /* the operator scans them */
  char *pattern;    /* or NULL */
} SerialRule;

gboolean serial_rule_read (Database *database, gint64 batch_id, SerialRule *rule, GError **error);
/* Refuses (INVALID) what a batch with scanned serials does not take: no serial, none that
 * may name a device, or one that the pattern does not fit. */
gboolean serial_rule_check (const SerialRule *rule, const char *serial, GError **error);
void serial_rule_clear (SerialRule *rule);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SerialRule, serial_rule_clear)

/* The key is on record as seen; `owner` receives the device that had it first, which may be
 * another one. */
gboolean key_take (Database *database, gint64 device_id, const CertificateKey *key, gint64 *owner,
                   GError **error);

gboolean key_state_read (Database *database, KeyState *state, GError **error);

/* Refuses (KEY_FINDING) where a certificate of the batch, verified behind event `since` and up to
 * `through` and not void as of then, has a key of which a finding tells, or where keys up to
 * `newest` were not all checked; the sentence names what is to be done. */
gboolean findings_check_manifest (Database *database, gint64 batch_id, gint64 since, gint64 through,
                                  guint64 newest, GError **error);

/* A new device's row; 0 with error. */
gint64 device_insert (Database *database, gint64 batch_id, const char *serial,
                      const DeviceFacts *facts, GError **error);
Device *device_read (Database *database, gint64 id, GError **error);
gboolean device_set_state (Database *database, gint64 device_id, const char *state, GError **error);

/* The attempt's batch and device (0 where it has none); fails where it is not running. */
gboolean attempt_running (Database *database, gint64 attempt_id, gint64 *batch_id,
                          gint64 *device_id, GError **error);
/* Ends as "interrupted" what a crash left open. */
gboolean attempts_close_interrupted (Database *database, gpointer unused, GError **error);

/* How far the confirmed exports of a batch in this format and for this target (0: for none) reach,
 * whole ones and those of what was new: an audit event, or 0. */
gboolean export_read_since (Database *database, gint64 batch_id, const char *format, gint64 target,
                            gint64 *since, GError **error);

/* Why a certificate is void whose device has a later one. */
#define VOID_SUPERSEDED "superseded"

/* Voids a certificate on record, within a job; void already is fine. Wherever it is registered it
 * becomes REVOKED, or INACTIVE where it was superseded. */
gboolean certificate_void (Database *database, gint64 certificate_id, const char *reason,
                           const char *actor, GError **error);

/* Voids as "batch-closed" what is issued in a batch, neither verified nor void, but where an
 * attempt runs with the device: that may still end well. */
gboolean certificates_void_open (Database *database, gint64 batch_id, const char *actor,
                                 GError **error);

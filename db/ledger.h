/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * station.db: every batch, device, attempt, certificate and audit event. Functions
 * are named after what happens on the line; each is one transaction, and is synced to
 * disk when it returns TRUE, but for the two that say so. Any thread may call; a writer
 * inside db/ shares one sync among all that is ready. Nobody outside db/ knows SQL. Keys stand in
 * db/ledger-key.h.
 *
 * Times are microseconds since 1970, UTC. Fingerprints are lower-case hex in structs,
 * blobs on disk. Lists are newest first, at most `most` rows, 0 for all.
 *
 * LEDGER_ERROR_STORAGE means that nothing was recorded. After a full disk later calls may
 * succeed again; after any other failure of the disk every later write fails until the ledger is
 * opened anew.
 */
#pragma once

#include <glib.h>

typedef enum {
  LEDGER_ERROR_STORAGE,      /* disk or database failed: nothing may leave the station */
  LEDGER_ERROR_NEWER_SCHEMA, /* made by a newer Keycradle: refuse, touch nothing */
  LEDGER_ERROR_CORRUPT,      /* the file is not a sound ledger */
  LEDGER_ERROR_NOT_FOUND,
  LEDGER_ERROR_EXISTS,        /* a batch of that name is there already */
  LEDGER_ERROR_BATCH_STATE,   /* the batch is paused, closed, or can't go from this state to that */
  LEDGER_ERROR_BATCH_FULL,    /* target reached, or the serial range used up */
  LEDGER_ERROR_DUPLICATE_KEY, /* another device has this public key */
  LEDGER_ERROR_DUPLICATE_DEVICE, /* serial or chip belongs to another device, or another batch */
  LEDGER_ERROR_ALREADY_DONE,  /* this device has its verified certificate; retry needs a supervisor
                               */
  LEDGER_ERROR_DEVICE_VOIDED, /* its certificate was taken back; only a supervisor lets it in */
  LEDGER_ERROR_KEY_FINDING,   /* a unit's key tells of another unit's: void them first */
  LEDGER_ERROR_BUSY_DEVICE,   /* the same device has an attempt running in another slot */
  LEDGER_ERROR_NOT_FINISHED,  /* it has no certificate that this batch could replace or keep */
  LEDGER_ERROR_NOT_LISTED,    /* it is not on the list of the batch */
  LEDGER_ERROR_INVALID,       /* an argument that the ledger does not take */
} LedgerError;

#define LEDGER_ERROR (ledger_error_quark ())
GQuark ledger_error_quark (void);
const char *ledger_error_word (LedgerError code);

typedef struct Ledger Ledger;

/* Opens or creates `path`; migrates an older schema after a backup beside it
 * (station.db.vN.bak). Closes attempts that a crash left open as "interrupted". One process at a
 * time may have it open (STORAGE where another has, by station.db.lock). */
Ledger *ledger_open (const char *path, GError **error);
void ledger_close (Ledger *ledger);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Ledger, ledger_close)

/* ---- batches ---- */

typedef enum { BATCH_CREATED, BATCH_RUNNING, BATCH_PAUSED, BATCH_CLOSED } BatchState;
const char *batch_state_word (BatchState state);

/* What a batch does: BATCH_NEW makes devices; BATCH_RENEW gives those that have passed before a new
 * key and certificate, BATCH_REFRESH roots and endpoint alone. db/renewal.h. */
typedef enum { BATCH_NEW, BATCH_RENEW, BATCH_REFRESH } BatchKind;
const char *batch_kind_word (BatchKind kind); /* "new", "renew", "refresh" */
gboolean batch_kind_from_word (const char *word, BatchKind *kind);

typedef struct {
  gint64 id;
  BatchKind kind;
  gboolean listed; /* only devices of its list: ledger_add_batch_units(); not with BATCH_NEW */
  guint64 units;   /* on that list */
  char *name;
  char *product;
  char *profile;
  BatchState state;
  guint target;         /* how many devices may hold a live certificate; 0 for no limit */
  char *serial_prefix;  /* NULL: identity comes from the chip */
  guint64 serial_first; /* with a prefix: prefix + number, zero-filled to serial_width */
  guint64 serial_last;
  guint serial_width;
  gboolean serial_scan; /* the operator scans each serial; excludes a prefix */
  char *serial_pattern; /* a GRegex that a scanned serial must fit as a whole (serial_fits_pattern
                           of base/text.h), at most 200 characters; or NULL */
  gint64 created_at;
  char *created_by;
  gint64 started_at;   /* last; 0 where it never was */
  gboolean report_due; /* closed, and its final report is still to be made */
  /* kept as devices change: reading costs the same in a large ledger */
  guint passed; /* devices in state "passed" */
  guint failed; /* devices whose last attempt failed */
  guint attempts;
  guint devices;      /* that the ledger knows */
  guint first_passed; /* devices whose first attempt that came to a result passed */
  guint first_failed; /* ... or failed; with it, first-pass yield */
} Batch;

Batch *batch_new (void);
void batch_free (Batch *batch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Batch, batch_free)

/* Name: serial_is_valid's alphabet. Sets nothing but the row; state CREATED. INVALID where scanning
 * and a prefix meet, or the pattern can't be used, or where devices that come back would be
 * numbered anew. */
gboolean ledger_create_batch (Ledger *ledger, const Batch *batch, const char *actor,
                              GError **error);
/* start (CREATED, PAUSED → RUNNING), pause, close (final). Same state again is no error. Closing
 * voids what is open in it, as ledger_settle_batch() does, and calls for a final report
 * (ledger_reports_due()). */
gboolean ledger_set_batch_state (Ledger *ledger, const char *name, BatchState state,
                                 const char *actor, GError **error);
Batch *ledger_batch (Ledger *ledger, const char *name, GError **error);
GPtrArray *ledger_batches (Ledger *ledger, GError **error); /* of Batch, newest first */

/* How fast a batch goes: the devices that passed since `since`, and how long their passing attempts
 * took on average (microseconds; 0 where there were none). A device that passed twice in that time
 * is one device, both attempts are in the average; one whose certificate was voided since did pass.
 * Costs what that time has, not what the batch has. */
typedef struct {
  guint passed;
  gint64 mean_time;
} BatchRate;

gboolean ledger_batch_rate (Ledger *ledger, const char *name, gint64 since, BatchRate *rate,
                            GError **error);
/* The start of the batch's first attempt, 0 where there is none. */
gboolean ledger_batch_begun (Ledger *ledger, const char *name, gint64 *at, GError **error);

/* Failed attempts of a batch by reason and slot, kept as attempts end; also of those that never
 * learned which device they held. */
typedef struct {
  char *reason;
  char *slot;
  guint count;
  gint64 last_at;
} FailureCount;

void failure_count_free (FailureCount *count);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FailureCount, failure_count_free)

/* Of FailureCount, the most frequent first. */
GPtrArray *ledger_batch_failures (Ledger *ledger, const char *name, GError **error);

/* ---- operators ---- */

/* Who may sign in with a badge. Digests are made by the caller, with the ledger's salt. */
typedef struct {
  char *name;           /* serial_is_valid's alphabet */
  char *role;           /* "auditor", "operator", "supervisor" */
  char *language;       /* or NULL */
  GBytes *badge_digest; /* 16 to 64 bytes, as is the PIN's */
  GBytes *pin_digest;   /* or NULL: no PIN is asked */
  gboolean enabled;
  gint64 created_at;
  char *created_by;
} Operator;

void operator_free (Operator *who);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Operator, operator_free)

/* 16 random bytes, made with the ledger, the same for ever. */
GBytes *ledger_salt (Ledger *ledger, GError **error);

/* EXISTS where name or badge is taken; on record, but for the digests. Takes name, role, language,
 * digests and whether they may sign in yet. */
gboolean ledger_add_operator (Ledger *ledger, const Operator *who, const char *actor,
                              GError **error);
/* The same again is no error, and no event. */
gboolean ledger_set_operator_enabled (Ledger *ledger, const char *name, gboolean enabled,
                                      const char *actor, GError **error);
GPtrArray *ledger_operators (Ledger *ledger, GError **error); /* of Operator, by name */
/* NOT_FOUND for an unknown badge; disabled ones are found. */
Operator *ledger_operator_of_badge (Ledger *ledger, GBytes *badge_digest, GError **error);

/* ---- devices and attempts ---- */

typedef struct {
  gint64 id;
  char *serial;
  char *chip_id; /* or NULL */
  char *batch;
  char *driver;
  char *model;
  char *firmware;
  char *state; /* "started", "certified", "passed", "failed" */
  gint64 created_at;
  guint attempts;
  char *certificate_sha256; /* of the live certificate, or NULL */
  gboolean retry_allowed;   /* it may run once more though it has passed, or is held */
  gboolean renewing;        /* its key may be another than its certificate's: renewal.h */
} Device;

void device_free (Device *device);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Device, device_free)

typedef enum { ATTEMPT_RUNNING, ATTEMPT_PASSED, ATTEMPT_FAILED, ATTEMPT_INTERRUPTED } AttemptResult;
const char *attempt_result_word (AttemptResult result);

typedef struct {
  gint64 id;
  char *slot;          /* the slot's number as text */
  char *batch;         /* or NULL */
  char *device;        /* serial, or NULL where the device was never identified */
  char *driver;        /* or NULL */
  char *operator_name; /* or NULL */
  gint64 started_at;
  gint64 ended_at; /* 0 while running */
  AttemptResult result;
  char *step;       /* the step it is in or ended in: "identify", "generate-key", ... */
  char *reason;     /* stable word, NULL unless failed */
  char *detail;     /* one line for the engineer */
  char *transcript; /* file name below the transcripts folder, or NULL */
} Attempt;

void attempt_free (Attempt *attempt);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Attempt, attempt_free)

/* A port opened: the attempt exists from here on, whatever happens. `batch` may be NULL; where it
 * is not, it must run (BATCH_STATE). `operator_name` is who works at the line, or NULL. */
gboolean ledger_begin_attempt (Ledger *ledger, const char *slot, const char *batch,
                               const char *operator_name, gint64 *attempt_id, GError **error);

/* What identify told; strings already checked. */
typedef struct {
  const char *driver;
  const char *chip_id; /* or NULL */
  const char *serial;  /* or NULL: taken from the batch's range */
  const char *model;
  const char *firmware;
} DeviceFacts;

/* Binds the attempt to its device: found again by chip or serial, or made new within the batch
 * (target and range are enforced here; with a range the next serial is consumed for good).
 * A device of another batch is DUPLICATE_DEVICE, but where the batch takes devices back: then one
 * of an earlier batch stands in this one from now on, an unknown one or one that never passed is
 * NOT_FINISHED, and one that is not on the batch's list NOT_LISTED. One that has passed already is
 * ALREADY_DONE unless a retry was allowed (ledger_allow_retry), one that is held
 * (ledger_void_certificate) is DEVICE_VOIDED until then; one with a running attempt is BUSY_DEVICE.
 * Where the batch's serials are scanned, `serial` is what was scanned: INVALID where there is none
 * or it does not fit the pattern, DUPLICATE_DEVICE where the chip has another serial already.
 * Synced only where the batch has a range or scans, so that no serial is used twice.
 * BATCH_FULL where the devices that hold a live certificate, and those without one that run in
 * other slots, reach the target. An attempt that was refused stays without a device, so that its
 * end changes nothing of that device. Free with device_free(). */
Device *ledger_identify_device (Ledger *ledger, gint64 attempt_id, const DeviceFacts *facts,
                                GError **error);

/* What ledger_identify_device() would say of a serial that was scanned, before any port opens:
 * INVALID where it does not fit the batch's pattern, DUPLICATE_DEVICE, ALREADY_DONE, DEVICE_VOIDED,
 * BUSY_DEVICE.
 */
gboolean ledger_check_serial (Ledger *ledger, const char *batch, const char *serial,
                              GError **error);

/* FAILED with a reason, or INTERRUPTED. PASSED comes only from ledger_certificate_verified(), which
 * ends the attempt itself. */
gboolean ledger_end_attempt (Ledger *ledger, gint64 attempt_id, AttemptResult result,
                             const char *step, const char *reason, const char *detail,
                             const char *transcript, GError **error);

/* The FAILs of slots' last attempts were seen: an audit event each, all or none. */
gboolean ledger_acknowledge_failures (Ledger *ledger, const Attempt *attempts, guint count,
                                      const char *actor, GError **error);
/* The last attempt of the slot, where it failed and nobody has acknowledged that; NULL without
 * error where that is not so. */
Attempt *ledger_unacknowledged_failure (Ledger *ledger, const char *slot, GError **error);

/* The last attempt of the slot, where it passed; NULL without error where that is not so. */
Attempt *ledger_last_pass (Ledger *ledger, const char *slot, GError **error);

Device *ledger_device (Ledger *ledger, const char *serial, GError **error);
/* As which a unit of this chip and serial (either may be NULL) is known; NULL without error where
 * it is new. */
Device *ledger_known_device (Ledger *ledger, const char *chip_id, const char *serial,
                             GError **error);
GPtrArray *ledger_devices (Ledger *ledger, const char *batch, guint most, GError **error);
/* A supervisor lets a device that has passed, or is held, run once more; its live certificate is
 * voided when the device can no longer prove its key, and delivered again when it can. */
gboolean ledger_allow_retry (Ledger *ledger, const char *serial, const char *actor, GError **error);
Attempt *ledger_attempt (Ledger *ledger, gint64 id, GError **error);
GPtrArray *ledger_attempts (Ledger *ledger, const char *batch, const char *device, guint most,
                            GError **error); /* newest first */

/* ---- certificates ---- */

typedef struct {
  gint64 id;
  char *device; /* serial */
  char *batch;
  char *profile;
  GBytes *der;
  char *serial_number; /* lower-case hex of the X.509 serial */
  char *sha256;        /* of the DER: AWS's certificateId */
  char *sha1;          /* of the DER: Azure's thumbprint */
  char *spki_sha256;
  char *subject;     /* RFC 2253 */
  gint64 not_before; /* seconds since 1970 */
  gint64 not_after;
  char *state;  /* "issued", "verified", "void" */
  char *status; /* of the registries: INACTIVE until verified, then ACTIVE; REVOKED when void */
  char *void_reason; /* or NULL */
  guint64 log_index; /* in the signer's issuance log */
  gint64 issued_at;
  gint64 verified_at; /* 0 */
} Certificate;

void certificate_free (Certificate *certificate);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Certificate, certificate_free)

/* What the signer logged; see IssuanceEntry of the CA. */
typedef struct {
  guint64 log_index;
  gint64 issued_at;
  const char *batch;
  const char *profile;
  const char *device; /* serial */
  GBytes *der;
  GBytes *request; /* the CSR as DER, to be kept with it; or NULL */
} Issuance;

/* Stores what was issued, before the first byte of it leaves. Storing the same entry again is
 * fine (recovery), and so is any order: of a device's certificates only the one with the highest
 * log index lives, the others are void as "superseded", on record. A device or batch that the
 * ledger lacks is made anew (the batch as paused). DUPLICATE_KEY where another device has the key:
 * the certificate is then recorded as void, and recovery goes on behind it. INVALID where the
 * ledger has another entry at that index: signer and ledger do not belong together. */
gboolean ledger_store_certificate (Ledger *ledger, const Issuance *issuance, GError **error);

/* Keeps a CA by its certificate, with `chain` (of GBytes DER, the CA first) in place of what was
 * kept for it. */
gboolean ledger_keep_chain (Ledger *ledger, const char *name, GPtrArray *chain, GError **error);

/* All chains (GPtrArray of GBytes), in the order in which their CAs came. */
GPtrArray *ledger_chains (Ledger *ledger, GError **error);

/* What an entry of the signer's log that is no device's certificate says, as audit event. */
typedef struct {
  const char *kind;    /* "ca-begin" */
  const char *subject; /* the CA's name */
  const char *detail;
} LogNotice;

/* Records it and steps over its index; once is enough (TRUE again). INVALID where an entry before
 * it is missing. */
gboolean ledger_pass_log_entry (Ledger *ledger, guint64 index, const LogNotice *notice,
                                GError **error);

/* The first log index that the ledger has not stored: where recovery goes on. */
gboolean ledger_next_log_index (Ledger *ledger, guint64 *index, GError **error);

/* The device's live (issued or verified) certificate, NULL without error where there is none. */
Certificate *ledger_live_certificate (Ledger *ledger, gint64 device_id, GError **error);

/* Read back equal and proven: the certificate is ACTIVE, the device passed, the attempt PASSED;
 * one transaction. */
gboolean ledger_certificate_verified (Ledger *ledger, gint64 attempt_id, gint64 certificate_id,
                                      const char *transcript, GError **error);

/* Void already is fine. A device that was "certified" or "passed" is "started" again: it does not
 * count as passed, and its place in the batch's target is free; its first result and the rate stay.
 * Where the certificate had been verified and the device is in no slot, the device is held from
 * then on: it runs again only after ledger_allow_retry(). Voiding within a run holds nothing: the
 * run does it for a device that has lost its key, and then makes the next certificate. */
gboolean ledger_void_certificate (Ledger *ledger, gint64 certificate_id, const char *reason,
                                  const char *actor, GError **error);

/* A void certificate, for a revocation list. */
typedef struct {
  gint64 event; /* the audit event that made it void: they are in its order */
  gint64 voided_at;
  guint64 log_index;
  char *reason;
} VoidCertificate;

void void_certificate_free (VoidCertificate *certificate);

/* Up to `most` (GPtrArray of VoidCertificate) that became void by events behind `after`. */
GPtrArray *ledger_void_certificates (Ledger *ledger, gint64 after, guint most, GError **error);

/* The last of these events; 0 where nothing is void. */
gboolean ledger_newest_void (Ledger *ledger, gint64 *event, GError **error);

/* By device serial, hex X.509 serial, or hex SHA-256. */
Certificate *ledger_certificate (Ledger *ledger, const char *key, GError **error);
GPtrArray *ledger_certificates (Ledger *ledger, const char *batch, guint most, GError **error);

/* ---- audit ---- */

typedef struct {
  gint64 id;
  gint64 at;
  char *actor;
  char *kind; /* "batch-start", "certificate-void", ... */
  char *subject;
  char *detail;
} AuditEvent;

void audit_event_free (AuditEvent *event);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AuditEvent, audit_event_free)

gboolean ledger_record_event (Ledger *ledger, const char *actor, const char *kind,
                              const char *subject, const char *detail, GError **error);
/* The same without waiting for the disk: for acts that change nothing outside by themselves. */
gboolean ledger_note_event (Ledger *ledger, const char *actor, const char *kind,
                            const char *subject, const char *detail, GError **error);
GPtrArray *ledger_events (Ledger *ledger, guint most, GError **error); /* newest first */
/* `added` is called after each commit that recorded events, in a thread of the ledger's: it must
 * return at once, and not call the ledger. NULL ends that. */
void ledger_watch_events (Ledger *ledger, void (*added) (gpointer data), gpointer data);
/* Those behind event `after`, oldest first: what a follower has not seen. */
GPtrArray *ledger_events_after (Ledger *ledger, gint64 after, guint most, GError **error);

/* ---- exports ---- */

typedef struct {
  gint64 at;
  char *actor;
  char *batch;
  char *format;
  /* Only what the exports before it had not; FALSE where there were none. Of a part behind the
   * first: its first part tells. */
  gboolean new_only;
  guint64 rows;
  guint64 bytes;
  char *sha256;
  gint64 id;
  gboolean confirmed; /* whoever asked for it has the whole file under its name */
  gboolean stated;    /* the station's signed statement is kept with it: ledger-evidence.h */
  guint part;         /* of how many files this is which, from 1 */
  guint parts;
  char *target; /* or NULL */
} ExportRecord;

void export_record_free (ExportRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ExportRecord, export_record_free)

/* One by its id. NOT_FOUND. */
ExportRecord *ledger_export (Ledger *ledger, gint64 id, GError **error);
/* Of ExportRecord, newest first; of all batches where `batch` is NULL. */
GPtrArray *ledger_exports (Ledger *ledger, const char *batch, guint most, GError **error);

/* The file is whole and has its name: what it holds is not new any more (ManifestOrder.new_only).
 * On record; confirmed already is fine. NOT_FOUND. */
gboolean ledger_confirm_export (Ledger *ledger, gint64 id, const char *actor, GError **error);

/* How many units an export would have: verified and not void, those included that the format's
 * cloud would refuse. Cheap in a large batch, but not for free. */
typedef struct {
  guint64 units;     /* a whole one */
  guint64 new_units; /* one of what is new */
} ExportCount;

gboolean ledger_count_export (Ledger *ledger, const char *batch, const char *format,
                              ExportCount *count, GError **error);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Devices that come back: batches that renew their certificates, or roots and endpoint alone; which
 * certificate replaced which; what each was given to trust; and which of all that ends when.
 * docs/operating.md, "Renewing". Errors are LEDGER_ERROR.
 */
#pragma once

#include "db/ledger.h"

/* ---- batches with a list ---- */

#define MOST_BATCH_UNITS 10000 /* in one call */

/* Devices for a batch that is `listed` and not closed; on record. Such as are on the list are fine.
 * NOT_FOUND: the first serial that nobody knows; then nothing is added. INVALID: the batch has no
 * list. `added`: how many are new on it. */
gboolean ledger_add_batch_units (Ledger *ledger, const char *batch, const char *const *serials,
                                 const char *actor, guint *added, GError **error);

/* What became of a listed unit in its batch, by its last attempt there that came to a result. */
typedef struct {
  char *device;
  char *state;  /* "done", "failed", "left" */
  char *reason; /* of a failed one, or NULL */
} BatchUnit;

void batch_unit_free (BatchUnit *unit);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatchUnit, batch_unit_free)

/* Of BatchUnit, in the order in which the devices came to the ledger; `state` NULL: all. At most
 * `most` behind `marker` (NULL: from the start); `next` is NULL at the end, else free it with
 * g_free(). */
GPtrArray *ledger_batch_units (Ledger *ledger, const char *batch, const char *state, guint most,
                               const char *marker, char **next, GError **error);

/* ---- within an attempt ---- */

/* The attempt's device has proven the key of `certificate`, which is about to be replaced: from
 * here on it may lack it (Device.renewing). On record, and on the disk. */
gboolean ledger_note_old_key (Ledger *ledger, gint64 attempt_id, const Certificate *certificate,
                              GError **error);

/* What a device has been given to trust. */
typedef struct {
  const char *endpoint; /* NULL: none */
  GPtrArray *roots;     /* of GBytes (DER); NULL: none */
} InstalledTrust;

/* As ledger_certificate_verified(), and what was installed is on record; NULL: it was not written
 * in this attempt. */
gboolean ledger_pass (Ledger *ledger, gint64 attempt_id, gint64 certificate_id,
                      const char *transcript, const InstalledTrust *trust, GError **error);

/* ---- what a device had and has ---- */

typedef struct {
  char *sha256;
  char *serial_number;
  char *batch;
  char *profile;
  char *state;
  gint64 not_after; /* seconds since 1970 */
  gint64 issued_at;
  gint64 verified_at; /* 0 */
  gint64 voided_at;   /* 0 */
  char *void_reason;  /* or NULL: why it was replaced or taken back */
  char *replaces;     /* SHA-256 of the one before it, or NULL */
} LineageEntry;

void lineage_entry_free (LineageEntry *entry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LineageEntry, lineage_entry_free)

/* All certificates of a device (of LineageEntry), in the order in which they were signed. One that
 * is void because another device has its key replaced nothing. NOT_FOUND. */
GPtrArray *ledger_lineage (Ledger *ledger, const char *serial, GError **error);

typedef struct {
  char *sha256;
  char *subject; /* RFC 2253 */
  gint64 not_after;
} TrustedRoot;

void trusted_root_free (TrustedRoot *root);

/* What a device has, as far as it is on record. */
typedef struct {
  gboolean known;   /* FALSE: it passed before this was recorded */
  char *endpoint;   /* or NULL */
  GPtrArray *roots; /* of TrustedRoot */
} DeviceTrust;

void device_trust_free (DeviceTrust *trust);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DeviceTrust, device_trust_free)

DeviceTrust *ledger_device_trust (Ledger *ledger, const char *serial, GError **error);

/* ---- what ends ---- */

typedef enum { ENDING_CERTIFICATE, ENDING_CA, ENDING_ROOT } EndingWhat;
const char *ending_word (EndingWhat what); /* "certificate", "ca", "root" */
gboolean ending_from_word (const char *word, EndingWhat *what);

typedef struct {
  EndingWhat what;
  gint64 before;      /* seconds since 1970 */
  const char *target; /* only units whose certificate is registered there; NULL: all */
} EndingFilter;

/* A unit with a verified certificate. */
typedef struct {
  char *device;
  char *batch;
  char *sha256;     /* of its certificate */
  gint64 not_after; /* of its certificate */
  gint64 ends;      /* what ends first of that which was asked for */
  char *about;      /* subject of the CA or root; NULL for certificates */
} UnitEnding;

void unit_ending_free (UnitEnding *ending);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UnitEnding, unit_ending_free)

/* Of UnitEnding: certificates by their end, units of CAs and roots by when they came. Paged as
 * ledger_batch_units(). Reads what it returns, not what it leaves out, but for units that are not
 * in `target`. A CA that was certified anew for the same key ends when its last certificate does.
 * NOT_FOUND: the target; INVALID: a marker that is none of ours. */
GPtrArray *ledger_ending (Ledger *ledger, const EndingFilter *filter, guint most,
                          const char *marker, char **next, GError **error);

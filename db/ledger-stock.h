/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The stock of certificates, for who looks after it: `keycradle audit checks` and `audit
 * certificates`. A reader has a connection of its own and reads a stretch at a time, each in a
 * short transaction: the line goes on, its log of writes is never held back, and memory stays flat.
 * Errors are LEDGER_ERROR.
 */
#pragma once

#include "db/ledger.h"

typedef struct StockReader StockReader;

/* Of all that were verified here and are not void, or with `target` of what is ACTIVE or
 * PENDING_TRANSFER there; only of `batch` where that is not NULL. NOT_FOUND. For one thread. */
StockReader *stock_reader_open (Ledger *ledger, const char *target, const char *batch,
                                GError **error);
void stock_reader_close (StockReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (StockReader, stock_reader_close)

/* ---- CAs ---- */

typedef struct {
  char *name;
  GPtrArray *chain; /* of GBytes DER: the CA first, what stands above it behind */
  gboolean active;  /* accepted here; with a target: ACTIVE there */
} StockAuthority;

void stock_authority_free (StockAuthority *authority);

/* Of StockAuthority: every CA that ever issued here, in the order in which they came. */
GPtrArray *stock_authorities (StockReader *reader, GError **error);

/* ---- certificates whose rows are believed ---- */

/* Lives during the call. */
typedef struct {
  gint64 id;
  const char *device;
  const char *batch;
  const char *status;   /* "ACTIVE" or "PENDING_TRANSFER" */
  const guint8 *sha256; /* 32 bytes */
  const guint8 *serial; /* without leading zeros */
  gsize serial_length;
  const char *subject;
  gint64 not_after;  /* seconds since 1970 */
  gint64 since;      /* verified here, or registered there; microseconds since 1970 */
  const guint8 *der; /* NULL where it was not asked for */
  gsize length;
} StockRow;

/* Returns FALSE to stop. */
typedef gboolean (*StockSink) (const StockRow *row, gpointer data, GError **error);

/* How many there are. Read from counters and small indexes. */
gboolean stock_count (StockReader *reader, guint64 *count, GError **error);

/* Where a walk is; all zero at its start. */
typedef struct {
  gint64 not_after;
  gint64 id;
  gboolean done;
} StockPlace;

/* The next stretch of those that end before `limit` (seconds), soonest first; no others are read.
 */
gboolean stock_ending (StockReader *reader, gint64 limit, StockPlace *place, StockSink sink,
                       gpointer data, GError **error);
/* The next stretch of all, oldest first, with their DER. */
gboolean stock_each (StockReader *reader, StockPlace *place, StockSink sink, gpointer data,
                     GError **error);
/* The one with this serial number (bytes without leading zeros), if it is in the stock; with its
 * DER. */
gboolean stock_of_serial (StockReader *reader, const guint8 *serial, gsize length, StockSink sink,
                          gpointer data, GError **error);

/* ---- keys at two places ---- */

/* What the ledger knows of a certificate of the stock whose key or device was somewhere else, too.
 */
typedef struct {
  StockRow row;
  gint64 at;         /* microseconds since 1970 */
  const char *other; /* the other device, or NULL: the same one in another slot */
  const char *slot;  /* where it was seen; NULL: not at a slot */
} SharedKey;

typedef gboolean (*SharedSink) (const SharedKey *shared, gpointer data, GError **error);

/* Keys that a finding or a void certificate tells of, whenever that was; and since `since`
 * (microseconds) devices that came with a key of another one, or into a second slot at once. */
gboolean stock_shared (StockReader *reader, gint64 since, SharedSink sink, gpointer data,
                       GError **error);

/* ---- certificates whose rows are not believed ---- */

/* Lives during the call. */
typedef struct {
  gint64 id;
  guint64 log_index;
  const char *device;
  const char *batch;
  const char *state; /* "issued", "verified" or "void" */
  const guint8 *der;
  gsize length;
  /* What its row says otherwise than its bytes: "serial number, subject"; "" where nothing. What
   * can't be read at all is "bytes". */
  const char *differences;
} StoredCertificate;

typedef gboolean (*StoredSink) (const StoredCertificate *stored, gpointer data, GError **error);

/* From which id to which there are some at all, whatever their state; 0 to 0: none. */
gboolean stored_bounds (StockReader *reader, gint64 *first, gint64 *last, GError **error);
/* Those with ids from `from` on and below `below`, void ones too, whatever the target. */
gboolean stored_each (StockReader *reader, gint64 from, gint64 below, StoredSink sink,
                      gpointer data, GError **error);

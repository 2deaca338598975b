/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What manifest formats, export and verification share. docs/adding-a-manifest.md shows
 * how to write a format.
 */
#pragma once

#include <string.h>

#include "base/text.h"
#include "db/json-text.h"
#include "db/ledger-private.h"
#include "db/manifest.h"
#include "db/registry.h"

/* One device of a manifest; lives until the cursor moves on. */
typedef struct {
  const char *device;
  const char *batch;
  const char *profile;
  const char *subject;
  const char *common_name; /* or NULL */
  const char *state;
  const char *void_reason; /* or NULL */
  gint64 not_before;
  gint64 not_after;
  gint64 issued_at;
  gint64 verified_at;
  gint64 log_index;
  gint64 batch_id;
  gint64 device_id;
  gint64 verified_event; /* by which rows are ordered */
  const guint8 *serial_number;
  gsize serial_number_length;
  const guint8 *sha256;
  const guint8 *sha1;
  const guint8 *spki_sha256;
  const guint8 *der;
  gsize der_length;
  gboolean name_taken;   /* another device of an earlier row has the same common name */
  const char *chip_id;   /* or NULL */
  const char *model;     /* or NULL */
  const guint8 *request; /* the CSR as DER, where the profile keeps it; or NULL */
  gsize request_length;
} ManifestRow;

/* A CA that rows may be of. */
typedef struct {
  char *pem;        /* ready to stand in a JSON string */
  gsize pem_length; /* of the PEM itself, in characters */
  GBytes *der;
  GBytes *subject;  /* its Name; NULL where the certificate can't be read */
  GBytes *key_mark; /* what certificates that its key signed contain; may be empty */
} ManifestAuthority;

/* What is the same for every row of one export. */
typedef struct {
  GPtrArray *authorities; /* of ManifestAuthority; the one that the export is recorded with first */
  gint64 now;             /* seconds since 1970: the export's own time */
  /* What the file is made for, or NULL where the format asks for no target. */
  Target *target;
  /* A JWS (RFC 7515) of `payload` in flattened JSON serialization by the station's key, ES256, with
   * `unique_id` in its unprotected header; for formats that say `signs`. NULL with error. Free with
   * g_free(). */
  char *(*sign) (gpointer data, const char *payload, const char *unique_id, GError **error);
  gpointer sign_data;
  GError **failure; /* what sign failed with: the walk ends then; made by init, never NULL */
} ManifestContext;

/* `ca_certificate` is the issuing CA's when the export was made; `target` the name of its target,
 * or NULL. */
gboolean manifest_context_init (ManifestContext *context, Database *database,
                                GBytes *ca_certificate, const char *target, gint64 now,
                                GError **error);
void manifest_context_clear (ManifestContext *context);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ManifestContext, manifest_context_clear)

/* The CA that issued the row's certificate; where none that is known fits, the export's. */
const ManifestAuthority *manifest_authority_of (const ManifestContext *context,
                                                const ManifestRow *row);
GPtrArray *manifest_authorities_new (Database *database, GBytes *recorded, GError **error);
/* Appends what ManifestContext.sign makes of it; for `line` of formats that say `signs`. */
void manifest_append_signed (GString *text, const ManifestContext *context, const char *payload,
                             const char *unique_id);

/* What a row is found by in the ledger again, when a file is verified. */
typedef enum {
  MANIFEST_BY_PEM,    /* the certificate as PEM */
  MANIFEST_BY_BASE64, /* its DER in base64, on one line */
  MANIFEST_BY_SHA256, /* its SHA-256 in hex */
  MANIFEST_BY_SPKI,   /* the SHA-256 of its key, in hex */
  MANIFEST_BY_DEVICE, /* the device's serial: where there is nothing better */
} ManifestIdentity;

/* One format: functions that turn rows into text, and facts by which a file is read again. Whenever
 * the text that a format makes changes, `version` grows. docs/adding-a-manifest.md has it all. */
typedef struct {
  ManifestFormat format;
  guint version;
  /* The first line with its line end, or NULL where the format has none. */
  const char *header;
  /* Why the cloud would refuse this row, as a sentence to free with g_free(); NULL where it would
   * not. May be NULL itself. */
  char *(*refusal) (const ManifestRow *row, const ManifestContext *context);
  /* Appends the row's line with its line end; in an envelope, one JSON object from { to }. */
  void (*line) (GString *text, const ManifestRow *row, const ManifestContext *context);
  /* The fields of a line (in an envelope: of a row's object) by name, NULL where it is not of this
   * format. */
  GHashTable *(*fields) (const char *line, gsize length);
  /* The field by which a row is found in the ledger, and what it holds. */
  const char *certificate_field;
  ManifestIdentity identity;
  const char *device_field; /* names the device */
  /* A field without which it is another format with the same two above; may be NULL. A format that
   * has one is asked before those that have none. */
  const char *mark_field;
  /* Line ends inside double quotes do not end a line. */
  gboolean quoted;
  /* Rows of one file, where the receiver has a limit; more are exported in parts. 0: no limit. */
  guint most_rows;
  /* Where rows stand in envelopes of JSON: `group` rows (0: all of the file) between `opening` and
   * `closing`, with `separator` between two. All NULL: each row is a line of its own. Nothing here
   * says how an envelope is read back: `opening` tells how many brackets are open around a row, and
   * what opens one more with { is a row. */
  guint group;
  const char *opening;
  const char *separator;
  const char *closing;
  gboolean needs_target;
  gboolean needs_request; /* the CSR: the profile must keep it */
  gboolean unique_names;  /* asks ManifestRow.name_taken, which is FALSE for all others */
  /* Asks ManifestContext.sign by manifest_append_signed(), once a row. Its signatures differ each
   * time; when a file is verified, sign gives the row's own "protected" and "signature" again, so
   * that the rest is compared; whether the signature is right `signature_fault` tells. */
  gboolean signs;
  /* Why the signature of a row taken apart by `fields` is not one of `certificate` (the station's,
   * DER); NULL where it is. */
  char *(*signature_fault) (GHashTable *fields, GBytes *certificate);
  /* What goes into a file beside the manifest, named as it with `template_suffix` behind. Free with
   * g_free(). May be NULL. */
  char *(*template) (const ManifestContext *context, GError **error);
  const char *template_suffix;
} ManifestWriter;

const ManifestWriter *manifest_writer (const char *name);
const ManifestWriter *const *manifest_writers (void); /* NULL-ended */

/* ---- rows ---- */

/* Takes one finished line; `row` is NULL with the header and with what ends the last envelope. What
 * stands between two rows in an envelope comes with the second. FALSE with or without error ends
 * the walk. */
typedef gboolean (*ManifestSink) (gpointer data, const GString *line, const ManifestRow *row,
                                  GError **error);

/* Hears of a row that was left out: the `number`th that was looked at, from 1. */
typedef gboolean (*ManifestRefusalSink) (gpointer data, guint64 number, const char *device,
                                         const char *reason, GError **error);

typedef struct {
  const ManifestWriter *writer;
  const ManifestContext *context;
  gint64 batch_id;
  gint64 since;      /* the audit event behind which rows count; 0 for all */
  gint64 through;    /* the last audit event that counts */
  gint64 as_of;      /* the event as of which certificates are void */
  guint64 most_rows; /* ends behind so many; 0: at the end */
  ManifestSink sink; /* NULL: rows are judged, but not written */
  gpointer data;
  ManifestRefusalSink refused; /* or NULL */
  gpointer refused_data;
  /* As in ManifestOrder; may be NULL. */
  void (*progress) (guint64 rows, guint64 total, gpointer data);
  gpointer progress_data;
} ManifestWalk;

typedef struct {
  guint64 rows;      /* not left out */
  gint64 last_event; /* of the last of these; 0 */
} ManifestWalked;

/* Walks a batch's certificates that were verified behind `since` and not void as of `as_of`, in
 * the order in which they were verified, header first (with `row` NULL). */
gboolean manifest_walk (Database *database, const ManifestWalk *walk, ManifestWalked *walked,
                        GError **error);
/* How many certificates a walk would look at, void ones included. An index alone answers. */
gboolean manifest_count (Database *database, const ManifestWalk *walk, guint64 *count,
                         GError **error);

#define MANIFEST_ROW_COLUMNS                                                                       \
  "devices.serial, batches.name, certificates.profile, certificates.subject,"                      \
  " certificates.common_name, certificates.state, certificates.void_reason,"                       \
  " certificates.not_before, certificates.not_after, certificates.issued_at,"                      \
  " certificates.verified_at, certificates.log_index, certificates.batch,"                         \
  " certificates.device, certificates.verified_event, devices.chip_id, devices.model,"             \
  " certificates.serial_number, certificates.sha256, certificates.sha1,"                           \
  " certificates.spki_sha256, certificates.der"
#define MANIFEST_ROW_TABLES                                                                        \
  " FROM certificates JOIN devices ON devices.id = certificates.device"                            \
  " JOIN batches ON batches.id = certificates.batch"
/* The request, where the writer asks for it. */
#define MANIFEST_ROW_REQUEST                                                                       \
  ", (SELECT requests.der FROM requests WHERE requests.certificate = certificates.id)"
#define MANIFEST_ROW_NO_REQUEST ", NULL"
/* Behind these columns the statement has the request, and `row` points into it. */
void manifest_row_load (ManifestRow *row, Statement *statement);

/* ---- text ---- */

/* As g_string_append_len(), but without a call for each of a row's many small pieces. */
static inline void
append_text (GString *text, const char *data, gsize length)
{
  if (text->len + length >= text->allocated_len) {
    g_string_append_len (text, data, (gssize)length);
    return;
  }
  memcpy (text->str + text->len, data, length);
  text->len += length;
  text->str[text->len] = '\0';
}

#define append_literal(text, literal) append_text (text, "" literal, sizeof literal - 1)

void append_hex (GString *text, const guint8 *data, gsize length);
void append_number (GString *text, gint64 number);
void append_time (GString *text, gint64 seconds); /* 2026-01-31T23:59:59Z */
/* PEM of a certificate, each line ended by `line_end`; and of anything else. */
void append_pem (GString *text, const guint8 *der, gsize length, const char *line_end);
void append_pem_block (GString *text, const char *label, const guint8 *der, gsize length,
                       const char *line_end);
void append_base64 (GString *text, const guint8 *data, gsize length); /* on one line */
/* One CSV field (RFC 4180): quoted where needed; what a spreadsheet would take for a formula
 * gets a ' in front. */
void append_csv_field (GString *text, const char *value);

/* ---- fields ---- */

/* One JSON object. What is nested is named by its way, "attestation.x509.name", "keys.0.kid"; what
 * is no text is as it stands. NULL where more than 16 brackets are open at once. */
GHashTable *json_fields (const char *line, gsize length);
/* `header`: the names, as one CSV line. */
GHashTable *csv_fields (const char *header, const char *line, gsize length);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What manifest formats, export and verification share. docs/adding-a-manifest.md shows
 * how to write a format.
 */
#pragma once

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
  const guint8 *serial_number;
  gsize serial_number_length;
  const guint8 *sha256;
  const guint8 *sha1;
  const guint8 *spki_sha256;
  const guint8 *der;
  gsize der_length;
  gboolean name_taken;   /* another device of an earlier line has the same common name */
  const char *chip_id;   /* or NULL */
  const char *model;     /* or NULL */
  const guint8 *request; /* the CSR as DER, where the profile keeps it; or NULL */
  gsize request_length;
} ManifestRow;

/* A CA that rows may be of. */
typedef struct {
  char *pem;        /* ready to stand in a JSON string */
  gsize pem_length; /* of the PEM itself, in characters */
  GBytes *subject;  /* its Name; NULL where the certificate can't be read */
  GBytes *key_mark; /* what certificates that its key signed contain; may be empty */
} ManifestAuthority;

/* What is the same for every row of one export. */
typedef struct {
  GPtrArray *authorities; /* of ManifestAuthority; the one that the export is recorded with first */
  gint64 now;             /* seconds since 1970: the export's own time */
  /* What the file is made for, or NULL where the format asks for no target. */
  const Target *target;
  /* A JWS (RFC 7515) of `payload` in flattened JSON serialization by the station's key, ES256, with
   * `unique_id` in its unprotected header; for formats that say `signs`. NULL with error. Free with
   * g_free(). */
  char *(*sign) (gpointer data, const char *payload, const char *unique_id, GError **error);
  gpointer sign_data;
} ManifestContext;

/* `ca_certificate` is the issuing CA's when the export was made. */
gboolean manifest_context_init (ManifestContext *context, Database *database,
                                GBytes *ca_certificate, gint64 now, GError **error);
void manifest_context_clear (ManifestContext *context);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ManifestContext, manifest_context_clear)

/* The CA that issued the row's certificate; where none that is known fits, the export's. */
const ManifestAuthority *manifest_authority_of (const ManifestContext *context,
                                                const ManifestRow *row);
GPtrArray *manifest_authorities_new (Database *database, GBytes *recorded, GError **error);

/* One format: three functions that turn rows into text, and three facts by which a file
 * is read again. Whenever the text that a format makes changes, `version` grows. */
typedef struct {
  ManifestFormat format;
  guint version;
  /* The first line with its line end, or NULL where the format has none. */
  const char *header;
  /* Why the cloud would refuse this row, as a sentence to free with g_free(); NULL where it would
   * not. May be NULL itself. */
  char *(*refusal) (const ManifestRow *row, const ManifestContext *context);
  /* Appends the row's line with its line end. */
  void (*line) (GString *text, const ManifestRow *row, const ManifestContext *context);
  /* The line's fields by name, NULL where it is not of this format. */
  GHashTable *(*fields) (const char *line, gsize length);
  const char *certificate_field; /* holds the PEM */
  const char *device_field;      /* names the device */
  /* Line ends inside double quotes do not end a line. */
  gboolean quoted;
  /* Rows of one file, where the receiver has a limit; more are exported in parts. 0: no limit. */
  guint most_rows;
  /* Where rows stand in envelopes: `group` rows (0: all of the file) between `opening` and
   * `closing`, with `separator` between two. All NULL: each row is a line of its own. Lines of the
   * file end where `opening`, `separator`, `closing` and the rows' text say so. */
  guint group;
  const char *opening;
  const char *separator;
  const char *closing;
  gboolean needs_target;
  gboolean needs_request; /* the CSR: the profile must keep it */
  gboolean signs;         /* asks ManifestContext.sign; its signatures differ each time */
} ManifestWriter;

extern const ManifestWriter manifest_aws;
extern const ManifestWriter manifest_csv;
extern const ManifestWriter manifest_jsonl;

const ManifestWriter *manifest_writer (const char *name);
const ManifestWriter *const *manifest_writers (void); /* NULL-ended */

/* ---- rows ---- */

/* Takes one finished line. FALSE with or without error ends the walk. */
typedef gboolean (*ManifestSink) (gpointer data, const GString *line, const ManifestRow *row,
                                  GError **error);

typedef struct {
  const ManifestWriter *writer;
  const ManifestContext *context;
  gint64 batch_id;
  gint64 since;         /* the audit event behind which rows count; 0 for all */
  gint64 through;       /* the last audit event that counts */
  GPtrArray *omissions; /* of ManifestOmission, or NULL */
  /* As in ManifestOrder; may be NULL. */
  void (*progress) (guint64 rows, guint64 total, gpointer data);
  gpointer progress_data;
} ManifestWalk;

/* Walks a batch's certificates that were verified behind `since` and not void as of `through`, in
 * the order in which they were verified, header first (with `row` NULL). */
gboolean manifest_walk (Database *database, const ManifestWalk *walk, ManifestSink sink,
                        gpointer data, GError **error);

/* The row of the certificate with this digest; `row` points into `statement`. */
#define MANIFEST_ROW_OF_DIGEST                                                                     \
  "SELECT " MANIFEST_ROW_COLUMNS ", 0" MANIFEST_ROW_TABLES " WHERE sha256 = ?"
#define MANIFEST_ROW_COLUMNS                                                                       \
  "devices.serial, batches.name, certificates.profile, certificates.subject,"                      \
  " certificates.common_name, certificates.state, certificates.void_reason,"                       \
  " certificates.not_before, certificates.not_after, certificates.issued_at,"                      \
  " certificates.verified_at, certificates.log_index, certificates.batch,"                         \
  " certificates.serial_number, certificates.sha256, certificates.sha1,"                           \
  " certificates.spki_sha256, certificates.der"
#define MANIFEST_ROW_TABLES                                                                        \
  " FROM certificates JOIN devices ON devices.id = certificates.device"                            \
  " JOIN batches ON batches.id = certificates.batch"
void manifest_row_load (ManifestRow *row, Statement *statement);

/* ---- text ---- */

void append_hex (GString *text, const guint8 *data, gsize length);
void append_time (GString *text, gint64 seconds); /* 2026-01-31T23:59:59Z */
/* PEM of a certificate, each line ended by `line_end`. */
void append_pem (GString *text, const guint8 *der, gsize length, const char *line_end);
/* One CSV field (RFC 4180): quoted where needed; what a spreadsheet would take for a formula
 * gets a ' in front. */
void append_csv_field (GString *text, const char *value);

/* ---- fields ---- */

GHashTable *json_fields (const char *line, gsize length);
/* `header`: the names, as one CSV line. */
GHashTable *csv_fields (const char *header, const char *line, gsize length);

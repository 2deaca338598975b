/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Manifests: what a batch's cloud registration is fed with. Written as a stream by
 * cursor, in the order in which certificates were verified, so that the same ledger gives
 * the same bytes. One file a format: manifest-aws.c, manifest-csv.c ...
 *
 * Where a receiver takes only so many rows a file, an export has parts. Each is an export of its
 * own, on record, with its digest; they share the event as of which certificates are void, so that
 * they fit together whatever happens to the batch between two of them.
 */
#pragma once

#include "db/ledger-key.h"

/* One line that the cloud would refuse, and so was left out. */
typedef struct {
  char *device;
  char *reason; /* a sentence */
} ManifestOmission;

typedef struct {
  guint64 rows; /* written */
  guint64 bytes;
  char *sha256;         /* lower-case hex of the whole file */
  guint64 omitted;      /* rows that were left out */
  GPtrArray *omissions; /* of ManifestOmission: the first 1000 of these */
  gint64 id;            /* for ledger_confirm_export() */
  guint part;           /* of how many files this is which, from 1 */
  guint parts;
  char *template;              /* what stands in a file beside it; or NULL */
  const char *template_suffix; /* that file's: ".template.json" */
} ManifestSummary;

void manifest_summary_free (ManifestSummary *summary);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ManifestSummary, manifest_summary_free)

typedef struct {
  const char *name; /* "aws" */
  const char *title;
  const char *file_suffix; /* ".ndjson" */
  const char *use;         /* what it is for, in a few words for operators */
  /* The command that comes next, for a shell: command_for_file() of base/text.h fills in the file;
   * words in capitals are for the reader to replace. */
  const char *next;
} ManifestFormat;

/* NULL-ended. */
const ManifestFormat *const *manifest_formats (void);

/* What an export is made of. */
typedef struct {
  const char *format;
  const char *batch;
  /* What was verified since the batch's last confirmed export in this format; everything where
   * there was none. A certificate that an earlier export left out (ManifestOmission) is not new
   * again, nor is one of a file that was lost later: for these make a whole export. */
  gboolean new_only;
  /* As of when: ledger_key_state() from before the keys up to its `newest` were checked, so that a
   * line that runs on can't outrun the check. NULL: as of now, and all keys must be checked. */
  const KeyState *keys;
  GBytes *ca_certificate; /* the issuing CA as DER */
  int fd;
  const char *actor;
  const char *target; /* what it is made for; or NULL */
  /* At most so many rows; what has more is an export in parts. 0: only the format's own limit. */
  guint64 most_rows;
  /* The first part of several may be made; else what needs several is refused (INVALID). */
  gboolean split;
  gint64 after; /* the part behind the one with this ManifestSummary.id; 0: the first */
  /* As in ManifestContext; NULL refuses formats that are signed row by row. */
  char *(*sign) (gpointer data, const char *payload, const char *unique_id, GError **error);
  gpointer sign_data;
  /* Told now and then, and at the end, in the caller's thread: `rows` of `total` were looked at
   * (more than are written, where some are void or left out). May be NULL. */
  void (*progress) (guint64 rows, guint64 total, gpointer data);
  gpointer data;
} ManifestOrder;

/* Streams the batch's verified certificates into the file and records the export (digest, rows,
 * range, actor) in the ledger, after the file was synced: an export that failed is not on record.
 * KEY_FINDING where a key that was seen up to then is not checked yet, or a unit that would be in
 * the file has one of which a finding tells. The caller renames, and then confirms
 * (ledger_confirm_export()): until then what was new stays new. */
ManifestSummary *manifest_export (Ledger *ledger, const ManifestOrder *order, GError **error);

/* Judges only: what an export would leave out goes into the order's descriptor, one JSON object a
 * line with `line` (the how manieth unit it is, from 1), `device` and `reason`. Nothing is
 * recorded. Of the summary, `rows` (that would be written), `omitted` and `parts` are filled. */
ManifestSummary *manifest_check (Ledger *ledger, const ManifestOrder *order, GError **error);

/* What a file turned out to be when held against the ledger. */
typedef struct {
  gboolean genuine;   /* byte for byte what was exported */
  char *format;       /* or NULL */
  char *batch;        /* or NULL */
  gint64 exported_at; /* 0 */
  char *exported_by;
  guint64 rows;
  guint part; /* 0 where it is none of ours */
  guint parts;
  char *target; /* or NULL */
  GPtrArray
      *problems; /* of char *: "line 7: certificate 12ab.. is not in the ledger", at most 100 */
} ManifestVerdict;

void manifest_verdict_free (ManifestVerdict *verdict);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ManifestVerdict, manifest_verdict_free)

/* Reads `fd` to its end, in bounded memory. `station_certificate` (DER): for formats whose rows the
 * station signed; NULL says of each that its signature was not verified. */
ManifestVerdict *manifest_verify (Ledger *ledger, int fd, GBytes *station_certificate,
                                  GError **error);

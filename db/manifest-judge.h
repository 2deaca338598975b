/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A file under verification: what is known of it so far, and the two readings that find
 * what was done to it.
 */
#pragma once

#include "db/manifest-private.h"
#include "db/manifest-records.h"

/* An export on record. */
typedef struct {
  gint64 id; /* 0: none */
  gint64 at;
  char *actor;
  gint64 batch_id;
  char *batch;
  char *format;
  gint64 format_version;
  gint64 since;
  gint64 through;
  guint64 rows;
  GBytes *ca_certificate;
} ManifestRecord;

typedef struct {
  Database *database;
  int fd;
  off_t start;
  gint64 bytes; /* of the file */
  ManifestVerdict *verdict;
  const ManifestWriter *writer; /* by the look of the file; NULL where it is of no format */
  gint64 batch_id;              /* of the first certificate that the ledger knows; 0 */
  gint64 verified_event;        /* of the same */
  ManifestRecord recorded;      /* what the file is held against */
  ManifestContext context;
} ManifestVerification;

void manifest_verification_clear (ManifestVerification *verification);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ManifestVerification, manifest_verification_clear)

/* Notes what is wrong, in `line` (0: with the whole). At most 100 are kept. */
void manifest_problem (ManifestVerification *verification, guint64 line, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

/* SHA-256 of the certificate among a line's fields; NULL where there is none. */
GBytes *manifest_line_digest (const ManifestWriter *writer, GHashTable *fields);

/* Each line against the ledger. */
gboolean manifest_judge_lines (ManifestVerification *verification, GError **error);

/* The whole beside the recorded export: names the first line that differs. */
gboolean manifest_compare_with_export (ManifestVerification *verification, GError **error);

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
  gint64 as_of;
  guint part;
  guint parts;
  char *target; /* or NULL */
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
  GBytes *station; /* its certificate, for rows that it signed; NULL where it is not known */
} ManifestVerification;

void manifest_verification_clear (ManifestVerification *verification);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ManifestVerification, manifest_verification_clear)

/* Notes what is wrong, in `line` (0: with the whole). At most 100 are kept. */
void manifest_problem (ManifestVerification *verification, guint64 line, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

/* How the lines of a format's files end. */
RecordShape manifest_shape (const ManifestWriter *writer);

/* Is the current line the format's header, or the end of its last envelope? */
gboolean manifest_is_frame (const ManifestWriter *writer, const RecordReader *reader);

/* The current line taken apart; NULL where it is not of the format. */
GHashTable *manifest_read_fields (const ManifestWriter *writer, const RecordReader *reader);

/* The row of which these fields tell; it points into `select`, which is to be finished. `told`:
 * they tell of one; `found`: the ledger has it. */
typedef struct {
  Statement *select;
  ManifestRow row;
  gboolean told;
  gboolean found;
} ManifestFound;

gboolean manifest_find_row (Database *database, const ManifestWriter *writer, GHashTable *fields,
                            ManifestFound *found, GError **error);
void manifest_found_clear (ManifestFound *found);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ManifestFound, manifest_found_clear)

/* Each line against the ledger. */
gboolean manifest_judge_lines (ManifestVerification *verification, GError **error);

/* The whole beside the recorded export: names the first line that differs. */
gboolean manifest_compare_with_export (ManifestVerification *verification, GError **error);

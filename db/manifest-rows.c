/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The walk over a batch's certificates. It reads by cursor, in the order of the audit
 * events that made them verified, and looks only at events up to a recorded one: so the
 * same walk gives the same bytes on any later day.
 */
#include "db/manifest-private.h"

#define ROWS_BETWEEN_TELLING 1000

gboolean
manifest_context_init (ManifestContext *context, Database *database, GBytes *ca_certificate,
                       gint64 now, GError **error)
{
  context->authorities = manifest_authorities_new (database, ca_certificate, error);
  context->now = now;
  return context->authorities != NULL;
}

void
manifest_context_clear (ManifestContext *context)
{
  g_clear_pointer (&context->authorities, g_ptr_array_unref);
}

void
manifest_row_load (ManifestRow *row, Statement *statement)
{
  gsize length;

  row->device = statement_text (statement);
  row->batch = statement_text (statement);
  row->profile = statement_text (statement);
  row->subject = statement_text (statement);
  row->common_name = statement_text (statement);
  row->state = statement_text (statement);
  row->void_reason = statement_text (statement);
  row->not_before = statement_int64 (statement);
  row->not_after = statement_int64 (statement);
  row->issued_at = statement_int64 (statement);
  row->verified_at = statement_int64 (statement);
  row->log_index = statement_int64 (statement);
  row->batch_id = statement_int64 (statement);
  row->serial_number = statement_blob (statement, &row->serial_number_length);
  row->sha256 = statement_blob (statement, &length);
  row->sha1 = statement_blob (statement, &length);
  row->spki_sha256 = statement_blob (statement, &length);
  row->der = statement_blob (statement, &row->der_length);
  row->name_taken = statement_int64 (statement) != 0;
}

static gboolean
leave_out (const ManifestWalk *walk, const ManifestRow *row)
{
  char *reason = walk->writer->refusal == NULL ? NULL : walk->writer->refusal (row, walk->context);

  if (reason == NULL)
    return FALSE;
  if (walk->omissions == NULL) {
    g_free (reason);
    return TRUE;
  }
  ManifestOmission *omission = g_new0 (ManifestOmission, 1);
  omission->device = g_strdup (row->device);
  omission->reason = reason;
  g_ptr_array_add (walk->omissions, omission);
  return TRUE;
}

static gboolean
walk_header (const ManifestWalk *walk, GString *line, ManifestSink sink, gpointer data,
             GError **error)
{
  if (walk->writer->header == NULL)
    return TRUE;
  g_string_assign (line, walk->writer->header);
  return sink (data, line, NULL, error);
}

/* ---- progress ---- */

typedef struct {
  const ManifestWalk *walk;
  guint64 rows;
  guint64 total;
} Progress;

/* An index alone answers: no certificate is read for it. */
#define COUNT_QUERY                                                                                \
  "SELECT count (*) FROM certificates WHERE batch = ? AND verified_event IS NOT NULL"              \
  " AND verified_event > ? AND verified_event <= ?"

static gboolean
progress_begin (Progress *progress, Database *database, GError **error)
{
  const ManifestWalk *walk = progress->walk;
  gint64 total;
  gboolean found;

  if (walk->progress == NULL)
    return TRUE;
  g_autoptr (Statement) select = statement_prepare (database, COUNT_QUERY, error);
  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, walk->batch_id);
  statement_bind_int64 (select, walk->since);
  statement_bind_int64 (select, walk->through);
  if (!load_id (select, &total, &found, error))
    return FALSE;
  progress->total = (guint64)total;
  return TRUE;
}

static void
progress_tell (const Progress *progress)
{
  if (progress->walk->progress != NULL)
    progress->walk->progress (progress->rows, progress->total, progress->walk->progress_data);
}

static void
progress_step (Progress *progress)
{
  progress->rows++;
  if (progress->rows % ROWS_BETWEEN_TELLING == 0 && progress->rows < progress->total)
    progress_tell (progress);
}

/* ---- the walk ---- */

static gboolean
walk_row (Statement *select, const ManifestWalk *walk, GString *line, ManifestSink sink,
          gpointer data, GError **error)
{
  ManifestRow row;

  manifest_row_load (&row, select);
  gboolean gone = statement_int64 (select) != 0;
  if (gone || leave_out (walk, &row))
    return TRUE;
  g_string_truncate (line, 0);
  walk->writer->line (line, &row, walk->context);
  return sink (data, line, &row, error);
}

static gboolean
walk_rows (Statement *select, Progress *progress, GString *line, ManifestSink sink, gpointer data,
           GError **error)
{
  gboolean more;

  if (!statement_step (select, &more, error))
    return FALSE;
  while (more) {
    if (!walk_row (select, progress->walk, line, sink, data, error))
      return FALSE;
    progress_step (progress);
    if (!statement_step (select, &more, error))
      return FALSE;
  }
  progress_tell (progress);
  return TRUE;
}

/* Left to itself, SQLite would look for the namesake among all certificates of the batch. */
#define WALK_QUERY                                                                                 \
  "SELECT " MANIFEST_ROW_COLUMNS                                                                   \
  ", EXISTS (SELECT 1 FROM certificates AS other INDEXED BY certificates_by_name"                  \
  "   WHERE other.batch = certificates.batch AND other.common_name = certificates.common_name"     \
  "   AND other.device <> certificates.device"                                                     \
  "   AND other.verified_event < certificates.verified_event"                                      \
  "   AND (other.void_event IS NULL OR other.void_event > ?2)),"                                   \
  " coalesce (certificates.void_event <= ?2, 0)" MANIFEST_ROW_TABLES                               \
  " WHERE certificates.batch = ?1 AND certificates.verified_event IS NOT NULL"                     \
  " AND certificates.verified_event > ?3 AND certificates.verified_event <= ?2"                    \
  " ORDER BY certificates.verified_event"

gboolean
manifest_walk (Database *database, const ManifestWalk *walk, ManifestSink sink, gpointer data,
               GError **error)
{
  g_autoptr (GString) line = g_string_sized_new (8192);
  g_autoptr (Statement) select = statement_prepare (database, WALK_QUERY, error);
  Progress progress = { .walk = walk };

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, walk->batch_id);
  statement_bind_int64 (select, walk->through);
  statement_bind_int64 (select, walk->since);
  return progress_begin (&progress, database, error) && walk_header (walk, line, sink, data, error)
         && walk_rows (select, &progress, line, sink, data, error);
}

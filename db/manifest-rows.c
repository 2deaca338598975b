/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The walk over a batch's certificates. It reads by cursor, in the order of the audit
 * events that made them verified, and looks only at events up to a recorded one: so the
 * same walk gives the same bytes on any later day.
 */
#include "db/manifest-private.h"

void
manifest_context_init (ManifestContext *context, GBytes *ca_certificate, gint64 now)
{
  GString *pem = g_string_new (NULL);
  gsize length;
  const guint8 *der = g_bytes_get_data (ca_certificate, &length);

  append_pem (pem, der, length, "\n");
  context->ca_length = pem->len;
  g_string_truncate (pem, 0);
  append_pem (pem, der, length, "\\n");
  context->ca_pem = g_string_free (pem, FALSE);
  context->now = now;
}

void
manifest_context_clear (ManifestContext *context)
{
  g_clear_pointer (&context->ca_pem, g_free);
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

static gboolean
walk_rows (Statement *select, const ManifestWalk *walk, GString *line, ManifestSink sink,
           gpointer data, GError **error)
{
  gboolean more = TRUE;

  while (more) {
    ManifestRow row;
    if (!statement_step (select, &more, error))
      return FALSE;
    if (!more)
      return TRUE;
    manifest_row_load (&row, select);
    if (leave_out (walk, &row))
      continue;
    g_string_truncate (line, 0);
    walk->writer->line (line, &row, walk->context);
    if (!sink (data, line, &row, error))
      return FALSE;
  }
  return TRUE;
}

/* Left to itself, SQLite would look for the namesake among all certificates of the batch. */
#define WALK_QUERY                                                                                 \
  "SELECT " MANIFEST_ROW_COLUMNS                                                                   \
  ", EXISTS (SELECT 1 FROM certificates AS other INDEXED BY certificates_by_name"                  \
  "   WHERE other.batch = certificates.batch AND other.common_name = certificates.common_name"     \
  "   AND other.device <> certificates.device"                                                     \
  "   AND other.verified_event < certificates.verified_event"                                      \
  "   AND (other.void_event IS NULL OR other.void_event > ?2))" MANIFEST_ROW_TABLES                \
  " WHERE certificates.batch = ?1 AND certificates.verified_event IS NOT NULL"                     \
  " AND certificates.verified_event <= ?2"                                                         \
  " AND (certificates.void_event IS NULL OR certificates.void_event > ?2)"                         \
  " ORDER BY certificates.verified_event"

gboolean
manifest_walk (Database *database, const ManifestWalk *walk, ManifestSink sink, gpointer data,
               GError **error)
{
  g_autoptr (GString) line = g_string_sized_new (8192);
  g_autoptr (Statement) select = statement_prepare (database, WALK_QUERY, error);

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, walk->batch_id);
  statement_bind_int64 (select, walk->through);
  return walk_header (walk, line, sink, data, error)
         && walk_rows (select, walk, line, sink, data, error);
}

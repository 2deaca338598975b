/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The walk over a batch's certificates. It reads by cursor, in the order of the audit
 * events that made them verified, and looks only at events up to a recorded one: so the
 * same walk gives the same bytes on any later day.
 */
#include "db/manifest-names.h"
#include "db/manifest-private.h"

#define ROWS_BETWEEN_TELLING 1000

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
  row->device_id = statement_int64 (statement);
  row->verified_event = statement_int64 (statement);
  row->chip_id = statement_text (statement);
  row->model = statement_text (statement);
  row->serial_number = statement_blob (statement, &row->serial_number_length);
  row->sha256 = statement_blob (statement, &length);
  row->sha1 = statement_blob (statement, &length);
  row->spki_sha256 = statement_blob (statement, &length);
  row->der = statement_blob (statement, &row->der_length);
  row->request = statement_blob (statement, &row->request_length);
  row->name_taken = FALSE;
}

/* ---- a walk that is under way ---- */

typedef struct {
  const ManifestWalk *walk;
  Statement *select;
  ManifestNames names;
  GString *line;
  guint64 looked_at;
  guint64 total;
  guint64 in_group; /* rows of the envelope that is open */
  ManifestWalked walked;
} Walk;

static void
walk_clear (Walk *under_way)
{
  g_clear_pointer (&under_way->select, statement_finish);
  manifest_names_clear (&under_way->names);
  if (under_way->line != NULL)
    g_string_free (under_way->line, TRUE);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Walk, walk_clear)

static void
tell (const Walk *under_way)
{
  const ManifestWalk *walk = under_way->walk;

  if (walk->progress != NULL)
    walk->progress (under_way->looked_at, under_way->total, walk->progress_data);
}

#define COUNT_QUERY                                                                                \
  "SELECT count (*) FROM certificates WHERE batch = ? AND verified_event IS NOT NULL"              \
  " AND verified_event > ? AND verified_event <= ?"

gboolean
manifest_count (Database *database, const ManifestWalk *walk, guint64 *count, GError **error)
{
  gint64 counted;
  gboolean found;
  g_autoptr (Statement) select = statement_prepare (database, COUNT_QUERY, error);

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, walk->batch_id);
  statement_bind_int64 (select, walk->since);
  statement_bind_int64 (select, walk->through);
  if (!load_id (select, &counted, &found, error))
    return FALSE;
  *count = (guint64)counted;
  return TRUE;
}

/* ---- what is left out ---- */

static char *
refusal (const ManifestWalk *walk, const ManifestRow *row)
{
  const ManifestWriter *writer = walk->writer;

  if (writer->needs_request && row->request == NULL)
    return g_strdup ("its certificate request was not kept: that takes KeepRequest=yes in the "
                     "profile before it is made");
  return writer->refusal == NULL ? NULL : writer->refusal (row, walk->context);
}

static gboolean
leave_out (const Walk *under_way, const ManifestRow *row, gboolean *left_out, GError **error)
{
  const ManifestWalk *walk = under_way->walk;
  g_autofree char *reason = refusal (walk, row);

  *left_out = reason != NULL;
  return reason == NULL || walk->refused == NULL
         || walk->refused (walk->refused_data, under_way->looked_at, row->device, reason, error);
}

/* ---- what is written ---- */

static gboolean
write_header (const Walk *under_way, GError **error)
{
  const ManifestWalk *walk = under_way->walk;

  if (walk->sink == NULL || walk->writer->header == NULL)
    return TRUE;
  g_string_assign (under_way->line, walk->writer->header);
  return walk->sink (walk->data, under_way->line, NULL, error);
}

/* What stands before a row in its envelope: the end of the one before it, where that is full. */
static void
begin_in_envelope (Walk *under_way)
{
  const ManifestWriter *writer = under_way->walk->writer;

  if (writer->opening == NULL)
    return;
  if (writer->group > 0 && under_way->in_group == writer->group) {
    g_string_append (under_way->line, writer->closing);
    under_way->in_group = 0;
  }
  g_string_append (under_way->line, under_way->in_group == 0 ? writer->opening : writer->separator);
  under_way->in_group++;
}

static gboolean
write_row (Walk *under_way, const ManifestRow *row, GError **error)
{
  const ManifestWalk *walk = under_way->walk;

  g_string_truncate (under_way->line, 0);
  begin_in_envelope (under_way);
  walk->writer->line (under_way->line, row, walk->context);
  if (*walk->context->failure == NULL)
    return walk->sink (walk->data, under_way->line, row, error);
  g_propagate_error (error, g_steal_pointer (walk->context->failure));
  return FALSE;
}

/* An envelope for all rows is there without any. */
static gboolean
write_end (Walk *under_way, GError **error)
{
  const ManifestWalk *walk = under_way->walk;
  const ManifestWriter *writer = walk->writer;

  if (walk->sink == NULL || writer->opening == NULL
      || (under_way->in_group == 0 && writer->group > 0))
    return TRUE;
  g_string_assign (under_way->line, under_way->in_group == 0 ? writer->opening : "");
  g_string_append (under_way->line, writer->closing);
  return walk->sink (walk->data, under_way->line, NULL, error);
}

/* ---- the walk ---- */

static gboolean
walk_row (Walk *under_way, GError **error)
{
  ManifestRow row;
  gboolean left_out;

  under_way->looked_at++;
  manifest_row_load (&row, under_way->select);
  if (statement_int64 (under_way->select) != 0) /* void */
    return TRUE;
  if (!manifest_names_judge (&under_way->names, &row, error)
      || !leave_out (under_way, &row, &left_out, error))
    return FALSE;
  if (left_out)
    return TRUE;
  under_way->walked.rows++;
  under_way->walked.last_event = row.verified_event;
  return under_way->walk->sink == NULL || write_row (under_way, &row, error);
}

static gboolean
is_full (const Walk *under_way)
{
  return under_way->walk->most_rows > 0 && under_way->walked.rows == under_way->walk->most_rows;
}

static gboolean
walk_rows (Walk *under_way, GError **error)
{
  gboolean more;

  if (!statement_step (under_way->select, &more, error))
    return FALSE;
  while (more && !is_full (under_way)) {
    if (!walk_row (under_way, error))
      return FALSE;
    if (under_way->looked_at % ROWS_BETWEEN_TELLING == 0 && under_way->looked_at < under_way->total)
      tell (under_way);
    if (!statement_step (under_way->select, &more, error))
      return FALSE;
  }
  tell (under_way);
  return TRUE;
}

#define VOID ", coalesce (certificates.void_event <= ?4, 0)"
#define WHERE                                                                                      \
  " WHERE certificates.batch = ?1 AND certificates.verified_event IS NOT NULL"                     \
  " AND certificates.verified_event > ?2 AND certificates.verified_event <= ?3"                    \
  " ORDER BY certificates.verified_event"
#define QUERY(request) "SELECT " MANIFEST_ROW_COLUMNS request VOID MANIFEST_ROW_TABLES WHERE

static gboolean
walk_open (Walk *under_way, Database *database, GError **error)
{
  const ManifestWalk *walk = under_way->walk;

  under_way->line = g_string_sized_new (8192);
  under_way->select = statement_prepare (
      database,
      walk->writer->needs_request ? QUERY (MANIFEST_ROW_REQUEST) : QUERY (MANIFEST_ROW_NO_REQUEST),
      error);
  if (under_way->select == NULL)
    return FALSE;
  statement_bind_int64 (under_way->select, walk->batch_id);
  statement_bind_int64 (under_way->select, walk->since);
  statement_bind_int64 (under_way->select, walk->through);
  statement_bind_int64 (under_way->select, walk->as_of);
  return manifest_count (database, walk, &under_way->total, error)
         && manifest_names_init (&under_way->names, database, walk, under_way->total, error);
}

gboolean
manifest_walk (Database *database, const ManifestWalk *walk, ManifestWalked *walked, GError **error)
{
  g_auto (Walk) under_way = { .walk = walk };

  if (!walk_open (&under_way, database, error) || !write_header (&under_way, error)
      || !walk_rows (&under_way, error) || !write_end (&under_way, error))
    return FALSE;
  if (walked != NULL)
    *walked = under_way.walked;
  return TRUE;
}

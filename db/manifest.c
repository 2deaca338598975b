/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Exporting: a walk into a file descriptor, hashed on the way, recorded at the end.
 */
#include "db/manifest.h"

#include "base/encode.h"
#include "db/manifest-output.h"
#include "db/manifest-private.h"

#define MOST_OMISSIONS 1000

static void
omission_free (gpointer data)
{
  ManifestOmission *omission = data;

  g_free (omission->device);
  g_free (omission->reason);
  g_free (omission);
}

void
manifest_summary_free (ManifestSummary *summary)
{
  if (summary == NULL)
    return;
  g_free (summary->sha256);
  g_free (summary->template);
  g_clear_pointer (&summary->omissions, g_ptr_array_unref);
  g_free (summary);
}

/* ---- an export that is under way ---- */

typedef struct {
  const ManifestOrder *order;
  const ManifestWriter *writer;
  Database *database; /* a reader, on one snapshot */
  ManifestContext context;
  ManifestOutput output;
  ManifestSummary *summary;
  gint64 at;
  gint64 batch_id;
  gint64 target_id; /* 0: none */
  gint64 since;
  gint64 through;
  gint64 as_of;
  GBytes *sha256;
} Export;

static void
export_clear (Export *export)
{
  g_clear_pointer (&export->database, database_close);
  manifest_context_clear (&export->context);
  manifest_output_clear (&export->output);
  g_clear_pointer (&export->summary, manifest_summary_free);
  g_clear_pointer (&export->sha256, g_bytes_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Export, export_clear)

static gboolean refuse (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
refuse (GError **error, const char *format, ...)
{
  va_list arguments;
  g_autofree char *text = NULL;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error_literal (error, LEDGER_ERROR, LEDGER_ERROR_INVALID, text);
  return FALSE;
}

/* Rows of one file; 0: any number. */
static guint64
most_rows (const Export *export)
{
  const guint64 asked = export->order->most_rows;
  const guint64 taken = export->writer->most_rows;

  return asked > 0 && taken > 0 ? MIN (asked, taken) : MAX (asked, taken);
}

/* ---- the record ---- */

static gboolean
insert_export (Database *database, Export *export, GError **error)
{
  const ManifestSummary *summary = export->summary;
  g_autoptr (Statement) insert = statement_prepare (
      database,
      "INSERT INTO exports (at, actor, batch, format, format_version, since, through, rows, bytes,"
      " sha256, ca_certificate, as_of, part, parts, target)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, nullif (?, 0))",
      error);

  if (insert == NULL)
    return FALSE;
  statement_bind_int64 (insert, export->at);
  statement_bind_text (insert, export->order->actor == NULL ? "station" : export->order->actor);
  statement_bind_int64 (insert, export->batch_id);
  statement_bind_text (insert, export->writer->format.name);
  statement_bind_int64 (insert, export->writer->version);
  statement_bind_int64 (insert, export->since);
  statement_bind_int64 (insert, export->through);
  statement_bind_int64 (insert, (gint64)summary->rows);
  statement_bind_int64 (insert, (gint64)summary->bytes);
  statement_bind_bytes (insert, export->sha256);
  statement_bind_bytes (insert, export->order->ca_certificate);
  statement_bind_int64 (insert, export->as_of);
  statement_bind_int64 (insert, summary->part);
  statement_bind_int64 (insert, summary->parts);
  statement_bind_int64 (insert, export->target_id);
  return statement_run (insert, error);
}

static char *
describe (const Export *export)
{
  const ManifestSummary *summary = export->summary;
  GString *text = g_string_new (export->writer->format.name);

  if (export->order->target != NULL)
    g_string_append_printf (text, " for %s", export->order->target);
  if (export->order->new_only)
    g_string_append (text, ", new only");
  if (summary->parts > 1)
    g_string_append_printf (text, ", part %u of %u", summary->part, summary->parts);
  g_string_append_printf (text, ", %" G_GUINT64_FORMAT " rows, %" G_GUINT64_FORMAT " left out",
                          summary->rows, summary->omitted);
  g_string_append_printf (text, ", SHA-256 %s", summary->sha256);
  return g_string_free (text, FALSE);
}

static gboolean
record_export (Database *database, gpointer data, GError **error)
{
  Export *export = data;
  g_autofree char *detail = describe (export);

  if (!insert_export (database, export, error))
    return FALSE;
  export->summary->id = database_last_id (database);
  return audit_add (database, export->order->actor, "export", export->order->batch, detail, NULL,
                    error);
}

/* ---- what it is about ---- */

/* Makes the context, too: it has the target. */
static gboolean
find_batch_and_target (Export *export, GError **error)
{
  const ManifestOrder *order = export->order;
  ManifestContext *context = &export->context;

  if (order->target == NULL && export->writer->needs_target)
    return refuse (error, "a manifest in format %s is made for a target: say which one",
                   export->writer->format.name);
  if (!batch_find_existing (export->database, order->batch, &export->batch_id, error)
      || !manifest_context_init (context, export->database, order->ca_certificate, order->target,
                                 export->at / G_USEC_PER_SEC, error))
    return FALSE;
  export->target_id = context->target == NULL ? 0 : context->target->id;
  context->sign = order->sign;
  context->sign_data = order->sign_data;
  return TRUE;
}

/* As of when the export is: everything behind it belongs to the next one. Then what is new begins
 * where the last confirmed one ended. */
static gboolean
begin_first_part (Export *export, const KeyState *keys, GError **error)
{
  const ManifestOrder *order = export->order;

  export->as_of = keys->event;
  return !order->new_only
         || export_read_since (export->database, export->batch_id, order->format, export->target_id,
                               &export->since, error);
}

#define PART_QUERY                                                                                 \
  "SELECT batch, format, coalesce (target, 0), through, as_of, part, parts FROM exports"           \
  " WHERE id = ?"

static gboolean
begin_behind (Export *export, Statement *before, GError **error)
{
  const gint64 id = export->order->after;
  ManifestSummary *summary = export->summary;

  if (statement_int64 (before) != export->batch_id
      || g_strcmp0 (statement_text (before), export->order->format) != 0
      || statement_int64 (before) != export->target_id)
    return refuse (error, "export %" G_GINT64_FORMAT " is of another batch, format or target", id);
  export->since = statement_int64 (before);
  export->as_of = statement_int64 (before);
  summary->part = (guint)statement_int64 (before) + 1;
  summary->parts = (guint)statement_int64 (before);
  return summary->part <= summary->parts
         || refuse (error, "export %" G_GINT64_FORMAT " has no part behind it", id);
}

static gboolean
begin_next_part (Export *export, GError **error)
{
  const gint64 id = export->order->after;
  g_autofree char *name = g_strdup_printf ("%" G_GINT64_FORMAT, id);
  g_autoptr (Statement) before = statement_prepare (export->database, PART_QUERY, error);
  gboolean found;

  if (before == NULL)
    return FALSE;
  statement_bind_int64 (before, id);
  if (!statement_step (before, &found, error))
    return FALSE;
  return found ? begin_behind (export, before, error) : ledger_not_found ("export", name, error);
}

static gboolean
begin_part (Export *export, GError **error)
{
  const KeyState *given = export->order->keys;
  KeyState keys;

  if (given != NULL)
    keys = *given;
  else if (!key_state_read (export->database, &keys, error))
    return FALSE;
  if (export->order->after != 0 ? !begin_next_part (export, error)
                                : !begin_first_part (export, &keys, error))
    return FALSE;
  export->through = export->as_of;
  return findings_check_manifest (export->database, export->batch_id, export->since,
                                  export->through, keys.newest, error);
}

/* ---- walks ---- */

static gboolean
note_omission (gpointer data, guint64 number, const char *device, const char *reason,
               GError **error)
{
  ManifestSummary *summary = data;

  summary->omitted++;
  if (summary->omissions->len >= MOST_OMISSIONS)
    return TRUE;
  ManifestOmission *omission = g_new0 (ManifestOmission, 1);
  omission->device = g_strdup (device);
  omission->reason = g_strdup (reason);
  g_ptr_array_add (summary->omissions, omission);
  return TRUE;
}

static gboolean
write_line (gpointer data, const GString *line, const ManifestRow *row, GError **error)
{
  return manifest_output_add (data, line->str, line->len, error);
}

static ManifestWalk
walk_of (const Export *export)
{
  return (ManifestWalk){ .writer = export->writer,
                         .context = &export->context,
                         .batch_id = export->batch_id,
                         .since = export->since,
                         .through = export->through,
                         .as_of = export->as_of,
                         .progress = export->order->progress,
                         .progress_data = export->order->data };
}

static void
count_parts (Export *export, guint64 rows)
{
  const guint64 most = most_rows (export);

  export->summary->parts = most == 0 || rows <= most ? 1 : (guint)((rows + most - 1) / most);
}

/* What is left out can't be told from the number of rows: where there may be too many, all are
 * judged first. */
static gboolean
plan_parts (Export *export, GError **error)
{
  ManifestWalk walk = walk_of (export);
  const guint64 most = most_rows (export);
  ManifestWalked walked;
  guint64 rows;

  if (export->order->after != 0 || most == 0)
    return TRUE;
  if (!manifest_count (export->database, &walk, &rows, error))
    return FALSE;
  if (rows > most) {
    if (!manifest_walk (export->database, &walk, &walked, error))
      return FALSE;
    rows = walked.rows;
  }
  count_parts (export, rows);
  if (export->summary->parts == 1 || export->order->split)
    return TRUE;
  return refuse (error,
                 "batch %s has %" G_GUINT64_FORMAT
                 " devices for format %s, and a file takes %" G_GUINT64_FORMAT
                 ": it must be exported in parts",
                 export->order->batch, rows, export->writer->format.name, most);
}

static gboolean
walk_out (Export *export, GError **error)
{
  ManifestSummary *summary = export->summary;
  const gboolean last = summary->part == summary->parts;
  ManifestWalk walk = walk_of (export);
  ManifestWalked walked;

  walk.sink = write_line;
  walk.data = &export->output;
  walk.refused = note_omission;
  walk.refused_data = summary;
  walk.most_rows = last ? 0 : most_rows (export);
  if (!manifest_walk (export->database, &walk, &walked, error))
    return FALSE;
  if (last && most_rows (export) > 0 && walked.rows > most_rows (export))
    return refuse (error, "the parts before this one were made for larger files");
  if (!last)
    export->through = walked.last_event;
  summary->rows = walked.rows;
  return TRUE;
}

/* All on one snapshot: what is stored meanwhile belongs to the next export. */
static gboolean
begin (Ledger *ledger, Export *export, GError **error)
{
  const ManifestOrder *order = export->order;

  export->database = database_open_reader (ledger->path, error);
  return export->database != NULL && manifest_output_open (&export->output, order->fd, error)
         && statement_execute (export->database, "BEGIN", error)
         && find_batch_and_target (export, error) && begin_part (export, error);
}

static gboolean
finish (Export *export, GError **error)
{
  ManifestSummary *summary = export->summary;

  export->sha256 = manifest_output_finish (&export->output, error);
  if (export->sha256 == NULL)
    return FALSE;
  summary->bytes = export->output.bytes;
  summary->sha256 =
      hex_encode (g_bytes_get_data (export->sha256, NULL), g_bytes_get_size (export->sha256));
  return TRUE;
}

static gboolean
add_template (Export *export, GError **error)
{
  const ManifestWriter *writer = export->writer;

  if (writer->template == NULL)
    return TRUE;
  export->summary->template_suffix = writer->template_suffix;
  export->summary->template = writer->template(&export->context, error);
  return export->summary->template != NULL;
}

static gboolean
export_init (Export *export, const ManifestOrder *order, GError **error)
{
  *export = (Export){ .order = order,
                      .writer = manifest_writer (order->format),
                      .summary = g_new0 (ManifestSummary, 1),
                      .at = g_get_real_time () };
  export->summary->omissions = g_ptr_array_new_with_free_func (omission_free);
  export->summary->part = 1;
  export->summary->parts = 1;
  return export->writer != NULL || ledger_not_found ("manifest format", order->format, error);
}

ManifestSummary *
manifest_export (Ledger *ledger, const ManifestOrder *order, GError **error)
{
  g_auto (Export) export = { 0 };

  if (!export_init (&export, order, error) || !begin (ledger, &export, error)
      || !plan_parts (&export, error) || !add_template (&export, error)
      || !walk_out (&export, error) || !statement_execute (export.database, "COMMIT", error)
      || !finish (&export, error) || !ledger_write (ledger, record_export, &export, error))
    return NULL;
  return g_steal_pointer (&export.summary);
}

/* ---- a check ---- */

static gboolean
write_refusal (gpointer data, guint64 number, const char *device, const char *reason,
               GError **error)
{
  Export *export = data;
  g_autoptr (GString) line = g_string_new (NULL);

  export->summary->omitted++;
  g_string_append_printf (line, "{\"line\":%" G_GUINT64_FORMAT ",\"device\":", number);
  append_json_string (line, device);
  g_string_append (line, ",\"reason\":");
  append_json_string (line, reason);
  g_string_append (line, "}\n");
  return manifest_output_add (&export->output, line->str, line->len, error);
}

ManifestSummary *
manifest_check (Ledger *ledger, const ManifestOrder *order, GError **error)
{
  g_auto (Export) export = { 0 };
  ManifestWalked walked;

  if (!export_init (&export, order, error) || !begin (ledger, &export, error))
    return NULL;
  ManifestWalk walk = walk_of (&export);
  walk.refused = write_refusal;
  walk.refused_data = &export;
  if (!manifest_walk (export.database, &walk, &walked, error) || !finish (&export, error))
    return NULL;
  export.summary->rows = walked.rows;
  count_parts (&export, walked.rows);
  return g_steal_pointer (&export.summary);
}

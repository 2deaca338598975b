/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Exporting: a walk into a file descriptor, hashed on the way, recorded at the end.
 */
#include "db/manifest.h"

#include <errno.h>
#include <openssl/evp.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/files.h"
#include "db/manifest-private.h"

#define BUFFER_SIZE (1024 * 1024)

static const ManifestWriter *const writers[] = { &manifest_aws, &manifest_csv, &manifest_jsonl,
                                                 NULL };

const ManifestWriter *const *
manifest_writers (void)
{
  return writers;
}

const ManifestWriter *
manifest_writer (const char *name)
{
  for (guint i = 0; writers[i] != NULL; i++)
    if (g_strcmp0 (writers[i]->format.name, name) == 0)
      return writers[i];
  return NULL;
}

const ManifestFormat *const *
manifest_formats (void)
{
  static const ManifestFormat *formats[G_N_ELEMENTS (writers)];
  static gsize made = 0;

  if (g_once_init_enter (&made)) {
    for (guint i = 0; writers[i] != NULL; i++)
      formats[i] = &writers[i]->format;
    g_once_init_leave (&made, 1);
  }
  return formats;
}

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
  g_clear_pointer (&summary->omissions, g_ptr_array_unref);
  g_free (summary);
}

/* ---- output ---- */

typedef struct {
  int fd;
  GByteArray *buffer;
  EVP_MD_CTX *digest;
  guint64 bytes;
  guint64 rows;
} Output;

static gboolean
output_open (Output *output, int fd, GError **error)
{
  output->fd = fd;
  output->buffer = g_byte_array_sized_new (BUFFER_SIZE);
  output->digest = EVP_MD_CTX_new ();
  if (output->digest != NULL && EVP_DigestInit_ex (output->digest, EVP_sha256 (), NULL))
    return TRUE;
  g_set_error_literal (error, LEDGER_ERROR, LEDGER_ERROR_STORAGE, "SHA-256 can't be started");
  return FALSE;
}

static void
output_clear (Output *output)
{
  g_clear_pointer (&output->buffer, g_byte_array_unref);
  g_clear_pointer (&output->digest, EVP_MD_CTX_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Output, output_clear)

static gboolean
output_flush (Output *output, GError **error)
{
  if (!EVP_DigestUpdate (output->digest, output->buffer->data, output->buffer->len)
      || !fd_write_all (output->fd, output->buffer->data, output->buffer->len, error))
  {
    if (error != NULL && *error == NULL)
      g_set_error_literal (error, LEDGER_ERROR, LEDGER_ERROR_STORAGE, "SHA-256 failed");
    return FALSE;
  }
  output->bytes += output->buffer->len;
  g_byte_array_set_size (output->buffer, 0);
  return TRUE;
}

static gboolean
output_line (gpointer data, const GString *line, const ManifestRow *row, GError **error)
{
  Output *output = data;

  if (output->buffer->len + line->len > BUFFER_SIZE && !output_flush (output, error))
    return FALSE;
  g_byte_array_append (output->buffer, (const guint8 *)line->str, (guint)line->len);
  output->rows += row != NULL ? 1 : 0;
  return TRUE;
}

/* What is on record as exported is not new any more: a disk that turns out to be full only now must
 * be heard before that. A pipe or a terminal has nothing to sync. */
static gboolean
output_sync (const Output *output, GError **error)
{
  if (fsync (output->fd) == 0 || errno == EINVAL || errno == EROFS || errno == ENOTSUP)
    return TRUE;
  const int code = errno;
  g_set_error (error, G_FILE_ERROR, (int)g_file_error_from_errno (code),
               "the manifest can't be written: %s", g_strerror (code));
  return FALSE;
}

/* ---- export ---- */

typedef struct {
  const ManifestOrder *order;
  const ManifestWriter *writer;
  gint64 at;
  gint64 id;
  gint64 batch_id;
  gint64 since;
  gint64 through;
  guint64 rows;
  guint64 bytes;
  guint omitted;
  GBytes *sha256;
} Export;

static gboolean
insert_export (Database *database, Export *export, GError **error)
{
  g_autoptr (Statement) insert = statement_prepare (
      database,
      "INSERT INTO exports (at, actor, batch, format, format_version, since, through, rows, bytes,"
      " sha256, ca_certificate) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
  statement_bind_int64 (insert, (gint64) export->rows);
  statement_bind_int64 (insert, (gint64) export->bytes);
  statement_bind_bytes (insert, export->sha256);
  statement_bind_bytes (insert, export->order->ca_certificate);
  if (!statement_run (insert, error))
    return FALSE;
  export->id = database_last_id (database);
  return TRUE;
}

static gboolean
record_export (Database *database, gpointer data, GError **error)
{
  Export *export = data;
  g_autofree char *digest =
      hex_encode (g_bytes_get_data (export->sha256, NULL), g_bytes_get_size (export->sha256));
  g_autofree char *detail = g_strdup_printf (
      "%s%s, %" G_GUINT64_FORMAT " rows, %u left out, SHA-256 %s", export->writer->format.name,
      export->since > 0 ? ", new only" : "", export->rows, export->omitted, digest);

  return insert_export (database, export, error)
         && audit_add (database, export->order->actor, "export", export->order->batch, detail, NULL,
                       error);
}

static gboolean
walk_out (Database *database, Export *export, Output *output, GPtrArray *omissions, GError **error)
{
  g_auto (ManifestContext) context = { 0 };
  ManifestWalk walk = { .writer = export->writer,
                        .context = &context,
                        .batch_id = export->batch_id,
                        .since = export->since,
                        .through = export->through,
                        .omissions = omissions,
                        .progress = export->order->progress,
                        .progress_data = export->order->data };

  return manifest_context_init (&context, database, export->order->ca_certificate,
                                export->at / G_USEC_PER_SEC, error)
         && manifest_walk (database, &walk, output_line, output, error)
         && output_flush (output, error);
}

/* As of when the export is: everything behind it belongs to the next one. */
static gboolean
choose_end (Database *database, Export *export, KeyState *keys, GError **error)
{
  if (export->order->keys != NULL)
    *keys = *export->order->keys;
  else if (!key_state_read (database, keys, error))
    return FALSE;
  export->through = keys->event;
  return TRUE;
}

static gboolean
check_keys (Database *database, Export *export, GError **error)
{
  KeyState keys;

  return choose_end (database, export, &keys, error)
         && findings_check_manifest (database, export->batch_id, export->since, export->through,
                                     keys.newest, error);
}

/* All on one snapshot: what is stored meanwhile belongs to the next export. */
static gboolean
export_snapshot (Database *database, Export *export, Output *output, GPtrArray *omissions,
                 GError **error)
{
  return statement_execute (database, "BEGIN", error)
         && batch_find_existing (database, export->order->batch, &export->batch_id, error)
         && (!export->order->new_only
             || export_read_since (database, export->batch_id, export->writer->format.name,
                                   &export->since, error))
         && check_keys (database, export, error)
         && walk_out (database, export, output, omissions, error)
         && statement_execute (database, "COMMIT", error);
}

static gboolean
finish_digest (Output *output, Export *export, GError **error)
{
  guint8 digest[EVP_MAX_MD_SIZE];
  unsigned int length;

  if (!EVP_DigestFinal_ex (output->digest, digest, &length)) {
    g_set_error_literal (error, LEDGER_ERROR, LEDGER_ERROR_STORAGE, "SHA-256 can't be finished");
    return FALSE;
  }
  export->sha256 = g_bytes_new (digest, length);
  export->rows = output->rows;
  export->bytes = output->bytes;
  return TRUE;
}

static ManifestSummary *
summarize (const Export *export, GPtrArray *omissions)
{
  ManifestSummary *summary = g_new0 (ManifestSummary, 1);

  summary->id = export->id;
  summary->rows = export->rows;
  summary->bytes = export->bytes;
  summary->sha256 =
      hex_encode (g_bytes_get_data (export->sha256, NULL), g_bytes_get_size (export->sha256));
  summary->omissions = g_ptr_array_ref (omissions);
  return summary;
}

static gboolean
run_export (Ledger *ledger, Export *export, int fd, GPtrArray *omissions, GError **error)
{
  g_auto (Output) output = { 0 };
  g_autoptr (Database) database = database_open_reader (ledger->path, error);

  if (database == NULL || !output_open (&output, fd, error)
      || !export_snapshot (database, export, &output, omissions, error)
      || !output_sync (&output, error) || !finish_digest (&output, export, error))
    return FALSE;
  export->omitted = omissions->len;
  return ledger_write (ledger, record_export, export, error);
}

ManifestSummary *
manifest_export (Ledger *ledger, const ManifestOrder *order, GError **error)
{
  g_autoptr (GPtrArray) omissions = g_ptr_array_new_with_free_func (omission_free);
  Export export = { .order = order,
                    .writer = manifest_writer (order->format),
                    .at = g_get_real_time () };

  if (export.writer == NULL) {
    ledger_not_found ("manifest format", order->format, error);
    return NULL;
  }
  ManifestSummary *summary = run_export (ledger, &export, order->fd, omissions, error)
                                 ? summarize (&export, omissions)
                                 : NULL;
  g_clear_pointer (&export.sha256, g_bytes_unref);
  return summary;
}

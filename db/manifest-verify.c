/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Holding a file against the ledger. If its digest is on record it is genuine, and that is
 * all. If not, the file is read again line by line against the ledger, and once more beside
 * the export that it should have been, to say what was done to it and where.
 */
#include <openssl/evp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "db/manifest-judge.h"

#define LONGEST_STREAM (G_GUINT64_CONSTANT (1) << 30)
#define LONGEST_FILE (G_GINT64_CONSTANT (64) << 30)

void
manifest_verdict_free (ManifestVerdict *verdict)
{
  if (verdict == NULL)
    return;
  g_free (verdict->format);
  g_free (verdict->batch);
  g_free (verdict->exported_by);
  g_free (verdict->target);
  g_clear_pointer (&verdict->problems, g_ptr_array_unref);
  g_free (verdict);
}

/* ---- the records ---- */

#define EXPORT_QUERY                                                                               \
  "SELECT exports.id, exports.at, actor, exports.batch, batches.name, format, format_version,"     \
  " since, through, coalesce (as_of, through), part, parts, targets.name,"                         \
  " rows, ca_certificate FROM exports JOIN batches ON batches.id = exports.batch"                  \
  " LEFT JOIN targets ON targets.id = exports.target"

static gboolean
load_record (Statement *select, ManifestRecord *recorded, GError **error)
{
  gboolean row;

  if (!statement_step (select, &row, error))
    return FALSE;
  if (!row)
    return TRUE;
  recorded->id = statement_int64 (select);
  recorded->at = statement_int64 (select);
  recorded->actor = statement_dup_text (select);
  recorded->batch_id = statement_int64 (select);
  recorded->batch = statement_dup_text (select);
  recorded->format = statement_dup_text (select);
  recorded->format_version = statement_int64 (select);
  recorded->since = statement_int64 (select);
  recorded->through = statement_int64 (select);
  recorded->as_of = statement_int64 (select);
  recorded->part = (guint)statement_int64 (select);
  recorded->parts = (guint)statement_int64 (select);
  recorded->target = statement_dup_text (select);
  recorded->rows = (guint64)statement_int64 (select);
  recorded->ca_certificate = statement_dup_bytes (select);
  return TRUE;
}

static gboolean
find_by_digest (ManifestVerification *verification, GBytes *digest, GError **error)
{
  g_autoptr (Statement) select = statement_prepare (
      verification->database, EXPORT_QUERY " WHERE sha256 = ? ORDER BY exports.id LIMIT 1", error);

  if (select == NULL)
    return FALSE;
  statement_bind_bytes (select, digest);
  return load_record (select, &verification->recorded, error);
}

/* Of the exports that reach over the first certificate (those of what was new have each a stretch
 * of their own), the one with as many rows and the nearest size, else the latest. */
static gboolean
find_nearest (ManifestVerification *verification, GError **error)
{
  g_autoptr (Statement) select =
      statement_prepare (verification->database,
                         EXPORT_QUERY " WHERE exports.batch = ?1 AND format = ?2"
                                      " ORDER BY since < ?3 AND ?3 <= through DESC, rows = ?4 DESC,"
                                      " abs (bytes - ?5) ASC, exports.id DESC LIMIT 1",
                         error);

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, verification->batch_id);
  statement_bind_text (select, verification->writer->format.name);
  statement_bind_int64 (select, verification->verified_event);
  statement_bind_int64 (select, (gint64)verification->verdict->rows);
  statement_bind_int64 (select, verification->bytes);
  return load_record (select, &verification->recorded, error);
}

/* ---- the first reading: what is it? ---- */

#define LONGEST_OPENING 512

static void
strip_spaces (GString *text)
{
  gsize kept = 0;

  for (gsize i = 0; i < text->len; i++)
    if (!g_ascii_isspace (text->str[i]))
      text->str[kept++] = text->str[i];
  g_string_truncate (text, kept);
}

static gboolean
opens_envelope (const ManifestVerification *verification, const char *opening)
{
  char head[LONGEST_OPENING];
  ssize_t got = pread (verification->fd, head, sizeof head, verification->start);
  g_autoptr (GString) said = g_string_new_len (head, MAX (got, 0));
  g_autoptr (GString) expected = g_string_new (opening);

  strip_spaces (said);
  strip_spaces (expected);
  return g_str_has_prefix (said->str, expected->str);
}

static gboolean
has_fields (const ManifestWriter *writer, const RecordReader *reader)
{
  g_autoptr (GHashTable) fields = manifest_read_fields (writer, reader);

  return fields != NULL && g_hash_table_contains (fields, writer->certificate_field)
         && g_hash_table_contains (fields, writer->device_field)
         && (writer->mark_field == NULL || g_hash_table_contains (fields, writer->mark_field));
}

/* Reads the first line as the format would. */
static gboolean
is_written_by (const ManifestVerification *verification, const ManifestWriter *writer, gboolean *is,
               GError **error)
{
  g_auto (RecordReader) reader = { 0 };
  gboolean more;

  *is = FALSE;
  if (writer->opening != NULL && !opens_envelope (verification, writer->opening))
    return TRUE;
  record_reader_init (&reader, verification->fd, verification->start, manifest_shape (writer));
  if (!record_reader_next (&reader, &more, error))
    return FALSE;
  if (writer->header != NULL)
    *is = strncmp (reader.line->str, writer->header, strcspn (writer->header, "\r\n")) == 0;
  else
    *is = more && !reader.too_long
          && (has_fields (writer, &reader) || manifest_is_frame (writer, &reader));
  return TRUE;
}

/* By a header, an envelope or a mark a format is known for certain. */
static gboolean
is_marked (const ManifestWriter *writer)
{
  return writer->header != NULL || writer->opening != NULL || writer->mark_field != NULL;
}

/* Those that are known for certain are asked first. */
static gboolean
recognize (ManifestVerification *verification, gboolean marked, GError **error)
{
  const ManifestWriter *const *writers = manifest_writers ();

  for (guint i = 0; writers[i] != NULL && verification->writer == NULL; i++) {
    gboolean is;

    if (is_marked (writers[i]) != marked)
      continue;
    if (!is_written_by (verification, writers[i], &is, error))
      return FALSE;
    if (is)
      verification->writer = writers[i];
  }
  return TRUE;
}

static gboolean
look_at_line (ManifestVerification *verification, const RecordReader *reader, GError **error)
{
  const ManifestWriter *writer = verification->writer;
  g_auto (ManifestFound) found = { 0 };

  if (writer == NULL || !manifest_is_frame (writer, reader))
    verification->verdict->rows++;
  if (writer == NULL || manifest_is_frame (writer, reader) || verification->batch_id != 0)
    return TRUE;
  g_autoptr (GHashTable) fields = manifest_read_fields (writer, reader);
  if (!manifest_find_row (verification->database, writer, fields, &found, error))
    return FALSE;
  if (found.found) {
    verification->batch_id = found.row.batch_id;
    verification->verified_event = found.row.verified_event;
  }
  return TRUE;
}

static gboolean
survey (ManifestVerification *verification, GError **error)
{
  g_auto (RecordReader) reader = { 0 };
  gboolean more = TRUE;

  if (!recognize (verification, TRUE, error) || !recognize (verification, FALSE, error))
    return FALSE;
  record_reader_init (&reader, verification->fd, verification->start,
                      manifest_shape (verification->writer));
  while (more)
    if (!record_reader_next (&reader, &more, error)
        || (more && !look_at_line (verification, &reader, error)))
      return FALSE;
  verification->bytes = reader.at - verification->start;
  return TRUE;
}

/* ---- the verdict ---- */

static gboolean
judge_against_record (ManifestVerification *verification, GError **error)
{
  const ManifestRecord *recorded = &verification->recorded;

  if (!manifest_context_init (&verification->context, verification->database,
                              recorded->ca_certificate, recorded->target,
                              recorded->at / G_USEC_PER_SEC, error)
      || !manifest_judge_lines (verification, error))
    return FALSE;
  if (recorded->format_version == (gint64)verification->writer->version)
    return manifest_compare_with_export (verification, error);
  manifest_problem (verification, 0, "the export was made by another version of format %s",
                    verification->writer->format.name);
  return TRUE;
}

static gboolean
find_fault (ManifestVerification *verification, GError **error)
{
  if (verification->writer == NULL) {
    manifest_problem (verification, 0, "the file is of no format that Keycradle writes");
    return TRUE;
  }
  verification->verdict->format = g_strdup (verification->writer->format.name);
  if (!find_nearest (verification, error))
    return FALSE;
  verification->verdict->batch = g_strdup (verification->recorded.batch);
  if (verification->recorded.id != 0)
    return judge_against_record (verification, error);
  manifest_problem (verification, 0,
                    "no export in format %s of the batch in this file is on record",
                    verification->writer->format.name);
  return manifest_judge_lines (verification, error);
}

static void
fill_genuine (const ManifestVerification *verification)
{
  ManifestVerdict *verdict = verification->verdict;
  const ManifestRecord *recorded = &verification->recorded;

  verdict->genuine = TRUE;
  verdict->rows = recorded->rows;
  verdict->format = g_strdup (recorded->format);
  verdict->batch = g_strdup (recorded->batch);
  verdict->exported_at = recorded->at;
  verdict->exported_by = g_strdup (recorded->actor);
  verdict->part = recorded->part;
  verdict->parts = recorded->parts;
  verdict->target = g_strdup (recorded->target);
}

static gboolean
unreadable (GError **error)
{
  g_set_error_literal (error, G_FILE_ERROR, G_FILE_ERROR_IO, "the manifest can't be read");
  return FALSE;
}

static gboolean
hash_descriptor (int fd, off_t start, EVP_MD_CTX *context)
{
  guint8 buffer[64 * 1024];
  ssize_t got;

  while ((got = pread (fd, buffer, sizeof buffer, start)) > 0) {
    if (!EVP_DigestUpdate (context, buffer, (gsize)got))
      return FALSE;
    start += got;
  }
  return got == 0;
}

static GBytes *
hash_file (int fd, off_t start, GError **error)
{
  guint8 digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  EVP_MD_CTX *context = EVP_MD_CTX_new ();
  gboolean hashed = context != NULL && EVP_DigestInit_ex (context, EVP_sha256 (), NULL)
                    && hash_descriptor (fd, start, context)
                    && EVP_DigestFinal_ex (context, digest, &length);

  EVP_MD_CTX_free (context);
  if (hashed)
    return g_bytes_new (digest, length);
  unreadable (error);
  return NULL;
}

static gboolean
verify_file (ManifestVerification *verification, GError **error)
{
  g_autoptr (GBytes) digest = hash_file (verification->fd, verification->start, error);

  if (digest == NULL || !statement_execute (verification->database, "BEGIN", error)
      || !find_by_digest (verification, digest, error))
    return FALSE;
  if (verification->recorded.id == 0)
    return survey (verification, error) && find_fault (verification, error);
  fill_genuine (verification);
  return TRUE;
}

static ManifestVerdict *
verify_descriptor (Ledger *ledger, int fd, off_t start, GBytes *station, GError **error)
{
  g_autoptr (Database) database = database_open_reader (ledger->path, error);
  g_autoptr (ManifestVerdict) verdict = g_new0 (ManifestVerdict, 1);
  g_auto (ManifestVerification) verification = {
    .database = database, .fd = fd, .start = start, .verdict = verdict, .station = station
  };

  verdict->problems = g_ptr_array_new_with_free_func (g_free);
  if (database == NULL || !verify_file (&verification, error))
    return NULL;
  return g_steal_pointer (&verdict);
}

static gboolean
too_long (GError **error, const char *advice)
{
  g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_INVALID, "the manifest is too long: %s", advice);
  return FALSE;
}

/* An input without end must not fill the disk that the ledger lies on. */
static gboolean
copy_all (int from, int to, GError **error)
{
  guint8 buffer[64 * 1024];
  guint64 copied = 0;
  ssize_t got;

  for (;;) {
    if (!fd_wait_for_writer (from, READER_PATIENCE, error))
      return FALSE;
    got = read (from, buffer, sizeof buffer);
    if (got <= 0)
      return got == 0 || unreadable (error);
    copied += (guint64)got;
    if (copied > LONGEST_STREAM)
      return too_long (error, "what comes from a pipe has at most 1 GiB; give it as a file");
    if (!fd_write_all (to, buffer, (gsize)got, error))
      return FALSE;
  }
}

/* A pipe can be read only once: it goes to a file without a name first. */
static ManifestVerdict *
verify_stream (Ledger *ledger, int fd, GBytes *station, GError **error)
{
  g_autofree char *path = NULL;
  ManifestVerdict *verdict = NULL;
  int copy = g_file_open_tmp ("keycradle-manifest-XXXXXX", &path, error);

  if (copy < 0)
    return NULL;
  unlink (path);
  if (copy_all (fd, copy, error))
    verdict = verify_descriptor (ledger, copy, 0, station, error);
  close (copy);
  return verdict;
}

ManifestVerdict *
manifest_verify (Ledger *ledger, int fd, GBytes *station_certificate, GError **error)
{
  const off_t start = lseek (fd, 0, SEEK_CUR);
  struct stat about;

  /* /dev/zero can be sought in, and never ends */
  if (start < 0 || fstat (fd, &about) != 0 || !S_ISREG (about.st_mode))
    return verify_stream (ledger, fd, station_certificate, error);
  if (about.st_size <= LONGEST_FILE)
    return verify_descriptor (ledger, fd, start, station_certificate, error);
  too_long (error, "no station has units for a file of more than 64 GiB");
  return NULL;
}

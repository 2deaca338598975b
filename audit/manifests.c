/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See manifests.h.
 */
#include "audit/manifests.h"

#include <string.h>

#include "audit/file-buffer.h"
#include "audit/manifest-match.h"
#include "audit/manifest-rows.h"
#include "base/text.h"
#include "ca/proof/statement.h"

#define MOST_PROBLEMS 1000u /* of rows, in one file: the first ones */
#define BUFFER (64 * 1024)

typedef struct {
  guint64 row;
  const char *why;
} Problem;

typedef struct {
  const char *path;
  AuditRecord *record; /* its statement, in the log; NULL: nothing more can be said of it */
  GArray *problems;    /* of Problem */
  guint64 rows;
  gboolean has_rows; /* of a format that is known */
} Manifest;

static void
say (AuditRun *run, const Manifest *manifest, const char *why)
{
  audit_wrong (run->result, AUDIT_MANIFESTS, AUDIT_FILE ("manifest", manifest->path), "%s", why);
}

/* ---- the statement beside, and the file ---- */

static AuditRecord *
record_of (AuditRun *run, const guint8 sha256[AUDIT_HASH])
{
  for (guint i = 0; i < run->records->len; i++) {
    AuditRecord *record = g_ptr_array_index (run->records, i);
    if (record->statement != NULL && memcmp (record->sha256, sha256, AUDIT_HASH) == 0)
      return record;
  }
  return NULL;
}

static gboolean
find_statement (AuditRun *run, Manifest *manifest)
{
  g_autofree char *path = g_strconcat (manifest->path, ".p7s", NULL);
  g_autofree char *content = NULL;
  g_autofree char *text = NULL;
  g_autoptr (GError) problem = NULL;
  guint8 hash[AUDIT_HASH];
  Span der;

  content = file_read_small (path, STATEMENT_MOST, &der.length, &problem);
  if (content == NULL) {
    say (run, manifest, problem->message);
    return FALSE;
  }
  der.data = (const guint8 *)content;
  text = audit_record_text (der, run->station, &problem);
  if (text == NULL) {
    say (run, manifest, problem->message);
    return FALSE;
  }
  audit_digest (run->digest, der, (Span){ NULL, 0 }, hash);
  manifest->record = record_of (run, hash);
  if (manifest->record == NULL)
    say (run, manifest, "its statement (.p7s) is not in the log");
  return manifest->record != NULL;
}

static gboolean
digest_file (const char *path, guint64 *bytes, guint8 hash[AUDIT_HASH], GError **error)
{
  g_autoptr (FileBuffer) file = file_buffer_open (path, BUFFER, error);
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  gsize length = 0, size = AUDIT_HASH;

  *bytes = 0;
  if (file == NULL)
    return FALSE;
  do {
    const guint8 *data = file_buffer_bytes (file, &length);

    g_checksum_update (checksum, data, (gssize)length);
    *bytes += length;
    file_buffer_skip (file, length);
    if (!file_buffer_fill (file, BUFFER, error))
      return FALSE;
    file_buffer_bytes (file, &length);
  } while (length > 0);
  g_checksum_get_digest (checksum, hash, &size);
  return TRUE;
}

static gboolean
is_file_of (AuditRun *run, Manifest *manifest)
{
  const ManifestStatement *statement = manifest->record->statement;
  g_autoptr (GError) problem = NULL;
  guint8 hash[AUDIT_HASH];
  guint64 bytes;

  if (!digest_file (manifest->path, &bytes, hash, &problem)) {
    say (run, manifest, problem->message);
    return FALSE;
  }
  if (bytes == statement->bytes && memcmp (hash, statement->sha256, AUDIT_HASH) == 0)
    return TRUE;
  say (run, manifest, "the file is not the one that its statement tells of");
  return FALSE;
}

/* ---- its rows ---- */

static int
compare_problems (const void *left, const void *right)
{
  const Problem *a = left, *b = right;

  return a->row < b->row ? -1 : a->row > b->row;
}

/* They come in no order: of very many the first ones are kept. */
static void
keep_first (Manifest *manifest)
{
  g_array_sort (manifest->problems, compare_problems);
  g_array_set_size (manifest->problems, MIN (manifest->problems->len, MOST_PROBLEMS));
}

static void
add_problem (Manifest *manifest, guint64 row, const char *why)
{
  Problem problem = { row, why };

  g_array_append_val (manifest->problems, problem);
  if (manifest->problems->len == 2 * MOST_PROBLEMS)
    keep_first (manifest);
}

static void
note_fault (guint manifest, guint64 row, const char *why, gpointer data)
{
  add_problem (&g_array_index ((GArray *)data, Manifest, manifest), row, why);
}

/* Whoever signs rows one by one; NULL where it is not known. */
static GBytes *
station_certificate (const AuditRun *run)
{
  guint8 *der = NULL;
  const int length =
      run->station == NULL ? 0 : i2d_X509 (g_ptr_array_index (run->station, 0), &der);
  GBytes *bytes = length > 0 ? g_bytes_new (der, (gsize)length) : NULL;

  OPENSSL_free (der);
  return bytes;
}

static ManifestRows *
open_rows (AuditRun *run, Manifest *manifest, GError **error)
{
  const ManifestStatement *statement = manifest->record->statement;
  g_autoptr (GBytes) station = station_certificate (run);
  ManifestRows *rows =
      manifest_rows_open (manifest->path, statement->format, statement->batch, station, error);
  g_autofree char *shown = text_for_display (statement->format, 32);

  manifest->has_rows = rows != NULL;
  if (rows == NULL && *error == NULL)
    audit_note (run->result, AUDIT_MANIFESTS, AUDIT_FILE ("manifest", manifest->path),
                "its rows were not read: %s is no format that this program knows", shown);
  return rows;
}

static gboolean
match_rows (AuditRun *run, Manifest *manifest, guint number, ManifestMatch *match, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (ManifestRows) rows = open_rows (run, manifest, &problem);
  const ManifestRow *row;

  while (rows != NULL && manifest_rows_next (rows, &row, &problem)) {
    manifest->rows = row->number;
    run->result->checked[AUDIT_MANIFESTS]++;
    if (row->problem != NULL)
      add_problem (manifest, row->number, row->problem);
    else if (!manifest_match_add (match, number, manifest->record->statement, row, error))
      return FALSE;
  }
  if (problem != NULL)
    say (run, manifest, problem->message);
  return TRUE;
}

static void
say_problems (AuditRun *run, Manifest *manifest)
{
  if (!manifest->has_rows)
    return;
  keep_first (manifest);
  for (guint i = 0; i < manifest->problems->len; i++) {
    const Problem *problem = &g_array_index (manifest->problems, Problem, i);
    audit_wrong (run->result, AUDIT_MANIFESTS, AUDIT_FILE ("manifest", manifest->path),
                 "row %" G_GUINT64_FORMAT ": %s", problem->row, problem->why);
  }
  if (manifest->rows != manifest->record->statement->rows)
    say (run, manifest, "it has another number of rows than its statement says");
}

/* ---- all of them ---- */

static gboolean
read_manifests (AuditRun *run, const char *const *paths, GArray *manifests, ManifestMatch *match,
                GError **error)
{
  for (guint i = 0; paths[i] != NULL; i++) {
    Manifest *manifest;

    g_array_set_size (manifests, i + 1);
    manifest = &g_array_index (manifests, Manifest, i);
    manifest->path = paths[i];
    manifest->problems = g_array_new (FALSE, FALSE, sizeof (Problem));
    run->result->checked[AUDIT_MANIFESTS]++;
    if (find_statement (run, manifest) && is_file_of (run, manifest)
        && !match_rows (run, manifest, i, match, error))
      return FALSE;
  }
  return TRUE;
}

static void
clear_manifest (gpointer data)
{
  Manifest *manifest = data;

  g_clear_pointer (&manifest->problems, g_array_unref);
}

gboolean
audit_manifests_judge (AuditRun *run, const char *const *paths, AuditIssued *issued, Spill *states,
                       GError **error)
{
  g_autoptr (ManifestMatch) match = manifest_match_new (run->digest, states);
  g_autoptr (GArray) manifests = g_array_new (FALSE, TRUE, sizeof (Manifest));

  g_array_set_clear_func (manifests, clear_manifest);
  if (!read_manifests (run, paths, manifests, match, error)
      || !manifest_match_judge (match, issued, note_fault, manifests, error))
    return FALSE;
  for (guint i = 0; i < manifests->len; i++)
    say_problems (run, &g_array_index (manifests, Manifest, i));
  return TRUE;
}

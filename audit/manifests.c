/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See manifests.h.
 */
#include "audit/manifests.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/manifest-rows.h"
#include "base/text.h"

#define MOST_PROBLEMS 1000u /* of rows, in one file */

typedef enum { OF_LOG, OF_LEDGER, OF_ROW } Role;

/* `order` in the spill: the role, and which manifest, and which row. */
#define ORDER_OF(role, manifest, row) ((guint64)(role) << 62 | (guint64)(manifest) << 40 | (row))
#define ROLE_OF(record) ((Role)((record)->order >> 62))
#define MANIFEST_OF(record) ((guint)((record)->order >> 40 & 0x3fffff))
#define ROW_OF(record) ((record)->order & G_GUINT64_CONSTANT (0xffffffffff))

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

typedef struct {
  AuditRun *run;
  GArray *manifests; /* of Manifest */
  gboolean has_ledger;
} Judge;

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

  if (!g_file_get_contents (path, &content, &der.length, &problem)) {
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
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree guint8 *buffer = g_malloc (64 * 1024);
  gsize length = AUDIT_HASH;
  int fd = open (path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
  ssize_t got = 0;

  *bytes = 0;
  while (fd >= 0 && (got = read (fd, buffer, 64 * 1024)) > 0) {
    g_checksum_update (checksum, buffer, got);
    *bytes += (guint64)got;
  }
  if (fd < 0 || got < 0) {
    int code = errno;
    g_set_error (error, G_FILE_ERROR, (gint)g_file_error_from_errno (code), "it can't be read: %s",
                 g_strerror (code));
  }
  if (fd >= 0)
    close (fd);
  g_checksum_get_digest (checksum, hash, &length);
  return fd >= 0 && got == 0;
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

static void
add_problem (Manifest *manifest, guint64 row, const char *why)
{
  Problem problem = { row, why };

  if (manifest->problems->len < MOST_PROBLEMS)
    g_array_append_val (manifest->problems, problem);
}

static guint64
mark_of_certificate (AuditDigest *digest, const guint8 sha256[AUDIT_HASH])
{
  return audit_digest_mark (digest, (Span){ sha256, AUDIT_HASH }, (Span){ NULL, 0 });
}

static gboolean
spill_row (AuditRun *run, const Manifest *manifest, guint number, const ManifestRow *row,
           Spill *spill, GError **error)
{
  guint8 hash[AUDIT_HASH];
  Span der;

  der.data = g_bytes_get_data (row->certificate, &der.length);
  audit_digest (run->digest, der, (Span){ NULL, 0 }, hash);
  return spill_add (
      spill,
      (SpillRecord){ .key = mark_of_certificate (run->digest, hash),
                     .order = ORDER_OF (OF_ROW, number, row->number),
                     .value = audit_issued_unit (run->digest,
                                                 span_of_text (manifest->record->statement->batch),
                                                 span_of_text (row->device)) },
      error);
}

static gboolean
spill_rows (AuditRun *run, Manifest *manifest, guint number, Spill *spill, GError **error)
{
  g_autoptr (GError) problem = NULL;
  const char *format = manifest->record->statement->format;
  g_autoptr (ManifestRows) rows = manifest_rows_open (manifest->path, format, &problem);
  g_autofree char *shown = text_for_display (format, 32);
  ManifestRow row;

  if (rows == NULL) {
    audit_note (run->result, AUDIT_MANIFESTS, AUDIT_FILE ("manifest", manifest->path),
                "its rows were not read: %s is no format that this program knows", shown);
    return TRUE;
  }
  manifest->has_rows = TRUE;
  while (manifest_rows_next (rows, &row, &problem)) {
    manifest->rows = row.number;
    run->result->checked[AUDIT_MANIFESTS]++;
    if (row.problem != NULL)
      add_problem (manifest, row.number, row.problem);
    else if (!spill_row (run, manifest, number, &row, spill, error))
      return FALSE;
  }
  if (problem != NULL)
    say (run, manifest, problem->message);
  return TRUE;
}

/* ---- against log and ledger ---- */

gboolean
audit_manifests_add_state (Spill *states, AuditDigest *digest, const guint8 sha256[AUDIT_HASH],
                           guint64 verified, guint64 voided, GError **error)
{
  return spill_add (states,
                    (SpillRecord){ .key = mark_of_certificate (digest, sha256),
                                   .order = ORDER_OF (OF_LEDGER, 0, 0),
                                   .value = verified,
                                   .other = voided },
                    error);
}

static gboolean
spill_issued (AuditIssued *issued, Spill *spill, GError **error)
{
  Issued next;

  if (!audit_issued_rewind (issued, error))
    return FALSE;
  while (audit_issued_next (issued, &next))
    if (!spill_add (spill,
                    (SpillRecord){ .key = next.certificate,
                                   .order = ORDER_OF (OF_LOG, 0, 0),
                                   .value = next.unit },
                    error))
      return FALSE;
  return TRUE;
}

static void
judge_row (const Judge *judge, const SpillRecord *row, const SpillRecord *log,
           const SpillRecord *ledger)
{
  Manifest *manifest = &g_array_index (judge->manifests, Manifest, MANIFEST_OF (row));
  const guint64 event = manifest->record->statement->event;

  if (log == NULL)
    add_problem (manifest, ROW_OF (row), "its certificate is not in the log");
  else if (log->value != row->value)
    add_problem (manifest, ROW_OF (row), "its certificate is another device's or batch's");
  else if (judge->has_ledger && (ledger == NULL || ledger->value > event))
    add_problem (manifest, ROW_OF (row),
                 "its certificate was not verified when the manifest was made");
  else if (judge->has_ledger && ledger->other <= event)
    add_problem (manifest, ROW_OF (row), "its certificate was void when the manifest was made");
}

static gboolean
judge_certificate (const SpillRecord *records, gsize n, gpointer data, GError **error)
{
  const Judge *judge = data;
  const SpillRecord *log = NULL, *ledger = NULL;

  for (gsize i = 0; i < n; i++) {
    if (ROLE_OF (&records[i]) == OF_LOG)
      log = &records[i];
    else if (ROLE_OF (&records[i]) == OF_LEDGER)
      ledger = &records[i];
    else
      judge_row (judge, &records[i], log, ledger);
  }
  for (gsize i = 1; i < n; i++)
    if (ROLE_OF (&records[i]) == OF_ROW && ROLE_OF (&records[i - 1]) == OF_ROW
        && MANIFEST_OF (&records[i]) == MANIFEST_OF (&records[i - 1]))
      add_problem (&g_array_index (judge->manifests, Manifest, MANIFEST_OF (&records[i])),
                   ROW_OF (&records[i]), "its certificate stands in a row before");
  return TRUE;
}

/* ---- all of them ---- */

static int
compare_problems (const void *left, const void *right)
{
  const Problem *a = left, *b = right;

  return a->row < b->row ? -1 : a->row > b->row;
}

static void
say_problems (AuditRun *run, const Manifest *manifest)
{
  if (!manifest->has_rows)
    return;
  if (manifest->rows != manifest->record->statement->rows)
    say (run, manifest, "it has another number of rows than its statement says");
  g_array_sort (manifest->problems, compare_problems);
  for (guint i = 0; i < manifest->problems->len; i++) {
    const Problem *problem = &g_array_index (manifest->problems, Problem, i);
    audit_wrong (run->result, AUDIT_MANIFESTS, AUDIT_FILE ("manifest", manifest->path),
                 "row %" G_GUINT64_FORMAT ": %s", problem->row, problem->why);
  }
}

static gboolean
read_manifests (Judge *judge, const char *const *paths, Spill *spill, GError **error)
{
  for (guint i = 0; paths[i] != NULL; i++) {
    Manifest manifest = { .path = paths[i],
                          .problems = g_array_new (FALSE, FALSE, sizeof (Problem)) };
    gboolean read;

    judge->run->result->checked[AUDIT_MANIFESTS]++;
    read = find_statement (judge->run, &manifest) && is_file_of (judge->run, &manifest);
    if (read && !spill_rows (judge->run, &manifest, i, spill, error)) {
      g_array_unref (manifest.problems);
      return FALSE;
    }
    g_array_append_val (judge->manifests, manifest);
  }
  return TRUE;
}

static void
clear_manifest (gpointer data)
{
  Manifest *manifest = data;

  g_array_unref (manifest->problems);
}

gboolean
audit_manifests_judge (AuditRun *run, const char *const *paths, AuditIssued *issued, Spill *states,
                       GError **error)
{
  g_autoptr (Spill) own = states == NULL ? spill_new (error) : NULL;
  g_autoptr (GArray) manifests = g_array_new (FALSE, FALSE, sizeof (Manifest));
  Spill *spill = states != NULL ? states : own;
  Judge judge = { run, manifests, states != NULL };

  g_array_set_clear_func (manifests, clear_manifest);
  if (spill == NULL || !read_manifests (&judge, paths, spill, error)
      || !spill_issued (issued, spill, error)
      || !spill_groups (spill, judge_certificate, &judge, error))
    return FALSE;
  for (guint i = 0; i < manifests->len; i++)
    say_problems (run, &g_array_index (manifests, Manifest, i));
  return TRUE;
}

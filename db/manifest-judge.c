/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What was done to a manifest, and where. All that comes from the file is hostile.
 */
#include "db/manifest-judge.h"

#include <string.h>

#include "base/encode.h"
#include "base/text.h"

#define MOST_PROBLEMS 100

void
manifest_verification_clear (ManifestVerification *verification)
{
  g_free (verification->recorded.actor);
  g_free (verification->recorded.batch);
  g_free (verification->recorded.format);
  g_clear_pointer (&verification->recorded.ca_certificate, g_bytes_unref);
  manifest_context_clear (&verification->context);
}

void
manifest_problem (ManifestVerification *verification, guint64 line, const char *format, ...)
{
  va_list arguments;
  GString *problem = g_string_new (NULL);

  if (line > 0)
    g_string_printf (problem, "line %" G_GUINT64_FORMAT ": ", line);
  va_start (arguments, format);
  g_string_append_vprintf (problem, format, arguments);
  va_end (arguments);
  if (verification->verdict->problems->len < MOST_PROBLEMS)
    g_ptr_array_add (verification->verdict->problems, g_string_free (problem, FALSE));
  else
    g_string_free (problem, TRUE);
}

static gboolean
enough_problems (const ManifestVerification *verification)
{
  return verification->verdict->problems->len >= MOST_PROBLEMS;
}

/* The certificate that a line holds; NULL where it holds none. */
GBytes *
manifest_line_digest (const ManifestWriter *writer, GHashTable *fields)
{
  const char *pem = g_hash_table_lookup (fields, writer->certificate_field);
  g_autoptr (GBytes) der = pem == NULL ? NULL : pem_decode (pem, "CERTIFICATE", NULL);

  return der == NULL ? NULL : sha256_of (g_bytes_get_data (der, NULL), g_bytes_get_size (der));
}

/* ---- second reading: each line against the ledger ---- */

static void
compare_field (ManifestVerification *verification, guint64 number, const char *name,
               const char *said, const char *known)
{
  gboolean device = g_strcmp0 (name, verification->writer->device_field) == 0;
  g_autofree char *shown = text_for_display (said == NULL ? "nothing" : said, 64);

  if (g_strcmp0 (said, known) == 0)
    return;
  if (device)
    manifest_problem (verification, number,
                      "the certificate belongs to device %s, the line says %s", known, shown);
  else if (g_strcmp0 (name, verification->writer->certificate_field) == 0)
    manifest_problem (verification, number, "%s is written differently than it was exported", name);
  else
    manifest_problem (verification, number, "%s was edited: it says %s", name, shown);
}

/* The line as the export wrote it, against the line as it is. */
static void
compare_line (ManifestVerification *verification, const RecordReader *reader, GHashTable *said,
              const ManifestRow *row)
{
  g_autoptr (GString) line = g_string_new (NULL);
  guint before = verification->verdict->problems->len;

  verification->writer->line (line, row, &verification->context);
  if (g_string_equal (line, reader->line))
    return;
  g_autoptr (GHashTable) known = verification->writer->fields (line->str, line->len);
  g_autoptr (GList) names = g_hash_table_get_keys (known);
  names = g_list_sort (names, (GCompareFunc)g_strcmp0);
  for (const GList *name = names; name != NULL; name = name->next)
    compare_field (verification, reader->number, name->data, g_hash_table_lookup (said, name->data),
                   g_hash_table_lookup (known, name->data));
  if (verification->verdict->problems->len == before)
    manifest_problem (
        verification, reader->number,
        "its fields are as exported, but its bytes are not (spaces, order or line end)");
}

static void
judge_row (ManifestVerification *verification, const RecordReader *reader, GHashTable *said,
           const ManifestRow *row)
{
  if (g_strcmp0 (row->state, "void") == 0)
    manifest_problem (verification, reader->number, "the certificate of device %s is void (%s)",
                      row->device, row->void_reason);
  else if (g_strcmp0 (row->state, "verified") != 0)
    manifest_problem (verification, reader->number,
                      "the certificate of device %s was never verified", row->device);
  if (row->batch_id != verification->batch_id)
    manifest_problem (verification, reader->number, "the certificate of device %s is of batch %s",
                      row->device, row->batch);
  if (verification->recorded.id != 0)
    compare_line (verification, reader, said, row);
}

static gboolean
judge_certificate (ManifestVerification *verification, const RecordReader *reader, GHashTable *said,
                   GBytes *digest, GError **error)
{
  gboolean found;
  ManifestRow row;
  g_autoptr (Statement) select =
      statement_prepare (verification->database, MANIFEST_ROW_OF_DIGEST, error);

  if (select == NULL)
    return FALSE;
  statement_bind_bytes (select, digest);
  if (!statement_step (select, &found, error))
    return FALSE;
  if (found) {
    manifest_row_load (&row, select);
    judge_row (verification, reader, said, &row);
    return TRUE;
  }
  g_autofree char *hex = hex_encode (g_bytes_get_data (digest, NULL), g_bytes_get_size (digest));
  manifest_problem (verification, reader->number, "certificate %s is not in the ledger", hex);
  return TRUE;
}

static gboolean
judge_line (ManifestVerification *verification, const RecordReader *reader, GError **error)
{
  const ManifestWriter *writer = verification->writer;

  if (reader->too_long) {
    manifest_problem (verification, reader->number, "longer than any line of a manifest may be");
    return TRUE;
  }
  if (writer->header != NULL && reader->number == 1) {
    if (g_strcmp0 (reader->line->str, writer->header) != 0)
      manifest_problem (verification, 1, "the header is not as exported");
    return TRUE;
  }
  g_autoptr (GHashTable) said = writer->fields (reader->line->str, reader->line->len);
  g_autoptr (GBytes) digest = said == NULL ? NULL : manifest_line_digest (writer, said);
  if (digest == NULL) {
    manifest_problem (verification, reader->number, "not a line of format %s with a certificate",
                      writer->format.name);
    return TRUE;
  }
  return judge_certificate (verification, reader, said, digest, error);
}

gboolean
manifest_judge_lines (ManifestVerification *verification, GError **error)
{
  g_auto (RecordReader) reader = { 0 };
  gboolean more = TRUE;

  record_reader_init (&reader, verification->fd, verification->start);
  while (more && !enough_problems (verification)) {
    if (!record_reader_next (&reader, verification->writer->quoted, &more, error)
        || (more && !judge_line (verification, &reader, error)))
      return FALSE;
  }
  return TRUE;
}

/* ---- third reading: beside the recorded export ---- */

typedef struct {
  ManifestVerification *verification;
  RecordReader reader;
  gboolean differs;
} SideBySide;

static gboolean
compare_next (gpointer data, const GString *line, const ManifestRow *row, GError **error)
{
  SideBySide *sides = data;
  const char *device = row == NULL ? "the header" : row->device;
  gboolean more;

  if (!record_reader_next (&sides->reader, sides->verification->writer->quoted, &more, error))
    return FALSE;
  if (more && g_string_equal (sides->reader.line, line))
    return TRUE;
  sides->differs = TRUE;
  if (more)
    manifest_problem (sides->verification, sides->reader.number,
                      "the first line that differs from the export; that one has %s%s here",
                      row == NULL ? "" : "device ", device);
  else
    manifest_problem (sides->verification, 0, "lines are missing at the end, from %s%s on",
                      row == NULL ? "" : "device ", device);
  return FALSE;
}

static gboolean
compare_rest (SideBySide *sides, GError **error)
{
  gboolean more;

  if (!record_reader_next (&sides->reader, sides->verification->writer->quoted, &more, error))
    return FALSE;
  if (more)
    manifest_problem (sides->verification, sides->reader.number,
                      "this line and those after it are not part of the export");
  return TRUE;
}

gboolean
manifest_compare_with_export (ManifestVerification *verification, GError **error)
{
  SideBySide sides = { .verification = verification };
  g_autoptr (GError) reason = NULL;
  ManifestWalk walk = { .writer = verification->writer,
                        .context = &verification->context,
                        .batch_id = verification->recorded.batch_id,
                        .since = verification->recorded.since,
                        .through = verification->recorded.through };

  record_reader_init (&sides.reader, verification->fd, verification->start);
  gboolean walked = manifest_walk (verification->database, &walk, compare_next, &sides, &reason)
                    && compare_rest (&sides, &reason);
  record_reader_clear (&sides.reader);
  if (walked || sides.differs)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What was done to a manifest, and where. All that comes from the file is hostile.
 */
#include "db/manifest-judge.h"

#include <string.h>

#include "base/encode.h"
#include "base/jws.h"
#include "base/text.h"

#define MOST_PROBLEMS 100

void
manifest_verification_clear (ManifestVerification *verification)
{
  g_free (verification->recorded.actor);
  g_free (verification->recorded.batch);
  g_free (verification->recorded.format);
  g_free (verification->recorded.target);
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

/* ---- rows that the station signed ---- */

/* Instead of a signature, what the file has: so the rest can be compared. */
static char *
echo_signature (gpointer data, const char *payload, const char *unique_id, GError **error)
{
  GHashTable *said = data;
  const char *protected = said == NULL ? NULL : g_hash_table_lookup (said, "protected");
  const char *signature = said == NULL ? NULL : g_hash_table_lookup (said, "signature");

  return jws_flattened (payload, protected == NULL ? "" : protected, unique_id,
                        signature == NULL ? "" : signature);
}

static void
judge_signature (ManifestVerification *verification, guint64 number, GHashTable *said)
{
  const ManifestWriter *writer = verification->writer;
  g_autofree char *fault = NULL;

  if (writer->signature_fault == NULL)
    return;
  if (verification->station == NULL)
    fault = g_strdup ("its signature was not verified: the station's certificate is not known");
  else
    fault = writer->signature_fault (said, verification->station);
  if (fault != NULL)
    manifest_problem (verification, number, "%s", fault);
}

/* The row's text as the export wrote it, beside what the file says of it. */
static void
write_row (ManifestVerification *verification, GHashTable *said, const ManifestRow *row,
           GString *text)
{
  verification->context.sign = echo_signature;
  verification->context.sign_data = said;
  verification->writer->line (text, row, &verification->context);
  verification->context.sign_data = NULL;
}

/* ---- second reading, continued ---- */

static void
compare_fields (ManifestVerification *verification, guint64 number, GHashTable *said,
                GHashTable *known)
{
  g_autoptr (GList) names = g_hash_table_get_keys (known);

  names = g_list_sort (names, (GCompareFunc)g_strcmp0);
  for (const GList *name = names; name != NULL; name = name->next)
    compare_field (verification, number, name->data, g_hash_table_lookup (said, name->data),
                   g_hash_table_lookup (known, name->data));
}

/* The line as the export wrote it, against the line as it is. */
static void
compare_line (ManifestVerification *verification, const RecordReader *reader, GHashTable *said,
              const ManifestRow *row)
{
  g_autoptr (GString) line = g_string_new (NULL);
  guint before = verification->verdict->problems->len;

  write_row (verification, said, row, line);
  if (g_str_equal (line->str, reader->line->str + reader->row))
    return;
  g_autoptr (GHashTable) known = verification->writer->fields (line->str, line->len);
  if (known != NULL)
    compare_fields (verification, reader->number, said, known);
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
  judge_signature (verification, reader->number, said);
}

static void
report_unknown (ManifestVerification *verification, guint64 number, GHashTable *said)
{
  const ManifestWriter *writer = verification->writer;
  const char *text = g_hash_table_lookup (said, writer->certificate_field);
  g_autofree char *shown = NULL;

  if (writer->identity == MANIFEST_BY_PEM) {
    g_autoptr (GBytes) der = pem_decode (text, "CERTIFICATE", NULL);
    shown = sha256_hex (g_bytes_get_data (der, NULL), g_bytes_get_size (der));
  }
  else
    shown = text_for_display (text, 80);
  manifest_problem (verification, number, "%s %s is not in the ledger",
                    writer->identity == MANIFEST_BY_SPKI     ? "key"
                    : writer->identity == MANIFEST_BY_DEVICE ? "device"
                                                             : "certificate",
                    shown);
}

static gboolean
judge_line (ManifestVerification *verification, const RecordReader *reader, GError **error)
{
  const ManifestWriter *writer = verification->writer;
  g_auto (ManifestFound) found = { 0 };

  if (reader->too_long) {
    manifest_problem (verification, reader->number, "longer than any line of a manifest may be");
    return TRUE;
  }
  if (manifest_is_frame (writer, reader)) {
    if (writer->header != NULL && g_strcmp0 (reader->line->str, writer->header) != 0)
      manifest_problem (verification, 1, "the header is not as exported");
    return TRUE;
  }
  g_autoptr (GHashTable) said = manifest_read_fields (writer, reader);
  if (!manifest_find_row (verification->database, writer, said, &found, error))
    return FALSE;
  if (!found.told)
    manifest_problem (verification, reader->number, "not a line of format %s with a certificate",
                      writer->format.name);
  else if (found.found)
    judge_row (verification, reader, said, &found.row);
  else
    report_unknown (verification, reader->number, said);
  return TRUE;
}

gboolean
manifest_judge_lines (ManifestVerification *verification, GError **error)
{
  g_auto (RecordReader) reader = { 0 };
  gboolean more = TRUE;

  record_reader_init (&reader, verification->fd, verification->start,
                      manifest_shape (verification->writer));
  while (more && !enough_problems (verification)) {
    if (!record_reader_next (&reader, &more, error)
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

/* Is the line of the file what the export had? Where the station signed it, the walk could not sign
 * again: then only what stands before it is the walk's. */
static gboolean
is_same (SideBySide *sides, const GString *line, const ManifestRow *row)
{
  const RecordReader *reader = &sides->reader;
  g_autoptr (GHashTable) said = NULL;
  g_autoptr (GString) text = NULL;

  if (row == NULL || !sides->verification->writer->signs)
    return g_string_equal (reader->line, line);
  said = manifest_read_fields (sides->verification->writer, reader);
  if (said == NULL)
    return FALSE;
  text = g_string_new (line->str);
  write_row (sides->verification, said, row, text);
  return g_string_equal (reader->line, text);
}

static gboolean
compare_next (gpointer data, const GString *line, const ManifestRow *row, GError **error)
{
  SideBySide *sides = data;
  const char *device = row == NULL ? "the header" : row->device;
  gboolean more;

  if (!record_reader_next (&sides->reader, &more, error))
    return FALSE;
  if (more && is_same (sides, line, row))
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

  if (!record_reader_next (&sides->reader, &more, error))
    return FALSE;
  if (more)
    manifest_problem (sides->verification, sides->reader.number,
                      "this line and those after it are not part of the export");
  return TRUE;
}

/* Signs nothing: is_same() has what the file has. */
static char *
no_signature (gpointer data, const char *payload, const char *unique_id, GError **error)
{
  return g_strdup ("");
}

gboolean
manifest_compare_with_export (ManifestVerification *verification, GError **error)
{
  const ManifestRecord *recorded = &verification->recorded;
  SideBySide sides = { .verification = verification };
  g_autoptr (GError) reason = NULL;
  ManifestWalk walk = { .writer = verification->writer,
                        .context = &verification->context,
                        .batch_id = recorded->batch_id,
                        .since = recorded->since,
                        .through = recorded->through,
                        .as_of = recorded->as_of,
                        .sink = compare_next,
                        .data = &sides };

  record_reader_init (&sides.reader, verification->fd, verification->start,
                      manifest_shape (verification->writer));
  verification->context.sign = no_signature;
  gboolean walked = manifest_walk (verification->database, &walk, NULL, &reason)
                    && compare_rest (&sides, &reason);
  record_reader_clear (&sides.reader);
  if (walked || sides.differs)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See manifest-rows.h. In JSON a row is a line; in CSV the certificate is quoted over several.
 */
#include "audit/manifest-rows.h"

#include <string.h>

#include "audit/json-line.h"
#include "base/encode.h"

static const JsonMember aws = { "aws",
                                { { "SerialNumber", JSON_TEXT, FALSE },
                                  { "CertificatePem", JSON_TEXT, FALSE },
                                  { "ThingName", JSON_TEXT, FALSE },
                                  { "CACertificatePem", JSON_TEXT, FALSE } } };
static const JsonMember jsonl = {
  "jsonl",
  { { "device", JSON_TEXT, FALSE },
    { "pem", JSON_TEXT, FALSE },
    { "batch", JSON_TEXT, FALSE },
    { "profile", JSON_TEXT, FALSE },
    { "subject", JSON_TEXT, FALSE },
    { "serial-number", JSON_TEXT, FALSE },
    { "sha256", JSON_TEXT, FALSE },
    { "sha1", JSON_TEXT, FALSE },
    { "spki-sha256", JSON_TEXT, FALSE },
    { "not-before", JSON_TEXT, FALSE },
    { "not-after", JSON_TEXT, FALSE },
    { "issued-at", JSON_TEXT, FALSE },
    { "verified-at", JSON_TEXT, FALSE },
    { "log-index", JSON_NUMBER, FALSE },
    { "chip-id", JSON_TEXT, TRUE },
    { "model", JSON_TEXT, TRUE } },
};
enum { DEVICE, PEM };

struct ManifestRows {
  LineReader *lines;
  const JsonMember *member; /* NULL: CSV */
  JsonLine line;
  gboolean headed; /* the header of CSV was read */
  guint64 number;
  char *device;
  GBytes *certificate;
};

static void
forget (ManifestRows *rows)
{
  g_clear_pointer (&rows->device, g_free);
  g_clear_pointer (&rows->certificate, g_bytes_unref);
}

ManifestRows *
manifest_rows_open (const char *path, const char *format, GError **error)
{
  g_autoptr (ManifestRows) rows = g_new0 (ManifestRows, 1);

  json_line_init (&rows->line);
  if (g_str_equal (format, "aws"))
    rows->member = &aws;
  else if (g_str_equal (format, "jsonl"))
    rows->member = &jsonl;
  else if (!g_str_equal (format, "csv"))
    return NULL;
  rows->lines = line_reader_open (path, error);
  return rows->lines == NULL ? NULL : g_steal_pointer (&rows);
}

void
manifest_rows_close (ManifestRows *rows)
{
  forget (rows);
  json_line_clear (&rows->line);
  g_clear_pointer (&rows->lines, line_reader_close);
  g_free (rows);
}

/* ---- JSON ---- */

static const char *
take_json (ManifestRows *rows, const char *text, gsize length)
{
  const char *problem = json_line_read_flat (&rows->line, rows->member, text, length);
  g_autofree char *pem = NULL;

  if (problem != NULL)
    return problem;
  rows->device = g_strndup ((const char *)rows->line.values[DEVICE].text.data,
                            rows->line.values[DEVICE].text.length);
  pem = g_strndup ((const char *)rows->line.values[PEM].text.data,
                   rows->line.values[PEM].text.length);
  rows->certificate = pem_decode (pem, "CERTIFICATE", NULL);
  return NULL;
}

/* ---- CSV: device first, the certificate last, from its quote to the next one ---- */

static const char *
take_csv (ManifestRows *rows, GString *record)
{
  const char *comma = strchr (record->str, ',');
  const char *pem = strstr (record->str, "-----BEGIN CERTIFICATE-----");

  if (comma == NULL || pem == NULL)
    return "it is no row with a certificate";
  rows->device = g_strndup (record->str, (gsize)(comma - record->str));
  rows->certificate = pem_decode (pem, "CERTIFICATE", NULL);
  return NULL;
}

static gboolean
is_open (const GString *record)
{
  gboolean open = FALSE;

  for (gsize i = 0; i < record->len; i++)
    if (record->str[i] == '"')
      open = !open;
  return open;
}

/* Lines up to where no quote is open. */
static gboolean
read_record (ManifestRows *rows, GString *record, gboolean *more, GError **error)
{
  const char *text;
  gsize length;
  LineKind kind;

  do {
    kind = line_reader_next (rows->lines, &text, &length, error);
    if (kind == LINE_WHOLE || kind == LINE_UNENDED) {
      g_string_append_len (record, text, (gssize)length);
      g_string_append_c (record, '\n');
    }
  } while (kind == LINE_WHOLE && rows->member == NULL && is_open (record)
           && record->len < LINE_READER_LONGEST);
  *more = kind == LINE_WHOLE || kind == LINE_UNENDED;
  return kind != LINE_FAILED;
}

gboolean
manifest_rows_next (ManifestRows *rows, ManifestRow *row, GError **error)
{
  g_autoptr (GString) record = g_string_new (NULL);
  gboolean more;

  forget (rows);
  if (!read_record (rows, record, &more, error) || !more)
    return FALSE;
  if (rows->member == NULL && !rows->headed) {
    rows->headed = TRUE;
    return manifest_rows_next (rows, row, error);
  }
  *row = (ManifestRow){ .number = ++rows->number };
  row->problem =
      rows->member != NULL ? take_json (rows, record->str, record->len) : take_csv (rows, record);
  if (row->problem == NULL && rows->certificate == NULL)
    row->problem = "what should be its certificate is none";
  row->device = rows->device;
  row->certificate = rows->certificate;
  return TRUE;
}

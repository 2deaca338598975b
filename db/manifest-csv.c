/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * CSV as in RFC 4180: a header, CRLF, the PEM quoted over several lines. No field can be
 * taken for a formula; the PEM begins with dashes, but holds nothing that a device chose.
 */
#include "base/text.h"
#include "db/manifest-private.h"

#define HEADER                                                                                     \
  "device,batch,profile,sha256,sha1,spki-sha256,serial-number,not-before,not-after,chip-id,model," \
  "pem\r\n"

static void
append_hex_field (GString *text, const guint8 *data, gsize length)
{
  append_hex (text, data, length);
  g_string_append_c (text, ',');
}

static void
append_time_field (GString *text, gint64 seconds)
{
  append_time (text, seconds);
  g_string_append_c (text, ',');
}

static void
append_text_field (GString *text, const char *value)
{
  append_csv_field (text, value);
  g_string_append_c (text, ',');
}

static void
csv_line (GString *text, const ManifestRow *row, const ManifestContext *context)
{
  append_text_field (text, row->device);
  append_text_field (text, row->batch);
  append_text_field (text, row->profile);
  append_hex_field (text, row->sha256, 32);
  append_hex_field (text, row->sha1, 20);
  append_hex_field (text, row->spki_sha256, 32);
  append_hex_field (text, row->serial_number, row->serial_number_length);
  append_time_field (text, row->not_before);
  append_time_field (text, row->not_after);
  append_text_field (text, row->chip_id == NULL ? "" : row->chip_id);
  append_text_field (text, row->model == NULL ? "" : row->model);
  g_string_append_c (text, '"');
  append_pem (text, row->der, row->der_length, "\n");
  append_literal (text, "\"\r\n");
}

static GHashTable *
read_csv_fields (const char *line, gsize length)
{
  return csv_fields (HEADER, line, length);
}

const ManifestWriter manifest_csv = {
  .format = { .name = "csv",
              .title = "CSV, one row a device (RFC 4180)",
              .file_suffix = ".csv",
              .use = N_ ("a table, one row a unit: for spreadsheets and databases"),
              .next = "keycradle manifest verify {file}" },
  .version = 2,
  .header = HEADER,
  .line = csv_line,
  .fields = read_csv_fields,
  .certificate_field = "pem",
  .device_field = "device",
  .quoted = TRUE,
};

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * JSON lines: everything the ledger knows of a certificate, one object a device, with the
 * keys of docs/api.md.
 */
#include "base/text.h"
#include "db/manifest-private.h"

static void
append_name (GString *text, const char *name)
{
  g_string_append_c (text, '"');
  g_string_append (text, name);
  g_string_append (text, "\":");
}

static void
append_member (GString *text, const char *name, const char *value)
{
  append_name (text, name);
  append_json_string (text, value);
  g_string_append_c (text, ',');
}

static void
append_hex_member (GString *text, const char *name, const guint8 *data, gsize length)
{
  append_name (text, name);
  g_string_append_c (text, '"');
  append_hex (text, data, length);
  g_string_append (text, "\",");
}

static void
append_time_member (GString *text, const char *name, gint64 seconds)
{
  append_name (text, name);
  g_string_append_c (text, '"');
  append_time (text, seconds);
  g_string_append (text, "\",");
}

static void
jsonl_line (GString *text, const ManifestRow *row, const ManifestContext *context)
{
  g_string_append_c (text, '{');
  append_member (text, "device", row->device);
  append_member (text, "batch", row->batch);
  append_member (text, "profile", row->profile);
  if (row->chip_id != NULL)
    append_member (text, "chip-id", row->chip_id);
  if (row->model != NULL)
    append_member (text, "model", row->model);
  append_member (text, "subject", row->subject);
  append_hex_member (text, "serial-number", row->serial_number, row->serial_number_length);
  append_hex_member (text, "sha256", row->sha256, 32);
  append_hex_member (text, "sha1", row->sha1, 20);
  append_hex_member (text, "spki-sha256", row->spki_sha256, 32);
  append_time_member (text, "not-before", row->not_before);
  append_time_member (text, "not-after", row->not_after);
  append_time_member (text, "issued-at", row->issued_at / G_USEC_PER_SEC);
  append_time_member (text, "verified-at", row->verified_at / G_USEC_PER_SEC);
  g_string_append_printf (text, "\"log-index\":%" G_GINT64_FORMAT ",\"pem\":\"", row->log_index);
  append_pem (text, row->der, row->der_length, "\\n");
  g_string_append (text, "\"}\n");
}

const ManifestWriter manifest_jsonl = {
  .format = { .name = "jsonl",
              .title = "JSON lines, one object a device",
              .file_suffix = ".jsonl",
              .use = N_ ("JSON lines, one object a unit: for programs of your own"),
              .next = "keycradle manifest verify {file}" },
  .version = 2,
  .line = jsonl_line,
  .fields = json_fields,
  .certificate_field = "pem",
  .device_field = "device",
};

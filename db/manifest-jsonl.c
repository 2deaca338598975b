/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * JSON lines: everything the ledger knows of a certificate, one object a device, with the
 * keys of docs/api.md.
 */
#include "base/text.h"
#include "db/manifest-private.h"

/* `name` comes with its quotes, its colon and what opens the value. */
#define append_hex_member(text, name, data, length)                                                \
  do {                                                                                             \
    append_literal (text, name);                                                                   \
    append_hex (text, data, length);                                                               \
    append_literal (text, "\",");                                                                  \
  } while (0)
#define append_time_member(text, name, seconds)                                                    \
  do {                                                                                             \
    append_literal (text, name);                                                                   \
    append_time (text, seconds);                                                                   \
    append_literal (text, "\",");                                                                  \
  } while (0)
#define append_member(text, name, value)                                                           \
  do {                                                                                             \
    append_literal (text, name);                                                                   \
    append_json_string (text, value);                                                              \
    append_literal (text, ",");                                                                    \
  } while (0)

static void
jsonl_line (GString *text, const ManifestRow *row, const ManifestContext *context)
{
  append_member (text, "{\"device\":", row->device);
  append_member (text, "\"batch\":", row->batch);
  append_member (text, "\"profile\":", row->profile);
  if (row->chip_id != NULL)
    append_member (text, "\"chip-id\":", row->chip_id);
  if (row->model != NULL)
    append_member (text, "\"model\":", row->model);
  append_member (text, "\"subject\":", row->subject);
  append_hex_member (text, "\"serial-number\":\"", row->serial_number, row->serial_number_length);
  append_hex_member (text, "\"sha256\":\"", row->sha256, 32);
  append_hex_member (text, "\"sha1\":\"", row->sha1, 20);
  append_hex_member (text, "\"spki-sha256\":\"", row->spki_sha256, 32);
  append_time_member (text, "\"not-before\":\"", row->not_before);
  append_time_member (text, "\"not-after\":\"", row->not_after);
  append_time_member (text, "\"issued-at\":\"", row->issued_at / G_USEC_PER_SEC);
  append_time_member (text, "\"verified-at\":\"", row->verified_at / G_USEC_PER_SEC);
  append_literal (text, "\"log-index\":");
  append_number (text, row->log_index);
  append_literal (text, ",\"pem\":\"");
  append_pem (text, row->der, row->der_length, "\\n");
  append_literal (text, "\"}\n");
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

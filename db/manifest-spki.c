/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Public keys alone, one JSON object a device: for registries that know raw keys (RFC 7250) and for
 * lists of pins. The hash is that of the SubjectPublicKeyInfo, as in RFC 7469 and in the ledger.
 */
#include "base/certificate.h"
#include "base/text.h"
#include "db/manifest-private.h"

static char *
spki_refusal (const ManifestRow *row, const ManifestContext *context)
{
  CertificateParts parts;

  return certificate_split (row->der, row->der_length, &parts)
             ? NULL
             : g_strdup ("its certificate can't be read");
}

static void
spki_line (GString *text, const ManifestRow *row, const ManifestContext *context)
{
  CertificateParts parts = { 0 };

  certificate_split (row->der, row->der_length, &parts);
  append_literal (text, "{\"device\":");
  append_json_string (text, row->device);
  append_literal (text, ",\"spki-sha256\":\"");
  append_hex (text, row->spki_sha256, 32);
  append_literal (text, "\",\"public-key\":\"");
  append_pem_block (text, "PUBLIC KEY", parts.spki.data, parts.spki.length, "\\n");
  append_literal (text, "\"}\n");
}

const ManifestWriter manifest_spki = {
  .format = { .name = "spki",
              .title = "Public keys, one JSON object a device",
              .file_suffix = ".jsonl",
              .use = N_ ("public keys alone: for pins and raw public keys"),
              .next = "keycradle manifest verify {file}" },
  .version = 1,
  .refusal = spki_refusal,
  .line = spki_line,
  .fields = json_fields,
  .certificate_field = "spki-sha256",
  .identity = MANIFEST_BY_SPKI,
  .device_field = "device",
  .mark_field = "public-key",
};

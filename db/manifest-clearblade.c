/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClearBlade IoT Core, which took over the API of Google Cloud IoT Core: one device resource a
 * line, as its devices.create takes it. A credential there is an RSA key, or an EC key on P-256.
 */
#include <string.h>

#include "base/certificate.h"
#include "base/text.h"
#include "db/manifest-device-name.h"

#define SHORTEST_ID 3

static const DeviceNameRule id_rule = {
  .receiver = "ClearBlade", .noun = "device", .name = "device id", .extra = "-._+~%", .longest = 255
};

/* NULL where ClearBlade does not know such keys. */
static const char *
credential_format (const ManifestRow *row)
{
  CertificateParts parts;
  CertificateKey key;

  if (!certificate_split (row->der, row->der_length, &parts)
      || !certificate_part_key (parts.spki, &key))
    return NULL;
  if (g_str_equal (key.type, "rsa"))
    return "RSA_X509_PEM";
  return g_str_equal (key.type, "p-256") ? "ES256_X509_PEM" : NULL;
}

static char *
clearblade_refusal (const ManifestRow *row, const ManifestContext *context)
{
  const char *id = manifest_device_name (row);

  if (strlen (id) < SHORTEST_ID || !g_ascii_isalpha (id[0])) {
    g_autofree char *shown = text_for_display (id, 64);
    return g_strdup_printf (
        "its common name %s can't be a device id: ClearBlade takes 3 characters "
        "or more, a letter first",
        shown);
  }
  if (credential_format (row) == NULL)
    return g_strdup (
        "its key is of a kind that ClearBlade does not take: only RSA and EC on P-256");
  return manifest_refuse_device (row, context, &id_rule);
}

static void
clearblade_line (GString *text, const ManifestRow *row, const ManifestContext *context)
{
  append_literal (text, "{\"id\":");
  append_json_string (text, manifest_device_name (row));
  append_literal (text, ",\"credentials\":[{\"publicKey\":{\"format\":\"");
  g_string_append (text, credential_format (row));
  append_literal (text, "\",\"key\":\"");
  append_pem (text, row->der, row->der_length, "\\n");
  append_literal (text, "\"},\"expirationTime\":\"");
  append_time (text, row->not_after);
  append_literal (text, "\"}],\"metadata\":{\"serialNumber\":");
  append_json_string (text, row->device);
  append_literal (text, "}}\n");
}

const ManifestWriter manifest_clearblade = {
  .format = { .name = "clearblade",
              .title = "ClearBlade IoT Core, devices (JSON lines)",
              .file_suffix = ".ndjson",
              .use = N_ ("ClearBlade IoT Core: one device resource a line"),
              .next = "keycradle manifest verify {file}" },
  .version = 1,
  .refusal = clearblade_refusal,
  .line = clearblade_line,
  .fields = json_fields,
  .certificate_field = "credentials.0.publicKey.key",
  .device_field = "metadata.serialNumber",
  .unique_names = TRUE,
};

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Azure IoT Hub's import job: devices.txt, one ExportImportDevice a line. The hub knows a device by
 * the certificate's SHA-256 thumbprint; where the target's mode has a CA, which then is registered
 * with the hub, by the CA and the common name, and the thumbprint stands in statusReason (128
 * characters for people) alone.
 */
#include <string.h>

#include "base/text.h"
#include "db/manifest-device-name.h"

#define REASON "certificate "
#define THUMBPRINT "authentication.x509Thumbprint.primaryThumbprint"

static gboolean
by_authority (const ManifestContext *context)
{
  return context->target != NULL && context->target->mode == TARGET_REGISTERED_CA;
}

static char *
azure_hub_refusal (const ManifestRow *row, const ManifestContext *context)
{
  static const DeviceNameRule rule = { "Azure", "device", "device id", "-:.+%_#*?!(),=@;$'", 128 };

  if (by_authority (context) && (row->common_name == NULL || row->common_name[0] == '\0'))
    return g_strdup ("its certificate has no common name, by which Azure knows devices of a CA");
  return manifest_refuse_device (row, context, &rule);
}

static void
azure_hub_line (GString *text, const ManifestRow *row, const ManifestContext *context)
{
  g_string_append (text, "{\"id\":");
  append_json_string (text, manifest_device_name (row));
  g_string_append (text, ",\"importMode\":\"create\",\"status\":\"enabled\",");
  if (by_authority (context))
    g_string_append (text, "\"statusReason\":\"" REASON);
  else
    g_string_append (text, "\"authentication\":{\"type\":\"selfSigned\",\"x509Thumbprint\":"
                           "{\"primaryThumbprint\":\"");
  append_hex (text, row->sha256, 32);
  g_string_append (text, by_authority (context)
                             ? "\",\"authentication\":{\"type\":\"certificateAuthority\"}}\n"
                             : "\"}}}\n");
}

/* Either way the thumbprint is where the first has it. */
static GHashTable *
azure_hub_fields (const char *line, gsize length)
{
  GHashTable *fields = json_fields (line, length);
  const char *reason = fields == NULL ? NULL : g_hash_table_lookup (fields, "statusReason");

  if (reason != NULL && g_str_has_prefix (reason, REASON))
    g_hash_table_insert (fields, g_strdup (THUMBPRINT), g_strdup (reason + strlen (REASON)));
  return fields;
}

const ManifestWriter manifest_azure_hub = {
  .format = { .name = "azure-hub",
              .title = "Azure IoT Hub import job (devices.txt)",
              .file_suffix = ".txt",
              .use = N_ ("Azure IoT Hub: registers all units in one job"),
              .next = "az storage blob upload --account-name ACCOUNT --container-name CONTAINER "
                      "--name devices.txt --file {file} && "
                      "az iot hub device-identity import --hub-name HUB "
                      "--input-blob-container-uri URI --output-blob-container-uri URI" },
  .version = 1,
  .refusal = azure_hub_refusal,
  .line = azure_hub_line,
  .fields = azure_hub_fields,
  .certificate_field = THUMBPRINT,
  .identity = MANIFEST_BY_SHA256,
  .device_field = "id",
  .mark_field = "importMode",
  .unique_names = TRUE,
};

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Azure's Device Provisioning Service: individual enrolments, ten in the body of one POST, a body a
 * line. The registration id is the certificate's common name; the service takes it for the same
 * whatever the case, and writes it in lower case. One id twice fails the whole call.
 */
#include <string.h>

#include "base/text.h"
#include "db/manifest-device-name.h"

#define LONGEST_NAME 64 /* of a common name (RFC 5280, appendix A.1) */
#define IN_ENVELOPE 10

static char *
azure_dps_refusal (const ManifestRow *row, const ManifestContext *context)
{
  static const DeviceNameRule rule = { "Azure", "enrolment", "registration id",
                                       "-._:", LONGEST_NAME };
  const char *name = row->common_name;
  char *refusal;

  if (name == NULL || name[0] == '\0')
    return g_strdup ("its certificate has no common name, which Azure takes for the registration "
                     "id");
  refusal = manifest_refuse_device (row, context, &rule);
  if (refusal != NULL || g_ascii_isalnum (name[strlen (name) - 1])
      || name[strlen (name) - 1] == '-')
    return refusal;
  return g_strdup ("its common name can't be a registration id: Azure takes none that ends in . _ "
                   "or :");
}

static void
azure_dps_line (GString *text, const ManifestRow *row, const ManifestContext *context)
{
  g_autofree char *registration = g_ascii_strdown (row->common_name, -1);

  g_string_append (text, "{\"registrationId\":");
  append_json_string (text, registration);
  g_string_append (text, ",\"deviceId\":");
  append_json_string (text, row->common_name);
  g_string_append (text, ",\"attestation\":{\"type\":\"x509\",\"x509\":{\"clientCertificates\":"
                         "{\"primary\":{\"certificate\":\"");
  append_pem (text, row->der, row->der_length, "\\n");
  g_string_append (text, "\"}}}},\"provisioningStatus\":\"enabled\"}");
}

const ManifestWriter manifest_azure_dps = {
  .format = { .name = "azure-dps",
              .title = "Azure DPS individual enrolments, ten a call",
              .file_suffix = ".jsonl",
              .use = N_ ("Azure DPS: enrols units, ten in each call"),
              .next = "while IFS= read -r body; do printf '%s' \"$body\" | az rest --method post "
                      "--resource https://azure-devices-provisioning.net "
                      "--uri 'https://DPS.azure-devices-provisioning.net/enrollments"
                      "?api-version=2021-10-01' --body @/dev/stdin; done < {file}" },
  .version = 1,
  .refusal = azure_dps_refusal,
  .line = azure_dps_line,
  .fields = json_fields,
  .certificate_field = "attestation.x509.clientCertificates.primary.certificate",
  .device_field = "deviceId",
  .mark_field = "registrationId",
  .group = IN_ENVELOPE,
  .opening = "{\"mode\":\"create\",\"enrollments\":[",
  .separator = ",",
  .closing = "]}\n",
  .unique_names = TRUE,
};

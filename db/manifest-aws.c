/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * AWS IoT bulk registration: one JSON object a line, its keys the parameters of the
 * template that StartThingRegistrationTask is given. AWS refuses a bad line without a word
 * until the task's report; here it is refused before it leaves the house.
 */
#include <string.h>

#include "base/text.h"
#include "db/manifest-private.h"

#define LONGEST_VALUE 4096
#define LONGEST_LINE (256 * 1024)
#define LONGEST_ATTRIBUTE 800
#define LONGEST_NAME 128
#define LETTERS_AND_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
#define THING_NAME LETTERS_AND_DIGITS ":_-"
#define ATTRIBUTE LETTERS_AND_DIGITS "_.,@/:#=[]-"
#define POLICY_NAME LETTERS_AND_DIGITS "_+=,.@-"

static gboolean
consists_of (const char *value, const char *alphabet, gsize longest)
{
  gsize length = strlen (value);

  return length <= longest && strspn (value, alphabet) == length;
}

static const char *
thing_name (const ManifestRow *row)
{
  return row->common_name != NULL && row->common_name[0] != '\0' ? row->common_name : row->device;
}

static gsize
pem_length (gsize der_length)
{
  gsize digits = (der_length + 2) / 3 * 4;

  return digits + (digits + 63) / 64 + strlen ("-----BEGIN CERTIFICATE-----\n")
         + strlen ("-----END CERTIFICATE-----\n");
}

static char *
aws_refusal (const ManifestRow *row, const ManifestContext *context)
{
  const char *name = thing_name (row);
  g_autofree char *shown = text_for_display (name, 64);

  if (name[0] == '\0' || !consists_of (name, THING_NAME, LONGEST_NAME))
    return g_strdup_printf ("its common name %s can't be a thing name: AWS takes 1 to 128 letters, "
                            "digits and : _ -",
                            shown);
  if (row->name_taken)
    return g_strdup_printf ("its common name %s is another device's thing name already: AWS would "
                            "make one thing of the two; the profile's subject must tell devices "
                            "apart",
                            shown);
  if (!consists_of (row->device, ATTRIBUTE, LONGEST_ATTRIBUTE))
    return g_strdup ("its serial can't be a thing attribute of AWS");
  if (row->not_after <= context->now)
    return g_strdup ("its certificate has expired");
  if (pem_length (row->der_length) > LONGEST_VALUE)
    return g_strdup_printf ("its certificate is longer than the %d characters that AWS takes",
                            LONGEST_VALUE);
  if (manifest_authority_of (context, row)->pem_length > LONGEST_VALUE)
    return g_strdup_printf ("the CA certificate is longer than the %d characters that AWS takes",
                            LONGEST_VALUE);
  /* Four values within their own limits can't exceed the limit of a line. */
  G_STATIC_ASSERT (LONGEST_NAME + LONGEST_ATTRIBUTE + 2 * 2 * LONGEST_VALUE + 256 < LONGEST_LINE);
  return NULL;
}

static void
aws_line (GString *text, const ManifestRow *row, const ManifestContext *context)
{
  g_string_append (text, "{\"ThingName\":");
  append_json_string (text, thing_name (row));
  g_string_append (text, ",\"SerialNumber\":");
  append_json_string (text, row->device);
  g_string_append (text, ",\"CertificatePem\":\"");
  append_pem (text, row->der, row->der_length, "\\n");
  g_string_append (text, "\",\"CACertificatePem\":\"");
  g_string_append (text, manifest_authority_of (context, row)->pem);
  g_string_append (text, "\"}\n");
}

static char *
aws_template (const ManifestContext *context, GError **error)
{
  const char *policy = context->target == NULL ? "" : context->target->policy;

  return manifest_aws_template (*policy != '\0' ? policy : NULL, error);
}

const ManifestWriter manifest_aws = {
  .format = { .name = "aws",
              .title = "AWS IoT bulk registration (StartThingRegistrationTask)",
              .file_suffix = ".ndjson",
              .use = N_ ("AWS IoT: registers all units in one go"),
              .next = "aws s3 cp {file} s3://BUCKET/{name} && "
                      "aws iot start-thing-registration-task "
                      "--template-body file://{file}.template.json --input-file-bucket BUCKET "
                      "--input-file-key {name} --role-arn arn:aws:iam::ACCOUNT:role/ROLE" },
  .version = 1,
  .refusal = aws_refusal,
  .line = aws_line,
  .fields = json_fields,
  .certificate_field = "CertificatePem",
  .device_field = "SerialNumber",
  .unique_names = TRUE,
  .template = aws_template,
  .template_suffix = ".template.json",
};

#define TEMPLATE_BEGIN                                                                             \
  "{\n"                                                                                            \
  "  \"Parameters\": {\n"                                                                          \
  "    \"ThingName\": {\"Type\": \"String\"},\n"                                                   \
  "    \"SerialNumber\": {\"Type\": \"String\"},\n"                                                \
  "    \"CertificatePem\": {\"Type\": \"String\"},\n"                                              \
  "    \"CACertificatePem\": {\"Type\": \"String\"}\n"                                             \
  "  },\n"                                                                                         \
  "  \"Resources\": {\n"                                                                           \
  "    \"thing\": {\n"                                                                             \
  "      \"Type\": \"AWS::IoT::Thing\",\n"                                                         \
  "      \"Properties\": {\n"                                                                      \
  "        \"ThingName\": {\"Ref\": \"ThingName\"},\n"                                             \
  "        \"AttributePayload\": {\"serialNumber\": {\"Ref\": \"SerialNumber\"}}\n"                \
  "      },\n"                                                                                     \
  "      \"OverrideSettings\": {\"AttributePayload\": \"MERGE\"}\n"                                \
  "    },\n"                                                                                       \
  "    \"certificate\": {\n"                                                                       \
  "      \"Type\": \"AWS::IoT::Certificate\",\n"                                                   \
  "      \"Properties\": {\n"                                                                      \
  "        \"CertificatePem\": {\"Ref\": \"CertificatePem\"},\n"                                   \
  "        \"CACertificatePem\": {\"Ref\": \"CACertificatePem\"},\n"                               \
  "        \"Status\": \"ACTIVE\"\n"                                                               \
  "      },\n"                                                                                     \
  "      \"OverrideSettings\": {\"Status\": \"DO_NOTHING\"}\n"                                     \
  "    }"

char *
manifest_aws_template (const char *policy_name, GError **error)
{
  if (policy_name == NULL)
    return g_strdup (TEMPLATE_BEGIN "\n  }\n}\n");
  if (policy_name[0] != '\0' && consists_of (policy_name, POLICY_NAME, LONGEST_NAME))
    return g_strdup_printf (TEMPLATE_BEGIN ",\n"
                                           "    \"policy\": {\n"
                                           "      \"Type\": \"AWS::IoT::Policy\",\n"
                                           "      \"Properties\": {\"PolicyName\": \"%s\"}\n"
                                           "    }\n  }\n}\n",
                            policy_name);
  g_set_error_literal (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
                       "an AWS policy name is 1 to 128 letters, digits and _ + = , . @ -");
  return NULL;
}

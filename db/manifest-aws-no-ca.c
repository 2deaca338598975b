/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * AWS IoT bulk registration without the CA's certificate in each line: half the size. AWS finds the
 * CA by its subject, so it must be the only one of that subject in the account and region.
 */
#include "base/text.h"
#include "db/manifest-aws-private.h"

static char *
aws_no_ca_refusal (const ManifestRow *row, const ManifestContext *context)
{
  char *refusal = aws_refuse_device (row, context);

  if (refusal == NULL)
    refusal =
        aws_refuse_length ("its certificate", aws_pem_length (row->der_length, "CERTIFICATE"));
  return refusal;
}

static void
aws_no_ca_line (GString *text, const ManifestRow *row, const ManifestContext *context)
{
  aws_append_names (text, row);
  g_string_append (text, ",\"CertificatePem\":\"");
  append_pem (text, row->der, row->der_length, "\\n");
  g_string_append (text, "\"}\n");
}

static char *
make_template (const ManifestContext *context, GError **error)
{
  static const AwsParameter parameters[] = { { "CertificatePem", "CertificatePem" },
                                             { NULL, NULL } };

  return aws_template (context, parameters, error);
}

const ManifestWriter manifest_aws_no_ca = {
  .format = { .name = "aws-no-ca",
              .title = "AWS IoT bulk registration, the CA known by its subject",
              .file_suffix = ".ndjson",
              .use = N_ ("AWS IoT: as aws, where the CA's subject is there only once"),
              .next = "aws s3 cp {file} s3://BUCKET/{name} && "
                      "aws iot start-thing-registration-task "
                      "--template-body file://{file}.template.json --input-file-bucket BUCKET "
                      "--input-file-key {name} --role-arn arn:aws:iam::ACCOUNT:role/ROLE" },
  .version = 1,
  .refusal = aws_no_ca_refusal,
  .line = aws_no_ca_line,
  .fields = json_fields,
  .certificate_field = "CertificatePem",
  .device_field = "SerialNumber",
  .unique_names = TRUE,
  .template = make_template,
  .template_suffix = ".template.json",
};

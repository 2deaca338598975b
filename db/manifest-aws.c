/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * AWS IoT bulk registration: one JSON object a line, its keys the parameters of the template that
 * StartThingRegistrationTask is given. The CA goes along, so that it counts nothing how many of its
 * subject are registered in the account.
 */
#include "base/text.h"
#include "db/manifest-aws-private.h"

#define LONGEST_LINE (256 * 1024)

static char *
aws_refusal (const ManifestRow *row, const ManifestContext *context)
{
  char *refusal = aws_refuse_device (row, context);

  /* Four values within their own limits can't exceed the limit of a line. */
  G_STATIC_ASSERT (128 + 800 + 2 * 2 * AWS_LONGEST_VALUE + 256 < LONGEST_LINE);
  if (refusal == NULL)
    refusal =
        aws_refuse_length ("its certificate", aws_pem_length (row->der_length, "CERTIFICATE"));
  if (refusal == NULL)
    refusal =
        aws_refuse_length ("the CA certificate", manifest_authority_of (context, row)->pem_length);
  return refusal;
}

static void
aws_line (GString *text, const ManifestRow *row, const ManifestContext *context)
{
  aws_append_names (text, row);
  append_literal (text, ",\"CertificatePem\":\"");
  append_pem (text, row->der, row->der_length, "\\n");
  append_literal (text, "\",\"CACertificatePem\":\"");
  g_string_append (text, manifest_authority_of (context, row)->pem);
  append_literal (text, "\"}\n");
}

static char *
make_template (const ManifestContext *context, GError **error)
{
  static const AwsParameter parameters[] = { { "CertificatePem", "CertificatePem" },
                                             { "CACertificatePem", "CACertificatePem" },
                                             { NULL, NULL } };

  return aws_template (context, parameters, error);
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
  .mark_field = "CACertificatePem",
  .unique_names = TRUE,
  .template = make_template,
  .template_suffix = ".template.json",
};

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * AWS IoT bulk registration with the devices' requests: AWS signs them with a CA of its own, and
 * what it makes is in the task's results. For profiles that keep requests.
 */
#include "base/encode.h"
#include "base/text.h"
#include "db/manifest-aws-private.h"

#define LABEL "CERTIFICATE REQUEST"

static char *
aws_csr_refusal (const ManifestRow *row, const ManifestContext *context)
{
  char *refusal = aws_refuse_device (row, context);

  if (refusal == NULL)
    refusal =
        aws_refuse_length ("its certificate request", aws_pem_length (row->request_length, LABEL));
  return refusal;
}

static void
aws_csr_line (GString *text, const ManifestRow *row, const ManifestContext *context)
{
  g_autofree char *pem = pem_encode (LABEL, row->request, row->request_length);

  aws_append_names (text, row);
  g_string_append (text, ",\"CSR\":");
  append_json_string (text, pem);
  g_string_append (text, "}\n");
}

static char *
make_template (const ManifestContext *context, GError **error)
{
  static const AwsParameter parameters[] = { { "CSR", "CertificateSigningRequest" },
                                             { NULL, NULL } };

  return aws_template (context, parameters, error);
}

const ManifestWriter manifest_aws_csr = {
  .format = { .name = "aws-csr",
              .title = "AWS IoT bulk registration with requests that AWS signs",
              .file_suffix = ".ndjson",
              .use = N_ ("AWS IoT: has AWS itself sign the units' requests"),
              .next = "aws s3 cp {file} s3://BUCKET/{name} && "
                      "aws iot start-thing-registration-task "
                      "--template-body file://{file}.template.json --input-file-bucket BUCKET "
                      "--input-file-key {name} --role-arn arn:aws:iam::ACCOUNT:role/ROLE" },
  .version = 1,
  .refusal = aws_csr_refusal,
  .line = aws_csr_line,
  .fields = json_fields,
  .certificate_field = "SerialNumber",
  .identity = MANIFEST_BY_DEVICE,
  .device_field = "SerialNumber",
  .mark_field = "CSR",
  .needs_request = TRUE,
  .unique_names = TRUE,
  .template = make_template,
  .template_suffix = ".template.json",
};

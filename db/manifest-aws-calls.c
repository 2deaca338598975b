/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A batch as calls for the aws CLI: what AWS's bulk registration does not know (certificates
 * without a CA), or where nobody may start a bulk task. A line a device; the script that makes the
 * calls stands beside.
 */
#include <string.h>

#include "base/aws-call.h"
#include "base/encode.h"
#include "base/text.h"
#include "db/manifest-aws-private.h"

static const char *const columns[] = { "stage", "device", "sha256", "account", "region", "thing" };

static char *
aws_calls_refusal (const ManifestRow *row, const ManifestContext *context)
{
  return aws_refuse_device (row, context);
}

static gboolean
has_authority (const Target *target)
{
  return target->mode == TARGET_REGISTERED_CA || target->mode == TARGET_SNI_ONLY;
}

static void
aws_calls_line (GString *text, const ManifestRow *row, const ManifestContext *context)
{
  const Target *target = context->target;
  g_autofree char *sha256 = hex_encode (row->sha256, 32);
  g_autofree char *certificate = pem_encode ("CERTIFICATE", row->der, row->der_length);
  GBytes *ca = manifest_authority_of (context, row)->der;
  g_autofree char *authority =
      pem_encode ("CERTIFICATE", g_bytes_get_data (ca, NULL), g_bytes_get_size (ca));
  const AwsAccount account = { target->account,    target->region,      target->policy,
                               target->thing_type, target->thing_group, has_authority (target) };
  const AwsSubject subject = { row->device, manifest_device_name (row), sha256, certificate,
                               authority };
  const AwsOperation operation = { .operation = "register", .to_status = "ACTIVE" };

  aws_calls_append (text, &account, &subject, &operation);
}

/* The columns by name, and each call's JSON by its operation. */
static GHashTable *
aws_calls_fields (const char *line, gsize length)
{
  g_autofree char *copy = g_strndup (line, length);
  g_auto (GStrv) parts = NULL;
  GHashTable *fields;
  guint count;

  g_strchomp (copy);
  parts = g_strsplit (copy, "\t", -1);
  count = g_strv_length (parts);
  if (count < G_N_ELEMENTS (columns) + 2 || count % 2 != 0 || !g_utf8_validate (copy, -1, NULL))
    return NULL;
  fields = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    g_hash_table_insert (fields, g_strdup (columns[i]), g_strdup (parts[i]));
  for (guint i = G_N_ELEMENTS (columns); i < count; i += 2)
    g_hash_table_insert (fields, g_strdup (parts[i]), g_strdup (parts[i + 1]));
  return fields;
}

static char *
make_script (const ManifestContext *context, GError **error)
{
  const Target *target = context->target;

  if (g_str_equal (target->kind, "aws") && target->mode != TARGET_CSR)
    return g_strdup (aws_calls_script ());
  g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
               "target %s is of kind %s and mode %s: calls are for AWS accounts that take "
               "certificates; for requests that AWS signs there is aws-csr",
               target->name, target->kind, target_mode_word (target->mode));
  return NULL;
}

const ManifestWriter manifest_aws_calls = {
  .format = { .name = "aws-calls",
              .title = "AWS IoT, calls for the aws CLI with a script",
              .file_suffix = ".calls",
              .use = N_ ("AWS IoT: calls for the aws CLI, and a script that makes them"),
              .next = "sh {file}.sh" },
  .version = 1,
  .refusal = aws_calls_refusal,
  .line = aws_calls_line,
  .fields = aws_calls_fields,
  .certificate_field = "sha256",
  .identity = MANIFEST_BY_SHA256,
  .device_field = "device",
  .mark_field = "stage",
  .needs_target = TRUE,
  .unique_names = TRUE,
  .template = make_script,
  .template_suffix = ".sh",
};

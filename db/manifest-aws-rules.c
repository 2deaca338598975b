/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See manifest-aws-private.h. AWS refuses a bad line without a word until the task's report; here
 * it is refused before it leaves the house.
 */
#include "db/manifest-aws-private.h"

#include <string.h>

#define LONGEST_ATTRIBUTE 800
/* Older models of the API have no = [ ] here, so neither have we. */
#define ATTRIBUTE_EXTRA "_.,@/:#-"

char *
aws_refuse_device (const ManifestRow *row, const ManifestContext *context)
{
  static const DeviceNameRule rule = { "AWS", "thing", "thing name", ":_-", 128 };
  char *refusal = manifest_refuse_device (row, context, &rule);

  if (refusal == NULL && !manifest_text_fits (row->device, ATTRIBUTE_EXTRA, LONGEST_ATTRIBUTE))
    refusal = g_strdup ("its serial can't be a thing attribute of AWS");
  return refusal;
}

gsize
aws_pem_length (gsize der_length, const char *label)
{
  const gsize digits = (der_length + 2) / 3 * 4;

  return digits + (digits + 63) / 64 + strlen ("-----BEGIN -----\n-----END -----\n")
         + 2 * strlen (label);
}

char *
aws_refuse_length (const char *what, gsize length)
{
  if (length <= AWS_LONGEST_VALUE)
    return NULL;
  return g_strdup_printf ("%s is longer than the %d characters that AWS takes", what,
                          AWS_LONGEST_VALUE);
}

void
aws_append_names (GString *text, const ManifestRow *row)
{
  g_string_append (text, "{\"ThingName\":");
  append_json_string (text, manifest_device_name (row));
  g_string_append (text, ",\"SerialNumber\":");
  append_json_string (text, row->device);
}

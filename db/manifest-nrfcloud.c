/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nRF Cloud's onboarding CSV: no header, LF, quotes only where they must be, as Python's csv writes
 * it with QUOTE_MINIMAL (nRFCloud/utils). At most 1000 rows a file. A target's thing group holds
 * tags with | between; those that are names of firmware types go into the column for these.
 */
#include <string.h>

#include "base/text.h"
#include "db/manifest-device-name.h"

#define MOST_ROWS 1000
/* Only to name the columns when a file is read again. */
#define COLUMNS "deviceId,subType,tags,fwTypes,certificate\n"

static const char *const firmware_types[] = { "APP",        "MODEM",      "BOOT",
                                              "SOFTDEVICE", "BOOTLOADER", NULL };

static char *
nrfcloud_refusal (const ManifestRow *row, const ManifestContext *context)
{
  static const DeviceNameRule rule = { "nRF Cloud", "device", "device id", ":_-", 128 };

  return manifest_refuse_device (row, context, &rule);
}

/* The words of `list` that are firmware types, or those that are none, with | between. */
static void
append_words (GString *text, const char *list, gboolean firmware)
{
  g_auto (GStrv) words = g_strsplit (list, "|", -1);
  gboolean first = TRUE;

  for (guint i = 0; words[i] != NULL; i++) {
    if (g_strv_contains (firmware_types, words[i]) != firmware || words[i][0] == '\0')
      continue;
    g_string_append (text, first ? "" : "|");
    g_string_append (text, words[i]);
    first = FALSE;
  }
}

/* A field as Python's QUOTE_MINIMAL has it. */
static void
append_minimal (GString *text, const char *value)
{
  const gboolean quotes = strpbrk (value, ",\"\r\n") != NULL;

  g_string_append (text, quotes ? "\"" : "");
  for (const char *at = value; *at != '\0'; at++)
    g_string_append (text, *at == '"' ? "\"\"" : (char[]){ *at, '\0' });
  g_string_append (text, quotes ? "\"," : ",");
}

static void
nrfcloud_line (GString *text, const ManifestRow *row, const ManifestContext *context)
{
  const Target *target = context->target;
  g_autoptr (GString) tags = g_string_new (NULL);
  g_autoptr (GString) types = g_string_new (NULL);

  if (target != NULL) {
    append_words (tags, target->thing_group, FALSE);
    append_words (types, target->thing_group, TRUE);
  }
  append_minimal (text, manifest_device_name (row));
  append_minimal (text, target == NULL ? "" : target->thing_type);
  append_minimal (text, tags->str);
  append_minimal (text, types->str);
  g_string_append_c (text, '"');
  append_pem (text, row->der, row->der_length, "\n");
  g_string_append (text, "\"\n");
}

static GHashTable *
nrfcloud_fields (const char *line, gsize length)
{
  return csv_fields (COLUMNS, line, length);
}

const ManifestWriter manifest_nrfcloud = {
  .format = { .name = "nrfcloud",
              .title = "nRF Cloud onboarding (CSV, 1000 rows a file)",
              .file_suffix = ".csv",
              .use = N_ ("nRF Cloud: onboards units, a thousand a file"),
              .next = "curl -H @API-KEY-HEADER -H 'Content-Type: text/csv' "
                      "--data-binary @{file} https://api.nrfcloud.com/v1/devices" },
  .version = 1,
  .refusal = nrfcloud_refusal,
  .line = nrfcloud_line,
  .fields = nrfcloud_fields,
  .certificate_field = "certificate",
  .device_field = "deviceId",
  .quoted = TRUE,
  .most_rows = MOST_ROWS,
  .unique_names = TRUE,
};

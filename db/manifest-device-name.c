/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See manifest-device-name.h.
 */
#include "db/manifest-device-name.h"

#include <string.h>

#include "base/text.h"

#define LETTERS_AND_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

const char *
manifest_device_name (const ManifestRow *row)
{
  return row->common_name != NULL && row->common_name[0] != '\0' ? row->common_name : row->device;
}

gboolean
manifest_text_fits (const char *value, const char *extra, gsize longest)
{
  const char *at = value;

  for (gsize got = 1; got > 0;) {
    got = strspn (at, LETTERS_AND_DIGITS);
    got += strspn (at + got, extra);
    at += got;
  }
  return *at == '\0' && (gsize)(at - value) <= longest;
}

char *
manifest_refuse_device (const ManifestRow *row, const ManifestContext *context,
                        const DeviceNameRule *rule)
{
  const char *name = manifest_device_name (row);
  const gboolean fits = name[0] != '\0' && manifest_text_fits (name, rule->extra, rule->longest);
  /* Most rows are fine: nothing is made for them. */
  g_autofree char *shown = fits && !row->name_taken ? NULL : text_for_display (name, 64);

  if (!fits)
    return g_strdup_printf ("its common name %s can't be a %s: %s takes 1 to %" G_GSIZE_FORMAT
                            " letters, digits and %s",
                            shown, rule->name, rule->receiver, rule->longest, rule->extra);
  if (row->name_taken)
    return g_strdup_printf ("its common name %s is another device's %s already: %s would make one "
                            "%s of the two; the profile's subject must tell devices apart",
                            shown, rule->name, rule->receiver, rule->noun);
  if (row->not_after <= context->now)
    return g_strdup ("its certificate has expired");
  return NULL;
}

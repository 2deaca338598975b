/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The list of formats. Their names stand in db/meson.build, and nowhere else.
 */
#include "db/manifest-formats.h"

#include "db/manifest-private.h"

#define DECLARE(name) extern const ManifestWriter manifest_##name;
#define ENTRY(name) &manifest_##name,

MANIFEST_FORMATS (DECLARE)

static const ManifestWriter *const writers[] = { MANIFEST_FORMATS (ENTRY) NULL };

const ManifestWriter *const *
manifest_writers (void)
{
  return writers;
}

const ManifestWriter *
manifest_writer (const char *name)
{
  for (guint i = 0; writers[i] != NULL; i++)
    if (g_strcmp0 (writers[i]->format.name, name) == 0)
      return writers[i];
  return NULL;
}

const ManifestFormat *const *
manifest_formats (void)
{
  static const ManifestFormat *formats[G_N_ELEMENTS (writers)];
  static gsize made = 0;

  if (g_once_init_enter (&made)) {
    for (guint i = 0; writers[i] != NULL; i++)
      formats[i] = &writers[i]->format;
    g_once_init_leave (&made, 1);
  }
  return formats;
}

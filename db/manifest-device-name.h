/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The name under which a cloud knows a device, and each cloud's rule for it.
 */
#pragma once

#include "db/manifest-private.h"

typedef struct {
  const char *receiver; /* "AWS" */
  const char *noun;     /* what it makes of a row: "thing" */
  const char *name;     /* "thing name" */
  const char *extra;    /* characters beside letters and digits */
  gsize longest;
} DeviceNameRule;

/* The certificate's common name; the device's serial where it has none. */
const char *manifest_device_name (const ManifestRow *row);

/* TRUE for up to `longest` letters, digits and `extra`; the empty text is such a one. */
gboolean manifest_text_fits (const char *value, const char *extra, gsize longest);

/* Why the receiver would refuse this device for its name, another device of that name, or a
 * certificate that has expired. NULL where it would not; free with g_free(). For formats with
 * `unique_names`. */
char *manifest_refuse_device (const ManifestRow *row, const ManifestContext *context,
                              const DeviceNameRule *rule);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * courier.conf: where the credentials of a target are, and how it is reached; courier.conf(5).
 */
#pragma once

#include <glib.h>

typedef struct {
  char *target;
  char *credentials; /* "file:/FULL/PATH" or "credential:NAME" */
  char *profile;     /* the section of a file of AWS credentials */
  char *proxy;       /* or NULL */
  char *address;     /* "127.0.0.1:8443", for tests; NULL: the cloud's own */
  char *ca_file;     /* the roots for `address` */
  gboolean things;   /* AWS: a thing for each device, also where the target has no type nor group */
  guint per_second;  /* of each call; 0: what the cloud documents */
  guint connections; /* at once */
} CourierSettings;

/* G_KEY_FILE_ERROR with file and line; NOT_FOUND of COURIER_ERROR where the file has no such
 * target. */
CourierSettings *courier_settings_load (const char *path, const char *target, GError **error);
void courier_settings_free (CourierSettings *settings);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CourierSettings, courier_settings_free)

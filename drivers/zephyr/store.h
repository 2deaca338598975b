/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Certificates in the device's places: by `cred del`, `cred buf` and `cred add`.
 */
#pragma once

#include "drivers/zephyr/proto.h"

/* A place for certificates, and what fits on the way there. */
typedef struct {
  const char *sec_tag; /* a number */
  const char *word;    /* its type as the shell is told it, and as it lists it: "CA", "SERV" */
  const char *name;    /* its type as the shell tells it otherwise */
  gboolean forms[2];   /* which ZephyrForm may be used */
  gsize buffer;        /* size of the device's credential buffer */
} ZephyrPlace;

/* Keeps `certificates` (of GBytes, DER) in `place`, in PEM where that may be and fits, else in DER.
 * DRIVER_ERROR_UNSUPPORTED where nothing fits, with what to change. */
gboolean zephyr_store (Transport *transport, const ZephyrPlace *place,
                       const GPtrArray *certificates, Deadline deadline, GError **error);

/* Looks whether the device lists what zephyr_store() kept: DRIVER_ERROR_READ_BACK where it does
 * not. */
gboolean zephyr_check_listed (Transport *transport, const ZephyrPlace *place,
                              const GPtrArray *certificates, Deadline deadline, GError **error);

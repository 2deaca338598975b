/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whether the station is well, check by check, from the status that the daemon tells. Pure.
 */
#pragma once

#include "ui-tui/model.h"

typedef enum {
  CHECK_OK,   /* nothing to do */
  CHECK_LOOK, /* somebody has to look at it today */
  CHECK_STOP, /* the line stands, or must not go on */
} CheckVerdict;

typedef struct {
  CheckVerdict verdict;
  char *title;  /* "Signer" */
  char *found;  /* a sentence */
  char *advice; /* what to do about it, or NULL */
} HealthCheck;

/* Of HealthCheck, the worst first. Free with g_ptr_array_unref(). */
GPtrArray *health_checks (const Model *model);

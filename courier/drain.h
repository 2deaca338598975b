/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The courier's day: takes what is due from the station, tells the cloud, answers; a page of
 * operations at a time, so that a million of them cost no memory. Nothing is lost whenever it is
 * killed: an operation is due until it is answered, and telling it twice is harmless.
 */
#pragma once

#include <signal.h>

#include "courier/clouds.h"
#include "courier/error.h"
#include "courier/settings.h"
#include "courier/station.h"

typedef enum {
  DRAIN_ALL,   /* until nothing waits that this run could still tell */
  DRAIN_ONCE,  /* what is due now, once */
  DRAIN_WATCH, /* until it is told to end */
} DrainMode;

typedef struct {
  StationLink *link;
  CloudTarget *target; /* owned by the caller */
  const CourierSettings *settings;
  const Credentials *credentials;
  DrainMode mode;
  const volatile sig_atomic_t *ending; /* not 0: finish what is under way, and return */
} DrainOrder;

/* Returns the exit status; with `error` set to a sentence where something ended it. */
CourierExit drain (const DrainOrder *order, GError **error);

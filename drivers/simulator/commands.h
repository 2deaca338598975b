/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What keycradle-sim can be told to do. Each returns the exit status.
 */
#pragma once

#include "drivers/simulator/bench.h"

typedef struct {
  guint pause_ms;  /* between the station's close and the operator's hand */
  guint replug;    /* how often each served device comes once more */
  gboolean events; /* print them */
} PlayOptions;

/* Plays the plan file at `path` until every device was served. */
int play_run (Bench *bench, const char *path, const PlayOptions *options);

/* Obeys the commands on standard input until "quit" or its end. */
int control_run (Bench *bench);

/* Plugs in one device, with a link at `link` where that is not NULL, prints its port and stays
 * until a signal, or until the device pulls itself out. */
int one_run (Bench *bench, DeviceSettings *settings, const char *link);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A machine from inside: machine.c pumps bytes and keeps the clock, power.c plugs
 * it in and out.
 */
#pragma once

#include <pthread.h>

#include "drivers/simulator/machine.h"
#include "drivers/simulator/wire.h"

#define MILLISECOND ((gint64)1000000)

struct Machine {
  MachineSettings settings;
  void (*run) (gpointer device);
  void (*notify) (gpointer device, MachineEvent event);
  gpointer device;

  GMutex mutex; /* for counters */
  MachineCounters counters;

  pthread_t thread;
  gboolean has_thread;
  int master;
  int kick; /* eventfd: something changed */
  int watch;
  gint pull; /* atomic: leave run() */
  char *port;
  char *link;

  /* The rest belongs to the thread. */
  Wire in, out;
  gint64 clock;
  guint burst;
  guint64 sent, received, pull_after_sent, pull_after_received;
  gboolean blocked; /* the pty takes no more */
  gboolean mute;
  gboolean heard; /* something came since power-up */
  gboolean pulled_itself;
  int extra; /* a further fd to wait for, or -1 */
  gboolean extra_ready;
};

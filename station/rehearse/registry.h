/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who is asked what is known of a certificate: a running station (station/cli/rehearse-station.c)
 * or files on a bench (known-files.h).
 */
#pragma once

#include "station/rehearse/facts.h"

typedef struct {
  gpointer data;
  /* Fills in `known` for what was shown, within seconds. Called in the connection's own thread,
   * several at a time. */
  void (*ask) (gpointer data, const Shown *shown, Known *known);
} RehearsalRegistry;

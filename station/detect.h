/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which slot has a device in it. Ports that the configuration names by path are watched as
 * files (ports.h); ports that it names by ID_PATH come from udev. Everything else that is plugged
 * into this PC is left alone: a tty that no slot claims is looked at only while a slot is being
 * learned, and only where some driver's allow-list names it.
 */
#pragma once

#include "station/config.h"

typedef struct Detector Detector;

typedef struct {
  /* A device came into slot `number`; `path` is its node or link. A replacement is reported as
   * removed, then added. */
  void (*added) (guint number, const char *path, gpointer data);
  void (*removed) (guint number, gpointer data);
  /* A device that no slot claims, allowed by a driver, came while detector_learn() is on. */
  void (*unclaimed) (const char *id_path, gpointer data);
} DetectorCallbacks;

/* Callbacks run on the main loop, the first ones from detector_start(). `config` is borrowed. */
Detector *detector_new (const Config *config, const DetectorCallbacks *callbacks, gpointer data,
                        GError **error);
void detector_free (Detector *detector);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Detector, detector_free)

/* Reports what is plugged in already, then what comes and goes. */
void detector_start (Detector *detector);

/* Whether unclaimed devices are reported. */
void detector_learn (Detector *detector, gboolean on);

/* The configuration's slot `number` was bound anew. */
void detector_rebind (Detector *detector, guint number);

/* The configuration's slots `first` and `second` have exchanged their id_paths, and whoever was
 * told of their devices has exchanged those: nothing comes or goes. */
void detector_swap (Detector *detector, guint first, guint second);

/* Looks again at the ports that are known by path: after an attempt that ended because its port
 * vanished. */
void detector_recheck (Detector *detector);

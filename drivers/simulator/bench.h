/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The work bench: all simulated devices of this process, by name, and the slots
 * they are plugged into. What happens to them arrives as events in one queue.
 */
#pragma once

#include "drivers/simulator/device.h"

typedef struct {
  Device *device;
  MachineEvent kind;
} BenchEvent;

typedef struct {
  char *ports;         /* folder of the slots' links */
  char *state;         /* folder of the devices' memory, or NULL */
  char *firmware;      /* for cortex-m3 devices that name none, or NULL */
  int lock;            /* on the folder of links, or -1 */
  GPtrArray *devices;  /* of Device, in the order in which they came */
  GAsyncQueue *events; /* of BenchEvent, to be freed with g_free() */
} Bench;

/* Makes the folder `ports` where it is missing. `ports` and `state` may be NULL. */
Bench *bench_new (const char *ports, const char *state, const char *firmware, GError **error);
void bench_free (Bench *bench);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Bench, bench_free)

/* A new device by its settings, which are taken over. It is not plugged in. */
Device *bench_add (Bench *bench, DeviceSettings *settings, GError **error);

/* The device called `name`, or NULL with error. */
Device *bench_find (Bench *bench, const char *name, GError **error);

/* Plugs `device` into `slot`, which must be empty. */
gboolean bench_plug (Bench *bench, Device *device, guint slot, GError **error);

/* Plugs `device` in with a link at `link`, or none where that is NULL; in no slot. */
gboolean bench_plug_link (Device *device, const char *link, GError **error);

void bench_unplug (Device *device);

/* "opened", "closed", "pulled". */
const char *bench_event_word (MachineEvent kind);

/* One JSON object in one line: for an event, for a device with all that a test wants to know,
 * for a problem. Free with g_free(). */
char *bench_event_json (const char *word, Device *device);
char *bench_device_json (Device *device);
char *bench_error_json (const char *sentence);

/* From now on SIGINT, SIGTERM and SIGHUP unplug every device and end the process, whatever it is
 * doing, the end of `bench` too. To be called before the first device is made. */
void bench_guard_signals (Bench *bench);

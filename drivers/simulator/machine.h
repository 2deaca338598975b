/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What every simulated device is made of: a pty for its serial port, a thread
 * for its processor, a wire with a speed, a clock of its own and the faults that
 * have nothing to do with its dialect.
 *
 * The processor's clock is virtual. A byte from the host is handed out at once,
 * and the clock moves to the moment at which it would have arrived; work of the
 * chip moves the clock on; what is sent carries the clock's time, and only the
 * wire waits for it. So nothing here sleeps but the wire, and a device that is
 * served late by a busy computer catches up.
 */
#pragma once

#include <glib.h>

#include "drivers/simulator/fault.h"

typedef enum {
  MACHINE_OPENED, /* the station opened the port */
  MACHINE_CLOSED, /* the last one who had it open closed it */
  MACHINE_PULLED, /* a fault pulled the device out */
} MachineEvent;

typedef struct {
  guint baud;        /* 0: no limit */
  guint latency;     /* ms before each answer */
  guint long_answer; /* bytes, from which on half-line and flood strike */
  FaultPlan faults;  /* in force by plug-in */
} MachineSettings;

typedef struct {
  guint plugged_times;
  gboolean plugged;
  guint opened;
  guint closed;
  guint closed_since_plug;
  guint open_now;
  guint64 bytes_in;
  guint64 bytes_out;
} MachineCounters;

typedef struct Machine Machine;

/* `run` is the device's processor: from power-up until a call returns FALSE. `notify` is
 * called from other threads. */
Machine *machine_new (const MachineSettings *settings, void (*run) (gpointer device),
                      void (*notify) (gpointer device, MachineEvent event), gpointer device);

/* Unplugs it first. */
void machine_free (Machine *machine);

/* Plugs it in: a new pty, with a link at `link` where that is not NULL. */
gboolean machine_plug (Machine *machine, const char *link, GError **error);

/* Pulls it out; whoever has the port open sees a hang-up. When this returns the link is gone. */
void machine_unplug (Machine *machine);

/* The pty's path while plugged in. */
const char *machine_port (Machine *machine);

void machine_count (Machine *machine, MachineCounters *counters);

/* For run() only. FALSE: the device was pulled out, so return. */

/* The next byte from the host. */
gboolean machine_receive (Machine *machine, guint8 *byte);

/* Waits until a byte from the host or data at `fd` is there; says which. */
gboolean machine_wait (Machine *machine, int fd, gboolean *byte_waits, gboolean *fd_ready);

/* Waits until the processor's clock has really been reached. */
gboolean machine_settle (Machine *machine);

/* Sends as it is: echo, prompts, log lines. */
gboolean machine_send (Machine *machine, const void *data, gsize length);

/* Sends an answer: after the latency, and subject to faults. */
gboolean machine_answer (Machine *machine, const void *data, gsize length);

/* The same without latency: a further part of an answer. */
gboolean machine_reply (Machine *machine, const void *data, gsize length);

/* TRUE where machine_receive() has a byte at once. */
gboolean machine_has_input (Machine *machine);

/* The chip works for so long. */
void machine_work (Machine *machine, guint milliseconds);

/* The fault's setting where it is in force now, else NULL. */
const FaultSetting *machine_fault (Machine *machine, Fault fault);

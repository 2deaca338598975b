/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The pump between pty and wires, the processor's clock, and the faults of a line.
 */
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "drivers/simulator/machine-private.h"

void
machine_count (Machine *machine, MachineCounters *counters)
{
  g_mutex_lock (&machine->mutex);
  *counters = machine->counters;
  g_mutex_unlock (&machine->mutex);
}

const FaultSetting *
machine_fault (Machine *machine, Fault fault)
{
  return fault_plan_at (&machine->settings.faults, fault, machine->counters.plugged_times);
}

static gboolean
machine_is_open (Machine *machine)
{
  gboolean open;

  g_mutex_lock (&machine->mutex);
  open = machine->counters.open_now > 0;
  g_mutex_unlock (&machine->mutex);
  return open;
}

/* The news of an open may come later than the first byte: a port that was heard, or closed
 * once, and does not hang is open. */
static gboolean
machine_reaches_host (Machine *machine)
{
  struct pollfd master = { .fd = machine->master };

  if (machine_is_open (machine))
    return TRUE;
  poll (&master, 1, 0);
  return (master.revents & POLLHUP) == 0 && machine->heard;
}

/* What is sent into a closed port is lost, as on a real line. */
static gboolean
machine_put_output (Machine *machine)
{
  const guint8 *data;
  guint due = wire_due (&machine->out, wire_now (), &data);
  ssize_t written = (ssize_t)due;

  machine->blocked = FALSE;
  if (due == 0)
    return FALSE;
  if (machine_reaches_host (machine)) {
    due = (guint)MIN (due, machine->pull_after_sent - machine->sent);
    written = write (machine->master, data, due);
    machine->blocked = written < 0;
    if (written <= 0)
      return FALSE;
    machine->sent += (guint64)written;
    g_mutex_lock (&machine->mutex);
    machine->counters.bytes_out += (guint64)written;
    g_mutex_unlock (&machine->mutex);
    if (machine->sent >= machine->pull_after_sent)
      machine->pulled_itself = TRUE;
  }
  wire_drop (&machine->out, (guint)written);
  return TRUE;
}

static void
machine_take_input (Machine *machine)
{
  guint8 data[WIRE_SIZE];
  guint room = wire_room (&machine->in);
  ssize_t length = room == 0 ? 0 : read (machine->master, data, room);

  if (length <= 0)
    return;
  machine->heard = TRUE;
  wire_push (&machine->in, data, (gsize)length, wire_now ());
  g_mutex_lock (&machine->mutex);
  machine->counters.bytes_in += (guint64)length;
  g_mutex_unlock (&machine->mutex);
}

/* Sleeps until something happens or `alarm`, whichever is first. */
static void
machine_sleep (Machine *machine, gint64 alarm)
{
  struct pollfd polled[3] = { { .fd = machine->kick, .events = POLLIN },
                              { .fd = -1 },
                              { .fd = machine->extra, .events = POLLIN } };
  gint64 left = MAX (alarm - wire_now (), 0);
  struct timespec timeout = { .tv_sec = left / 1000000000, .tv_nsec = left % 1000000000 };
  eventfd_t ignored;

  if (machine_is_open (machine)) {
    polled[1].fd = machine->master;
    polled[1].events =
        (short)((wire_room (&machine->in) > 0 ? POLLIN : 0) | (machine->blocked ? POLLOUT : 0));
  }
  if (ppoll (polled, G_N_ELEMENTS (polled), alarm == G_MAXINT64 ? NULL : &timeout, NULL) <= 0)
    return;
  if (polled[0].revents != 0)
    eventfd_read (machine->kick, &ignored);
  machine->extra_ready = polled[2].revents != 0;
  /* The slave was closed and the watching thread has not said so yet. */
  if ((polled[1].revents & POLLHUP) != 0 && (polled[1].revents & POLLIN) == 0)
    g_thread_yield ();
}

/* Pumps bytes until `reached` says so, or `alarm`. FALSE once pulled. */
static gboolean
machine_pump (Machine *machine, gboolean (*reached) (Machine *machine), gint64 alarm)
{
  while (TRUE) {
    gint64 wake = alarm;

    machine_take_input (machine);
    while (!machine->pulled_itself && machine_put_output (machine))
      ;
    if (machine->pulled_itself || g_atomic_int_get (&machine->pull))
      return FALSE;
    if (reached (machine))
      return TRUE;
    if (machine->out.count > 0 && !machine->blocked)
      wake = MIN (wake, wire_next_burst (&machine->out, machine->burst));
    machine_sleep (machine, wake);
  }
}

gboolean
machine_has_input (Machine *machine)
{
  return machine->in.count > 0;
}

static gboolean
machine_has_news (Machine *machine)
{
  return machine->in.count > 0 || machine->extra_ready;
}

static gboolean
machine_has_room (Machine *machine)
{
  return wire_room (&machine->out) > 0;
}

static gboolean
machine_may_flood (Machine *machine)
{
  return machine->out.count == 0 && machine_is_open (machine);
}

static gboolean
machine_is_settled (Machine *machine)
{
  return wire_now () >= machine->clock;
}

gboolean
machine_settle (Machine *machine)
{
  return machine_pump (machine, machine_is_settled, machine->clock);
}

gboolean
machine_receive (Machine *machine, guint8 *byte)
{
  gint64 due;

  if (!machine_has_input (machine) && !machine_pump (machine, machine_has_input, G_MAXINT64))
    return FALSE;
  if (g_atomic_int_get (&machine->pull))
    return FALSE;
  *byte = wire_pop (&machine->in, &due);
  machine->clock = MAX (machine->clock, due);
  if (++machine->received < machine->pull_after_received)
    return TRUE;
  if (machine_settle (machine))
    machine->pulled_itself = TRUE;
  return FALSE;
}

gboolean
machine_wait (Machine *machine, int fd, gboolean *byte_waits, gboolean *fd_ready)
{
  gboolean alive;

  machine->extra = fd;
  machine->extra_ready = FALSE;
  alive = machine_pump (machine, machine_has_news, G_MAXINT64);
  *byte_waits = machine_has_input (machine);
  *fd_ready = machine->extra_ready;
  machine->extra = -1;
  return alive;
}

gboolean
machine_send (Machine *machine, const void *data, gsize length)
{
  const guint8 *at = data;

  const FaultSetting *silence = machine_fault (machine, FAULT_SILENCE);

  if (machine->mute || (silence != NULL && silence->number == 0))
    return !g_atomic_int_get (&machine->pull);
  machine->clock = MAX (machine->clock, wire_now ());
  while (length > 0) {
    gsize some = MIN (length, wire_room (&machine->out));

    if (some == 0 && !machine_pump (machine, machine_has_room, G_MAXINT64))
      return FALSE;
    wire_push (&machine->out, at, some, machine->clock);
    at += some;
    length -= some;
  }
  return TRUE;
}

/* Blocks of 4 KiB without a line end, for ever. */
static gboolean
machine_flood (Machine *machine)
{
  char block[WIRE_SIZE];

  memset (block, '#', sizeof block);
  block[sizeof block - 1] = '\n';
  while (machine_pump (machine, machine_may_flood, G_MAXINT64))
    wire_push (&machine->out, (const guint8 *)block, sizeof block, wire_now ());
  return FALSE;
}

/* Whether `fault` strikes in this answer, and how many of its bytes are still good. */
static gboolean
machine_strikes (Machine *machine, Fault fault, gsize length, gboolean at_once, gsize *good)
{
  const FaultSetting *setting = machine_fault (machine, fault);
  guint64 queued = machine->sent + machine->out.count;

  if (setting == NULL)
    return FALSE;
  if (setting->number > 0) {
    *good = setting->number > queued ? (gsize)MIN (setting->number - queued, length) : 0;
    return *good < length;
  }
  *good = at_once ? 0 : length / 2;
  return at_once || length >= machine->settings.long_answer;
}

static gboolean
machine_send_garbage (Machine *machine, gsize length)
{
  g_autofree guint8 *bytes = g_malloc (length);

  for (gsize i = 0; i < length; i++)
    bytes[i] = (guint8)g_random_int ();
  return machine_send (machine, bytes, length);
}

gboolean
machine_answer (Machine *machine, const void *data, gsize length)
{
  machine_work (machine, machine->settings.latency);
  return machine_reply (machine, data, length);
}

gboolean
machine_reply (Machine *machine, const void *data, gsize length)
{
  gsize good = length;

  if (machine_strikes (machine, FAULT_SILENCE, length, TRUE, &good)
      || machine_strikes (machine, FAULT_HALF_LINE, length, FALSE, &good))
  {
    gboolean alive = machine_send (machine, data, good);

    machine->mute = TRUE;
    return alive;
  }
  if (machine_strikes (machine, FAULT_FLOOD, length, FALSE, &good))
    return machine_send (machine, data, good) && machine_flood (machine);
  if (machine_strikes (machine, FAULT_GARBAGE, length, TRUE, &good))
    return machine_send (machine, data, good) && machine_send_garbage (machine, length - good);
  return machine_send (machine, data, length);
}

void
machine_work (Machine *machine, guint milliseconds)
{
  machine->clock = MAX (machine->clock, wire_now ()) + milliseconds * MILLISECOND;
}

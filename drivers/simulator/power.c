/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A machine's life: its pty, its link and its thread.
 */
#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <termios.h>
#include <unistd.h>

#include "drivers/simulator/machine-private.h"
#include "drivers/simulator/problem.h"
#include "drivers/simulator/watch.h"

#define STACK_SIZE ((gsize)512 * 1024)
#define DRIP_MS 50u

Machine *
machine_new (const MachineSettings *settings, void (*run) (gpointer device),
             void (*notify) (gpointer device, MachineEvent event), gpointer device)
{
  Machine *machine = g_new0 (Machine, 1);

  machine->settings = *settings;
  machine->run = run;
  machine->notify = notify;
  machine->device = device;
  machine->master = -1;
  machine->kick = eventfd (0, EFD_NONBLOCK | EFD_CLOEXEC);
  machine->watch = -1;
  machine->extra = -1;
  g_mutex_init (&machine->mutex);
  return machine;
}

void
machine_free (Machine *machine)
{
  machine_unplug (machine);
  close (machine->kick);
  g_free (machine->port);
  g_free (machine->link);
  g_mutex_clear (&machine->mutex);
  g_free (machine);
}

const char *
machine_port (Machine *machine)
{
  return machine->port;
}

static void
machine_kick (Machine *machine)
{
  eventfd_write (machine->kick, 1);
}

/* The watching thread's news about the slave side. */
static void
machine_port_changed (gpointer data, gboolean opened)
{
  Machine *machine = data;
  gboolean first_or_last;

  g_mutex_lock (&machine->mutex);
  if (opened) {
    machine->counters.opened++;
    first_or_last = machine->counters.open_now++ == 0;
  }
  else {
    machine->counters.closed++;
    machine->counters.closed_since_plug++;
    first_or_last = machine->counters.open_now > 0 && --machine->counters.open_now == 0;
  }
  g_mutex_unlock (&machine->mutex);
  machine_kick (machine);
  if (first_or_last)
    machine->notify (machine->device, opened ? MACHINE_OPENED : MACHINE_CLOSED);
}

/* Everything that starts afresh with power. */
static void
machine_power_up (Machine *machine)
{
  const FaultSetting *drip = machine_fault (machine, FAULT_DRIP);
  const FaultSetting *unplug = machine_fault (machine, FAULT_UNPLUG);
  const FaultSetting *unplug_in = machine_fault (machine, FAULT_UNPLUG_IN);
  guint baud = machine->settings.baud;
  gint64 byte_time = baud == 0 ? 0 : (gint64)10 * 1000000000 / baud;

  wire_reset (&machine->in, byte_time);
  wire_reset (&machine->out, byte_time);
  machine->burst = CLAMP (baud / 4000, 1, 64);
  if (drip != NULL) {
    machine->out.byte_time = (gint64)(drip->number > 0 ? drip->number : DRIP_MS) * MILLISECOND;
    machine->burst = 1;
  }
  machine->clock = 0;
  machine->sent = machine->received = 0;
  machine->pull_after_sent = unplug != NULL ? unplug->number : G_MAXUINT64;
  machine->pull_after_received = unplug_in != NULL ? unplug_in->number : G_MAXUINT64;
  machine->mute = machine->heard = machine->blocked = machine->pulled_itself = FALSE;
}

/* The link goes first: who looks for a port finds none rather than a dead one. */
static void
machine_disconnect (Machine *machine)
{
  if (machine->link != NULL)
    unlink (machine->link);
  if (machine->watch >= 0)
    watch_remove (machine->watch);
  close (machine->master);
  g_mutex_lock (&machine->mutex);
  machine->counters.plugged = FALSE;
  machine->counters.open_now = 0;
  g_mutex_unlock (&machine->mutex);
}

static void *
machine_thread (void *data)
{
  Machine *machine = data;

  prctl (PR_SET_NAME, "device");
  prctl (PR_SET_TIMERSLACK, 1);
  machine_power_up (machine);
  machine->run (machine->device);
  /* A processor that stopped by itself leaves a port that stays silent. */
  while (!g_atomic_int_get (&machine->pull) && !machine->pulled_itself) {
    guint8 ignored;

    machine_receive (machine, &ignored);
  }
  machine_disconnect (machine);
  if (machine->pulled_itself)
    machine->notify (machine->device, MACHINE_PULLED);
  return NULL;
}

/* The slave's settings are set through the master, so that nobody need open it. */
static gboolean
machine_open_pty (Machine *machine, GError **error)
{
  char path[64];
  struct termios settings;

  machine->master = posix_openpt (O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (machine->master < 0)
    return fail_errno (error, "can't make a pty");
  if (grantpt (machine->master) != 0 || unlockpt (machine->master) != 0
      || ptsname_r (machine->master, path, sizeof path) != 0
      || tcgetattr (machine->master, &settings) != 0)
  {
    fail_errno (error, "can't set up a pty");
    close (machine->master);
    return FALSE;
  }
  cfmakeraw (&settings);
  tcsetattr (machine->master, TCSANOW, &settings);
  g_free (machine->port);
  machine->port = g_strdup (path);
  return TRUE;
}

/* Made beside and renamed, so that who watches the folder sees a whole link. */
static gboolean
machine_make_link (Machine *machine, GError **error)
{
  g_autofree char *beside = g_strconcat (machine->link, ".new", NULL);

  unlink (beside);
  if (symlink (machine->port, beside) == 0 && rename (beside, machine->link) == 0)
    return TRUE;
  return fail_errno (error, machine->link);
}

static gboolean
machine_start_thread (Machine *machine, GError **error)
{
  pthread_attr_t attributes;

  pthread_attr_init (&attributes);
  pthread_attr_setstacksize (&attributes, STACK_SIZE);
  errno = pthread_create (&machine->thread, &attributes, machine_thread, machine);
  pthread_attr_destroy (&attributes);
  if (errno != 0)
    return fail_errno (error, "can't start a thread");
  machine->has_thread = TRUE;
  return TRUE;
}

gboolean
machine_plug (Machine *machine, const char *link, GError **error)
{
  machine_unplug (machine);
  g_free (machine->link);
  machine->link = g_strdup (link);
  if (!machine_open_pty (machine, error))
    return FALSE;
  g_atomic_int_set (&machine->pull, FALSE);
  g_mutex_lock (&machine->mutex);
  machine->counters.plugged = TRUE;
  machine->counters.plugged_times++;
  machine->counters.closed_since_plug = 0;
  machine->counters.open_now = 0;
  g_mutex_unlock (&machine->mutex);
  machine->watch = watch_add (machine->port, machine_port_changed, machine, error);
  if (machine->watch >= 0 && machine_start_thread (machine, error)
      && (link == NULL || machine_make_link (machine, error)))
    return TRUE;
  if (machine->has_thread)
    machine_unplug (machine);
  else
    machine_disconnect (machine);
  return FALSE;
}

void
machine_unplug (Machine *machine)
{
  if (!machine->has_thread)
    return;
  g_atomic_int_set (&machine->pull, TRUE);
  machine_kick (machine);
  pthread_join (machine->thread, NULL);
  machine->has_thread = FALSE;
}

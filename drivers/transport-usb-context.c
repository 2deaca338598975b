/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One libusb context for all slots and one thread that handles its events, so that a transfer's end
 * is known at once, whoever waits for what. Both are there while some interface is open.
 *
 * libusb looks for no devices here: detection is udev's (station/detect), a transport opens the one
 * node that it was told. So no device is touched that no slot claims.
 */
#include <sys/time.h>

#include "drivers/transport-usb-private.h"

static struct {
  GMutex mutex;
  guint users;
  libusb_context *context;
  GThread *thread;
  int ending; /* set under no lock of ours: libusb looks at it under its own */
} shared;

static gpointer
handle_events (gpointer context)
{
  struct timeval minute = { .tv_sec = 60 };

  while (!g_atomic_int_get (&shared.ending))
    libusb_handle_events_timeout_completed (context, &minute, &shared.ending);
  return NULL;
}

static gboolean
start (GError **error)
{
  int code = libusb_set_option (NULL, LIBUSB_OPTION_NO_DEVICE_DISCOVERY);

  if (code == LIBUSB_SUCCESS)
    code = libusb_init (&shared.context);
  if (code != LIBUSB_SUCCESS)
    return usb_set_error ("libusb", "can't be started", code, error);
  g_atomic_int_set (&shared.ending, FALSE);
  shared.thread = g_thread_new ("usb", handle_events, shared.context);
  return TRUE;
}

static void
end (void)
{
  g_atomic_int_set (&shared.ending, TRUE);
  libusb_interrupt_event_handler (shared.context);
  g_thread_join (shared.thread);
  g_clear_pointer (&shared.context, libusb_exit);
}

libusb_context *
usb_context_take (GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&shared.mutex);

  if (shared.users == 0 && !start (error))
    return NULL;
  shared.users++;
  return shared.context;
}

void
usb_context_give (void)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&shared.mutex);

  if (--shared.users == 0)
    end ();
}

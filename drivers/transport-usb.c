/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The bulk endpoints of one USB interface, through libusb and the kernel's usbfs. The interface is
 * claimed, so nobody else has it; no kernel driver is ever driven out, since whoever a slot waits
 * for has none (a driver's match file says which interfaces these are).
 */
#include "drivers/transport-usb.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/usbdevice_fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "drivers/transport-usb-private.h"

#define FOLDER "/dev/bus/usb"

/* Where a device is. */
typedef struct {
  guint bus;
  guint device;
  guint number;
} Place;

static gboolean
set_port_error (const UsbPort *port, const char *what, GError **error)
{
  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_PORT, "%s: %s", port->name, what);
  return FALSE;
}

/* Three decimal numbers; leading zeros are the kernel's habit. */
static gboolean
place_parse (const char *text, Place *place)
{
  g_auto (GStrv) words = g_strsplit (text, "/", -1);
  guint *const numbers[] = { &place->bus, &place->device, &place->number };
  static const guint64 most[] = { 999, 999, 255 };

  if (g_strv_length (words) != G_N_ELEMENTS (numbers))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++) {
    guint64 number;

    if (!g_ascii_string_to_unsigned (words[i], 10, i < 2 ? 1 : 0, most[i], &number, NULL))
      return FALSE;
    *numbers[i] = (guint)number;
  }
  return TRUE;
}

static void
usb_close (gpointer channel)
{
  UsbPort *port = channel;

  if (port->handle != NULL) {
    usb_stop_listening (port);
    if (port->claimed)
      libusb_release_interface (port->handle, port->interface.number);
    libusb_close (port->handle);
  }
  if (port->context != NULL)
    usb_context_give ();
  if (port->fd >= 0)
    close (port->fd);
  g_byte_array_unref (port->queue);
  g_cond_clear (&port->changed);
  g_mutex_clear (&port->mutex);
  g_free (port->name);
  g_free (port);
}

static const TransportMethods usb_methods = {
  .read = usb_read,
  .write = usb_write,
  .discard_input = usb_discard_input,
  .control = usb_request,
  .close = usb_close,
};

static gboolean
set_node_error (const UsbPort *port, const char *node, int code, GError **error)
{
  if (code == ENOENT || code == ENODEV || code == ENXIO)
    return usb_set_error (port->name, "can't be opened", LIBUSB_ERROR_NO_DEVICE, error);
  if (code != EACCES && code != EPERM) {
    g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_PORT, "%s: %s can't be opened: %s", port->name,
                 node, g_strerror (code));
    return FALSE;
  }
  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_PORT,
               "%s: the station's user may not open %s: a udev rule must give it to that user "
               "(Keycradle's own do so for what its match files name); then run "
               "\"udevadm control --reload && udevadm trigger\" or plug it in again",
               port->name, node);
  return FALSE;
}

static gboolean
open_node (UsbPort *port, const Place *place, GError **error)
{
  g_autofree char *node = g_strdup_printf (FOLDER "/%03u/%03u", place->bus, place->device);

  port->fd = open (node, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NOFOLLOW);
  return port->fd >= 0 ? TRUE : set_node_error (port, node, errno, error);
}

/* The descriptors as the kernel has them: read when the device came, no request is sent. */
static GByteArray *
read_descriptors (UsbPort *port, GError **error)
{
  g_autoptr (GByteArray) descriptors = g_byte_array_new ();
  ssize_t got;

  g_byte_array_set_size (descriptors, USB_DESCRIPTORS_MAX);
  memset (descriptors->data, 0, descriptors->len); /* the kernel leaves out what never came */
  got = pread (port->fd, descriptors->data, descriptors->len, 0);
  if (got < 0) {
    set_node_error (port, "its node", errno, error);
    return NULL;
  }
  g_byte_array_set_size (descriptors, (guint)got);
  return g_steal_pointer (&descriptors);
}

static gboolean
find_endpoints (UsbPort *port, guint8 number, GError **error)
{
  g_autoptr (GByteArray) descriptors = read_descriptors (port, error);
  int configuration = 0;

  if (descriptors == NULL)
    return FALSE;
  if (libusb_get_configuration (port->handle, &configuration) != LIBUSB_SUCCESS)
    configuration = 0;
  return usb_interface_parse (descriptors->data, descriptors->len, (guint8)configuration, number,
                              &port->interface, error);
}

/* Who has it: another program, or a driver of the kernel by its name. */
static gboolean
set_in_use (UsbPort *port, GError **error)
{
  struct usbdevfs_getdriver holder = { .interface = port->interface.number };
  g_autofree char *words = NULL;

  if (ioctl (port->fd, USBDEVFS_GETDRIVER, &holder) < 0 || strcmp (holder.driver, "usbfs") == 0)
    return set_port_error (port, "is in use by another program", error);
  words = g_strdup_printf ("is held by the kernel's driver \"%.32s\"", holder.driver);
  return set_port_error (port, words, error);
}

static gboolean
claim (UsbPort *port, GError **error)
{
  int code = libusb_claim_interface (port->handle, port->interface.number);

  port->claimed = code == LIBUSB_SUCCESS;
  if (code == LIBUSB_ERROR_BUSY)
    return set_in_use (port, error);
  return port->claimed ? TRUE : usb_set_error (port->name, "can't be claimed", code, error);
}

/* To libusb it is an input/output error, whether the device has just gone or its descriptors are
 * none. */
static gboolean
set_wrap_error (UsbPort *port, int code, GError **error)
{
  struct usbdevfs_connectinfo info;

  if (ioctl (port->fd, USBDEVFS_CONNECTINFO, &info) < 0 && errno == ENODEV)
    return usb_set_error (port->name, "can't be used", LIBUSB_ERROR_NO_DEVICE, error);
  if (code != LIBUSB_ERROR_IO)
    return usb_set_error (port->name, "can't be used", code, error);
  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_GARBLED,
               "%s: the device's USB descriptors: libusb can't make anything of them", port->name);
  return FALSE;
}

static gboolean
prepare (UsbPort *port, const Place *place, GError **error)
{
  int code;

  if (!open_node (port, place, error))
    return FALSE;
  port->context = usb_context_take (error);
  if (port->context == NULL)
    return FALSE;
  code = libusb_wrap_sys_device (port->context, port->fd, &port->handle);
  if (code != LIBUSB_SUCCESS)
    return set_wrap_error (port, code, error);
  if (!find_endpoints (port, (guint8)place->number, error) || !claim (port, error))
    return FALSE;
  g_mutex_lock (&port->mutex);
  usb_listen (port);
  g_mutex_unlock (&port->mutex);
  return TRUE;
}

Transport *
transport_open_usb (const char *text, Deadline deadline, GError **error)
{
  Place place = { 0 };
  UsbPort *port;

  if (!place_parse (text, &place)) {
    g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_PORT,
                 "usb:%s: expected usb:BUS/DEVICE/INTERFACE, as in usb:1/7/0", text);
    return NULL;
  }
  port = g_new0 (UsbPort, 1);
  port->fd = -1;
  port->name = g_strdup_printf ("usb:%s", text);
  port->queue = g_byte_array_new ();
  g_mutex_init (&port->mutex);
  g_cond_init (&port->changed);
  if (prepare (port, &place, error))
    return transport_new (CHANNEL_USB, &usb_methods, port, port->name);
  usb_close (port);
  return NULL;
}

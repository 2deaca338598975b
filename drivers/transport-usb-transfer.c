/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One transfer with a deadline. It is asynchronous below, so that it can be cancelled; a caller
 * never leaves before libusb has given the transfer back, so its memory is never in use when it is
 * freed, also where the device was pulled out in the middle.
 */
#include <string.h>

#include "drivers/transport-usb-private.h"

typedef struct libusb_transfer Transfer;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Transfer, libusb_free_transfer)

/* A waiting caller. */
typedef struct {
  UsbPort *port;
  gboolean ended;
} Waiter;

static void LIBUSB_CALL
transfer_ended (struct libusb_transfer *transfer)
{
  Waiter *waiter = transfer->user_data;
  UsbPort *port = waiter->port;

  g_mutex_lock (&port->mutex);
  waiter->ended = TRUE;
  g_cond_broadcast (&port->changed);
  g_mutex_unlock (&port->mutex);
}

gboolean
usb_set_error (const char *name, const char *what, int code, GError **error)
{
  gboolean gone = code == LIBUSB_ERROR_NO_DEVICE;

  g_set_error (error, DRIVER_ERROR, gone ? DRIVER_ERROR_UNPLUGGED : DRIVER_ERROR_PORT, "%s: %s: %s",
               name, what, gone ? "it is gone" : libusb_strerror (code));
  return FALSE;
}

gboolean
usb_set_trouble (UsbPort *port, enum libusb_transfer_status status, const char *doing,
                 GError **error)
{
  static const struct {
    DriverError code;
    const char *sentence;
  } troubles[] = {
    [LIBUSB_TRANSFER_COMPLETED] = { DRIVER_ERROR_NO_ANSWER, "it did not take all" },
    [LIBUSB_TRANSFER_ERROR] = { DRIVER_ERROR_UNPLUGGED,
                                "the transfer broke on the wire (unplugged, or a bad cable)" },
    [LIBUSB_TRANSFER_TIMED_OUT] = { DRIVER_ERROR_NO_ANSWER, "not in time" },
    [LIBUSB_TRANSFER_CANCELLED] = { DRIVER_ERROR_NO_ANSWER, "not in time" },
    [LIBUSB_TRANSFER_STALL] = { DRIVER_ERROR_GARBLED, "the device stalls, again and again" },
    [LIBUSB_TRANSFER_NO_DEVICE] = { DRIVER_ERROR_UNPLUGGED, "it is gone" },
    [LIBUSB_TRANSFER_OVERFLOW] = { DRIVER_ERROR_GARBLED,
                                   "a packet came that is larger than its endpoint's" },
  };

  g_set_error (error, DRIVER_ERROR, (int)troubles[status].code, "%s, %s: %s", port->name, doing,
               troubles[status].sentence);
  return FALSE;
}

gboolean
usb_end_halt (UsbPort *port, guint8 endpoint, GError **error)
{
  int code = libusb_clear_halt (port->handle, endpoint);

  return code == LIBUSB_SUCCESS
             ? TRUE
             : usb_set_error (port->name, "a halted endpoint can't be cleared", code, error);
}

gboolean
usb_transfer (UsbPort *port, struct libusb_transfer *transfer, Deadline deadline, GError **error)
{
  Waiter waiter = { .port = port };
  int code;

  transfer->callback = transfer_ended;
  transfer->user_data = &waiter;
  code = libusb_submit_transfer (transfer);
  if (code != LIBUSB_SUCCESS)
    return usb_set_error (port->name, "a transfer can't be started", code, error);
  g_mutex_lock (&port->mutex);
  while (!waiter.ended && g_cond_wait_until (&port->changed, &port->mutex, deadline))
    ;
  if (!waiter.ended)
    libusb_cancel_transfer (transfer);
  while (!waiter.ended)
    g_cond_wait (&port->changed, &port->mutex);
  g_mutex_unlock (&port->mutex);
  return TRUE;
}

/* Once. *taken is how many bytes the device acknowledged. */
static gboolean
send_once (UsbPort *port, const guint8 *data, gsize length, enum libusb_transfer_status *status,
           gsize *taken, Deadline deadline, GError **error)
{
  g_autoptr (Transfer) transfer = libusb_alloc_transfer (0);

  /* libusb does not write to what goes out. */
  libusb_fill_bulk_transfer (transfer, port->handle, port->interface.out, (guint8 *)(gsize)data,
                             (int)length, NULL, NULL, 0);
  transfer->flags = LIBUSB_TRANSFER_ADD_ZERO_PACKET; /* where the last packet is a full one */
  if (!usb_transfer (port, transfer, deadline, error))
    return FALSE;
  *status = transfer->status;
  *taken = (gsize)transfer->actual_length;
  return TRUE;
}

/* A device that stalls before it took anything, may have been left halted by an earlier session: so
 * it is asked again, once. What it took in part is not repeated, it would see the beginning twice.
 */
gboolean
usb_write (gpointer channel, const guint8 *data, gsize length, Deadline deadline, GError **error)
{
  UsbPort *port = channel;
  enum libusb_transfer_status status = LIBUSB_TRANSFER_STALL;
  gsize taken = 0;

  if (length > G_MAXINT / 2)
    return usb_set_error (port->name, "too much in one transfer", LIBUSB_ERROR_INVALID_PARAM,
                          error);
  for (guint tries = 0; tries < 2 && status == LIBUSB_TRANSFER_STALL && taken == 0; tries++) {
    if (!send_once (port, data, length, &status, &taken, deadline, error))
      return FALSE;
    if (status == LIBUSB_TRANSFER_STALL && !usb_end_halt (port, port->interface.out, error))
      return FALSE;
  }
  if (status == LIBUSB_TRANSFER_COMPLETED && taken == length)
    return TRUE;
  return usb_set_trouble (port, status, "sending", error);
}

static gboolean
take_answer (UsbPort *port, struct libusb_transfer *transfer, guint8 *data, gsize *length,
             GError **error)
{
  if (transfer->status == LIBUSB_TRANSFER_STALL) {
    g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED,
                 "%s: the device does not know the control request %02x %02x", port->name,
                 transfer->buffer[0], transfer->buffer[1]);
    return FALSE;
  }
  if (transfer->status != LIBUSB_TRANSFER_COMPLETED)
    return usb_set_trouble (port, transfer->status, "a control request", error);
  if (length == NULL)
    return TRUE;
  *length = MIN ((gsize)transfer->actual_length, *length);
  if ((transfer->buffer[0] & LIBUSB_ENDPOINT_IN) != 0)
    memcpy (data, libusb_control_transfer_get_data (transfer), *length);
  return TRUE;
}

gboolean
usb_request (gpointer channel, const UsbRequest *request, guint8 *data, gsize *length,
             Deadline deadline, GError **error)
{
  UsbPort *port = channel;
  g_autoptr (Transfer) transfer = libusb_alloc_transfer (0);
  gsize size = length == NULL ? 0 : MIN (*length, USB_CONTROL_MAX);
  g_autofree guint8 *buffer = g_malloc0 (LIBUSB_CONTROL_SETUP_SIZE + size);
  gboolean to_interface = (request->type & 0x1f) == LIBUSB_RECIPIENT_INTERFACE;
  guint16 index = to_interface ? port->interface.number : request->index;

  libusb_fill_control_setup (buffer, request->type, request->request, request->value, index,
                             (guint16)size);
  if ((request->type & LIBUSB_ENDPOINT_IN) == 0 && size > 0)
    memcpy (buffer + LIBUSB_CONTROL_SETUP_SIZE, data, size);
  libusb_fill_control_transfer (transfer, port->handle, buffer, NULL, NULL, 0);
  return usb_transfer (port, transfer, deadline, error)
         && take_answer (port, transfer, data, length, error);
}

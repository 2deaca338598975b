/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a device sends is asked for all the time, so that its going away is noticed at once, and
 * waits in a queue. Where the queue is full nobody asks any more: on USB that holds the device back
 * without loss. So one that floods costs its own time and 64 KiB.
 */
#include <string.h>

#include "drivers/transport-usb-private.h"

#define TRANSFER_SIZE 4096u /* a multiple of every packet size */
#define QUEUE_MAX TRANSPORT_ANSWER_MAX
#define EMPTY_MAX 256u /* empty packets mean an end at most: nobody needs so many of them */

static void LIBUSB_CALL
input_came (struct libusb_transfer *transfer)
{
  UsbPort *port = transfer->user_data;
  guint came = (guint)MAX (transfer->actual_length, 0);

  g_mutex_lock (&port->mutex);
  port->listening = FALSE;
  g_byte_array_append (port->queue, transfer->buffer, MIN (came, TRANSFER_SIZE));
  port->empty = came > 0 ? 0 : port->empty + 1;
  port->trouble = transfer->status;
  usb_listen (port);
  g_cond_broadcast (&port->changed);
  g_mutex_unlock (&port->mutex);
}

void
usb_listen (UsbPort *port)
{
  int code;

  if (port->closing || port->listening || port->trouble != LIBUSB_TRANSFER_COMPLETED
      || port->empty >= EMPTY_MAX || port->queue->len > QUEUE_MAX - TRANSFER_SIZE)
    return;
  if (port->in == NULL) {
    port->input = g_malloc (TRANSFER_SIZE);
    port->in = libusb_alloc_transfer (0);
    libusb_fill_bulk_transfer (port->in, port->handle, port->interface.in, port->input,
                               TRANSFER_SIZE, input_came, port, 0);
  }
  code = libusb_submit_transfer (port->in);
  port->listening = code == LIBUSB_SUCCESS;
  if (!port->listening)
    port->trouble =
        code == LIBUSB_ERROR_NO_DEVICE ? LIBUSB_TRANSFER_NO_DEVICE : LIBUSB_TRANSFER_ERROR;
}

static void
take (UsbPort *port, guint8 *data, gsize length, gsize *got)
{
  *got = MIN (length, port->queue->len);
  memcpy (data, port->queue->data, *got);
  g_byte_array_remove_range (port->queue, 0, (guint)*got);
  port->halted = FALSE;
  usb_listen (port);
}

/* Waits for something to be said of the input: bytes, trouble, too much of nothing. FALSE at the
 * deadline. */
static gboolean
wait_for_news (UsbPort *port, Deadline deadline)
{
  while (port->queue->len == 0 && port->trouble == LIBUSB_TRANSFER_COMPLETED
         && port->empty < EMPTY_MAX)
    if (!g_cond_wait_until (&port->changed, &port->mutex, deadline))
      return FALSE;
  return TRUE;
}

/* The mutex is let go meanwhile: the event thread serves others too. */
static gboolean
end_halt (UsbPort *port, GError **error)
{
  gboolean ended;

  port->halted = TRUE;
  g_mutex_unlock (&port->mutex);
  ended = usb_end_halt (port, port->interface.in, error);
  g_mutex_lock (&port->mutex);
  if (!ended)
    return FALSE;
  port->trouble = LIBUSB_TRANSFER_COMPLETED;
  usb_listen (port);
  return TRUE;
}

/* Bytes that came before the trouble are given first. */
static gboolean
read_queue (UsbPort *port, guint8 *data, gsize length, gsize *got, Deadline deadline,
            GError **error)
{
  while (wait_for_news (port, deadline)) {
    if (port->queue->len > 0) {
      take (port, data, length, got);
      return TRUE;
    }
    if (port->empty >= EMPTY_MAX) {
      g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_FLOOD,
                   "%s: the device sends empty packets without end", port->name);
      return FALSE;
    }
    if (port->trouble != LIBUSB_TRANSFER_STALL || port->halted)
      return usb_set_trouble (port, port->trouble, "reading", error);
    if (!end_halt (port, error))
      return FALSE;
  }
  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_NO_ANSWER, "%s: no answer in time", port->name);
  return FALSE;
}

gboolean
usb_read (gpointer channel, guint8 *data, gsize length, gsize *got, Deadline deadline,
          GError **error)
{
  UsbPort *port = channel;
  gboolean read;

  g_mutex_lock (&port->mutex);
  read = read_queue (port, data, length, got, deadline, error);
  g_mutex_unlock (&port->mutex);
  return read;
}

void
usb_discard_input (gpointer channel)
{
  UsbPort *port = channel;

  g_mutex_lock (&port->mutex);
  g_byte_array_set_size (port->queue, 0);
  port->empty = 0;
  usb_listen (port);
  g_mutex_unlock (&port->mutex);
}

void
usb_stop_listening (UsbPort *port)
{
  g_mutex_lock (&port->mutex);
  port->closing = TRUE;
  if (port->listening)
    libusb_cancel_transfer (port->in);
  while (port->listening)
    g_cond_wait (&port->changed, &port->mutex);
  g_mutex_unlock (&port->mutex);
  g_clear_pointer (&port->in, libusb_free_transfer);
  g_clear_pointer (&port->input, g_free);
}

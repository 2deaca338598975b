/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The parts of the USB transport: the descriptors of an interface, the context that all open
 * interfaces share, single transfers and the input of one interface.
 */
#pragma once

#include <libusb-1.0/libusb.h>

#include "drivers/driver.h"
#include "drivers/transport-usb.h"

/* One interface with a bulk endpoint each way. */
typedef struct {
  guint8 number;
  guint8 in; /* addresses: bit 7 is the direction */
  guint8 out;
  guint16 in_packet; /* wMaxPacketSize */
  guint16 out_packet;
} UsbInterface;

/* The longest row of descriptors that is looked at. */
#define USB_DESCRIPTORS_MAX (64u * 1024)

/* Finds interface `number`, alternate setting 0, of the configuration with the value
 * `configuration` (0: the first) in `data`: the device descriptor and behind it each configuration,
 * as the kernel shows them in a device's node. Pure. GARBLED with what can't be (USB 2.0, 9.6).
 * transport-usb-descriptors.c */
gboolean usb_interface_parse (const guint8 *data, gsize length, guint8 configuration, guint8 number,
                              UsbInterface *interface, GError **error);

/* The shared context, whose events a thread of its own handles: from the first taking to the last
 * giving back. NULL with PORT. transport-usb-context.c */
libusb_context *usb_context_take (GError **error);
void usb_context_give (void);

/* An open interface. The mutex is for what the event thread's callbacks touch, from `queue` on. */
typedef struct {
  char *name; /* "usb:1/2/0" */
  int fd;     /* of the device's node */
  libusb_context *context;
  libusb_device_handle *handle;
  UsbInterface interface;
  gboolean claimed;
  gboolean halted; /* its IN endpoint was halted and nothing came since */
  guint8 *input;   /* where the transfer `in` puts what comes */
  struct libusb_transfer *in;

  GMutex mutex;
  GCond changed;
  GByteArray *queue;
  gboolean listening; /* `in` is under way */
  gboolean closing;
  guint empty;                         /* packets without content, one behind the other */
  enum libusb_transfer_status trouble; /* COMPLETED: none */
} UsbPort;

/* Has the next input come, where there is room for it. The mutex is held. transport-usb-input.c */
void usb_listen (UsbPort *port);

/* The read and discard_input of TransportMethods, and the end of it all. */
gboolean usb_read (gpointer channel, guint8 *data, gsize length, gsize *got, Deadline deadline,
                   GError **error);
void usb_discard_input (gpointer channel);
void usb_stop_listening (UsbPort *port);

/* Submits `transfer` (whose callback and user_data are set here) and returns when it has ended; at
 * the deadline it is cancelled first. TRUE where it ended by itself, as transfer->status says.
 * transport-usb-transfer.c */
gboolean usb_transfer (UsbPort *port, struct libusb_transfer *transfer, Deadline deadline,
                       GError **error);

/* The write and control of TransportMethods. */
gboolean usb_write (gpointer channel, const guint8 *data, gsize length, Deadline deadline,
                    GError **error);
gboolean usb_request (gpointer channel, const UsbRequest *request, guint8 *data, gsize *length,
                      Deadline deadline, GError **error);

/* The error of a transfer that ended with `status`; `doing` is "sending" or "reading". FALSE. */
gboolean usb_set_trouble (UsbPort *port, enum libusb_transfer_status status, const char *doing,
                          GError **error);

/* The error of a libusb call that gave `code`. FALSE. */
gboolean usb_set_error (const char *name, const char *what, int code, GError **error);

/* Ends the halt of `endpoint` (USB 2.0, 5.8.5). The kernel bounds it, to 5 s. */
gboolean usb_end_halt (UsbPort *port, guint8 endpoint, GError **error);

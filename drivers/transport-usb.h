/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a USB device takes beside its bulk endpoints: control requests (USB 2.0, 9.3), for drivers
 * whose interface has some of its own.
 */
#pragma once

#include "drivers/transport.h"

/* A setup packet less its length. `index` is the interface's number where `type` has the recipient
 * "interface": usb_control() fills it in. */
typedef struct UsbRequest {
  guint8 type; /* bmRequestType: direction, kind and recipient */
  guint8 request;
  guint16 value;
  guint16 index;
} UsbRequest;

/* The most that the data stage of one request may hold. */
#define USB_CONTROL_MAX 4096u

/* Sends `request` to the device and waits for its end. `data` is what goes out, or the room for
 * what comes in; `length` (at most USB_CONTROL_MAX; NULL: no data) becomes what came. UNSUPPORTED
 * where the device stalls the request or is not on USB; else as for transport_write(). */
gboolean usb_control (Transport *transport, const UsbRequest *request, guint8 *data, gsize *length,
                      Deadline deadline, GError **error);

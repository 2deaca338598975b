/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * USB devices on a bench of umockdev: with descriptors, interfaces and nodes where the kernel has
 * them, and with udev's events.
 */
#pragma once

#include <umockdev.h>

/* What is plugged in. `interfaces` are those of the first configuration in turn, "02/02/01=ttyACM0
 * 0a/00/00 08/06/50"; behind "; " those of the next one. A node is a ttyACM or ttyUSB (below a
 * folder of its driver, as usb-serial does), or a hidraw. */
typedef struct {
  const char *port;   /* below the PC's first hub: "2", "2.3" */
  guint number;       /* on the bus */
  const char *vendor; /* four digits of hex */
  const char *product;
  const char *serial; /* or NULL */
  const char *interfaces;
  const char *report; /* of its hidraw nodes, in hex, or NULL */
} UsbPlug;

/* udev's ID_PATH of a device at `port`. Free with g_free(). */
char *usb_place (const char *port);

/* Plugs it in, parts last, each with its "add". */
void usb_plug (UMockdevTestbed *bench, const UsbPlug *plug);

/* Only the device and its interfaces: the nodes are still to come. */
void usb_plug_without_nodes (UMockdevTestbed *bench, const UsbPlug *plug);
void usb_add_nodes (UMockdevTestbed *bench, const UsbPlug *plug);

/* Takes it out, parts first, each with its "remove". */
void usb_unplug (UMockdevTestbed *bench, const UsbPlug *plug);

/* Says `action` of all its nodes once more. */
void usb_say_again (UMockdevTestbed *bench, const UsbPlug *plug, const char *action);

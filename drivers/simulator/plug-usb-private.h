/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A device on vhci_hcd from inside: plug-usb.c attaches it and carries bytes, plug-usb-control.c
 * answers the requests to its endpoint 0.
 */
#pragma once

#include "drivers/simulator/plug-usb.h"
#include "drivers/smp/device/smp_usb_packet.h"
#include "drivers/smp/device/usb_descriptors.h"

#define USB_REQUEST_MAX 8192u

struct UsbPlug {
  UsbSettings settings;
  char *serial;
  char *pty;
  int socket; /* the kernel's requests (URBs) and our answers */
  GThread *thread;

  /* The rest belongs to the thread. */
  int port;          /* the pty while somebody listens to the device, or -1 */
  gboolean gone;     /* yanked, hung up, or the kernel has let it go */
  GQueue listening;  /* of Listener */
  GByteArray *heard; /* for the pty, not yet written */
  guint transfers;   /* to the device */
  gboolean halted;   /* its OUT endpoint */
  guint8 configuration;
  SmpUsbDevice descriptors;
  SmpUsbReceiver receiver;
  guint8 request[USB_REQUEST_MAX];
  GByteArray *answer; /* of endpoint 0 */
};

/* What becomes of a request to endpoint 0. FALSE: stalled; else plug->answer is what goes back. */
gboolean usb_plug_control (UsbPlug *plug, const guint8 setup[8]);

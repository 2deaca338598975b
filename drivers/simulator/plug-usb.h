/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A simulated device as a real one on this computer's USB: the kernel's vhci_hcd enumerates it from
 * the reference descriptors of drivers/smp/device, and what goes over its bulk endpoints goes over
 * the machine's pty as well. So every fault of a machine is one of a USB device.
 *
 * Needs the module vhci_hcd and the right to write to its `attach` (root).
 */
#pragma once

#include <glib.h>

/* What may be wrong with it as a USB device; 0: nothing. */
typedef struct {
  guint stall;   /* the Nth transfer to it is stalled, the first time it is plugged in */
  guint yank;    /* it goes in the middle of that transfer, the first time it is plugged in */
  guint shorten; /* at most N bytes in each transfer from it */
  guint hostile; /* which descriptors it shows in place of its own: see usb_faults_add() */
} UsbFaults;

typedef struct {
  gboolean wanted;   /* it speaks raw, as over USB */
  gboolean attached; /* and is attached to vhci_hcd */
  guint port;        /* vhci's port, counted from 1; 0: that of the slot, else 1 */
  UsbFaults faults;
} UsbSettings;

/* "vhci", "vhci:PORT" or "stream" (raw on the pty alone). G_OPTION_ERROR. */
gboolean usb_settings_set (UsbSettings *settings, const char *value, GError **error);

/* A list by ',' of stall=N, yank=N, short=N and hostile=N, where N is 1: a packet size of zero, 2:
 * two endpoints of one direction, 3: more endpoints announced than there are, 4: a descriptor
 * without length, 5: a keyboard beside its interface. G_OPTION_ERROR. */
gboolean usb_faults_add (UsbFaults *faults, const char *list, GError **error);

typedef struct UsbPlug UsbPlug;

/* Attaches a device whose machine has its pty at `pty`, as the `time`th of its life. `settings` and
 * `serial` are copied. NULL with error. */
UsbPlug *usb_plug_new (const UsbSettings *settings, const char *serial, const char *pty, guint port,
                       guint time, GError **error);

/* Detaches it: the kernel sees it go. */
void usb_plug_free (UsbPlug *plug);

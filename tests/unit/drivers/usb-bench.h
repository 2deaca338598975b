/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A USB device behind the kernel's usbfs, played by umockdev: libusb's requests to the node arrive
 * here one by one, and the device decides what becomes of each transfer. What the bench can't play
 * is the bus (enumeration, the kernel's drivers): tests/guest has a real one.
 */
#pragma once

#include <umockdev.h>

#include "drivers/smp/device/usb_descriptors.h"

#define USB_BENCH_PLACE "1/7/0"

/* Two rows of descriptors as a node shows them: device and configuration. */
#define USB_BENCH_DESCRIPTORS                                                                      \
  (sizeof smp_usb_device_descriptor + sizeof smp_usb_full_speed_configuration)

typedef struct UsbBench {
  UMockdevTestbed *testbed;
  UMockdevIoctlBase *handler;
  char *node;
  GMutex mutex;
  GCond changed;
  gpointer claimed_by; /* the client that has the interface */
  gboolean gone;
  GQueue waiting; /* of transfers in (and out, while `deaf`) that nothing has ended yet */
  GQueue ended;   /* that libusb may fetch */
  GQueue sayings; /* of GByteArray: each a transfer in */

  /* What a test may have it do; to be set before the device hears of it. */
  void (*heard) (struct UsbBench *bench, const guint8 *data, gsize length, gboolean zero_packet);
  gpointer data;    /* for `heard` */
  gboolean deaf;    /* takes no transfer out */
  guint stalls_out; /* how many of the next transfers out it stalls */
  guint stalls_in;
  int failure_in;      /* -errno of the next transfer in that would bring something, or 0 */
  gboolean halted_out; /* stalled and not cleared */
  gboolean halted_in;
  gboolean unplugs_when_heard;
  const char *holder; /* kernel driver that has the interface, or NULL */

  /* What it saw. */
  guint claims;
  guint cleared;
  guint cancelled;
  guint resets;
} UsbBench;

/* Plugs a device in at `place` (USB_BENCH_PLACE ...) that shows these descriptors. */
UsbBench *usb_bench_new (const char *place, const guint8 *descriptors, gsize length);

/* The same with the reference descriptors. */
UsbBench *usb_bench_new_smp (const char *place);
void usb_bench_free (UsbBench *bench);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UsbBench, usb_bench_free)

/* The device sends one transfer, which a short packet ends. The mutex is held, as in `heard`. */
void usb_bench_say (UsbBench *bench, const void *data, gsize length);

/* Pulls the device out: transfers under way end, further requests find no device. */
void usb_bench_unplug (UsbBench *bench);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a USB device says of itself: the interfaces in its descriptors, as sysfs has them in the
 * file `descriptors` (the device descriptor and behind it each configuration as the device sent
 * it; Documentation/ABI/stable/sysfs-bus-usb), and the purposes in a HID report descriptor.
 * Both are the device's own bytes.
 *
 * Pure: no udev here.
 */
#pragma once

#include "drivers/match.h"

/* More than this no device needs to say. */
#define DESCRIPTORS_MAX (64u * 1024)

/* One interface, in one of its alternate settings, of one configuration. */
typedef struct {
  guint configuration;
  guint number;
  guint alternate;
  UsbClass class;
} UsbInterface;

/* All interfaces (of UsbInterface), NULL where the bytes can't be descriptors. Free with
 * g_array_unref(). USB 2.0, 9.5 and 9.6. */
GArray *descriptors_read (const guint8 *data, gsize length);

/* TRUE where the HID report descriptor speaks of nothing but the vendor's own usage pages: then it
 * is no keyboard, mouse or other thing that the PC would obey. FALSE where the bytes can't be read.
 * HID 1.11, 6.2.2; HID Usage Tables 1.5, 3. */
gboolean report_is_vendors (const guint8 *data, gsize length);

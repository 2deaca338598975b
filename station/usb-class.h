/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the classes of USB interfaces stand for (https://www.usb.org/defined-class-codes).
 */
#pragma once

#include "drivers/match.h"

#define USB_COMMUNICATIONS 0x02
#define USB_ABSTRACT_CONTROL 0x02 /* the subclass of CDC ACM */
#define USB_SMART_CARD 0x0b

/* "a keyboard, a mouse or another input device", "a disk": what the PC would make of it. */
const char *usb_class_text (const UsbClass *class);

/* TRUE for what the PC does nothing with on its own: the halves of a CDC ACM port, and the vendor's
 * own class. */
gboolean usb_class_is_harmless (const UsbClass *class);

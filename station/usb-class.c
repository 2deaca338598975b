/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See usb-class.h. The first line that fits speaks.
 */
#include "station/usb-class.h"

static const struct {
  UsbClass class;
  const char *text;
} classes[] = {
  { { 0x01, -1, -1 }, "audio" },
  /* as Linux and Windows know the control half of RNDIS in its three disguises */
  { { 0x02, 0x02, 0xff }, "a network card" },
  { { 0xe0, 0x01, 0x03 }, "a network card" },
  { { 0xef, 0x04, -1 }, "a network card" },
  { { 0x02, 0x02, -1 }, "another serial port" },
  { { 0x02, -1, -1 }, "a network card or modem" },
  { { 0x03, -1, -1 }, "a keyboard, a mouse or another input device" },
  { { 0x06, -1, -1 }, "a camera" },
  { { 0x07, -1, -1 }, "a printer" },
  { { 0x08, -1, -1 }, "a disk" },
  { { 0x09, -1, -1 }, "a hub" },
  { { 0x0b, -1, -1 }, "a smart card" },
  { { 0x0e, -1, -1 }, "video" },
  { { 0xe0, -1, -1 }, "a radio (Bluetooth or alike)" },
  { { 0xfe, 0x01, -1 }, "a firmware loader (DFU)" },
};

const char *
usb_class_text (const UsbClass *class)
{
  for (guint i = 0; i < G_N_ELEMENTS (classes); i++)
    if (usb_class_fits (&classes[i].class, class))
      return classes[i].text;
  return "something else";
}

/* An ACM port speaks AT commands of some standard or none (protocols 0 to 6 of CDC PSTN 1.2); its
 * data half is a class of its own. */
gboolean
usb_class_is_harmless (const UsbClass *class)
{
  switch (class->code) {
  case USB_COMMUNICATIONS:
    return class->subclass == USB_ABSTRACT_CONTROL && class->protocol <= 6;
  case 0x0a:
  case 0xff:
    return TRUE;
  default: /* a device's own number, not one of our words */
    return FALSE;
  }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Endpoint 0: the reference firmware's tables, the standard requests that a USB stack has (USB 2.0,
 * 9.4), and descriptors that nobody should believe.
 */
#include <string.h>
#include <termios.h>

#include "drivers/simulator/plug-usb-private.h"

#define DESCRIPTOR_CONFIGURATION 2

/* Offsets in the reference configuration. */
#define INTERFACE_ENDPOINTS (9u + 4)
#define OUT_LENGTH 18u
#define IN_ADDRESS (25u + 2)
#define IN_PACKET (25u + 4)

/* A boot keyboard without a HID descriptor: enough to be seen. */
static const guint8 keyboard[] = { 9, 4, 1, 0, 0, 3, 1, 1, 0 };

static void
spoil_configuration (UsbPlug *plug)
{
  guint8 *data = plug->answer->data;

  switch (plug->settings.faults.hostile) {
  case 1:
    data[IN_PACKET] = data[IN_PACKET + 1] = 0;
    break;
  case 2:
    data[IN_ADDRESS] = SMP_USB_OUT + 1;
    break;
  case 3:
    data[INTERFACE_ENDPOINTS] = 9;
    break;
  case 4:
    data[OUT_LENGTH] = 0;
    break;
  case 5:
    g_byte_array_append (plug->answer, keyboard, sizeof keyboard);
    plug->answer->data[2] = (guint8)plug->answer->len;
    plug->answer->data[4] = 2; /* interfaces */
    break;
  default:
    break;
  }
}

/* What an earlier session left, in either direction. */
static void
forget (UsbPlug *plug)
{
  smp_usb_receiver_reset (&plug->receiver);
  g_byte_array_set_size (plug->heard, 0);
  if (plug->port >= 0)
    tcflush (plug->port, TCIFLUSH);
}

static gboolean
answer_with (UsbPlug *plug, const guint8 *data, gsize length)
{
  g_byte_array_append (plug->answer, data, (guint)length);
  return TRUE;
}

/* Requests that a USB stack answers by itself. */
static gboolean
control_standard (UsbPlug *plug, const guint8 setup[8])
{
  static const guint8 status[2], alternate[1];

  switch (setup[0] << 8 | setup[1]) {
  case 0x8000: /* GET_STATUS of the device, an interface, an endpoint */
  case 0x8100:
  case 0x8200:
    return answer_with (plug, status, sizeof status);
  case 0x8008: /* GET_CONFIGURATION */
    return answer_with (plug, &plug->configuration, 1);
  case 0x0009: /* SET_CONFIGURATION */
    plug->configuration = setup[2];
    forget (plug);
    return TRUE;
  case 0x810a: /* GET_INTERFACE */
    return answer_with (plug, alternate, sizeof alternate);
  case 0x010b: /* SET_INTERFACE */
    forget (plug);
    return setup[2] == 0;
  case 0x0201: /* CLEAR_FEATURE of an endpoint: its halt */
    if (setup[4] == SMP_USB_OUT)
      plug->halted = FALSE;
    return TRUE;
  default:
    return FALSE;
  }
}

gboolean
usb_plug_control (UsbPlug *plug, const guint8 setup[8])
{
  const uint8_t *data;
  size_t length;

  g_byte_array_set_size (plug->answer, 0);
  switch (smp_usb_request (&plug->descriptors, setup, &data, &length)) {
  case SMP_USB_FORGET:
    forget (plug);
    return TRUE;
  case SMP_USB_ANSWER:
    answer_with (plug, data, length);
    if (setup[3] == DESCRIPTOR_CONFIGURATION && setup[0] == 0x80)
      spoil_configuration (plug);
    return TRUE;
  case SMP_USB_STALL:
    break;
  }
  return control_standard (plug, setup);
}

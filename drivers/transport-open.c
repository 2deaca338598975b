/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From an address to a transport.
 */
#include <string.h>

#include "drivers/driver.h"
#include "drivers/transport.h"

static const struct {
  const char *prefix;
  Channel channel;
} schemes[] = { { "usb:", CHANNEL_USB }, { "hid:", CHANNEL_HID }, { "card:", CHANNEL_CARD } };

const char *
channel_word (Channel channel)
{
  switch (channel) {
  case CHANNEL_SERIAL:
    return "serial";
  case CHANNEL_USB:
    return "usb";
  case CHANNEL_HID:
    return "hid";
  case CHANNEL_CARD:
    return "card";
  }
  return "serial";
}

Channel
address_channel (const char *address)
{
  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++)
    if (g_str_has_prefix (address, schemes[i].prefix))
      return schemes[i].channel;
  return CHANNEL_SERIAL;
}

Transport *
transport_open (const char *address, const SerialSettings *settings, Deadline deadline,
                GError **error)
{
  switch (address_channel (address)) {
  case CHANNEL_SERIAL:
    return transport_open_serial (address, settings, error);
  case CHANNEL_USB:
    return transport_open_usb (address + strlen ("usb:"), deadline, error);
  case CHANNEL_HID:
    return transport_open_hid (address + strlen ("hid:"), error);
  case CHANNEL_CARD:
    return transport_open_card (address + strlen ("card:"), deadline, error);
  }
  return NULL;
}

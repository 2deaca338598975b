/* SPDX-License-Identifier: Apache-2.0
 *
 * Transfers to packets and back, a USB packet at a time.
 */
#include "smp_usb_packet.h"

#include <string.h>

void
smp_usb_receiver_init (SmpUsbReceiver *receiver, uint8_t *buffer, size_t size, size_t max_packet)
{
  memset (receiver, 0, sizeof *receiver);
  receiver->packet = buffer;
  receiver->size = size;
  receiver->max_packet = max_packet;
}

void
smp_usb_receiver_reset (SmpUsbReceiver *receiver)
{
  receiver->filled = 0;
  receiver->too_large = 0;
}

static size_t
whole_length (const SmpUsbReceiver *receiver)
{
  size_t body;

  if (receiver->too_large || receiver->filled < SMP_USB_HEADER)
    return 0;
  body = (size_t)receiver->packet[2] << 8 | receiver->packet[3];
  return body == receiver->filled - SMP_USB_HEADER ? receiver->filled : 0;
}

size_t
smp_usb_receive (SmpUsbReceiver *receiver, const uint8_t *data, size_t length)
{
  size_t whole;

  if (length > receiver->size - receiver->filled)
    receiver->too_large = 1;
  if (!receiver->too_large && length > 0) {
    memcpy (receiver->packet + receiver->filled, data, length);
    receiver->filled += length;
  }
  if (length >= receiver->max_packet)
    return 0;
  whole = whole_length (receiver);
  smp_usb_receiver_reset (receiver);
  return whole;
}

void
smp_usb_sender_init (SmpUsbSender *sender, const uint8_t *packet, size_t length, size_t max_packet)
{
  sender->packet = packet;
  sender->left = length;
  sender->max_packet = max_packet;
  sender->ended = length == 0; /* no packet is no transfer */
}

int
smp_usb_send_next (SmpUsbSender *sender, const uint8_t **data, size_t *length)
{
  if (sender->ended)
    return 0;
  *data = sender->packet;
  *length = sender->left < sender->max_packet ? sender->left : sender->max_packet;
  sender->packet += *length;
  sender->left -= *length;
  sender->ended = *length < sender->max_packet;
  return 1;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * SMP packets on the bulk endpoints of a USB interface: one packet is one transfer, as it is. A
 * transfer ends with a USB packet that is shorter than the endpoint's maximum, which has no bytes
 * at all where the SMP packet's length is a multiple of it.
 */
#ifndef SMP_USB_PACKET_H
#define SMP_USB_PACKET_H

#include <stddef.h>
#include <stdint.h>

#define SMP_USB_HEADER 8u

/* A packet on its way in. Its members are the library's own, but for `packet`. */
typedef struct {
  uint8_t *packet; /* the caller's buffer */
  size_t size;
  size_t max_packet; /* wMaxPacketSize of the OUT endpoint */
  size_t filled;
  uint8_t too_large;
} SmpUsbReceiver;

/* `buffer` must hold the largest SMP packet. */
void smp_usb_receiver_init (SmpUsbReceiver *receiver, uint8_t *buffer, size_t size,
                            size_t max_packet);

/* Forgets a transfer that has begun: for the reset request, SET_CONFIGURATION and a bus reset. */
void smp_usb_receiver_reset (SmpUsbReceiver *receiver);

/* Takes one USB packet (`length` from 0 to max_packet) as the controller gave it. Returns the
 * length of an SMP packet that is now whole, in the caller's buffer, where it stays until the next
 * call; else 0. A transfer that is too large, or whose length is not that of its header, is
 * dropped. */
size_t smp_usb_receive (SmpUsbReceiver *receiver, const uint8_t *data, size_t length);

/* A packet on its way out. */
typedef struct {
  const uint8_t *packet;
  size_t left;
  size_t max_packet; /* wMaxPacketSize of the IN endpoint */
  uint8_t ended;
} SmpUsbSender;

void smp_usb_sender_init (SmpUsbSender *sender, const uint8_t *packet, size_t length,
                          size_t max_packet);

/* Sets `data` and `length` to the next USB packet, the last of which is a short one. Returns 0
 * where all are sent. */
int smp_usb_send_next (SmpUsbSender *sender, const uint8_t **data, size_t *length);

#endif

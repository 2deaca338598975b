/* SPDX-License-Identifier: Apache-2.0
 *
 * SMP packets on a serial console: frames of at most 127 bytes, "06 09" first,
 * "04 14" further, base64 of length, packet and CRC-16, ended by LF. Anything
 * else on the line is console text and is passed over.
 */
#ifndef SMP_SERIAL_FRAME_H
#define SMP_SERIAL_FRAME_H

#include <stddef.h>
#include <stdint.h>

/* The longest frame, marker and LF included. */
#define SMP_SERIAL_FRAME_MAX 127u

/* A packet on its way in. Its members are the library's own, but for `packet`. */
typedef struct {
  uint8_t *packet; /* the caller's buffer */
  size_t size;
  size_t filled;   /* decoded bytes so far, length field not counted */
  size_t expected; /* packet and CRC, from the length field */
  uint32_t bits;   /* base64 digits that do not make three bytes yet */
  uint8_t digits;
  uint8_t padding;
  uint8_t in_frame;  /* between a marker and its LF */
  uint8_t in_packet; /* a first frame has come and the packet is not whole */
  uint8_t length_bytes;
  uint8_t last; /* the byte before, to see a marker */
} SmpSerialReceiver;

/* `buffer` must hold the largest packet and 2 bytes of CRC. */
void smp_serial_receiver_init (SmpSerialReceiver *receiver, uint8_t *buffer, size_t size);

/* Takes one byte from the wire. Returns the length of a packet that is now whole, with its CRC
 * checked, in the caller's buffer, where it stays until the next call; else 0. Damaged or too
 * large packets are dropped without a word, as SMP demands. */
size_t smp_serial_receive (SmpSerialReceiver *receiver, uint8_t byte);

typedef void (*SmpSerialPut) (void *context, const uint8_t *data, size_t length);

/* Sends a packet as frames, one `put` a frame. */
void smp_serial_send (const uint8_t *packet, size_t length, SmpSerialPut put, void *context);

/* CRC-16/XMODEM: polynomial 1021, continued from `crc`; start with 0. */
uint16_t smp_crc16 (uint16_t crc, const uint8_t *data, size_t length);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Framing of SMP on a serial console, one byte at a time: no line is kept, base64
 * is decoded as it comes.
 */
#include "smp_serial_frame.h"

#include <string.h>

/* How many bytes one frame carries: 127 less marker and LF are 124 digits of base64. */
#define FRAME_BYTES 93u
#define LENGTH_BYTES 2u
#define CRC_BYTES 2u

static const char digits_of_base64[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

uint16_t
smp_crc16 (uint16_t crc, const uint8_t *data, size_t length)
{
  size_t i;
  int bit;

  for (i = 0; i < length; i++) {
    crc = (uint16_t)(crc ^ (uint16_t)(data[i] << 8));
    for (bit = 0; bit < 8; bit++)
      crc = (uint16_t)((crc << 1) ^ ((crc & 0x8000) != 0 ? 0x1021 : 0));
  }
  return crc;
}

void
smp_serial_receiver_init (SmpSerialReceiver *receiver, uint8_t *buffer, size_t size)
{
  memset (receiver, 0, sizeof *receiver);
  receiver->packet = buffer;
  receiver->size = size;
}

static void
drop_packet (SmpSerialReceiver *receiver)
{
  receiver->in_packet = 0;
  receiver->in_frame = 0;
}

/* One decoded byte: the length field first, then packet and CRC. */
static void
take_byte (SmpSerialReceiver *receiver, uint8_t byte)
{
  if (receiver->length_bytes < LENGTH_BYTES) {
    receiver->expected = (receiver->expected << 8) | byte;
    receiver->length_bytes++;
    if (receiver->length_bytes == LENGTH_BYTES
        && (receiver->expected <= CRC_BYTES || receiver->expected > receiver->size))
      drop_packet (receiver);
    return;
  }
  if (receiver->filled == receiver->expected)
    drop_packet (receiver); /* more than was announced */
  else
    receiver->packet[receiver->filled++] = byte;
}

static int
base64_value (uint8_t byte)
{
  if (byte >= 'A' && byte <= 'Z')
    return byte - 'A';
  if (byte >= 'a' && byte <= 'z')
    return byte - 'a' + 26;
  if (byte >= '0' && byte <= '9')
    return byte - '0' + 52;
  if (byte == '+')
    return 62;
  return byte == '/' ? 63 : -1;
}

/* A whole group of four digits: three bytes less the padding. */
static void
take_group (SmpSerialReceiver *receiver)
{
  int bytes = 3 - receiver->padding;
  int i;

  for (i = 0; i < bytes && receiver->in_packet; i++)
    take_byte (receiver, (uint8_t)(receiver->bits >> (16 - 8 * i)));
  receiver->bits = 0;
  receiver->digits = 0;
  receiver->padding = 0;
}

static void
take_digit (SmpSerialReceiver *receiver, uint8_t byte)
{
  int value = base64_value (byte);

  if (byte == '=' && receiver->digits >= 2) {
    receiver->padding++;
    value = 0;
  }
  else if (receiver->padding > 0)
    value = -1;
  if (value < 0) {
    drop_packet (receiver);
    return;
  }
  receiver->bits = (receiver->bits << 6) | (uint32_t)value;
  receiver->digits++;
  if (receiver->digits == 4)
    take_group (receiver);
}

static void
begin_frame (SmpSerialReceiver *receiver, int first)
{
  receiver->in_frame = first || receiver->in_packet;
  receiver->bits = 0;
  receiver->digits = 0;
  receiver->padding = 0;
  if (!first)
    return;
  receiver->in_packet = 1;
  receiver->filled = 0;
  receiver->expected = 0;
  receiver->length_bytes = 0;
}

/* At the LF: the packet's length where it is whole and its CRC is right. */
static size_t
end_frame (SmpSerialReceiver *receiver)
{
  receiver->in_frame = 0;
  if (receiver->digits != 0)
    drop_packet (receiver);
  if (!receiver->in_packet || receiver->length_bytes < LENGTH_BYTES
      || receiver->filled < receiver->expected)
    return 0;
  receiver->in_packet = 0;
  /* The CRC over a packet and its own CRC is 0. */
  if (smp_crc16 (0, receiver->packet, receiver->filled) != 0)
    return 0;
  return receiver->filled - CRC_BYTES;
}

size_t
smp_serial_receive (SmpSerialReceiver *receiver, uint8_t byte)
{
  uint8_t last = receiver->last;

  receiver->last = byte;
  if (last == 0x06 && byte == 0x09)
    begin_frame (receiver, 1);
  else if (last == 0x04 && byte == 0x14)
    begin_frame (receiver, 0);
  else if (byte == 0x06 || byte == 0x04)
    return 0; /* half a marker: never part of base64 */
  else if (receiver->in_frame && byte == '\n')
    return end_frame (receiver);
  else if (receiver->in_frame && byte != '\r')
    take_digit (receiver, byte);
  return 0;
}

/* Packet and CRC as one row of bytes that begins with the length. */
typedef struct {
  const uint8_t *packet;
  size_t length;
  uint8_t head[LENGTH_BYTES];
  uint8_t tail[CRC_BYTES];
} Row;

static uint8_t
row_byte (const Row *row, size_t at)
{
  if (at < LENGTH_BYTES)
    return row->head[at];
  at -= LENGTH_BYTES;
  return at < row->length ? row->packet[at] : row->tail[at - row->length];
}

/* Writes four digits for up to three bytes. */
static void
encode_group (const Row *row, size_t at, size_t count, uint8_t *text)
{
  uint32_t bits = (uint32_t)row_byte (row, at) << 16;

  if (count > 1)
    bits |= (uint32_t)row_byte (row, at + 1) << 8;
  if (count > 2)
    bits |= row_byte (row, at + 2);
  text[0] = (uint8_t)digits_of_base64[bits >> 18];
  text[1] = (uint8_t)digits_of_base64[(bits >> 12) & 63];
  text[2] = (uint8_t)(count > 1 ? digits_of_base64[(bits >> 6) & 63] : '=');
  text[3] = (uint8_t)(count > 2 ? digits_of_base64[bits & 63] : '=');
}

static size_t
encode_frame (const Row *row, size_t at, size_t count, uint8_t *frame)
{
  size_t filled = 2;
  size_t done;

  frame[0] = at == 0 ? 0x06 : 0x04;
  frame[1] = at == 0 ? 0x09 : 0x14;
  for (done = 0; done < count; done += 3) {
    encode_group (row, at + done, count - done, frame + filled);
    filled += 4;
  }
  frame[filled++] = '\n';
  return filled;
}

void
smp_serial_send (const uint8_t *packet, size_t length, SmpSerialPut put, void *context)
{
  uint8_t frame[SMP_SERIAL_FRAME_MAX];
  uint16_t crc = smp_crc16 (0, packet, length);
  size_t total = LENGTH_BYTES + length + CRC_BYTES;
  size_t at, count;
  Row row;

  if (length == 0 || length + CRC_BYTES > 0xffff)
    return;
  row.packet = packet;
  row.length = length;
  row.head[0] = (uint8_t)((length + CRC_BYTES) >> 8);
  row.head[1] = (uint8_t)(length + CRC_BYTES);
  row.tail[0] = (uint8_t)(crc >> 8);
  row.tail[1] = (uint8_t)crc;
  for (at = 0; at < total; at += count) {
    count = total - at < FRAME_BYTES ? total - at : FRAME_BYTES;
    put (context, frame, encode_frame (&row, at, count, frame));
  }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * libcbor builds the tree, but it believes counts: five bytes make it allocate
 * gigabytes. So every body passes the gate first, which holds each count against
 * the bytes that are there.
 */
#include "drivers/smp/proto.h"

#include <string.h>

#define LENGTH_FIELD 2
#define CRC_LENGTH 2
#define FRAME_BYTES 93     /* 124 digits of base64: a frame less marker and LF */
#define CONTAINERS_MAX 64u /* maps, arrays and tags in one body: bounds nesting too */

guint16
smp_crc (const guint8 *data, gsize length)
{
  guint crc = 0;

  for (gsize i = 0; i < length; i++) {
    guint step = ((crc >> 8) ^ data[i]) & 0xff;

    step ^= step >> 4;
    crc = ((crc << 8) ^ (step << 12) ^ (step << 5) ^ step) & 0xffff;
  }
  return (guint16)crc;
}

GBytes *
smp_packet_new (const SmpHeader *header, const cbor_item_t *body)
{
  unsigned char *encoded = NULL;
  size_t size = 0;
  gsize length = cbor_serialize_alloc (body, &encoded, &size);
  guint8 *packet = g_malloc (SMP_HEADER_LENGTH + length);

  packet[0] = (guint8)(header->version << 3 | header->operation);
  packet[1] = 0;
  packet[2] = (guint8)(length >> 8);
  packet[3] = (guint8)length;
  packet[4] = (guint8)(header->group >> 8);
  packet[5] = (guint8)header->group;
  packet[6] = header->sequence;
  packet[7] = header->command;
  if (length > 0)
    memcpy (packet + SMP_HEADER_LENGTH, encoded, length);
  free (encoded);
  return g_bytes_new_take (packet, SMP_HEADER_LENGTH + length);
}

/* What the gate has seen of a body. */
typedef struct {
  gsize length; /* no count can be larger than the bytes there are */
  guint containers;
  gboolean refused;
} Gate;

static void
gate_container (void *context)
{
  Gate *gate = context;

  gate->refused |= ++gate->containers > CONTAINERS_MAX;
}

static void
gate_counted (void *context, size_t count)
{
  Gate *gate = context;

  gate->refused |= count > gate->length;
  gate_container (context);
}

static void
gate_tag (void *context, uint64_t tag)
{
  gate_container (context);
}

static void
gate_refuse (void *context)
{
  Gate *gate = context;

  gate->refused = TRUE;
}

static gboolean
passes_gate (const guint8 *data, gsize length)
{
  struct cbor_callbacks callbacks = cbor_empty_callbacks;
  Gate gate = { .length = length };

  callbacks.array_start = callbacks.map_start = gate_counted;
  callbacks.indef_array_start = callbacks.indef_map_start = gate_container;
  callbacks.tag = gate_tag;
  callbacks.byte_string_start = callbacks.string_start = gate_refuse;
  while (length > 0 && !gate.refused) {
    struct cbor_decoder_result result = cbor_stream_decode (data, length, &callbacks, &gate);

    if (result.status != CBOR_DECODER_FINISHED || result.read == 0 || result.read > length)
      return FALSE;
    data += result.read;
    length -= result.read;
  }
  return !gate.refused;
}

static cbor_item_t *
parse_body (const guint8 *data, gsize length)
{
  g_autoptr (cbor_item_t) body = NULL;
  struct cbor_load_result result;

  if (!passes_gate (data, length))
    return NULL;
  body = cbor_load (data, length, &result);
  if (body == NULL || result.error.code != CBOR_ERR_NONE || result.read != length
      || !cbor_isa_map (body))
    return NULL;
  return g_steal_pointer (&body);
}

gsize
smp_packet_body_length (const guint8 *header)
{
  gsize length = (gsize)(header[2] << 8 | header[3]);

  return header[0] >> 5 == 0 && length <= SMP_PACKET_MAX - SMP_HEADER_LENGTH ? length : 0;
}

gboolean
smp_packet_parse (const guint8 *packet, gsize length, SmpHeader *header, cbor_item_t **body)
{
  cbor_item_t *parsed;

  if (length <= SMP_HEADER_LENGTH || length > SMP_PACKET_MAX
      || (gsize)(packet[2] << 8 | packet[3]) != length - SMP_HEADER_LENGTH
      || (packet[0] & 7) > SMP_WRITE_RESPONSE)
    return FALSE;
  parsed = parse_body (packet + SMP_HEADER_LENGTH, length - SMP_HEADER_LENGTH);
  if (parsed == NULL)
    return FALSE;
  header->operation = (SmpOperation)(packet[0] & 7);
  header->version = (packet[0] >> 3) & 3;
  header->group = (guint16)(packet[4] << 8 | packet[5]);
  header->sequence = packet[6];
  header->command = packet[7];
  *body = parsed;
  return TRUE;
}

GBytes *
smp_frames_new (GBytes *packet)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (packet, &length);
  guint16 crc = smp_crc (data, length);
  g_autoptr (GByteArray) row = g_byte_array_new ();
  GString *frames = g_string_new (NULL);

  g_byte_array_append (
      row, (guint8[]){ (guint8)((length + CRC_LENGTH) >> 8), (guint8)(length + CRC_LENGTH) },
      LENGTH_FIELD);
  g_byte_array_append (row, data, (guint)length);
  g_byte_array_append (row, (guint8[]){ (guint8)(crc >> 8), (guint8)crc }, CRC_LENGTH);
  for (guint at = 0; at < row->len; at += FRAME_BYTES) {
    g_autofree char *digits = g_base64_encode (row->data + at, MIN (FRAME_BYTES, row->len - at));

    g_string_append (frames, at == 0 ? "\x06\x09" : "\x04\x14");
    g_string_append (frames, digits);
    g_string_append_c (frames, '\n');
  }
  return g_string_free_to_bytes (frames);
}

void
smp_assembly_init (SmpAssembly *assembly)
{
  assembly->packet = g_byte_array_new ();
  assembly->expected = 0;
}

void
smp_assembly_clear (SmpAssembly *assembly)
{
  g_clear_pointer (&assembly->packet, g_byte_array_unref);
  assembly->expected = 0;
}

/* The place behind the last marker of the line, or NULL; *first tells which marker. */
static const guint8 *
find_marker (const guint8 *line, gsize length, gboolean *first)
{
  for (gsize i = length; i >= 2; i--) {
    const guint8 *marker = line + i - 2;

    *first = marker[0] == 0x06 && marker[1] == 0x09;
    if (*first || (marker[0] == 0x04 && marker[1] == 0x14))
      return line + i;
  }
  return NULL;
}

/* Strictly base64 with its padding; GLib's decoder passes over what is not. */
static GByteArray *
decode_digits (const guint8 *digits, gsize length)
{
  g_autofree char *text = g_strndup ((const char *)digits, length);
  gsize count = strspn (text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
  gsize padding = strspn (text + count, "=");
  gsize decoded = 0;

  if (length == 0 || count + padding != length || padding > 2 || length % 4 != 0)
    return NULL;
  g_base64_decode_inplace (text, &decoded);
  return g_byte_array_new_take ((guint8 *)g_steal_pointer (&text), decoded);
}

static SmpLine
set_damaged (SmpAssembly *assembly)
{
  assembly->expected = 0;
  return SMP_LINE_DAMAGED;
}

/* Reads the length field off the first frame. */
static gboolean
open_packet (SmpAssembly *assembly, GByteArray *bytes)
{
  g_byte_array_set_size (assembly->packet, 0);
  assembly->expected = 0;
  if (bytes->len < LENGTH_FIELD)
    return FALSE;
  assembly->expected = (guint)(bytes->data[0] << 8 | bytes->data[1]);
  g_byte_array_remove_range (bytes, 0, LENGTH_FIELD);
  return assembly->expected > CRC_LENGTH && assembly->expected <= SMP_PACKET_MAX + CRC_LENGTH;
}

SmpLine
smp_assembly_take (SmpAssembly *assembly, const guint8 *line, gsize length)
{
  g_autoptr (GByteArray) bytes = NULL;
  gboolean first = FALSE;
  const guint8 *digits;

  while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r'))
    length--;
  digits = find_marker (line, length, &first);
  if (digits == NULL || (!first && assembly->expected == 0))
    return SMP_LINE_TEXT; /* or the end of a packet whose beginning was before our time */
  bytes = decode_digits (digits, length - (gsize)(digits - line));
  if (bytes == NULL || (first && !open_packet (assembly, bytes)))
    return set_damaged (assembly);
  if (assembly->packet->len + bytes->len > assembly->expected)
    return set_damaged (assembly);
  g_byte_array_append (assembly->packet, bytes->data, bytes->len);
  if (assembly->packet->len < assembly->expected)
    return SMP_LINE_PART;
  if (smp_crc (assembly->packet->data, assembly->packet->len) != 0)
    return set_damaged (assembly); /* over a packet and its own CRC it is 0 */
  g_byte_array_set_size (assembly->packet, assembly->expected - CRC_LENGTH);
  assembly->expected = 0;
  return SMP_LINE_PACKET;
}

SmpLine
smp_assembly_take_bare (SmpAssembly *assembly, const guint8 *packet, gsize length)
{
  assembly->expected = 0;
  if (length <= SMP_HEADER_LENGTH || smp_packet_body_length (packet) != length - SMP_HEADER_LENGTH)
    return SMP_LINE_DAMAGED;
  g_byte_array_set_size (assembly->packet, 0);
  g_byte_array_append (assembly->packet, packet, (guint)length);
  return SMP_LINE_PACKET;
}

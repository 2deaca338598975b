/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Bytes of SMP, the Simple Management Protocol of MCUmgr, as a client writes and
 * reads them: packets with a CBOR map, and frames of a serial console. Pure: no
 * device, no clock. Everything that is read is hostile.
 */
#pragma once

#include <cbor.h>
#include <glib.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC (cbor_item_t, cbor_intermediate_decref)

#define SMP_HEADER_LENGTH 8

/* The largest packet that is written or believed, header included. */
#define SMP_PACKET_MAX 8192

/* The longest frame that is written, marker and LF included. */
#define SMP_FRAME_MAX 127

typedef enum {
  SMP_READ,
  SMP_READ_RESPONSE,
  SMP_WRITE,
  SMP_WRITE_RESPONSE,
} SmpOperation;

/* Groups, and commands of the OS group, that are the standard's. */
#define SMP_GROUP_OS 0
#define SMP_OS_ECHO 0
#define SMP_OS_RESET 5
#define SMP_OS_PARAMETERS 6

typedef struct {
  SmpOperation operation;
  guint version; /* 0: errors as {"rc"}, 1: those of groups as {"err": {"group", "rc"}} too */
  guint16 group;
  guint8 sequence;
  guint8 command;
} SmpHeader;

/* Header and body as one packet. Unref with g_bytes_unref(). */
GBytes *smp_packet_new (const SmpHeader *header, const cbor_item_t *body);

/* Cuts a packet up. FALSE, with nothing set, where it is not one header and one bounded,
 * well-formed map. Free *body with cbor_intermediate_decref(). */
gboolean smp_packet_parse (const guint8 *packet, gsize length, SmpHeader *header,
                           cbor_item_t **body);

/* How long the body is that an answer's header (SMP_HEADER_LENGTH bytes) announces; 0 where it is
 * the header of none that could be believed. */
gsize smp_packet_body_length (const guint8 *header);

/* A packet as the lines of a serial console, all of them. Unref with g_bytes_unref(). */
GBytes *smp_frames_new (GBytes *packet);

/* A packet on its way in, line by line. */
typedef struct {
  GByteArray *packet;
  guint expected; /* packet and CRC; 0 while no packet is open */
} SmpAssembly;

void smp_assembly_init (SmpAssembly *assembly);
void smp_assembly_clear (SmpAssembly *assembly);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SmpAssembly, smp_assembly_clear)

typedef enum {
  SMP_LINE_TEXT,    /* console text: not for us */
  SMP_LINE_PART,    /* a frame; more must come */
  SMP_LINE_PACKET,  /* the last frame: assembly->packet is whole, without CRC */
  SMP_LINE_DAMAGED, /* a frame that can't be: base64, length or CRC */
} SmpLine;

/* Takes one line, with or without its line end. A frame may stand behind console text. */
SmpLine smp_assembly_take (SmpAssembly *assembly, const guint8 *line, gsize length);

/* The same for a packet that came as it is: SMP_LINE_PACKET, or DAMAGED where it can't be one. */
SmpLine smp_assembly_take_bare (SmpAssembly *assembly, const guint8 *packet, gsize length);

/* CRC-16/XMODEM: polynomial 1021, initial value 0. */
guint16 smp_crc (const guint8 *data, gsize length);

/* An empty map for `pairs` pairs; free with cbor_intermediate_decref(). */
cbor_item_t *smp_map_new (gsize pairs);
void smp_map_add_text (cbor_item_t *map, const char *key, const char *text);
void smp_map_add_unsigned (cbor_item_t *map, const char *key, guint32 number);
void smp_map_add_bytes (cbor_item_t *map, const char *key, const guint8 *data, gsize length);

/* The value of `key`, borrowed, or NULL. */
cbor_item_t *smp_map_get (const cbor_item_t *map, const char *key);

/* TRUE where `key` is there and of that type. */
gboolean smp_map_get_unsigned (const cbor_item_t *map, const char *key, guint64 *number);
gboolean smp_map_get_bool (const cbor_item_t *map, const char *key, gboolean *value);

/* Its text (valid UTF-8 without NUL; free with g_free()) or bytes; NULL where it is not that. */
char *smp_map_get_text (const cbor_item_t *map, const char *key);
GBytes *smp_map_get_bytes (const cbor_item_t *map, const char *key);

/* The same for one item, as it stands in an array. */
char *smp_item_text (const cbor_item_t *item);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See mqtt.h. Section numbers are those of MQTT 5; 3.1.1 is the same without properties.
 */
#include "station/rehearse/mqtt.h"

#include <string.h>

#include "base/text.h"

#define CONNECT_HEADER 0x10
#define CONNACK_HEADER 0x20
#define MOST_SHOWN 200u
#define LEVEL_31 3u
#define LEVEL_311 4u
#define LEVEL_5 5u

enum {
  FLAG_RESERVED = 1,
  FLAG_CLEAN = 2,
  FLAG_WILL = 4,
  FLAG_WILL_QOS = 0x18,
  FLAG_PASSWORD = 0x40,
  FLAG_USER = 0x80
};

typedef struct {
  const guint8 *data;
  gsize length;
} Rest;

static MqttState
wrong (Request *request, const char *problem)
{
  request->kind = REQUEST_MQTT_WRONG;
  g_free (request->problem);
  request->problem = g_strdup (problem);
  return MQTT_WRONG;
}

/* 1.5.5: up to four bytes of seven bits. 1: read, 0: more must come, -1: it is none. */
static int
take_variable (Rest *rest, guint32 *value)
{
  *value = 0;
  for (guint i = 0; i < 4; i++) {
    if (rest->length == 0)
      return 0;
    const guint8 byte = rest->data[0];
    rest->data++;
    rest->length--;
    *value |= (guint32)(byte & 0x7f) << (7 * i);
    if ((byte & 0x80) == 0)
      return 1;
  }
  return -1;
}

static gboolean
take_number (Rest *rest, guint width, guint *value)
{
  if (rest->length < width)
    return FALSE;
  *value = 0;
  for (guint i = 0; i < width; i++)
    *value = *value << 8 | rest->data[i];
  rest->data += width;
  rest->length -= width;
  return TRUE;
}

/* 1.5.4 and 1.5.6: two bytes of length before it. */
static gboolean
take_field (Rest *rest, Rest *field)
{
  guint length;

  if (!take_number (rest, 2, &length) || rest->length < length)
    return FALSE;
  *field = (Rest){ rest->data, length };
  rest->data += length;
  rest->length -= length;
  return TRUE;
}

static gboolean
take_properties (Rest *rest, guint level)
{
  guint32 length;

  if (level < LEVEL_5)
    return TRUE;
  if (take_variable (rest, &length) != 1 || rest->length < length)
    return FALSE;
  rest->data += length;
  rest->length -= length;
  return TRUE;
}

/* 3.1.2.1: "MQTT"; MQTT 3.1 said "MQIsdp". */
static gboolean
take_protocol (Rest *rest, guint *level)
{
  Rest name;

  if (!take_field (rest, &name) || !take_number (rest, 1, level))
    return FALSE;
  if (name.length == 6 && memcmp (name.data, "MQIsdp", 6) == 0)
    *level = LEVEL_31;
  else if (name.length != 4 || memcmp (name.data, "MQTT", 4) != 0)
    return FALSE;
  return TRUE;
}

/* 3.1.3: client id, will, user name, password, each where the flags say so, and nothing else. */
static gboolean
take_payload (Rest *rest, guint flags, guint level, Rest *client_id)
{
  Rest any;

  if (!take_field (rest, client_id))
    return FALSE;
  if ((flags & FLAG_WILL) != 0
      && (!take_properties (rest, level) || !take_field (rest, &any) || !take_field (rest, &any)))
    return FALSE;
  if ((flags & FLAG_USER) != 0 && !take_field (rest, &any))
    return FALSE;
  if ((flags & FLAG_PASSWORD) != 0 && !take_field (rest, &any))
    return FALSE;
  return rest->length == 0;
}

static gboolean
flags_are_sound (guint flags, guint level)
{
  if ((flags & FLAG_RESERVED) != 0 || (flags & FLAG_WILL_QOS) == FLAG_WILL_QOS)
    return FALSE;
  if ((flags & FLAG_WILL) == 0 && (flags & (FLAG_WILL_QOS | 0x20)) != 0)
    return FALSE;
  return level >= LEVEL_5 || (flags & FLAG_USER) != 0 || (flags & FLAG_PASSWORD) == 0;
}

static MqttState
read_body (Rest body, Request *request)
{
  guint flags;
  Rest client_id;

  if (!take_protocol (&body, &request->level))
    return wrong (request, "its protocol name is not \"MQTT\"");
  if (!take_number (&body, 1, &flags) || !take_number (&body, 2, &request->keep_alive))
    return wrong (request, "it ends before its keep alive");
  if (!flags_are_sound (flags, request->level))
    return wrong (request, "its connect flags contradict each other");
  if (!take_properties (&body, request->level))
    return wrong (request, "its properties are longer than it is");
  if (!take_payload (&body, flags, request->level, &client_id))
    return wrong (request, "its payload is not what its connect flags announce");
  if (!g_utf8_validate ((const char *)client_id.data, (gssize)client_id.length, NULL))
    return wrong (request, "its client id is not UTF-8");
  request->kind = REQUEST_MQTT;
  request->clean = (flags & FLAG_CLEAN) != 0;
  request->client_id = bytes_for_display (client_id.data, client_id.length, MOST_SHOWN);
  return MQTT_CONNECT;
}

MqttState
mqtt_read_connect (const guint8 *data, gsize length, Request *request)
{
  Rest rest = { data, length };
  guint32 announced;
  int read;

  if (length == 0)
    return MQTT_UNFINISHED;
  if (data[0] != CONNECT_HEADER)
    return wrong (request, "an MQTT client's first packet is CONNECT");
  rest.data++;
  rest.length--;
  read = take_variable (&rest, &announced);
  if (read == 0)
    return MQTT_UNFINISHED;
  if (read < 0 || announced > MQTT_CONNECT_MOST)
    return wrong (request, "it is longer than 128 KiB");
  if (rest.length < announced)
    return MQTT_UNFINISHED;
  return read_body ((Rest){ rest.data, announced }, request);
}

GBytes *
mqtt_connack (guint level, gboolean admitted)
{
  const gboolean modern = level >= LEVEL_5;
  const gboolean spoken = level == LEVEL_311 || level == LEVEL_5;
  const guint8 refusal = spoken ? (modern ? 0x87 : 5) : (modern ? 0x84 : 1);
  const guint8 packet[] = { CONNACK_HEADER, modern ? 3 : 2, 0, admitted && spoken ? 0 : refusal,
                            0 };

  return g_bytes_new (packet, modern ? 5 : 4);
}

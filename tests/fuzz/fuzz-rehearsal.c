/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Any bytes as what a device says at a rehearsal: an MQTT CONNECT, or an extension of its
 * ClientHello. What is read of it must be safe to show and hang together; a CONNECT that was read
 * must not be one any more when its last byte is missing.
 */
#include "base/text.h"
#include "station/rehearse/hello.h"
#include "station/rehearse/mqtt.h"

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

static void
expect_showable (const char *text)
{
  if (text == NULL || !g_utf8_validate (text, -1, NULL))
    g_abort ();
  for (const char *at = text; *at != '\0'; at = g_utf8_next_char (at))
    if (!character_is_showable (g_utf8_get_char (at)))
      g_abort ();
}

static void
clear (Request *request)
{
  g_clear_pointer (&request->client_id, g_free);
  g_clear_pointer (&request->problem, g_free);
}

/* The length that stands in its header tells where a packet ends. */
static gsize
packet_length (const guint8 *data, size_t size)
{
  gsize length = 0, at = 1;

  for (guint shift = 0; at < size; at++, shift += 7) {
    length |= (gsize)(data[at] & 0x7f) << shift;
    if ((data[at] & 0x80) == 0)
      return length + at + 1;
  }
  return size;
}

static void
read_connect (const guint8 *data, size_t size)
{
  Request request = { 0 }, cut = { 0 };
  const MqttState state = mqtt_read_connect (data, size, &request);
  g_autoptr (GBytes) answer = NULL;

  if ((state == MQTT_WRONG) != (request.problem != NULL)
      || (state == MQTT_CONNECT) != (request.client_id != NULL))
    g_abort ();
  if (state == MQTT_CONNECT) {
    expect_showable (request.client_id);
    answer = mqtt_connack (request.level, TRUE);
    if (packet_length (data, size) > size
        || mqtt_read_connect (data, packet_length (data, size) - 1, &cut) != MQTT_UNFINISHED)
      g_abort ();
  }
  clear (&request);
  clear (&cut);
}

static void
read_extension (const guint8 *data, size_t size)
{
  g_autoptr (Try) one = try_new ();
  g_autofree char *version = NULL;

  hello_take_extension (&one->hello, data[0], data + 1, size - 1);
  hello_take_suites (&one->hello, data + 1, size - 1);
  if (one->hello.server_name != NULL)
    expect_showable (one->hello.server_name);
  for (guint i = 0; i < one->hello.protocols->len; i++)
    expect_showable (g_ptr_array_index (one->hello.protocols, i));
  if (one->hello.suites->len > (size - 1) / 2)
    g_abort ();
  version = tls_version_text (hello_newest_version (&one->hello));
  expect_showable (version);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  if (size == 0)
    return 0;
  read_connect (data, size);
  read_extension (data, size);
  return 0;
}

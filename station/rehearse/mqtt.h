/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The first packet of an MQTT client, and the answer to it (MQTT 3.1.1 and 5, OASIS, 3.1 and 3.2).
 * Pure.
 */
#pragma once

#include "station/rehearse/facts.h"

/* No CONNECT is longer for us: AWS IoT takes 128 KiB of any packet. */
#define MQTT_CONNECT_MOST (128u * 1024u)

typedef enum { MQTT_UNFINISHED, MQTT_WRONG, MQTT_CONNECT } MqttState;

/* Reads what came so far. MQTT_CONNECT: `request` has it. MQTT_WRONG: its problem is a sentence.
 * MQTT_UNFINISHED: more must come, and it may still become either. */
MqttState mqtt_read_connect (const guint8 *data, gsize length, Request *request);

/* CONNACK: admitted, or refused as not authorized (3.1.1: 5; MQTT 5: 0x87), or because of the
 * protocol's level (3.1.1: 1; 5: 0x84). Free with g_bytes_unref(). */
GBytes *mqtt_connack (guint level, gboolean admitted);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One command and its answer.
 */
#pragma once

#include "drivers/arduino/proto.h"
#include "drivers/driver.h"

/* Who answered the question for the sketch's description. */
typedef enum {
  ARDUINO_NOBODY,    /* silence, or no frames */
  ARDUINO_STOCK,     /* Arduino's own sketch */
  ARDUINO_KEYCRADLE, /* one with Keycradle's commands */
} ArduinoSketch;

/* Asks for the description. Answers to others' questions that come late are passed over, and a
 * sketch that waits for the rest of a frame is given it. `description` (may be NULL) is what
 * Keycradle's sketch says. FALSE with error only where the port died or is flooded. */
gboolean arduino_ask_sketch (Transport *transport, ArduinoSketch *sketch, GByteArray *description,
                             Deadline deadline, GError **error);

/* Sends a command that is answered with ACK; `refusal` is the error where it is ERROR. */
gboolean arduino_run (Transport *transport, ArduinoNumber number, const guint8 *content,
                      gsize length, DriverError refusal, Deadline deadline, GError **error);

/* Sends a command that is answered with DATA: its payload. Unref with g_byte_array_unref(). */
GByteArray *arduino_fetch (Transport *transport, ArduinoNumber number, const guint8 *content,
                           gsize length, DriverError refusal, Deadline deadline, GError **error);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Frames of the protocol with which Arduino's provisioning sketches are spoken to:
 *
 *   55 AA | type | length, 16 bits, big endian | payload | CRC, big endian | AA 55
 *
 * The length counts the CRC; the CRC-16/X-25 goes over the payload. A command's payload begins with
 * its number. Pure: no I/O, no state. README.md has the commands and their sources.
 */
#pragma once

#include <glib.h>

/* The most that a command's payload may hold: what the sketches have room for. */
#define ARDUINO_COMMAND_MAX 130u

/* The most that an answer's payload may hold. */
#define ARDUINO_PAYLOAD_MAX 4096u

/* How much of a certificate goes into one command or answer. */
#define ARDUINO_PIECE_MAX 120u

typedef enum {
  ARDUINO_COMMAND = 1,
  ARDUINO_DATA = 2,
  ARDUINO_RESPONSE = 3,
} ArduinoType;

typedef enum {
  ARDUINO_SKETCH_INFO = 0x01,
  ARDUINO_CSR = 0x02, /* makes a new key */
  ARDUINO_BEGIN_STORAGE = 0x06,
  ARDUINO_END_STORAGE = 0x10,
  /* Keycradle's: Arduino's own sketch does not know them. */
  ARDUINO_REQUEST = 0x20, /* a CSR by the key that is there */
  ARDUINO_WRITE = 0x21,
  ARDUINO_READ = 0x22,
} ArduinoNumber;

/* What a response says. */
typedef enum {
  ARDUINO_NONE = 1,
  ARDUINO_ACK = 2,
  ARDUINO_NACK = 3, /* the command came with a wrong CRC and was not run */
  ARDUINO_ERROR = 4,
} ArduinoResult;

/* CRC-16/X-25: reflected 0x8408, begins and ends with FFFF. */
guint16 arduino_crc (const guint8 *data, gsize length);

/* Appends a whole frame. */
void arduino_put_frame (GByteArray *out, ArduinoType type, const guint8 *payload, gsize length);

typedef enum {
  ARDUINO_NO_FRAME, /* not all of it is there */
  ARDUINO_FRAME,
  ARDUINO_BROKEN_FRAME, /* one with a wrong CRC or end */
} ArduinoFound;

/* Takes the first frame out of `input`, with whatever stands before it: a sketch may talk in
 * between. `payload` is emptied first. */
ArduinoFound arduino_take_frame (GByteArray *input, guint8 *type, GByteArray *payload);

/* What Keycradle's sketch tells of itself, "serial=... model=... version=... locked=yes". */
typedef struct {
  char *serial; /* the secure element's number, lower-case hex */
  char *model;  /* or NULL */
  char *version;
  gboolean locked;
} ArduinoIdentity;

void arduino_identity_clear (ArduinoIdentity *identity);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ArduinoIdentity, arduino_identity_clear)

/* FALSE where there is no serial in it, or none that can be one: 4 to 18 bytes in hex, not all
 * alike. Clear with arduino_identity_clear() in any case. */
gboolean arduino_parse_identity (const guint8 *text, gsize length, ArduinoIdentity *identity);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Packets of an ATECC508 or ATECC608, and the lines of text in which a kit carries them. Pure.
 *
 * A command is `count opcode p1 p2 data crc`, an answer `count data crc`; count counts itself and
 * the CRC; p2 and crc are little endian (datasheet of the ATECC608, "I/O Groups"). A kit takes
 * `E:t(HEX)` and answers `STATUS(HEX)` (Microchip, "kit protocol").
 */
#pragma once

#include "drivers/driver.h"

enum {
  CHIP_READ = 0x02,
  CHIP_WRITE = 0x12,
  CHIP_NONCE = 0x16,
  CHIP_LOCK = 0x17,
  CHIP_RANDOM = 0x1b,
  CHIP_INFO = 0x30,
  CHIP_GENKEY = 0x40,
  CHIP_SIGN = 0x41,
};

enum {
  CHIP_OK = 0x00,
  CHIP_ASLEEP_SOON = 0xee,  /* the watchdog is about to expire */
  CHIP_COMMUNICATION = 0xff /* the command came garbled to the chip */
};

#define CHIP_CONFIG_LENGTH 128
#define CHIP_BLOCK 32
#define CHIP_SERIAL_LENGTH 9
#define CHIP_SLOTS 16

typedef struct {
  guint8 opcode;
  guint8 p1;
  guint16 p2;
  const guint8 *data;
  gsize length; /* at most CHIP_BLOCK */
} ChipCommand;

/* CRC-16 with polynomial 0x8005, bits from the lowest, start 0. */
guint16 chip_crc (const guint8 *data, gsize length);

/* The line with `command` in it; free with g_free(). */
char *kit_talk_line (const ChipCommand *command);

/* What is in a packet that came: TRUE where count and CRC are right; `data` points into it. */
gboolean chip_packet_read (GBytes *packet, const guint8 **data, gsize *length);

/* "exec-error: ..." in words, for what a chip answers instead of data. */
const char *chip_status_words (guint8 status);

/* TRUE for "STATUS(HEX)", as in "00(04113343)"; unref `payload`. */
gboolean kit_answer_read (const char *line, guint8 *status, GBytes **payload);

typedef enum {
  KIT_DEVICE_NONE,  /* "no_device": there are no more */
  KIT_DEVICE_ECC,   /* a chip that this driver can talk to */
  KIT_DEVICE_OTHER, /* one of another kind */
} KitDeviceKind;

typedef struct {
  KitDeviceKind kind;
  guint8 address;
  char name[17]; /* "ECC608" */
} KitDevice;

/* TRUE for "ECC608 TWI 00(C0)" and "no_device ...". */
gboolean kit_device_read (const char *line, KitDevice *device);

/* The configuration zone, as far as it matters (datasheet, "EEPROM Configuration Zone"). */

gboolean chip_config_is_locked (const guint8 *config);
gboolean chip_data_is_locked (const guint8 *config);
gboolean chip_slot_is_locked (const guint8 *config, guint slot);

/* FALSE where the bytes can't be a chip's serial number, which begins with 01 23. */
gboolean chip_serial_read (const guint8 *config, guint8 serial[CHIP_SERIAL_LENGTH]);

/* "ATECC608B" and so on; NULL where the revision is of none of the family. */
const char *chip_model (const guint8 *config);

/* TRUE where a digest to be signed goes to a buffer of its own (ATECC608), not to TempKey. */
gboolean chip_has_digest_buffer (const guint8 *config);

/* NULL where the chip makes a P-256 key in `slot` (or, unless `generate`, may have one there), and
 * signs with it what comes from outside; else why not. */
const char *chip_key_slot_problem (const guint8 *config, guint slot, gboolean generate);

/* NULL where 72 bytes can be written to `slot` and read from it, in clear; else why not. */
const char *chip_data_slot_problem (const guint8 *config, guint slot);

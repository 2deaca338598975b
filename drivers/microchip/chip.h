/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is asked of an ATECC508 or ATECC608 behind a kit (datasheet, "Security Commands"). Each
 * command wakes the chip and lays it down to idle again, which keeps what it has computed: its
 * watchdog puts it to sleep 1.3 s after it woke, whatever it is doing.
 */
#pragma once

#include "drivers/microchip/proto.h"

#define CHIP_POINT 64 /* X and Y */
#define CHIP_DIGEST 32
#define CHIP_SIGNATURE 64 /* r and s */
#define CHIP_CERTIFICATE 72

typedef struct {
  Transport *transport;
  guint8 config[CHIP_CONFIG_LENGTH];
} Chip;

/* Reads the whole configuration zone into chip->config. */
gboolean chip_read_config (Chip *chip, Deadline deadline, GError **error);

/* A new key in `slot`; its public part. DRIVER_ERROR_KEY_GENERATION. */
gboolean chip_generate_key (Chip *chip, guint slot, guint8 point[CHIP_POINT], Deadline deadline,
                            GError **error);

/* The public part of the key in `slot`. DRIVER_ERROR_PROOF where there is none. */
gboolean chip_read_key (Chip *chip, guint slot, guint8 point[CHIP_POINT], Deadline deadline,
                        GError **error);

/* r and s by the key in `slot`. `refused` is the error where the chip does not sign. */
gboolean chip_sign (Chip *chip, guint slot, const guint8 digest[CHIP_DIGEST], DriverError refused,
                    guint8 signature[CHIP_SIGNATURE], Deadline deadline, GError **error);

/* The 72 bytes of a data slot. */
gboolean chip_write_slot (Chip *chip, guint slot, const guint8 data[CHIP_CERTIFICATE],
                          Deadline deadline, GError **error);
gboolean chip_read_slot (Chip *chip, guint slot, guint8 data[CHIP_CERTIFICATE], Deadline deadline,
                         GError **error);

/* Locks one slot, for ever. */
gboolean chip_lock_slot (Chip *chip, guint slot, Deadline deadline, GError **error);

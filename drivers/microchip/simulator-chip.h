/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A simulated ATECC608 or ATECC508: packets in, packets out. What it keeps are items of the device:
 * "key", and "slot8" to "slot15".
 */
#pragma once

#include "drivers/simulator/device.h"

#define SIMULATED_CONFIG 128
#define SIMULATED_SLOT 72

typedef struct {
  Device *device;
  guint8 config[SIMULATED_CONFIG];
  gboolean awake;
  gint64 woke; /* of the monotonic clock, µs */
  gboolean loaded;
  guint8 digest[32]; /* TempKey or the digest buffer, from Nonce */
  gboolean loaded_buffer;
} SimulatedChip;

/* Wipes `chip` and sets it up as --firmware and the serial number say. */
void simulated_chip_init (SimulatedChip *chip, Device *device);

void simulated_chip_wake (SimulatedChip *chip);
void simulated_chip_idle (SimulatedChip *chip);
void simulated_chip_sleep (SimulatedChip *chip);

/* The answer to `packet`; NULL where the chip is asleep. Unref with g_bytes_unref(). */
GBytes *simulated_chip_answer (SimulatedChip *chip, GBytes *packet);

/* A packet with `data` in it. */
GBytes *simulated_chip_packet (const guint8 *data, gsize length);

/* The 9 bytes by which it is known. */
void simulated_chip_serial (const SimulatedChip *chip, guint8 serial[9]);

/* X and Y, whatever the curve: cut or filled up to 32 bytes each. FALSE where there is no key. */
gboolean simulated_chip_point (EVP_PKEY *key, guint8 point[64]);

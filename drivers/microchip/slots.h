/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which slots of a chip the product uses, by the driver's options, and what stands in them. The
 * defaults are the layout of Microchip's TrustFLEX and TNG parts: device certificate in 10, its
 * signer's key in 11, its signer's certificate in 12.
 */
#pragma once

#include "drivers/microchip/certificate.h"
#include "drivers/microchip/chip.h"

typedef struct {
  guint key;
  guint certificate;
  guint signer_key;
  guint signer_certificate;
  gboolean generate; /* FALSE: the key that is there stays */
  CompressedIds ids;
} Slots;

extern const DriverOption slots_options[];

/* DRIVER_ERROR_UNSUPPORTED where an option names no slot, or one for two things. */
gboolean slots_read (const Session *session, Slots *slots, GError **error);

/* DRIVER_ERROR_UNSUPPORTED, with what to do, where the chip's configuration does not allow what the
 * driver is going to do with it. */
gboolean slots_check (const Slots *slots, const guint8 *config, GError **error);

/* `certificate` as 72 bytes, after a look at whether it can be made anew from them and from the
 * chip's key `point`. DRIVER_ERROR_UNSUPPORTED. */
gboolean slots_compress (const Slots *slots, GBytes *certificate, const guint8 point[POINT_LENGTH],
                         guint8 compressed[COMPRESSED_LENGTH], GError **error);

/* Writes what the chip keeps of the signer: key, and certificate where it can be compressed. */
gboolean slots_write_signer (const Slots *slots, Chip *chip, GBytes *certificate, Deadline deadline,
                             GError **error);

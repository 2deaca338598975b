/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A device of the provisioning group in memory: the device library with OpenSSL
 * behind its callbacks, and a transport that leads to it through real frames.
 */
#pragma once

#include <openssl/evp.h>

#include "drivers/smp/device/provision_device.h"
#include "drivers/smp/device/smp_serial_frame.h"
#include "drivers/smp/device/smp_usb_packet.h"
#include "drivers/transport.h"

#define N_OBJECTS (PROVISION_OBJECT_SERIAL + 1)

typedef struct {
  ProvisionDevice device;
  SmpSerialReceiver receiver;
  SmpUsbReceiver usb_receiver;
  guint8 request[8192 + 2];
  guint8 response[8192];
  guint8 transfer[4096];
  GByteArray *out; /* frames on their way to the station */
  gsize piece;     /* how many bytes one read of the station gets */
  /* What the chip is. */
  EVP_PKEY *key;
  GBytes *objects[N_OBJECTS];
  char serial[PROVISION_TEXT_MAX + 1];
  const char *chip_id;
  guint32 key_kinds;
  guint32 kept; /* bits 1 << ProvisionObject */
  gboolean locked;
  /* What a test may have it do. */
  const char *chatter;   /* console text between all frames, or NULL */
  gboolean leaks;        /* gives its private key where a CSR should be */
  ProvisionError broken; /* what store answers */
  guint requests;        /* packets that came */
} SmpChip;

/* `packet_size` is what it reports. */
SmpChip *smp_chip_new (gsize packet_size);
void smp_chip_free (SmpChip *chip);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SmpChip, smp_chip_free)

/* A transport to the chip, which must outlive it. Reads end with NO_ANSWER when it has
 * said everything. */
Transport *smp_chip_transport (SmpChip *chip);

/* The same over USB: packets as they are. */
Transport *smp_chip_usb_transport (SmpChip *chip);

/* The chip hears a transfer, which an empty packet ends where `zero_packet` says so. Its answer as
 * it goes over USB, to be freed with g_byte_array_unref(); empty where it has none. */
GByteArray *smp_chip_hear_transfer (SmpChip *chip, const guint8 *data, gsize length,
                                    gboolean zero_packet);

/* A certificate (DER) over the chip's key, signed by a key of its own. */
GBytes *smp_chip_certify (SmpChip *chip);

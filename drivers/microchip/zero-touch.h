/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The zero-touch kit's firmware: JSON in hex in a kit's line (aws-iot-zero-touch kits). It made the
 * keys and locked the chip when it was first started; it makes the request and keeps the
 * certificates.
 */
#pragma once

#include "drivers/microchip/proto.h"

typedef struct {
  gboolean speaks; /* it answered as such a kit */
  char serial[19]; /* 18 hex digits in upper case */
  guint8 point[64];
} ZeroTouch;

/* Asks who it is. TRUE with `speaks` FALSE where it is a kit without this firmware. */
gboolean zero_touch_begin (Transport *transport, ZeroTouch *board, Deadline deadline,
                           GError **error);

/* The request in DER. */
GBytes *zero_touch_request (Transport *transport, Deadline deadline, GError **error);

/* Has it keep the certificates. `above` is the public key of the CA above the signer, in hex. */
gboolean zero_touch_save (Transport *transport, const char *host, GBytes *certificate,
                          GBytes *signer, const char *above, Deadline deadline, GError **error);

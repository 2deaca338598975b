/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The whole way of one device, as a station would go it, for tests of drivers.
 */
#pragma once

#include <openssl/evp.h>

#include "drivers/driver.h"

typedef struct {
  Transport *transport;
  const Driver *driver;         /* the only one to be asked, or NULL for all */
  const DriverOptions *options; /* what it is told, or NULL */
  Session *session;
  GError *error;
  EVP_PKEY *key;       /* of the request */
  GBytes *certificate; /* made for the key where there is none */
} Journey;

void journey_clear (Journey *journey);

extern const guint8 journey_nonce[PROOF_NONCE_LENGTH];

/* The steps up to the certificate. FALSE with journey->error. */
gboolean journey_to_certificate (Journey *journey, Deadline deadline);

typedef struct {
  gboolean shows_what_was_sent;
  gboolean signed_by_its_key;
} JourneyVerdict;

/* The steps from the certificate on. */
gboolean journey_to_proof (Journey *journey, JourneyVerdict *verdict, Deadline deadline);

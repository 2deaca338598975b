/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A proof for families that sign nothing but certificate requests: one whose subject is the nonce.
 */
#pragma once

#include "drivers/driver.h"

/* Cuts `request` (DER), an ECDSA one with SHA-256, into the message that was signed and its
 * signature (RFC 2986, 4.2). DRIVER_ERROR_PROOF where it is no request. */
gboolean proof_from_request (GBytes *request, Proof *proof, GError **error);

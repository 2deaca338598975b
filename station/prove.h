/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Judging a proof of possession: is it fresh, and was it made by the certificate's key?
 */
#pragma once

#include "drivers/driver.h"

/* TRUE where `proof` holds `nonce` and its signature is by the key of `certificate` (DER).
 * DRIVER_ERROR_PROOF where not. */
gboolean proof_holds (const Proof *proof, const guint8 nonce[PROOF_NONCE_LENGTH],
                      GBytes *certificate, GError **error);

/* Has the device sign a fresh nonce and judges it. DRIVER_ERROR_PROOF where the device does not
 * hold the key. `note` is the transcript's word for the nonce. */
gboolean session_proves (Session *session, const char *note, GBytes *certificate, Deadline deadline,
                         GError **error);

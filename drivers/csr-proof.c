/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The part of the request that is signed holds its subject, and so the nonce.
 */
#include "drivers/csr-proof.h"

#include "drivers/der.h"

gboolean
proof_from_request (GBytes *request, Proof *proof, GError **error)
{
  g_auto (DerRequest) parts = { 0 };

  if (!der_request_split (request, &parts)) {
    g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_PROOF,
                         "what the device signed is not a certificate request");
    return FALSE;
  }
  proof->scheme = PROOF_ECDSA_SHA256_DER;
  proof->message = g_steal_pointer (&parts.info);
  proof->signature = g_steal_pointer (&parts.signature);
  return TRUE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Judging what a device shows after the certificate went to it. Public-key work
 * only: the station calls this itself, without the signer.
 */
#pragma once

#include <glib.h>

#include "ca/error.h"

typedef enum {
  SIGNATURE_ECDSA_SHA256_DER,
  SIGNATURE_ECDSA_SHA256_RAW,
  SIGNATURE_RSA_PKCS1_SHA256,
} SignatureScheme;

/* TRUE where `signature` over `message` was made by the key of `certificate` (DER).
 * CA_ERROR_CSR_SIGNATURE where not. */
gboolean certificate_key_signed (GBytes *certificate, SignatureScheme scheme, GBytes *message,
                                 GBytes *signature, GError **error);

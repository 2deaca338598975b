/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The station's signature under entries of a Microchip manifest. ca/proof/jws.h tells why it can't
 * be mistaken for anything else that this key signs. It does not stand in the log: the manifest's
 * statement does, with the file's hash. Any thread may call.
 */
#pragma once

#include "ca/signer/signer.h"

/* The protected header of all that signer_jws_sign() signs. CA_ERROR_CA_CERTIFICATE. */
char *signer_jws_header (Signer *signer, GError **error);

/* The signature over `payload` under that header, in base64url. CA_ERROR_PROOF where it is not one
 * JSON object, and the keystore's. Free with g_free(). */
char *signer_jws_sign (Signer *signer, const char *header, const char *payload, GError **error);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See signer-jws.h.
 */
#include "ca/signer/signer-jws.h"

#include "ca/proof/jws.h"
#include "ca/signer/signer-private.h"

#include <string.h>

char *
signer_jws_header (Signer *signer, GError **error)
{
  return jws_protected_header (station_key_certificate (signer->station), error);
}

char *
signer_jws_sign (Signer *signer, const char *header, const char *payload, GError **error)
{
  g_autoptr (GByteArray) signature = g_byte_array_new ();
  g_autofree char *input = NULL;

  if (!jws_payload_check (payload, strlen (payload), error))
    return NULL;
  input = jws_signing_input (header, payload);
  if (!station_key_sign (signer->station, span_of_text (input), signature, error))
    return NULL;
  return jws_signature_text ((Span){ signature->data, signature->len }, error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See prove.h. The signature covers the whole message; freshness is that our nonce is in it. In a
 * JWT it is in the decoded claims, and then these must be what the message says in base64url.
 */
#include "station/prove.h"

#include <openssl/rand.h>
#include <string.h>

#include "base/encode.h"
#include "ca/judge/proof.h"

static gboolean
refuse (GError **error, const char *why)
{
  g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_PROOF, why);
  return FALSE;
}

static gboolean
bytes_contain (GBytes *haystack, const void *needle, gsize needle_length)
{
  gsize length;
  const void *data = g_bytes_get_data (haystack, &length);

  return length > 0 && memmem (data, length, needle, needle_length) != NULL;
}

static gboolean
bytes_hold_nonce (GBytes *bytes, const guint8 *nonce)
{
  g_autofree char *hex = hex_encode (nonce, PROOF_NONCE_LENGTH);

  return bytes_contain (bytes, nonce, PROOF_NONCE_LENGTH)
         || bytes_contain (bytes, hex, strlen (hex));
}

/* TRUE where the message is "SOMETHING." and then exactly these claims. */
static gboolean
message_ends_in_claims (GBytes *message, GBytes *claims)
{
  g_autofree char *text =
      base64url_encode (g_bytes_get_data (claims, NULL), g_bytes_get_size (claims));
  gsize length, tail = strlen (text);
  const char *data = g_bytes_get_data (message, &length);

  return length > tail + 1 && data[length - tail - 1] == '.'
         && memcmp (data + length - tail, text, tail) == 0;
}

static SignatureScheme
signature_scheme (ProofScheme scheme)
{
  switch (scheme) {
  case PROOF_ECDSA_SHA256_DER:
    return SIGNATURE_ECDSA_SHA256_DER;
  case PROOF_ECDSA_SHA256_RAW:
    return SIGNATURE_ECDSA_SHA256_RAW;
  case PROOF_RSA_PKCS1_SHA256:
    return SIGNATURE_RSA_PKCS1_SHA256;
  }
  return SIGNATURE_ECDSA_SHA256_DER;
}

gboolean
proof_holds (const Proof *proof, const guint8 nonce[PROOF_NONCE_LENGTH], GBytes *certificate,
             GError **error)
{
  g_autoptr (GError) failure = NULL;

  if (proof->claims != NULL && !message_ends_in_claims (proof->message, proof->claims))
    return refuse (error, "the signed token does not carry the claims that came with it");
  if (!bytes_hold_nonce (proof->claims != NULL ? proof->claims : proof->message, nonce))
    return refuse (error, "the device signed something else than the nonce it was sent");
  if (certificate_key_signed (certificate, signature_scheme (proof->scheme), proof->message,
                              proof->signature, &failure))
    return TRUE;
  if (g_error_matches (failure, CA_ERROR, CA_ERROR_CSR_SIGNATURE))
    return refuse (error, failure->message);
  /* Ours, not the device's: a certificate must not be voided for it. */
  g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_INTERNAL, failure->message);
  return FALSE;
}

gboolean
session_proves (Session *session, const char *note, GBytes *certificate, Deadline deadline,
                GError **error)
{
  guint8 nonce[PROOF_NONCE_LENGTH];
  g_autofree char *hex = NULL;
  g_auto (Proof) proof = { 0 };

  if (RAND_bytes (nonce, sizeof nonce) != 1) {
    g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_INTERNAL, "no random bytes to be had");
    return FALSE;
  }
  hex = hex_encode (nonce, sizeof nonce);
  transport_note (session->transport, note, hex);
  return session->driver->prove (session, nonce, &proof, deadline, error)
         && proof_holds (&proof, nonce, certificate, error);
}

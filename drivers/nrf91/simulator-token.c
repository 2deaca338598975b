/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * COSE_Sign1 (RFC 8152) and JWT (RFC 7519), each in the one form that the modem
 * writes. CBOR is put together here: it is five kinds of head.
 */
#include "drivers/nrf91/simulator-token.h"

#include <openssl/rand.h>
#include <string.h>

#include "base/encode.h"

enum { CBOR_UNSIGNED = 0, CBOR_BYTES = 2, CBOR_TEXT = 3, CBOR_ARRAY = 4 };

static void
cbor_head (GByteArray *into, guint type, guint64 value)
{
  guint width = value < 24 ? 0 : value < 0x100 ? 1 : value < 0x10000 ? 2 : 4;
  guint8 head[5] = { (guint8)(type << 5
                              | (width == 0   ? value
                                 : width == 1 ? 24u
                                 : width == 2 ? 25u
                                              : 26u)) };

  for (guint i = 0; i < width; i++)
    head[1 + i] = (guint8)(value >> 8 * (width - 1 - i));
  g_byte_array_append (into, head, 1 + width);
}

static void
cbor_bytes (GByteArray *into, const void *data, gsize length)
{
  cbor_head (into, CBOR_BYTES, length);
  g_byte_array_append (into, data, (guint)length);
}

void
modem_uuid (const char *imei, guint8 uuid[MODEM_UUID_LENGTH])
{
  g_autoptr (GBytes) digest = sha256_of ((const guint8 *)imei, strlen (imei));

  memcpy (uuid, g_bytes_get_data (digest, NULL), MODEM_UUID_LENGTH);
  uuid[6] = (guint8)((uuid[6] & 0x0f) | 0x40);
  uuid[8] = (guint8)((uuid[8] & 0x3f) | 0x80);
}

char *
modem_uuid_text (const char *imei)
{
  guint8 uuid[MODEM_UUID_LENGTH];
  GString *text = g_string_new (NULL);

  modem_uuid (imei, uuid);
  for (guint i = 0; i < MODEM_UUID_LENGTH; i++)
    g_string_append_printf (text, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x",
                            uuid[i]);
  return g_string_free (text, FALSE);
}

/* [type, uuid, << sec_tag >>, sha256, nonce], marked as CBOR. */
static GByteArray *
attest_payload (Device *device, ModemMessage type, guint64 sec_tag, GBytes *object)
{
  static const guint8 self_described[] = { 0xd9, 0xd9, 0xf7 };
  GByteArray *payload = g_byte_array_new ();
  g_autoptr (GByteArray) tag = g_byte_array_new ();
  g_autoptr (GBytes) digest =
      sha256_of (g_bytes_get_data (object, NULL), g_bytes_get_size (object));
  guint8 uuid[MODEM_UUID_LENGTH], nonce[16];

  modem_uuid (device->settings.serial, uuid);
  RAND_bytes (nonce, sizeof nonce);
  cbor_head (tag, CBOR_UNSIGNED, sec_tag);
  g_byte_array_append (payload, self_described, sizeof self_described);
  cbor_head (payload, CBOR_ARRAY, 5);
  cbor_head (payload, CBOR_UNSIGNED, type);
  cbor_bytes (payload, uuid, sizeof uuid);
  cbor_bytes (payload, tag->data, tag->len);
  cbor_bytes (payload, g_bytes_get_data (digest, NULL), g_bytes_get_size (digest));
  cbor_bytes (payload, nonce, sizeof nonce);
  return payload;
}

/* The key that Nordic puts into each modem, made at first use. Its public half lies beside it, as
 * AttestationRoots= takes it: Nordic would have it. */
static EVP_PKEY *
identity_key (Device *device)
{
  EVP_PKEY *key = device_key (device, "identity");
  g_autofree char *pem = NULL;
  g_autofree char *public_pem = NULL;
  g_autoptr (GBytes) public = NULL;

  if (key != NULL)
    return key;
  key = chip_make_key (KEY_KIND_P256);
  pem = chip_private_pem (key);
  public = chip_public_key (key);
  public_pem =
      pem_encode ("PUBLIC KEY", g_bytes_get_data (public, NULL), g_bytes_get_size (public));
  device_put_text (device, "identity", pem);
  device_put_text (device, "identity.pub", public_pem);
  return key;
}

/* Signs the Sig_structure: ["Signature1", protected, '', payload]. */
static GBytes *
attest_signature (Device *device, const GByteArray *payload)
{
  static const guint8 start[] = "\x84\x6aSignature1\x43\xa1\x01\x26\x40";
  g_autoptr (EVP_PKEY) key = identity_key (device);
  g_autoptr (GByteArray) structure = g_byte_array_new ();

  g_byte_array_append (structure, start, sizeof start - 1);
  cbor_bytes (structure, payload->data, payload->len);
  return chip_sign_raw (key, structure->data, structure->len);
}

GBytes *
modem_attest (Device *device, ModemMessage type, guint64 sec_tag, GBytes *object)
{
  /* Tag 18, array of 4, protected {1: -7}, unprotected {4: << -2 >>}. */
  static const guint8 start[] = { 0xd2, 0x84, 0x43, 0xa1, 0x01, 0x26, 0xa1, 0x04, 0x41, 0x21 };
  g_autoptr (GByteArray) payload = attest_payload (device, type, sec_tag, object);
  g_autoptr (GBytes) signature = attest_signature (device, payload);
  GByteArray *message = g_byte_array_new ();

  g_byte_array_append (message, start, sizeof start);
  cbor_bytes (message, payload->data, payload->len);
  cbor_bytes (message, g_bytes_get_data (signature, NULL), g_bytes_get_size (signature));
  return g_byte_array_free_to_bytes (message);
}

/* 55799([1, uuid, device type, firmware, nonce]) */
static GByteArray *
token_message (Device *device, const guint8 *challenge)
{
  static const guint8 self_described[] = { 0xd9, 0xd9, 0xf7 };
  GByteArray *message = g_byte_array_new ();
  guint8 uuid[MODEM_UUID_LENGTH], firmware[MODEM_UUID_LENGTH], nonce[16];

  modem_uuid (device->settings.serial, uuid);
  modem_uuid ("mfw_nrf9160_1.3.5", firmware);
  RAND_bytes (nonce, sizeof nonce);
  g_byte_array_append (message, self_described, sizeof self_described);
  cbor_head (message, CBOR_ARRAY, 5);
  cbor_head (message, CBOR_UNSIGNED, 1);
  cbor_bytes (message, uuid, sizeof uuid);
  cbor_head (message, CBOR_UNSIGNED, 3);
  cbor_bytes (message, firmware, sizeof firmware);
  cbor_bytes (message, challenge != NULL ? challenge : nonce, sizeof nonce);
  return message;
}

GBytes *
modem_token (Device *device, const guint8 *challenge, GBytes **cose)
{
  /* As with a request, but the payload is null: it stands before the dot. */
  static const guint8 start[] = {
    0xd2, 0x84, 0x43, 0xa1, 0x01, 0x26, 0xa1, 0x04, 0x41, 0x21, 0xf6
  };
  GByteArray *message = token_message (device, challenge);
  g_autoptr (GBytes) signature = attest_signature (device, message);
  GByteArray *signed_ = g_byte_array_new ();

  g_byte_array_append (signed_, start, sizeof start);
  cbor_bytes (signed_, g_bytes_get_data (signature, NULL), g_bytes_get_size (signature));
  *cose = g_byte_array_free_to_bytes (signed_);
  return g_byte_array_free_to_bytes (message);
}

static void
append_claim (GString *claims, const char *name, const char *value)
{
  if (value != NULL && *value != '\0')
    g_string_append_printf (claims, ",\"%s\":\"%s\"", name, value);
}

static char *
jwt_header (EVP_PKEY *key)
{
  g_autoptr (GBytes) public = chip_public_key (key);
  g_autoptr (GBytes) digest =
      sha256_of (g_bytes_get_data (public, NULL), g_bytes_get_size (public));
  g_autofree char *id = hex_encode (g_bytes_get_data (digest, NULL), g_bytes_get_size (digest));
  g_autofree char *header =
      g_strdup_printf ("{\"typ\":\"JWT\",\"alg\":\"ES256\",\"kid\":\"%s\"}", id);

  return base64url_encode ((const guint8 *)header, strlen (header));
}

static char *
jwt_claims (Device *device, const char *subject, const char *audience, guint64 seconds)
{
  g_autofree char *uuid = modem_uuid_text (device->settings.serial);
  g_autoptr (GString) claims = g_string_new (NULL);
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;

  g_string_printf (claims, "{\"iss\":\"nRF9160.%s\",\"jti\":\"nRF9160.%s.%08x%08x\"", uuid, uuid,
                   g_random_int (), g_random_int ());
  append_claim (claims, "sub", subject);
  append_claim (claims, "aud", audience);
  if (seconds > 0)
    g_string_append_printf (claims, ",\"iat\":%" G_GINT64_FORMAT ",\"exp\":%" G_GINT64_FORMAT, now,
                            now + (gint64)seconds);
  g_string_append_c (claims, '}');
  return base64url_encode ((const guint8 *)claims->str, claims->len);
}

char *
modem_jwt (Device *device, EVP_PKEY *key, const char *subject, const char *audience,
           guint64 seconds)
{
  g_autofree char *header = jwt_header (key);
  g_autofree char *claims = jwt_claims (device, subject, audience, seconds);
  g_autofree char *message = g_strconcat (header, ".", claims, NULL);
  g_autoptr (GBytes) signature = chip_sign_raw (key, message, strlen (message));
  g_autofree char *encoded = NULL;

  if (signature == NULL)
    return NULL;
  encoded = base64url_encode (g_bytes_get_data (signature, NULL), g_bytes_get_size (signature));
  return g_strconcat (message, ".", encoded, NULL);
}

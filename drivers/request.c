/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A request is put together from the inside out: each part is written behind what is there, then
 * wrapped.
 */
#include "drivers/request.h"

#include <string.h>

#include "base/der-write.h"

#define TAG_INTEGER 0x02
#define TAG_BIT_STRING 0x03
#define TAG_NULL 0x05
#define TAG_OBJECT_IDENTIFIER 0x06
#define TAG_UTF8_STRING 0x0c
#define TAG_SEQUENCE 0x30
#define TAG_SET 0x31
#define TAG_ATTRIBUTES 0xa0 /* [0] IMPLICIT SET OF Attribute (RFC 2986, 4.1) */

#define UNCOMPRESSED_POINT 0x04

typedef struct {
  const guint8 *bytes;
  gsize length;
} ObjectIdentifier;

#define OBJECT_IDENTIFIER(text) ((ObjectIdentifier){ (const guint8 *)(text), sizeof (text) - 1 })

/* RFC 5480, 2.1.1 and 2.1.1.1 */
#define ID_EC_PUBLIC_KEY OBJECT_IDENTIFIER ("\x2a\x86\x48\xce\x3d\x02\x01")
#define SECP256R1 OBJECT_IDENTIFIER ("\x2a\x86\x48\xce\x3d\x03\x01\x07")
#define SECP384R1 OBJECT_IDENTIFIER ("\x2b\x81\x04\x00\x22")
#define SECP521R1 OBJECT_IDENTIFIER ("\x2b\x81\x04\x00\x23")
/* RFC 5758, 3.2 */
#define ECDSA_WITH_SHA256 OBJECT_IDENTIFIER ("\x2a\x86\x48\xce\x3d\x04\x03\x02")
#define ECDSA_WITH_SHA384 OBJECT_IDENTIFIER ("\x2a\x86\x48\xce\x3d\x04\x03\x03")
/* RFC 8017, appendix C */
#define RSA_ENCRYPTION OBJECT_IDENTIFIER ("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01")
#define SHA256_WITH_RSA OBJECT_IDENTIFIER ("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b")
/* RFC 5280, appendix A.1 */
#define COMMON_NAME OBJECT_IDENTIFIER ("\x55\x04\x03")

static void
put_identifier (GByteArray *out, ObjectIdentifier identifier)
{
  der_put (out, TAG_OBJECT_IDENTIFIER, identifier.bytes, identifier.length);
}

static void
put_bit_string (GByteArray *out, const guint8 *bytes, gsize length)
{
  static const guint8 no_unused_bits = 0;
  guint from = out->len;

  g_byte_array_append (out, &no_unused_bits, 1);
  g_byte_array_append (out, bytes, (guint)length);
  der_wrap (out, from, TAG_BIT_STRING);
}

/* An INTEGER that is not negative: no zeros in front but the one that keeps the sign. */
static void
put_unsigned (GByteArray *out, const guint8 *bytes, gsize length)
{
  static const guint8 zero = 0;
  guint from = out->len;

  while (length > 0 && bytes[0] == 0) {
    bytes++;
    length--;
  }
  if (length == 0 || bytes[0] >= 0x80)
    g_byte_array_append (out, &zero, 1);
  g_byte_array_append (out, bytes, (guint)length);
  der_wrap (out, from, TAG_INTEGER);
}

static void
put_bytes (GByteArray *out, GBytes *bytes)
{
  g_byte_array_append (out, g_bytes_get_data (bytes, NULL), (guint)g_bytes_get_size (bytes));
}

/* The curve, and how wide a coordinate is on it; FALSE for RSA. */
static gboolean
curve_of (KeyKind kind, ObjectIdentifier *curve, gsize *width)
{
  switch (kind) {
  case KEY_KIND_P256:
    *curve = SECP256R1;
    *width = 32;
    return TRUE;
  case KEY_KIND_P384:
    *curve = SECP384R1;
    *width = 48;
    return TRUE;
  case KEY_KIND_P521:
    *curve = SECP521R1;
    *width = 66;
    return TRUE;
  case KEY_KIND_RSA_2048:
  case KEY_KIND_RSA_3072:
  case KEY_KIND_RSA_4096:
    return FALSE;
  }
  return FALSE;
}

GBytes *
request_ec_key (KeyKind kind, const guint8 *point, gsize length)
{
  g_autoptr (GByteArray) key = g_byte_array_new ();
  ObjectIdentifier curve;
  gsize width;

  if (!curve_of (kind, &curve, &width) || length != 1 + 2 * width || point[0] != UNCOMPRESSED_POINT)
    return NULL;
  put_identifier (key, ID_EC_PUBLIC_KEY);
  put_identifier (key, curve);
  der_wrap (key, 0, TAG_SEQUENCE);
  put_bit_string (key, point, length);
  der_wrap (key, 0, TAG_SEQUENCE);
  return g_byte_array_free_to_bytes (g_steal_pointer (&key));
}

GBytes *
request_rsa_key (const guint8 *modulus, gsize modulus_length, const guint8 *exponent,
                 gsize exponent_length)
{
  g_autoptr (GByteArray) numbers = g_byte_array_new ();
  g_autoptr (GByteArray) key = g_byte_array_new ();

  put_unsigned (numbers, modulus, modulus_length);
  put_unsigned (numbers, exponent, exponent_length);
  der_wrap (numbers, 0, TAG_SEQUENCE);
  put_identifier (key, RSA_ENCRYPTION);
  der_put (key, TAG_NULL, NULL, 0);
  der_wrap (key, 0, TAG_SEQUENCE);
  put_bit_string (key, numbers->data, numbers->len);
  der_wrap (key, 0, TAG_SEQUENCE);
  return g_byte_array_free_to_bytes (g_steal_pointer (&key));
}

/* RDNSequence of one name with one attribute. */
static void
put_subject (GByteArray *out, const char *common_name)
{
  guint from = out->len;

  put_identifier (out, COMMON_NAME);
  der_put (out, TAG_UTF8_STRING, common_name, strlen (common_name));
  der_wrap (out, from, TAG_SEQUENCE);
  der_wrap (out, from, TAG_SET);
  der_wrap (out, from, TAG_SEQUENCE);
}

GBytes *
request_info (const char *common_name, GBytes *key)
{
  static const guint8 version = 0;
  g_autoptr (GByteArray) info = g_byte_array_new ();

  der_put (info, TAG_INTEGER, &version, 1);
  put_subject (info, common_name);
  put_bytes (info, key);
  der_put (info, TAG_ATTRIBUTES, NULL, 0);
  der_wrap (info, 0, TAG_SEQUENCE);
  return g_byte_array_free_to_bytes (g_steal_pointer (&info));
}

/* AlgorithmIdentifier: RSA has NULL parameters (RFC 4055, 5), ECDSA none (RFC 5758, 3.2). */
static void
put_algorithm (GByteArray *out, RequestAlgorithm algorithm)
{
  guint from = out->len;

  switch (algorithm) {
  case REQUEST_ECDSA_SHA256:
    put_identifier (out, ECDSA_WITH_SHA256);
    break;
  case REQUEST_ECDSA_SHA384:
    put_identifier (out, ECDSA_WITH_SHA384);
    break;
  case REQUEST_RSA_SHA256:
    put_identifier (out, SHA256_WITH_RSA);
    der_put (out, TAG_NULL, NULL, 0);
    break;
  }
  der_wrap (out, from, TAG_SEQUENCE);
}

GBytes *
request_new (GBytes *info, RequestAlgorithm algorithm, GBytes *signature)
{
  g_autoptr (GByteArray) request = g_byte_array_new ();
  gsize length;
  const guint8 *octets = g_bytes_get_data (signature, &length);

  put_bytes (request, info);
  put_algorithm (request, algorithm);
  put_bit_string (request, octets, length);
  der_wrap (request, 0, TAG_SEQUENCE);
  return g_byte_array_free_to_bytes (g_steal_pointer (&request));
}

GBytes *
request_signature_from_raw (const guint8 *raw, gsize length)
{
  g_autoptr (GByteArray) signature = g_byte_array_new ();

  put_unsigned (signature, raw, length / 2);
  put_unsigned (signature, raw + length / 2, length / 2);
  der_wrap (signature, 0, TAG_SEQUENCE);
  return g_byte_array_free_to_bytes (g_steal_pointer (&signature));
}

GBytes *
request_pkcs1_block (const guint8 digest[32], gsize length)
{
  /* DigestInfo for SHA-256 up to the digest (RFC 8017, 9.2, note 1). */
  static const guint8 digest_info[] =
      "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20";
  const gsize info_length = sizeof digest_info - 1;

  g_return_val_if_fail (length >= 11 + info_length + 32, NULL);
  guint8 *block = g_malloc (length);
  gsize info_at = length - 32 - info_length;
  memset (block, 0xff, length);
  block[0] = 0x00;
  block[1] = 0x01;
  block[info_at - 1] = 0x00;
  memcpy (block + info_at, digest_info, info_length);
  memcpy (block + info_at + info_length, digest, 32);
  return g_bytes_new_take (block, length);
}

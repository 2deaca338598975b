/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See station-certificate.h. Put together byte by byte, because the key may be in a token.
 */
#include "ca/signer/station-certificate.h"

#include "base/der-write.h"
#include "base/encode.h"
#include "ca/openssl.h"

#include <openssl/rand.h>
#include <openssl/x509.h>
#include <string.h>

#define TAG_GENERALIZED_TIME 0x18
#define NEVER "99991231235959Z"
#define SERIAL_BYTES 16

static const guint8 oid_common_name[] = { 0x55, 0x04, 0x03 };
static const guint8 oid_key_identifier[] = { 0x55, 0x1d, 0x0e };
/* Extensions, RFC 5280, section 4.2.1: basicConstraints and keyUsage, both critical. */
static const guint8 not_a_ca[] = { 0x30, 0x0c, 0x06, 0x03, 0x55, 0x1d, 0x13,
                                   0x01, 0x01, 0xff, 0x04, 0x02, 0x30, 0x00 };
static const guint8 for_signatures[] = { 0x30, 0x0e, 0x06, 0x03, 0x55, 0x1d, 0x0f, 0x01,
                                         0x01, 0xff, 0x04, 0x04, 0x03, 0x02, 0x07, 0x80 };

/* Random and positive, in its shortest form. */
static gboolean
put_serial (GByteArray *out, GError **error)
{
  guint8 serial[SERIAL_BYTES];

  if (RAND_bytes (serial, sizeof serial) != 1)
    return openssl_refuse (error, CA_ERROR_INTERNAL, "there are no random bytes");
  serial[0] = (guint8)((serial[0] & 0x3f) | 0x40);
  der_put (out, DER_INTEGER, serial, sizeof serial);
  return TRUE;
}

static void
put_name (GByteArray *out, const char *name)
{
  const guint from = out->len;

  der_put (out, DER_OID, oid_common_name, sizeof oid_common_name);
  der_put (out, DER_UTF8_STRING, name, strlen (name));
  der_wrap (out, from, DER_SEQUENCE);
  der_wrap (out, from, DER_SET);
  der_wrap (out, from, DER_SEQUENCE);
}

static void
put_validity (GByteArray *out, gint64 now)
{
  const guint from = out->len;

  der_put_time (out, now);
  der_put (out, TAG_GENERALIZED_TIME, NEVER, strlen (NEVER));
  der_wrap (out, from, DER_SEQUENCE);
}

static void
put_extensions (GByteArray *out, GBytes *spki)
{
  g_autoptr (GBytes) hash = sha256_of (g_bytes_get_data (spki, NULL), g_bytes_get_size (spki));
  const guint from = out->len;
  guint extension, value;

  g_byte_array_append (out, not_a_ca, sizeof not_a_ca);
  g_byte_array_append (out, for_signatures, sizeof for_signatures);
  extension = out->len;
  der_put (out, DER_OID, oid_key_identifier, sizeof oid_key_identifier);
  value = out->len;
  der_put (out, DER_OCTET_STRING, g_bytes_get_data (hash, NULL), 20); /* RFC 7093, method 1 */
  der_wrap (out, value, DER_OCTET_STRING);
  der_wrap (out, extension, DER_SEQUENCE);
  der_wrap (out, from, DER_SEQUENCE);
  der_wrap (out, from, DER_CONTEXT_0 + 3);
}

static GBytes *
spki_of (EVP_PKEY *key)
{
  guint8 *der = NULL;
  const int length = i2d_PUBKEY (key, &der);
  GBytes *spki = length > 0 ? g_bytes_new (der, (gsize)length) : NULL;

  OPENSSL_free (der);
  return spki;
}

/* TBSCertificate, RFC 5280, section 4.1. */
static gboolean
put_matter (GByteArray *out, EVP_PKEY *key, const SignatureAlgorithm *algorithm, const char *name,
            gint64 now, GError **error)
{
  g_autoptr (GBytes) spki = spki_of (key);

  if (spki == NULL)
    return openssl_refuse (error, CA_ERROR_INTERNAL, "the station's key can't be encoded");
  der_put (out, DER_INTEGER, "\2", 1);
  der_wrap (out, 0, DER_CONTEXT_0);
  if (!put_serial (out, error))
    return FALSE;
  g_byte_array_append (out, algorithm->identifier.data, (guint)algorithm->identifier.length);
  put_name (out, name);
  put_validity (out, now);
  put_name (out, name);
  g_byte_array_append (out, g_bytes_get_data (spki, NULL), (guint)g_bytes_get_size (spki));
  put_extensions (out, spki);
  der_wrap (out, 0, DER_SEQUENCE);
  return TRUE;
}

GBytes *
station_certificate_make (Keystore *keystore, const char *name, gint64 now, GError **error)
{
  const SignatureAlgorithm *algorithm = signature_find ("ecdsa-sha256");
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autofree guint8 *matter = NULL;
  guint length, from;

  if (!put_matter (out, keystore_public_key (keystore), algorithm, name, now, error))
    return NULL;
  length = out->len;
  matter = g_memdup2 (out->data, length);
  g_byte_array_append (out, algorithm->identifier.data, (guint)algorithm->identifier.length);
  from = out->len;
  g_byte_array_append (out, (const guint8 *)"", 1); /* a BIT STRING's count of unused bits */
  if (!keystore_sign (keystore, algorithm, (Span){ matter, length }, out, error))
    return NULL;
  der_wrap (out, from, DER_BIT_STRING);
  der_wrap (out, 0, DER_SEQUENCE);
  return g_byte_array_free_to_bytes (g_steal_pointer (&out));
}

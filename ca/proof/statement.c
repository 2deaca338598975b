/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See statement.h. Here: whose statements are read, and how one is made. It is put together byte by
 * byte, so that the key may be anywhere. What was made is opened again before it leaves.
 */
#include "ca/proof/statement-private.h"

#include "base/der-write.h"
#include "base/encode.h"
#include "ca/openssl.h"

#include <openssl/ec.h>
#include <string.h>

#define LEAST_RSA_BITS 2048
#define PUT(out, span) g_byte_array_append (out, (span).data, (guint)(span).length)

static const guint8 data[] = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01 };
static const guint8 signed_data[] = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                      0xf7, 0x0d, 0x01, 0x07, 0x02 };
static const guint8 content_type[] = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                       0xf7, 0x0d, 0x01, 0x09, 0x03 };
static const guint8 message_digest[] = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                         0xf7, 0x0d, 0x01, 0x09, 0x04 };
static const guint8 signing_time[] = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                       0xf7, 0x0d, 0x01, 0x09, 0x05 };
static const guint8 sha256[] = { 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01 };
static const guint8 sha384[] = { 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02 };
static const guint8 sha512[] = { 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03 };

const Span statement_oid_data = { data, sizeof data };
const Span statement_oid_signed_data = { signed_data, sizeof signed_data };
const Span statement_oid_content_type = { content_type, sizeof content_type };
const Span statement_oid_message_digest = { message_digest, sizeof message_digest };

const StatementDigest statement_digests[3] = {
  { "SHA2-256", G_CHECKSUM_SHA256, { sha256, sizeof sha256 }, "rsa-sha256" },
  { "SHA2-384", G_CHECKSUM_SHA384, { sha384, sizeof sha384 }, "rsa-sha384" },
  { "SHA2-512", G_CHECKSUM_SHA512, { sha512, sizeof sha512 }, "rsa-sha512" },
};

/* ---- signers ---- */

static gboolean
check_key (EVP_PKEY *key, GError **error)
{
  static const char *const curves[] = { "prime256v1", "secp384r1", "secp521r1", NULL };
  char curve[80];

  if (key != NULL && EVP_PKEY_is_a (key, "RSA") && EVP_PKEY_get_bits (key) >= LEAST_RSA_BITS)
    return TRUE;
  return (key != NULL && EVP_PKEY_is_a (key, "EC")
          && EVP_PKEY_get_group_name (key, curve, sizeof curve, NULL) == 1
          && g_strv_contains (curves, curve))
         || ca_refuse (error, CA_ERROR_PROOF,
                       "the certificate's key is none of P-256, P-384, P-521 or RSA from %d bits",
                       LEAST_RSA_BITS);
}

static gboolean
add_signer (GPtrArray *signers, GBytes *der, GError **error)
{
  gsize length;
  const guint8 *at = g_bytes_get_data (der, &length);
  const guint8 *end = at + length;
  g_autoptr (X509) certificate = d2i_X509 (NULL, &at, (long)length);

  if (certificate == NULL || at != end)
    return openssl_refuse (error, CA_ERROR_PROOF, "this is no certificate");
  if (!check_key (X509_get0_pubkey (certificate), error))
    return FALSE;
  g_ptr_array_add (signers, g_steal_pointer (&certificate));
  return TRUE;
}

static void
free_certificate (gpointer certificate)
{
  X509_free (certificate);
}

GPtrArray *
statement_signers_read (const char *pem, gsize length, GError **error)
{
  g_autoptr (GPtrArray) signers = g_ptr_array_new_with_free_func (free_certificate);
  g_autofree char *text = g_strndup (pem, length);
  const char *next = text;
  GBytes *found;

  while ((found = pem_decode (next, "CERTIFICATE", &next)) != NULL) {
    g_autoptr (GBytes) der = found;

    if (!add_signer (signers, der, error))
      return NULL;
  }
  if (signers->len == 0) {
    ca_refuse (error, CA_ERROR_PROOF, "there is no certificate in PEM");
    return NULL;
  }
  return g_steal_pointer (&signers);
}

GPtrArray *
statement_signers_load (const char *path, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autofree char *pem = NULL;
  GPtrArray *signers = NULL;
  gsize length;

  if (g_file_get_contents (path, &pem, &length, &problem))
    signers = statement_signers_read (pem, length, &problem);
  if (signers == NULL)
    ca_refuse (error, CA_ERROR_PROOF, "%s: %s", path, problem->message);
  return signers;
}

void
statement_key_sha256 (X509 *certificate, guint8 hash[32])
{
  guint8 *spki = NULL;
  int length = i2d_X509_PUBKEY (X509_get_X509_PUBKEY (certificate), &spki);
  g_autoptr (GBytes) digest = sha256_of (spki, (gsize)MAX (length, 0));

  memcpy (hash, g_bytes_get_data (digest, NULL), 32);
  OPENSSL_free (spki);
}

GByteArray *
statement_issuer_and_serial (X509 *certificate)
{
  GByteArray *out = g_byte_array_new ();
  const guint8 *issuer = NULL;
  size_t issuer_length = 0;
  guint8 *serial = NULL;
  int serial_length = i2d_ASN1_INTEGER (X509_get0_serialNumber (certificate), &serial);

  X509_NAME_get0_der (X509_get_issuer_name (certificate), &issuer, &issuer_length);
  g_byte_array_append (out, issuer, (guint)issuer_length);
  g_byte_array_append (out, serial, (guint)MAX (serial_length, 0));
  der_wrap (out, 0, DER_SEQUENCE);
  OPENSSL_free (serial);
  return out;
}

/* ---- making ---- */

/* An attribute with one value, which stands from `from` on. */
static void
wrap_attribute (GByteArray *out, guint from, const guint8 *oid, gsize length)
{
  g_autoptr (GByteArray) value = g_byte_array_new ();

  g_byte_array_append (value, out->data + from, out->len - from);
  g_byte_array_set_size (out, from);
  g_byte_array_append (out, oid, (guint)length);
  der_put (out, DER_SET, value->data, value->len);
  der_wrap (out, from, DER_SEQUENCE);
}

/* In the order of DER's SET OF: each is longer than the one before it. */
GBytes *
statement_attributes (const char *text, gint64 time, GError **error)
{
  GByteArray *out = g_byte_array_new ();
  g_autoptr (GBytes) digest = sha256_of ((const guint8 *)text, strlen (text));
  guint from;

  PUT (out, statement_oid_data);
  wrap_attribute (out, 0, content_type, sizeof content_type);
  from = out->len;
  der_put_time (out, time);
  wrap_attribute (out, from, signing_time, sizeof signing_time);
  from = out->len;
  der_put (out, DER_OCTET_STRING, g_bytes_get_data (digest, NULL), g_bytes_get_size (digest));
  wrap_attribute (out, from, message_digest, sizeof message_digest);
  der_wrap (out, 0, DER_SET);
  return g_byte_array_free_to_bytes (out);
}

static const SignatureAlgorithm *
algorithm_for (X509 *certificate)
{
  EVP_PKEY *key = X509_get0_pubkey (certificate);

  return signature_find (key != NULL && EVP_PKEY_is_a (key, "RSA") ? "rsa-sha256" : "ecdsa-sha256");
}

static void
put_sha256 (GByteArray *out)
{
  der_put (out, DER_SEQUENCE, sha256, sizeof sha256);
}

/* RFC 5652, section 5.3. */
static void
put_signer_info (GByteArray *out, X509 *certificate, GBytes *attributes, Span signature)
{
  g_autoptr (GByteArray) identifier = statement_issuer_and_serial (certificate);
  const SignatureAlgorithm *algorithm = algorithm_for (certificate);
  guint from = out->len, set;

  der_put (out, DER_INTEGER, "\1", 1);
  g_byte_array_append (out, identifier->data, identifier->len);
  put_sha256 (out);
  set = out->len;
  g_byte_array_append (out, g_bytes_get_data (attributes, NULL),
                       (guint)g_bytes_get_size (attributes));
  out->data[set] = DER_CONTEXT_0;
  PUT (out, algorithm->identifier);
  der_put (out, DER_OCTET_STRING, signature.data, signature.length);
  der_wrap (out, from, DER_SEQUENCE);
}

/* RFC 5652, sections 3 and 5.1. */
static GByteArray *
assemble (const char *text, X509 *certificate, GBytes *attributes, Span signature)
{
  GByteArray *out = g_byte_array_new ();
  guint from, content, signers;

  PUT (out, statement_oid_signed_data);
  from = out->len;
  der_put (out, DER_INTEGER, "\1", 1);
  content = out->len;
  put_sha256 (out);
  der_wrap (out, content, DER_SET);
  content = out->len;
  PUT (out, statement_oid_data);
  signers = out->len;
  der_put (out, DER_OCTET_STRING, text, strlen (text));
  der_wrap (out, signers, DER_CONTEXT_0);
  der_wrap (out, content, DER_SEQUENCE);
  signers = out->len;
  put_signer_info (out, certificate, attributes, signature);
  der_wrap (out, signers, DER_SET);
  der_wrap (out, from, DER_SEQUENCE);
  der_wrap (out, from, DER_CONTEXT_0);
  der_wrap (out, 0, DER_SEQUENCE);
  return out;
}

GBytes *
statement_assemble (const char *text, X509 *certificate, GBytes *attributes, Span signature,
                    GError **error)
{
  g_autoptr (GPtrArray) signers = g_ptr_array_new ();
  GByteArray *out;
  g_autoptr (GBytes) statement = NULL;
  g_autofree char *opened = NULL;
  Span der;

  if (strlen (text) > STATEMENT_MOST) {
    ca_refuse (error, CA_ERROR_PROOF, "the text is longer than %d bytes", STATEMENT_MOST);
    return NULL;
  }
  out = assemble (text, certificate, attributes, signature);
  statement = g_byte_array_free_to_bytes (out);
  der.data = g_bytes_get_data (statement, &der.length);
  g_ptr_array_add (signers, certificate);
  opened = statement_open (der, signers, NULL, error);
  return opened != NULL ? g_steal_pointer (&statement) : NULL;
}

GBytes *
statement_sign (const char *text, X509 *certificate, EVP_PKEY *key, GError **error)
{
  g_autoptr (GBytes) attributes =
      statement_attributes (text, g_get_real_time () / G_USEC_PER_SEC, error);
  g_autoptr (GByteArray) signature = g_byte_array_new ();
  Span span;

  if (!check_key (X509_get0_pubkey (certificate), error))
    return NULL;
  if (X509_check_private_key (certificate, key) != 1) {
    openssl_refuse (error, CA_ERROR_PROOF, "the key is not that of the certificate");
    return NULL;
  }
  span.data = g_bytes_get_data (attributes, &span.length);
  if (!signature_make (algorithm_for (certificate), NULL, key, span, signature, error))
    return NULL;
  return statement_assemble (text, certificate, attributes,
                             (Span){ signature->data, signature->len }, error);
}

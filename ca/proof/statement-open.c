/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Opening a statement. Strict DER with ca/der.h and nothing of it copied: one signer, one digest,
 * the text inside, signed attributes, algorithms from closed lists. OpenSSL's CMS takes far more
 * than that (BER, unsigned fields that say anything), so it only does the arithmetic here. Every
 * byte but those of certificates that came along is either signed or has one value only.
 */
#include "ca/proof/statement-private.h"

#include "ca/openssl.h"

#include <openssl/x509v3.h>
#include <string.h>

enum { KEY_IDENTIFIER = 0x80 }; /* [0] IMPLICIT OCTET STRING, RFC 5652, section 5.3 */

/* rsaEncryption, which says nothing of the digest. */
static const guint8 rsa_encryption[] = { 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                         0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00 };

/* The parts, in the statement's own bytes. */
typedef struct {
  DerReader reader; /* for offsets */
  Span text;
  guint8 version; /* of SignedData */
  const StatementDigest *digest;
  Span identifier; /* IssuerAndSerialNumber, or with `by_key` a SubjectKeyIdentifier */
  gboolean by_key;
  Span attributes; /* with header */
  const SignatureAlgorithm *algorithm;
  Span signature;
} Parts;

static gboolean
refuse (const DerReader *reader, GError **error, const char *message)
{
  return der_refuse (reader, reader->next, CA_ERROR_PROOF, error, "%s", message);
}

static gboolean
is_next (const DerReader *reader, guint8 tag)
{
  return !der_at_end (reader) && *reader->next == tag;
}

/* The next value, with header, must be these bytes. */
static gboolean
expect (DerReader *reader, guint8 tag, Span bytes, const char *what, GError **error)
{
  DerReader before = *reader;
  Span whole;

  if (!der_read (reader, tag, what, NULL, &whole, error))
    return FALSE;
  return span_equal (whole, bytes.data, bytes.length)
         || der_refuse (&before, before.next, CA_ERROR_PROOF, error, "%s: another one", what);
}

static gboolean
read_version (DerReader *reader, guint8 *version, GError **error)
{
  Span magnitude;

  if (!der_read_unsigned (reader, "version", &magnitude, error))
    return FALSE;
  *version = magnitude.length == 1 ? magnitude.data[0] : 0;
  return *version == 1 || *version == 3 || refuse (reader, error, "version is neither 1 nor 3");
}

/* RFC 5754, section 2: the parameters are absent, or NULL. */
static gboolean
read_digest (DerReader *reader, const StatementDigest **digest, GError **error)
{
  DerReader inner;
  Span oid;

  if (!der_enter (reader, DER_SEQUENCE, "digest algorithm", &inner, error)
      || !der_read (&inner, DER_OID, "digest algorithm", NULL, &oid, error)
      || (!der_at_end (&inner) && !der_read_null (&inner, "digest parameters", error))
      || !der_expect_end (&inner, "digest algorithm", error))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (statement_digests); i++) {
    *digest = &statement_digests[i];
    if (span_equal (oid, (*digest)->oid.data, (*digest)->oid.length))
      return TRUE;
  }
  return refuse (&inner, error, "the digest is none of SHA-256, SHA-384, SHA-512");
}

static gboolean
read_digests (DerReader *reader, Parts *parts, GError **error)
{
  DerReader set;

  return der_enter (reader, DER_SET, "digest algorithms", &set, error)
         && read_digest (&set, &parts->digest, error)
         && (der_at_end (&set) || refuse (&set, error, "more than one digest algorithm"));
}

static gboolean
read_content (DerReader *reader, Parts *parts, GError **error)
{
  DerReader info, content;

  if (!der_enter (reader, DER_SEQUENCE, "content", &info, error)
      || !expect (&info, DER_OID, statement_oid_data, "content's type", error))
    return FALSE;
  if (der_at_end (&info))
    return refuse (&info, error, "the text is not inside (sign it with -nodetach)");
  return der_enter (&info, DER_CONTEXT_0, "content", &content, error)
         && der_read (&content, DER_OCTET_STRING, "text", &parts->text, NULL, error)
         && der_expect_end (&content, "content", error) && der_expect_end (&info, "content", error);
}

/* Certificates and revocation lists that came along say nothing to us. */
static gboolean
skip_company (DerReader *reader, GError **error)
{
  return (!is_next (reader, DER_CONTEXT_0)
          || der_read (reader, DER_CONTEXT_0, "certificates", NULL, NULL, error))
         && (!is_next (reader, DER_CONTEXT_1)
             || der_read (reader, DER_CONTEXT_1, "revocation lists", NULL, NULL, error));
}

static gboolean
read_identifier (DerReader *reader, Parts *parts, GError **error)
{
  guint8 version;

  if (!read_version (reader, &version, error))
    return FALSE;
  if (version != parts->version)
    return refuse (reader, error, "the versions do not fit each other");
  parts->by_key = version == 3;
  if (parts->by_key)
    return der_read (reader, KEY_IDENTIFIER, "signer's key", &parts->identifier, NULL, error);
  return der_read (reader, DER_SEQUENCE, "signer's name", NULL, &parts->identifier, error);
}

static gboolean
read_algorithm (DerReader *reader, Parts *parts, GError **error)
{
  Span identifier;

  if (!der_read (reader, DER_SEQUENCE, "signature algorithm", NULL, &identifier, error))
    return FALSE;
  parts->algorithm = span_equal (identifier, rsa_encryption, sizeof rsa_encryption)
                         ? signature_find (parts->digest->rsa)
                         : signature_of_identifier (identifier);
  return (parts->algorithm != NULL && g_str_equal (parts->algorithm->digest, parts->digest->name))
         || refuse (reader, error,
                    "the signature is no ECDSA or RSA with the statement's own digest");
}

static gboolean
read_signer (DerReader *reader, Parts *parts, GError **error)
{
  const StatementDigest *digest;

  if (!read_identifier (reader, parts, error) || !read_digest (reader, &digest, error))
    return FALSE;
  if (digest != parts->digest)
    return refuse (reader, error, "the digests do not fit each other");
  if (!is_next (reader, DER_CONTEXT_0))
    return refuse (reader, error, "there are no signed attributes (sign it without -noattr)");
  return der_read (reader, DER_CONTEXT_0, "signed attributes", NULL, &parts->attributes, error)
         && read_algorithm (reader, parts, error)
         && der_read (reader, DER_OCTET_STRING, "signature", &parts->signature, NULL, error)
         && (der_at_end (reader)
             || refuse (reader, error, "something that nobody signed stands behind the signature"));
}

static gboolean
read_signed_data (DerReader *reader, Parts *parts, GError **error)
{
  DerReader signers, signer;

  if (!read_version (reader, &parts->version, error) || !read_digests (reader, parts, error)
      || !read_content (reader, parts, error) || !skip_company (reader, error)
      || !der_enter (reader, DER_SET, "signers", &signers, error)
      || !der_expect_end (reader, "signed data", error)
      || !der_enter (&signers, DER_SEQUENCE, "signer", &signer, error))
    return FALSE;
  if (!der_at_end (&signers))
    return refuse (&signers, error, "there is more than one signer");
  return read_signer (&signer, parts, error);
}

static gboolean
read_whole (Span der, Parts *parts, GError **error)
{
  DerReader reader = der_reader (der.data, der.length), info, content;

  parts->reader = reader;
  return der_enter (&reader, DER_SEQUENCE, "statement", &info, error)
         && der_expect_end (&reader, "statement", error)
         && expect (&info, DER_OID, statement_oid_signed_data, "statement's type", error)
         && der_enter (&info, DER_CONTEXT_0, "statement", &content, error)
         && der_expect_end (&info, "statement", error)
         && der_enter (&content, DER_SEQUENCE, "signed data", &reader, error)
         && der_expect_end (&content, "statement", error)
         && read_signed_data (&reader, parts, error);
}

/* ---- signed attributes ---- */

/* A value that must stand there exactly once. */
typedef struct {
  Span oid;
  const char *what;
  guint8 tag;
  Span value; /* with header */
  guint count;
} Attribute;

static gboolean
read_attribute (DerReader *reader, Attribute *wanted, guint n_wanted, GError **error)
{
  DerReader attribute, values;
  Span oid;

  if (!der_enter (reader, DER_SEQUENCE, "attribute", &attribute, error)
      || !der_read (&attribute, DER_OID, "attribute's type", NULL, &oid, error)
      || !der_enter (&attribute, DER_SET, "attribute's values", &values, error)
      || !der_expect_end (&attribute, "attribute", error))
    return FALSE;
  for (guint i = 0; i < n_wanted; i++) {
    if (!span_equal (oid, wanted[i].oid.data, wanted[i].oid.length))
      continue;
    wanted[i].count++;
    return der_read (&values, wanted[i].tag, wanted[i].what, NULL, &wanted[i].value, error)
           && der_expect_end (&values, wanted[i].what, error);
  }
  return der_check_values (&values, "attribute's values", error);
}

static gboolean
is_digest_of (const Parts *parts, Span value)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (parts->digest->type);
  guint8 digest[64];
  gsize length = sizeof digest;

  g_checksum_update (checksum, parts->text.data, (gssize)parts->text.length);
  g_checksum_get_digest (checksum, digest, &length);
  return value.length == 2 + length && memcmp (value.data + 2, digest, length) == 0;
}

/* RFC 5652, section 5.3 (contentType, messageDigest) and 5.6. */
static gboolean
check_attributes (const Parts *parts, GError **error)
{
  Attribute wanted[] = {
    { .oid = statement_oid_content_type, .what = "content type", .tag = DER_OID },
    { .oid = statement_oid_message_digest, .what = "digest", .tag = DER_OCTET_STRING },
  };
  DerReader outer = der_reader_within (&parts->reader, parts->attributes), reader;

  if (!der_enter (&outer, DER_CONTEXT_0, "signed attributes", &reader, error))
    return FALSE;
  while (!der_at_end (&reader))
    if (!read_attribute (&reader, wanted, G_N_ELEMENTS (wanted), error))
      return FALSE;
  if (wanted[0].count != 1 || wanted[1].count != 1)
    return refuse (&reader, error, "content type and digest do not stand there once each");
  if (!span_equal (wanted[0].value, statement_oid_data.data, statement_oid_data.length))
    return refuse (&reader, error, "the signed content type is another one");
  return is_digest_of (parts, wanted[1].value)
         || refuse (&reader, error, "the text is not the one that was signed");
}

/* ---- signers ---- */

static gboolean
is_named (const Parts *parts, X509 *certificate)
{
  const ASN1_OCTET_STRING *key = X509_get0_subject_key_id (certificate);
  g_autoptr (GByteArray) name = NULL;

  if (parts->by_key)
    return key != NULL
           && span_equal (parts->identifier, ASN1_STRING_get0_data (key),
                          (gsize)ASN1_STRING_length (key));
  name = statement_issuer_and_serial (certificate);
  return span_equal (parts->identifier, name->data, name->len);
}

static gboolean
is_signed_by (const Parts *parts, X509 *certificate)
{
  g_autofree guint8 *attributes = g_memdup2 (parts->attributes.data, parts->attributes.length);
  EVP_PKEY *key = X509_get0_pubkey (certificate);

  attributes[0] = DER_SET; /* RFC 5652, section 5.4: not the [0] that stands there */
  return key != NULL && signature_fits (parts->algorithm, key)
         && signature_verify (parts->algorithm, key, (Span){ attributes, parts->attributes.length },
                              parts->signature, NULL);
}

static gboolean
find_signer (const Parts *parts, const GPtrArray *signers, X509 **signer, GError **error)
{
  gboolean named = FALSE;

  for (guint i = 0; i < signers->len; i++) {
    X509 *certificate = g_ptr_array_index (signers, i);

    if (!is_named (parts, certificate))
      continue;
    named = TRUE;
    if (!is_signed_by (parts, certificate))
      continue;
    if (signer != NULL)
      *signer = certificate;
    return TRUE;
  }
  return ca_refuse (error, CA_ERROR_PROOF, "%s",
                    named ? "the signature is not by the key of the certificate that is pinned here"
                          : "it names another signer than the certificate that is pinned here");
}

/* ---- both ---- */

/* der.h's errors are about requests. */
static gboolean
read_parts (Span der, Parts *parts, GError **error)
{
  g_autoptr (GError) problem = NULL;

  if (der.length > STATEMENT_MOST)
    return ca_refuse (error, CA_ERROR_PROOF, "the statement is longer than %d bytes",
                      STATEMENT_MOST);
  if (der.length > 0 && der.data[0] == '-')
    return ca_refuse (error, CA_ERROR_PROOF, "the statement is in PEM; DER is wanted here");
  if (!read_whole (der, parts, &problem) || !check_attributes (parts, &problem))
    return ca_refuse (error, CA_ERROR_PROOF, "this is no statement as it must be: %s",
                      problem->message);
  return TRUE;
}

static char *
text_of (const Parts *parts, GError **error)
{
  const char *text = (const char *)parts->text.data;

  if (g_utf8_validate_len (text, parts->text.length, NULL))
    return g_strndup (text, parts->text.length);
  ca_refuse (error, CA_ERROR_PROOF, "what was signed is no UTF-8 text");
  return NULL;
}

char *
statement_open (Span der, const GPtrArray *signers, X509 **signer, GError **error)
{
  Parts parts = { 0 };

  if (!read_parts (der, &parts, error) || !find_signer (&parts, signers, signer, error))
    return NULL;
  return text_of (&parts, error);
}

char *
statement_peek (Span der, GError **error)
{
  Parts parts = { 0 };

  if (!read_parts (der, &parts, error))
    return NULL;
  return text_of (&parts, error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The strict reader: see csr.h. It walks the request once, from outside in (RFC 2986):
 *
 *   CertificationRequest ::= SEQUENCE {
 *     SEQUENCE { version INTEGER 0, subject Name, SubjectPublicKeyInfo, attributes [0] },
 *     signatureAlgorithm, signature BIT STRING }
 *
 * Algorithms are compared as whole OIDs with a closed list; there is no general case. The
 * signature's algorithm is csr-signature.c's.
 */
#include "ca/judge/csr-private.h"
#include "ca/judge/keycheck.h"
#include "ca/judge/known-keys.h"

static const guint8 oid_rsa[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01 };
static const guint8 oid_ec[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01 };

typedef struct {
  guint8 oid[8];
  gsize oid_length;
  CsrKeyType type;
  gsize point_length; /* 04 X Y */
} Curve;

static const Curve curves[] = {
  { { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 }, 8, CSR_KEY_EC_P256, 1 + 2 * 32 },
  { { 0x2b, 0x81, 0x04, 0x00, 0x22 }, 5, CSR_KEY_EC_P384, 1 + 2 * 48 },
  { { 0x2b, 0x81, 0x04, 0x00, 0x23 }, 5, CSR_KEY_EC_P521, 1 + 2 * 66 },
};

static gboolean
read_version (DerReader *info, GError **error)
{
  const guint8 *at = info->next;
  Span version;

  if (!der_read_unsigned (info, "version", &version, error))
    return FALSE;
  return version.length == 0
         || der_refuse (info, at, CA_ERROR_CSR_MALFORMED, error, "version must be 0");
}

/* The strings of RFC 5280's names (section 4.1.2.4, and IA5String for mail addresses and domains).
 * Nothing is done with them but to be shown by others' programs, which should be able to. */
static gboolean
is_name_string (guint8 tag, Span value)
{
  switch (tag) {
  case DER_UTF8_STRING:
    return g_utf8_validate_len ((const char *)value.data, value.length, NULL);
  case DER_BMP_STRING:
    return value.length % 2 == 0;
  case DER_NUMERIC_STRING:
  case DER_PRINTABLE_STRING:
  case DER_TELETEX_STRING:
  case DER_IA5_STRING:
    return TRUE;
  }
  return FALSE;
}

static gboolean
read_subject_attribute (DerReader *set, GError **error)
{
  DerReader pair;
  const guint8 *at;
  guint8 tag;
  Span value;

  if (!der_enter (set, DER_SEQUENCE, "subject attribute", &pair, error)
      || !der_read (&pair, DER_OID, "subject attribute type", NULL, NULL, error))
    return FALSE;
  at = pair.next;
  tag = der_at_end (&pair) ? 0 : *at;
  return der_read (&pair, tag, "subject attribute value", &value, NULL, error)
         && der_expect_end (&pair, "subject attribute", error)
         && (is_name_string (tag, value)
             || der_refuse (set, at, CA_ERROR_CSR_MALFORMED, error,
                            "a subject attribute's value is no string of a name (tag %02x)", tag));
}

/* The name is kept for display only, but must be a name: sets of (OID, one value). */
static gboolean
read_subject (DerReader *info, Span *subject, GError **error)
{
  DerReader name, set;
  Span content;

  if (!der_read (info, DER_SEQUENCE, "subject", &content, subject, error))
    return FALSE;
  name = der_reader_within (info, content);
  while (!der_at_end (&name)) {
    if (!der_enter (&name, DER_SET, "subject", &set, error))
      return FALSE;
    do {
      if (!read_subject_attribute (&set, error))
        return FALSE;
    } while (!der_at_end (&set));
  }
  return TRUE;
}

static gboolean
read_rsa_key (DerReader *algorithm, DerReader *key, Csr *csr, GError **error)
{
  DerReader inside, numbers;
  Span bits;

  csr->key_type = CSR_KEY_RSA;
  if (!der_read_null (algorithm, "RSA key parameters", error)
      || !der_expect_end (algorithm, "key algorithm", error)
      || !der_read_bytes (key, "public key", &bits, error))
    return FALSE;
  csr->key_bits = bits;
  inside = der_reader_within (key, bits);
  return der_enter (&inside, DER_SEQUENCE, "RSA public key", &numbers, error)
         && der_expect_end (&inside, "public key", error)
         && der_read_unsigned (&numbers, "RSA modulus", &csr->modulus, error)
         && der_read_unsigned (&numbers, "RSA exponent", &csr->exponent, error)
         && der_expect_end (&numbers, "RSA public key", error);
}

static const Curve *
curve_find (Span oid)
{
  for (guint i = 0; i < G_N_ELEMENTS (curves); i++)
    if (span_equal (oid, curves[i].oid, curves[i].oid_length))
      return &curves[i];
  return NULL;
}

static gboolean
read_point (DerReader *key, const Curve *curve, Csr *csr, GError **error)
{
  const guint8 *at = key->next;

  if (!der_read_bytes (key, "public key", &csr->point, error))
    return FALSE;
  csr->key_bits = csr->point;
  if (csr->point.data[0] != 4)
    return der_refuse (
        key, at, CA_ERROR_EC_POINT, error,
        "the EC point is compressed, hybrid or infinity; only uncompressed is taken");
  if (csr->point.length != curve->point_length)
    return der_refuse (key, at, CA_ERROR_EC_POINT, error,
                       "the EC point has %" G_GSIZE_FORMAT " bytes, not the %" G_GSIZE_FORMAT
                       " of its curve",
                       csr->point.length, curve->point_length);
  return TRUE;
}

static gboolean
read_ec_key (DerReader *algorithm, DerReader *key, Csr *csr, GError **error)
{
  const guint8 *at = algorithm->next;
  const Curve *curve;
  Span oid;

  if (!der_at_end (algorithm) && *at != DER_OID)
    return der_refuse (algorithm, at, CA_ERROR_EC_CURVE, error,
                       "the curve is described by parameters, not named");
  if (!der_read (algorithm, DER_OID, "curve", &oid, NULL, error)
      || !der_expect_end (algorithm, "key algorithm", error))
    return FALSE;
  curve = curve_find (oid);
  if (curve == NULL)
    return der_refuse (algorithm, at, CA_ERROR_EC_CURVE, error,
                       "the curve is not P-256, P-384 or P-521");
  csr->key_type = curve->type;
  return read_point (key, curve, csr, error);
}

static gboolean
refuse_key (const DerReader *reader, const guint8 *at, const Csr *csr, Span oid, GError **error)
{
  g_autofree char *name = csr_algorithm_name (oid);
  g_autofree char *signed_with = csr_signature_name (csr);

  return der_refuse (reader, at, CA_ERROR_KEY_ALGORITHM, error,
                     "the key is of the kind %s%s%s; RSA and EC are taken", name,
                     signed_with != NULL ? ", the request signed with " : "",
                     signed_with != NULL ? signed_with : "");
}

static gboolean
read_spki (DerReader *info, Csr *csr, GError **error)
{
  DerReader spki, algorithm;
  Span content, oid, whole_oid;
  const guint8 *at;
  gboolean ok;

  if (!der_read (info, DER_SEQUENCE, "public key info", &content, &csr->spki, error))
    return FALSE;
  spki = der_reader_within (info, content);
  at = spki.next;
  if (!der_enter (&spki, DER_SEQUENCE, "key algorithm", &algorithm, error)
      || !der_read (&algorithm, DER_OID, "key algorithm", &oid, &whole_oid, error))
    return FALSE;
  if (span_equal (oid, oid_rsa, sizeof oid_rsa))
    ok = read_rsa_key (&algorithm, &spki, csr, error);
  else if (span_equal (oid, oid_ec, sizeof oid_ec))
    ok = read_ec_key (&algorithm, &spki, csr, error);
  else
    ok = refuse_key (info, at, csr, whole_oid, error);
  return ok && der_expect_end (&spki, "public key info", error);
}

gboolean
csr_parse_key (const guint8 *der, gsize length, Csr *csr, GError **error)
{
  DerReader all = der_reader (der, length);

  *csr = (Csr){ 0 };
  return read_spki (&all, csr, error) && der_expect_end (&all, "public key info", error);
}

/* Attributes grant nothing here, so they need only be well-formed. */
static gboolean
read_attributes (DerReader *info, GError **error)
{
  DerReader attributes, attribute, values;

  if (!der_enter (info, DER_CONTEXT_0, "attributes", &attributes, error))
    return FALSE;
  while (!der_at_end (&attributes)) {
    if (!der_enter (&attributes, DER_SEQUENCE, "attribute", &attribute, error)
        || !der_read (&attribute, DER_OID, "attribute type", NULL, NULL, error)
        || !der_enter (&attribute, DER_SET, "attribute values", &values, error)
        || !der_expect_end (&attribute, "attribute", error)
        || !der_check_values (&values, "attribute values", error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
read_info (const DerReader *request, Csr *csr, GError **error)
{
  DerReader outer = der_reader_within (request, csr->info);
  DerReader info;

  return der_enter (&outer, DER_SEQUENCE, "request info", &info, error)
         && read_version (&info, error) && read_subject (&info, &csr->subject, error)
         && read_spki (&info, csr, error) && read_attributes (&info, error)
         && der_expect_end (&info, "request info", error);
}

/* The three parts first, so that a key that is refused can be told with its signature. */
static gboolean
read_request (DerReader *request, Csr *csr, GError **error)
{
  return der_read (request, DER_SEQUENCE, "request info", NULL, &csr->info, error)
         && der_read (request, DER_SEQUENCE, "signature algorithm", NULL, &csr->algorithm, error)
         && der_read_bytes (request, "signature", &csr->signature, error)
         && der_expect_end (request, "request", error) && read_info (request, csr, error)
         && csr_read_signature_algorithm (request, csr, error);
}

gboolean
csr_parse (const guint8 *der, gsize length, Csr *csr, GError **error)
{
  DerReader all, request;
  Span content;

  *csr = (Csr){ 0 };
  if (length == 0) {
    g_set_error_literal (error, CA_ERROR, CA_ERROR_CSR_MALFORMED, "the request is empty");
    return FALSE;
  }
  all = der_reader (der, length);
  if (length > CSR_MOST)
    return der_refuse (&all, der, CA_ERROR_CSR_MALFORMED, error,
                       "the request has %" G_GSIZE_FORMAT " bytes; at most %d are read", length,
                       CSR_MOST);
  if (!der_read (&all, DER_SEQUENCE, "request", &content, &csr->whole, error))
    return FALSE;
  request = der_reader_within (&all, content);
  if (!read_request (&request, csr, error))
    return FALSE;
  return der_at_end (&all)
         || der_refuse (&all, all.next, CA_ERROR_CSR_TRAILING_DATA, error,
                        "%" G_GSIZE_FORMAT " bytes follow the request",
                        (gsize)(all.end - all.next));
}

gboolean
csr_judge (const guint8 *der, gsize length, const KnownKeys *known, Csr *csr, EVP_PKEY **public_key,
           GError **error)
{
  EVP_PKEY *key;
  gboolean proven;

  if (!csr_parse (der, length, csr, error) || !keycheck_csr (csr, error)
      || !known_keys_check (known, csr, error))
    return FALSE;
  key = csr_public_key (csr, error);
  if (key == NULL)
    return FALSE;
  proven = csr_verify (csr, key, error);
  if (proven && public_key != NULL)
    *public_key = g_steal_pointer (&key);
  EVP_PKEY_free (key);
  return proven;
}

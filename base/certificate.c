/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See certificate.h.
 */
#include "base/certificate.h"

#include <string.h>

#include "base/encode.h"

enum {
  BOOLEAN = 0x01,
  INTEGER = 0x02,
  BIT_STRING = 0x03,
  OCTET_STRING = 0x04,
  OID = 0x06,
  UTC_TIME = 0x17,
  GENERALIZED_TIME = 0x18,
  SEQUENCE = 0x30,
  KEY_ID = 0x80,
  ISSUER_ID = 0x81, /* issuerUniqueID, subjectUniqueID */
  SUBJECT_ID = 0x82,
  CONTEXT_0 = 0xa0,
  CONTEXT_3 = 0xa3,
};

/* What is left to read. */
typedef CertificatePart Input;

/* A definite length in its shortest form; the certificates that we know have at most 3 bytes
 * of it. */
static gboolean
take_length (Input *input, gsize *length)
{
  guint count;

  if (input->length == 0)
    return FALSE;
  *length = input->data[0];
  input->data++;
  input->length--;
  if (*length < 0x80)
    return TRUE;
  count = (guint)*length & 0x7f;
  if (count == 0 || count > 3 || count > input->length || input->data[0] == 0)
    return FALSE;
  *length = 0;
  for (guint i = 0; i < count; i++)
    *length = *length << 8 | input->data[i];
  input->data += count;
  input->length -= count;
  return *length >= 0x80;
}

/* The next value, whatever its tag; either part may be NULL. */
static gboolean
take_any (Input *input, CertificatePart *content, CertificatePart *whole)
{
  const guint8 *start = input->data;
  gsize length;

  if (input->length < 2)
    return FALSE;
  input->data++;
  input->length--;
  if (!take_length (input, &length) || length > input->length)
    return FALSE;
  if (content != NULL)
    *content = (CertificatePart){ input->data, length };
  input->data += length;
  input->length -= length;
  if (whole != NULL)
    *whole = (CertificatePart){ start, (gsize)(input->data - start) };
  return TRUE;
}

static gboolean
take (Input *input, guint8 tag, CertificatePart *content, CertificatePart *whole)
{
  return input->length > 0 && input->data[0] == tag && take_any (input, content, whole);
}

static gboolean
take_time (Input *input, CertificatePart *whole)
{
  return take (input, UTC_TIME, NULL, whole) || take (input, GENERALIZED_TIME, NULL, whole);
}

static gboolean
take_validity (Input *input, CertificateParts *parts)
{
  CertificatePart validity;

  return take (input, SEQUENCE, &validity, NULL) && take_time (&validity, &parts->not_before)
         && take_time (&validity, &parts->not_after) && validity.length == 0;
}

/* Unique identifiers, extensions. */
static gboolean
take_rest (Input *input, CertificateParts *parts)
{
  CertificatePart content;

  parts->extensions = (CertificatePart){ input->data, 0 };
  while (input->length > 0) {
    const guint8 tag = input->data[0];

    if ((tag != ISSUER_ID && tag != SUBJECT_ID && tag != CONTEXT_3)
        || !take_any (input, &content, NULL)
        || (tag == CONTEXT_3 && !take (&content, SEQUENCE, &parts->extensions, NULL)))
      return FALSE;
  }
  return TRUE;
}

static gboolean
take_to_be_signed (Input *input, CertificateParts *parts)
{
  take (input, CONTEXT_0, NULL, NULL); /* the version: a certificate of version 1 has none */
  if (!take (input, INTEGER, &parts->serial, NULL) || parts->serial.length == 0
      || !take (input, SEQUENCE, NULL, NULL) || !take (input, SEQUENCE, NULL, &parts->issuer)
      || !take_validity (input, parts) || !take (input, SEQUENCE, NULL, &parts->subject)
      || !take (input, SEQUENCE, NULL, &parts->spki))
    return FALSE;
  return take_rest (input, parts);
}

gboolean
certificate_split (const guint8 *der, gsize length, CertificateParts *parts)
{
  Input input = { der, length };
  CertificatePart certificate, signed_part;

  return take (&input, SEQUENCE, &certificate, NULL) && input.length == 0
         && take (&certificate, SEQUENCE, &signed_part, NULL)
         && take (&certificate, SEQUENCE, NULL, NULL) && take (&certificate, BIT_STRING, NULL, NULL)
         && certificate.length == 0 && take_to_be_signed (&signed_part, parts);
}

gboolean
certificate_part_equal (CertificatePart part, const void *data, gsize length)
{
  return part.length == length && (length == 0 || memcmp (part.data, data, length) == 0);
}

/* ---- key identifiers ---- */

/* What stands in the OCTET STRING of the extension id-ce `number`. */
static gboolean
find_extension (CertificatePart extensions, guint8 number, CertificatePart *value)
{
  const guint8 wanted[] = { 0x55, 0x1d, number };
  CertificatePart extension, oid;

  while (take (&extensions, SEQUENCE, &extension, NULL)) {
    if (!take (&extension, OID, &oid, NULL))
      return FALSE;
    if (!certificate_part_equal (oid, wanted, sizeof wanted))
      continue;
    take (&extension, BOOLEAN, NULL, NULL);
    return take (&extension, OCTET_STRING, value, NULL);
  }
  return FALSE;
}

gboolean
certificate_authority_key_id (const CertificateParts *parts, CertificatePart *id)
{
  CertificatePart value, content;

  *id = (CertificatePart){ NULL, 0 };
  return find_extension (parts->extensions, 0x23, &value) && take (&value, SEQUENCE, &content, NULL)
         && take (&content, KEY_ID, id, NULL);
}

gboolean
certificate_subject_key_id (const CertificateParts *parts, CertificatePart *id)
{
  CertificatePart value;

  *id = (CertificatePart){ NULL, 0 };
  return find_extension (parts->extensions, 0x0e, &value) && take (&value, OCTET_STRING, id, NULL);
}

/* AlgorithmIdentifier of rsaEncryption, with its NULL. */
static const guint8 rsa_algorithm[] = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7,
                                        0x0d, 0x01, 0x01, 0x01, 0x05, 0x00 };

gboolean
certificate_part_is_rsa_key (CertificatePart spki)
{
  Input input = spki;
  CertificatePart key, algorithm;

  return take (&input, SEQUENCE, &key, NULL) && take (&key, SEQUENCE, &algorithm, NULL)
         && certificate_part_equal (algorithm, rsa_algorithm, sizeof rsa_algorithm);
}

/* ---- keys by their number ---- */

/* AlgorithmIdentifier of id-ecPublicKey with each curve's name (RFC 5480, 2.1.1). */
static const struct {
  const char *type;
  guint8 algorithm[19];
  guint8 length;
  guint8 coordinate; /* octets */
} curves[] = {
  { "p-256",
    { 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
      0x3d, 0x03, 0x01, 0x07 },
    19,
    32 },
  { "p-384",
    { 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00,
      0x22 },
    16,
    48 },
  { "p-521",
    { 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00,
      0x23 },
    16,
    66 },
};

/* RSAPublicKey (RFC 8017, A.1.1). */
static gboolean
take_modulus (CertificatePart bits, CertificateKey *key)
{
  CertificatePart numbers;

  if (!take (&bits, SEQUENCE, &numbers, NULL) || !take (&numbers, INTEGER, &key->number, NULL))
    return FALSE;
  while (key->number.length > 0 && key->number.data[0] == 0) {
    key->number.data++;
    key->number.length--;
  }
  key->type = "rsa";
  return key->number.length > 0;
}

static gboolean
take_point (CertificatePart algorithm, CertificatePart bits, CertificateKey *key)
{
  for (guint i = 0; i < G_N_ELEMENTS (curves); i++) {
    if (!certificate_part_equal (algorithm, curves[i].algorithm, curves[i].length))
      continue;
    key->type = curves[i].type;
    key->number = (CertificatePart){ bits.data + 1, bits.length - 1 };
    return bits.data[0] == 0x04 && key->number.length == 2u * curves[i].coordinate;
  }
  return FALSE;
}

gboolean
certificate_part_key (CertificatePart spki, CertificateKey *key)
{
  Input input = spki;
  CertificatePart whole, algorithm, bits;

  if (!take (&input, SEQUENCE, &whole, NULL) || input.length != 0
      || !take (&whole, SEQUENCE, &algorithm, NULL) || !take (&whole, BIT_STRING, &bits, NULL)
      || whole.length != 0 || bits.length < 2 || bits.data[0] != 0)
    return FALSE;
  bits.data++; /* no unused bits */
  bits.length--;
  if (certificate_part_equal (algorithm, rsa_algorithm, sizeof rsa_algorithm))
    return take_modulus (bits, key);
  return take_point (algorithm, bits, key);
}

GBytes *
certificate_key_sha256 (const CertificateKey *key)
{
  const gboolean rsa = g_str_equal (key->type, "rsa");

  return sha256_of (key->number.data, rsa ? key->number.length : key->number.length / 2);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See certificate.h.
 */
#include "base/certificate.h"

#include <string.h>

enum {
  INTEGER = 0x02,
  BIT_STRING = 0x03,
  UTC_TIME = 0x17,
  GENERALIZED_TIME = 0x18,
  SEQUENCE = 0x30,
  CONTEXT_0 = 0xa0,
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

static gboolean
take_to_be_signed (Input *input, CertificateParts *parts)
{
  take (input, CONTEXT_0, NULL, NULL); /* the version: a certificate of version 1 has none */
  if (!take (input, INTEGER, &parts->serial, NULL) || parts->serial.length == 0
      || !take (input, SEQUENCE, NULL, NULL) || !take (input, SEQUENCE, NULL, &parts->issuer)
      || !take_validity (input, parts) || !take (input, SEQUENCE, NULL, &parts->subject)
      || !take (input, SEQUENCE, NULL, &parts->spki))
    return FALSE;
  while (input->length > 0) /* unique identifiers, extensions */
    if (!take_any (input, NULL, NULL))
      return FALSE;
  return TRUE;
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

gboolean
certificate_part_is_rsa_key (CertificatePart spki)
{
  static const guint8 rsa[] = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7,
                                0x0d, 0x01, 0x01, 0x01, 0x05, 0x00 };
  Input input = spki;
  CertificatePart key, algorithm;

  return take (&input, SEQUENCE, &key, NULL) && take (&key, SEQUENCE, &algorithm, NULL)
         && certificate_part_equal (algorithm, rsa, sizeof rsa);
}

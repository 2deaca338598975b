/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See certificate-form.h. This file walks
 *
 *   SEQUENCE { SEQUENCE { version [0], serialNumber, signature, issuer, validity, subject,
 *                         subjectPublicKeyInfo, extensions [3] },
 *              signatureAlgorithm, signatureValue }
 */
#include "checks/certificate-form.h"

#include <string.h>

#include "ca/der-time.h"
#include "ca/error.h"
#include "checks/certificate-form-private.h"

#define DER_CONTEXT_3 0xa3
#define MOST_SERIAL 20 /* octets, RFC 5280, 4.1.2.2 */
#define VERSION_3 2

const char *
damage_word (Damage damage)
{
  static const char *const words[N_DAMAGES] = {
    [DAMAGE_FORM] = "form",
    [DAMAGE_VERSION] = "version",
    [DAMAGE_SERIAL] = "serial",
    [DAMAGE_ALGORITHM] = "algorithm",
    [DAMAGE_ISSUER] = "issuer",
    [DAMAGE_VALIDITY] = "validity",
    [DAMAGE_SUBJECT] = "subject",
    [DAMAGE_KEY] = "key",
    [DAMAGE_EXTENSIONS] = "extensions",
    [DAMAGE_MARKS] = "marks",
    [DAMAGE_SIGNATURE] = "signature",
    [DAMAGE_LEDGER] = "ledger",
  };

  return words[damage];
}

static gboolean
read_version (DerReader *tbs, ParsedCertificate *form, GError **error)
{
  DerReader version;
  Span number;

  if (!der_enter (tbs, DER_CONTEXT_0, "version", &version, error)
      || !der_read_unsigned (&version, "version", &number, error)
      || !der_expect_end (&version, "version", error))
    return FALSE;
  return (number.length == 1 && number.data[0] == VERSION_3)
         || ca_refuse (error, CA_ERROR_LINT, "the version is not 3");
}

static gboolean
read_serial (DerReader *tbs, ParsedCertificate *form, GError **error)
{
  DerReader again = *tbs;
  Span magnitude;

  if (!der_read_unsigned (&again, "serial number", &magnitude, error)
      || !der_read (tbs, DER_INTEGER, "serial number", &form->serial, NULL, error))
    return FALSE;
  if (magnitude.length == 0)
    return ca_refuse (error, CA_ERROR_LINT, "the serial number is 0");
  return form->serial.length <= MOST_SERIAL
         || ca_refuse (error, CA_ERROR_LINT, "the serial number has %zu octets; at most %d",
                       form->serial.length, MOST_SERIAL);
}

static gboolean
read_algorithm (DerReader *tbs, ParsedCertificate *form, GError **error)
{
  if (!der_read (tbs, DER_SEQUENCE, "signature algorithm", NULL, &form->identifier, error))
    return FALSE;
  form->algorithm = signature_of_identifier (form->identifier);
  return TRUE;
}

/* A Name: SEQUENCE of SET of SEQUENCE { OID, string } */
static gboolean
read_attributes (DerReader *set, const char *what, GError **error)
{
  DerReader attribute;

  if (der_at_end (set))
    return ca_refuse (error, CA_ERROR_LINT, "the %s has an empty part", what);
  while (!der_at_end (set)) {
    if (!der_enter (set, DER_SEQUENCE, what, &attribute, error)
        || !der_read (&attribute, DER_OID, what, NULL, NULL, error))
      return FALSE;
    if (der_at_end (&attribute) || (*attribute.next & 0xe0) != 0)
      return ca_refuse (error, CA_ERROR_LINT, "the %s has a part that is no text", what);
    if (!der_read (&attribute, *attribute.next, what, NULL, NULL, error)
        || !der_expect_end (&attribute, what, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
read_name (DerReader *tbs, const char *what, Span *whole, GError **error)
{
  DerReader name, set;

  if (!der_read (tbs, DER_SEQUENCE, what, NULL, whole, error))
    return FALSE;
  name = der_reader_within (tbs, *whole);
  if (!der_enter (&name, DER_SEQUENCE, what, &name, error))
    return FALSE;
  while (!der_at_end (&name))
    if (!der_enter (&name, DER_SET, what, &set, error) || !read_attributes (&set, what, error))
      return FALSE;
  return TRUE;
}

static gboolean
read_issuer (DerReader *tbs, ParsedCertificate *form, GError **error)
{
  return read_name (tbs, "issuer", &form->issuer, error)
         && (form->issuer.length > 2 || ca_refuse (error, CA_ERROR_LINT, "the issuer has no name"));
}

static gboolean
read_validity (DerReader *tbs, ParsedCertificate *form, GError **error)
{
  DerReader times;
  Span text;

  if (!der_enter (tbs, DER_SEQUENCE, "validity", &times, error)
      || !der_read_time (&times, "notBefore", &text, &form->not_before, error)
      || !der_read_time (&times, "notAfter", &text, &form->not_after, error)
      || !der_expect_end (&times, "validity", error))
    return FALSE;
  return form->not_before < form->not_after
         || ca_refuse (error, CA_ERROR_LINT, "it ends before it begins");
}

static gboolean
read_subject (DerReader *tbs, ParsedCertificate *form, GError **error)
{
  return read_name (tbs, "subject", &form->subject, error);
}

static gboolean
read_key (DerReader *tbs, ParsedCertificate *form, GError **error)
{
  return der_read (tbs, DER_SEQUENCE, "public key", NULL, &form->spki, error);
}

static gboolean
read_extensions (DerReader *tbs, ParsedCertificate *form, GError **error)
{
  DerReader outer, list;

  return der_enter (tbs, DER_CONTEXT_3, "extensions", &outer, error)
         && der_enter (&outer, DER_SEQUENCE, "extensions", &list, error)
         && der_expect_end (&outer, "extensions", error)
         && certificate_extensions_read (&list, form, error)
         && der_expect_end (tbs, "certificate", error);
}

/* In the order in which they stand there. */
static const struct {
  gboolean (*read) (DerReader *tbs, ParsedCertificate *form, GError **error);
  Damage damage;
} parts[] = {
  { read_version, DAMAGE_VERSION },
  { read_serial, DAMAGE_SERIAL },
  { read_algorithm, DAMAGE_ALGORITHM },
  { read_issuer, DAMAGE_ISSUER },
  { read_validity, DAMAGE_VALIDITY },
  { read_subject, DAMAGE_SUBJECT },
  { read_key, DAMAGE_KEY },
  { read_extensions, DAMAGE_EXTENSIONS },
};

static gboolean
read_signed_part (DerReader *certificate, ParsedCertificate *form, Damage *damage, GError **error)
{
  DerReader tbs = der_reader_within (certificate, form->signed_part);

  if (!der_enter (&tbs, DER_SEQUENCE, "certificate", &tbs, error))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    if (!parts[i].read (&tbs, form, error)) {
      *damage = parts[i].damage;
      return FALSE;
    }
  return TRUE;
}

/* What stands behind the signed part. The algorithm stands there a second time, unsigned. */
static gboolean
read_outside (DerReader *certificate, ParsedCertificate *form, Damage *damage, GError **error)
{
  Span identifier;

  *damage = DAMAGE_ALGORITHM;
  if (!der_read (certificate, DER_SEQUENCE, "outer signature algorithm", NULL, &identifier, error))
    return FALSE;
  if (!span_equal (identifier, form->identifier.data, form->identifier.length))
    return ca_refuse (error, CA_ERROR_LINT, "the algorithm outside is not the one inside");
  *damage = DAMAGE_SIGNATURE;
  if (!der_read_bytes (certificate, "signature", &form->signature, error))
    return FALSE;
  *damage = DAMAGE_FORM;
  return der_expect_end (certificate, "certificate", error);
}

gboolean
certificate_form_read (Span der, ParsedCertificate *form, Damage *damage, GError **error)
{
  DerReader all = der_reader (der.data, der.length);
  DerReader certificate;

  memset (form, 0, sizeof *form);
  form->signs_certificates = TRUE;
  *damage = DAMAGE_FORM;
  return der_enter (&all, DER_SEQUENCE, "certificate", &certificate, error)
         && der_expect_end (&all, "certificate", error)
         && der_read (&certificate, DER_SEQUENCE, "certificate", NULL, &form->signed_part, error)
         && read_signed_part (&certificate, form, damage, error)
         && read_outside (&certificate, form, damage, error);
}

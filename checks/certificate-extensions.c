/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Extensions (RFC 5280, 4.2). Those that say what a certificate may be used for are read, every
 * other one must at least be well-formed, and not critical.
 */
#include <string.h>

#include "ca/error.h"
#include "checks/certificate-form-private.h"

/* More than any certificate has. */
#define MOST_EXTENSIONS 32
#define KEY_IDENTIFIER 0x80

/* keyUsage's bits, from the left: digitalSignature is 0x80 of the first byte. */
#define KEY_CERT_SIGN 0x04

/* id-ce: 2.5.29 */
#define SUBJECT_KEY_ID 14
#define KEY_USAGE 15
#define ALTERNATIVE_NAME 17
#define BASIC_CONSTRAINTS 19
#define NAME_CONSTRAINTS 30
#define CERTIFICATE_POLICIES 32
#define AUTHORITY_KEY_ID 35
#define POLICY_CONSTRAINTS 36
#define EXTENDED_KEY_USAGE 37
#define INHIBIT_ANY_POLICY 54

static gboolean
read_subject_key_id (DerReader *value, ParsedCertificate *form, GError **error)
{
  return der_read (value, DER_OCTET_STRING, "subjectKeyIdentifier", &form->key_id, NULL, error);
}

/* RFC 5280, 4.2.1.3: at least one bit, no unused byte or bit left over. */
static gboolean
read_key_usage (DerReader *value, ParsedCertificate *form, GError **error)
{
  Span bits;

  if (!der_read (value, DER_BIT_STRING, "keyUsage", &bits, NULL, error))
    return FALSE;
  if (bits.length < 2 || bits.length > 3 || bits.data[0] > 7
      || (bits.data[bits.length - 1] & ((1u << (bits.data[0] + 1)) - 1)) != 1u << bits.data[0])
    return ca_refuse (error, CA_ERROR_LINT, "keyUsage is not in its shortest form");
  form->has_key_usage = TRUE;
  form->signs_certificates = (bits.data[1] & KEY_CERT_SIGN) != 0;
  return TRUE;
}

static gboolean
read_basic_constraints (DerReader *value, ParsedCertificate *form, GError **error)
{
  DerReader inner;
  Span flag, path;

  if (!der_enter (value, DER_SEQUENCE, "basicConstraints", &inner, error))
    return FALSE;
  if (der_at_end (&inner))
    return TRUE;
  if (!der_read (&inner, DER_BOOLEAN, "basicConstraints", &flag, NULL, error))
    return FALSE;
  /* X.690, 11.5: FALSE is the default, and not written. */
  if (flag.length != 1 || flag.data[0] != 0xff)
    return ca_refuse (error, CA_ERROR_LINT, "basicConstraints writes a default");
  form->is_authority = TRUE;
  return (der_at_end (&inner) || der_read_unsigned (&inner, "pathLenConstraint", &path, error))
         && der_expect_end (&inner, "basicConstraints", error);
}

/* The issuer's name and serial number, which may stand there too, are well-formed and no more. */
static gboolean
read_authority_key_id (DerReader *value, ParsedCertificate *form, GError **error)
{
  DerReader inner;

  if (!der_enter (value, DER_SEQUENCE, "authorityKeyIdentifier", &inner, error))
    return FALSE;
  if (!der_at_end (&inner) && *inner.next == KEY_IDENTIFIER
      && !der_read (&inner, KEY_IDENTIFIER, "keyIdentifier", &form->issuer_key_id, NULL, error))
    return FALSE;
  return der_check_values (&inner, "authorityKeyIdentifier", error);
}

static gboolean
read_values (DerReader *value, ParsedCertificate *form, GError **error)
{
  return der_check_values (value, "extension", error);
}

static const struct {
  guint8 number;
  gboolean (*read) (DerReader *value, ParsedCertificate *form, GError **error);
} known[] = {
  { SUBJECT_KEY_ID, read_subject_key_id },     { KEY_USAGE, read_key_usage },
  { ALTERNATIVE_NAME, read_values },           { BASIC_CONSTRAINTS, read_basic_constraints },
  { NAME_CONSTRAINTS, read_values },           { CERTIFICATE_POLICIES, read_values },
  { AUTHORITY_KEY_ID, read_authority_key_id }, { POLICY_CONSTRAINTS, read_values },
  { EXTENDED_KEY_USAGE, read_values },         { INHIBIT_ANY_POLICY, read_values },
};

static gboolean
read_value (Span oid, gboolean critical, DerReader *value, ParsedCertificate *form, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (span_equal (oid, (const guint8[]){ 0x55, 0x1d, known[i].number }, 3))
      return known[i].read (value, form, error) && der_expect_end (value, "extension", error);
  if (critical)
    return ca_refuse (error, CA_ERROR_LINT, "an extension is critical that nobody here knows");
  return read_values (value, form, error);
}

/* SEQUENCE { OID, BOOLEAN DEFAULT FALSE, OCTET STRING } */
static gboolean
read_extension (DerReader *list, Span *oid, ParsedCertificate *form, GError **error)
{
  DerReader extension, value;
  gboolean critical;
  Span flag;

  if (!der_enter (list, DER_SEQUENCE, "extension", &extension, error)
      || !der_read (&extension, DER_OID, "extension", oid, NULL, error))
    return FALSE;
  critical = !der_at_end (&extension) && *extension.next == DER_BOOLEAN;
  if (critical && !der_read (&extension, DER_BOOLEAN, "critical", &flag, NULL, error))
    return FALSE;
  if (critical && (flag.length != 1 || flag.data[0] != 0xff))
    return ca_refuse (error, CA_ERROR_LINT, "an extension says \"critical\" as nobody may");
  return der_enter (&extension, DER_OCTET_STRING, "extension", &value, error)
         && der_expect_end (&extension, "extension", error)
         && read_value (*oid, critical, &value, form, error);
}

static gboolean
is_among (const Span *oids, guint count, Span oid)
{
  for (guint i = 0; i < count; i++)
    if (span_equal (oids[i], oid.data, oid.length))
      return TRUE;
  return FALSE;
}

gboolean
certificate_extensions_read (DerReader *list, ParsedCertificate *form, GError **error)
{
  Span seen[MOST_EXTENSIONS];
  guint count = 0;

  if (der_at_end (list))
    return ca_refuse (error, CA_ERROR_LINT, "its list of extensions is empty");
  while (!der_at_end (list)) {
    if (count == MOST_EXTENSIONS)
      return ca_refuse (error, CA_ERROR_LINT, "it has more than %d extensions", MOST_EXTENSIONS);
    if (!read_extension (list, &seen[count], form, error))
      return FALSE;
    if (is_among (seen, count, seen[count]))
      return ca_refuse (error, CA_ERROR_LINT, "an extension stands there twice");
    count++;
  }
  return TRUE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reading a list back: see crl.h. There is one form of list that we make, so what was read is
 * written once more and must come out the same; then nothing can stand in it that was not looked
 * at.
 */
#include "ca/crl/crl-private.h"

#include "ca/openssl.h"

#include <openssl/asn1.h>
#include <string.h>
#include <time.h>

#define UTC_TIME 0x17
#define GENERALIZED_TIME 0x18

static gboolean
wrong (GError **error, const char *what)
{
  g_set_error (error, CA_ERROR, CA_ERROR_CRL, "the revocation list is damaged: %s", what);
  return FALSE;
}

/* UTCTime or GeneralizedTime, to seconds since 1970. */
static gboolean
read_time (DerReader *reader, gint64 *seconds, GError **error)
{
  const gboolean utc = !der_at_end (reader) && *reader->next == UTC_TIME;
  g_autofree char *text = NULL;
  g_autofree char *whole = NULL;
  struct tm parts = { 0 };
  Span content;

  if (!der_read (reader, utc ? UTC_TIME : GENERALIZED_TIME, "time", &content, NULL, error))
    return FALSE;
  text = g_strndup ((const char *)content.data, content.length);
  /* RFC 5280, 4.1.2.5.1: 50 to 99 are 19YY */
  whole = g_strconcat (!utc ? "" : text[0] >= '5' ? "19" : "20", text, NULL);
  if (strlen (whole) != strlen ("20261121134136Z")
      || strptime (whole, "%Y%m%d%H%M%SZ", &parts) == NULL)
    return wrong (error, "a time");
  *seconds = (gint64)timegm (&parts);
  return TRUE;
}

static gboolean
read_entry (DerReader *list, Crl *crl, GError **error)
{
  DerReader entry;
  Span whole, serial;
  DerReader at = *list;

  if (!der_read (list, DER_SEQUENCE, "entry", NULL, &whole, error)
      || !der_enter (&at, DER_SEQUENCE, "entry", &entry, error)
      || !der_read (&entry, DER_INTEGER, "serial", &serial, NULL, error))
    return FALSE;
  if (serial.length < CRL_SERIAL_LEAST || serial.length > CRL_SERIAL_MOST
      || (serial.data[0] & 0x80) != 0)
    return wrong (error, "a serial number");
  if (crl_has (crl, serial))
    return wrong (error, "a serial number stands twice");
  crl_note (crl, serial, whole);
  return TRUE;
}

static gboolean
read_entries (DerReader *info, Crl *crl, GError **error)
{
  DerReader list;

  if (der_at_end (info) || *info->next != DER_SEQUENCE)
    return TRUE;
  if (!der_enter (info, DER_SEQUENCE, "entries", &list, error))
    return FALSE;
  while (!der_at_end (&list))
    if (!read_entry (&list, crl, error))
      return FALSE;
  return crl->count > 0 || wrong (error, "its list of entries is empty");
}

/* The second of the two extensions; that nothing else stands there shows when it is written again.
 */
static gboolean
read_number (DerReader *info, guint64 *number, GError **error)
{
  DerReader outer, list, extension, value;
  Span magnitude;

  if (!der_enter (info, DER_CONTEXT_0, "extensions", &outer, error)
      || !der_enter (&outer, DER_SEQUENCE, "extensions", &list, error)
      || !der_read (&list, DER_SEQUENCE, "authorityKeyIdentifier", NULL, NULL, error)
      || !der_enter (&list, DER_SEQUENCE, "cRLNumber", &extension, error)
      || !der_read (&extension, DER_OID, "cRLNumber", NULL, NULL, error)
      || !der_enter (&extension, DER_OCTET_STRING, "cRLNumber", &value, error)
      || !der_read_unsigned (&value, "cRLNumber", &magnitude, error))
    return FALSE;
  if (magnitude.length > sizeof *number)
    return wrong (error, "its number is too large");
  *number = 0;
  for (gsize i = 0; i < magnitude.length; i++)
    *number = *number << 8 | magnitude.data[i];
  return TRUE;
}

static gboolean
read_info (DerReader *info, Crl *crl, CrlHead *head, GError **error)
{
  return der_read (info, DER_INTEGER, "version", NULL, NULL, error)
         && der_read (info, DER_SEQUENCE, "signature algorithm", NULL, NULL, error)
         && der_read (info, DER_SEQUENCE, "issuer", NULL, NULL, error)
         && read_time (info, &head->this_update, error)
         && read_time (info, &head->next_update, error) && read_entries (info, crl, error)
         && read_number (info, &head->number, error);
}

/* A list that was signed with another algorithm of the same key is its list too: Signature= may
 * have been changed since. */
static gboolean
check_signature (const Authority *authority, DerReader *list, Span info, GError **error)
{
  const SignatureAlgorithm *algorithm;
  Span identifier, signature;

  if (!der_read (list, DER_SEQUENCE, "algorithm", NULL, &identifier, error)
      || !der_read_bytes (list, "signature", &signature, error)
      || !der_expect_end (list, "list", error))
    return FALSE;
  algorithm = signature_of_identifier (identifier);
  if (algorithm == NULL || !signature_fits (algorithm, authority->public_key))
    return wrong (error, "its signature algorithm is not the CA's");
  return signature_verify (algorithm, authority->public_key, info, signature, error);
}

/* With the algorithm that stands in it. */
static gboolean
check_form (const Authority *authority, const Crl *crl, const CrlHead *head, Span info,
            GError **error)
{
  g_autoptr (GByteArray) again = g_byte_array_sized_new ((guint)info.length + 64);
  DerReader all = der_reader (info.data, info.length);
  Authority as_signed = *authority;
  DerReader inside;
  Span identifier;

  if (!der_enter (&all, DER_SEQUENCE, "list", &inside, error)
      || !der_read (&inside, DER_INTEGER, "version", NULL, NULL, error)
      || !der_read (&inside, DER_SEQUENCE, "algorithm", NULL, &identifier, error))
    return FALSE;
  as_signed.signature = signature_of_identifier (identifier);
  if (as_signed.signature == NULL)
    return wrong (error, "its signature algorithm");
  crl_put_info (again, crl, &as_signed, head);
  return span_equal (info, again->data, again->len)
         || wrong (error, "it is not this CA's, or of a form that this signer does not make");
}

static gboolean
read_list (const Authority *authority, GBytes *der, Crl *crl, CrlHead *head, GError **error)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (der, &length);
  DerReader all = der_reader (data, length);
  DerReader list, before, inside;
  Span info;

  if (!der_enter (&all, DER_SEQUENCE, "list", &list, error)
      || !der_expect_end (&all, "list", error))
    return FALSE;
  before = list;
  if (!der_read (&list, DER_SEQUENCE, "list", NULL, &info, error)
      || !check_signature (authority, &list, info, error))
    return FALSE;
  return der_enter (&before, DER_SEQUENCE, "list", &inside, error)
         && read_info (&inside, crl, head, error) && check_form (authority, crl, head, info, error);
}

Crl *
crl_read (const Authority *authority, GBytes *der, CrlHead *head, GError **error)
{
  g_autoptr (Crl) crl = crl_new ();
  g_autoptr (GError) problem = NULL;

  memset (head, 0, sizeof *head);
  if (read_list (authority, der, crl, head, &problem))
    return g_steal_pointer (&crl);
  g_set_error_literal (error, CA_ERROR, CA_ERROR_CRL, problem->message);
  return NULL;
}

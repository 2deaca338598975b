/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See crl-list.h. Everything is read once when the list is opened, so that walking it later can't
 * fail.
 */
#include "checks/crl-list.h"

#include <string.h>

#include "base/encode.h"
#include "ca/der-time.h"
#include "ca/error.h"
#include "ca/signature.h"

#define VERSION_2 1
#define KEY_IDENTIFIER 0x80

/* id-ce: 2.5.29 */
static const guint8 authority_key_id[] = { 0x55, 0x1d, 0x23 };
static const guint8 crl_number[] = { 0x55, 0x1d, 0x14 };

static gboolean
read_time (DerReader *reader, const char *what, gint64 *seconds, GError **error)
{
  Span text;

  return der_read_time (reader, what, &text, seconds, error);
}

/* ---- entries ---- */

static gboolean
read_entry (DerReader *entries, Span *serial, gint64 *revoked_at, GError **error)
{
  DerReader entry, again, extensions, extension;

  if (!der_enter (entries, DER_SEQUENCE, "entry", &entry, error))
    return FALSE;
  again = entry;
  if (!der_read_unsigned (&again, "serial number", serial, error)
      || !der_read (&entry, DER_INTEGER, "serial number", serial, NULL, error)
      || !read_time (&entry, "revocationDate", revoked_at, error))
    return FALSE;
  if (der_at_end (&entry))
    return TRUE;
  if (!der_enter (&entry, DER_SEQUENCE, "entry extensions", &extensions, error))
    return FALSE;
  while (!der_at_end (&extensions)) {
    if (!der_enter (&extensions, DER_SEQUENCE, "entry extension", &extension, error)
        || !der_read (&extension, DER_OID, "entry extension", NULL, NULL, error))
      return FALSE;
    /* certificateIssuer is: the entry is another CA's certificate */
    if (!der_at_end (&extension) && *extension.next == DER_BOOLEAN)
      return ca_refuse (error, CA_ERROR_CRL,
                        "an entry is of another CA, or says what is critical "
                        "and not known here");
    if (!der_read (&extension, DER_OCTET_STRING, "entry extension", NULL, NULL, error)
        || !der_expect_end (&extension, "entry extension", error))
      return FALSE;
  }
  return der_expect_end (&entry, "entry", error);
}

gboolean
crl_list_next (DerReader *entries, Span *serial, gint64 *revoked_at)
{
  return !der_at_end (entries) && read_entry (entries, serial, revoked_at, NULL);
}

gboolean
crl_list_has (const CrlList *list, Span serial)
{
  DerReader entries = list->entries;
  gint64 revoked_at;
  Span revoked;

  while (crl_list_next (&entries, &revoked, &revoked_at))
    if (span_equal (revoked, serial.data, serial.length))
      return TRUE;
  return FALSE;
}

static gboolean
count_entries (CrlList *list, GError **error)
{
  DerReader entries = list->entries;
  gint64 revoked_at;
  Span serial;

  for (list->count = 0; !der_at_end (&entries); list->count++)
    if (!read_entry (&entries, &serial, &revoked_at, error))
      return FALSE;
  return TRUE;
}

/* ---- extensions ---- */

static gboolean
read_key_id (DerReader *value, Span *key_id, GError **error)
{
  DerReader inner;

  if (!der_enter (value, DER_SEQUENCE, "authorityKeyIdentifier", &inner, error))
    return FALSE;
  return der_at_end (&inner) || *inner.next != KEY_IDENTIFIER
         || der_read (&inner, KEY_IDENTIFIER, "keyIdentifier", key_id, NULL, error);
}

/* What is critical and not known changes what the list means: a delta to another one, or a part. */
static gboolean
read_extension (DerReader *extensions, Span *key_id, GError **error)
{
  DerReader extension, value;
  Span oid;
  gboolean critical;

  if (!der_enter (extensions, DER_SEQUENCE, "extension", &extension, error)
      || !der_read (&extension, DER_OID, "extension", &oid, NULL, error))
    return FALSE;
  critical = !der_at_end (&extension) && *extension.next == DER_BOOLEAN;
  if (critical && !der_read (&extension, DER_BOOLEAN, "critical", NULL, NULL, error))
    return FALSE;
  if (!der_enter (&extension, DER_OCTET_STRING, "extension", &value, error)
      || !der_expect_end (&extension, "extension", error))
    return FALSE;
  if (span_equal (oid, authority_key_id, sizeof authority_key_id))
    return read_key_id (&value, key_id, error);
  return !critical || span_equal (oid, crl_number, sizeof crl_number)
         || ca_refuse (error, CA_ERROR_CRL,
                       "it speaks of a part of its CA's certificates only, or "
                       "of other CAs': a whole list is needed");
}

static gboolean
read_extensions (DerReader *info, Span *key_id, GError **error)
{
  DerReader outer, extensions;

  if (der_at_end (info))
    return TRUE;
  if (!der_enter (info, DER_CONTEXT_0, "extensions", &outer, error)
      || !der_enter (&outer, DER_SEQUENCE, "extensions", &extensions, error)
      || !der_expect_end (&outer, "extensions", error))
    return FALSE;
  while (!der_at_end (&extensions))
    if (!read_extension (&extensions, key_id, error))
      return FALSE;
  return der_expect_end (info, "list", error);
}

/* ---- the whole ---- */

typedef struct {
  Span signed_part;
  Span identifier; /* the algorithm inside */
  Span issuer;
  Span key_id; /* or empty */
} Head;

/* TBSCertList: version, signature, issuer, thisUpdate, nextUpdate, revokedCertificates, [0] */
static gboolean
read_info (DerReader *info, CrlList *list, Head *head, GError **error)
{
  Span version;

  if (!der_read_unsigned (info, "version", &version, error)
      || !der_read (info, DER_SEQUENCE, "algorithm", NULL, &head->identifier, error)
      || !der_read (info, DER_SEQUENCE, "issuer", NULL, &head->issuer, error)
      || !read_time (info, "thisUpdate", &list->this_update, error))
    return FALSE;
  if (version.length != 1 || version.data[0] != VERSION_2)
    return ca_refuse (error, CA_ERROR_CRL, "its version is not 2");
  if (!der_at_end (info) && (*info->next == DER_UTC_TIME || *info->next == DER_GENERALIZED_TIME)
      && !read_time (info, "nextUpdate", &list->next_update, error))
    return FALSE;
  if (!der_at_end (info) && *info->next == DER_SEQUENCE
      && !der_enter (info, DER_SEQUENCE, "entries", &list->entries, error))
    return FALSE;
  return count_entries (list, error) && read_extensions (info, &head->key_id, error);
}

static gboolean
verify (CrlList *list, const Head *head, DerReader *outside, const CheckedAuthorities *authorities,
        GError **error)
{
  const SignatureAlgorithm *algorithm = signature_of_identifier (head->identifier);
  Span identifier, signature;

  if (!der_read (outside, DER_SEQUENCE, "algorithm", NULL, &identifier, error)
      || !der_read_bytes (outside, "signature", &signature, error)
      || !der_expect_end (outside, "list", error))
    return FALSE;
  list->authority = checked_authorities_find (authorities, head->issuer, head->key_id);
  if (list->authority == NULL || list->authority->key == NULL)
    return ca_refuse (error, CA_ERROR_CRL,
                      "it is of a CA that is neither one of this station's nor above one");
  if (algorithm == NULL || !span_equal (identifier, head->identifier.data, head->identifier.length)
      || !signature_fits (algorithm, list->authority->key))
    return ca_refuse (error, CA_ERROR_CRL, "its signature algorithm is not one of its CA's");
  return signature_verify (algorithm, list->authority->key, head->signed_part, signature, NULL)
         || ca_refuse (error, CA_ERROR_CRL, "its signature is not by CA %s", list->authority->name);
}

static gboolean
read_list (CrlList *list, const CheckedAuthorities *authorities, GError **error)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (list->der, &length);
  DerReader all = der_reader (data, length);
  DerReader outside, info;
  Head head = { 0 };

  if (!der_enter (&all, DER_SEQUENCE, "list", &outside, error)
      || !der_expect_end (&all, "list", error)
      || !der_read (&outside, DER_SEQUENCE, "list", NULL, &head.signed_part, error))
    return FALSE;
  info = der_reader_within (&outside, head.signed_part);
  return der_enter (&info, DER_SEQUENCE, "list", &info, error)
         && read_info (&info, list, &head, error)
         && verify (list, &head, &outside, authorities, error);
}

/* DER begins with SEQUENCE, text does not. */
static GBytes *
take_bytes (GBytes *bytes)
{
  gsize length;
  const char *data = g_bytes_get_data (bytes, &length);
  g_autofree char *text = NULL;

  if (length == 0)
    return NULL;
  if ((guint8)data[0] == DER_SEQUENCE)
    return g_bytes_ref (bytes);
  text = g_strndup (data, length);
  return pem_decode (text, "X509 CRL", NULL);
}

CrlList *
crl_list_read (GBytes *bytes, const CheckedAuthorities *authorities, GError **error)
{
  g_autoptr (CrlList) list = g_new0 (CrlList, 1);
  g_autoptr (GError) problem = NULL;

  list->der = take_bytes (bytes);
  if (list->der == NULL) {
    g_set_error_literal (error, CA_ERROR, CA_ERROR_CRL,
                         "neither DER nor PEM (X509 CRL) of a revocation list");
    return NULL;
  }
  if (read_list (list, authorities, &problem))
    return g_steal_pointer (&list);
  g_set_error_literal (error, CA_ERROR, CA_ERROR_CRL, problem->message);
  return NULL;
}

void
crl_list_free (CrlList *list)
{
  if (list == NULL)
    return;
  g_clear_pointer (&list->der, g_bytes_unref);
  g_free (list);
}

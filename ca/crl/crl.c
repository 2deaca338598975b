/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See crl.h. Entries are kept as they stand in the list, so that making one copies them; an index
 * over their serials, which are random, tells in constant time what is revoked already.
 */
#include "ca/crl/crl.h"

#include "base/der-write.h"
#include "ca/crl/crl-private.h"
#include "ca/openssl.h"

#include <string.h>

#define ENUMERATED 0x0a
#define MOST_HEADER 64

static const guint8 oid_reason[] = { 0x55, 0x1d, 0x15 };
static const guint8 oid_number[] = { 0x55, 0x1d, 0x14 };
static const guint8 oid_authority_key_id[] = { 0x55, 0x1d, 0x23 };

gboolean
crl_reason_is_known (guint reason)
{
  return reason == CRL_UNSPECIFIED || reason == CRL_KEY_COMPROMISE
         || reason == CRL_AFFILIATION_CHANGED || reason == CRL_SUPERSEDED
         || reason == CRL_CESSATION_OF_OPERATION || reason == CRL_PRIVILEGE_WITHDRAWN;
}

Crl *
crl_new (void)
{
  Crl *crl = g_new0 (Crl, 1);

  crl->entries = g_byte_array_new ();
  crl->index = log_index_new ();
  return crl;
}

void
crl_free (Crl *crl)
{
  if (crl == NULL)
    return;
  g_byte_array_unref (crl->entries);
  log_index_free (crl->index);
  g_free (crl);
}

guint
crl_count (const Crl *crl)
{
  return crl->count;
}

gsize
crl_size (const Crl *crl)
{
  return crl->entries->len;
}

/* ---- entries ---- */

/* The serial of the entry at `offset`. */
static Span
serial_at (const Crl *crl, guint64 offset)
{
  DerReader all = der_reader (crl->entries->data + offset, crl->entries->len - offset);
  DerReader entry;
  Span serial = { NULL, 0 };

  if (der_enter (&all, DER_SEQUENCE, "entry", &entry, NULL))
    der_read (&entry, DER_INTEGER, "serial", &serial, NULL, NULL);
  return serial;
}

/* The last bytes of a serial: the first ones have fewer values. */
static const guint8 *
index_key (Span serial)
{
  return serial.data + serial.length - CRL_SERIAL_LEAST;
}

gboolean
crl_has (const Crl *crl, Span serial)
{
  g_autoptr (GArray) offsets = log_index_find (crl->index, index_key (serial));

  for (guint i = 0; i < offsets->len; i++) {
    const Span other = serial_at (crl, g_array_index (offsets, guint64, i));

    if (span_equal (other, serial.data, serial.length))
      return TRUE;
  }
  return FALSE;
}

void
crl_note (Crl *crl, Span serial, Span entry)
{
  log_index_add (crl->index, index_key (serial), crl->entries->len);
  g_byte_array_append (crl->entries, entry.data, (guint)entry.length);
  crl->count++;
}

/* An extension that is not critical, whose value is what stands behind `value` in `out`. */
static void
wrap_extension (GByteArray *out, guint start, guint value)
{
  der_wrap (out, value, DER_OCTET_STRING);
  der_wrap (out, start, DER_SEQUENCE);
}

static void
put_reason (GByteArray *out, CrlReason reason)
{
  const guint8 code = (guint8)reason;
  const guint start = out->len;
  guint value;

  if (reason == CRL_UNSPECIFIED)
    return;
  der_put (out, DER_OID, oid_reason, sizeof oid_reason);
  value = out->len;
  der_put (out, ENUMERATED, &code, 1);
  wrap_extension (out, start, value);
  der_wrap (out, start, DER_SEQUENCE);
}

gboolean
crl_add (Crl *crl, Span serial, gint64 revoked_at, CrlReason reason)
{
  g_autoptr (GByteArray) entry = NULL;

  if (crl_has (crl, serial))
    return FALSE;
  entry = g_byte_array_sized_new (MOST_HEADER);
  der_put (entry, DER_INTEGER, serial.data, serial.length);
  der_put_time (entry, revoked_at);
  put_reason (entry, reason);
  der_wrap (entry, 0, DER_SEQUENCE);
  crl_note (crl, serial, (Span){ entry->data, entry->len });
  return TRUE;
}

/* ---- the list ---- */

static void
put_number (GByteArray *out, guint64 number)
{
  guint8 bytes[9] = { 0 };
  gsize from = 0;

  for (gsize i = 0; i < 8; i++)
    bytes[1 + i] = (guint8)(number >> (8 * (7 - i)));
  while (from < 8 && bytes[from] == 0 && !(bytes[from + 1] & 0x80))
    from++;
  der_put (out, DER_INTEGER, bytes + from, sizeof bytes - from);
}

static void
put_extensions (GByteArray *out, const Authority *authority, guint64 number)
{
  const guint start = out->len;
  guint extension, value;
  gsize length;
  const void *id = g_bytes_get_data (authority->key_id, &length);

  der_put (out, DER_OID, oid_authority_key_id, sizeof oid_authority_key_id);
  value = out->len;
  der_put (out, 0x80, id, length);
  der_wrap (out, value, DER_SEQUENCE);
  wrap_extension (out, start, value);
  extension = out->len;
  der_put (out, DER_OID, oid_number, sizeof oid_number);
  value = out->len;
  put_number (out, number);
  wrap_extension (out, extension, value);
  der_wrap (out, start, DER_SEQUENCE);
  der_wrap (out, start, DER_CONTEXT_0);
}

void
crl_put_info (GByteArray *out, const Crl *crl, const Authority *authority, const CrlHead *head)
{
  static const guint8 version_2[] = { 1 };
  const Span identifier = authority->signature->identifier;
  gsize length;
  const guint8 *issuer = g_bytes_get_data (authority->subject, &length);

  der_put (out, DER_INTEGER, version_2, sizeof version_2);
  g_byte_array_append (out, identifier.data, (guint)identifier.length);
  g_byte_array_append (out, issuer, (guint)length);
  der_put_time (out, head->this_update);
  der_put_time (out, head->next_update);
  if (crl->count > 0)
    der_put (out, DER_SEQUENCE, crl->entries->data, crl->entries->len);
  put_extensions (out, authority, head->number);
  der_wrap (out, 0, DER_SEQUENCE);
}

/* Appends algorithm and signature to the finished information, and wraps it all up. */
static gboolean
sign (GByteArray *out, const Authority *authority, GError **error)
{
  const Span identifier = authority->signature->identifier;
  g_autofree guint8 *info = g_memdup2 (out->data, out->len);
  const Span signed_part = { info, out->len };
  guint start;

  g_byte_array_append (out, identifier.data, (guint)identifier.length);
  start = out->len;
  g_byte_array_append (out, (const guint8 *)"", 1); /* a BIT STRING's count of unused bits */
  if (!keystore_sign (authority->keystore, authority->signature, signed_part, out, error))
    return FALSE;
  der_wrap (out, start, DER_BIT_STRING);
  der_wrap (out, 0, DER_SEQUENCE);
  return TRUE;
}

/* What a reader will find is what was meant. */
static gboolean
check (const Crl *crl, const Authority *authority, const CrlHead *head, GBytes *der, GError **error)
{
  CrlHead found_head;
  g_autoptr (Crl) found = crl_read (authority, der, &found_head, error);

  if (found == NULL)
    return FALSE;
  if (found->count == crl->count && found->entries->len == crl->entries->len
      && memcmp (&found_head, head, sizeof found_head) == 0
      && (crl->count == 0
          || memcmp (found->entries->data, crl->entries->data, crl->entries->len) == 0))
    return TRUE;
  g_set_error_literal (error, CA_ERROR, CA_ERROR_INTERNAL,
                       "the revocation list just made is not what was planned");
  return FALSE;
}

GBytes *
crl_make (const Crl *crl, const Authority *authority, const CrlHead *head, GError **error)
{
  g_autoptr (GByteArray) out = g_byte_array_sized_new (crl->entries->len + 2048);
  g_autoptr (GBytes) der = NULL;

  crl_put_info (out, crl, authority, head);
  if (!sign (out, authority, error))
    return NULL;
  der = g_byte_array_free_to_bytes (g_steal_pointer (&out));
  return check (crl, authority, head, der, error) ? g_steal_pointer (&der) : NULL;
}

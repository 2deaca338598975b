/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See key-functions.h.
 */
#include "db/key-functions.h"

#include <glib.h>

#include "base/certificate.h"

static gboolean
key_of (sqlite3_value *value, CertificateKey *key)
{
  const guint8 *der = sqlite3_value_blob (value);
  const int length = sqlite3_value_bytes (value);
  CertificateParts parts;

  return der != NULL && certificate_split (der, (gsize)length, &parts)
         && certificate_part_key (parts.spki, key);
}

static void
key_type (sqlite3_context *context, int count, sqlite3_value **values)
{
  CertificateKey key;

  if (key_of (values[0], &key))
    sqlite3_result_text (context, key.type, -1, SQLITE_STATIC);
}

static void
key_number (sqlite3_context *context, int count, sqlite3_value **values)
{
  CertificateKey key;

  if (key_of (values[0], &key))
    sqlite3_result_blob64 (context, key.number.data, key.number.length, SQLITE_TRANSIENT);
}

static void
key_sha256 (sqlite3_context *context, int count, sqlite3_value **values)
{
  CertificateKey key;

  if (!key_of (values[0], &key))
    return;
  g_autoptr (GBytes) digest = certificate_key_sha256 (&key);
  sqlite3_result_blob64 (context, g_bytes_get_data (digest, NULL), g_bytes_get_size (digest),
                         SQLITE_TRANSIENT);
}

static void
issuer_name (sqlite3_context *context, int count, sqlite3_value **values)
{
  const guint8 *der = sqlite3_value_blob (values[0]);
  CertificateParts parts;

  if (der != NULL && certificate_split (der, (gsize)sqlite3_value_bytes (values[0]), &parts))
    sqlite3_result_blob64 (context, parts.issuer.data, parts.issuer.length, SQLITE_TRANSIENT);
}

static void
issuer_key_id (sqlite3_context *context, int count, sqlite3_value **values)
{
  const guint8 *der = sqlite3_value_blob (values[0]);
  CertificateParts parts;
  CertificatePart id;

  if (der == NULL || !certificate_split (der, (gsize)sqlite3_value_bytes (values[0]), &parts))
    return;
  if (certificate_authority_key_id (&parts, &id))
    sqlite3_result_blob64 (context, id.data, id.length, SQLITE_TRANSIENT);
  else
    sqlite3_result_zeroblob (context, 0);
}

int
key_functions_add (sqlite3 *handle)
{
  static const struct {
    const char *name;
    void (*answer) (sqlite3_context *context, int count, sqlite3_value **values);
  } functions[] = { { "key_type", key_type },
                    { "key_number", key_number },
                    { "key_sha256", key_sha256 },
                    { "issuer_name", issuer_name },
                    { "issuer_key_id", issuer_key_id } };
  int result = SQLITE_OK;

  for (guint i = 0; i < G_N_ELEMENTS (functions) && result == SQLITE_OK; i++)
    result = sqlite3_create_function_v2 (handle, functions[i].name, 1,
                                         SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY,
                                         NULL, functions[i].answer, NULL, NULL, NULL);
  return result;
}

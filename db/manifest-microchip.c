/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Microchip's manifest of secure elements (TrustPlatform manifest file format, 2019-09-26): a JSON
 * array of SignedSecureElement, each a JWS that the station's key signs. ECDSA takes a new random
 * number each time, so the same ledger gives the same payloads, but not the same bytes. Spelt as
 * in Microchip's own files: `distributor`, not the `distributer` of the text.
 */
#include <openssl/x509.h>
#include <string.h>
#include <time.h>

#include "base/certificate.h"
#include "base/encode.h"
#include "base/jws.h"
#include "base/text.h"
#include "db/manifest-private.h"

#define COORDINATE 32 /* bytes */
#define MICROCHIP "Microchip Technology Inc"
#define LONGEST_ID 64

/* The chip's number, where the driver told it in hex; the serial where that is such a number. */
static const char *
unique_id (const ManifestRow *row)
{
  const char *const candidates[] = { row->chip_id, row->device };

  for (guint i = 0; i < G_N_ELEMENTS (candidates); i++) {
    const gsize length = candidates[i] == NULL ? 0 : strlen (candidates[i]);

    if (length > 0 && length <= LONGEST_ID && length % 2 == 0
        && strspn (candidates[i], "0123456789abcdefABCDEF") == length)
      return candidates[i];
  }
  return NULL;
}

static gboolean
read_key (const ManifestRow *row, CertificateKey *key)
{
  CertificateParts parts;

  return certificate_split (row->der, row->der_length, &parts)
         && certificate_part_key (parts.spki, key) && g_str_equal (key->type, "p-256");
}

static char *
microchip_refusal (const ManifestRow *row, const ManifestContext *context)
{
  CertificateKey key;

  if (unique_id (row) == NULL)
    return g_strdup ("neither its chip id nor its serial is a number in hex, by which Microchip's "
                     "format names a secure element");
  if (!read_key (row, &key))
    return g_strdup ("its key is not on P-256, and Microchip's format has no other");
  if (row->not_after <= context->now)
    return g_strdup ("its certificate has expired");
  return NULL;
}

/* ---- the payload ---- */

static void
append_member (GString *text, const char *name, const char *value)
{
  g_string_append_printf (text, "\"%s\":", name);
  append_json_string (text, value);
  g_string_append_c (text, ',');
}

static void
append_organization (GString *text, const char *name, const char *organization, const char *unit)
{
  g_string_append_printf (text, "\"%s\":{\"organizationName\":", name);
  append_json_string (text, organization);
  g_string_append (text, ",\"organizationalUnitName\":");
  append_json_string (text, unit);
  g_string_append (text, "},");
}

/* RFC 3339 with milliseconds. */
static void
append_timestamp (GString *text, gint64 microseconds)
{
  const time_t seconds = (time_t)(microseconds / G_USEC_PER_SEC);
  struct tm parts;
  char formatted[48];

  gmtime_r (&seconds, &parts);
  strftime (formatted, sizeof formatted, "%Y-%m-%dT%H:%M:%S", &parts);
  g_string_append_printf (text, "\"provisioningTimestamp\":\"%s.%03dZ\",", formatted,
                          (int)(microseconds / 1000 % 1000));
}

/* The organization in the CA's subject, or its common name; the CA is whoever provisions. */
static char *
provisioner (const ManifestAuthority *authority)
{
  const int wanted[] = { NID_organizationName, NID_commonName };
  char value[256] = "";
  gsize length = 0;
  const guint8 *der =
      authority->subject == NULL ? NULL : g_bytes_get_data (authority->subject, &length);
  X509_NAME *name = der == NULL ? NULL : d2i_X509_NAME (NULL, &der, (long)length);

  for (guint i = 0; i < G_N_ELEMENTS (wanted) && name != NULL && value[0] == '\0'; i++)
    if (X509_NAME_get_text_by_NID (name, wanted[i], value, sizeof value) < 0)
      value[0] = '\0';
  X509_NAME_free (name);
  return g_utf8_make_valid (value, -1);
}

static void
append_coordinate (GString *text, const char *name, const guint8 *data)
{
  g_autofree char *encoded = base64url_encode (data, COORDINATE);

  append_member (text, name, encoded);
}

static void
append_key (GString *text, const ManifestRow *row, GBytes *authority)
{
  g_autofree char *leaf = g_base64_encode (row->der, row->der_length);
  g_autofree char *issuer =
      g_base64_encode (g_bytes_get_data (authority, NULL), g_bytes_get_size (authority));
  CertificateKey key;

  g_string_append (text, "\"publicKeySet\":{\"keys\":[{\"kid\":\"0\",\"kty\":\"EC\",\"crv\":"
                         "\"P-256\",");
  if (read_key (row, &key)) {
    append_coordinate (text, "x", key.number.data);
    append_coordinate (text, "y", key.number.data + COORDINATE);
  }
  g_string_append_printf (text, "\"x5c\":[\"%s\",\"%s\"]}]}", leaf, issuer);
}

static char *
payload_of (const ManifestRow *row, const ManifestContext *context, const char *id)
{
  const ManifestAuthority *authority = manifest_authority_of (context, row);
  const char *model = row->model != NULL && row->model[0] != '\0' ? row->model : row->profile;
  g_autofree char *factory = provisioner (authority);
  GString *text = g_string_new ("{\"version\":1,");
  const gboolean theirs = g_str_has_prefix (model, "AT") || g_str_has_prefix (model, "TA");

  append_member (text, "model", model);
  append_member (text, "partNumber", row->profile);
  append_organization (text, "manufacturer", theirs ? MICROCHIP : factory,
                       theirs ? "Secure Products Group" : row->profile);
  append_organization (text, "provisioner", factory, row->profile);
  append_organization (text, "distributor", factory, row->profile);
  append_member (text, "groupId", row->batch);
  append_timestamp (text, row->verified_at);
  append_member (text, "uniqueId", id);
  append_key (text, row, authority->der);
  g_string_append_c (text, '}');
  return g_string_free (text, FALSE);
}

static void
microchip_line (GString *text, const ManifestRow *row, const ManifestContext *context)
{
  g_autofree char *id = g_ascii_strdown (unique_id (row), -1);
  g_autofree char *payload = payload_of (row, context, id);

  manifest_append_signed (text, context, payload, id);
}

/* ---- read again ---- */

static void
take_all (GHashTable *fields, GHashTable *more)
{
  GHashTableIter iterator;
  gpointer name, value;

  g_hash_table_iter_init (&iterator, more);
  while (g_hash_table_iter_next (&iterator, &name, &value)) {
    g_hash_table_iter_steal (&iterator);
    g_hash_table_insert (fields, name, value);
  }
}

/* The element's own fields, and those of its payload. */
static GHashTable *
microchip_fields (const char *line, gsize length)
{
  g_autoptr (GHashTable) fields = json_fields (line, length);
  const char *encoded = fields == NULL ? NULL : g_hash_table_lookup (fields, "payload");
  g_autoptr (GBytes) payload = encoded == NULL ? NULL : base64url_decode (encoded);
  g_autoptr (GHashTable) inside = NULL;

  if (payload == NULL)
    return NULL;
  inside = json_fields (g_bytes_get_data (payload, NULL), g_bytes_get_size (payload));
  if (inside == NULL)
    return NULL;
  take_all (inside, fields);
  return g_steal_pointer (&inside);
}

static char *
microchip_signature_fault (GHashTable *fields, GBytes *certificate)
{
  const char *header = g_hash_table_lookup (fields, "protected");
  const char *payload = g_hash_table_lookup (fields, "payload");
  const char *signature = g_hash_table_lookup (fields, "signature");

  if (header == NULL || payload == NULL || signature == NULL)
    return g_strdup ("it is not signed");
  if (g_strcmp0 (g_hash_table_lookup (fields, "uniqueId"),
                 g_hash_table_lookup (fields, "header.uniqueId"))
      != 0)
    return g_strdup ("the uniqueId beside the signature is not the one that was signed");
  if (!jws_es256_verify (certificate, header, payload, signature))
    return g_strdup ("its signature is not the station's");
  return NULL;
}

const ManifestWriter manifest_microchip = {
  .format = { .name = "microchip",
              .title = "Microchip manifest of secure elements (JWS)",
              .file_suffix = ".json",
              .use = N_ ("secure elements: Microchip's manifest, signed by this station"),
              .next = "keycradle manifest verify {file}" },
  .version = 1,
  .refusal = microchip_refusal,
  .line = microchip_line,
  .fields = microchip_fields,
  .certificate_field = "publicKeySet.keys.0.x5c.0",
  .identity = MANIFEST_BY_BASE64,
  .device_field = "uniqueId",
  .mark_field = "protected",
  .opening = "[\n",
  .separator = ",\n",
  .closing = "\n]\n",
  .signs = TRUE,
  .signature_fault = microchip_signature_fault,
};

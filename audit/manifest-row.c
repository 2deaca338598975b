/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See manifest-row.h. What stands in PEM must be the one form of its bytes: a second certificate
 * behind the first one would be read by some and passed over by others.
 */
#include "audit/manifest-row.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/certificate.h"
#include "base/encode.h"

#define REASON "certificate "
#define ARN "arn:aws"
#define ARN_OF_CERTIFICATE ":cert/"
#define COORDINATE 32 /* bytes, of P-256 */

void
manifest_row_clear (ManifestRow *row)
{
  for (guint i = 0; i < SAYS_COUNT; i++)
    g_clear_pointer (&row->said[i], g_bytes_unref);
  *row = (ManifestRow){ .number = row->number };
}

Span
manifest_row_said (const ManifestRow *row, RowSays says)
{
  Span text = { NULL, 0 };

  if (row->said[says] != NULL)
    text.data = g_bytes_get_data (row->said[says], &text.length);
  return text.length > 0 ? text : (Span){ (const guint8 *)"", 0 };
}

/* ---- what is said ---- */

static const char *
say_hash_behind (ManifestRow *row, const char *mark, Span text)
{
  const gsize length = strlen (mark);
  const guint8 *found = memmem (text.data, text.length, mark, length);
  const gsize before = found == NULL ? 0 : (gsize)(found - text.data) + length;

  return found == NULL ? "it names no certificate where it should"
                       : manifest_row_say (row, SAYS_SHA256,
                                           (Span){ text.data + before, text.length - before });
}

static const char *
say_arn (ManifestRow *row, Span text)
{
  if (text.length < strlen (ARN) || memcmp (text.data, ARN, strlen (ARN)) != 0)
    return "it names no certificate where it should";
  return say_hash_behind (row, ARN_OF_CERTIFICATE, text);
}

static const char *
say_reason (ManifestRow *row, Span text)
{
  if (text.length < strlen (REASON) || memcmp (text.data, REASON, strlen (REASON)) != 0)
    return "it names no certificate where it should";
  return say_hash_behind (row, REASON, text);
}

const char *
manifest_row_say (ManifestRow *row, RowSays says, Span text)
{
  g_autoptr (GBytes) said = NULL;

  if (text.length > 0 && memchr (text.data, '\0', text.length) != NULL)
    return "a text in it holds a NUL";
  if (says == SAYS_NOTHING)
    return NULL;
  if (says == SAYS_ARN)
    return say_arn (row, text);
  if (says == SAYS_REASON)
    return say_reason (row, text);
  said = g_bytes_new (text.data, text.length);
  if (row->said[says] == NULL)
    row->said[says] = g_steal_pointer (&said);
  else if (!g_bytes_equal (row->said[says], said))
    return "it says two things of its unit";
  return NULL;
}

const char *
manifest_row_say_line (ManifestRow *row, const JsonLine *line)
{
  for (guint i = 0; line->member->keys[i].name != NULL; i++) {
    const JsonKey *key = &line->member->keys[i];
    const char *problem = NULL;

    if (line->values[i].present && key->kind == JSON_TEXT)
      problem = manifest_row_say (row, (RowSays)key->says, line->values[i].text);
    if (problem != NULL)
      return problem;
  }
  return NULL;
}

/* NULL where it was not said. */
static char *
dup_said (const ManifestRow *row, RowSays says)
{
  const Span text = manifest_row_said (row, says);

  return row->said[says] == NULL ? NULL : g_strndup ((const char *)text.data, text.length);
}

/* ---- bytes ---- */

static GBytes *
read_pem (const ManifestRow *row, RowSays says, const char *label)
{
  g_autofree char *text = dup_said (row, says);
  g_autoptr (GBytes) der = pem_decode (text, label, NULL);
  g_autofree char *again =
      der == NULL ? NULL : pem_encode (label, g_bytes_get_data (der, NULL), g_bytes_get_size (der));

  return g_strcmp0 (text, again) == 0 ? g_steal_pointer (&der) : NULL;
}

static GBytes *
read_certificate (const ManifestRow *row)
{
  const Span text = manifest_row_said (row, SAYS_BASE64);

  return row->said[SAYS_BASE64] != NULL ? base64_read ((const char *)text.data, text.length)
                                        : read_pem (row, SAYS_CERTIFICATE, "CERTIFICATE");
}

/* The SubjectPublicKeyInfo of a request (RFC 2986, section 4.1), with its header. */
static gboolean
find_requested_key (GBytes *request, Span *spki)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (request, &length);
  DerReader reader = der_reader (data, length), whole, info;

  return der_enter (&reader, DER_SEQUENCE, "request", &whole, NULL) && der_at_end (&reader)
         && der_enter (&whole, DER_SEQUENCE, "info", &info, NULL)
         && der_read (&info, DER_INTEGER, "version", NULL, NULL, NULL)
         && der_read (&info, DER_SEQUENCE, "subject", NULL, NULL, NULL)
         && der_read (&info, DER_SEQUENCE, "key", NULL, spki, NULL);
}

/* ---- what must be the certificate's ---- */

static char *
certificate_sha256 (Span der, const CertificateParts *parts)
{
  return sha256_hex (der.data, der.length);
}

static char *
certificate_sha1 (Span der, const CertificateParts *parts)
{
  return g_compute_checksum_for_data (G_CHECKSUM_SHA1, der.data, der.length);
}

static char *
serial_number (Span der, const CertificateParts *parts)
{
  CertificatePart serial = parts->serial;

  while (serial.length > 0 && serial.data[0] == 0) {
    serial.data++;
    serial.length--;
  }
  return hex_encode (serial.data, serial.length);
}

static char *
credentials_id (Span der, const CertificateParts *parts)
{
  g_autofree char *base64 = g_base64_encode (der.data, der.length);
  guint8 digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;

  if (!EVP_Digest (base64, strlen (base64), digest, &length, EVP_sha3_256 (), NULL))
    g_error ("OpenSSL can't compute SHA3-256");
  return hex_encode (digest, length);
}

static char *
key_sha256 (Span der, const CertificateParts *parts)
{
  return sha256_hex (parts->spki.data, parts->spki.length);
}

static char *
coordinate (const CertificateParts *parts, gsize from)
{
  CertificateKey key;

  return certificate_part_key (parts->spki, &key) && g_str_equal (key.type, "p-256")
             ? base64url_encode (key.number.data + from, COORDINATE)
             : NULL;
}

static char *
key_x (Span der, const CertificateParts *parts)
{
  return coordinate (parts, 0);
}

static char *
key_y (Span der, const CertificateParts *parts)
{
  return coordinate (parts, COORDINATE);
}

static const struct {
  RowSays says;
  char *(*known) (Span der, const CertificateParts *parts);
  const char *problem;
} facts[] = {
  { SAYS_SHA256, certificate_sha256, "a SHA-256 in it is not its certificate's" },
  { SAYS_SHA1, certificate_sha1, "a SHA-1 in it is not its certificate's" },
  { SAYS_SERIAL, serial_number, "a serial number in it is not its certificate's" },
  { SAYS_CREDENTIALS_ID, credentials_id, "a SHA3-256 in it is not its certificate's" },
  { SAYS_KEY_SHA256, key_sha256, "the SHA-256 of a key in it is not its certificate's" },
  { SAYS_X, key_x, "a key in it is not its certificate's" },
  { SAYS_Y, key_y, "a key in it is not its certificate's" },
};

static void
take_hash (ManifestRow *row, Span data)
{
  g_autoptr (GBytes) hash = sha256_of (data.data, data.length);

  memcpy (row->hash, g_bytes_get_data (hash, NULL), AUDIT_HASH);
}

static const char *
finish_certificate (ManifestRow *row)
{
  g_autoptr (GBytes) bytes = read_certificate (row);
  CertificateParts parts;
  Span der = { NULL, 0 };

  if (bytes != NULL)
    der.data = g_bytes_get_data (bytes, &der.length);
  if (bytes == NULL || !certificate_split (der.data, der.length, &parts))
    return "what should be its certificate is none";
  for (guint i = 0; i < G_N_ELEMENTS (facts); i++) {
    g_autofree char *said = dup_said (row, facts[i].says);
    g_autofree char *known = NULL;

    if (row->said[facts[i].says] == NULL)
      continue;
    known = facts[i].known (der, &parts);
    if (g_strcmp0 (said, known) != 0)
      return facts[i].problem;
  }
  take_hash (row, der);
  return NULL;
}

/* Of formats that hold nothing but the certificate's SHA-256. */
static const char *
finish_hash (ManifestRow *row)
{
  g_autofree char *said = dup_said (row, SAYS_SHA256);
  g_autoptr (GBytes) hash = hex_decode (said);
  gsize length = 0;
  const guint8 *data = hash == NULL ? NULL : g_bytes_get_data (hash, &length);
  g_autofree char *again = hash == NULL ? NULL : hex_encode (data, length);

  if (length != AUDIT_HASH || !g_str_equal (said, again))
    return "what should be a SHA-256 is none";
  memcpy (row->hash, data, AUDIT_HASH);
  return NULL;
}

/* Of formats that hold nothing but the key, or a request for it. */
static const char *
finish_key (ManifestRow *row)
{
  const gboolean requested = row->said[SAYS_REQUEST] != NULL;
  g_autoptr (GBytes) der = requested ? read_pem (row, SAYS_REQUEST, "CERTIFICATE REQUEST")
                                     : read_pem (row, SAYS_KEY, "PUBLIC KEY");
  g_autofree char *said = dup_said (row, SAYS_KEY_SHA256);
  g_autofree char *known = NULL;
  Span key = { NULL, 0 };

  if (der != NULL)
    key.data = g_bytes_get_data (der, &key.length);
  if (der == NULL || (requested && !find_requested_key (der, &key)))
    return requested ? "what should be its request is none" : "what should be its key is none";
  take_hash (row, key);
  row->by_key = TRUE;
  known = hex_encode (row->hash, AUDIT_HASH);
  return row->said[SAYS_KEY_SHA256] == NULL || g_str_equal (said, known)
             ? NULL
             : "the SHA-256 of a key in it is not that of the key";
}

/* ---- names ---- */

static gboolean
fits_lower_name (const ManifestRow *row)
{
  const Span said = manifest_row_said (row, SAYS_LOWER_NAME);
  g_autofree char *name = NULL;
  g_autofree char *lower = NULL;

  if (row->said[SAYS_LOWER_NAME] == NULL)
    return TRUE;
  name = dup_said (row, SAYS_NAME);
  lower = g_ascii_strdown (name, -1);
  return span_equal (said, lower, strlen (lower));
}

/* Tables put a ' before what a spreadsheet would calculate. */
static gboolean
fits_batch (const ManifestRow *row, const char *batch)
{
  const Span said = manifest_row_said (row, SAYS_BATCH);
  const gsize length = strlen (batch);

  if (row->said[SAYS_BATCH] == NULL || span_equal (said, batch, length))
    return TRUE;
  return length > 0 && strchr ("=+-@\t\r", batch[0]) != NULL && said.length == length + 1
         && said.data[0] == '\'' && memcmp (said.data + 1, batch, length) == 0;
}

const char *
manifest_row_finish (ManifestRow *row, const char *batch)
{
  if (!fits_lower_name (row))
    return "it says two things of its unit";
  if (!fits_batch (row, batch))
    return "it is of another batch";
  if (row->said[SAYS_CERTIFICATE] != NULL || row->said[SAYS_BASE64] != NULL)
    return finish_certificate (row);
  return row->said[SAYS_SHA256] != NULL ? finish_hash (row) : finish_key (row);
}

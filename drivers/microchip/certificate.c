/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See certificate.h. A certificate is read once, into the places of what changes (RFC 5280, 4.1);
 * both ways go by these places.
 */
#include "drivers/microchip/certificate.h"

#include <string.h>

#include "base/der-write.h"
#include "base/encode.h"
#include "drivers/der.h"
#include "drivers/request.h"

#define TAG_INTEGER 0x02
#define TAG_BIT_STRING 0x03
#define TAG_OCTET_STRING 0x04
#define TAG_UTF8_STRING 0x0c
#define TAG_PRINTABLE_STRING 0x13
#define TAG_UTC_TIME 0x17
#define TAG_GENERALIZED_TIME 0x18
#define TAG_SEQUENCE 0x30
#define TAG_SET 0x31
#define TAG_VERSION 0xa0
#define TAG_EXTENSIONS 0xa3

#define UTC_LENGTH 13
#define SHA1_LENGTH 20
#define SERIAL_FROM_KEY 0xa
#define SERIAL_LENGTH 16
#define MOST_LENGTH 4096

typedef struct {
  DerStretch tbs; /* with its header */
  DerStretch serial;
  DerStretch issuer;
  DerStretch begins, ends;
  DerStretch point;  /* X and Y */
  DerStretch key_id; /* subjectKeyIdentifier; no bytes where there is none */
  DerStretch algorithm;
  DerStretch signature; /* Ecdsa-Sig-Value */
} Places;

/* Year to hour; a certificate that is compressed has no minutes. */
typedef struct {
  guint year, month, day, hour;
} Hour;

static gboolean
take_time (DerStretch *rest, DerStretch *time)
{
  return der_take (rest, TAG_UTC_TIME, NULL, time)
         || der_take (rest, TAG_GENERALIZED_TIME, NULL, time);
}

/* SubjectPublicKeyInfo of P-256 (RFC 5480). */
static gboolean
take_point (DerStretch *rest, DerStretch *point)
{
  static const guint8 p256[] = { 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
                                 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
  DerStretch key, algorithm;

  if (!der_take (rest, TAG_SEQUENCE, NULL, &key) || !der_take (&key, TAG_SEQUENCE, NULL, &algorithm)
      || !der_take (&key, TAG_BIT_STRING, NULL, point) || key.length != 0)
    return FALSE;
  if (algorithm.length != sizeof p256 || memcmp (algorithm.data, p256, sizeof p256) != 0
      || point->length != 2 + POINT_LENGTH || point->data[0] != 0 || point->data[1] != 4)
    return FALSE;
  *point = (DerStretch){ point->data + 2, POINT_LENGTH };
  return TRUE;
}

/* RFC 5280, 4.2.1.2, by method 1: 20 bytes. */
static gboolean
find_key_id (DerStretch extensions, DerStretch *key_id)
{
  static const guint8 oid[] = { 0x55, 0x1d, 0x0e };
  DerStretch extension, name, value;

  while (extensions.length > 0) {
    if (!der_take (&extensions, TAG_SEQUENCE, NULL, &extension)
        || !der_take (&extension, 0x06, NULL, &name))
      return FALSE;
    if (name.length != sizeof oid || memcmp (name.data, oid, sizeof oid) != 0)
      continue;
    return der_take (&extension, TAG_OCTET_STRING, NULL, &value)
           && der_take (&value, TAG_OCTET_STRING, NULL, key_id) && value.length == 0
           && key_id->length == SHA1_LENGTH;
  }
  return TRUE;
}

static gboolean
find_in_tbs (DerStretch tbs, Places *places)
{
  DerStretch version, validity, outer, extensions;

  if (!der_take (&tbs, TAG_VERSION, NULL, &version)
      || !der_take (&tbs, TAG_INTEGER, NULL, &places->serial)
      || !der_take (&tbs, TAG_SEQUENCE, NULL, NULL)
      || !der_take (&tbs, TAG_SEQUENCE, NULL, &places->issuer)
      || !der_take (&tbs, TAG_SEQUENCE, NULL, &validity) || !take_time (&validity, &places->begins)
      || !take_time (&validity, &places->ends) || validity.length != 0
      || !der_take (&tbs, TAG_SEQUENCE, NULL, NULL) || !take_point (&tbs, &places->point))
    return FALSE;
  if (tbs.length == 0)
    return TRUE;
  return der_take (&tbs, TAG_EXTENSIONS, NULL, &outer)
         && der_take (&outer, TAG_SEQUENCE, NULL, &extensions)
         && find_key_id (extensions, &places->key_id) && tbs.length == 0;
}

static gboolean
find_places (GBytes *certificate, Places *places)
{
  DerStretch rest, body, tbs;

  memset (places, 0, sizeof *places);
  rest.data = g_bytes_get_data (certificate, &rest.length);
  if (rest.length > MOST_LENGTH || !der_take (&rest, TAG_SEQUENCE, NULL, &body) || rest.length != 0
      || !der_take (&body, TAG_SEQUENCE, &places->tbs, &tbs)
      || !der_take (&body, TAG_SEQUENCE, &places->algorithm, NULL)
      || !der_take (&body, TAG_BIT_STRING, NULL, &places->signature) || body.length != 0
      || places->signature.length < 1 || places->signature.data[0] != 0)
    return FALSE;
  places->signature.data++;
  places->signature.length--;
  return find_in_tbs (tbs, places);
}

static guint
digits_at (const guint8 *text)
{
  return (guint)(text[0] - '0') * 10 + (guint)(text[1] - '0');
}

/* FALSE where it is no time of RFC 5280, or has minutes. */
static gboolean
read_hour (DerStretch time, Hour *hour)
{
  const guint8 *at = time.data;

  if ((time.length != UTC_LENGTH && time.length != UTC_LENGTH + 2)
      || memcmp (at + time.length - 5, "0000Z", 5) != 0)
    return FALSE;
  for (gsize i = 0; i + 1 < time.length; i++)
    if (!g_ascii_isdigit (at[i]))
      return FALSE;
  hour->year = digits_at (at);
  if (time.length == UTC_LENGTH)
    hour->year += hour->year < 50 ? 2000 : 1900;
  else
    hour->year = hour->year * 100 + digits_at (at + 2);
  at += time.length - UTC_LENGTH + 2;
  hour->month = digits_at (at);
  hour->day = digits_at (at + 2);
  hour->hour = digits_at (at + 4);
  return TRUE;
}

static gboolean
encode_dates (const Places *places, guint8 dates[3], const char **problem)
{
  Hour from, to;

  *problem = "its notBefore or notAfter is at no full hour";
  if (!read_hour (places->begins, &from) || !read_hour (places->ends, &to))
    return FALSE;
  *problem = "it begins before 2000 or after 2031";
  if (from.year < 2000 || from.year > 2031 || from.month > 12 || from.day > 31 || from.hour > 23)
    return FALSE;
  *problem = "it does not last 1 to 31 whole years";
  if (to.year <= from.year || to.year - from.year > 31 || to.month != from.month
      || to.day != from.day || to.hour != from.hour)
    return FALSE;
  guint packed = (from.year - 2000) << 19 | from.month << 15 | from.day << 10 | from.hour << 5
                 | (to.year - from.year);
  dates[0] = (guint8)(packed >> 16);
  dates[1] = (guint8)(packed >> 8);
  dates[2] = (guint8)packed;
  return TRUE;
}

static void
serial_from_key (const guint8 *point, const guint8 *dates, guint8 serial[SERIAL_LENGTH])
{
  guint8 message[POINT_LENGTH + 3];

  memcpy (message, point, POINT_LENGTH);
  memcpy (message + POINT_LENGTH, dates, 3);
  g_autoptr (GBytes) digest = sha256_of (message, sizeof message);
  memcpy (serial, g_bytes_get_data (digest, NULL), SERIAL_LENGTH);
  serial[0] = (serial[0] & 0x3f) | 0x40;
}

static gboolean
has_serial_from_key (const Places *places, const guint8 *dates)
{
  guint8 serial[SERIAL_LENGTH];

  serial_from_key (places->point.data, dates, serial);
  return places->serial.length == SERIAL_LENGTH
         && memcmp (places->serial.data, serial, SERIAL_LENGTH) == 0;
}

/* An INTEGER of at most 32 bytes, right-aligned. */
static gboolean
take_number (DerStretch *rest, guint8 number[32])
{
  DerStretch value;

  if (!der_take (rest, TAG_INTEGER, NULL, &value) || value.length == 0)
    return FALSE;
  if (value.data[0] == 0)
    value = (DerStretch){ value.data + 1, value.length - 1 };
  if (value.length > 32)
    return FALSE;
  memset (number, 0, 32);
  if (value.length > 0)
    memcpy (number + 32 - value.length, value.data, value.length);
  return TRUE;
}

static gboolean
take_signature (DerStretch signature, guint8 raw[64])
{
  DerStretch both;

  return der_take (&signature, TAG_SEQUENCE, NULL, &both) && signature.length == 0
         && take_number (&both, raw) && take_number (&both, raw + 32) && both.length == 0;
}

/* Signers that Microchip names have their number behind the CN: "Crypto Authentication Signer
 * 2C00". It is the last part of the name. 0 where there is none. */
static guint16
signer_id (DerStretch issuer)
{
  DerStretch set = { 0 }, attribute, text;
  guint id = 0;

  while (issuer.length > 0)
    if (!der_take (&issuer, TAG_SET, NULL, &set))
      return 0;
  if (!der_take (&set, TAG_SEQUENCE, NULL, &attribute) || !der_take (&attribute, 0x06, NULL, NULL)
      || (!der_take (&attribute, TAG_UTF8_STRING, NULL, &text)
          && !der_take (&attribute, TAG_PRINTABLE_STRING, NULL, &text))
      || text.length < 5 || text.data[text.length - 5] != ' ')
    return 0;
  for (gsize i = text.length - 4; i < text.length; i++) {
    if (!g_ascii_isxdigit (text.data[i]) || g_ascii_islower (text.data[i]))
      return 0;
    id = id << 4 | (guint)g_ascii_xdigit_value ((char)text.data[i]);
  }
  return (guint16)id;
}

gboolean
certificate_compress (GBytes *certificate, CompressedIds ids, guint8 compressed[COMPRESSED_LENGTH],
                      const char **problem)
{
  Places places;

  memset (compressed, 0, COMPRESSED_LENGTH);
  *problem = "it is no certificate for a P-256 key";
  if (!find_places (certificate, &places))
    return FALSE;
  *problem = "its signature is not of P-256";
  if (!take_signature (places.signature, compressed)
      || !encode_dates (&places, compressed + POINT_LENGTH, problem))
    return FALSE;
  guint16 signer = signer_id (places.issuer);
  compressed[67] = (guint8)(signer >> 8);
  compressed[68] = (guint8)signer;
  compressed[69] = (guint8)(ids.template_id << 4 | ids.chain_id);
  compressed[70] =
      has_serial_from_key (&places, compressed + POINT_LENGTH) ? SERIAL_FROM_KEY << 4 : 0;
  return TRUE;
}

/* Writes the dates into the two places, which stay as long as they are. */
static gboolean
write_times (GByteArray *out, const guint8 *base, const Places *places, const guint8 *dates)
{
  const guint packed = (guint)dates[0] << 16 | (guint)dates[1] << 8 | dates[2];
  const guint years = packed & 31;
  const DerStretch times[] = { places->begins, places->ends };

  if (years == 0)
    return FALSE;
  for (guint i = 0; i < 2; i++) {
    guint year = 2000 + (packed >> 19) + (i > 0 ? years : 0);
    g_autofree char *text = g_strdup_printf ("%04u%02u%02u%02u0000Z", year, packed >> 15 & 15,
                                             packed >> 10 & 31, packed >> 5 & 31);
    const char *shown = year < 2050 ? text + 2 : text;

    if (strlen (shown) != times[i].length)
      return FALSE;
    memcpy (out->data + (times[i].data - base), shown, times[i].length);
  }
  return TRUE;
}

static void
write_key (GByteArray *out, const guint8 *base, const Places *places, const guint8 *point)
{
  g_autoptr (GChecksum) sha1 = g_checksum_new (G_CHECKSUM_SHA1);
  guint8 id[SHA1_LENGTH];
  gsize length = sizeof id;

  memcpy (out->data + (places->point.data - base), point, POINT_LENGTH);
  g_checksum_update (sha1, (const guint8 *)"\x04", 1);
  g_checksum_update (sha1, point, POINT_LENGTH);
  g_checksum_get_digest (sha1, id, &length);
  if (places->key_id.length > 0)
    memcpy (out->data + (places->key_id.data - base), id, sizeof id);
}

GBytes *
certificate_rebuild (GBytes *template, const guint8 compressed[COMPRESSED_LENGTH],
                     const guint8 point[POINT_LENGTH])
{
  const guint8 *dates = compressed + POINT_LENGTH;
  guint8 serial[SERIAL_LENGTH];
  Places places;

  if (!find_places (template, &places))
    return NULL;
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_byte_array_append (out, places.tbs.data, (guint)places.tbs.length);
  if (!write_times (out, places.tbs.data, &places, dates))
    return NULL;
  write_key (out, places.tbs.data, &places, point);
  if (compressed[70] == SERIAL_FROM_KEY << 4) {
    if (places.serial.length != SERIAL_LENGTH)
      return NULL;
    serial_from_key (point, dates, serial);
    memcpy (out->data + (places.serial.data - places.tbs.data), serial, SERIAL_LENGTH);
  }
  g_byte_array_append (out, places.algorithm.data, (guint)places.algorithm.length);
  g_autoptr (GBytes) signature = request_signature_from_raw (compressed, POINT_LENGTH);
  if (signature == NULL)
    return NULL;
  guint start = out->len;
  g_byte_array_append (out, (const guint8 *)"", 1); /* no unused bits */
  g_byte_array_append (out, g_bytes_get_data (signature, NULL),
                       (guint)g_bytes_get_size (signature));
  der_wrap (out, start, TAG_BIT_STRING);
  der_wrap (out, 0, TAG_SEQUENCE);
  return g_byte_array_free_to_bytes (g_steal_pointer (&out));
}

gboolean
certificate_point (GBytes *certificate, guint8 point[POINT_LENGTH])
{
  Places places;

  if (!find_places (certificate, &places))
    return FALSE;
  memcpy (point, places.point.data, POINT_LENGTH);
  return TRUE;
}

char *
certificate_places (GBytes *certificate)
{
  const guint8 *base = g_bytes_get_data (certificate, NULL);
  g_autoptr (GString) text = g_string_new (NULL);
  Places places;

  if (!find_places (certificate, &places))
    return NULL;
  const struct {
    const char *name;
    DerStretch place;
  } shown[] = { { "tbs", places.tbs },
                { "serial", places.serial },
                { "not-before", places.begins },
                { "not-after", places.ends },
                { "key", places.point },
                { "subject-key-id", places.key_id },
                { "signature", places.signature } };
  for (guint i = 0; i < G_N_ELEMENTS (shown); i++)
    if (shown[i].place.length > 0)
      g_string_append_printf (text, "%s%s %zu+%zu", i > 0 ? ", " : "", shown[i].name,
                              (gsize)(shown[i].place.data - base), shown[i].place.length);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

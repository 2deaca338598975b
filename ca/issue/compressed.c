/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See compressed.h.
 */
#include "ca/issue/compressed.h"

#include "base/encode.h"

#include <string.h>

#define HOUR 3600
#define FIRST_YEAR 2000
#define LAST_YEAR 2031
#define POINT_BYTES 65 /* 04 X Y */

gint64
compressed_begin (gint64 wanted)
{
  const gint64 hour = wanted - wanted % HOUR;
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (hour);

  if (g_date_time_get_month (time) != 2 || g_date_time_get_day_of_month (time) != 29)
    return hour;
  return hour - (g_date_time_get_hour (time) + 1) * HOUR;
}

/* From the top: 5 bits of years since 2000, 4 of the month, 5 of the day, 5 of the hour, 5 of how
 * many years it lasts. */
static guint32
encode_dates (GDateTime *begin, guint years)
{
  return (guint32)(g_date_time_get_year (begin) - FIRST_YEAR) << 19
         | (guint32)g_date_time_get_month (begin) << 15
         | (guint32)g_date_time_get_day_of_month (begin) << 10
         | (guint32)g_date_time_get_hour (begin) << 5 | years;
}

gboolean
compressed_make_serial (guint8 *serial, Span key_bits, gint64 begin, guint years, GError **error)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (begin);
  g_autoptr (GBytes) digest = NULL;
  guint8 message[POINT_BYTES - 1 + 3];
  guint32 dates;

  if (key_bits.length != POINT_BYTES)
    return ca_refuse (error, CA_ERROR_PROFILE_KEY,
                      "a compressed certificate is for a P-256 key, which the device's is not");
  if (g_date_time_get_year (time) > LAST_YEAR)
    return ca_refuse (
        error, CA_ERROR_VALIDITY,
        "a compressed certificate can't begin after %d; take another Form=", LAST_YEAR);
  dates = GUINT32_TO_BE (encode_dates (time, years));
  memcpy (message, key_bits.data + 1, POINT_BYTES - 1);
  memcpy (message + POINT_BYTES - 1, (const guint8 *)&dates + 1, 3);
  digest = sha256_of (message, sizeof message);
  memcpy (serial, g_bytes_get_data (digest, NULL), COMPRESSED_SERIAL_BYTES);
  serial[0] = (serial[0] & 0x3f) | 0x40;
  return TRUE;
}

gboolean
compressed_check_authority (const Authority *authority, const Profile *profile, GError **error)
{
  return (g_str_equal (authority->key_text, "P-256")
          && g_str_equal (authority->signature->word, "ecdsa-sha256"))
         || ca_refuse (error, CA_ERROR_CA_CERTIFICATE,
                       "profile %s (Form=compressed): the CA's key is %s and it signs with %s, but "
                       "a compressed certificate is signed by P-256 with ecdsa-sha256",
                       profile->name, authority->key_text, authority->signature->word);
}

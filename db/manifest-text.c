/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The small pieces of which manifests are made. Exports of millions of devices pass
 * through here, so nothing allocates for each field.
 */
#include <string.h>

#include "db/manifest-private.h"

#define BYTES_PER_LINE 48
#define TIME_LENGTH 20 /* 2026-01-31T23:59:59Z */
#define DAY 86400
#define EARLIEST (-62135596800) /* year 1 */
#define LATEST 253402300799     /* the end of year 9999 */

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Room for `length` characters behind the text. */
static char *
make_room (GString *text, gsize length)
{
  const gsize at = text->len;

  if (at + length >= text->allocated_len)
    g_string_set_size (text, at + length);
  text->len = at + length;
  text->str[text->len] = '\0';
  return text->str + at;
}

void
append_hex (GString *text, const guint8 *data, gsize length)
{
  static const char digits[] = "0123456789abcdef";
  char *out = make_room (text, length * 2);

  for (gsize i = 0; i < length; i++) {
    *out++ = digits[data[i] >> 4];
    *out++ = digits[data[i] & 15];
  }
}

/* `number` in so many digits at `out`; returns what is behind them. */
static char *
put_number (char *out, guint number, guint digits)
{
  for (guint i = digits; i > 0; i--) {
    out[i - 1] = (char)('0' + number % 10);
    number /= 10;
  }
  return out + digits;
}

void
append_number (GString *text, gint64 number)
{
  guint64 rest = number < 0 ? (guint64)0 - (guint64)number : (guint64)number;
  char digits[24];
  gsize at = sizeof digits;

  do {
    digits[--at] = (char)('0' + rest % 10);
    rest /= 10;
  } while (rest > 0);
  if (number < 0)
    digits[--at] = '-';
  append_text (text, digits + at, sizeof digits - at);
}

/* The day of the proleptic Gregorian calendar, from days since 1970-01-01 (not before 0000-03-01):
 * years that begin in March end in the leap day, and 400 of them always have as many days. */
static char *
put_day (char *out, gint64 days)
{
  const gint64 shifted = days + 719468; /* since 0000-03-01 */
  const guint era = (guint)(shifted / 146097);
  const guint day = (guint)(shifted % 146097);
  const guint year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
  const guint day_of_year = day - (365 * year + year / 4 - year / 100);
  const guint month = (5 * day_of_year + 2) / 153; /* from March */

  out = put_number (out, year + era * 400 + (month >= 10 ? 1 : 0), 4);
  *out++ = '-';
  out = put_number (out, month < 10 ? month + 3 : month - 9, 2);
  *out++ = '-';
  return put_number (out, day_of_year - (153 * month + 2) / 5 + 1, 2);
}

/* Not with strftime(): four of these a row would cost more than its PEM. */
void
append_time (GString *text, gint64 seconds)
{
  const gint64 kept = CLAMP (seconds, EARLIEST, LATEST);
  const gint64 days = kept >= 0 ? kept / DAY : (kept - DAY + 1) / DAY;
  const guint rest = (guint)(kept - days * DAY);
  char formatted[TIME_LENGTH];
  char *out = put_day (formatted, days);

  *out++ = 'T';
  out = put_number (out, rest / 3600, 2);
  *out++ = ':';
  out = put_number (out, rest / 60 % 60, 2);
  *out++ = ':';
  out = put_number (out, rest % 60, 2);
  *out = 'Z';
  append_text (text, formatted, TIME_LENGTH);
}

/* Two digits for every 12 bits. */
static const char *
base64_pairs (void)
{
  static char pairs[4096 * 2];
  static gsize made = 0;

  if (g_once_init_enter (&made)) {
    for (guint i = 0; i < 4096; i++) {
      pairs[i * 2] = base64_digits[i >> 6];
      pairs[i * 2 + 1] = base64_digits[i & 63];
    }
    g_once_init_leave (&made, 1);
  }
  return pairs;
}

static char *
encode_rest (char *out, const guint8 *data, gsize length)
{
  guint bits = (guint)data[0] << 16 | (length > 1 ? (guint)data[1] << 8 : 0);

  *out++ = base64_digits[bits >> 18];
  *out++ = base64_digits[bits >> 12 & 63];
  *out++ = length > 1 ? base64_digits[bits >> 6 & 63] : '=';
  *out++ = '=';
  return out;
}

static char *
encode (char *out, const guint8 *data, gsize length)
{
  const char *pairs = base64_pairs ();
  gsize i = 0;

  for (; i + 3 <= length; i += 3) {
    guint bits = (guint)data[i] << 16 | (guint)data[i + 1] << 8 | data[i + 2];
    memcpy (out, pairs + (bits >> 12) * 2, 2);
    memcpy (out + 2, pairs + (bits & 4095) * 2, 2);
    out += 4;
  }
  return i < length ? encode_rest (out, data + i, length - i) : out;
}

void
append_base64 (GString *text, const guint8 *data, gsize length)
{
  encode (make_room (text, (length + 2) / 3 * 4), data, length);
}

static void
append_boundary (GString *text, const char *word, const char *label, const char *line_end)
{
  append_text (text, word, strlen (word));
  append_text (text, label, strlen (label));
  append_literal (text, "-----");
  append_text (text, line_end, strlen (line_end));
}

void
append_pem_block (GString *text, const char *label, const guint8 *der, gsize length,
                  const char *line_end)
{
  const gsize end_length = strlen (line_end);
  const gsize lines = (length + BYTES_PER_LINE - 1) / BYTES_PER_LINE;

  append_boundary (text, "-----BEGIN ", label, line_end);
  char *out = make_room (text, (length + 2) / 3 * 4 + lines * end_length);
  for (gsize at = 0; at < length; at += BYTES_PER_LINE) {
    out = encode (out, der + at, MIN (BYTES_PER_LINE, length - at));
    memcpy (out, line_end, end_length);
    out += end_length;
  }
  append_boundary (text, "-----END ", label, line_end);
}

void
append_pem (GString *text, const guint8 *der, gsize length, const char *line_end)
{
  append_pem_block (text, "CERTIFICATE", der, length, line_end);
}

void
append_csv_field (GString *text, const char *value)
{
  gboolean formula = value[0] != '\0' && strchr ("=+-@\t\r", value[0]) != NULL;
  gboolean quotes = strpbrk (value, ",\"\r\n\t '") != NULL || formula;

  if (quotes)
    g_string_append_c (text, '"');
  if (formula)
    g_string_append_c (text, '\'');
  for (const char *at = value; *at != '\0'; at++) {
    if (*at == '"')
      g_string_append_c (text, '"');
    g_string_append_c (text, *at);
  }
  if (quotes)
    g_string_append_c (text, '"');
}

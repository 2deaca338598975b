/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The small pieces of which manifests are made. Exports of millions of devices pass
 * through here, so nothing allocates for each field.
 */
#include <string.h>
#include <time.h>

#include "db/manifest-private.h"

#define BYTES_PER_LINE 48

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void
append_hex (GString *text, const guint8 *data, gsize length)
{
  static const char digits[] = "0123456789abcdef";
  gsize at = text->len;

  g_string_set_size (text, at + length * 2);
  for (gsize i = 0; i < length; i++) {
    text->str[at++] = digits[data[i] >> 4];
    text->str[at++] = digits[data[i] & 15];
  }
}

void
append_time (GString *text, gint64 seconds)
{
  struct tm parts;
  time_t when = (time_t)seconds;
  char formatted[48];

  gmtime_r (&when, &parts);
  strftime (formatted, sizeof formatted, "%Y-%m-%dT%H:%M:%SZ", &parts);
  g_string_append (text, formatted);
}

static void
append_json_character (GString *text, char character)
{
  if (character == '"' || character == '\\') {
    g_string_append_c (text, '\\');
    g_string_append_c (text, character);
  }
  else if (character == '\n')
    g_string_append (text, "\\n");
  else if ((guchar)character < 0x20 || character == 0x7f)
    g_string_append_printf (text, "\\u%04x", (guint)(guchar)character);
  else
    g_string_append_c (text, character);
}

void
append_json_string (GString *text, const char *value)
{
  g_string_append_c (text, '"');
  for (const char *at = value == NULL ? "" : value; *at != '\0'; at++)
    append_json_character (text, *at);
  g_string_append_c (text, '"');
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
encode_line (char *out, const guint8 *data, gsize length)
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
append_pem_block (GString *text, const char *label, const guint8 *der, gsize length,
                  const char *line_end)
{
  char line[BYTES_PER_LINE / 3 * 4];

  g_string_append (text, "-----BEGIN ");
  g_string_append (text, label);
  g_string_append (text, "-----");
  g_string_append (text, line_end);
  for (gsize at = 0; at < length; at += BYTES_PER_LINE) {
    char *end = encode_line (line, der + at, MIN (BYTES_PER_LINE, length - at));
    g_string_append_len (text, line, end - line);
    g_string_append (text, line_end);
  }
  g_string_append (text, "-----END ");
  g_string_append (text, label);
  g_string_append (text, "-----");
  g_string_append (text, line_end);
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

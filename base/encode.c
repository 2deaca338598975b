/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Hex, PEM and digests on GLib alone, so that drivers need no OpenSSL for them.
 */
#include "base/encode.h"

#include <string.h>

char *
hex_encode (const guint8 *data, gsize length)
{
  static const char digits[] = "0123456789abcdef";
  char *text = g_malloc (length * 2 + 1);

  for (gsize i = 0; i < length; i++) {
    text[2 * i] = digits[data[i] >> 4];
    text[2 * i + 1] = digits[data[i] & 15];
  }
  text[length * 2] = '\0';
  return text;
}

GBytes *
hex_decode (const char *text)
{
  gsize digits = strlen (text);
  g_autofree guint8 *data = g_malloc (digits / 2 + 1);

  if (digits % 2 != 0)
    return NULL;
  for (gsize i = 0; i < digits / 2; i++) {
    int high = g_ascii_xdigit_value (text[2 * i]), low = g_ascii_xdigit_value (text[2 * i + 1]);

    if (high < 0 || low < 0)
      return NULL;
    data[i] = (guint8)(high << 4 | low);
  }
  return g_bytes_new_take (g_steal_pointer (&data), digits / 2);
}

GBytes *
sha256_of (const guint8 *data, gsize length)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  guint8 digest[32];
  gsize digest_length = sizeof digest;

  g_checksum_update (checksum, data, (gssize)length);
  g_checksum_get_digest (checksum, digest, &digest_length);
  return g_bytes_new (digest, digest_length);
}

char *
sha256_hex (const guint8 *data, gsize length)
{
  return g_compute_checksum_for_data (G_CHECKSUM_SHA256, data, length);
}

char *
pem_encode (const char *label, const guint8 *der, gsize length)
{
  g_autofree char *base64 = g_base64_encode (der, length);
  gsize left = strlen (base64);
  GString *pem = g_string_sized_new (left + left / 64 + 2 * strlen (label) + 40);

  g_string_append_printf (pem, "-----BEGIN %s-----\n", label);
  for (const char *line = base64; left > 0;) {
    gsize take = MIN (left, 64);

    g_string_append_len (pem, line, (gssize)take);
    g_string_append_c (pem, '\n');
    line += take;
    left -= take;
  }
  g_string_append_printf (pem, "-----END %s-----\n", label);
  return g_string_free (pem, FALSE);
}

/* The base64 between `start` and `end` without its line ends, or NULL where
 * anything else is in it. g_base64_decode() would skip what it does not know. */
static char *
strict_base64 (const char *start, const char *end)
{
  g_autofree char *base64 = g_malloc ((gsize)(end - start) + 1);
  gsize length = 0, padding = 0;

  for (const char *at = start; at < end; at++) {
    if (*at == '\r' || *at == '\n')
      continue;
    if (*at == '=')
      padding++;
    else if (padding > 0 || !(g_ascii_isalnum (*at) || *at == '+' || *at == '/'))
      return NULL;
    base64[length++] = *at;
  }
  base64[length] = '\0';
  if (length == 0 || length % 4 != 0 || padding > 2)
    return NULL;
  return g_steal_pointer (&base64);
}

GBytes *
base64_read (const char *text, gsize length)
{
  g_autofree char *base64 = strict_base64 (text, text + length);
  g_autofree char *again = NULL;
  g_autofree guchar *bytes = NULL;
  gsize n_bytes;

  if (base64 == NULL)
    return NULL;
  bytes = g_base64_decode (base64, &n_bytes);
  again = g_base64_encode (bytes, n_bytes);
  if (strlen (again) != length || memcmp (again, text, length) != 0)
    return NULL;
  return g_bytes_new_take (g_steal_pointer (&bytes), n_bytes);
}

char *
base64url_encode (const guint8 *data, gsize length)
{
  char *text = g_base64_encode (data, length);

  g_strdelimit (text, "+", '-');
  g_strdelimit (text, "/", '_');
  text[strcspn (text, "=")] = '\0';
  return text;
}

GBytes *
base64url_decode (const char *text)
{
  static const char *const padding[] = { "", "===", "==", "=" };
  g_autofree char *base64 = g_strconcat (text, padding[strlen (text) % 4], NULL);

  if (strpbrk (text, "+/=") != NULL)
    return NULL;
  g_strdelimit (base64, "-", '+');
  g_strdelimit (base64, "_", '/');
  return base64_read (base64, strlen (base64));
}

GBytes *
pem_decode (const char *text, const char *label, const char **end)
{
  g_autofree char *header = g_strdup_printf ("-----BEGIN %s-----", label);
  g_autofree char *footer = g_strdup_printf ("-----END %s-----", label);
  g_autofree char *base64 = NULL;
  const char *body = strstr (text, header), *stop;
  guchar *der;
  gsize length;

  if (body == NULL)
    return NULL;
  body += strlen (header);
  stop = strstr (body, footer);
  if (stop == NULL)
    return NULL;
  if (end != NULL)
    *end = stop + strlen (footer);
  base64 = strict_base64 (body, stop);
  if (base64 == NULL)
    return NULL;
  der = g_base64_decode (base64, &length);
  return g_bytes_new_take (der, length);
}

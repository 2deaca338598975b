/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See alternative-name.h.
 */
#include "ca/profile/alternative-name.h"

#include "base/der-write.h"
#include "ca/der.h"
#include "ca/profile/oid.h"

#include <arpa/inet.h>
#include <string.h>

/* The choices of GeneralName. */
#define OTHER_NAME 0xa0
#define RFC822_NAME 0x81
#define DNS_NAME 0x82
#define URI_NAME 0x86
#define IP_ADDRESS 0x87

#define IA5_STRING 0x16

#define ID_ON_HARDWARE_MODULE_NAME "1.3.6.1.5.5.7.8.4"
#define MOST_URL 512

/* A label of RFC 1034, 3.5, which may begin with a digit (RFC 1123, 2.1). */
static gboolean
is_label (const char *text, gsize length)
{
  if (length == 0 || length > 63 || text[0] == '-' || text[length - 1] == '-')
    return FALSE;
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isalnum (text[i]) && text[i] != '-')
      return FALSE;
  return TRUE;
}

static gboolean
is_host (const char *text, gsize length)
{
  if (length > 253)
    return FALSE;
  for (;;) {
    gsize label = 0;

    while (label < length && text[label] != '.')
      label++;
    if (!is_label (text, label))
      return FALSE;
    if (label == length)
      return TRUE;
    text += label + 1;
    length -= label + 1;
  }
}

/* RFC 3986's characters; a percent sign begins two hex digits. */
static gboolean
is_uri_text (const char *text)
{
  for (; *text != '\0'; text++) {
    if (!g_ascii_isalnum (*text) && strchr ("-._~:/?#[]@!$&'()*+,;=%", *text) == NULL)
      return FALSE;
    if (*text == '%' && (!g_ascii_isxdigit (text[1]) || !g_ascii_isxdigit (text[2])))
      return FALSE;
  }
  return TRUE;
}

/* "host[:port]" at `text`, up to a slash, a question mark, a hash or the end. An IPv6 address in
 * brackets is none of ours. */
static gboolean
is_authority (const char *text)
{
  const gsize length = strcspn (text, "/?#");
  const char *colon = memchr (text, ':', length);
  const gsize host = colon != NULL ? (gsize)(colon - text) : length;

  for (gsize i = host + 1; i < length; i++)
    if (!g_ascii_isdigit (text[i]))
      return FALSE;
  return host + 1 != length && is_host (text, host);
}

/* An absolute URI; one with an authority names a host (RFC 5280, 4.2.1.6). */
static gboolean
is_uri (const char *text)
{
  const gsize scheme = strspn (text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                     "0123456789+.-");

  if (!g_ascii_isalpha (text[0]) || text[scheme] != ':' || text[scheme + 1] == '\0'
      || strlen (text) > MOST_URL || !is_uri_text (text))
    return FALSE;
  return !g_str_has_prefix (text + scheme, "://") || is_authority (text + scheme + 3);
}

static gboolean
put_dns (GByteArray *out, const char *text, GError **error)
{
  if (!is_host (text, strlen (text)))
    return ca_refuse (error, CA_ERROR_SUBJECT, "'%s' is no DNS name", text);
  der_put (out, DNS_NAME, text, strlen (text));
  return TRUE;
}

static gboolean
put_uri (GByteArray *out, const char *text, GError **error)
{
  if (!is_uri (text))
    return ca_refuse (error, CA_ERROR_SUBJECT, "'%s' is no absolute URI of at most %d characters",
                      text, MOST_URL);
  der_put (out, URI_NAME, text, strlen (text));
  return TRUE;
}

static gboolean
put_ip (GByteArray *out, const char *text, GError **error)
{
  guint8 address[16];

  if (inet_pton (AF_INET, text, address) == 1)
    der_put (out, IP_ADDRESS, address, 4);
  else if (inet_pton (AF_INET6, text, address) == 1)
    der_put (out, IP_ADDRESS, address, 16);
  else
    return ca_refuse (error, CA_ERROR_SUBJECT, "'%s' is no IP address", text);
  return TRUE;
}

/* Mailbox (RFC 5321, 4.1.2) with a Dot-string in front. */
static gboolean
put_email (GByteArray *out, const char *text, GError **error)
{
  const char *at = strchr (text, '@');
  gboolean fits = at != NULL && at != text && at - text <= 64 && at[-1] != '.' && text[0] != '.'
                  && is_host (at + 1, strlen (at + 1)) && strstr (text, "..") == NULL;

  for (const char *local = text; fits && local < at; local++)
    fits = g_ascii_isalnum (*local) || strchr ("!#$%&'*+-/=?^_`{|}~.", *local) != NULL;
  if (!fits)
    return ca_refuse (error, CA_ERROR_SUBJECT, "'%s' is no mail address", text);
  der_put (out, RFC822_NAME, text, strlen (text));
  return TRUE;
}

/* otherName [0] { type-id, [0] HardwareModuleName { hwType OID, hwSerialNum OCTET STRING } } */
static gboolean
put_hardware_module (GByteArray *out, const char *text, const char *type, GError **error)
{
  const guint start = out->len;
  guint value;

  oid_put (out, ID_ON_HARDWARE_MODULE_NAME);
  value = out->len;
  if (type == NULL || !oid_put (out, type))
    return ca_refuse (error, CA_ERROR_SUBJECT,
                      HARDWARE_MODULE " needs HardwareType=, an object identifier");
  der_put (out, DER_OCTET_STRING, text, strlen (text));
  der_wrap (out, value, DER_SEQUENCE);
  der_wrap (out, value, DER_CONTEXT_0);
  der_wrap (out, start, OTHER_NAME);
  return TRUE;
}

gboolean
alternative_name_put (GByteArray *out, const char *word, const char *hardware_type,
                      const SubjectValues *values, GError **error)
{
  const char *colon = strchr (word, ':');
  g_autofree char *text = colon != NULL ? values_fill (colon + 1, values, error) : NULL;

  if (colon == NULL)
    return ca_refuse (error, CA_ERROR_SUBJECT,
                      "'%s' is none of dns: uri: ip: email: " HARDWARE_MODULE, word);
  if (text == NULL)
    return FALSE;
  if (*text == '\0')
    return ca_refuse (error, CA_ERROR_SUBJECT, "'%s' has no value", word);
  if (g_str_has_prefix (word, "dns:"))
    return put_dns (out, text, error);
  if (g_str_has_prefix (word, "uri:"))
    return put_uri (out, text, error);
  if (g_str_has_prefix (word, "ip:"))
    return put_ip (out, text, error);
  if (g_str_has_prefix (word, "email:"))
    return put_email (out, text, error);
  if (g_str_has_prefix (word, HARDWARE_MODULE))
    return put_hardware_module (out, text, hardware_type, error);
  return ca_refuse (error, CA_ERROR_SUBJECT,
                    "'%s' is none of dns: uri: ip: email: " HARDWARE_MODULE, word);
}

gboolean
http_url_put (GByteArray *out, const char *pattern, const SubjectValues *values, GError **error)
{
  g_autofree char *text = values_fill (pattern, values, error);

  if (text == NULL)
    return FALSE;
  if (!g_str_has_prefix (text, "http://") || !is_uri (text))
    return ca_refuse (error, CA_ERROR_SUBJECT, "'%s' is no http:// URL of at most %d characters",
                      text, MOST_URL);
  der_put (out, URI_NAME, text, strlen (text));
  return TRUE;
}

gboolean
masa_url_put (GByteArray *out, const char *pattern, const SubjectValues *values, GError **error)
{
  g_autofree char *text = values_fill (pattern, values, error);
  const char *bare = text;

  if (text == NULL)
    return FALSE;
  if (g_str_has_prefix (text, "https://"))
    bare += strlen ("https://");
  if (strlen (text) > MOST_URL || !is_uri_text (text) || !is_authority (bare))
    return ca_refuse (error, CA_ERROR_SUBJECT, "'%s' is neither an https:// URL nor a host", text);
  der_put (out, IA5_STRING, text, strlen (text));
  return TRUE;
}

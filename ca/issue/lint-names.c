/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * subjectAltName (RFC 5280, 4.2.1.6), URLs, and object identifiers as text.
 */
#include "ca/issue/lint-private.h"

#include <stdio.h>
#include <string.h>

/* GeneralName's choices. */
#define OTHER_NAME 0xa0
#define RFC822_NAME 0x81
#define DNS_NAME 0x82
#define URI_NAME 0x86
#define IP_ADDRESS 0x87

#define MOST_HOST 253
#define MOST_LABEL 63

/* The first subidentifier holds the first two numbers (X.690, 8.19.4). */
gboolean
lint_oid_is (Span oid, const char *text)
{
  char decoded[512];
  gsize used = 0;
  guint64 number = 0;
  gboolean first = TRUE;

  if (oid.length == 0 || (oid.data[oid.length - 1] & 0x80) != 0)
    return FALSE;
  for (gsize i = 0; i < oid.length && used < sizeof decoded - 32; i++) {
    if ((number == 0 && oid.data[i] == 0x80) || number >> 40 != 0)
      return FALSE;
    number = number << 7 | (oid.data[i] & 0x7f);
    if (oid.data[i] & 0x80)
      continue;
    if (first) {
      const guint64 top = MIN (number / 40, 2);

      used += (gsize)sprintf (decoded + used, "%" G_GUINT64_FORMAT, top);
      number -= top * 40;
      first = FALSE;
    }
    used += (gsize)sprintf (decoded + used, ".%" G_GUINT64_FORMAT, number);
    number = 0;
  }
  return strcmp (decoded, text) == 0;
}

/* 4.2.1.6: the preferred name syntax of RFC 1034, 3.5, which RFC 1123, 2.1 lets begin with a
 * digit. */
static gboolean
is_host (Span text)
{
  gsize label = 0; /* characters of it so far */

  if (text.length == 0 || text.length > MOST_HOST)
    return FALSE;
  for (gsize i = 0; i <= text.length; i++) {
    if (i == text.length || text.data[i] == '.') {
      if (label == 0 || text.data[i - 1] == '-')
        return FALSE;
      label = 0;
      continue;
    }
    if (!g_ascii_isalnum (text.data[i]) && (text.data[i] != '-' || label == 0))
      return FALSE;
    if (++label > MOST_LABEL)
      return FALSE;
  }
  return TRUE;
}

/* RFC 3986, 2: unreserved, reserved, and percent with two hex digits. */
static gboolean
is_uri_text (Span text)
{
  for (gsize i = 0; i < text.length; i++) {
    const char c = (char)text.data[i];

    if (c == '%'
        && (i + 2 >= text.length || !g_ascii_isxdigit (text.data[i + 1])
            || !g_ascii_isxdigit (text.data[i + 2])))
      return FALSE;
    if (!g_ascii_isalnum (c) && (c == '\0' || strchr ("%-._~:/?#[]@!$&'()*+,;=", c) == NULL))
      return FALSE;
  }
  return TRUE;
}

static Span
span_from (Span span, gsize start)
{
  return (Span){ span.data + start, span.length - start };
}

static gboolean
begins_with (Span text, const char *prefix)
{
  return text.length >= strlen (prefix) && memcmp (text.data, prefix, strlen (prefix)) == 0;
}

/* RFC 3986, 3.2, without user: host [ ":" port ] up to where the path, query or fragment begin. */
static gboolean
has_host (Span text)
{
  Span host = { text.data, 0 };
  gsize at;

  while (host.length < text.length && strchr (":/?#", (char)text.data[host.length]) == NULL)
    host.length++;
  at = host.length;
  if (at < text.length && text.data[at] == ':') {
    for (at++; at < text.length && g_ascii_isdigit (text.data[at]); at++)
      ;
    if (at == host.length + 1)
      return FALSE;
  }
  return is_host (host) && (at == text.length || strchr ("/?#", (char)text.data[at]) != NULL);
}

/* 4.2.1.6: absolute, with a scheme and something behind it; an authority names a host. */
static gboolean
is_absolute_uri (Span text)
{
  gsize scheme = 0;

  while (scheme < text.length && text.data[scheme] != ':') {
    const char c = (char)text.data[scheme];

    if (!g_ascii_isalpha (c)
        && (scheme == 0 || (!g_ascii_isdigit (c) && c != '+' && c != '-' && c != '.')))
      return FALSE;
    scheme++;
  }
  if (scheme == 0 || scheme + 1 >= text.length || !is_uri_text (text))
    return FALSE;
  text = span_from (text, scheme);
  return !begins_with (text, "://") || has_host (span_from (text, 3));
}

/* 4.2.1.6 and RFC 5321, 4.1.2: Dot-string "@" Domain. */
static gboolean
is_mailbox (Span text)
{
  Span local = { text.data, 0 };

  while (local.length < text.length && text.data[local.length] != '@')
    local.length++;
  if (local.length == 0 || local.length > 64 || local.length == text.length)
    return FALSE;
  for (gsize i = 0; i < local.length; i++) {
    const gboolean at_edge = i == 0 || i == local.length - 1;
    const char c = (char)local.data[i];

    if (c == '.' ? at_edge || local.data[i - 1] == '.'
                 : !g_ascii_isalnum (c) && strchr ("!#$%&'*+-/=?^_`{|}~", c) == NULL)
      return FALSE;
    if (c == '\0')
      return FALSE;
  }
  return is_host (span_from (text, local.length + 1));
}

/* HardwareModuleName ::= SEQUENCE { hwType OID, hwSerialNum OCTET STRING } (RFC 4108, 5). */
static gboolean
lint_hardware_module (const LintFindings *findings, DerReader other, GError **error)
{
  static const char what[] = "hardwareModuleName";
  const char *wanted = findings->scope->profile->hardware_type;
  DerReader wrapped, name;
  Span id, type, serial;

  if (!der_read (&other, DER_OID, what, &id, NULL, error)
      || !der_enter (&other, DER_CONTEXT_0, what, &wrapped, error)
      || !der_expect_end (&other, what, error)
      || !der_enter (&wrapped, DER_SEQUENCE, what, &name, error)
      || !der_expect_end (&wrapped, what, error)
      || !der_read (&name, DER_OID, what, &type, NULL, error)
      || !der_read (&name, DER_OCTET_STRING, what, &serial, NULL, error)
      || !der_expect_end (&name, what, error))
    return FALSE;
  if (!lint_oid_is (id, "1.3.6.1.5.5.7.8.4"))
    return lint_refuse (error, "other-name", "subjectAltName has an otherName that is not known");
  if (wanted == NULL || !lint_oid_is (type, wanted))
    return lint_refuse (error, "hardware-type", "hwType is not the profile's HardwareType");
  return serial.length > 0 || lint_refuse (error, "hardware-serial", "hwSerialNum is empty");
}

static gboolean
lint_general_name (const LintFindings *findings, DerReader *names, guint8 tag, GError **error)
{
  static const char what[] = "subjectAltName";
  DerReader other;
  Span text;

  if (tag == OTHER_NAME)
    return der_enter (names, tag, what, &other, error)
           && lint_hardware_module (findings, other, error);
  if (!der_read (names, tag, what, &text, NULL, error))
    return FALSE;
  if (tag == DNS_NAME)
    return is_host (text) || lint_refuse (error, "dns-name", "a dNSName is no host name");
  if (tag == URI_NAME)
    return is_absolute_uri (text)
           || lint_refuse (error, "uri", "a uniformResourceIdentifier is no absolute URI");
  if (tag == RFC822_NAME)
    return is_mailbox (text) || lint_refuse (error, "mail-address", "an rfc822Name is no mailbox");
  if (tag == IP_ADDRESS)
    return text.length == 4 || text.length == 16
           || lint_refuse (error, "ip-address", "an iPAddress has %zu octets", text.length);
  return lint_refuse (error, "name-type", "subjectAltName has a name with tag %02x", tag);
}

/* The tag that a word of SubjectAltName= stands for. */
static guint8
tag_for (const char *word)
{
  if (g_str_has_prefix (word, "dns:"))
    return DNS_NAME;
  if (g_str_has_prefix (word, "uri:"))
    return URI_NAME;
  if (g_str_has_prefix (word, "ip:"))
    return IP_ADDRESS;
  if (g_str_has_prefix (word, "email:"))
    return RFC822_NAME;
  return OTHER_NAME;
}

/* One name at least, and as many and of the kinds that the profile lists. */
gboolean
lint_alternative_name (const LintFindings *findings, Span value, GError **error)
{
  static const char what[] = "subjectAltName";
  const DerReader tbs = der_reader (findings->tbs.data, findings->tbs.length);
  DerReader outer = der_reader_within (&tbs, value);
  char **word = findings->scope->profile->alternative_names;
  DerReader names;

  if (!der_enter (&outer, DER_SEQUENCE, what, &names, error)
      || !der_expect_end (&outer, what, error))
    return FALSE;
  if (der_at_end (&names))
    return lint_refuse (error, "names-empty", "subjectAltName is empty");
  for (; !der_at_end (&names); word++) {
    const guint8 tag = *names.next;

    if (!lint_general_name (findings, &names, tag, error))
      return FALSE;
    if (*word == NULL || tag_for (*word) != tag)
      return lint_refuse (error, "names-profile",
                          "subjectAltName has other names than the profile");
  }
  return *word == NULL || lint_refuse (error, "names-profile", "subjectAltName lacks %s", *word);
}

/* 4.2.1.13, 4.2.2.1 and 8: an http URL, which can be fetched before anything is trusted. */
gboolean
lint_http_url (const char *rule, Span url, GError **error)
{
  return (begins_with (url, "http://") && is_absolute_uri (url))
         || lint_refuse (error, rule, "a URL is not http://HOST...");
}

/* RFC 8995, 2.3.2: an IA5String with an https URL, or one without its scheme. */
gboolean
lint_masa_url (const LintFindings *findings, Span value, GError **error)
{
  const DerReader tbs = der_reader (findings->tbs.data, findings->tbs.length);
  DerReader outer = der_reader_within (&tbs, value);
  Span url;

  if (!der_read (&outer, DER_IA5_STRING, "masaURL", &url, NULL, error)
      || !der_expect_end (&outer, "masaURL", error))
    return FALSE;
  if (begins_with (url, "https://"))
    url = span_from (url, strlen ("https://"));
  return (is_uri_text (url) && has_host (url))
         || lint_refuse (error, "masa-url", "masaURL is neither https://HOST... nor HOST...");
}

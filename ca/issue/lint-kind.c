/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The rules of kinds: what those who will read the certificate ask beyond RFC 5280.
 */
#include "ca/issue/lint-private.h"

#include <string.h>

#define MOST_MATTER 600 /* bytes of a certificate */
/* What comes around the to-be-signed bytes: header, ecdsa-with-SHA256, and the longest signature of
 * P-256 in its BIT STRING. */
#define MATTER_AROUND (4 + 12 + 2 + 1 + 72)

/* The one attribute of that type, or NULL where there are none or more. */
static const LintAttribute *
only_one (const LintFindings *findings, const char *word)
{
  const LintAttribute *found = NULL;

  for (guint i = 0; i < findings->attribute_count; i++) {
    if (!g_str_equal (findings->attributes[i].word, word))
      continue;
    if (found != NULL)
      return NULL;
    found = &findings->attributes[i];
  }
  return found;
}

static gboolean
consists_of (Span text, const char *also, gboolean capitals)
{
  for (gsize i = 0; i < text.length; i++) {
    const char c = (char)text.data[i];

    if (!(capitals ? g_ascii_isalpha (c) : g_ascii_islower (c)) && !g_ascii_isdigit (c)
        && (c == '\0' || strchr (also, c) == NULL))
      return FALSE;
  }
  return TRUE;
}

/* AWS IoT, Azure: a TLS client, which signs. */
static gboolean
lint_client (const LintFindings *findings, GError **error)
{
  const Span usage = findings->extensions[LINT_KEY_USAGE];

  if ((usage.data[usage.length - 1] & 0x80) == 0)
    return lint_refuse (error, "client-key-usage", "keyUsage lacks digitalSignature");
  return lint_has_purpose (findings, "1.3.6.1.5.5.7.3.2")
         || lint_refuse (error, "client-purpose", "extKeyUsage lacks clientAuth");
}

/* AWS IoT: the thing's name from CN; what templates and policies read of the subject
 * (C O OU dnQualifier ST CN serialNumber title), without what policies leave unfilled. */
static gboolean
lint_aws (const LintFindings *findings, GError **error)
{
  const LintAttribute *name = only_one (findings, "CN");

  if (name == NULL)
    return lint_refuse (error, "aws-name", "there is not one CN");
  if (!consists_of (name->value, ":_-", TRUE))
    return lint_refuse (error, "aws-thing-name", "CN is no name of a thing");
  for (guint i = 0; i < findings->attribute_count; i++) {
    const LintAttribute *attribute = &findings->attributes[i];

    if (g_str_equal (attribute->word, "L"))
      return lint_refuse (error, "aws-attribute", "nothing in AWS IoT reads L");
    for (gsize k = 0; k < attribute->value.length; k++)
      if (strchr ("*$+?#", attribute->value.data[k]) != NULL)
        return lint_refuse (error, "aws-wildcard", "%s has the wildcard %c", attribute->word,
                            attribute->value.data[k]);
  }
  return TRUE;
}

/* Azure DPS: CN is the registration id. */
static gboolean
lint_azure (const LintFindings *findings, GError **error)
{
  const LintAttribute *name = only_one (findings, "CN");
  guint8 last;

  if (name == NULL)
    return lint_refuse (error, "azure-name", "there is not one CN");
  last = name->value.data[name->value.length - 1];
  return (consists_of (name->value, "-._:", FALSE) && (g_ascii_isalnum (last) || last == '-'))
         || lint_refuse (error, "azure-registration-id", "CN is no registration id");
}

/* IEEE 802.1AR-2018, clause 8: a serialNumber, and a signature key. */
static gboolean
lint_idevid (const LintFindings *findings, GError **error)
{
  const Span usage = findings->extensions[LINT_KEY_USAGE];
  const guint8 bits = usage.data[usage.length - 1];

  if (only_one (findings, "serialNumber") == NULL)
    return lint_refuse (error, "idevid-serial", "there is not one serialNumber in the subject");
  return ((bits & 0x80) != 0 && (bits & 0x5f) == 0)
         || lint_refuse (error, "idevid-key-usage",
                         "keyUsage is not digitalSignature, at most with keyEncipherment");
}

static gboolean
lint_matter_attribute (const LintFindings *findings, const char *word, const char *wanted,
                       GError **error)
{
  const LintAttribute *id = only_one (findings, word);

  if (id == NULL || id->tag != DER_UTF8_STRING)
    return lint_refuse (error, "matter-id", "there is not one %s, a UTF8String", word);
  return (wanted != NULL && span_equal (id->value, wanted, strlen (wanted)))
         || lint_refuse (error, "matter-id", "%s is not the profile's", word);
}

/* Matter 1.0, 6.2.2.3: P-256, ecdsa-with-SHA256, four extensions, 600 bytes. */
static gboolean
lint_matter (const LintFindings *findings, GError **error)
{
  static const LintExtension four[] = { LINT_BASIC_CONSTRAINTS, LINT_KEY_USAGE,
                                        LINT_AUTHORITY_KEY_ID, LINT_SUBJECT_KEY_ID };
  const Profile *profile = findings->scope->profile;
  guint count = 0;

  if (!lint_matter_attribute (findings, "Vid", profile->vendor_id, error)
      || !lint_matter_attribute (findings, "Pid", profile->product_id, error))
    return FALSE;
  for (guint i = 0; i < N_LINT_EXTENSIONS; i++)
    count += findings->present[i] ? 1 : 0;
  for (guint i = 0; i < G_N_ELEMENTS (four); i++)
    count -= findings->present[four[i]] ? 1 : 0;
  if (count != 0 || !findings->present[LINT_SUBJECT_KEY_ID])
    return lint_refuse (error, "matter-extensions", "there are other than a DAC's four extensions");
  if (!span_equal (findings->extensions[LINT_KEY_USAGE], "\x03\x02\x07\x80", 4))
    return lint_refuse (error, "matter-key-usage", "keyUsage is not digitalSignature alone");
  /* 04 X Y: no other allowed curve has points of 65 bytes, and no RSA key is that short. */
  if (findings->key_bits.length != 65 || findings->key_bits.data[0] != 4)
    return lint_refuse (error, "matter-key", "the key is not of P-256");
  if (!g_str_equal (findings->scope->authority->signature->word, "ecdsa-sha256"))
    return lint_refuse (error, "matter-algorithm", "the algorithm is not ecdsa-sha256");
  return findings->tbs.length + MATTER_AROUND <= MOST_MATTER
         || lint_refuse (error, "matter-size",
                         "the certificate may have %zu bytes, more than %d; shorten the subject",
                         findings->tbs.length + MATTER_AROUND, MOST_MATTER);
}

/* RFC 8813, 3: an EC key enciphers nothing; RFC 3279, 2.3.1: an RSA key agrees on nothing. Custom
 * profiles may know better than their readers. An EC point begins with 04, an RSAPublicKey with the
 * tag of a SEQUENCE. */
static gboolean
lint_usage_of_key (const LintFindings *findings, GError **error)
{
  const Span usage = findings->extensions[LINT_KEY_USAGE];
  const gboolean rsa = findings->key_bits.length > 0 && findings->key_bits.data[0] == DER_SEQUENCE;
  const guint8 forbidden = rsa ? 0x08 : 0x30;

  return (usage.data[usage.length - 1] & forbidden) == 0
         || lint_refuse (error, "key-usage-key", "keyUsage does not fit %s key",
                         rsa ? "an RSA" : "an EC");
}

gboolean
lint_kind (const LintFindings *findings, GError **error)
{
  const ProfileKind kind = findings->scope->profile->kind;

  if (kind != KIND_CUSTOM && !lint_usage_of_key (findings, error))
    return FALSE;
  switch (kind) {
  case KIND_AWS_IOT:
    return lint_client (findings, error) && lint_aws (findings, error);
  case KIND_AZURE_DPS:
    return lint_client (findings, error) && lint_azure (findings, error);
  case KIND_IDEVID:
    return lint_idevid (findings, error);
  case KIND_MATTER_DAC:
    return lint_matter (findings, error);
  case KIND_CUSTOM:
    break;
  }
  return TRUE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * extensions, RFC 5280, 4.1.2.9 and 4.2: which there are, once each, critical or not, and what each
 * says.
 */
#include "ca/issue/lint-private.h"

#include <openssl/sha.h>

#define CONTEXT_3 0xa3
#define MOST_LISTED 16

typedef enum { MUST_BE_CRITICAL, MUST_NOT_BE_CRITICAL, CRITICAL_WITHOUT_SUBJECT } Criticality;

typedef struct {
  const char *name;
  const char *oid; /* content */
  gsize oid_length;
  Criticality criticality;
} Rule;

#define ID_CE(number) "\x55\x1d" number, 3
#define ID_PE(number) "\x2b\x06\x01\x05\x05\x07\x01" number, 8

static const Rule rules[N_LINT_EXTENSIONS] = {
  /* 4.2.1.9 asks it of CAs; Matter and we of devices, too */
  [LINT_BASIC_CONSTRAINTS] = { "basicConstraints", ID_CE ("\x13"), MUST_BE_CRITICAL },
  [LINT_KEY_USAGE] = { "keyUsage", ID_CE ("\x0f"), MUST_BE_CRITICAL }, /* 4.2.1.3 */
  [LINT_EXTENDED_KEY_USAGE] = { "extKeyUsage", ID_CE ("\x25"),
                                MUST_NOT_BE_CRITICAL },                              /* 4.2.1.12 */
  [LINT_POLICIES] = { "certificatePolicies", ID_CE ("\x20"), MUST_NOT_BE_CRITICAL }, /* 4.2.1.4 */
  [LINT_AUTHORITY_KEY_ID] = { "authorityKeyIdentifier", ID_CE ("\x23"),
                              MUST_NOT_BE_CRITICAL }, /* 4.2.1.1 */
  [LINT_SUBJECT_KEY_ID] = { "subjectKeyIdentifier", ID_CE ("\x0e"),
                            MUST_NOT_BE_CRITICAL }, /* 4.2.1.2 */
  [LINT_ALTERNATIVE_NAME] = { "subjectAltName", ID_CE ("\x11"),
                              CRITICAL_WITHOUT_SUBJECT }, /* 4.2.1.6 */
  [LINT_CRL_POINTS] = { "cRLDistributionPoints", ID_CE ("\x1f"),
                        MUST_NOT_BE_CRITICAL }, /* 4.2.1.13 */
  [LINT_AUTHORITY_ACCESS] = { "authorityInfoAccess", ID_PE ("\x01"),
                              MUST_NOT_BE_CRITICAL },                    /* 4.2.2.1 */
  [LINT_MASA_URL] = { "masaURL", ID_PE ("\x20"), MUST_NOT_BE_CRITICAL }, /* RFC 8995 */
};

static gboolean
find_rule (Span oid, LintExtension *extension)
{
  for (guint i = 0; i < N_LINT_EXTENSIONS; i++)
    if (span_equal (oid, rules[i].oid, rules[i].oid_length)) {
      *extension = (LintExtension)i;
      return TRUE;
    }
  return FALSE;
}

/* critical BOOLEAN DEFAULT FALSE: DER has it only as TRUE (X.690, 11.1 and 11.5). */
static gboolean
read_critical (DerReader *reader, gboolean *critical, GError **error)
{
  Span value;

  *critical = FALSE;
  if (der_at_end (reader) || *reader->next != DER_BOOLEAN)
    return TRUE;
  if (!der_read (reader, DER_BOOLEAN, "critical", &value, NULL, error))
    return FALSE;
  *critical = TRUE;
  return (value.length == 1 && value.data[0] == 0xff)
         || lint_refuse (error, "extension-critical-form", "critical is not written as TRUE");
}

static gboolean
read_extension (LintFindings *findings, DerReader *list, GError **error)
{
  LintExtension extension;
  DerReader reader;
  gboolean critical;
  Span oid, value;

  if (!der_enter (list, DER_SEQUENCE, "extension", &reader, error)
      || !der_read (&reader, DER_OID, "extension", &oid, NULL, error)
      || !read_critical (&reader, &critical, error)
      || !der_read (&reader, DER_OCTET_STRING, "extension", &value, NULL, error)
      || !der_expect_end (&reader, "extension", error))
    return FALSE;
  if (!find_rule (oid, &extension))
    return lint_refuse (error, "extension-unknown", "an extension is not known");
  /* 4.2: at most one of each. */
  if (findings->present[extension])
    return lint_refuse (error, "extension-doubled", "%s stands there twice", rules[extension].name);
  findings->present[extension] = TRUE;
  findings->critical[extension] = critical;
  findings->extensions[extension] = value;
  return TRUE;
}

static gboolean
lint_criticality (const LintFindings *findings, LintExtension extension, GError **error)
{
  gboolean wanted = FALSE;

  switch (rules[extension].criticality) {
  case MUST_BE_CRITICAL:
    wanted = TRUE;
    break;
  case MUST_NOT_BE_CRITICAL:
    break;
  case CRITICAL_WITHOUT_SUBJECT:
    wanted = findings->attribute_count == 0;
    break;
  }
  return findings->critical[extension] == wanted
         || lint_refuse (error, "extension-critical", "%s is %scritical", rules[extension].name,
                         wanted ? "not " : "");
}

/* The profile says which there are; two are in every certificate, and so is the issuer's key
 * identifier (4.2.1.1). */
static gboolean
is_wanted (const Profile *profile, LintExtension extension)
{
  switch (extension) {
  case LINT_BASIC_CONSTRAINTS:
  case LINT_KEY_USAGE:
  case LINT_AUTHORITY_KEY_ID:
    return TRUE;
  case LINT_EXTENDED_KEY_USAGE:
    return profile->extended_key_usage[0] != NULL;
  case LINT_POLICIES:
    return profile->policies[0] != NULL;
  case LINT_SUBJECT_KEY_ID:
    return profile->subject_key_id;
  case LINT_ALTERNATIVE_NAME:
    return profile->alternative_names[0] != NULL;
  case LINT_CRL_POINTS:
    return profile->crl_urls[0] != NULL;
  case LINT_AUTHORITY_ACCESS:
    return profile->issuer_urls[0] != NULL;
  case LINT_MASA_URL:
    return profile->masa_url != NULL;
  case N_LINT_EXTENSIONS:
    break;
  }
  return FALSE;
}

/* A device is no CA (4.2.1.9): an empty SEQUENCE, for cA's default is left out. */
static gboolean
lint_basic_constraints (Span value, GError **error)
{
  return span_equal (value, "\x30\x00", 2)
         || lint_refuse (error, "no-ca", "basicConstraints does not say CA:FALSE and no more");
}

/* 4.2.1.3: what the profile lists and nothing else; never keyCertSign or cRLSign, since a profile
 * can't list them. No trailing zero bits (X.690, 11.2.2). */
static gboolean
lint_key_usage (const Profile *profile, Span value, GError **error)
{
  static const struct {
    const char *word;
    guint8 bit;
  } bits[] = { { "digitalSignature", 0x80 },
               { "nonRepudiation", 0x40 },
               { "keyEncipherment", 0x20 },
               { "dataEncipherment", 0x10 },
               { "keyAgreement", 0x08 } };
  guint8 wanted = 0;
  guint8 found;

  for (guint i = 0; i < G_N_ELEMENTS (bits); i++)
    if (g_strv_contains ((const char *const *)profile->key_usage, bits[i].word))
      wanted |= bits[i].bit;
  if (value.length != 4 || value.data[0] != DER_BIT_STRING || value.data[1] != 2
      || value.data[2] > 7)
    return lint_refuse (error, "key-usage-form", "keyUsage is no BIT STRING of one byte");
  found = value.data[3];
  if (found == 0 || (found & (1 << value.data[2])) == 0
      || (found & ((1 << value.data[2]) - 1)) != 0)
    return lint_refuse (error, "key-usage-form", "keyUsage does not end with its last bit");
  return found == wanted
         || lint_refuse (error, "key-usage", "keyUsage has the bits %02x; the profile says %02x",
                         found, wanted);
}

/* The OIDs of a SEQUENCE; with `wrapped` each stands in a SEQUENCE of its own. None stands there
 * twice (4.2.1.4). */
static gboolean
read_oids (const LintFindings *findings, const char *what, Span value, gboolean wrapped,
           Span oids[MOST_LISTED], guint *count, GError **error)
{
  const DerReader tbs = der_reader (findings->tbs.data, findings->tbs.length);
  DerReader outer = der_reader_within (&tbs, value);
  DerReader list;

  *count = 0;
  if (!der_enter (&outer, DER_SEQUENCE, what, &list, error)
      || !der_expect_end (&outer, what, error))
    return FALSE;
  while (!der_at_end (&list)) {
    DerReader inner = list;

    if (*count == MOST_LISTED)
      return lint_refuse (error, "list-size", "%s has more than %d entries", what, MOST_LISTED);
    if (wrapped && !der_enter (&list, DER_SEQUENCE, what, &inner, error))
      return FALSE;
    if (!der_read (&inner, DER_OID, what, &oids[*count], NULL, error)
        || (wrapped && !der_expect_end (&inner, what, error)))
      return FALSE;
    if (!wrapped)
      list = inner;
    for (guint i = 0; i < *count; i++)
      if (span_equal (oids[i], oids[*count].data, oids[*count].length))
        return lint_refuse (error, "list-doubled", "%s has an entry twice", what);
    (*count)++;
  }
  return *count > 0 || lint_refuse (error, "list-empty", "%s is empty", what);
}

/* The list has what the profile lists, in its order. */
static gboolean
lint_oids (const LintFindings *findings, const char *what, LintExtension extension,
           gboolean wrapped, char *const *wanted, GError **error)
{
  Span oids[MOST_LISTED];
  guint count;

  if (!read_oids (findings, what, findings->extensions[extension], wrapped, oids, &count, error))
    return FALSE;
  for (guint i = 0; i < count; i++)
    if (wanted[i] == NULL || !lint_oid_is (oids[i], wanted[i]))
      return lint_refuse (error, "list-profile", "%s has another entry %u than the profile", what,
                          i + 1);
  return wanted[count] == NULL
         || lint_refuse (error, "list-profile", "%s lacks %s", what, wanted[count]);
}

/* 4.2.1.12. */
static gboolean
lint_extended_key_usage (const LintFindings *findings, GError **error)
{
  static const char *const purposes[][2] = { { "clientAuth", "1.3.6.1.5.5.7.3.2" },
                                             { "serverAuth", "1.3.6.1.5.5.7.3.1" },
                                             { "codeSigning", "1.3.6.1.5.5.7.3.3" },
                                             { "emailProtection", "1.3.6.1.5.5.7.3.4" } };
  char *wanted[MOST_LISTED + 1] = { NULL };
  guint count = 0;

  for (char **word = findings->scope->profile->extended_key_usage; *word != NULL; word++)
    for (guint i = 0; i < G_N_ELEMENTS (purposes) && count < MOST_LISTED; i++)
      if (g_str_equal (*word, purposes[i][0]))
        wanted[count++] = (char *)purposes[i][1];
  return lint_oids (findings, "extKeyUsage", LINT_EXTENDED_KEY_USAGE, FALSE, wanted, error);
}

gboolean
lint_has_purpose (const LintFindings *findings, const char *oid)
{
  Span oids[MOST_LISTED];
  guint count = 0;

  if (!findings->present[LINT_EXTENDED_KEY_USAGE]
      || !read_oids (findings, "extKeyUsage", findings->extensions[LINT_EXTENDED_KEY_USAGE], FALSE,
                     oids, &count, NULL))
    return FALSE;
  for (guint i = 0; i < count; i++)
    if (lint_oid_is (oids[i], oid))
      return TRUE;
  return FALSE;
}

/* 4.2.1.4: policies without qualifiers. */
static gboolean
lint_policies (const LintFindings *findings, GError **error)
{
  return lint_oids (findings, "certificatePolicies", LINT_POLICIES, TRUE,
                    findings->scope->profile->policies, error);
}

/* 4.2.1.1: keyIdentifier [0] alone, equal to the CA's subjectKeyIdentifier. */
static gboolean
lint_authority_key_id (const LintFindings *findings, GError **error)
{
  const DerReader tbs = der_reader (findings->tbs.data, findings->tbs.length);
  DerReader outer = der_reader_within (&tbs, findings->extensions[LINT_AUTHORITY_KEY_ID]);
  DerReader list;
  gsize length;
  const void *wanted = g_bytes_get_data (findings->scope->authority->key_id, &length);
  Span id;

  if (!der_enter (&outer, DER_SEQUENCE, "authorityKeyIdentifier", &list, error)
      || !der_expect_end (&outer, "authorityKeyIdentifier", error)
      || !der_read (&list, 0x80, "authorityKeyIdentifier", &id, NULL, error)
      || !der_expect_end (&list, "authorityKeyIdentifier", error))
    return FALSE;
  return span_equal (id, wanted, length)
         || lint_refuse (error, "authority-key-id",
                         "authorityKeyIdentifier is not the CA's subjectKeyIdentifier");
}

/* 4.2.1.2, method 1: SHA-1 of the key's bits, which names the key and protects nothing. */
static gboolean
lint_subject_key_id (const LintFindings *findings, GError **error)
{
  const DerReader tbs = der_reader (findings->tbs.data, findings->tbs.length);
  DerReader outer = der_reader_within (&tbs, findings->extensions[LINT_SUBJECT_KEY_ID]);
  guint8 wanted[SHA_DIGEST_LENGTH];
  Span id;

  if (!der_read (&outer, DER_OCTET_STRING, "subjectKeyIdentifier", &id, NULL, error)
      || !der_expect_end (&outer, "subjectKeyIdentifier", error))
    return FALSE;
  SHA1 (findings->key_bits.data, findings->key_bits.length, wanted);
  return span_equal (id, wanted, sizeof wanted)
         || lint_refuse (error, "subject-key-id",
                         "subjectKeyIdentifier is not SHA-1 of the public key");
}

/* 4.2.1.13: DistributionPoint { [0] { fullName [0] { URI [6] } } } without reasons or cRLIssuer. */
static gboolean
lint_crl_points (const LintFindings *findings, GError **error)
{
  static const char what[] = "cRLDistributionPoints";
  const DerReader tbs = der_reader (findings->tbs.data, findings->tbs.length);
  DerReader outer = der_reader_within (&tbs, findings->extensions[LINT_CRL_POINTS]);
  DerReader list, point, name, names;
  guint count = 0;
  Span url;

  if (!der_enter (&outer, DER_SEQUENCE, what, &list, error)
      || !der_expect_end (&outer, what, error))
    return FALSE;
  for (; !der_at_end (&list); count++)
    if (!der_enter (&list, DER_SEQUENCE, what, &point, error)
        || !der_enter (&point, DER_CONTEXT_0, what, &name, error)
        || !der_expect_end (&point, what, error)
        || !der_enter (&name, DER_CONTEXT_0, what, &names, error)
        || !der_expect_end (&name, what, error) || !der_read (&names, 0x86, what, &url, NULL, error)
        || !der_expect_end (&names, what, error) || !lint_http_url ("crl-url", url, error))
      return FALSE;
  return count == g_strv_length (findings->scope->profile->crl_urls)
         || lint_refuse (error, "crl-count", "%u URLs of revocation lists; the profile has others",
                         count);
}

/* 4.2.2.1: AccessDescription { id-ad-caIssuers, URI [6] }. */
static gboolean
lint_authority_access (const LintFindings *findings, GError **error)
{
  static const char what[] = "authorityInfoAccess";
  const DerReader tbs = der_reader (findings->tbs.data, findings->tbs.length);
  DerReader outer = der_reader_within (&tbs, findings->extensions[LINT_AUTHORITY_ACCESS]);
  DerReader list, description;
  guint count = 0;
  Span method, url;

  if (!der_enter (&outer, DER_SEQUENCE, what, &list, error)
      || !der_expect_end (&outer, what, error))
    return FALSE;
  for (; !der_at_end (&list); count++) {
    if (!der_enter (&list, DER_SEQUENCE, what, &description, error)
        || !der_read (&description, DER_OID, what, &method, NULL, error)
        || !der_read (&description, 0x86, what, &url, NULL, error)
        || !der_expect_end (&description, what, error) || !lint_http_url ("issuer-url", url, error))
      return FALSE;
    if (!lint_oid_is (method, "1.3.6.1.5.5.7.48.2"))
      return lint_refuse (error, "access-method", "authorityInfoAccess has more than caIssuers");
  }
  return count == g_strv_length (findings->scope->profile->issuer_urls)
         || lint_refuse (error, "issuer-count", "%u URLs of the issuer; the profile has others",
                         count);
}

static gboolean
lint_extension (const LintFindings *findings, LintExtension extension, GError **error)
{
  const Span value = findings->extensions[extension];

  switch (extension) {
  case LINT_BASIC_CONSTRAINTS:
    return lint_basic_constraints (value, error);
  case LINT_KEY_USAGE:
    return lint_key_usage (findings->scope->profile, value, error);
  case LINT_EXTENDED_KEY_USAGE:
    return lint_extended_key_usage (findings, error);
  case LINT_POLICIES:
    return lint_policies (findings, error);
  case LINT_AUTHORITY_KEY_ID:
    return lint_authority_key_id (findings, error);
  case LINT_SUBJECT_KEY_ID:
    return lint_subject_key_id (findings, error);
  case LINT_ALTERNATIVE_NAME:
    return lint_alternative_name (findings, value, error);
  case LINT_CRL_POINTS:
    return lint_crl_points (findings, error);
  case LINT_AUTHORITY_ACCESS:
    return lint_authority_access (findings, error);
  case LINT_MASA_URL:
    return lint_masa_url (findings, value, error);
  case N_LINT_EXTENSIONS:
    break;
  }
  return FALSE;
}

gboolean
lint_extensions (LintFindings *findings, DerReader *tbs, GError **error)
{
  DerReader outer, list;

  if (!der_enter (tbs, CONTEXT_3, "extensions", &outer, error)
      || !der_enter (&outer, DER_SEQUENCE, "extensions", &list, error)
      || !der_expect_end (&outer, "extensions", error))
    return FALSE;
  while (!der_at_end (&list))
    if (!read_extension (findings, &list, error))
      return FALSE;
  for (LintExtension i = 0; i < N_LINT_EXTENSIONS; i++) {
    const gboolean wanted = is_wanted (findings->scope->profile, i);

    if (wanted && !findings->present[i])
      return lint_refuse (error, "extension-missing", "%s is missing", rules[i].name);
    if (!wanted && findings->present[i])
      return lint_refuse (error, "extension-unasked", "the profile asks for no %s", rules[i].name);
    if (wanted && (!lint_criticality (findings, i, error) || !lint_extension (findings, i, error)))
      return FALSE;
  }
  return TRUE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See profile-kind.h.
 */
#include "ca/profile/profile-kind.h"

#include <string.h>

/* What AWS IoT's policies leave unfilled where a value has it ("Certificate policy variables"). */
#define AWS_WILDCARDS "*$+?#"

const char *const profile_kind_words[] = { "custom", "aws-iot",    "azure-dps",
                                           "idevid", "matter-dac", NULL };

static const char *const nothing[] = { NULL };
static const char *const of_other_kinds[] = { "HardwareType", "MasaUrl", "Vid", "Pid", NULL };
static const char *const of_matter[] = { "Vid", "Pid", NULL };
/* A DAC has four extensions and no others. */
static const char *const not_of_matter[] = { "SubjectAltName",      "HardwareType",
                                             "CertificatePolicies", "CrlDistributionPoint",
                                             "CaIssuers",           "MasaUrl",
                                             "ExtendedKeyUsage",    NULL };

static const KindDefaults defaults[] = {
  [KIND_CUSTOM] = { "clientAuth", "", NULL, nothing, TRUE },
  [KIND_AWS_IOT] = { "clientAuth", "", NULL, of_other_kinds, TRUE },
  [KIND_AZURE_DPS] = { "clientAuth", "", NULL, of_other_kinds, TRUE },
  /* IEEE 802.1AR-2018, clause 8: no end, hardwareModuleName, no subjectKeyIdentifier */
  [KIND_IDEVID] = { "", "hardware-module:${serial}", "99991231235959Z", of_matter, FALSE },
  [KIND_MATTER_DAC] = { "", "", NULL, not_of_matter, TRUE },
};

const KindDefaults *
profile_kind_defaults (ProfileKind kind)
{
  return &defaults[kind];
}

/* A capital letter fits wherever any character does, but for Azure, where a small one does. */
const SubjectValues *
profile_kind_probe (ProfileKind kind)
{
  static const SubjectValues capital = { "X", "X", "X", "X" };
  static const SubjectValues small = { "x", "x", "x", "x" };

  return kind == KIND_AZURE_DPS ? &small : &capital;
}

/* Just-in-time templates and policies read the subject; a thing takes its name from CN. */
static gboolean
check_aws_attribute (const char *word, const char *value, GError **error)
{
  if (g_str_equal (word, "L"))
    return ca_refuse (error, CA_ERROR_SUBJECT,
                      "AWS IoT's templates and policies do not read L; leave it out, or take "
                      "Kind=custom");
  if (strpbrk (value, AWS_WILDCARDS) != NULL)
    return ca_refuse (error, CA_ERROR_SUBJECT,
                      "%s is '%s', but AWS IoT's policies do not fill in values with "
                      "one of " AWS_WILDCARDS,
                      word, value);
  if (!g_str_equal (word, "CN"))
    return TRUE;
  for (; *value != '\0'; value++)
    if (!g_ascii_isalnum (*value) && strchr (":_-", *value) == NULL)
      return ca_refuse (error, CA_ERROR_SUBJECT,
                        "CN has '%c', but AWS IoT's thing names are of A-Z a-z 0-9 : _ -",
                        g_ascii_isprint (*value) ? *value : '?');
  return TRUE;
}

/* A registration id, which with X.509 is CN (Azure, "X.509 attestation"). */
static gboolean
check_azure_attribute (const char *word, const char *value, GError **error)
{
  gsize length = strlen (value);

  if (!g_str_equal (word, "CN"))
    return TRUE;
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_islower (value[i]) && !g_ascii_isdigit (value[i])
        && strchr ("-._:", value[i]) == NULL)
      return ca_refuse (error, CA_ERROR_SUBJECT,
                        "CN is '%s', but Azure's registration ids are of a-z 0-9 - . _ :; "
                        "${serial:lower} stands for the serial in lower case",
                        value);
  return (length > 0 && (g_ascii_isalnum (value[length - 1]) || value[length - 1] == '-'))
         || ca_refuse (error, CA_ERROR_SUBJECT,
                       "CN is '%s', but an Azure registration id ends with a letter, digit or -",
                       value);
}

/* The ids stand in attributes of their own; a reader must not find others in CN (Matter 1.0,
 * 6.2.2.2). */
static gboolean
check_matter_attribute (const char *value, GError **error)
{
  return (strstr (value, "Mvid:") == NULL && strstr (value, "Mpid:") == NULL)
         || ca_refuse (error, CA_ERROR_SUBJECT,
                       "a subject with Vid and Pid may not have 'Mvid:' or 'Mpid:' elsewhere");
}

gboolean
profile_kind_check_attribute (ProfileKind kind, const char *word, const char *value, GError **error)
{
  switch (kind) {
  case KIND_AWS_IOT:
    return check_aws_attribute (word, value, error);
  case KIND_AZURE_DPS:
    return check_azure_attribute (word, value, error);
  case KIND_MATTER_DAC:
    return check_matter_attribute (value, error);
  case KIND_CUSTOM:
  case KIND_IDEVID:
    break;
  }
  return TRUE;
}

static gboolean
expect_one (const char *wanted, GPtrArray *words, const char *why, GError **error)
{
  guint found = 0;

  for (guint i = 0; i < words->len; i++)
    found += g_str_equal (g_ptr_array_index (words, i), wanted);
  return found == 1
         || ca_refuse (error, CA_ERROR_SUBJECT, "the subject must have one %s: %s", wanted, why);
}

gboolean
profile_kind_check_subject (ProfileKind kind, GPtrArray *words, GError **error)
{
  switch (kind) {
  case KIND_AWS_IOT:
    return expect_one ("CN", words, "AWS IoT names the thing by it", error);
  case KIND_AZURE_DPS:
    return expect_one ("CN", words, "it is Azure's registration id", error);
  case KIND_IDEVID:
    return expect_one ("serialNumber", words, "it names the device (IEEE 802.1AR)", error);
  case KIND_CUSTOM:
  case KIND_MATTER_DAC:
    break;
  }
  return TRUE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the members of a target may be, a row a member: the patterns of AWS are those of its API
 * reference (as botocore's model of iot has them), Azure's those of its resource names, nRF Cloud's
 * those of its REST API.
 */
#include <string.h>

#include "base/text.h"
#include "db/registry-private.h"

#define HOST                                                                                       \
  "(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"                                       \
  "(\\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+"
#define THING_WORD "[a-zA-Z0-9:_-]{1,128}"
#define ANY "(?s).{0,128}"

typedef enum { ACCOUNT, REGION, ENDPOINT, POLICY, THING_TYPE, THING_GROUP } Member;

static const char *const member_words[] = { "account", "region",     "endpoint",
                                            "policy",  "thing type", "thing group" };

/* Where a kind has no row for a member, it takes none. */
static const struct {
  const char *kind;
  Member member;
  gboolean required;
  const char *pattern;
  const char *advice;
} rules[] = {
  { "aws", ACCOUNT, TRUE, "[0-9]{12}", "the 12 digits of the AWS account" },
  { "aws", REGION, TRUE, "[a-z]{2,3}(-[a-z]+){1,3}-[0-9]{1,2}", "a region of AWS, as eu-west-1" },
  { "aws", ENDPOINT, FALSE, HOST,
    "the host name that `aws iot describe-endpoint --endpoint-type iot:Data-ATS` tells" },
  { "aws", POLICY, FALSE, "[A-Za-z0-9_+=,.@-]{1,128}",
    "a policy's name: up to 128 letters, digits and _+=,.@-" },
  { "aws", THING_TYPE, FALSE, THING_WORD,
    "a thing type's name: up to 128 letters, digits and :_-" },
  { "aws", THING_GROUP, FALSE, THING_WORD,
    "a thing group's name: up to 128 letters, digits and :_-" },
  { "azure-hub", ACCOUNT, TRUE, "[A-Za-z0-9][A-Za-z0-9-]{1,48}[A-Za-z0-9]",
    "the IoT Hub's name: 3 to 50 letters, digits and -" },
  { "azure-hub", ENDPOINT, FALSE, HOST, "the hub's host name, as NAME.azure-devices.net" },
  { "azure-dps", ACCOUNT, TRUE, "[A-Za-z0-9][A-Za-z0-9-]{1,62}[A-Za-z0-9]",
    "the Device Provisioning Service's name: 3 to 64 letters, digits and -" },
  { "azure-dps", ENDPOINT, FALSE, HOST, "a host name, as global.azure-devices-provisioning.net" },
  { "nrfcloud", ACCOUNT, TRUE, "[A-Za-z0-9_-]{1,64}", "the team's id in nRF Cloud" },
  { "nrfcloud", ENDPOINT, FALSE, HOST, "a host name, as mqtt.nrfcloud.com" },
  { "nrfcloud", THING_GROUP, FALSE, "[a-zA-Z0-9_.,@/:#-]{1,799}(\\|[a-zA-Z0-9_.,@/:#-]{1,799})*",
    "tags with | between: letters, digits and _.,@/:#-" },
  { "other", ACCOUNT, FALSE, ANY, "up to 128 characters" },
  { "other", REGION, FALSE, ANY, "up to 128 characters" },
  { "other", ENDPOINT, FALSE, HOST, "a host name" },
  { "other", POLICY, FALSE, ANY, "up to 128 characters" },
  { "other", THING_TYPE, FALSE, ANY, "up to 128 characters" },
  { "other", THING_GROUP, FALSE, ANY, "up to 128 characters" },
};

/* Which modes a kind has; by TargetMode. */
static const struct {
  const char *kind;
  gboolean modes[N_TARGET_MODES];
  const char *advice;
} kinds[] = {
  { "aws", { TRUE, TRUE, TRUE, TRUE, TRUE }, "" },
  { "azure-hub", { TRUE, FALSE, TRUE, FALSE, TRUE }, "registered-ca, without-ca or self-signed" },
  { "azure-dps", { TRUE, FALSE, TRUE, FALSE, TRUE }, "registered-ca, without-ca or self-signed" },
  { "nrfcloud", { FALSE, FALSE, TRUE, FALSE, TRUE }, "without-ca or self-signed" },
  { "other", { TRUE, FALSE, TRUE, FALSE, TRUE }, "registered-ca, without-ca or self-signed" },
};

static gboolean
refuse (GError **error, const char *sentence)
{
  g_set_error_literal (error, LEDGER_ERROR, LEDGER_ERROR_INVALID, sentence);
  return FALSE;
}

static const char *
value_of (const Target *target, Member member)
{
  switch (member) {
  case ACCOUNT:
    return target->account;
  case REGION:
    return target->region;
  case ENDPOINT:
    return target->endpoint;
  case POLICY:
    return target->policy;
  case THING_TYPE:
    return target->thing_type;
  case THING_GROUP:
    return target->thing_group;
  }
  return "";
}

static gboolean
fits (const char *value, const char *pattern)
{
  g_autofree char *whole = g_strdup_printf ("^(?:%s)$", pattern);

  return g_utf8_validate (value, -1, NULL)
         && g_regex_match_simple (whole, value, G_REGEX_DOLLAR_ENDONLY, 0);
}

static gboolean
check_member (const Target *target, Member member, GError **error)
{
  const char *value = value_of (target, member);
  g_autofree char *shown = text_for_display (value, 80);
  g_autofree char *sentence = NULL;
  guint i = 0;

  while (i < G_N_ELEMENTS (rules)
         && (rules[i].member != member || strcmp (rules[i].kind, target->kind) != 0))
    i++;
  if (i == G_N_ELEMENTS (rules)) {
    sentence = g_strdup_printf ("a target of kind %s has no %s: leave it out", target->kind,
                                member_words[member]);
    return *value == '\0' || refuse (error, sentence);
  }
  if (*value == '\0' && rules[i].required)
    sentence = g_strdup_printf ("the %s is missing: say %s", member_words[member], rules[i].advice);
  else if (*value != '\0' && !fits (value, rules[i].pattern))
    sentence =
        g_strdup_printf ("%s is no %s: say %s", shown, member_words[member], rules[i].advice);
  return sentence == NULL || refuse (error, sentence);
}

static gboolean
check_kind (const Target *target, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    if (g_strcmp0 (kinds[i].kind, target->kind) != 0)
      continue;
    if ((guint)target->mode < N_TARGET_MODES && kinds[i].modes[target->mode])
      return TRUE;
    g_autofree char *sentence =
        g_strdup_printf ("a target of kind %s has no mode %s: say %s", target->kind,
                         target_mode_word (target->mode), kinds[i].advice);
    return refuse (error, sentence);
  }
  return refuse (error,
                 "a target's kind is aws, azure-hub, azure-dps, nrfcloud or other: say which");
}

gboolean
target_check (const Target *target, GError **error)
{
  if (!serial_is_valid (target->name))
    return refuse (error, "a target's name has 1 to 64 letters, digits and .:_-, and begins with a "
                          "letter or digit: choose another one");
  if (!check_kind (target, error))
    return FALSE;
  for (int member = ACCOUNT; member <= THING_GROUP; member++)
    if (!check_member (target, (Member)member, error))
      return FALSE;
  return TRUE;
}

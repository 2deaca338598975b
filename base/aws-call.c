/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See aws-call.h. Names of operations and members are those of AWS IoT's API (2015-05-28) as the
 * aws CLI spells them.
 */
#include "base/aws-call.h"

#include <string.h>

#include "aws-calls-resources.h"
#include "base/text.h"

#define SCRIPT "/org/keycradle/aws/aws-calls.sh"

/* An authority must be there before what it signed, and stay until that is gone. */
#define STAGE_BEFORE 1
#define STAGE_CERTIFICATES 2
#define STAGE_BEHIND 3

const char *
aws_calls_script (void)
{
  static GBytes *script;
  static gsize made = 0;

  if (g_once_init_enter (&made)) {
    script = g_resource_lookup_data (aws_calls_get_resource (), SCRIPT,
                                     G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
    g_once_init_leave (&made, 1);
  }
  return g_bytes_get_data (script, NULL); /* a resource's text ends in a NUL */
}

/* ---- pieces ---- */

/* Names have narrow alphabets; nothing that is none can shift the columns. */
static void
append_column (GString *text, const char *value)
{
  g_autofree char *shown = text_for_display (value, 200);

  g_string_append (text, shown[0] != '\0' ? shown : "-");
  g_string_append_c (text, '\t');
}

static void
begin_line (GString *text, guint stage, const AwsAccount *account, const AwsSubject *subject)
{
  g_string_append_printf (text, "%u\t", stage);
  append_column (text, subject->name);
  append_column (text, subject->sha256);
  append_column (text, account->account);
  append_column (text, account->region);
  append_column (text, subject->thing != NULL ? subject->thing : "");
  g_string_truncate (text, text->len - 1);
}

/* Names and values, ended by a NULL name; a NULL value is left out. A name that begins with ':' has
 * JSON for its value. */
static void
append_call (GString *text, const char *operation, ...)
{
  va_list arguments;
  const char *name;
  gboolean first = TRUE;

  g_string_append_printf (text, "\t%s\t{", operation);
  va_start (arguments, operation);
  while ((name = va_arg (arguments, const char *)) != NULL) {
    const char *value = va_arg (arguments, const char *);

    if (value == NULL)
      continue;
    g_string_append (text, first ? "" : ",");
    append_json_string (text, name[0] == ':' ? name + 1 : name);
    g_string_append_c (text, ':');
    if (name[0] == ':')
      g_string_append (text, value);
    else
      append_json_string (text, value);
    first = FALSE;
  }
  va_end (arguments);
  g_string_append_c (text, '}');
}

static const char *
partition (const char *region)
{
  if (g_str_has_prefix (region, "cn-"))
    return "aws-cn";
  return g_str_has_prefix (region, "us-gov-") ? "aws-us-gov" : "aws";
}

/* Of the certificate, as principal of a thing and target of a policy. */
static char *
certificate_arn (const AwsAccount *account, const char *sha256)
{
  return g_strdup_printf ("arn:%s:iot:%s:%s:cert/%s", partition (account->region), account->region,
                          account->account, sha256);
}

static const char *
or_null (const char *text)
{
  return text[0] != '\0' ? text : NULL;
}

/* ---- lines ---- */

/* What a certificate is good for: its thing, policy and group. */
static void
append_thing (GString *text, const AwsAccount *account, const AwsSubject *subject)
{
  g_autofree char *arn = certificate_arn (account, subject->sha256);
  g_autoptr (GString) attributes = g_string_new ("{\"attributes\":{\"serialNumber\":");

  append_json_string (attributes, subject->name);
  g_string_append (attributes, "}}");
  append_call (text, "create-thing", "thingName", subject->thing, "thingTypeName",
               or_null (account->thing_type), ":attributePayload", attributes->str, NULL);
  append_call (text, "attach-thing-principal", "thingName", subject->thing, "principal", arn, NULL);
  if (account->policy[0] != '\0')
    append_call (text, "attach-policy", "policyName", account->policy, "target", arn, NULL);
  if (account->thing_group[0] != '\0')
    append_call (text, "add-thing-to-thing-group", "thingGroupName", account->thing_group,
                 "thingName", subject->thing, NULL);
}

static void
append_register (GString *text, const AwsAccount *account, const AwsSubject *subject,
                 const AwsOperation *operation)
{
  const gboolean with = account->with_authority;

  append_call (text, with ? "register-certificate" : "register-certificate-without-ca",
               "certificatePem", subject->certificate, "caCertificatePem",
               with ? subject->authority : NULL, "status", operation->to_status, NULL);
  append_thing (text, account, subject);
}

static void
append_update (GString *text, const AwsAccount *account, const AwsSubject *subject,
               const AwsOperation *operation)
{
  append_call (text, "update-certificate", "certificateId", subject->sha256, "newStatus",
               operation->to_status, NULL);
}

static void
append_detach_policy (GString *text, const AwsAccount *account, const char *arn)
{
  if (account->policy[0] != '\0')
    append_call (text, "detach-policy", "policyName", account->policy, "target", arn, NULL);
}

/* AWS transfers no certificate that a policy or a thing is attached to. */
static void
append_transfer (GString *text, const AwsAccount *account, const AwsSubject *subject,
                 const AwsOperation *operation)
{
  g_autofree char *arn = certificate_arn (account, subject->sha256);

  append_detach_policy (text, account, arn);
  append_call (text, "detach-thing-principal", "thingName", subject->thing, "principal", arn, NULL);
  append_call (text, "transfer-certificate", "certificateId", subject->sha256, "targetAwsAccount",
               operation->account, "transferMessage", operation->message, NULL);
}

/* A transfer brings the certificate alone. */
static void
append_accept (GString *text, const AwsAccount *account, const AwsSubject *subject,
               const AwsOperation *operation)
{
  append_call (text, "accept-certificate-transfer", "certificateId", subject->sha256,
               ":setAsActive", g_strcmp0 (operation->to_status, "ACTIVE") == 0 ? "true" : "false",
               NULL);
  append_thing (text, account, subject);
}

static void
append_reject (GString *text, const AwsAccount *account, const AwsSubject *subject,
               const AwsOperation *operation)
{
  append_call (text, "reject-certificate-transfer", "certificateId", subject->sha256,
               "rejectReason", operation->message, NULL);
}

static void
append_cancel (GString *text, const AwsAccount *account, const AwsSubject *subject,
               const AwsOperation *operation)
{
  append_call (text, "cancel-certificate-transfer", "certificateId", subject->sha256, NULL);
}

/* AWS deletes no certificate that a thing or a policy is attached to. */
static void
append_delete (GString *text, const AwsAccount *account, const AwsSubject *subject,
               const AwsOperation *operation)
{
  g_autofree char *arn = certificate_arn (account, subject->sha256);

  append_detach_policy (text, account, arn);
  append_call (text, "detach-thing-principal", "thingName", subject->thing, "principal", arn, NULL);
  append_call (text, "delete-certificate", "certificateId", subject->sha256, ":forceDelete",
               "false", NULL);
}

static void
append_register_authority (GString *text, const AwsAccount *account, const AwsSubject *subject,
                           const AwsOperation *operation)
{
  append_call (text, "register-ca-certificate", "caCertificate", subject->certificate,
               "verificationCertificate", operation->verification, "certificateMode",
               operation->verification != NULL ? "DEFAULT" : "SNI_ONLY", ":setAsActive",
               g_strcmp0 (operation->to_status, "ACTIVE") == 0 ? "true" : "false",
               ":allowAutoRegistration", operation->auto_registration == 1 ? "true" : "false",
               NULL);
}

static void
append_update_authority (GString *text, const AwsAccount *account, const AwsSubject *subject,
                         const AwsOperation *operation)
{
  static const char *const words[] = { NULL, "DISABLE", "ENABLE" };

  append_call (text, "update-ca-certificate", "certificateId", subject->sha256, "newStatus",
               operation->to_status, "newAutoRegistrationStatus",
               words[CLAMP (operation->auto_registration, -1, 1) + 1], NULL);
}

static void
append_delete_authority (GString *text, const AwsAccount *account, const AwsSubject *subject,
                         const AwsOperation *operation)
{
  append_call (text, "delete-ca-certificate", "certificateId", subject->sha256, NULL);
}

typedef void (*Appender) (GString *text, const AwsAccount *account, const AwsSubject *subject,
                          const AwsOperation *operation);

static const struct {
  const char *operation;
  Appender append;
} appenders[] = {
  { "register", append_register },
  { "activate", append_update },
  { "deactivate", append_update },
  { "revoke", append_update },
  { "transfer", append_transfer },
  { "accept-transfer", append_accept },
  { "reject-transfer", append_reject },
  { "cancel-transfer", append_cancel },
  { "delete", append_delete },
  { "register-ca", append_register_authority },
  { "update-ca", append_update_authority },
  { "delete-ca", append_delete_authority },
};

static guint
stage_of (const AwsOperation *operation)
{
  if (!g_str_has_suffix (operation->operation, "-ca"))
    return STAGE_CERTIFICATES;
  if (g_str_equal (operation->operation, "register-ca"))
    return STAGE_BEFORE;
  return g_strcmp0 (operation->to_status, "ACTIVE") == 0 ? STAGE_BEFORE : STAGE_BEHIND;
}

gboolean
aws_calls_append (GString *text, const AwsAccount *account, const AwsSubject *subject,
                  const AwsOperation *operation)
{
  for (guint i = 0; i < G_N_ELEMENTS (appenders); i++)
    if (g_str_equal (appenders[i].operation, operation->operation)) {
      begin_line (text, stage_of (operation), account, subject);
      appenders[i].append (text, account, subject, operation);
      g_string_append_c (text, '\n');
      return TRUE;
    }
  return FALSE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The template that goes with the lines: what AWS makes of each, with the names of the target's
 * policy, thing type and thing group. It takes at most 10240 characters; this one is a tenth.
 */
#include "db/manifest-aws-private.h"

/* Bulk registration knows certificates of registered CAs, and requests; nothing else. */
static gboolean
check_mode (const Target *target, gboolean csr, GError **error)
{
  const gboolean fits =
      csr ? target->mode == TARGET_CSR
          : target->mode == TARGET_REGISTERED_CA || target->mode == TARGET_SNI_ONLY;

  if (fits && g_str_equal (target->kind, "aws"))
    return TRUE;
  g_set_error (
      error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
      "target %s is of kind %s and mode %s, for which AWS has no bulk registration in this "
      "form: aws-calls registers with its API instead, or choose another target",
      target->name, target->kind, target_mode_word (target->mode));
  return FALSE;
}

static void
append_parameters (GString *text, const AwsParameter *parameters)
{
  g_string_append (text, "{\n"
                         "  \"Parameters\": {\n"
                         "    \"ThingName\": {\"Type\": \"String\"},\n"
                         "    \"SerialNumber\": {\"Type\": \"String\"}");
  for (guint i = 0; parameters[i].parameter != NULL; i++)
    g_string_append_printf (text, ",\n    \"%s\": {\"Type\": \"String\"}", parameters[i].parameter);
  g_string_append (text, "\n  },\n");
}

static void
append_thing (GString *text, const Target *target)
{
  const gboolean typed = target != NULL && target->thing_type[0] != '\0';
  const gboolean grouped = target != NULL && target->thing_group[0] != '\0';

  g_string_append (text, "  \"Resources\": {\n"
                         "    \"thing\": {\n"
                         "      \"Type\": \"AWS::IoT::Thing\",\n"
                         "      \"Properties\": {\n"
                         "        \"ThingName\": {\"Ref\": \"ThingName\"},\n");
  if (typed) {
    g_string_append (text, "        \"ThingTypeName\": ");
    append_json_string (text, target->thing_type);
    g_string_append (text, ",\n");
  }
  if (grouped) {
    g_string_append (text, "        \"ThingGroups\": [");
    append_json_string (text, target->thing_group);
    g_string_append (text, "],\n");
  }
  g_string_append (text, "        \"AttributePayload\": {\"serialNumber\": {\"Ref\": "
                         "\"SerialNumber\"}}\n"
                         "      },\n"
                         "      \"OverrideSettings\": {\"AttributePayload\": \"MERGE\"");
  g_string_append (text, typed ? ", \"ThingTypeName\": \"REPLACE\"" : "");
  g_string_append (text, grouped ? ", \"ThingGroups\": \"MERGE\"}\n    },\n" : "}\n    },\n");
}

static void
append_certificate (GString *text, const AwsParameter *parameters)
{
  g_string_append (text, "    \"certificate\": {\n"
                         "      \"Type\": \"AWS::IoT::Certificate\",\n"
                         "      \"Properties\": {\n");
  for (guint i = 0; parameters[i].parameter != NULL; i++)
    g_string_append_printf (text, "        \"%s\": {\"Ref\": \"%s\"},\n", parameters[i].property,
                            parameters[i].parameter);
  g_string_append (text, "        \"Status\": \"ACTIVE\"\n"
                         "      },\n"
                         "      \"OverrideSettings\": {\"Status\": \"DO_NOTHING\"}\n"
                         "    }");
}

static void
append_policy (GString *text, const Target *target)
{
  if (target == NULL || target->policy[0] == '\0')
    return;
  g_string_append (text, ",\n"
                         "    \"policy\": {\n"
                         "      \"Type\": \"AWS::IoT::Policy\",\n"
                         "      \"Properties\": {\"PolicyName\": ");
  append_json_string (text, target->policy);
  g_string_append (text, "}\n    }");
}

char *
aws_template (const ManifestContext *context, const AwsParameter *parameters, GError **error)
{
  const Target *target = context->target;
  const gboolean csr = g_str_equal (parameters[0].property, "CertificateSigningRequest");
  g_autoptr (GString) text = g_string_new (NULL);

  if (target != NULL && !check_mode (target, csr, error))
    return NULL;
  append_parameters (text, parameters);
  append_thing (text, target);
  append_certificate (text, parameters);
  append_policy (text, target);
  g_string_append (text, "\n  }\n}\n");
  return g_string_free (g_steal_pointer (&text), FALSE);
}

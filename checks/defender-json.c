/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A finding as AWS writes it (API reference, AuditFinding, NonCompliantResource). Our own facts
 * stand in additionalInfo, which is a map of strings there.
 */
#include "base/json-write.h"
#include "checks/defender.h"

static void
set_time (JsonBuilder *builder, const char *name, gint64 seconds)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (seconds);
  g_autofree char *text = time != NULL ? g_date_time_format (time, "%Y-%m-%dT%H:%M:%SZ") : NULL;

  json_set_text (builder, name, text);
}

static void
add_certificate (JsonBuilder *builder, gboolean of_device, const char *sha256)
{
  json_set_text (builder, "resourceType", of_device ? "DEVICE_CERTIFICATE" : "CA_CERTIFICATE");
  json_begin_member (builder, "resourceIdentifier");
  json_set_text (builder, of_device ? "deviceCertificateId" : "caCertificateId", sha256);
  json_builder_end_object (builder);
}

static void
add_more (JsonBuilder *builder, const CheckFinding *finding)
{
  json_begin_member (builder, "additionalInfo");
  json_set_text (builder, "device", finding->device);
  json_set_text (builder, "batch", finding->batch);
  json_set_text (builder, "authority", finding->authority);
  json_set_text (builder, "subject", finding->subject);
  json_set_text (builder, "serialNumber", finding->serial);
  json_set_text (builder, "status", finding->status);
  json_set_text (builder, "target", finding->target);
  if (finding->not_after != 0)
    set_time (builder, "EXPIRATION_TIME", finding->not_after);
  json_set_text (builder, "otherDevice", finding->other_device);
  json_set_text (builder, "slot", finding->slot);
  json_set_text (builder, "next", finding->next);
  json_builder_end_object (builder);
}

static void
add_related (JsonBuilder *builder, const CheckFinding *finding)
{
  if (finding->related_sha256 == NULL)
    return;
  json_builder_set_member_name (builder, "relatedResources");
  json_builder_begin_array (builder);
  json_builder_begin_object (builder);
  add_certificate (builder, FALSE, finding->related_sha256);
  json_builder_end_object (builder);
  json_builder_end_array (builder);
}

void
check_finding_append (GString *out, const CheckFinding *finding)
{
  const CheckRule *rule = check_rule (finding->check);
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autofree char *line = NULL;

  json_builder_begin_object (builder);
  json_set_text (builder, "checkName", rule->name);
  json_set_text (builder, "severity", rule->severity);
  set_time (builder, "findingTime", finding->found_at);
  json_begin_member (builder, "nonCompliantResource");
  add_certificate (builder, rule->of_devices, finding->sha256);
  add_more (builder, finding);
  json_builder_end_object (builder);
  add_related (builder, finding);
  json_set_text (builder, "reasonForNonCompliance", finding->reason->reason);
  json_set_text (builder, "reasonForNonComplianceCode", finding->reason->code);
  json_builder_end_object (builder);
  line = json_to_text (builder, FALSE);
  g_string_append (out, line);
  g_string_append_c (out, '\n');
}

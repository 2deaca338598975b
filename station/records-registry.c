/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See records-registry.h.
 */
#include "station/records-registry.h"

#include "base/text.h"
#include "db/json-text.h"

#define MOST_TEXT 1000

/* Where the ledger has an empty text for "none". */
static const char *
given (const char *text)
{
  return text != NULL && *text != '\0' ? text : NULL;
}

GVariant *
record_target (const Target *target)
{
  GVariantDict record;

  g_variant_dict_init (&record, NULL);
  record_text (&record, "name", target->name);
  record_text (&record, "kind", target->kind);
  record_text (&record, "mode", target_mode_word (target->mode));
  record_text (&record, "account", given (target->account));
  record_text (&record, "region", given (target->region));
  record_text (&record, "endpoint", given (target->endpoint));
  record_text (&record, "policy", given (target->policy));
  record_text (&record, "thing-type", given (target->thing_type));
  record_text (&record, "thing-group", given (target->thing_group));
  record_time (&record, "added-at", target->added_at);
  record_text (&record, "added-by", target->added_by);
  g_variant_dict_insert (&record, "registered", "t", target->registered);
  g_variant_dict_insert (&record, "waiting", "t", target->waiting);
  g_variant_dict_insert (&record, "alarms", "t", target->alarms);
  return g_variant_dict_end (&record);
}

GVariant *
record_authority_registration (const AuthorityRegistration *registration)
{
  GVariantDict record;

  g_variant_dict_init (&record, NULL);
  record_text (&record, "target", registration->target);
  record_text (&record, "name", registration->name);
  record_text (&record, "sha256", registration->sha256);
  record_text (&record, "subject", registration->subject);
  g_variant_dict_insert (&record, "not-before", "x", registration->not_before);
  g_variant_dict_insert (&record, "not-after", "x", registration->not_after);
  record_text (&record, "certificate-mode", registration->certificate_mode);
  record_text (&record, "status", registration_status_word (registration->status));
  g_variant_dict_insert (&record, "auto-registration", "b", registration->auto_registration);
  record_time (&record, "registered-at", registration->registered_at);
  record_time (&record, "changed-at", registration->changed_at);
  return g_variant_dict_end (&record);
}

static void
record_transfer (GVariantDict *record, const Registration *registration)
{
  record_text (record, "previous-owner", registration->previous_owner);
  record_text (record, "transferred-to", registration->transferred_to);
  record_time (record, "transfer-at", registration->transfer_at);
  record_text (record, "transfer-message", registration->transfer_message);
  record_text (record, "reject-reason", registration->reject_reason);
}

GVariant *
record_registration (const Registration *registration)
{
  GVariantDict record;

  g_variant_dict_init (&record, NULL);
  g_variant_dict_insert (&record, "id", "x", registration->id);
  record_text (&record, "target", registration->target);
  record_text (&record, "device", registration->device);
  record_text (&record, "batch", registration->batch);
  record_text (&record, "sha256", registration->sha256);
  record_text (&record, "ca", registration->authority);
  record_text (&record, "certificate-mode", registration->certificate_mode);
  record_text (&record, "status", registration_status_word (registration->status));
  record_time (&record, "registered-at", registration->registered_at);
  record_time (&record, "changed-at", registration->changed_at);
  g_variant_dict_insert (&record, "not-after", "x", registration->not_after);
  record_transfer (&record, registration);
  g_variant_dict_insert (&record, "waiting", "t", (guint64)registration->waiting);
  return g_variant_dict_end (&record);
}

static void
record_telling (GVariantDict *record, const Operation *operation)
{
  record_text (record, "state", operation->state);
  g_variant_dict_insert (record, "tries", "u", operation->tries);
  record_time (record, "next-try-at", operation->not_before);
  record_time (record, "answered-at", operation->answered_at);
  record_text (record, "answer", operation->answer);
}

GVariant *
record_operation (const Operation *operation, gboolean with_bytes)
{
  GVariantDict record;

  g_variant_dict_init (&record, NULL);
  g_variant_dict_insert (&record, "id", "x", operation->id);
  record_text (&record, "target", operation->target);
  record_text (&record, "operation", operation->operation);
  record_text (&record, "device", operation->device);
  record_text (&record, "batch", operation->batch);
  record_text (&record, "sha256", operation->sha256);
  record_text (&record, "from", operation->from_status);
  record_text (&record, "to", operation->to_status);
  /* made by the ledger, as JSON: no line of it is cut */
  if (operation->arguments != NULL)
    g_variant_dict_insert (&record, "arguments", "s", operation->arguments);
  record_time (&record, "at", operation->at);
  record_text (&record, "actor", operation->actor);
  record_telling (&record, operation);
  if (with_bytes && operation->der != NULL)
    record_bytes (&record, "certificate", operation->der);
  if (with_bytes && operation->authority != NULL)
    record_bytes (&record, "authority", operation->authority);
  return g_variant_dict_end (&record);
}

GVariant *
record_registry_summary (const RegistrySummary *summary)
{
  GVariantDict record;

  g_variant_dict_init (&record, NULL);
  g_variant_dict_insert (&record, "changed", "t", summary->changed);
  g_variant_dict_insert (&record, "unchanged", "t", summary->unchanged);
  g_variant_dict_insert (&record, "refused", "t", summary->refused);
  return g_variant_dict_end (&record);
}

static void
append_member (GString *text, const char *name, const char *value)
{
  g_autofree char *safe = NULL;

  if (value == NULL)
    return;
  safe = text_for_display (value, MOST_TEXT);
  g_string_append_printf (text, ",\"%s\":", name);
  append_json_string (text, safe);
}

void
append_registry_line (GString *text, const RegistryLine *line)
{
  g_string_append_printf (text, "{\"line\":%" G_GUINT64_FORMAT, line->line);
  append_member (text, "device", line->device);
  append_member (text, "sha256", line->sha256);
  append_member (text, "from", registration_status_word (line->from));
  append_member (text, "to", registration_status_word (line->to));
  append_member (text, "refusal", line->refusal);
  g_string_append (text, "}\n");
}

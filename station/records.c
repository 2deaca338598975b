/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See records.h.
 */
#include "station/records.h"

#include "drivers/match.h"

#include "base/text.h"
#include "station/reason.h"
#include "station/transcript.h"

#define MOST_TEXT 4096

void
record_text (GVariantDict *record, const char *key, const char *value)
{
  g_autofree char *safe = NULL;

  if (value == NULL)
    return;
  safe = text_for_display (value, MOST_TEXT);
  g_variant_dict_insert (record, key, "s", safe);
}

static void
record_number (GVariantDict *record, const char *key, guint value)
{
  g_variant_dict_insert (record, key, "u", value);
}

void
record_time (GVariantDict *record, const char *key, gint64 value)
{
  if (value != 0)
    g_variant_dict_insert (record, key, "x", value);
}

void
record_words (GVariantDict *record, const char *key, const char *const *words)
{
  static const char *const none[] = { NULL };

  g_variant_dict_insert_value (record, key, g_variant_new_strv (words != NULL ? words : none, -1));
}

static void
record_reason (GVariantDict *record, const char *reason, const char *detail)
{
  if (reason == NULL)
    return;
  record_text (record, "reason", reason);
  record_text (record, "operator-text", reason_operator_text (reason));
  record_text (record, "detail", detail);
}

static void
record_slot_attempt (GVariantDict *record, const Slot *slot)
{
  record_text (record, "driver", slot->driver != NULL ? slot->driver : slot->config->driver);
  record_text (record, "device", slot->device);
  record_text (record, "model", slot->model);
  record_text (record, "batch", slot->batch);
  if (slot->attempt_id != 0)
    g_variant_dict_insert (record, "attempt", "x", slot->attempt_id);
  if (slot->started_at != 0) {
    record_text (record, "step", step_word (slot->step));
    record_number (record, "step-number", slot->step + 1);
  }
  record_number (record, "steps", N_STEPS);
  record_time (record, "started-at", slot->started_at);
  record_time (record, "ended-at", slot->ended_at);
  record_reason (record, slot->reason, slot->detail);
}

GVariant *
record_slot (const Slot *slot)
{
  const SlotConfig *config = slot->config;
  GVariantDict record;

  g_variant_dict_init (&record, NULL);
  record_number (&record, "slot", config->number);
  record_text (&record, "state", slot_state_word (slot->state));
  g_variant_dict_insert (&record, "enabled", "b", slot->enabled);
  record_text (&record, "disabled-reason", slot->disabled_reason);
  record_text (&record, "port", config->port != NULL ? config->port : config->id_path);
  if (config->port != NULL || config->id_path != NULL)
    record_text (&record, "binding", config->port != NULL ? "port" : "id-path");
  g_variant_dict_insert (&record, "present", "b", slot->path != NULL || slot->refusal != NULL);
  record_text (&record, "waiting-for", slot_waits_for (slot));
  record_text (&record, "bound-serial", slot->bound_serial);
  if (slot->state == SLOT_FAIL)
    g_variant_dict_insert (&record, "acknowledged", "b", !slot->failure_stands);
  record_number (&record, "passed", slot->passed);
  record_number (&record, "failed", slot->failed);
  record_slot_attempt (&record, slot);
  return g_variant_dict_end (&record);
}

static const struct {
  DriverAbility bit;
  const char *word;
} abilities[] = {
  { DRIVER_ASSIGNS_SERIAL, "assigns-serial" },
  { DRIVER_READS_CERTIFICATE, "reads-certificate" },
  { DRIVER_INSTALLS_CHAIN, "installs-chain" },
  { DRIVER_INSTALLS_ROOTS, "installs-roots" },
  { DRIVER_INSTALLS_ENDPOINT, "installs-endpoint" },
  { DRIVER_LOCKS, "locks" },
  { DRIVER_ATTESTS, "attests" },
};

GVariant *
record_driver (const Driver *driver)
{
  g_autoptr (GPtrArray) able = g_ptr_array_new ();
  g_autoptr (GPtrArray) matches = g_ptr_array_new ();
  g_autoptr (GPtrArray) keys = g_ptr_array_new ();
  GVariantDict record;

  for (guint i = 0; i < G_N_ELEMENTS (abilities); i++)
    if (driver->abilities & abilities[i].bit)
      g_ptr_array_add (able, (char *)abilities[i].word);
  for (guint kind = 0; kind < N_KEY_KINDS; kind++)
    if (driver->key_kinds & (1u << kind))
      g_ptr_array_add (keys, (char *)key_kind_word ((KeyKind)kind));
  for (guint i = 0; i < driver_matches (driver)->len; i++)
    g_ptr_array_add (matches, ((Match *)g_ptr_array_index (driver_matches (driver), i))->text);
  g_ptr_array_add (matches, NULL);
  g_ptr_array_add (able, NULL);
  g_ptr_array_add (keys, NULL);
  g_variant_dict_init (&record, NULL);
  record_text (&record, "name", driver->name);
  record_text (&record, "title", driver->title);
  record_words (&record, "keys", (const char *const *)keys->pdata);
  record_words (&record, "abilities", (const char *const *)able->pdata);
  record_number (&record, "baud", driver->baud);
  record_words (&record, "matches", (const char *const *)matches->pdata);
  return g_variant_dict_end (&record);
}

GVariant *
record_profile (const Profile *profile)
{
  GVariantDict record;

  g_variant_dict_init (&record, NULL);
  record_text (&record, "name", profile->name);
  record_text (&record, "sha256", profile->sha256);
  record_text (&record, "subject", profile->subject);
  record_words (&record, "keys", (const char *const *)profile->keys);
  return g_variant_dict_end (&record);
}

static GVariant *
record_failure (gconstpointer item)
{
  const FailureCount *failure = item;
  GVariantDict record;

  g_variant_dict_init (&record, NULL);
  record_reason (&record, failure->reason, NULL);
  record_text (&record, "slot", failure->slot);
  record_number (&record, "count", failure->count);
  record_time (&record, "last-at", failure->last_at);
  return g_variant_dict_end (&record);
}

static void
record_serials (GVariantDict *record, const Batch *batch)
{
  if (batch->serial_prefix != NULL) {
    record_text (record, "serial-prefix", batch->serial_prefix);
    g_variant_dict_insert (record, "serial-first", "t", batch->serial_first);
    g_variant_dict_insert (record, "serial-last", "t", batch->serial_last);
    record_number (record, "serial-width", batch->serial_width);
  }
  g_variant_dict_insert (record, "serial-scan", "b", batch->serial_scan);
  record_text (record, "serial-pattern", batch->serial_pattern);
}

/* Of a batch that takes devices back. */
static void
record_list_of_units (GVariantDict *record, const Batch *batch)
{
  const guint64 ended = (guint64)batch->passed + batch->failed;

  record_text (record, "kind", batch_kind_word (batch->kind));
  if (!batch->listed)
    return;
  g_variant_dict_insert (record, "listed", "t", batch->units);
  g_variant_dict_insert (record, "left", "t", batch->units - MIN (batch->units, ended));
}

GVariant *
record_batch (const Batch *batch, const BatchRecordRate *rate, const TicketRest *ticket,
              GPtrArray *failures)
{
  GVariantDict record;

  g_variant_dict_init (&record, NULL);
  record_text (&record, "name", batch->name);
  record_text (&record, "product", batch->product);
  record_text (&record, "profile", batch->profile);
  record_text (&record, "state", batch_state_word (batch->state));
  record_list_of_units (&record, batch);
  record_number (&record, "target", batch->target != 0 ? batch->target : (guint)batch->units);
  record_number (&record, "passed", batch->passed);
  record_number (&record, "failed", batch->failed);
  record_number (&record, "attempts", batch->attempts);
  record_serials (&record, batch);
  record_number (&record, "devices", batch->devices);
  record_number (&record, "first-passed", batch->first_passed);
  record_number (&record, "first-failed", batch->first_failed);
  record_number (&record, "passed-last-hour", rate->hour.passed);
  record_number (&record, "pace-passed", rate->pace.passed);
  record_time (&record, "pace-since", rate->pace_since);
  record_time (&record, "cycle-time", rate->hour.mean_time);
  record_time (&record, "started-at", batch->started_at);
  record_time (&record, "created-at", batch->created_at);
  record_text (&record, "created-by", batch->created_by);
  if (batch->state == BATCH_CLOSED)
    g_variant_dict_insert (&record, "report-due", "b", batch->report_due);
  record_ticket_rest (&record, ticket);
  if (failures != NULL)
    g_variant_dict_insert_value (&record, "failures", record_list (failures, record_failure));
  return g_variant_dict_end (&record);
}

GVariant *
record_device (const Device *device, const AttestationRecord *attestation)
{
  GVariantDict record;

  g_variant_dict_init (&record, NULL);
  record_text (&record, "serial", device->serial);
  record_text (&record, "chip-id", device->chip_id);
  record_text (&record, "batch", device->batch);
  record_text (&record, "driver", device->driver);
  record_text (&record, "model", device->model);
  record_text (&record, "firmware", device->firmware);
  record_text (&record, "state", device->state);
  record_time (&record, "created-at", device->created_at);
  record_number (&record, "attempts", device->attempts);
  record_text (&record, "certificate", device->certificate_sha256);
  record_attested (&record, attestation);
  return g_variant_dict_end (&record);
}

GVariant *
record_attempt (const Attempt *attempt, const char *transcript,
                const AttestationRecord *attestation)
{
  GVariantDict record;

  g_variant_dict_init (&record, NULL);
  g_variant_dict_insert (&record, "id", "x", attempt->id);
  record_text (&record, "slot", attempt->slot);
  record_text (&record, "batch", attempt->batch);
  record_text (&record, "device", attempt->device);
  record_text (&record, "driver", attempt->driver);
  record_text (&record, "operator", attempt->operator_name);
  record_time (&record, "started-at", attempt->started_at);
  record_time (&record, "ended-at", attempt->ended_at);
  record_text (&record, "result", attempt_result_word (attempt->result));
  record_text (&record, "step", attempt->step);
  record_reason (&record, attempt->reason, attempt->detail);
  record_attested (&record, attestation);
  if (transcript != NULL) { /* escaped already, line by line */
    g_variant_dict_insert (&record, "transcript", "s", transcript);
    g_variant_dict_insert_value (&record, "steps", transcript_steps (transcript));
  }
  return g_variant_dict_end (&record);
}

GVariant *
record_event (const AuditEvent *event)
{
  GVariantDict record;

  g_variant_dict_init (&record, NULL);
  g_variant_dict_insert (&record, "id", "x", event->id);
  record_time (&record, "at", event->at);
  record_text (&record, "actor", event->actor);
  record_text (&record, "kind", event->kind);
  record_text (&record, "subject", event->subject);
  record_text (&record, "detail", event->detail);
  return g_variant_dict_end (&record);
}

GVariant *
record_operator (const Operator *who)
{
  GVariantDict record;

  g_variant_dict_init (&record, NULL);
  record_text (&record, "name", who->name);
  record_text (&record, "role", who->role);
  record_text (&record, "language", who->language);
  g_variant_dict_insert (&record, "enabled", "b", who->enabled);
  g_variant_dict_insert (&record, "pin", "b", who->pin_digest != NULL);
  record_time (&record, "created-at", who->created_at);
  record_text (&record, "created-by", who->created_by);
  return g_variant_dict_end (&record);
}

GVariant *
record_approval (const Approval *approval)
{
  GVariantDict record;

  g_variant_dict_init (&record, NULL);
  g_variant_dict_insert (&record, "id", "x", approval->id);
  record_text (&record, "control", approval->control);
  record_text (&record, "method", approval->method);
  record_text (&record, "about", approval->about);
  record_text (&record, "asked-by", approval->actor);
  record_time (&record, "asked-at", approval->asked_at);
  record_time (&record, "expires-at", approval->asked_at + APPROVAL_LIFETIME);
  record_text (&record, "state", approval_state_word (approval->state));
  record_text (&record, "decided-by", approval->decider_actor);
  record_time (&record, "decided-at", approval->decided_at);
  record_text (&record, "reason", approval->reason);
  record_text (&record, "outcome", approval->outcome);
  return g_variant_dict_end (&record);
}

GVariant *
record_list (GPtrArray *items, GVariant *(*make) (gconstpointer item))
{
  GVariantBuilder list;

  g_variant_builder_init (&list, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < items->len; i++)
    g_variant_builder_add_value (&list, make (g_ptr_array_index (items, i)));
  return g_variant_builder_end (&list);
}

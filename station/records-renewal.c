/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See records-renewal.h.
 */
#include "station/records-renewal.h"

static GVariant *
make_entry (gconstpointer item)
{
  const LineageEntry *entry = item;
  GVariantDict record;

  g_variant_dict_init (&record, NULL);
  record_text (&record, "sha256", entry->sha256);
  record_text (&record, "serial-number", entry->serial_number);
  record_text (&record, "batch", entry->batch);
  record_text (&record, "profile", entry->profile);
  record_text (&record, "state", entry->state);
  g_variant_dict_insert (&record, "not-after", "x", entry->not_after);
  record_time (&record, "issued-at", entry->issued_at);
  record_time (&record, "verified-at", entry->verified_at);
  record_time (&record, "voided-at", entry->voided_at);
  record_text (&record, "void-reason", entry->void_reason);
  record_text (&record, "replaces", entry->replaces);
  return g_variant_dict_end (&record);
}

static GVariant *
make_root (gconstpointer item)
{
  const TrustedRoot *root = item;
  GVariantDict record;

  g_variant_dict_init (&record, NULL);
  record_text (&record, "sha256", root->sha256);
  record_text (&record, "subject", root->subject);
  g_variant_dict_insert (&record, "not-after", "x", root->not_after);
  return g_variant_dict_end (&record);
}

GVariant *
record_device_whole (const Device *device, const AttestationRecord *attestation,
                     const GPtrArray *lineage, const DeviceTrust *trust)
{
  g_autoptr (GVariant) plain = g_variant_ref_sink (record_device (device, attestation));
  GVariantDict record;

  g_variant_dict_init (&record, plain);
  g_variant_dict_insert_value (&record, "certificates",
                               record_list ((GPtrArray *)lineage, make_entry));
  if (trust->known) {
    record_text (&record, "endpoint", trust->endpoint);
    g_variant_dict_insert_value (&record, "roots", record_list (trust->roots, make_root));
  }
  return g_variant_dict_end (&record);
}

GVariant *
record_batch_unit (const BatchUnit *unit)
{
  GVariantDict record;

  g_variant_dict_init (&record, NULL);
  record_text (&record, "device", unit->device);
  record_text (&record, "state", unit->state);
  record_text (&record, "reason", unit->reason);
  return g_variant_dict_end (&record);
}

GVariant *
record_ending (const UnitEnding *ending, EndingWhat what)
{
  GVariantDict record;

  g_variant_dict_init (&record, NULL);
  record_text (&record, "device", ending->device);
  record_text (&record, "batch", ending->batch);
  record_text (&record, "what", ending_word (what));
  g_variant_dict_insert (&record, "ends", "x", ending->ends);
  record_text (&record, "about", ending->about);
  record_text (&record, "sha256", ending->sha256);
  g_variant_dict_insert (&record, "not-after", "x", ending->not_after);
  return g_variant_dict_end (&record);
}

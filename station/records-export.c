/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Manifests in the API's records.
 */
#include "base/text.h"
#include "station/records.h"

#define MOST_TEXT 4096

GVariant *
record_export_line (const ExportRecord *line)
{
  GVariantDict record;

  g_variant_dict_init (&record, NULL);
  record_time (&record, "at", line->at);
  record_text (&record, "actor", line->actor);
  record_text (&record, "batch", line->batch);
  record_text (&record, "format", line->format);
  g_variant_dict_insert (&record, "id", "x", line->id);
  g_variant_dict_insert (&record, "confirmed", "b", line->confirmed);
  g_variant_dict_insert (&record, "stated", "b", line->stated);
  g_variant_dict_insert (&record, "new-only", "b", line->new_only);
  g_variant_dict_insert (&record, "rows", "t", line->rows);
  g_variant_dict_insert (&record, "bytes", "t", line->bytes);
  record_text (&record, "sha256", line->sha256);
  g_variant_dict_insert (&record, "part", "u", line->part);
  g_variant_dict_insert (&record, "parts", "u", line->parts);
  record_text (&record, "target", line->target);
  return g_variant_dict_end (&record);
}

GVariant *
record_format (const ManifestFormat *format, const char *batch, const ExportCount *count)
{
  GVariantDict record;

  g_variant_dict_init (&record, NULL);
  record_text (&record, "name", format->name);
  record_text (&record, "title", format->title);
  record_text (&record, "suffix", format->file_suffix);
  record_text (&record, "use", format->use);
  record_text (&record, "next", format->next);
  if (count != NULL) {
    record_text (&record, "batch", batch);
    g_variant_dict_insert (&record, "units", "t", count->units);
    g_variant_dict_insert (&record, "new-units", "t", count->new_units);
  }
  return g_variant_dict_end (&record);
}

static GVariant *
record_omission (gconstpointer item)
{
  const ManifestOmission *omission = item;
  GVariantDict record;

  g_variant_dict_init (&record, NULL);
  record_text (&record, "device", omission->device);
  record_text (&record, "reason", omission->reason);
  return g_variant_dict_end (&record);
}

GVariant *
record_export (const ManifestSummary *summary, const ManifestFormat *format, GBytes *statement,
               const char *missing)
{
  GVariantDict record;

  g_variant_dict_init (&record, NULL);
  g_variant_dict_insert (&record, "id", "x", summary->id);
  g_variant_dict_insert (&record, "rows", "t", summary->rows);
  g_variant_dict_insert (&record, "bytes", "t", summary->bytes);
  record_text (&record, "sha256", summary->sha256);
  if (format != NULL)
    record_text (&record, "next", format->next);
  if (summary->template != NULL) { /* JSON of our own */
    g_variant_dict_insert (&record, "template", "s", summary->template);
    record_text (&record, "template-suffix", summary->template_suffix);
  }
  g_variant_dict_insert (&record, "part", "u", summary->part);
  g_variant_dict_insert (&record, "parts", "u", summary->parts);
  g_variant_dict_insert (&record, "omitted-count", "t", summary->omitted);
  if (statement != NULL)
    record_bytes (&record, "statement", statement);
  record_text (&record, "statement-missing", missing);
  g_variant_dict_insert_value (&record, "omitted",
                               record_list (summary->omissions, record_omission));
  return g_variant_dict_end (&record);
}

GVariant *
record_check (const ManifestSummary *summary)
{
  GVariantDict record;

  g_variant_dict_init (&record, NULL);
  g_variant_dict_insert (&record, "rows", "t", summary->rows);
  g_variant_dict_insert (&record, "parts", "u", summary->parts);
  g_variant_dict_insert (&record, "omitted-count", "t", summary->omitted);
  return g_variant_dict_end (&record);
}

GVariant *
record_verdict (const ManifestVerdict *verdict)
{
  g_autoptr (GStrvBuilder) problems = g_strv_builder_new ();
  g_auto (GStrv) list = NULL;
  GVariantDict record;

  for (guint i = 0; i < verdict->problems->len; i++) {
    g_autofree char *safe = text_for_display (g_ptr_array_index (verdict->problems, i), MOST_TEXT);

    g_strv_builder_add (problems, safe);
  }
  list = g_strv_builder_end (problems);
  g_variant_dict_init (&record, NULL);
  g_variant_dict_insert (&record, "genuine", "b", verdict->genuine);
  record_text (&record, "format", verdict->format);
  record_text (&record, "batch", verdict->batch);
  record_time (&record, "exported-at", verdict->exported_at);
  record_text (&record, "exported-by", verdict->exported_by);
  if (verdict->parts > 1) {
    g_variant_dict_insert (&record, "part", "u", verdict->part);
    g_variant_dict_insert (&record, "parts", "u", verdict->parts);
  }
  record_text (&record, "target", verdict->target);
  g_variant_dict_insert (&record, "rows", "t", verdict->rows);
  record_words (&record, "problems", (const char *const *)list);
  return g_variant_dict_end (&record);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a report says of a batch's certificates (docs/evidence.md, "Report"): as events up to its
 * own made them, of those below its size. All reports of a batch count along with its lines.
 */
#include <string.h>

#include "audit/ledger-private.h"

typedef struct {
  const Report *report;
  guint64 verified;
  guint64 voided;
  GChecksum *voids;
  gboolean has_batch;
  guint64 failed; /* of the batch */
} Count;

struct LedgerReports {
  GPtrArray *counts;    /* of Count, in the log's order */
  GHashTable *of_batch; /* name, lent: GPtrArray of Count, lent */
};

static void
count_free (gpointer data)
{
  Count *count = data;

  g_checksum_free (count->voids);
  g_free (count);
}

static void
add_report (LedgerReports *reports, const Report *report)
{
  Count *count = g_new0 (Count, 1);
  GPtrArray *of_batch = g_hash_table_lookup (reports->of_batch, report->batch);

  count->report = report;
  count->voids = g_checksum_new (G_CHECKSUM_SHA256);
  g_ptr_array_add (reports->counts, count);
  if (of_batch == NULL) {
    of_batch = g_ptr_array_new ();
    g_hash_table_insert (reports->of_batch, report->batch, of_batch);
  }
  g_ptr_array_add (of_batch, count);
}

LedgerReports *
ledger_reports_new (const GPtrArray *records)
{
  LedgerReports *reports = g_new0 (LedgerReports, 1);

  reports->counts = g_ptr_array_new_with_free_func (count_free);
  reports->of_batch =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_ptr_array_unref);
  for (guint i = 0; i < records->len; i++) {
    const AuditRecord *record = g_ptr_array_index (records, i);
    if (record->report != NULL)
      add_report (reports, record->report);
  }
  return reports;
}

void
ledger_reports_free (LedgerReports *reports)
{
  g_hash_table_unref (reports->of_batch);
  g_ptr_array_unref (reports->counts);
  g_free (reports);
}

static const GPtrArray *
counts_of (const LedgerReports *reports, Span batch)
{
  g_autofree char *name = g_strndup ((const char *)batch.data, batch.length);

  return g_hash_table_lookup (reports->of_batch, name);
}

void
ledger_reports_batch (LedgerReports *reports, const JsonLine *line)
{
  const GPtrArray *counts = counts_of (reports, line->values[BATCH_NAME].text);

  for (guint i = 0; counts != NULL && i < counts->len; i++) {
    Count *count = g_ptr_array_index (counts, i);
    count->has_batch = TRUE;
    count->failed = (guint64)MAX (line->values[BATCH_FAILED].number, 0);
  }
}

static gboolean
happened (const JsonValue *event, const Report *report)
{
  return event->present && event->number <= (gint64)report->ledger.event;
}

static void
count_certificate (Count *count, const JsonLine *line)
{
  const JsonValue *values = line->values;
  const gint64 index = values[CERTIFICATE_INDEX].number;

  if (index >= (gint64)count->report->log.size)
    return;
  if (happened (&values[CERTIFICATE_VOID], count->report)) {
    const Span reason = values[CERTIFICATE_REASON].text;
    g_autofree char *decimal = g_strdup_printf ("%" G_GINT64_FORMAT " ", index);
    count->voided++;
    g_checksum_update (count->voids, (const guint8 *)decimal, -1);
    g_checksum_update (count->voids, reason.data, (gssize)reason.length);
    g_checksum_update (count->voids, (const guint8 *)"\n", 1);
  }
  else if (happened (&values[CERTIFICATE_VERIFIED], count->report)) {
    count->verified++;
  }
}

void
ledger_reports_certificate (LedgerReports *reports, const JsonLine *line)
{
  const GPtrArray *counts = counts_of (reports, line->values[CERTIFICATE_BATCH].text);

  for (guint i = 0; counts != NULL && i < counts->len; i++)
    count_certificate (g_ptr_array_index (counts, i), line);
}

static const char *
what_differs (Count *count)
{
  const LedgerClaim *said = &count->report->ledger;
  const guint64 known = count->verified + count->voided + said->open;
  guint8 hash[AUDIT_HASH];
  gsize length = sizeof hash;

  g_checksum_get_digest (count->voids, hash, &length);
  if (said->verified != count->verified)
    return "it says another number of verified certificates than the ledger";
  if (said->voided != count->voided)
    return "it says another number of void certificates than the ledger";
  if (memcmp (said->voids_sha256, hash, AUDIT_HASH) != 0)
    return "other certificates are void, or for other reasons, than it says";
  if (known > count->report->certificates || known < said->open)
    return "verified, void and open ones are more than were issued";
  if (!count->has_batch || said->failed > count->failed)
    return "it says that more attempts failed than the ledger";
  return NULL;
}

static void
note_misses (AuditResult *result, const Count *count)
{
  const Report *report = count->report;
  const guint64 known = count->verified + count->voided + report->ledger.open;

  if (report->final && report->ledger.open > 0)
    audit_note (result, AUDIT_REPORTS, AUDIT_AT ("report", report->number),
                "it is final, and says that %" G_GUINT64_FORMAT
                " certificates are neither verified nor void",
                report->ledger.open);
  if (report->final && known < report->certificates)
    audit_note (result, AUDIT_REPORTS, AUDIT_AT ("report", report->number),
                "it is final, and misses %" G_GUINT64_FORMAT " certificates",
                report->certificates - known);
}

void
ledger_reports_judge (LedgerReports *reports, AuditResult *result)
{
  for (guint i = 0; i < reports->counts->len; i++) {
    Count *count = g_ptr_array_index (reports->counts, i);
    const char *differs = what_differs (count);

    if (differs != NULL)
      audit_wrong (result, AUDIT_REPORTS, AUDIT_AT ("report", count->report->number), "%s",
                   differs);
    else
      note_misses (result, count);
  }
}

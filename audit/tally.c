/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See tally.h.
 */
#include "audit/tally.h"

#include <string.h>

#include "base/encode.h"
#include "base/json-write.h"
#include "base/text.h"

#define LONGEST_SHOWN 255
#define MOST_LISTED 10000u

typedef struct {
  char *batch;
  guint64 ticket; /* 0: none */
  guint64 entries;
} TallyTicket;

typedef struct {
  char *name;
  guint64 entries;
  guint64 states[TALLY_VOID + 1];
} TallyBatch;

typedef struct {
  guint64 index;
  char *batch;
  char *device;
  char *reason; /* NULL: it is open */
} TallyLine;

typedef struct {
  guint8 authority[TALLY_HASH];
  TallyCount newest;
} TallyCounter;

struct AuditTally {
  gint64 from;
  gint64 to;
  GPtrArray *batches; /* of TallyBatch, in the log's order */
  GPtrArray *tickets; /* of TallyTicket, the same */
  GPtrArray *lines;   /* of TallyLine: void and open ones */
  GArray *counters;   /* of TallyCounter */
  guint64 unlisted;
  guint64 entries;
  guint64 others;
  guint64 lost;
};

static void
batch_free (gpointer data)
{
  TallyBatch *batch = data;

  g_free (batch->name);
  g_free (batch);
}

static void
ticket_free (gpointer data)
{
  TallyTicket *ticket = data;

  g_free (ticket->batch);
  g_free (ticket);
}

static void
line_free (gpointer data)
{
  TallyLine *line = data;

  g_free (line->batch);
  g_free (line->device);
  g_free (line->reason);
  g_free (line);
}

AuditTally *
audit_tally_new (gint64 from, gint64 to)
{
  AuditTally *tally = g_new0 (AuditTally, 1);

  tally->from = from;
  tally->to = to;
  tally->batches = g_ptr_array_new_with_free_func (batch_free);
  tally->tickets = g_ptr_array_new_with_free_func (ticket_free);
  tally->lines = g_ptr_array_new_with_free_func (line_free);
  tally->counters = g_array_new (FALSE, TRUE, sizeof (TallyCounter));
  return tally;
}

void
audit_tally_free (AuditTally *tally)
{
  g_ptr_array_unref (tally->batches);
  g_ptr_array_unref (tally->tickets);
  g_ptr_array_unref (tally->lines);
  g_array_unref (tally->counters);
  g_free (tally);
}

gboolean
audit_tally_month (const char *month, gint64 *from, gint64 *to)
{
  g_autofree char *first = month != NULL ? g_strdup_printf ("%s-01T00:00:00Z", month) : NULL;
  g_autoptr (GDateTime) begin = NULL;
  g_autoptr (GDateTime) end = NULL;

  *from = G_MININT64;
  *to = G_MAXINT64;
  if (month == NULL)
    return TRUE;
  begin = strlen (month) == strlen ("2026-11") ? g_date_time_new_from_iso8601 (first, NULL) : NULL;
  end = begin != NULL ? g_date_time_add_months (begin, 1) : NULL;
  if (end == NULL)
    return FALSE;
  *from = g_date_time_to_unix (begin) * G_USEC_PER_SEC;
  *to = g_date_time_to_unix (end) * G_USEC_PER_SEC;
  return TRUE;
}

/* ---- counting ---- */

static gboolean
is_in_time (const AuditTally *tally, gint64 at)
{
  return at >= tally->from && at < tally->to;
}

static gboolean
is_name (Span span, const char *name)
{
  return span_equal (span, name, strlen (name));
}

/* Batches come one behind the other: the newest is nearly always the one. */
static TallyBatch *
batch_of (AuditTally *tally, Span name)
{
  TallyBatch *batch;

  for (guint i = tally->batches->len; i > 0; i--) {
    batch = g_ptr_array_index (tally->batches, i - 1);
    if (is_name (name, batch->name))
      return batch;
  }
  batch = g_new0 (TallyBatch, 1);
  batch->name = g_strndup ((const char *)name.data, name.length);
  g_ptr_array_add (tally->batches, batch);
  return batch;
}

static TallyTicket *
ticket_of (AuditTally *tally, Span batch, guint64 number)
{
  TallyTicket *ticket;

  for (guint i = tally->tickets->len; i > 0; i--) {
    ticket = g_ptr_array_index (tally->tickets, i - 1);
    if (ticket->ticket == number && is_name (batch, ticket->batch))
      return ticket;
  }
  ticket = g_new0 (TallyTicket, 1);
  ticket->batch = g_strndup ((const char *)batch.data, batch.length);
  ticket->ticket = number;
  g_ptr_array_add (tally->tickets, ticket);
  return ticket;
}

void
audit_tally_entry (AuditTally *tally, gint64 at, Span batch, guint64 ticket)
{
  if (!is_in_time (tally, at))
    return;
  tally->entries++;
  batch_of (tally, batch)->entries++;
  ticket_of (tally, batch, ticket)->entries++;
}

void
audit_tally_other (AuditTally *tally, gint64 at)
{
  tally->others += is_in_time (tally, at) ? 1 : 0;
}

void
audit_tally_lost (AuditTally *tally, gint64 at, guint64 count)
{
  tally->lost += is_in_time (tally, at) ? count : 0;
}

static TallyCounter *
counter_of (AuditTally *tally, const guint8 authority[TALLY_HASH])
{
  TallyCounter fresh = { .newest = { 0 } };

  for (guint i = 0; i < tally->counters->len; i++) {
    TallyCounter *counter = &g_array_index (tally->counters, TallyCounter, i);
    if (memcmp (counter->authority, authority, TALLY_HASH) == 0)
      return counter;
  }
  memcpy (fresh.authority, authority, TALLY_HASH);
  g_array_append_val (tally->counters, fresh);
  return &g_array_index (tally->counters, TallyCounter, tally->counters->len - 1);
}

void
audit_tally_counter (AuditTally *tally, const guint8 authority[TALLY_HASH])
{
  counter_of (tally, authority);
}

void
audit_tally_count (AuditTally *tally, gint64 at, const guint8 authority[TALLY_HASH],
                   const TallyCount *count)
{
  if (at < tally->to)
    counter_of (tally, authority)->newest = *count;
}

static char *
shown (Span text)
{
  return bytes_for_display (text.data, text.length, LONGEST_SHOWN);
}

void
audit_tally_row (AuditTally *tally, gint64 at, guint64 index, Span batch, Span device,
                 TallyState state, Span reason)
{
  TallyLine *line;

  if (!is_in_time (tally, at))
    return;
  batch_of (tally, batch)->states[state]++;
  if (state == TALLY_VERIFIED)
    return;
  if (tally->lines->len >= MOST_LISTED) {
    tally->unlisted++;
    return;
  }
  line = g_new0 (TallyLine, 1);
  line->index = index;
  line->batch = shown (batch);
  line->device = shown (device);
  line->reason = state == TALLY_VOID ? shown (reason) : NULL;
  g_ptr_array_add (tally->lines, line);
}

static guint64
rows_of (const TallyBatch *batch)
{
  return batch->states[TALLY_OPEN] + batch->states[TALLY_VERIFIED] + batch->states[TALLY_VOID];
}

static gboolean
counter_is_even (const TallyCounter *counter)
{
  return counter->newest.counted == counter->newest.entries + counter->newest.lost;
}

gboolean
audit_tally_is_even (const AuditTally *tally)
{
  for (guint i = 0; i < tally->counters->len; i++)
    if (!counter_is_even (&g_array_index (tally->counters, TallyCounter, i)))
      return FALSE;
  for (guint i = 0; i < tally->batches->len; i++) {
    const TallyBatch *batch = g_ptr_array_index (tally->batches, i);
    if (rows_of (batch) != batch->entries)
      return FALSE;
  }
  return TRUE;
}

/* ---- telling ---- */

static void
put_batch (GString *text, const TallyBatch *batch)
{
  g_autofree char *name = text_for_display (batch->name, 64);

  g_string_append_printf (text,
                          "%-24s %10" G_GUINT64_FORMAT " %10" G_GUINT64_FORMAT
                          " %10" G_GUINT64_FORMAT " %10" G_GUINT64_FORMAT " %10" G_GUINT64_FORMAT
                          "%s\n",
                          name, batch->entries, rows_of (batch), batch->states[TALLY_VERIFIED],
                          batch->states[TALLY_VOID], batch->states[TALLY_OPEN],
                          rows_of (batch) != batch->entries ? "  DIFFERS" : "");
}

static void
put_counter (GString *text, const TallyCounter *counter)
{
  const TallyCount *newest = &counter->newest;
  g_autofree char *authority = hex_encode (counter->authority, TALLY_HASH);

  g_string_append_printf (text, "TPM of the CA %.16s: ", authority);
  if (newest->report == 0)
    g_string_append (text, "no report tells its count\n");
  else
    g_string_append_printf (text,
                            "%" G_GUINT64_FORMAT " signatures by its count in report "
                            "%" G_GUINT64_FORMAT "; up to there %" G_GUINT64_FORMAT
                            " in entries, %" G_GUINT64_FORMAT " in no entry%s\n",
                            newest->counted, newest->report, newest->entries, newest->lost,
                            counter_is_even (counter) ? "" : "  DIFFERS");
}

static void
put_lines (GString *text, const AuditTally *tally)
{
  for (guint i = 0; i < tally->lines->len; i++) {
    const TallyLine *line = g_ptr_array_index (tally->lines, i);
    g_string_append_printf (text, "%s: entry %" G_GUINT64_FORMAT ", batch %s, device %s%s%s\n",
                            line->reason != NULL ? "void" : "open", line->index, line->batch,
                            line->device, line->reason != NULL ? ": " : "",
                            line->reason != NULL ? line->reason : "");
  }
  if (tally->unlisted > 0)
    g_string_append_printf (text, "and %" G_GUINT64_FORMAT " more\n", tally->unlisted);
}

char *
audit_tally_text (const AuditTally *tally)
{
  GString *text = g_string_new (NULL);

  g_string_append_printf (text, "%-24s %10s %10s %10s %10s %10s\n", "BATCH", "ENTRIES", "ROWS",
                          "VERIFIED", "VOID", "OPEN");
  for (guint i = 0; i < tally->batches->len; i++)
    put_batch (text, g_ptr_array_index (tally->batches, i));
  for (guint i = 0; i < tally->tickets->len; i++) {
    const TallyTicket *ticket = g_ptr_array_index (tally->tickets, i);
    g_autofree char *batch = text_for_display (ticket->batch, 64);
    if (ticket->ticket != 0)
      g_string_append_printf (
          text, "ticket %" G_GUINT64_FORMAT " of %s: %" G_GUINT64_FORMAT " certificates\n",
          ticket->ticket, batch, ticket->entries);
  }
  g_string_append_printf (
      text,
      "signatures: %" G_GUINT64_FORMAT " (%" G_GUINT64_FORMAT " for devices, %" G_GUINT64_FORMAT
      " for codes and revocation lists, %" G_GUINT64_FORMAT " in no entry)\n",
      tally->entries + tally->others + tally->lost, tally->entries, tally->others, tally->lost);
  for (guint i = 0; i < tally->counters->len; i++)
    put_counter (text, &g_array_index (tally->counters, TallyCounter, i));
  put_lines (text, tally);
  return g_string_free (text, FALSE);
}

static void
add_batch (JsonBuilder *builder, const TallyBatch *batch)
{
  g_autofree char *name = text_for_display (batch->name, 64);

  json_builder_begin_object (builder);
  json_set_text (builder, "batch", name);
  json_set_number (builder, "entries", batch->entries);
  json_set_number (builder, "rows", rows_of (batch));
  json_set_number (builder, "verified", batch->states[TALLY_VERIFIED]);
  json_set_number (builder, "void", batch->states[TALLY_VOID]);
  json_set_number (builder, "open", batch->states[TALLY_OPEN]);
  json_builder_end_object (builder);
}

static void
add_counter (JsonBuilder *builder, const TallyCounter *counter)
{
  const TallyCount *newest = &counter->newest;
  g_autofree char *authority = hex_encode (counter->authority, TALLY_HASH);

  json_builder_begin_object (builder);
  json_set_text (builder, "ca", authority);
  if (newest->report != 0) {
    json_set_number (builder, "report", newest->report);
    json_set_number (builder, "counted", newest->counted);
    json_set_number (builder, "entries", newest->entries);
    json_set_number (builder, "lost", newest->lost);
  }
  json_builder_end_object (builder);
}

static void
add_line (JsonBuilder *builder, const TallyLine *line)
{
  json_builder_begin_object (builder);
  json_set_number (builder, "entry", line->index);
  json_set_text (builder, "batch", line->batch);
  json_set_text (builder, "device", line->device);
  json_set_text (builder, "state", line->reason != NULL ? "void" : "open");
  if (line->reason != NULL)
    json_set_text (builder, "reason", line->reason);
  json_builder_end_object (builder);
}

char *
audit_tally_json (const AuditTally *tally)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  json_set_number (builder, "signatures", tally->entries + tally->others + tally->lost);
  json_set_number (builder, "entries", tally->entries);
  json_set_number (builder, "others", tally->others);
  json_set_number (builder, "lost", tally->lost);
  json_builder_set_member_name (builder, "batches");
  json_builder_begin_array (builder);
  for (guint i = 0; i < tally->batches->len; i++)
    add_batch (builder, g_ptr_array_index (tally->batches, i));
  json_builder_end_array (builder);
  json_builder_set_member_name (builder, "tpm");
  json_builder_begin_array (builder);
  for (guint i = 0; i < tally->counters->len; i++)
    add_counter (builder, &g_array_index (tally->counters, TallyCounter, i));
  json_builder_end_array (builder);
  json_builder_set_member_name (builder, "not-verified");
  json_builder_begin_array (builder);
  for (guint i = 0; i < tally->lines->len; i++)
    add_line (builder, g_ptr_array_index (tally->lines, i));
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  return json_to_text (builder, TRUE);
}

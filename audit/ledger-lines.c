/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Each kind of line of ledger.jsonl, where it stands.
 */
#include <string.h>

#include "audit/ledger-private.h"
#include "base/encode.h"

const JsonMember ledger_members[MEMBER_COUNT + 1] = {
  { "ledger",
    { JSON_KEY ("version", JSON_NUMBER, FALSE), JSON_KEY ("id", JSON_TEXT, FALSE),
      JSON_KEY ("next_log_index", JSON_NUMBER, FALSE), JSON_KEY ("made_at", JSON_NUMBER, FALSE) } },
  { "batch",
    { JSON_KEY ("name", JSON_TEXT, FALSE), JSON_KEY ("profile", JSON_TEXT, FALSE),
      JSON_KEY ("state", JSON_TEXT, FALSE), JSON_KEY ("target", JSON_NUMBER, FALSE),
      JSON_KEY ("devices", JSON_NUMBER, FALSE), JSON_KEY ("failed", JSON_NUMBER, FALSE) } },
  { "certificate",
    { JSON_KEY ("log_index", JSON_NUMBER, FALSE), JSON_KEY ("device", JSON_TEXT, FALSE),
      JSON_KEY ("batch", JSON_TEXT, FALSE), JSON_KEY ("profile", JSON_TEXT, FALSE),
      JSON_KEY ("serial_number", JSON_TEXT, FALSE), JSON_KEY ("sha256", JSON_TEXT, FALSE),
      JSON_KEY ("state", JSON_TEXT, FALSE), JSON_KEY ("void_reason", JSON_TEXT, TRUE),
      JSON_KEY ("verified_event", JSON_NUMBER, TRUE),
      JSON_KEY ("void_event", JSON_NUMBER, TRUE) } },
  { "event",
    { JSON_KEY ("id", JSON_NUMBER, FALSE), JSON_KEY ("at", JSON_NUMBER, FALSE),
      JSON_KEY ("actor", JSON_TEXT, FALSE), JSON_KEY ("kind", JSON_TEXT, FALSE),
      JSON_KEY ("subject", JSON_TEXT, FALSE), JSON_KEY ("detail", JSON_TEXT, FALSE),
      JSON_KEY ("hash", JSON_TEXT, FALSE) } },
  { "export",
    { JSON_KEY ("id", JSON_NUMBER, FALSE), JSON_KEY ("at", JSON_NUMBER, FALSE),
      JSON_KEY ("batch", JSON_TEXT, FALSE), JSON_KEY ("format", JSON_TEXT, FALSE),
      JSON_KEY ("rows", JSON_NUMBER, FALSE), JSON_KEY ("bytes", JSON_NUMBER, FALSE),
      JSON_KEY ("sha256", JSON_TEXT, FALSE), JSON_KEY ("through", JSON_NUMBER, FALSE),
      JSON_KEY ("confirmed", JSON_FLAG, FALSE) } },
  { "report",
    { JSON_KEY ("id", JSON_NUMBER, FALSE), JSON_KEY ("at", JSON_NUMBER, FALSE),
      JSON_KEY ("batch", JSON_TEXT, FALSE), JSON_KEY ("log_index", JSON_NUMBER, FALSE),
      JSON_KEY ("sha256", JSON_TEXT, FALSE) } },
  { "end",
    { JSON_KEY ("certificates", JSON_NUMBER, FALSE), JSON_KEY ("events", JSON_NUMBER, FALSE) } },
  { NULL, { JSON_KEY (NULL, JSON_NUMBER, FALSE) } },
};

void
ledger_wrong (const Ledger *ledger, const char *format, ...)
{
  g_autofree char *why = NULL;
  va_list arguments;

  va_start (arguments, format);
  why = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  audit_wrong (ledger->run->result, ledger->member == MEMBER_EVENT ? AUDIT_EVENTS : AUDIT_LEDGER,
               AUDIT_AT ("ledger", ledger->number), "%s", why);
}

gboolean
ledger_is_hex (Span text, gsize digits)
{
  if (text.length != digits)
    return FALSE;
  for (gsize i = 0; i < digits; i++)
    if (!g_ascii_isdigit (text.data[i]) && (text.data[i] < 'a' || text.data[i] > 'f'))
      return FALSE;
  return TRUE;
}

GBytes *
ledger_bytes_of (Span text)
{
  g_autofree char *copy = g_strndup ((const char *)text.data, text.length);

  return hex_decode (copy);
}

static gboolean
is_hash (Span text, const guint8 hash[AUDIT_HASH])
{
  g_autoptr (GBytes) bytes = ledger_is_hex (text, 2 * AUDIT_HASH) ? ledger_bytes_of (text) : NULL;

  return bytes != NULL && memcmp (g_bytes_get_data (bytes, NULL), hash, AUDIT_HASH) == 0;
}

gboolean
ledger_has_batch (const Ledger *ledger, Span name)
{
  g_autofree char *copy = g_strndup ((const char *)name.data, name.length);

  return g_hash_table_contains (ledger->batches, copy);
}

/* ---- ledger ---- */

static guint64
event_of (const AuditRecord *record)
{
  return record->report != NULL ? record->report->ledger.event : record->statement->event;
}

static const guint8 *
event_hash_of (const AuditRecord *record)
{
  return record->report != NULL ? record->report->ledger.event_hash : record->statement->event_hash;
}

static const char *
id_of (const AuditRecord *record)
{
  return record->report != NULL ? record->report->ledger.id : record->statement->ledger;
}

/* What reports and statements say of the event whose hash the chain has now. */
static void
check_claims (Ledger *ledger, guint64 event)
{
  gboolean fits = TRUE;

  for (guint i = 0; i < ledger->run->records->len; i++) {
    const AuditRecord *record = g_ptr_array_index (ledger->run->records, i);
    if (event_of (record) == event
        && memcmp (event_hash_of (record), ledger->hash, AUDIT_HASH) != 0)
      fits = FALSE;
  }
  if (!fits)
    ledger_wrong (
        ledger,
        "a report or statement in the log tells of other events up to event %" G_GUINT64_FORMAT,
        event);
}

static void
start_chain (Ledger *ledger, Span id)
{
  static const char words[] = "keycradle ledger";
  g_autoptr (GBytes) bytes = ledger_bytes_of (id);
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);

  audit_digest (ledger->run->digest, span_of_text (words), (Span){ data, length }, ledger->hash);
}

static void
judge_ledger (Ledger *ledger, const JsonLine *line)
{
  const JsonValue *values = line->values;
  const Span id = values[LEDGER_ID].text;

  if (values[LEDGER_VERSION].number != 1 || !ledger_is_hex (id, 32)) {
    ledger_wrong (ledger, "its version or id is wrong");
    return;
  }
  ledger->headed = TRUE;
  ledger->next_log_index = (guint64)values[LEDGER_NEXT].number;
  start_chain (ledger, id);
  if (values[LEDGER_NEXT].number < 0 || ledger->next_log_index > ledger->run->result->entries)
    ledger_wrong (ledger, "the ledger knows more entries than the log has: the log was cut off");
  for (guint i = 0; i < ledger->run->records->len; i++)
    if (!span_is_text (id, id_of (g_ptr_array_index (ledger->run->records, i)))) {
      ledger_wrong (ledger, "a report or statement in the log tells of another ledger: the ledger "
                            "was exchanged");
      return;
    }
  check_claims (ledger, 0);
}

/* ---- batch ---- */

static void
judge_batch (Ledger *ledger, const JsonLine *line)
{
  Span name = line->values[BATCH_NAME].text;

  if (ledger_has_batch (ledger, name))
    ledger_wrong (ledger, "it is the second one of that name");
  g_hash_table_add (ledger->batches, g_strndup ((const char *)name.data, name.length));
  ledger_reports_batch (ledger->reports, line);
}

/* ---- event ---- */

static void
put_number (GByteArray *bytes, guint64 number, guint width)
{
  for (guint i = width; i > 0; i--) {
    guint8 byte = (guint8)(number >> 8 * (i - 1));
    g_byte_array_append (bytes, &byte, 1);
  }
}

static void
chain (Ledger *ledger, const JsonLine *line)
{
  static const guint texts[] = { EVENT_ACTOR, EVENT_KIND, EVENT_SUBJECT, EVENT_DETAIL };
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  put_number (bytes, (guint64)line->values[EVENT_ID].number, 8);
  put_number (bytes, (guint64)line->values[EVENT_AT].number, 8);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    Span text = line->values[texts[i]].text;
    put_number (bytes, text.length, 4);
    g_byte_array_append (bytes, text.data, (guint)text.length);
  }
  audit_digest (ledger->run->digest, (Span){ ledger->hash, AUDIT_HASH },
                (Span){ bytes->data, bytes->len }, ledger->hash);
}

/* Behind a wrong hash the chain goes on with the one that is told. */
static gboolean
judge_event (Ledger *ledger, const JsonLine *line, GError **error)
{
  const Span told = line->values[EVENT_HASH].text;

  ledger->run->result->checked[AUDIT_EVENTS]++;
  ledger->events++;
  if (line->values[EVENT_ID].number != (gint64)ledger->events)
    ledger_wrong (ledger,
                  "it is event %" G_GINT64_FORMAT ", and event %" G_GUINT64_FORMAT
                  " should stand here",
                  line->values[EVENT_ID].number, ledger->events);
  chain (ledger, line);
  if (!is_hash (told, ledger->hash)) {
    g_autoptr (GBytes) bytes = ledger_is_hex (told, 2 * AUDIT_HASH) ? ledger_bytes_of (told) : NULL;
    ledger_wrong (ledger, "its hash is not the chain's: this event or the one before was changed");
    if (bytes != NULL)
      memcpy (ledger->hash, g_bytes_get_data (bytes, NULL), AUDIT_HASH);
  }
  if (g_hash_table_contains (ledger->claimed, &ledger->events))
    check_claims (ledger, ledger->events);
  return ledger_references_event (ledger->references, ledger->number, line, error);
}

/* ---- export, report, end ---- */

static void
judge_order (Ledger *ledger, gint64 id)
{
  if (ledger->has_last && id <= ledger->last)
    ledger_wrong (ledger, "it is out of order");
  ledger->has_last = TRUE;
  ledger->last = id;
}

static gboolean
is_number (const JsonValue *value, guint64 number)
{
  return value->number >= 0 && (guint64)value->number == number;
}

static void
judge_export (Ledger *ledger, const JsonLine *line)
{
  const JsonValue *values = line->values;

  judge_order (ledger, values[EXPORT_ID].number);
  if (!ledger_has_batch (ledger, values[EXPORT_BATCH].text))
    ledger_wrong (ledger, "its batch has no line");
  if (values[EXPORT_THROUGH].number > (gint64)ledger->events)
    ledger_wrong (ledger, "it knows more events than there are");
  if (!ledger_is_hex (values[EXPORT_SHA256].text, 2 * AUDIT_HASH))
    ledger_wrong (ledger, "its sha256 is no hash");
  for (guint i = 0; i < ledger->run->records->len; i++) {
    AuditRecord *record = g_ptr_array_index (ledger->run->records, i);
    const ManifestStatement *said = record->statement;
    if (said != NULL && is_hash (values[EXPORT_SHA256].text, said->sha256)
        && span_is_text (values[EXPORT_BATCH].text, said->batch)
        && span_is_text (values[EXPORT_FORMAT].text, said->format)
        && is_number (&values[EXPORT_ROWS], said->rows)
        && is_number (&values[EXPORT_BYTES], said->bytes)
        && values[EXPORT_THROUGH].number <= (gint64)MIN (said->event, G_MAXINT64))
      record->exported = TRUE;
  }
}

static void
judge_report (Ledger *ledger, const JsonLine *line)
{
  const JsonValue *values = line->values;
  const AuditRecord *record = NULL;

  judge_order (ledger, values[REPORT_ID].number);
  if (!ledger_has_batch (ledger, values[REPORT_BATCH].text))
    ledger_wrong (ledger, "its batch has no line");
  for (guint i = 0; i < ledger->run->records->len && record == NULL; i++) {
    const AuditRecord *other = g_ptr_array_index (ledger->run->records, i);
    if (other->report != NULL && (gint64)other->place == values[REPORT_INDEX].number)
      record = other;
  }
  if (record == NULL)
    ledger_wrong (ledger, "the log has no report at entry %" G_GINT64_FORMAT,
                  values[REPORT_INDEX].number);
  else if (!span_is_text (values[REPORT_BATCH].text, record->report->batch)
           || !is_hash (values[REPORT_SHA256].text, record->sha256))
    ledger_wrong (ledger, "entry %" G_GUINT64_FORMAT " of the log has another report",
                  record->place);
}

static void
judge_end (Ledger *ledger, const JsonLine *line)
{
  ledger->ended = TRUE;
  if (line->values[END_CERTIFICATES].number != (gint64)ledger->certificates
      || line->values[END_EVENTS].number != (gint64)ledger->events)
    ledger_wrong (ledger, "there were other numbers of certificates and events");
  for (guint i = 0; i < ledger->run->records->len; i++) {
    const AuditRecord *record = g_ptr_array_index (ledger->run->records, i);
    if (record->statement != NULL && !record->exported && record->place < ledger->next_log_index)
      ledger_wrong (ledger,
                    "entry %" G_GUINT64_FORMAT
                    " of the log is a statement about an export that is not there",
                    record->place);
    if (event_of (record) > ledger->events)
      ledger_wrong (ledger,
                    "entry %" G_GUINT64_FORMAT " of the log tells of event %" G_GUINT64_FORMAT
                    ", which is not there: the ledger was rolled back",
                    record->place, event_of (record));
  }
}

gboolean
ledger_judge_line (Ledger *ledger, const JsonLine *line, GError **error)
{
  switch (ledger->member) {
  case MEMBER_LEDGER:
    judge_ledger (ledger, line);
    return TRUE;
  case MEMBER_BATCH:
    judge_batch (ledger, line);
    return TRUE;
  case MEMBER_CERTIFICATE:
    return ledger_judge_certificate (ledger, line, error);
  case MEMBER_EVENT:
    return judge_event (ledger, line, error);
  case MEMBER_EXPORT:
    judge_export (ledger, line);
    return TRUE;
  case MEMBER_REPORT:
    judge_report (ledger, line);
    return TRUE;
  case MEMBER_END:
    judge_end (ledger, line);
    return TRUE;
  }
  g_assert_not_reached ();
}

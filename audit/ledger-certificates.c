/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Lines of certificates: beside the log's, in order.
 */
#include "audit/ledger-private.h"
#include "audit/manifest-match.h"

void
ledger_pass_over (Ledger *ledger, guint64 index)
{
  for (; ledger->has_next && ledger->next.index < index;
       ledger->has_next = audit_issued_next (ledger->issued, &ledger->next))
  {
    if (ledger->next.index >= ledger->next_log_index)
      ledger->unknown++;
    else
      ledger_wrong (ledger,
                    "in front of it the certificate of entry %" G_GUINT64_FORMAT " is missing",
                    ledger->next.index);
  }
}

static gboolean
keys_fit_state (const JsonLine *line)
{
  const JsonValue *values = line->values;
  const Span state = values[CERTIFICATE_STATE].text;
  const gboolean verified = values[CERTIFICATE_VERIFIED].present;
  const gboolean voided = values[CERTIFICATE_VOID].present;
  const gboolean reason = values[CERTIFICATE_REASON].present;

  if (span_is_text (state, "issued"))
    return !verified && !voided && !reason;
  if (span_is_text (state, "verified"))
    return verified && !voided && !reason;
  return span_is_text (state, "void") && voided && values[CERTIFICATE_REASON].text.length > 0;
}

static void
compare_with_log (Ledger *ledger, const JsonLine *line)
{
  const JsonValue *values = line->values;
  const Span serial = values[CERTIFICATE_SERIAL].text;
  const Span sha256 = values[CERTIFICATE_SHA256].text;
  g_autoptr (GBytes) serial_bytes =
      ledger_is_hex (serial, serial.length) ? ledger_bytes_of (serial) : NULL;
  g_autoptr (GBytes) hash =
      ledger_is_hex (sha256, 2 * AUDIT_HASH) ? ledger_bytes_of (sha256) : NULL;
  Span number = { NULL, 0 };

  if (serial_bytes != NULL)
    number.data = g_bytes_get_data (serial_bytes, &number.length);
  if (number.length == 0 || number.data[0] == 0
      || ledger->next.rest
             != audit_issued_mark (ledger->run->digest, values[CERTIFICATE_BATCH].text,
                                   values[CERTIFICATE_DEVICE].text,
                                   values[CERTIFICATE_PROFILE].text, number))
    ledger_wrong (ledger,
                  "entry %" G_GUINT64_FORMAT
                  " of the log has another batch, device, profile or serial number",
                  ledger->next.index);
  if (hash == NULL
      || ledger->next.certificate
             != audit_digest_mark (ledger->run->digest,
                                   (Span){ g_bytes_get_data (hash, NULL), AUDIT_HASH },
                                   (Span){ NULL, 0 }))
    ledger_wrong (ledger, "entry %" G_GUINT64_FORMAT " of the log has another certificate",
                  ledger->next.index);
}

static guint64
event_or_never (const JsonValue *event)
{
  return event->present ? (guint64)event->number : G_MAXUINT64;
}

static gboolean
add_state (const Ledger *ledger, const JsonValue *values, GError **error)
{
  return ledger->states == NULL
         || manifest_match_add_state (ledger->states, &ledger->next,
                                      event_or_never (&values[CERTIFICATE_VERIFIED]),
                                      event_or_never (&values[CERTIFICATE_VOID]), error);
}

static void
tally_row (const Ledger *ledger, const JsonValue *values)
{
  const Span state = values[CERTIFICATE_STATE].text;

  audit_tally_row (ledger->run->tally, ledger->next.at, ledger->next.index,
                   values[CERTIFICATE_BATCH].text, values[CERTIFICATE_DEVICE].text,
                   span_is_text (state, "void")       ? TALLY_VOID
                   : span_is_text (state, "verified") ? TALLY_VERIFIED
                                                      : TALLY_OPEN,
                   values[CERTIFICATE_REASON].text);
}

gboolean
ledger_judge_certificate (Ledger *ledger, const JsonLine *line, GError **error)
{
  const gint64 index = line->values[CERTIFICATE_INDEX].number;

  ledger->certificates++;
  ledger->run->result->checked[AUDIT_LEDGER]++;
  ledger_pass_over (ledger, (guint64)MAX (index, 0));
  if (index < 0 || !ledger->has_next || ledger->next.index != (guint64)index) {
    ledger_wrong (ledger,
                  "the log has no certificate for a device at entry %" G_GINT64_FORMAT
                  ", or it stood in a line before",
                  index);
  }
  else {
    compare_with_log (ledger, line);
    if (ledger->run->tally != NULL)
      tally_row (ledger, line->values);
    if (!add_state (ledger, line->values, error))
      return FALSE;
    ledger->has_next = audit_issued_next (ledger->issued, &ledger->next);
  }
  if (!ledger_has_batch (ledger, line->values[CERTIFICATE_BATCH].text))
    ledger_wrong (ledger, "its batch has no line");
  if (!keys_fit_state (line))
    ledger_wrong (ledger, "its state is unknown, or what it names does not fit it");
  ledger_reports_certificate (ledger->reports, line);
  return ledger_references_certificate (ledger->references, ledger->number, line, error);
}

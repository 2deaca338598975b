/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The records of tickets and reports; see records.h.
 */
#include <openssl/x509.h>

#include "base/encode.h"
#include "ca/proof/statement.h"
#include "station/records.h"

/* Dates as the ticket has them: seconds. */
GVariant *
record_ticket (const TicketState *ticket)
{
  GVariantDict record;

  g_variant_dict_init (&record, NULL);
  g_variant_dict_insert (&record, "number", "t", ticket->number);
  record_text (&record, "batch", ticket->batch);
  record_text (&record, "profile", ticket->profile);
  g_variant_dict_insert (&record, "count", "u", ticket->count);
  g_variant_dict_insert (&record, "issued", "u", ticket->issued);
  g_variant_dict_insert (&record, "remaining", "u",
                         ticket->count - MIN (ticket->issued, ticket->count));
  g_variant_dict_insert (&record, "not-before", "x", ticket->not_before);
  g_variant_dict_insert (&record, "not-after", "x", ticket->not_after);
  record_text (&record, "sha256", ticket->sha256);
  g_variant_dict_insert (&record, "newest", "b", ticket->newest);
  g_variant_dict_insert (&record, "log-index", "t", ticket->place);
  record_text (&record, "note", ticket->note);
  return g_variant_dict_end (&record);
}

void
record_ticket_rest (GVariantDict *record, const TicketRest *rest)
{
  if (!rest->known)
    return;
  g_variant_dict_insert (record, "ticket", "t", rest->number);
  g_variant_dict_insert (record, "ticket-count", "u", rest->count);
  g_variant_dict_insert (record, "ticket-issued", "u", rest->issued);
  g_variant_dict_insert (record, "ticket-remaining", "u",
                         rest->count - MIN (rest->issued, rest->count));
  g_variant_dict_insert (record, "ticket-not-before", "x", rest->not_before);
  g_variant_dict_insert (record, "ticket-not-after", "x", rest->not_after);
}

GVariant *
record_report (const BatchReport *report, gboolean with_der)
{
  GVariantDict record;

  g_variant_dict_init (&record, NULL);
  g_variant_dict_insert (&record, "id", "x", report->id);
  record_time (&record, "at", report->at);
  record_text (&record, "batch", report->batch);
  g_variant_dict_insert (&record, "final", "b", report->final);
  g_variant_dict_insert (&record, "log-index", "t", report->log_index);
  record_text (&record, "sha256", report->sha256);
  if (with_der) {
    gsize length;
    const guint8 *data = g_bytes_get_data (report->der, &length);
    g_autofree char *text = statement_peek ((Span){ data, length }, NULL);

    record_bytes (&record, "report", report->der);
    if (text != NULL) /* the signer's own, checked when it came */
      g_variant_dict_insert (&record, "text", "s", text);
  }
  return g_variant_dict_end (&record);
}

void
record_bytes (GVariantDict *record, const char *key, GBytes *bytes)
{
  g_variant_dict_insert_value (record, key,
                               g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING, bytes, TRUE));
}

/* The name under which tickets and reports know the station: its key's digest. */
static void
record_station_key (GVariantDict *record, GBytes *certificate)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (certificate, &length);
  const guint8 *end = data;
  X509 *x509 = length > 0 ? d2i_X509 (NULL, &end, (long)length) : NULL;
  guint8 hash[32];

  if (x509 == NULL)
    return;
  g_autofree char *sha256 = sha256_hex (data, length);
  statement_key_sha256 (x509, hash);
  X509_free (x509);
  g_autofree char *name = hex_encode (hash, sizeof hash);
  record_text (record, "station-key", name);
  record_text (record, "station-certificate", sha256);
}

void
record_signer_evidence (GVariantDict *record, const SignerStatus *status)
{
  if (status->station != NULL)
    record_station_key (record, status->station);
  g_variant_dict_insert (record, "tickets-demanded", "b", status->tickets_demanded);
  g_variant_dict_insert (record, "log-verified", "t", status->log_verified);
  if (!status->counted)
    return;
  g_variant_dict_insert (record, "tpm-count", "u", status->tpm_count);
  g_variant_dict_insert (record, "tpm-limit", "u", status->tpm_limit);
  g_variant_dict_insert (record, "tpm-logged", "t", status->tpm_logged);
}

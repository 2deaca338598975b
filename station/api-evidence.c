/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The methods about what the owner can prove: tickets in, reports and statements out. Who asked is
 * on record before the signer is asked; what it did stands in its log and comes back from there.
 */
#include "base/encode.h"
#include "station/api-private.h"
#include "station/evidence.h"

#define PATIENCE 15000 /* milliseconds */

/* ---- tickets ---- */

static gboolean
record_loading (const ApiErrand *errand, Station *station, GBytes *ticket, GError **error)
{
  g_autofree char *sha256 = sha256_hex (g_bytes_get_data (ticket, NULL), g_bytes_get_size (ticket));
  g_autofree char *detail = g_strdup_printf ("SHA-256 %s", sha256);

  return ledger_record_event (station->ledger, errand->actor, "ticket-load", "", detail, error);
}

static void
work_load_ticket (ApiErrand *errand, Station *station, SignerClient *client)
{
  GBytes *ticket = errand->details;
  g_autoptr (TicketState) state = NULL;
  g_autoptr (GPtrArray) all = NULL;

  if (!issuer_ready (station->issuer, client, deadline_in (PATIENCE), &errand->error)
      || !record_loading (errand, station, ticket, &errand->error))
    return;
  state = signer_client_load_ticket (client, ticket, deadline_in (PATIENCE), &errand->error);
  issuer_heard (station->issuer, errand->error);
  if (state == NULL)
    return;
  /* It is loaded, whatever comes now; what is missed is followed later. */
  issuer_follow (station->issuer, client, deadline_in (PATIENCE), NULL);
  all = ticket_book_ask (station->tickets, client, deadline_in (PATIENCE), NULL);
  errand->batch = g_strdup (state->batch);
  errand->answer = g_variant_ref_sink (record_ticket (state));
}

static void
finish_load_ticket (ApiErrand *errand, Station *station)
{
  if (errand->batch != NULL && station->listener.batch_changed != NULL)
    station->listener.batch_changed (errand->batch, station->listener.data);
}

static void
unref_bytes (gpointer bytes)
{
  g_bytes_unref (bytes);
}

static gboolean
handle_load_ticket (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, GVariant *ticket,
                    Station *station)
{
  ApiErrand *errand = api_errand_new (invocation, work_load_ticket);

  errand->details = g_variant_get_data_as_bytes (ticket);
  errand->free_details = unref_bytes;
  errand->finish = finish_load_ticket;
  return api_errand_run (errand, station);
}

static GVariant *
make_ticket (gconstpointer item)
{
  return record_ticket (item);
}

static void
work_list_tickets (ApiErrand *errand, Station *station, SignerClient *client)
{
  g_autoptr (GPtrArray) tickets =
      ticket_book_ask (station->tickets, client, deadline_in (PATIENCE), &errand->error);

  if (tickets != NULL)
    errand->answer = g_variant_ref_sink (record_list (tickets, make_ticket));
}

static gboolean
handle_list_tickets (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, Station *station)
{
  return api_errand_run (api_errand_new (invocation, work_list_tickets), station);
}

/* ---- reports ---- */

static void
work_make_report (ApiErrand *errand, Station *station, SignerClient *client)
{
  g_autoptr (BatchReport) report = NULL;

  if (!ledger_record_event (station->ledger, errand->actor, "report-ask", errand->batch, "",
                            &errand->error))
    return;
  report =
      evidence_report (station->ledger, station->issuer, client, errand->batch, &errand->error);
  if (report != NULL)
    errand->answer = g_variant_ref_sink (record_report (report, TRUE));
}

static gboolean
handle_make_report (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, const char *batch,
                    Station *station)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Batch) known = ledger_batch (station->ledger, batch, &error);
  ApiErrand *errand;

  if (known == NULL)
    return api_refuse (invocation, error);
  errand = api_errand_new (invocation, work_make_report);
  errand->batch = g_strdup (batch);
  return api_errand_run (errand, station);
}

static GVariant *
make_report (gconstpointer item)
{
  return record_report (item, FALSE);
}

static gboolean
handle_list_reports (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, GVariant *filter,
                     Station *station)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) reports = ledger_reports (
      station->ledger, api_filter_text (filter, "batch"), api_limit (filter), &error);

  if (reports == NULL)
    return api_refuse (invocation, error);
  return api_return (invocation, record_list (reports, make_report));
}

static gboolean
handle_get_report (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, gint64 id,
                   Station *station)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatchReport) report = ledger_report (station->ledger, id, &error);

  if (report == NULL)
    return api_refuse (invocation, error);
  return api_return (invocation, record_report (report, TRUE));
}

/* ---- statements of exports ---- */

static void
work_get_statement (ApiErrand *errand, Station *station, SignerClient *client)
{
  const gint64 *id = errand->details;
  g_autoptr (GBytes) der =
      evidence_statement (station->ledger, station->issuer, client, *id, &errand->error);
  GVariantDict record;

  if (der == NULL)
    return;
  g_variant_dict_init (&record, NULL);
  g_variant_dict_insert (&record, "id", "x", *id);
  record_bytes (&record, "statement", der);
  errand->answer = g_variant_ref_sink (g_variant_dict_end (&record));
}

static gboolean
handle_get_export_statement (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, gint64 id,
                             Station *station)
{
  ApiErrand *errand = api_errand_new (invocation, work_get_statement);

  errand->details = g_memdup2 (&id, sizeof id);
  errand->free_details = g_free;
  return api_errand_run (errand, station);
}

void
api_connect_evidence (ApiStation1 *skeleton, Station *station)
{
  g_signal_connect (skeleton, "handle-load-ticket", G_CALLBACK (handle_load_ticket), station);
  g_signal_connect (skeleton, "handle-list-tickets", G_CALLBACK (handle_list_tickets), station);
  g_signal_connect (skeleton, "handle-make-report", G_CALLBACK (handle_make_report), station);
  g_signal_connect (skeleton, "handle-list-reports", G_CALLBACK (handle_list_reports), station);
  g_signal_connect (skeleton, "handle-get-report", G_CALLBACK (handle_get_report), station);
  g_signal_connect (skeleton, "handle-get-export-statement",
                    G_CALLBACK (handle_get_export_statement), station);
}

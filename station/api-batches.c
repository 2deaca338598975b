/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The methods about batches and profiles.
 */
#include <string.h>

#include "db/registry.h"
#include "station/api-private.h"

#define ASK_SIGNER_TIME 1500 /* milliseconds */

static const ApiOption batch_options[] = {
  { "product", "s" },       { "profile", "s" },      { "target", "u" },
  { "serial-prefix", "s" }, { "serial-first", "t" }, { "serial-last", "t" },
  { "serial-width", "u" },  { "serial-scan", "b" },  { "serial-pattern", "s" },
  { "kind", "s" },          { "listed", "b" },       { 0 },
};

static gboolean
read_kind (GVariant *options, Batch *batch, GError **error)
{
  const char *word = api_filter_text (options, "kind");

  g_variant_lookup (options, "listed", "b", &batch->listed);
  if (word == NULL || batch_kind_from_word (word, &batch->kind))
    return TRUE;
  g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
               "a batch is of the kind new, renew or refresh, not \"%s\"", word);
  return FALSE;
}

static Batch *
batch_from_options (const char *name, GVariant *options, GError **error)
{
  g_autoptr (Batch) batch = batch_new ();

  if (!api_check_options (options, batch_options, "a batch", error)
      || !read_kind (options, batch, error))
    return NULL;
  batch->name = g_strdup (name);
  g_variant_lookup (options, "product", "s", &batch->product);
  g_variant_lookup (options, "profile", "s", &batch->profile);
  g_variant_lookup (options, "target", "u", &batch->target);
  g_variant_lookup (options, "serial-prefix", "s", &batch->serial_prefix);
  g_variant_lookup (options, "serial-first", "t", &batch->serial_first);
  g_variant_lookup (options, "serial-last", "t", &batch->serial_last);
  g_variant_lookup (options, "serial-width", "u", &batch->serial_width);
  g_variant_lookup (options, "serial-scan", "b", &batch->serial_scan);
  g_variant_lookup (options, "serial-pattern", "s", &batch->serial_pattern);
  if (batch->profile == NULL || *batch->profile == '\0' || strchr (batch->profile, '/') != NULL) {
    g_set_error_literal (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
                         "a batch needs a profile; `keycradle profile list` shows them");
    return NULL;
  }
  if (batch->product == NULL)
    batch->product = g_strdup (batch->profile);
  return g_steal_pointer (&batch);
}

static gboolean
handle_create_batch (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, const char *name,
                     GVariant *options, Station *station)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Batch) batch = batch_from_options (name, options, &error);

  if (batch == NULL || !station_create_batch (station, batch, api_actor (invocation), &error))
    return api_refuse (invocation, error);
  return api_return_nothing (invocation);
}

#define RATE_TIME (G_TIME_SPAN_HOUR)

/* The last hour, and of it the time in which the batch has been at work. */
static gboolean
read_rate (Station *station, const Batch *batch, BatchRecordRate *rate, GError **error)
{
  const gint64 hour_ago = g_get_real_time () - RATE_TIME;
  gint64 begun;

  if (!ledger_batch_begun (station->ledger, batch->name, &begun, error))
    return FALSE;
  rate->pace_since = begun != 0 ? MAX (hour_ago, MAX (begun, batch->started_at)) : 0;
  return ledger_batch_rate (station->ledger, batch->name, hour_ago, &rate->hour, error)
         && ledger_batch_rate (station->ledger, batch->name, rate->pace_since, &rate->pace, error);
}

/* Takes `record` over. */
static GVariant *
with_targets (GVariant *record, char **targets)
{
  g_autoptr (GVariant) known = g_variant_ref_sink (record);
  GVariantDict whole;

  g_variant_dict_init (&whole, known);
  if (*targets != NULL)
    record_words (&whole, "targets", (const char *const *)targets);
  return g_variant_dict_end (&whole);
}

GVariant *
api_batch_record (Station *station, const char *name, GError **error)
{
  g_autoptr (Batch) batch = ledger_batch (station->ledger, name, error);
  g_autoptr (GPtrArray) failures = NULL;
  g_auto (GStrv) targets = NULL;
  BatchRecordRate rate = { 0 };

  if (batch == NULL || !read_rate (station, batch, &rate, error))
    return NULL;
  failures = ledger_batch_failures (station->ledger, name, error);
  const TicketRest ticket = ticket_book_rest (station->tickets, name);
  if (failures != NULL)
    targets = ledger_batch_targets (station->ledger, name, error);
  return targets != NULL ? with_targets (record_batch (batch, &rate, &ticket, failures), targets)
                         : NULL;
}

static gboolean
handle_list_batches (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, Station *station)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) batches = ledger_batches (station->ledger, &error);
  GVariantBuilder list;

  if (batches == NULL)
    return api_refuse (invocation, error);
  g_variant_builder_init (&list, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < batches->len; i++) {
    const Batch *batch = g_ptr_array_index (batches, i);
    BatchRecordRate rate = { 0 };

    if (!read_rate (station, batch, &rate, &error)) {
      g_variant_builder_clear (&list);
      return api_refuse (invocation, error);
    }
    const TicketRest ticket = ticket_book_rest (station->tickets, batch->name);
    g_variant_builder_add_value (&list, record_batch (batch, &rate, &ticket, NULL));
  }
  return api_return (invocation, g_variant_builder_end (&list));
}

/* How much is left of its ticket the signer knows; where it is away, as it was heard of last. */
static void
look_at_tickets (ApiErrand *errand, Station *station, SignerClient *client)
{
  const Deadline deadline = deadline_in (ASK_SIGNER_TIME);
  g_autofree char *problem = issuer_problem (station->issuer);
  g_autoptr (SignerStatus) status =
      problem == NULL ? issuer_status (station->issuer, client, deadline, NULL) : NULL;

  if (status != NULL)
    ticket_book_look (station->tickets, client, status, deadline);
}

static void
finish_get_batch (ApiErrand *errand, Station *station)
{
  GVariant *record = api_batch_record (station, errand->batch, &errand->error);

  if (record != NULL)
    errand->answer = g_variant_ref_sink (record);
}

static gboolean
handle_get_batch (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, const char *name,
                  Station *station)
{
  ApiErrand *errand = api_errand_new (invocation, look_at_tickets);

  errand->batch = g_strdup (name);
  errand->finish = finish_get_batch;
  return api_errand_run (errand, station);
}

/* ---- states ---- */

/* Where certificates stay, nothing is issued. */
static gboolean
check_ticket (Station *station, const char *name, GError **error)
{
  g_autoptr (Batch) batch = ledger_batch (station->ledger, name, error);

  return batch != NULL
         && (batch->kind == BATCH_REFRESH || ticket_book_check (station->tickets, name, error));
}

static void
finish_start (ApiErrand *errand, Station *station)
{
  if (check_ticket (station, errand->batch, &errand->error))
    station_set_batch_state (station, errand->batch, BATCH_RUNNING, errand->actor, &errand->error);
}

/* Each unit would be refused: whoever starts the batch is told so at once. */
static gboolean
start_batch (GDBusMethodInvocation *invocation, const char *name, Station *station)
{
  ApiErrand *errand = api_errand_new (invocation, look_at_tickets);

  errand->batch = g_strdup (name);
  errand->finish = finish_start;
  return api_errand_run (errand, station);
}

static gboolean
handle_set_batch_state (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, const char *name,
                        const char *word, Station *station)
{
  static const BatchState states[] = { BATCH_PAUSED, BATCH_CLOSED };
  g_autoptr (GError) error = NULL;

  if (g_str_equal (word, batch_state_word (BATCH_RUNNING)))
    return start_batch (invocation, name, station);
  for (guint i = 0; i < G_N_ELEMENTS (states); i++) {
    if (!g_str_equal (word, batch_state_word (states[i])))
      continue;
    if (station_set_batch_state (station, name, states[i], api_actor (invocation), &error))
      return api_return_nothing (invocation);
    return api_refuse (invocation, error);
  }
  return api_refuse_text (invocation, "Invalid",
                          "a batch can be running, paused or closed, not \"%s\"", word);
}

static gint
compare_profiles (gconstpointer a, gconstpointer b)
{
  const Profile *const *first = a;
  const Profile *const *second = b;

  return g_strcmp0 ((*first)->name, (*second)->name);
}

static GVariant *
make_profile (gconstpointer item)
{
  return record_profile (item);
}

static gboolean
handle_list_profiles (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, Station *station)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GHashTable) table = profile_load_folder (station->config->profile_folder, &error);
  g_autoptr (GPtrArray) list = NULL;
  GHashTableIter iter;
  gpointer profile;

  if (table == NULL)
    return api_refuse (invocation, error);
  list = g_ptr_array_new ();
  g_hash_table_iter_init (&iter, table);
  while (g_hash_table_iter_next (&iter, NULL, &profile))
    g_ptr_array_add (list, profile);
  g_ptr_array_sort (list, compare_profiles);
  return api_return (invocation, record_list (list, make_profile));
}

void
api_connect_batches (ApiStation1 *skeleton, Station *station)
{
  g_signal_connect (skeleton, "handle-create-batch", G_CALLBACK (handle_create_batch), station);
  g_signal_connect (skeleton, "handle-list-batches", G_CALLBACK (handle_list_batches), station);
  g_signal_connect (skeleton, "handle-get-batch", G_CALLBACK (handle_get_batch), station);
  g_signal_connect (skeleton, "handle-set-batch-state", G_CALLBACK (handle_set_batch_state),
                    station);
  g_signal_connect (skeleton, "handle-list-profiles", G_CALLBACK (handle_list_profiles), station);
}

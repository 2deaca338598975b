/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The methods about what the clouds are to be told: for who tells them, and for people who look
 * after it. Certificates and syncs take their time, so the first two work in a thread.
 */
#include "station/api-private.h"
#include "station/records-registry.h"

#define OPERATIONS_MOST 1000u

static GVariant *
make_operation (gconstpointer item)
{
  return record_operation (item, FALSE);
}

static GVariant *
make_whole_operation (gconstpointer item)
{
  return record_operation (item, TRUE);
}

static gboolean
handle_list_operations (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, GVariant *filter,
                        Station *station)
{
  static const ApiOption known[] = { { "target", "s" }, { "state", "s" },  { "device", "s" },
                                     { "limit", "u" },  { "marker", "s" }, { 0 } };
  const OperationFilter wanted = { .target = api_filter_text (filter, "target"),
                                   .state = api_filter_text (filter, "state"),
                                   .device = api_filter_text (filter, "device") };
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) operations = NULL;
  g_autofree char *next = NULL;
  guint most;

  if (api_check_options (filter, known, "a list of operations", &error)
      && api_page_size (filter, &most, &error))
    operations = ledger_operations (station->ledger, &wanted, most,
                                    api_filter_text (filter, "marker"), &next, &error);
  if (operations == NULL)
    return api_refuse (invocation, error);
  return api_return_page (invocation, record_list (operations, make_operation), next);
}

/* ---- for who tells the cloud ---- */

typedef struct {
  char *target;
  guint most;
  gint64 after;
} Taking;

static void
taking_free (gpointer data)
{
  Taking *taking = data;

  g_free (taking->target);
  g_free (taking);
}

static void
work_take (ApiErrand *errand, Station *station, SignerClient *client)
{
  const Taking *taking = errand->details;
  g_autoptr (GPtrArray) operations = ledger_due_operations (
      station->ledger, taking->target, taking->after, taking->most, &errand->error);

  if (operations != NULL)
    errand->answer = g_variant_ref_sink (record_list (operations, make_whole_operation));
}

static gboolean
handle_take_operations (ApiStation1 *skeleton, GDBusMethodInvocation *invocation,
                        const char *target, guint most, gint64 after, Station *station)
{
  ApiErrand *errand = api_errand_new (invocation, work_take);
  Taking *taking = g_new0 (Taking, 1);

  taking->target = g_strdup (target);
  taking->most = CLAMP (most, 1, OPERATIONS_MOST);
  taking->after = after;
  errand->details = taking;
  errand->free_details = taking_free;
  return api_errand_run (errand, station);
}

/* ---- what the cloud said ---- */

static const ApiOption answer_options[] = {
  { "id", "x" }, { "state", "s" }, { "answer", "s" }, { "not-before", "x" }, { 0 },
};

static gboolean
read_answer (GVariant *record, OperationAnswer *answer, GError **error)
{
  if (!api_check_options (record, answer_options, "an answer", error))
    return FALSE;
  g_variant_lookup (record, "id", "x", &answer->id);
  g_variant_lookup (record, "state", "&s", &answer->state);
  g_variant_lookup (record, "answer", "&s", &answer->answer);
  g_variant_lookup (record, "not-before", "x", &answer->not_before);
  return TRUE;
}

/* The texts live as long as `records`. */
static gboolean
read_answers (GVariant *records, OperationAnswer *answers, GError **error)
{
  for (gsize i = 0; i < g_variant_n_children (records); i++) {
    g_autoptr (GVariant) record = g_variant_get_child_value (records, i);

    if (!read_answer (record, &answers[i], error))
      return FALSE;
  }
  return TRUE;
}

static void
work_answer (ApiErrand *errand, Station *station, SignerClient *client)
{
  GVariant *records = errand->details;
  const guint count = (guint)g_variant_n_children (records);
  g_autofree OperationAnswer *answers = g_new0 (OperationAnswer, count);

  if (read_answers (records, answers, &errand->error) && count > 0)
    ledger_answer_operations (station->ledger, answers, count, errand->actor, &errand->error);
}

static void
free_records (gpointer records)
{
  g_variant_unref (records);
}

static void
tell_status (ApiErrand *errand, Station *station)
{
  station_status_changed (station);
}

static gboolean
handle_answer_operations (ApiStation1 *skeleton, GDBusMethodInvocation *invocation,
                          GVariant *records, Station *station)
{
  ApiErrand *errand;

  if (g_variant_n_children (records) > OPERATIONS_MOST)
    return api_refuse_text (invocation, "Invalid", "At most %u answers go into one call.",
                            OPERATIONS_MOST);
  errand = api_errand_new (invocation, work_answer);
  errand->details = g_variant_get_normal_form (records);
  errand->free_details = free_records;
  errand->finish = tell_status;
  return api_errand_run (errand, station);
}

/* ---- people ---- */

typedef struct {
  char *target;
  char *batch;
} Confirming;

static void
confirming_free (gpointer data)
{
  Confirming *confirming = data;

  g_free (confirming->target);
  g_free (confirming->batch);
  g_free (confirming);
}

static void
work_confirm (ApiErrand *errand, Station *station, SignerClient *client)
{
  const Confirming *confirming = errand->details;
  guint64 count;

  if (ledger_confirm_batch (station->ledger, confirming->target, confirming->batch, errand->actor,
                            &count, &errand->error))
    errand->answer = g_variant_ref_sink (g_variant_new_uint64 (count));
}

static gboolean
handle_confirm_batch (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, const char *target,
                      const char *batch, Station *station)
{
  ApiErrand *errand = api_errand_new (invocation, work_confirm);
  Confirming *confirming = g_new0 (Confirming, 1);

  confirming->target = g_strdup (target);
  confirming->batch = g_strdup (batch);
  errand->details = confirming;
  errand->free_details = confirming_free;
  errand->finish = tell_status;
  return api_errand_run (errand, station);
}

static gboolean
handle_set_operation_state (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, gint64 id,
                            const char *state, const char *reason, Station *station)
{
  g_autoptr (GError) error = NULL;

  if (!station_check_reason (reason, &error)
      || !ledger_set_operation_state (station->ledger, id, state, reason, api_actor (invocation),
                                      &error))
    return api_refuse (invocation, error);
  station_status_changed (station);
  return api_return_nothing (invocation);
}

void
api_connect_operations (ApiStation1 *skeleton, Station *station)
{
  g_signal_connect (skeleton, "handle-list-operations", G_CALLBACK (handle_list_operations),
                    station);
  g_signal_connect (skeleton, "handle-take-operations", G_CALLBACK (handle_take_operations),
                    station);
  g_signal_connect (skeleton, "handle-answer-operations", G_CALLBACK (handle_answer_operations),
                    station);
  g_signal_connect (skeleton, "handle-confirm-batch", G_CALLBACK (handle_confirm_batch), station);
  g_signal_connect (skeleton, "handle-set-operation-state", G_CALLBACK (handle_set_operation_state),
                    station);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Looking after the stock of certificates, for an auditor, while the line runs. The client opens
 * the output; findings flow into it from threads of low priority, totals are the answer.
 */
#include <gio/gunixfdlist.h>

#include "station/api-private.h"
#include "station/stock-checks.h"
#include "station/stock-verify.h"

#define MOST_THREADS 8u
#define MOST_LISTS 64u

typedef struct {
  char *target;
  GPtrArray *lists; /* of GBytes */
  ChecksOrder order;
  /* of who runs it */
  ApiErrand *errand;
  Station *station;
} Checks;

static void
checks_free (gpointer data)
{
  Checks *checks = data;

  g_free (checks->target);
  g_ptr_array_unref (checks->lists);
  g_free (checks);
}

static gboolean
refuse (GError **error, const char *sentence)
{
  g_set_error_literal (error, LEDGER_ERROR, LEDGER_ERROR_INVALID, sentence);
  return FALSE;
}

/* ---- what is asked for ---- */

static gboolean
read_days (GVariant *options, const char *key, guint *days, GError **error)
{
  g_variant_lookup (options, key, "u", days);
  if (*days >= CHECK_DAYS_LEAST && *days <= CHECK_DAYS_MOST)
    return TRUE;
  g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_INVALID, "%s is a number of days from %u to %u",
               key, CHECK_DAYS_LEAST, CHECK_DAYS_MOST);
  return FALSE;
}

/* An age that was given is meant to be checked. */
static gboolean
read_checks (GVariant *options, ChecksOrder *order, GError **error)
{
  g_autofree const char **names = NULL;
  Check check;

  g_variant_lookup (options, "checks", "^a&s", &names);
  for (guint i = 0; names != NULL && names[i] != NULL; i++) {
    if (!check_from_name (names[i], &check)) {
      g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
                   "there is no check \"%.80s\": they are called as AWS IoT Device Defender's, "
                   "DEVICE_CERTIFICATE_EXPIRING_CHECK and so on",
                   names[i]);
      return FALSE;
    }
    order->checks |= 1u << check;
  }
  if (order->checks != 0 || !g_variant_lookup (options, "age-days", "u", &order->age_days))
    return TRUE;
  for (guint i = 0; i < N_CHECKS; i++)
    order->checks |= 1u << i;
  return TRUE;
}

static gboolean
read_lists (GVariant *options, GPtrArray *lists, GError **error)
{
  g_autoptr (GVariant) given = g_variant_lookup_value (options, "crls", G_VARIANT_TYPE ("aay"));

  if (given == NULL)
    return TRUE;
  if (g_variant_n_children (given) > MOST_LISTS)
    return refuse (error, "these are more than 64 revocation lists");
  for (gsize i = 0; i < g_variant_n_children (given); i++) {
    g_autoptr (GVariant) bytes = g_variant_get_child_value (given, i);
    g_ptr_array_add (lists, g_variant_get_data_as_bytes (bytes));
  }
  return TRUE;
}

static Checks *
checks_new (GVariant *options, const Config *config)
{
  Checks *checks = g_new0 (Checks, 1);

  checks->target = g_strdup (api_filter_text (options, "target"));
  checks->lists = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  checks->order = (ChecksOrder){ .target = checks->target,
                                 .expiring_days = CHECK_EXPIRING_DAYS,
                                 .age_days = CHECK_AGE_DAYS,
                                 .lists = checks->lists,
                                 .crl_folder = config->crl_folder,
                                 .known_keys = (const char *const *)config->known_keys,
                                 .now = g_get_real_time () / G_USEC_PER_SEC };
  return checks;
}

/* ---- what came out ---- */

/* AWS's words for it (AuditCheckRunStatus). */
static const char *
status_of (const CheckResult *result)
{
  if (result->found > 0)
    return "COMPLETED_NON_COMPLIANT";
  return result->looked ? "COMPLETED_COMPLIANT" : "WAITING_FOR_DATA_COLLECTION";
}

static GVariant *
record_result (Check check, const CheckResult *result)
{
  GVariantDict record;

  g_variant_dict_init (&record, NULL);
  record_text (&record, "check", check_rule (check)->name);
  record_text (&record, "severity", check_rule (check)->severity);
  record_text (&record, "status", status_of (result));
  g_variant_dict_insert (&record, "checked", "t", result->looked ? result->checked : 0);
  g_variant_dict_insert (&record, "non-compliant", "t", result->found);
  record_text (&record, "message", result->message);
  return g_variant_dict_end (&record);
}

static GVariant *
record_checks (const CheckResult results[N_CHECKS])
{
  g_auto (GVariantBuilder) list;

  g_variant_builder_init (&list, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < N_CHECKS; i++)
    if (results[i].asked)
      g_variant_builder_add_value (&list, record_result ((Check)i, &results[i]));
  return g_variant_builder_end (&list);
}

static gpointer
run_checks (gpointer data)
{
  Checks *checks = data;
  g_autoptr (GString) text = g_string_new (NULL);
  StockOutput output = { checks->errand->fd, text, &checks->station->site.stopping };
  CheckResult results[N_CHECKS];

  if (stock_checks_run (checks->station->ledger, &checks->order, &output, results,
                        &checks->errand->error))
    checks->errand->answer = g_variant_ref_sink (record_checks (results));
  check_results_clear (results);
  return NULL;
}

static void
work_checks (ApiErrand *errand, Station *station, SignerClient *client)
{
  Checks *checks = errand->details;

  checks->errand = errand;
  checks->station = station;
  stock_run_threads (1, run_checks, checks);
}

static gboolean
handle_run_checks (ApiStation1 *skeleton, GDBusMethodInvocation *invocation,
                   GUnixFDList *descriptors, GVariant *options, GVariant *output, Station *station)
{
  static const ApiOption known[] = {
    { "target", "s" },   { "checks", "as" }, { "expiring-days", "u" },
    { "age-days", "u" }, { "crls", "aay" },  { 0 },
  };
  g_autoptr (GError) error = NULL;
  Checks *checks;
  ApiErrand *errand;

  if (!api_check_options (options, known, "a run of checks", &error))
    return api_refuse (invocation, error);
  checks = checks_new (options, station->config);
  if (!read_days (options, "expiring-days", &checks->order.expiring_days, &error)
      || !read_days (options, "age-days", &checks->order.age_days, &error)
      || !read_checks (options, &checks->order, &error)
      || !read_lists (options, checks->lists, &error))
  {
    checks_free (checks);
    return api_refuse (invocation, error);
  }
  errand = api_errand_new (invocation, work_checks);
  errand->details = checks;
  errand->free_details = checks_free;
  return api_errand_run_with_descriptor (errand, descriptors, output, station);
}

/* ---- certificates ---- */

static GVariant *
record_verification (const VerifySummary *summary, const GPtrArray *problems)
{
  GVariantDict record, damages;

  g_variant_dict_init (&record, NULL);
  g_variant_dict_init (&damages, NULL);
  for (guint i = 0; i < N_DAMAGES; i++)
    if (summary->by_damage[i] > 0)
      g_variant_dict_insert (&damages, damage_word ((Damage)i), "t", summary->by_damage[i]);
  g_variant_dict_insert (&record, "checked", "t", summary->checked);
  g_variant_dict_insert (&record, "damaged", "t", summary->damaged);
  g_variant_dict_insert_value (&record, "damages", g_variant_dict_end (&damages));
  g_variant_dict_insert_value (
      &record, "problems",
      g_variant_new_strv ((const char *const *)problems->pdata, (gssize)problems->len));
  return g_variant_dict_end (&record);
}

static void
work_verify (ApiErrand *errand, Station *station, SignerClient *client)
{
  g_autoptr (GPtrArray) problems = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GString) text = g_string_new (NULL);
  StockOutput output = { errand->fd, text, &station->site.stopping };
  const guint threads = MIN (g_get_num_processors (), MOST_THREADS);
  VerifySummary summary;

  if (stock_verify_run (station->ledger, errand->batch, threads, &output, &summary, problems,
                        &errand->error))
    errand->answer = g_variant_ref_sink (record_verification (&summary, problems));
}

static gboolean
handle_verify_certificates (ApiStation1 *skeleton, GDBusMethodInvocation *invocation,
                            GUnixFDList *descriptors, GVariant *options, GVariant *output,
                            Station *station)
{
  static const ApiOption known[] = { { "batch", "s" }, { 0 } };
  g_autoptr (GError) error = NULL;
  ApiErrand *errand;

  if (!api_check_options (options, known, "a verification", &error))
    return api_refuse (invocation, error);
  errand = api_errand_new (invocation, work_verify);
  errand->batch = g_strdup (api_filter_text (options, "batch"));
  return api_errand_run_with_descriptor (errand, descriptors, output, station);
}

void
api_connect_checks (ApiStation1 *skeleton, Station *station)
{
  g_signal_connect (skeleton, "handle-run-checks", G_CALLBACK (handle_run_checks), station);
  g_signal_connect (skeleton, "handle-verify-certificates", G_CALLBACK (handle_verify_certificates),
                    station);
}

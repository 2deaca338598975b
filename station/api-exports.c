/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Manifests out and back in. The client opens the file; the bytes flow in a thread.
 */
#include <gio/gunixfdlist.h>

#include "station/api-private.h"
#include "station/evidence.h"
#include "station/manifest-sign.h"

#define ASK_SIGNER_TIME 3000 /* milliseconds */
#define PROGRESS_PAUSE (100 * G_TIME_SPAN_MILLISECOND)

/* The issuing CA's certificate: as the signer shows it, or as it was last heard of. */
static GBytes *
find_ca_certificate (Station *station, SignerClient *client, GError **error)
{
  GBytes *known = issuer_ca_certificate (station->issuer);

  if (known != NULL)
    return known;
  if (!issuer_ready (station->issuer, client, deadline_in (ASK_SIGNER_TIME), error))
    return NULL;
  return issuer_ca_certificate (station->issuer);
}

/* ---- how far it is ---- */

typedef struct {
  ApiStation1 *skeleton;
  char *format;
  char *batch;
  guint64 rows;
  guint64 total;
  guint64 checked; /* keys, before the rows; 0 of 0 while rows flow */
  guint64 keys;
} Progress;

typedef struct {
  ApiStation1 *skeleton;
  gboolean new_only;
  gboolean split;
  gboolean check;
  guint most_rows;
  gint64 after;
  char *target;
  const ApiErrand *errand;
  gint64 told_at; /* monotonic */
  guint64 total;
} ExportDetails;

static void
progress_free (gpointer data)
{
  Progress *progress = data;

  g_object_unref (progress->skeleton);
  g_free (progress->format);
  g_free (progress->batch);
  g_free (progress);
}

static gboolean
tell_progress (gpointer data)
{
  const Progress *progress = data;
  GVariantDict record;

  g_variant_dict_init (&record, NULL);
  record_text (&record, "batch", progress->batch);
  record_text (&record, "format", progress->format);
  g_variant_dict_insert (&record, "rows", "t", progress->rows);
  g_variant_dict_insert (&record, "total", "t", progress->total);
  if (progress->keys > 0) {
    g_variant_dict_insert (&record, "keys-checked", "t", progress->checked);
    g_variant_dict_insert (&record, "keys", "t", progress->keys);
  }
  api_tell (progress->skeleton, "ExportProgress", g_variant_dict_end (&record));
  return G_SOURCE_REMOVE;
}

static Progress *
progress_new (const ExportDetails *details)
{
  Progress *progress = g_new0 (Progress, 1);

  progress->skeleton = g_object_ref (details->skeleton);
  progress->format = g_strdup (details->errand->format);
  progress->batch = g_strdup (details->errand->batch);
  return progress;
}

/* From the errand's thread to the main loop, in order. */
static void
post (Progress *progress)
{
  g_idle_add_full (G_PRIORITY_DEFAULT, tell_progress, progress, progress_free);
}

static void
post_progress (const ExportDetails *details, guint64 rows, guint64 total)
{
  Progress *progress = progress_new (details);

  progress->rows = rows;
  progress->total = total;
  post (progress);
}

/* A batch of keys takes its time: each is told. */
static gboolean
handle_keys_checked (guint64 checked, guint64 newest, gpointer data)
{
  Progress *progress = progress_new (data);

  progress->checked = checked;
  progress->keys = newest;
  post (progress);
  return TRUE;
}

static void
handle_progress (guint64 rows, guint64 total, gpointer data)
{
  ExportDetails *details = data;
  const gint64 now = g_get_monotonic_time ();

  details->total = total;
  if (now - details->told_at < PROGRESS_PAUSE)
    return;
  details->told_at = now;
  post_progress (details, rows, total);
}

static const ManifestFormat *
format_named (const char *name)
{
  for (const ManifestFormat *const *format = manifest_formats (); *format != NULL; format++)
    if (g_str_equal ((*format)->name, name))
      return *format;
  return NULL;
}

/* All keys up to now are held against each other first. Units that come meanwhile are the next
 * export's, so that a line that runs on can't hold this one up. */
static gboolean
check_keys (Station *station, ExportDetails *details, KeyState *keys, GError **error)
{
  return ledger_key_state (station->ledger, keys, error)
         && fleet_watch_check (station->fleet, keys->newest, handle_keys_checked, details, error);
}

/* The file is whole, and on record. A signer that is away now can state later what it was. */
static GVariant *
state_export (const ApiErrand *errand, Station *station, SignerClient *client,
              const ManifestSummary *summary)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *missing = NULL;
  g_autoptr (GBytes) statement =
      evidence_statement (station->ledger, station->issuer, client, summary->id, &error);

  if (statement == NULL)
    missing = g_strdup_printf ("The station's signature is missing: %s. `keycradle export "
                               "statement %" G_GINT64_FORMAT "` fetches it later.",
                               error->message, summary->id);
  return record_export (summary, format_named (errand->format), statement, missing);
}

static void
make_export (ApiErrand *errand, Station *station, SignerClient *client, const ManifestOrder *order)
{
  ExportDetails *details = errand->details;
  g_autoptr (ManifestSummary) summary = manifest_export (station->ledger, order, &errand->error);

  if (summary == NULL)
    return;
  post_progress (details, MAX (details->total, summary->rows), MAX (details->total, summary->rows));
  errand->answer = g_variant_ref_sink (state_export (errand, station, client, summary));
}

static void
make_check (ApiErrand *errand, Station *station, const ManifestOrder *order)
{
  g_autoptr (ManifestSummary) summary = manifest_check (station->ledger, order, &errand->error);

  if (summary != NULL)
    errand->answer = g_variant_ref_sink (record_check (summary));
}

static void
work_export (ApiErrand *errand, Station *station, SignerClient *client)
{
  g_autoptr (GBytes) ca = find_ca_certificate (station, client, &errand->error);
  ExportDetails *details = errand->details;
  KeyState keys;

  if (ca == NULL || !check_keys (station, details, &keys, &errand->error))
    return;
  const ManifestOrder order = { .format = errand->format,
                                .batch = errand->batch,
                                .new_only = details->new_only,
                                .target = details->target,
                                .most_rows = details->most_rows,
                                .split = details->split,
                                .after = details->after,
                                .keys = &keys,
                                .ca_certificate = ca,
                                .fd = errand->fd,
                                .actor = errand->actor,
                                .sign = manifest_sign,
                                .sign_data = client,
                                .progress = handle_progress,
                                .data = details };
  if (details->check)
    make_check (errand, station, &order);
  else
    make_export (errand, station, client, &order);
}

/* ---- formats ---- */

static gboolean
add_format (GVariantBuilder *list, const ManifestFormat *format, const ApiErrand *errand,
            Station *station, GError **error)
{
  ExportCount count = { 0 };

  if (errand->batch != NULL
      && !ledger_count_export (station->ledger, errand->batch, format->name, &count, error))
    return FALSE;
  g_variant_builder_add_value (
      list, record_format (format, errand->batch, errand->batch != NULL ? &count : NULL));
  return TRUE;
}

/* Counting takes some milliseconds in a very large batch. */
static void
work_formats (ApiErrand *errand, Station *station, SignerClient *client)
{
  g_auto (GVariantBuilder) list;

  g_variant_builder_init (&list, G_VARIANT_TYPE ("aa{sv}"));
  for (const ManifestFormat *const *format = manifest_formats (); *format != NULL; format++)
    if (!add_format (&list, *format, errand, station, &errand->error))
      return;
  errand->answer = g_variant_ref_sink (g_variant_builder_end (&list));
}

static gboolean
handle_list_formats (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, GVariant *filter,
                     Station *station)
{
  ApiErrand *errand = api_errand_new (invocation, work_formats);

  errand->batch = g_strdup (api_filter_text (filter, "batch"));
  return api_errand_run (errand, station);
}

/* ---- an export ---- */

static void
finish_export (ApiErrand *errand, Station *station)
{
  station_status_changed (station);
}

/* Where the signer does not answer, a signed manifest is told to be unverified. */
static void
work_verify (ApiErrand *errand, Station *station, SignerClient *client)
{
  g_autoptr (SignerStatus) status =
      issuer_status (station->issuer, client, deadline_in (ASK_SIGNER_TIME), NULL);
  g_autoptr (ManifestVerdict) verdict = manifest_verify (
      station->ledger, errand->fd, status != NULL ? status->station : NULL, &errand->error);

  if (verdict != NULL)
    errand->answer = g_variant_ref_sink (record_verdict (verdict));
}

static void
export_details_free (gpointer data)
{
  ExportDetails *details = data;

  g_free (details->target);
  g_free (details);
}

static void
take_options (ExportDetails *details, GVariant *options)
{
  g_variant_lookup (options, "new-only", "b", &details->new_only);
  g_variant_lookup (options, "target", "s", &details->target);
  g_variant_lookup (options, "split", "b", &details->split);
  g_variant_lookup (options, "most-rows", "u", &details->most_rows);
  g_variant_lookup (options, "after", "x", &details->after);
  g_variant_lookup (options, "check", "b", &details->check);
}

static gboolean
handle_export (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, GUnixFDList *descriptors,
               const char *format, const char *batch, GVariant *options, GVariant *output,
               Station *station)
{
  static const ApiOption known[] = { { "new-only", "b" },
                                     { "target", "s" },
                                     { "split", "b" },
                                     { "most-rows", "u" },
                                     { "after", "x" },
                                     { "check", "b" },
                                     { 0 } };
  g_autoptr (GError) error = NULL;
  ExportDetails *details;
  ApiErrand *errand;

  if (!api_check_options (options, known, "an export", &error))
    return api_refuse (invocation, error);
  errand = api_errand_new (invocation, work_export);
  details = g_new0 (ExportDetails, 1);
  details->skeleton = skeleton;
  details->errand = errand;
  take_options (details, options);
  errand->details = details;
  errand->free_details = export_details_free;
  errand->format = g_strdup (format);
  errand->batch = g_strdup (batch);
  errand->finish = finish_export;
  return api_errand_run_with_descriptor (errand, descriptors, output, station);
}

static gboolean
handle_confirm_export (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, gint64 id,
                       Station *station)
{
  g_autoptr (GError) error = NULL;

  if (!ledger_confirm_export (station->ledger, id, api_actor (invocation), &error))
    return api_refuse (invocation, error);
  station_status_changed (station);
  return api_return_nothing (invocation);
}

static GVariant *
make_export_line (gconstpointer item)
{
  return record_export_line (item);
}

static gboolean
handle_list_exports (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, GVariant *filter,
                     Station *station)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) exports = ledger_exports (
      station->ledger, api_filter_text (filter, "batch"), api_limit (filter), &error);

  if (exports == NULL)
    return api_refuse (invocation, error);
  return api_return (invocation, record_list (exports, make_export_line));
}

static gboolean
handle_verify_manifest (ApiStation1 *skeleton, GDBusMethodInvocation *invocation,
                        GUnixFDList *descriptors, GVariant *input, Station *station)
{
  return api_errand_run_with_descriptor (api_errand_new (invocation, work_verify), descriptors,
                                         input, station);
}

void
api_connect_exports (ApiStation1 *skeleton, Station *station)
{
  g_signal_connect (skeleton, "handle-export", G_CALLBACK (handle_export), station);
  g_signal_connect (skeleton, "handle-list-formats", G_CALLBACK (handle_list_formats), station);
  g_signal_connect (skeleton, "handle-confirm-export", G_CALLBACK (handle_confirm_export), station);
  g_signal_connect (skeleton, "handle-list-exports", G_CALLBACK (handle_list_exports), station);
  g_signal_connect (skeleton, "handle-verify-manifest", G_CALLBACK (handle_verify_manifest),
                    station);
}

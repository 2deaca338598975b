/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Manifests out and back in. The client opens the file; the bytes flow in a thread.
 */
#include <gio/gunixfdlist.h>

#include "station/api-private.h"

#define ASK_SIGNER_TIME 3000 /* milliseconds */

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

static void
work_export (ApiErrand *errand, Station *station, SignerClient *client)
{
  g_autoptr (GBytes) ca = find_ca_certificate (station, client, &errand->error);
  g_autoptr (ManifestSummary) summary = NULL;
  g_autofree char *template = NULL;

  if (ca == NULL)
    return;
  const ManifestOrder order = { .format = errand->format,
                                .batch = errand->batch,
                                .ca_certificate = ca,
                                .fd = errand->fd,
                                .actor = errand->actor };
  summary = manifest_export (station->ledger, &order, &errand->error);
  if (summary == NULL)
    return;
  if (g_str_equal (errand->format, "aws")) {
    template = manifest_aws_template (NULL, &errand->error);
    if (template == NULL)
      return;
  }
  errand->answer = g_variant_ref_sink (record_export (summary, template));
}

static void
work_verify (ApiErrand *errand, Station *station, SignerClient *client)
{
  g_autoptr (ManifestVerdict) verdict =
      manifest_verify (station->ledger, errand->fd, &errand->error);

  if (verdict != NULL)
    errand->answer = g_variant_ref_sink (record_verdict (verdict));
}

/* The descriptor that the handle of the message stands for, ours to close; -1 with error. */
static int
take_descriptor (GUnixFDList *descriptors, GVariant *handle, GError **error)
{
  const gint32 index = g_variant_get_handle (handle);

  if (descriptors != NULL && index >= 0 && index < g_unix_fd_list_get_length (descriptors))
    return g_unix_fd_list_get (descriptors, index, error);
  g_set_error_literal (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
                       "the message carries no open file");
  return -1;
}

static gboolean
run_with_descriptor (ApiErrand *errand, GUnixFDList *descriptors, GVariant *handle,
                     Station *station)
{
  errand->fd = take_descriptor (descriptors, handle, &errand->error);
  return errand->fd >= 0 ? api_errand_run (errand, station) : api_errand_answer (errand, station);
}

static gboolean
handle_export (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, GUnixFDList *descriptors,
               const char *format, const char *batch, GVariant *options, GVariant *output,
               Station *station)
{
  ApiErrand *errand = api_errand_new (invocation, work_export);

  errand->format = g_strdup (format);
  errand->batch = g_strdup (batch);
  return run_with_descriptor (errand, descriptors, output, station);
}

static gboolean
handle_verify_manifest (ApiStation1 *skeleton, GDBusMethodInvocation *invocation,
                        GUnixFDList *descriptors, GVariant *input, Station *station)
{
  return run_with_descriptor (api_errand_new (invocation, work_verify), descriptors, input,
                              station);
}

void
api_connect_exports (ApiStation1 *skeleton, Station *station)
{
  g_signal_connect (skeleton, "handle-export", G_CALLBACK (handle_export), station);
  g_signal_connect (skeleton, "handle-verify-manifest", G_CALLBACK (handle_verify_manifest),
                    station);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See rehearse-station.h. Connections ask from threads of their own; the main loop connects again
 * where the daemon was restarted, so that a rehearsal stands for a whole shift.
 */
#include "station/cli/rehearse-station.h"

#include <string.h>

#include "base/encode.h"
#include "station/cli/output.h"
#include "station/rehearse/shown.h"

#define ASK_MILLISECONDS 10000
#define LOOK_SECONDS 1u

struct RehearseStation {
  Cli *cli;
  char *target;
  char *endpoint;
  gboolean demands_signer;
  GMutex lock;
  ApiStation1 *api; /* the lock's */
  guint look;
};

/* ---- the connection ---- */

static ApiStation1 *
take_api (RehearseStation *station)
{
  g_mutex_lock (&station->lock);
  ApiStation1 *api = g_object_ref (station->api);
  g_mutex_unlock (&station->lock);
  return api;
}

static void
put_api (RehearseStation *station, ApiStation1 *api)
{
  g_dbus_proxy_set_default_timeout (G_DBUS_PROXY (api), ASK_MILLISECONDS);
  g_mutex_lock (&station->lock);
  g_set_object (&station->api, api);
  g_mutex_unlock (&station->lock);
}

static gboolean
look_after (gpointer data)
{
  RehearseStation *station = data;
  /* only the main loop changes it, so no lock is needed to read it here */
  GDBusConnection *connection = g_dbus_proxy_get_connection (G_DBUS_PROXY (station->api));

  if (g_dbus_connection_is_closed (connection) && cli_connect (station->cli, NULL))
    put_api (station, station->cli->api);
  return G_SOURCE_CONTINUE;
}

static GVariant *
find_target (Cli *cli, const char *name, GError **error)
{
  g_autoptr (GVariant) targets = NULL;

  if (!api_station1_call_list_targets_sync (cli->api, &targets, NULL, error))
    return NULL;
  for (gsize i = 0; i < g_variant_n_children (targets); i++) {
    g_autoptr (GVariant) target = g_variant_get_child_value (targets, i);
    g_autofree char *own = record_text (target, "name");
    if (g_str_equal (own, name))
      return g_steal_pointer (&target);
  }
  g_set_error (error, CLI_ERROR, CLI_NOT_FOUND,
               "There is no target %s; 'keycradle target list' names those there are.", name);
  return NULL;
}

/* Modes with a CA: docs/registry.md. */
static gboolean
mode_demands_signer (const char *mode)
{
  return g_str_equal (mode, "registered-ca") || g_str_equal (mode, "sni-only");
}

RehearseStation *
rehearse_station_open (Cli *cli, const char *target, GError **error)
{
  g_autoptr (RehearseStation) station = NULL;
  g_autoptr (GVariant) record = NULL;
  g_autofree char *mode = NULL;

  if (!cli_connect (cli, error))
    return NULL;
  if (target != NULL && (record = find_target (cli, target, error)) == NULL)
    return NULL;
  mode = record != NULL ? record_text (record, "mode") : g_strdup ("");
  station = g_new0 (RehearseStation, 1);
  g_mutex_init (&station->lock);
  station->cli = cli;
  station->target = g_strdup (target);
  station->endpoint = record != NULL ? record_text (record, "endpoint") : g_strdup ("");
  station->demands_signer = target == NULL || mode_demands_signer (mode);
  put_api (station, cli->api);
  station->look = g_timeout_add_seconds (LOOK_SECONDS, look_after, station);
  return g_steal_pointer (&station);
}

void
rehearse_station_close (RehearseStation *station)
{
  g_source_remove (station->look);
  g_clear_object (&station->api);
  g_mutex_clear (&station->lock);
  g_free (station->target);
  g_free (station->endpoint);
  g_free (station);
}

const char *
rehearse_station_endpoint (const RehearseStation *station)
{
  return station->endpoint;
}

/* ---- asking ---- */

static gboolean
is_not_found (const GError *error)
{
  g_autofree char *name =
      g_dbus_error_is_remote_error (error) ? g_dbus_error_get_remote_error (error) : NULL;

  return g_strcmp0 (name, "org.keycradle.Error.NotFound") == 0;
}

static void
set_problem (Known *known, GError *error)
{
  g_dbus_error_strip_remote_error (error);
  g_free (known->problem);
  known->problem = g_strdup (error->message);
}

/* What the ledger knows of it. FALSE where it could not be asked. */
static gboolean
ask_ledger (ApiStation1 *api, const Shown *shown, Known *known, char **issuer)
{
  g_autoptr (GVariant) record = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *state = NULL;

  if (!api_station1_call_get_certificate_sync (api, shown->sha256, &record, NULL, &error)) {
    if (is_not_found (error))
      return TRUE;
    set_problem (known, error);
    return FALSE;
  }
  state = record_text (record, "state");
  known->found = TRUE;
  known->device = record_text (record, "device");
  known->batch = record_text (record, "batch");
  known->void_reason = record_text (record, "void-reason");
  known->is_void = g_str_equal (state, "void");
  known->verified = g_str_equal (state, "verified");
  *issuer = record_text (record, "issuer");
  return TRUE;
}

static gboolean
ask_registration (ApiStation1 *api, const RehearseStation *station, const Shown *shown,
                  Known *known, char **authority)
{
  GVariant *filter = g_variant_new_parsed ("{'target': <%s>, 'sha256': <%s>, 'limit': <@u 1>}",
                                           station->target, shown->sha256);
  g_autoptr (GVariant) records = NULL;
  g_autoptr (GVariant) record = NULL;
  g_autoptr (GError) error = NULL;

  if (!api_station1_call_list_registrations_sync (api, filter, &records, NULL, NULL, &error)) {
    set_problem (known, error);
    return FALSE;
  }
  if (g_variant_n_children (records) == 0) {
    known->status = g_strdup ("none");
    return TRUE;
  }
  record = g_variant_get_child_value (records, 0);
  known->status = record_text (record, "status");
  *authority = record_text (record, "ca");
  return TRUE;
}

/* The status of the CA in the target: found by the name that the registration has, else by what the
 * certificate names. */
static gboolean
ask_authorities (ApiStation1 *api, const RehearseStation *station, const char *name,
                 const char *issuer, Known *known)
{
  GVariant *filter = g_variant_new_parsed ("{'target': <%s>}", station->target);
  g_autoptr (GVariant) records = NULL;
  g_autoptr (GError) error = NULL;

  if (!api_station1_call_list_authorities_sync (api, filter, &records, NULL, &error)) {
    set_problem (known, error);
    return FALSE;
  }
  known->signer_status = g_strdup ("none");
  for (gsize i = 0; i < g_variant_n_children (records); i++) {
    g_autoptr (GVariant) record = g_variant_get_child_value (records, i);
    g_autofree char *own = record_text (record, "name");
    g_autofree char *subject = record_text (record, "subject");
    if (g_strcmp0 (own, name) != 0 && g_strcmp0 (subject, issuer) != 0)
      continue;
    g_free (known->signer_status);
    known->signer_status = record_text (record, "status");
    return TRUE;
  }
  return TRUE;
}

/* TRUE where the first certificate of a CA's chain signed it. */
static gboolean
is_signed_by (const Shown *shown, GVariant *authority)
{
  const char **chain = NULL;
  gboolean fits = FALSE;

  if (g_variant_lookup (authority, "chain", "^a&s", &chain) && chain[0] != NULL) {
    g_autoptr (GBytes) der = pem_decode (chain[0], "CERTIFICATE", NULL);
    fits = der != NULL && certificate_signed_by (shown->der, der);
  }
  g_free (chain);
  return fits;
}

/* Of what the ledger does not know: whether it is one of this station's CAs all the same. */
static void
ask_signers (ApiStation1 *api, const Shown *shown, Known *known)
{
  g_autoptr (GVariant) status = NULL;
  g_autoptr (GVariant) authorities = NULL;
  g_autoptr (GError) error = NULL;

  if (!api_station1_call_get_ca_status_sync (api, &status, NULL, &error)) {
    set_problem (known, error);
    return;
  }
  authorities = g_variant_lookup_value (status, "cas", G_VARIANT_TYPE ("aa{sv}"));
  for (gsize i = 0; authorities != NULL && i < g_variant_n_children (authorities); i++) {
    g_autoptr (GVariant) authority = g_variant_get_child_value (authorities, i);
    if (is_signed_by (shown, authority)) {
      known->signer = record_text (authority, "name");
      return;
    }
  }
}

static void
ask (gpointer data, const Shown *shown, Known *known)
{
  RehearseStation *station = data;
  g_autoptr (ApiStation1) api = take_api (station);
  g_autofree char *issuer = NULL;
  g_autofree char *authority = NULL;

  known->demands_signer = station->demands_signer;
  if (!ask_ledger (api, shown, known, &issuer))
    return;
  if (!known->found) {
    ask_signers (api, shown, known);
    return;
  }
  if (station->target != NULL && !ask_registration (api, station, shown, known, &authority))
    return;
  if (station->target != NULL && station->demands_signer
      && !ask_authorities (api, station, authority, issuer, known))
    return;
  /* the ledger holds nothing but what the station's own CAs signed */
  known->signer =
      authority != NULL && *authority != '\0' ? g_strdup (authority) : g_strdup (issuer);
}

RehearsalRegistry
rehearse_station_registry (RehearseStation *station)
{
  return (RehearsalRegistry){ station, ask };
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who hears which signal. A client that shows the line all day hears what it shows; nobody pays for
 * what nobody hears.
 */
#include "base/names.h"
#include "station/api-peer.h"
#include "station/api-private.h"

static GList *
connections_of (ApiStation1 *skeleton)
{
  return g_dbus_interface_skeleton_get_connections (G_DBUS_INTERFACE_SKELETON (skeleton));
}

gboolean
api_is_heard (ApiStation1 *skeleton, const char *signal)
{
  GList *connections = connections_of (skeleton);
  gboolean heard = FALSE;

  for (const GList *link = connections; link != NULL && !heard; link = link->next)
    heard = api_peer_hears (api_peer_of (link->data), signal);
  g_list_free_full (connections, g_object_unref);
  return heard;
}

void
api_tell (ApiStation1 *skeleton, const char *signal, GVariant *value)
{
  g_autoptr (GVariant) parameters = g_variant_ref_sink (g_variant_new_tuple (&value, 1));
  GList *connections = connections_of (skeleton);

  for (const GList *link = connections; link != NULL; link = link->next)
    if (api_peer_hears (api_peer_of (link->data), signal))
      g_dbus_connection_emit_signal (link->data, NULL, STATION_OBJECT_PATH, STATION_INTERFACE,
                                     signal, parameters, NULL);
  g_list_free_full (connections, g_object_unref);
}

static const char *
unknown_signal (const char *const *signals)
{
  for (; *signals != NULL; signals++)
    if (g_dbus_interface_info_lookup_signal (api_station1_interface_info (), *signals) == NULL)
      return *signals;
  return NULL;
}

static gboolean
handle_listen (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, const char *const *signals,
               Station *station)
{
  GDBusConnection *connection = g_dbus_method_invocation_get_connection (invocation);
  const char *unknown = unknown_signal (signals);

  if (unknown != NULL)
    return api_refuse_text (invocation, "Invalid", "there is no signal \"%s\" to listen to",
                            unknown);
  api_peer_listen (api_peer_of (connection), signals);
  return api_return_nothing (invocation);
}

void
api_connect_telling (ApiStation1 *skeleton, Station *station)
{
  g_signal_connect (skeleton, "handle-listen", G_CALLBACK (handle_listen), station);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See api.h. One skeleton is exported on every connection; what is told goes to those of them that
 * hear it. Who may connect is asked in GDBus's own thread, who may call a method in another;
 * neither touches the station.
 */
#include "station/api.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <gio/gunixcredentialsmessage.h>
#include <glib/gstdio.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/names.h"
#include "base/station-socket.h"
#include "ca/proof/statement.h"
#include "station/api-approvals.h"
#include "station/api-peer.h"
#include "station/api-private.h"
#include "station/api-signals.h"
#include "station/log.h"

struct Api {
  Station *station;
  GDBusServer *server;
  GDBusAuthObserver *observer;
  ApiStation1 *skeleton;
  ApiSignals *signals;
  GPtrArray *connections; /* of GDBusConnection */
  int lock;               /* beside the socket: who holds it may replace the socket */
};

/* ---- who is there ---- */

/* uid and gid as the kernel vouches for them. */
static gboolean
peer_of (GCredentials *credentials, uid_t *uid, gid_t *gid)
{
  const struct ucred *native =
      credentials != NULL ? g_credentials_get_native (credentials, G_CREDENTIALS_TYPE_LINUX_UCRED)
                          : NULL;

  if (native == NULL)
    return FALSE;
  *uid = native->uid;
  *gid = native->gid;
  return TRUE;
}

static Role
role_of (const Config *config, GCredentials *credentials)
{
  uid_t uid;
  gid_t gid;

  return peer_of (credentials, &uid, &gid) ? role_of_peer (config, uid, gid) : ROLE_NONE;
}

static gboolean
handle_mechanism (GDBusAuthObserver *observer, const char *mechanism, gpointer data)
{
  return g_str_equal (mechanism, "EXTERNAL");
}

static gboolean
handle_authorize_peer (GDBusAuthObserver *observer, GIOStream *stream, GCredentials *credentials,
                       gpointer data)
{
  const Api *api = data;

  if (role_of (api->station->config, credentials) != ROLE_NONE)
    return TRUE;
  log_station (G_LOG_LEVEL_WARNING, "a user without a role was turned away from the socket");
  return FALSE;
}

/* What the arguments of a call may take, in bytes; a bus message may have 128 MiB. */
#define ARGUMENTS_MOST (2u << 20)

static const struct {
  const char *method;
  gsize most;
} larger_or_smaller[] = {
  { "LoadTicket", STATEMENT_MOST }, { "RunChecks", 64u << 20 }, /* other CAs' revocation lists */
};

static gboolean
check_size (GDBusMethodInvocation *invocation)
{
  const char *method = g_dbus_method_invocation_get_method_name (invocation);
  const gsize size = g_variant_get_size (g_dbus_method_invocation_get_parameters (invocation));
  gsize most = ARGUMENTS_MOST;

  for (guint i = 0; i < G_N_ELEMENTS (larger_or_smaller); i++)
    if (g_str_equal (method, larger_or_smaller[i].method))
      most = larger_or_smaller[i].most;
  if (size <= most)
    return TRUE;
  api_refuse_text (invocation, "Invalid",
                   "%s takes up to %" G_GSIZE_FORMAT " bytes, and got %" G_GSIZE_FORMAT ".", method,
                   most, size);
  return FALSE;
}

static gboolean
handle_authorize_method (GDBusInterfaceSkeleton *skeleton, GDBusMethodInvocation *invocation,
                         gpointer data)
{
  const Api *api = data;

  return api_peer_may_call (invocation, api->station->config) && check_size (invocation)
         && api_approvals_let_pass (invocation, api->station);
}

/* ---- connections ---- */

static void
handle_closed (GDBusConnection *connection, gboolean vanished, GError *error, gpointer data)
{
  Api *api = data;

  g_dbus_interface_skeleton_unexport_from_connection (G_DBUS_INTERFACE_SKELETON (api->skeleton),
                                                      connection);
  g_ptr_array_remove (api->connections, connection);
}

static void
remember_peer (Api *api, GDBusConnection *connection)
{
  GCredentials *credentials = g_dbus_connection_get_peer_credentials (connection);
  uid_t uid = (uid_t)-1;
  gid_t gid;

  peer_of (credentials, &uid, &gid);
  api_peer_attach (connection, api->station, role_of (api->station->config, credentials),
                   peer_name (uid));
}

static gboolean
handle_new_connection (GDBusServer *server, GDBusConnection *connection, gpointer data)
{
  Api *api = data;
  g_autoptr (GError) error = NULL;

  remember_peer (api, connection);
  if (api_bus_register (connection, &error) == 0
      || !g_dbus_interface_skeleton_export (G_DBUS_INTERFACE_SKELETON (api->skeleton), connection,
                                            STATION_OBJECT_PATH, &error))
  {
    log_station (G_LOG_LEVEL_WARNING, "a client can't be served: %s", error->message);
    return FALSE;
  }
  g_ptr_array_add (api->connections, g_object_ref (connection));
  g_signal_connect (connection, "closed", G_CALLBACK (handle_closed), api);
  return TRUE;
}

/* ---- the socket ---- */

static gboolean
make_folder (const char *path, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);

  if (g_mkdir_with_parents (folder, 0755) == 0)
    return TRUE;
  g_set_error (error, G_FILE_ERROR, (int)g_file_error_from_errno (errno),
               "the folder %s can't be made: %s", folder, g_strerror (errno));
  return FALSE;
}

static gboolean
take_lock (Api *api, const char *path, GError **error)
{
  g_autofree char *lock = g_strconcat (path, ".lock", NULL);

  api->lock = g_open (lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (api->lock >= 0 && flock (api->lock, LOCK_EX | LOCK_NB) == 0)
    return TRUE;
  g_set_error (error, G_FILE_ERROR, (int)g_file_error_from_errno (errno), "%s: %s", lock,
               errno == EWOULDBLOCK ? "another keycradled serves this socket" : g_strerror (errno));
  return FALSE;
}

static gboolean
start_server (Api *api, const char *path, GError **error)
{
  g_autofree char *address = station_socket_address (path);
  g_autofree char *guid = g_dbus_generate_guid ();

  if (!make_folder (path, error) || !take_lock (api, path, error))
    return FALSE;
  g_unlink (path);
  api->server =
      g_dbus_server_new_sync (address, G_DBUS_SERVER_FLAGS_NONE, guid, api->observer, NULL, error);
  if (api->server == NULL) {
    g_prefix_error (error, "the socket %s can't be made: ", path);
    return FALSE;
  }
  /* Everybody may knock; the peer's credentials decide. */
  g_chmod (path, 0666);
  g_signal_connect (api->server, "new-connection", G_CALLBACK (handle_new_connection), api);
  g_dbus_server_start (api->server);
  return TRUE;
}

static void
connect_methods (Api *api)
{
  Station *station = api->station;

  g_signal_connect (api->skeleton, "g-authorize-method", G_CALLBACK (handle_authorize_method), api);
  api_connect_slots (api->skeleton, station);
  api_connect_ports (api->skeleton, station);
  api_connect_batches (api->skeleton, station);
  api_connect_renewal (api->skeleton, station);
  api_connect_records (api->skeleton, station);
  api_connect_status (api->skeleton, station);
  api_connect_telling (api->skeleton, station);
  api_connect_ca (api->skeleton, station);
  api_connect_approvals (api->skeleton, station);
  api_connect_evidence (api->skeleton, station);
  api_connect_exports (api->skeleton, station);
  api_connect_targets (api->skeleton, station);
  api_connect_registry (api->skeleton, station);
  api_connect_operations (api->skeleton, station);
  api_connect_collecting (api->skeleton, station);
  api_connect_checks (api->skeleton, station);
  api_connect_people (api->skeleton, station, api->connections);
}

Api *
api_new (Station *station, GError **error)
{
  g_autoptr (Api) api = g_new0 (Api, 1);

  api->station = station;
  api->lock = -1;
  api->connections = g_ptr_array_new_with_free_func (g_object_unref);
  api->observer = g_dbus_auth_observer_new ();
  g_signal_connect (api->observer, "allow-mechanism", G_CALLBACK (handle_mechanism), NULL);
  g_signal_connect (api->observer, "authorize-authenticated-peer",
                    G_CALLBACK (handle_authorize_peer), api);
  api->skeleton = api_station1_skeleton_new ();
  api->signals = api_signals_new (api->skeleton, station, api->connections);
  connect_methods (api);
  if (!start_server (api, station->config->socket, error))
    return NULL;
  return g_steal_pointer (&api);
}

static void
drop_connections (Api *api)
{
  for (guint i = 0; i < api->connections->len; i++) {
    GDBusConnection *connection = g_ptr_array_index (api->connections, i);

    g_signal_handlers_disconnect_by_data (connection, api);
    g_dbus_connection_flush_sync (connection, NULL, NULL);
    g_dbus_connection_close_sync (connection, NULL, NULL);
  }
  g_ptr_array_unref (api->connections);
}

void
api_free (Api *api)
{
  if (api == NULL)
    return;
  api_signals_free (api->signals);
  if (api->server != NULL) {
    g_dbus_server_stop (api->server);
    g_object_unref (api->server);
    g_unlink (api->station->config->socket);
  }
  if (api->lock >= 0)
    close (api->lock);
  drop_connections (api);
  g_clear_object (&api->skeleton);
  g_clear_object (&api->observer);
  g_free (api);
}

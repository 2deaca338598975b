/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See station-socket.h.
 */
#include "base/station-socket.h"

#include <unistd.h>

#include "base/names.h"

#define SCREEN_FILE "screen.conf"
#define COURIER_FILE "courier.conf"

const char *
station_config_path (const char *option)
{
  const char *environment = g_getenv ("KEYCRADLE_CONFIG");

  if (option != NULL)
    return option;
  return environment != NULL ? environment : DEFAULT_CONFIG_PATH;
}

char *
station_socket_path (const char *socket, const char *config)
{
  const char *environment = g_getenv ("KEYCRADLE_SOCKET");
  g_autoptr (GKeyFile) file = g_key_file_new ();
  char *configured;

  if (socket != NULL)
    return g_strdup (socket);
  if (environment != NULL && config == NULL)
    return g_strdup (environment);

  /* an unreadable file is for 'config check' and 'doctor' to say */
  g_key_file_load_from_file (file, station_config_path (config), G_KEY_FILE_NONE, NULL);
  configured = g_key_file_get_string (file, "station", "Socket", NULL);
  return configured != NULL ? configured : g_strdup (DEFAULT_STATION_SOCKET);
}

static char *
beside_config (const char *config, const char *name)
{
  g_autofree char *folder = g_path_get_dirname (station_config_path (config));

  return g_build_filename (folder, name, NULL);
}

char *
station_screen_path (const char *config)
{
  return beside_config (config, SCREEN_FILE);
}

char *
station_courier_path (const char *config)
{
  return beside_config (config, COURIER_FILE);
}

char *
station_socket_address (const char *socket)
{
  g_autofree char *escaped = g_dbus_address_escape_value (socket);

  return g_strconcat ("unix:path=", escaped, NULL);
}

StationSilence
station_silence (const GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    return STATION_ABSENT;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED))
    return STATION_STOPPED;
  /* the second: so many knock that the socket takes no more of them */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return STATION_HANGS;
  /* The daemon hangs up on users without a role before it hears a word; on root it never does. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED) || geteuid () != 0)
    return STATION_REFUSES;
  return STATION_SILENT;
}

/* ---- connecting ---- */

/* A daemon that hangs must not hang us: connecting has a deadline, GDBus itself has none. */
typedef struct {
  GMainLoop *loop;
  GCancellable *cancellable;
  GDBusConnection *connection;
  GError *error;
} Connecting;

static void
connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Connecting *connecting = user_data;

  connecting->connection = g_dbus_connection_new_for_address_finish (result, &connecting->error);
  g_main_loop_quit (connecting->loop);
}

static gboolean
connecting_took_too_long (gpointer user_data)
{
  Connecting *connecting = user_data;

  g_cancellable_cancel (connecting->cancellable);
  return G_SOURCE_REMOVE;
}

GDBusConnection *
station_connect (const char *socket, guint milliseconds, GError **error)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autofree char *address = station_socket_address (socket);
  Connecting connecting = { loop, cancellable, NULL, NULL };
  g_autoptr (GSource) timeout = g_timeout_source_new (milliseconds);

  g_source_set_callback (timeout, connecting_took_too_long, &connecting, NULL);
  g_source_attach (timeout, NULL);
  g_dbus_connection_new_for_address (address, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT, NULL,
                                     cancellable, connected, &connecting);
  g_main_loop_run (loop);
  g_source_destroy (timeout);
  if (connecting.error != NULL)
    g_propagate_error (error, connecting.error);
  return connecting.connection;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * To the daemon: where its socket is, and what to type when nobody answers there.
 */
#include "station/cli/cli.h"

#include "base/names.h"
#include "base/station-socket.h"

#define CONNECT_MILLISECONDS 5000

const char *
cli_config_path (const Cli *cli)
{
  return station_config_path (cli->options.config);
}

char *
cli_socket_path (const Cli *cli)
{
  return station_socket_path (cli->options.socket, cli->options.config);
}

/* What to type to start the daemon that the configuration speaks of. */
static char *
start_command (const Cli *cli)
{
  g_autoptr (GKeyFile) config = g_key_file_new ();
  g_autofree char *mode = NULL;

  if (g_key_file_load_from_file (config, cli_config_path (cli), G_KEY_FILE_NONE, NULL))
    mode = g_key_file_get_string (config, "station", "Mode", NULL);
  if (g_strcmp0 (mode, "demo") == 0)
    return g_strdup_printf ("keycradled --config %s", cli_config_path (cli));
  return g_strdup ("systemctl start keycradled");
}

static void
set_connect_error (const Cli *cli, const char *path, const GError *problem, GError **error)
{
  g_autofree char *command = start_command (cli);

  switch (station_silence (problem)) {
  case STATION_REFUSES:
    g_set_error (error, CLI_ERROR, CLI_NOT_PERMITTED,
                 "You may not talk to keycradled at %s: your user must be in one of the groups "
                 "keycradle-auditor, -operator or -supervisor; 'keycradle doctor' tells more.",
                 path);
    return;
  case STATION_ABSENT:
    g_set_error (error, CLI_ERROR, CLI_UNREACHABLE,
                 "keycradled is not running: there is no %s. Start it with '%s', or name its "
                 "socket or configuration with --socket or --config.",
                 path, command);
    return;
  case STATION_STOPPED:
    g_set_error (error, CLI_ERROR, CLI_UNREACHABLE,
                 "keycradled has stopped: nobody answers at %s. Start it with '%s'.", path,
                 command);
    return;
  case STATION_HANGS:
    g_set_error (error, CLI_ERROR, CLI_UNREACHABLE,
                 "keycradled hangs: it took the call at %s and says nothing. 'keycradle doctor' "
                 "looks for the reason.",
                 path);
    return;
  case STATION_SILENT:
    g_set_error (error, CLI_ERROR, CLI_UNREACHABLE,
                 "keycradled does not answer at %s: %s. 'keycradle doctor' looks for the reason.",
                 path, problem->message);
    return;
  }
}

gboolean
cli_connect (Cli *cli, GError **error)
{
  g_autofree char *path = cli_socket_path (cli);
  g_autoptr (GError) problem = NULL;
  g_autoptr (GDBusConnection) connection = station_connect (
      path, cli->impatience == 0 ? CONNECT_MILLISECONDS : cli->impatience, &problem);

  if (connection == NULL) {
    set_connect_error (cli, path, problem, error);
    return FALSE;
  }
  g_clear_object (&cli->api);
  cli->api = api_station1_proxy_new_sync (connection, G_DBUS_PROXY_FLAGS_DO_NOT_LOAD_PROPERTIES,
                                          NULL, STATION_OBJECT_PATH, NULL, error);
  if (cli->api != NULL && cli->impatience != 0)
    g_dbus_proxy_set_default_timeout (G_DBUS_PROXY (cli->api), (int)cli->impatience);
  return cli->api != NULL;
}

void
cli_wait_forever (Cli *cli)
{
  g_dbus_proxy_set_default_timeout (G_DBUS_PROXY (cli->api), G_MAXINT);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See station-socket.h.
 */
#include "base/station-socket.h"

#include <unistd.h>

#include "base/names.h"

#define SCREEN_FILE "screen.conf"

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

char *
station_screen_path (const char *config)
{
  g_autofree char *folder = g_path_get_dirname (station_config_path (config));

  return g_build_filename (folder, SCREEN_FILE, NULL);
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

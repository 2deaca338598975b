/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See station-socket.h.
 */
#include "base/station-socket.h"

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

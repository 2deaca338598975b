/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where the daemon's clients find it: the same for each of them.
 */
#pragma once

#include <gio/gio.h>

/* The configuration that a client means: `option` (what --config said, or NULL), KEYCRADLE_CONFIG,
 * or the usual place. */
const char *station_config_path (const char *option);

/* The daemon's socket: `socket` (what --socket said), KEYCRADLE_SOCKET unless `config` (what
 * --config said) speaks of another station, what the configuration says, or the usual place. Free
 * with g_free(). */
char *station_socket_path (const char *socket, const char *config);

/* How a screen of that station behaves: screen.conf beside its configuration. Free with
 * g_free(). */
char *station_screen_path (const char *config);

/* How that station's courier reaches the clouds: courier.conf beside its configuration. Free with
 * g_free(). */
char *station_courier_path (const char *config);

/* A socket's path as GDBus wants it. Free with g_free(). */
char *station_socket_address (const char *socket);

/* Why nobody could be talked to at a socket. */
typedef enum {
  STATION_REFUSES, /* the user has no role there */
  STATION_ABSENT,  /* there is no socket */
  STATION_STOPPED, /* nobody listens to it */
  STATION_HANGS,   /* the call was taken, and nothing said for so long that it was cancelled */
  STATION_SILENT,  /* something else: the error's own message tells */
} StationSilence;

/* What an error of g_dbus_connection_new_for_address() means. */
StationSilence station_silence (const GError *error);

/* Connects to the daemon at `socket`. A daemon that hangs does not hang us: after so many
 * milliseconds it is given up, G_IO_ERROR_CANCELLED; station_silence() tells what an error means.
 */
GDBusConnection *station_connect (const char *socket, guint milliseconds, GError **error);

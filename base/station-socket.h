/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where the daemon's clients find it: the same for each of them.
 */
#pragma once

#include <glib.h>

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

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Well-known strings, once.
 */
#pragma once

/* Every demo CA carries this as the organisation of its subject; production mode
 * refuses a CA that has it anywhere in its subject. */
#define DEMO_CA_MARK "TEST - NOT FOR PRODUCTION"

#define DEFAULT_CONFIG_PATH "/etc/keycradle/keycradle.conf"
#define DEFAULT_STATION_SOCKET "/run/keycradle/station.sock"
#define DEFAULT_SIGNER_SOCKET "/run/keycradle-signer/signer.sock"
#define DEFAULT_STATE_FOLDER "/var/lib/keycradle"
#define DEFAULT_SIGNER_FOLDER "/var/lib/keycradle-signer"
#define DEFAULT_PROFILE_FOLDER "/etc/keycradle/profiles.d"
#define DEFAULT_MATCH_FOLDER "/etc/keycradle/match.d"

#define STATION_BUS_NAME "org.keycradle.Station"
#define STATION_OBJECT_PATH "/org/keycradle/Station1"
#define STATION_INTERFACE "org.keycradle.Station1"

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * org.keycradle.Station1 on the daemon's own Unix socket, without a bus: any number of clients,
 * one object, roles by peer credentials.
 */
#pragma once

#include "station/station.h"

typedef struct Api Api;

/* Listens on the configured socket; a stale one is removed, under the lock that
 * stands beside it. `station` is borrowed, and gets the API as its listener. */
Api *api_new (Station *station, GError **error);

/* Closes all connections and removes the socket. */
void api_free (Api *api);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Api, api_free)

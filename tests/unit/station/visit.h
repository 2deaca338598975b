/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A whole station with its API on a real socket, and clients that visit it. The station runs on the
 * main loop as in the daemon; the client of each test runs in a thread.
 */
#pragma once

#include "rig.h"
#include "station/station-api.h"
#include "station/station.h"

extern Rig *rig;
extern Station *station;
extern char *address; /* of the socket */

/* DualControl= of the configuration that the fixture writes. */
extern const char *visit_dual_control;

/* The fixture of each test. */
void visit_set_up (void);
void visit_tear_down (void);

/* The configuration that the station has, read anew. */
Config *visit_config (void);

typedef void (*Client) (ApiStation1 *proxy);

/* Runs `client` in a thread with a connection of its own; the station answers meanwhile. */
void run_client (Client client);

/* One more connection, for a client that needs two. */
ApiStation1 *visit_connect (void);

/* `done` tells that the call succeeded; it must not, and its error must be called `name`. */
void assert_error (gboolean done, GError **error, const char *name);

/* Floating. */
GVariant *batch_options (void);
GVariant *no_filter (void);

void start_batch (ApiStation1 *proxy, const char *name);

/* Device `serial` comes, passes and leaves. */
void pass_one (ApiStation1 *proxy, const char *serial);

/* Calls ListSlots until the first slot is in `state`; Check's timeout ends a wait in vain. */
void wait_for_state (ApiStation1 *proxy, const char *state);

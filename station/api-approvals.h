/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Calls that need two people; see docs/architecture.md, "Who may do what".
 */
#pragma once

#include <gio/gio.h>

#include "station/station.h"

/* For GDBus's callback, in its thread, behind api_peer_may_call(): FALSE where the call was kept as
 * a request, or refused, and is answered. */
gboolean api_approvals_let_pass (GDBusMethodInvocation *invocation, Station *station);

/* How many wait has changed: tells those who follow the status, from the main loop. Any thread may
 * call. */
void api_approvals_changed (Station *station);

/* TRUE while a request that was granted is run: then nobody reads what it streams. */
gboolean api_approvals_is_granted (GDBusMethodInvocation *invocation);

/* For the answers to a call: where it is a request that was granted, what became of it goes on
 * record, and what the caller is told comes back; else NULL. `done` gives a floating record,
 * `failed` a sentence to be freed with g_free(). */
GVariant *api_approvals_done (GDBusMethodInvocation *invocation);
char *api_approvals_failed (GDBusMethodInvocation *invocation, const char *message);

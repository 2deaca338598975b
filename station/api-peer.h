/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who is at the other end of one connection, and what that one may do now: the role of its user,
 * lowered by LimitRole, raised for a while by Authorize. Roles are judged in GDBus's own thread
 * while the main loop changes them, so all of it is behind a lock.
 */
#pragma once

#include <gio/gio.h>

#include "station/roles.h"
#include "station/station.h"

typedef struct ApiPeer ApiPeer;

/* Remembers on `connection` who is there. `user` is taken over. */
void api_peer_attach (GDBusConnection *connection, Station *station, Role role, char *user);

ApiPeer *api_peer_of (GDBusConnection *connection);

const char *api_peer_user (const ApiPeer *peer);

/* The role that the user has, whatever this connection made of it. */
Role api_peer_own_role (const ApiPeer *peer);

/* The role that it has now. `supervisor` (may be NULL) receives who lent it, or NULL; free with
 * g_free(). Any thread may call. */
Role api_peer_role (ApiPeer *peer, char **supervisor);

/* From now on at most `most`; what was lent is given back. */
void api_peer_limit (ApiPeer *peer, Role most);

/* What is done here is done by the operator who has signed in. */
void api_peer_take_line (ApiPeer *peer);

/* An auditor has signed in here: until somebody else does, or they sign out, this connection reads
 * and does nothing else. NULL ends it. */
void api_peer_audit (ApiPeer *peer, const char *auditor);
/* The auditor's name, or NULL; free with g_free(). */
char *api_peer_auditor (ApiPeer *peer);

void api_peer_authorize (ApiPeer *peer, const char *supervisor, guint seconds);
void api_peer_deauthorize (ApiPeer *peer);
/* `name` may sign in no more: takes back what they lent, and ends their audit. */
void api_peer_forget (ApiPeer *peer, const char *name);

/* Which signals it hears; all but SlotsChanged, until it said so. On the main loop only. */
void api_peer_listen (ApiPeer *peer, const char *const *signals);
gboolean api_peer_hears (const ApiPeer *peer, const char *signal);

/* The keys of the status record that tell of this connection. */
void api_peer_record (ApiPeer *peer, GVariantDict *record);

/* "mei (keycradle)", or one name where both are the same. Free with g_free(). */
char *api_peer_name_for (const ApiPeer *peer, const char *name);

/* Whose supervisor's role a call is made with, alone and as the audit trail has them: who lent it,
 * else the user of the connection. As it was when the call was let in; both live as long as the
 * invocation. Any thread may call. */
const char *api_peer_person (GDBusMethodInvocation *invocation);
const char *api_peer_actor (GDBusMethodInvocation *invocation);

/* For GDBus's callback: may this call be made? Where it may, who it is for is kept on the
 * invocation, so that a role that ends meanwhile leaves no doubt about who acted. */
gboolean api_peer_may_call (GDBusMethodInvocation *invocation, const Config *config);

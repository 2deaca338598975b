/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who may do what: the role of a peer, from its credentials and groups, and the least
 * role that each method of the API asks for. Any thread may call.
 */
#pragma once

#include <sys/types.h>

#include "station/config.h"

/* Each includes what stands before it. */
typedef enum { ROLE_NONE, ROLE_AUDITOR, ROLE_OPERATOR, ROLE_SUPERVISOR } Role;

/* "auditor" and so on. */
const char *role_word (Role role);

/* The configured group of `role`. */
const char *role_group (const Config *config, Role role);

/* root and the daemon's own user are supervisors; others by their groups. */
Role role_of_peer (const Config *config, uid_t uid, gid_t gid);

/* Who is named in the group of `role`: users whose own group it is are not. Free with
 * g_strfreev(). */
char **role_members (const Config *config, Role role);

/* TRUE for parameters of ChangeRegistry that make registrations REVOKED under the name of another
 * operation: one that was not there may be registered as that, and never comes back. */
gboolean role_call_revokes (GVariant *parameters);

/* The least role for `method` called with `parameters`, a tuple: starting a batch asks for less
 * than closing it. ROLE_SUPERVISOR for a method that nobody thought of. */
Role role_for_call (const char *method, GVariant *parameters);

/* TRUE where the table has an entry for `method`: for the test. */
gboolean role_knows_method (const char *method);

/* "alice", or "uid 1000": how a peer is named in the ledger. Free with g_free(). */
char *peer_name (uid_t uid);

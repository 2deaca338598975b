/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What people at the line do, in a word each, for tests over the real socket.
 */
#pragma once

#include "visit.h"

/* An operator with the language "de"; `badge` and `pin` may be NULL. */
gboolean people_try_add (ApiStation1 *proxy, const char *name, const char *role, const char *badge,
                         const char *pin, GError **error);
void people_add (ApiStation1 *proxy, const char *name, const char *role, const char *badge,
                 const char *pin);

gboolean people_sign_in (ApiStation1 *proxy, const char *badge, GError **error);
gboolean people_authorize (ApiStation1 *proxy, const char *badge, const char *pin, guint seconds,
                           GError **error);

/* To the operator's role, as a screen does. */
void people_limit (ApiStation1 *proxy);

/* "NAME (USER)" of the user whom the test runs as. Free with g_free(). */
char *people_name_here (const char *name);

/* The newest event of that kind, as "ACTOR|SUBJECT|DETAIL", or NULL. Free with g_free(). */
char *people_last_event (ApiStation1 *proxy, const char *kind);
void people_assert_event (ApiStation1 *proxy, const char *kind, const char *actor,
                          const char *subject, const char *detail);

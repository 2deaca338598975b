/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The whole fleet's keys, held against each other behind the line's back: one thread of low
 * priority takes the keys that the ledger saw since the last check through ca/fleet, when no new
 * ones come or many wait, and puts mark and findings into the ledger together. Nothing is lost by
 * ending it in between: the ledger's mark says where to go on.
 */
#pragma once

#include "db/ledger-key.h"

typedef struct FleetWatch FleetWatch;

/* Where keys up to `checked` of `newest` were checked; FALSE ends it. */
typedef gboolean (*FleetProgress) (guint64 checked, guint64 newest, gpointer data);

/* Works for `ledger`, which must outlive it, with its files in `folder`. `changed` is called in
 * some thread after a check that came further, and after one that failed; it must return at once.
 */
FleetWatch *fleet_watch_new (Ledger *ledger, const char *folder, void (*changed) (gpointer data),
                             gpointer data);

/* What is being checked is given up, and nothing is checked any more; returns at once. */
void fleet_watch_stop (FleetWatch *watch);
/* Nobody may be in fleet_watch_check() any more. */
void fleet_watch_free (FleetWatch *watch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FleetWatch, fleet_watch_free)

/* Brings the check up to key `newest` at once, in the caller's thread: before a manifest is sealed.
 * `progress` may be NULL. Errors: the ledger's, those of files, G_IO_ERROR_CANCELLED where the
 * watch ends. */
gboolean fleet_watch_check (FleetWatch *watch, guint64 newest, FleetProgress progress,
                            gpointer data, GError **error);

/* Why the last check failed, or NULL; free with g_free(). */
char *fleet_watch_problem (FleetWatch *watch);

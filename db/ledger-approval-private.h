/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the files about requests share.
 */
#pragma once

#include "db/ledger-approval.h"
#include "db/ledger-private.h"

/* NULL with NOT_FOUND, or another error. */
Approval *approval_read (Database *database, gint64 id, GError **error);

/* What `person` asked for and still waits is refused: they may no longer ask. */
gboolean approvals_refuse_of (Database *database, const char *person, const char *actor,
                              GError **error);

/* An event about "request `id`". */
gboolean approval_audit (Database *database, const char *actor, const char *kind, gint64 id,
                         const char *detail, GError **error);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What people should see to in the registry: alarms, what a cloud refused, and what waits too long.
 */
#pragma once

#include "db/registry.h"

/* A sentence each, NULL-ended; free with g_strfreev(). Where the ledger can't be read there is
 * none: that is told elsewhere. Any thread may call; costs a few rows a target. */
char **registry_warnings (Ledger *ledger);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Ledgers of any size: each unit has passed, with a certificate of its own that verifies, its key,
 * its attempt and its events in the chain.
 */
#pragma once

#include "tests/unit/ca/make-entry.h"

/* Adds batch `name` (running, identity from the chip) with `count` units that passed, from entry
 * `first` of `maker` on; makes the ledger where there is none. Nobody may have it open. Calls for
 * several batches go on where the one before ended. */
void ledger_fill (const char *path, EntryMaker *maker, const char *name, guint64 first,
                  guint64 count);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What an entry of the signer's log means to the ledger: a certificate, a report and a manifest's
 * statement are stored, everything else becomes an audit event. The same entry again changes
 * nothing, so that a station may read the log as often as it likes. Any thread may call; errors are
 * LEDGER_ERROR.
 */
#pragma once

#include "ca/wire/client.h"
#include "db/ledger.h"

gboolean log_entry_store (Ledger *ledger, const IssuanceEntry *entry, GError **error);

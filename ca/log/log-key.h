/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Under which hash the log's index knows an entry's key: by its number, as the ledger does, so that
 * an RSA modulus with another exponent or a negated point is found as the key that it is.
 */
#pragma once

#include "ca/log/log-format.h"

/* What csr_key_number_sha256() says of the certificate's key; where the entry has no certificate
 * that can be read, its spki_sha256. */
void log_entry_key (const LogEntry *entry, guint8 hash[LOG_HASH]);

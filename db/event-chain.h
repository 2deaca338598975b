/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The chain of audit events: each event's hash goes over the one before it, so that who changes an
 * event in the past changes all hashes behind it, the one in the owner's hands among them.
 * docs/evidence.md, "Ledger's evidence", has the bytes. The hashes are pure; errors that SQL meets
 * are SQLite's.
 */
#pragma once

#include <sqlite3.h>

#include "db/ledger-evidence.h"

/* Of event 0, which there is none: the ledger's identity alone. */
void event_chain_begin (const guint8 identity[LEDGER_IDENTITY], guint8 hash[EVENT_HASH]);

/* Of an event (id, at and the four texts count) whose predecessor's hash is `before`. `hash` may be
 * `before`. */
void event_chain_hash (const guint8 before[EVENT_HASH], const AuditEvent *event,
                       guint8 hash[EVENT_HASH]);

/* For the migration of older ledgers: ledger_event_hash(identity) and ledger_event_hash(before, id,
 * at, actor, kind, subject, detail). An SQLite result code. */
int event_chain_add_function (sqlite3 *handle);

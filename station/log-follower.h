/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Brings into the ledger what stands in the signer's log and no order's answer brings (refusals,
 * tickets, reports ...), and makes the final reports of batches that were closed; again and again
 * where the signer is away. In a thread of its own, so that neither orders nor people wait.
 */
#pragma once

#include "station/issuer.h"

typedef struct LogFollower LogFollower;

/* `ledger` and `issuer` are borrowed; the issuer's watch is taken. `reported` is called in the
 * follower's thread when the final report of `batch` was made. */
LogFollower *log_follower_new (Ledger *ledger, Issuer *issuer,
                               void (*reported) (const char *batch, gpointer data), gpointer data);

/* Something may be to be done: a batch was closed, a unit of it has ended. Any thread. */
void log_follower_wake (LogFollower *follower);

/* Begins nothing new. */
void log_follower_stop (LogFollower *follower);
void log_follower_free (LogFollower *follower);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One connection from its first byte to its last: TLS as a real endpoint speaks it, and all that is
 * to be known of it gathered on the way. It lets every handshake come to its end that can, also
 * that of a device it will not admit: only so is everything told at once.
 */
#pragma once

#include <openssl/ssl.h>

#include "base/deadline.h"
#include "station/rehearse/judge.h"
#include "station/rehearse/registry.h"

/* A context that speaks TLS as AWS IoT does; chains are added by server-chain.h. NULL with
 * REHEARSE_ERROR. Free with SSL_CTX_free(). */
SSL_CTX *session_context (GError **error);

typedef struct {
  SSL_CTX *context;
  const Terms *terms;
  RehearsalRegistry registry;
} Rehearsal;

/* What came of a connection. */
typedef struct {
  Try *one;
  GPtrArray *remarks;
} Verdict;

void verdict_free (Verdict *verdict);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Verdict, verdict_free)

/* Serves the connected, non-blocking socket `fd` up to `deadline`, answers, and judges. `peer` as
 * Try's. Does not close it. `*pushed_out` becomes true when another thread shuts the socket down.
 */
Verdict *session_run (const Rehearsal *rehearsal, int fd, const char *peer, Deadline deadline,
                      const gint *pushed_out);

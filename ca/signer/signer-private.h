/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What signer.c (one order) and signer-open.c (what orders go by) share.
 */
#pragma once

#include "ca/judge/recent-primes.h"
#include "ca/signer/checkpoints.h"
#include "ca/signer/refusals.h"
#include "ca/signer/signer-count.h"
#include "ca/signer/signer-tickets.h"
#include "ca/signer/signer.h"

struct Signer {
  IssuanceLog *log;
  Revocations *revocations;
  StationKey *station; /* NULL, as the next, where a signer that only checks found none yet */
  Checkpoints *checkpoints;
  GMutex reporting; /* held from a report's number to its entry */
  Clock clock;
  Tickets *tickets;
  Refusals *refusals;
  SignatureCount *count;
  RecentPrimes *recent; /* with each modulus its place in the log */
  char *fixed;          /* settings that a reload can't change */
  GMutex mutex;         /* guards what follows */
  GCond released;       /* tells of `reserved` */
  GHashTable *reserved; /* GBytes: SHA-256 of keys whose order is running */
  Generation *current;
  char *reload_problem; /* why it stayed with what it has, or NULL */
  GMutex entering;      /* guards `entered` */
  guint64 entered;      /* number of the generation whose CAs stand in the log, or 0 */
};

/* See clock_check(). */
gboolean signer_check_clock (Signer *signer, ClockReading now, GError **error);

/* FALSE with CA_ERROR_RSA_SHARED_PRIME, and the other device named. */
gboolean signer_check_relatives (Signer *signer, const Csr *csr, GError **error);

/* The key of entry `place` of the log. */
void signer_remember_key (Signer *signer, const Csr *csr, guint64 place);

/* Those of the log's newest entries, when the signer opens. */
void signer_remember_log (Signer *signer);

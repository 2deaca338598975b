/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * AWS Device Defender's nine checks over the ledger: what is read for which, and what is said of
 * it. Any thread. Errors are LEDGER_ERROR, CA_ERROR and those of stock_output_flush().
 */
#pragma once

#include "checks/defender.h"
#include "db/ledger.h"
#include "station/stock-output.h"

typedef struct {
  const char *target; /* NULL: the ledger's own statuses */
  guint checks;       /* bits, 1 << Check; 0: those that run where nobody chose */
  guint expiring_days;
  guint age_days;
  const GPtrArray *lists;        /* of GBytes: revocation lists that the caller brought */
  const char *crl_folder;        /* the station's own ones, or NULL */
  const char *const *known_keys; /* paths of lists; may be NULL */
  gint64 now;                    /* seconds since 1970 */
} ChecksOrder;

typedef struct {
  gboolean asked;  /* it was to run */
  gboolean looked; /* there was something to look at; else `message` says what is missing */
  guint64 checked;
  guint64 found;
  char *message; /* what is to be known beside it, or NULL */
} CheckResult;

void check_results_clear (CheckResult results[N_CHECKS]);

/* Findings go to `output`, a line of JSON each. */
gboolean stock_checks_run (Ledger *ledger, const ChecksOrder *order, StockOutput *output,
                           CheckResult results[N_CHECKS], GError **error);

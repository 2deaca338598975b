/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Every stored certificate verified again: its bytes under its CA, its row against its bytes. Any
 * thread; runs in several of its own. Errors are LEDGER_ERROR and those of stock_output_flush().
 */
#pragma once

#include "checks/stored.h"
#include "db/ledger.h"
#include "station/stock-output.h"

typedef struct {
  guint64 checked;
  guint64 damaged;
  guint64 by_damage[N_DAMAGES];
} VerifySummary;

/* Of all, or those of `batch`; with up to `threads` threads. Each certificate that is damaged is a
 * line of JSON in `output`, in the order of the ledger. `problems` (of char *) receives what is
 * wrong with CAs. */
gboolean stock_verify_run (Ledger *ledger, const char *batch, guint threads, StockOutput *output,
                           VerifySummary *summary, GPtrArray *problems, GError **error);

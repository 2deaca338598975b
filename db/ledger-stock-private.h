/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the files of ledger-stock.h share.
 */
#pragma once

#include "db/ledger-private.h"
#include "db/ledger-stock.h"

struct StockReader {
  Database *database;
  gint64 target; /* 0: the ledger's own statuses */
  gint64 batch;  /* 0: all */
};

/* Reads StockRow's columns from `from`, which names the table certificates first; `der` is a column
 * or "NULL", `more_columns` is "" or begins with a comma. In `where` ?1 is taken: it is bound
 * already. */
Statement *stock_prepare (StockReader *reader, const char *from, const char *der, const char *where,
                          const char *more_columns, GError **error);
/* The row's columns; what was asked for beside them follows. */
void stock_row_read (Statement *select, StockRow *row);

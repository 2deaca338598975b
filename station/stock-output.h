/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Looking after the stock of certificates takes minutes in a large ledger, and the line comes
 * first: it is done in threads of low priority, that end when the station does, and write between
 * their transactions, never within one.
 */
#pragma once

#include <glib.h>

typedef struct {
  int fd;
  GString *text;        /* not written yet */
  const gint *stopping; /* atomic: set when the station ends */
} StockOutput;

/* Writes what has gathered; fails where the station is stopping. */
gboolean stock_output_flush (StockOutput *output, GError **error);

/* Runs `work` with `data` in `count` threads of low priority, and waits for their end. */
void stock_run_threads (guint count, GThreadFunc work, gpointer data);

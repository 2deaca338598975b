/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the whole log says, wherever that is kept. With the log's mutex held.
 */
#pragma once

#include "ca/log/log-private.h"

/* What is asked between the two is asked of the index at once, which costs less. */
void log_view_hold (IssuanceLog *log);
void log_view_release (IssuanceLog *log);

/* Where the frame of entry `index` begins; that of the entry behind the last one is the end. */
gboolean log_view_offset (IssuanceLog *log, guint64 index, guint64 *offset);

/* A MerkleRead; `data` is the log. */
gboolean log_view_node (guint level, guint64 index, guint8 hash[LOG_HASH], gpointer data);

/* Appends the places (guint64) of entries for keys that begin like `key`, of entries of a type. */
void log_view_find (IssuanceLog *log, const guint8 *key, GArray *places);
void log_view_places (IssuanceLog *log, LogEntryType type, GArray *places);

/* Small accounts, each a struct of `size` under a name; what was never set is zeros, and FALSE. */
typedef enum {
  LOG_ACCOUNT_BATCH = 'b',      /* LogBatch, by the batch's name */
  LOG_ACCOUNT_SIGNATURES = 's', /* guint64, by log-tag.h */
  LOG_ACCOUNT_CRL = 'r',        /* guint64: place, by the CA's spki_sha256 */
} LogAccount;
gboolean log_view_account (IssuanceLog *log, LogAccount kind, Span name, void *value, gsize size);
void log_set_account (IssuanceLog *log, LogAccount kind, Span name, const void *value, gsize size);

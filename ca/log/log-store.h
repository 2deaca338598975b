/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The index of the log on the disk, in LMDB: where entries stand, the Merkle tree's nodes, keys,
 * places, accounts. All of it is derived from the log and can be made anew from it; nothing here is
 * believed over the log. It covers the entries from the first one up to a point, and says which.
 * Errors are CA_ERROR_LOG.
 */
#pragma once

#include "ca/error.h"
#include "ca/log/log-tail.h"

typedef struct LogStore LogStore;

/* Up to where the index covers the log. */
typedef struct {
  guint8 origin[LOG_HASH];
  guint64 end;         /* in the file, in bytes */
  guint64 last_offset; /* of the last entry's frame, */
  guint8 last_leaf[LOG_HASH];
  gint64 newest; /* see issuance_log_newest() */
  MerkleEdge edge;
} LogStoreState;

/* The index in `folder`, which is made where it is absent. NULL where it can't be used. */
LogStore *log_store_open (const char *folder, GError **error);
void log_store_close (LogStore *store);

/* Deletes what is in `folder`, so that log_store_open() begins with nothing. */
void log_store_delete (const char *folder);

/* Adds what stands in `tail`, which goes on where the index ended; `state` is then its own. All or
 * nothing, and on the disk when it returns. One thread at a time. */
gboolean log_store_write (LogStore *store, const LogTail *tail, const LogStoreState *state,
                          GError **error);

/* Gives back the memory that what was looked at takes. */
void log_store_rest (LogStore *store);

/* ---- reading: one reader, one thread at a time; writing goes on beside it ---- */

typedef struct LogReader LogReader;

LogReader *log_reader_new (LogStore *store, GError **error);
void log_reader_free (LogReader *reader);

/* What is read between the two is of one moment. */
void log_reader_begin (LogReader *reader);
void log_reader_end (LogReader *reader);

/* Why reading failed, ever; NULL where it did not. What can't be read is as if it were not there,
 * so ask. */
const char *log_reader_problem (const LogReader *reader);

/* Of anything; begins and ends by itself. */
gboolean log_reader_is_empty (LogReader *reader);

gboolean log_reader_state (LogReader *reader, LogStoreState *state);
gboolean log_reader_offset (LogReader *reader, guint64 index, guint64 *offset);
/* Above the leaves. */
gboolean log_reader_node (LogReader *reader, guint level, guint64 index, guint8 hash[LOG_HASH]);
gboolean log_reader_account (LogReader *reader, GBytes *key, void *value, gsize size);

/* Appends places below `limit`: of keys that begin like `key`, of a type. */
void log_reader_find (LogReader *reader, const guint8 *key, guint64 limit, GArray *places);
void log_reader_places (LogReader *reader, LogEntryType type, guint64 limit, GArray *places);

/* Whether it is there. */
gboolean log_reader_has_key (LogReader *reader, const guint8 *key, guint64 place);
gboolean log_reader_has_place (LogReader *reader, LogEntryType type, guint64 place);

/* How many there are of each. */
typedef struct {
  guint64 keys;
  guint64 places;
  guint64 accounts;
} LogStoreCounts;
void log_reader_counts (LogReader *reader, LogStoreCounts *counts);

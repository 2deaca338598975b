/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See log-store.h.
 */
#include "ca/log/log-store-private.h"

#include <string.h>

struct LogReader {
  LogStore *store;
  MDB_txn *txn; /* in use between begin and end */
  gboolean begun;
  char *problem;
};

/* TRUE where it was found. */
static gboolean
keep (LogReader *reader, int result)
{
  if (result != 0 && result != MDB_NOTFOUND && reader->problem == NULL)
    reader->problem = g_strdup (mdb_strerror (result));
  return result == 0;
}

LogReader *
log_reader_new (LogStore *store, GError **error)
{
  LogReader *reader = g_new0 (LogReader, 1);
  int result = mdb_txn_begin (store->env, NULL, MDB_RDONLY, &reader->txn);

  reader->store = store;
  if (result == 0) {
    mdb_txn_reset (reader->txn);
    return reader;
  }
  g_set_error (error, CA_ERROR, CA_ERROR_LOG, "the log's index can't be read: %s",
               mdb_strerror (result));
  g_free (reader);
  return NULL;
}

void
log_reader_free (LogReader *reader)
{
  if (reader == NULL)
    return;
  mdb_txn_abort (reader->txn);
  g_free (reader->problem);
  g_free (reader);
}

void
log_reader_begin (LogReader *reader)
{
  reader->begun = keep (reader, mdb_txn_renew (reader->txn));
}

void
log_reader_end (LogReader *reader)
{
  if (reader->begun)
    mdb_txn_reset (reader->txn);
  reader->begun = FALSE;
}

const char *
log_reader_problem (const LogReader *reader)
{
  return reader->problem;
}

static gboolean
get (LogReader *reader, Store store, const void *key, gsize length, MDB_val *value)
{
  MDB_val wanted = { length, (gpointer)key };

  return reader->begun
         && keep (reader, mdb_get (reader->txn, reader->store->stores[store], &wanted, value));
}

/* Exactly `size` bytes. */
static gboolean
get_struct (LogReader *reader, Store store, const void *key, gsize length, void *value, gsize size)
{
  MDB_val found;

  if (!get (reader, store, key, length, &found))
    return FALSE;
  if (found.mv_size != size)
    return keep (reader, MDB_CORRUPTED);
  memcpy (value, found.mv_data, size);
  return TRUE;
}

gboolean
log_reader_state (LogReader *reader, LogStoreState *state)
{
  const guint8 whole = 0;

  return get_struct (reader, STORE_STATE, &whole, 1, state, sizeof *state);
}

static gboolean
get_item (LogReader *reader, StoreLayout layout, guint64 index, void *item)
{
  guint8 number[sizeof (guint64)];
  MDB_val block;

  store_put_number (number, index / layout.a_block);
  if (!get (reader, layout.store, number, sizeof number, &block))
    return FALSE;
  if (block.mv_size != BLOCK)
    return keep (reader, MDB_CORRUPTED);
  memcpy (item, (const guint8 *)block.mv_data + layout.from + index % layout.a_block * layout.size,
          layout.size);
  return TRUE;
}

gboolean
log_reader_offset (LogReader *reader, guint64 index, guint64 *offset)
{
  return get_item (reader, store_layout_offsets (), index, offset);
}

gboolean
log_reader_node (LogReader *reader, guint level, guint64 index, guint8 hash[LOG_HASH])
{
  return get_item (reader, store_layout_nodes (level), index, hash);
}

gboolean
log_reader_account (LogReader *reader, GBytes *key, void *value, gsize size)
{
  gsize length;
  gconstpointer data = g_bytes_get_data (key, &length);

  return get_struct (reader, STORE_ACCOUNTS, data, length, value, size);
}

static void
walk (LogReader *reader, MDB_cursor *cursor, const guint8 *prefix, guint64 limit, GArray *places)
{
  guint8 from[STORE_PAIR] = { 0 };
  MDB_val key = { sizeof from, from }, value;
  MDB_cursor_op next = MDB_SET_RANGE;

  memcpy (from, prefix, STORE_PREFIX);
  while (keep (reader, mdb_cursor_get (cursor, &key, &value, next))) {
    guint64 place;

    if (key.mv_size != STORE_PAIR || memcmp (key.mv_data, prefix, STORE_PREFIX) != 0)
      return;
    memcpy (&place, (const guint8 *)key.mv_data + STORE_PREFIX, sizeof place);
    place = GUINT64_FROM_BE (place);
    if (place < limit)
      g_array_append_val (places, place);
    next = MDB_NEXT;
  }
}

static void
find_pairs (LogReader *reader, Store store, const guint8 *prefix, guint64 limit, GArray *places)
{
  MDB_cursor *cursor;

  if (!reader->begun
      || !keep (reader, mdb_cursor_open (reader->txn, reader->store->stores[store], &cursor)))
    return;
  walk (reader, cursor, prefix, limit, places);
  mdb_cursor_close (cursor);
}

void
log_reader_find (LogReader *reader, const guint8 *key, guint64 limit, GArray *places)
{
  find_pairs (reader, STORE_KEYS, key, limit, places);
}

void
log_reader_places (LogReader *reader, LogEntryType type, guint64 limit, GArray *places)
{
  guint8 prefix[STORE_PREFIX];

  store_put_number (prefix, type);
  find_pairs (reader, STORE_PLACES, prefix, limit, places);
}

gboolean
log_reader_has_key (LogReader *reader, const guint8 *key, guint64 place)
{
  guint8 pair[STORE_PAIR];
  MDB_val value;

  memcpy (pair, key, STORE_PREFIX);
  store_put_number (pair + STORE_PREFIX, place);
  return get (reader, STORE_KEYS, pair, sizeof pair, &value);
}

gboolean
log_reader_has_place (LogReader *reader, LogEntryType type, guint64 place)
{
  guint8 pair[STORE_PAIR];
  MDB_val value;

  store_put_number (pair, type);
  store_put_number (pair + STORE_PREFIX, place);
  return get (reader, STORE_PLACES, pair, sizeof pair, &value);
}

static guint64
count_of (LogReader *reader, Store store)
{
  MDB_stat numbers = { 0 };

  if (reader->begun)
    keep (reader, mdb_stat (reader->txn, reader->store->stores[store], &numbers));
  return numbers.ms_entries;
}

gboolean
log_reader_is_empty (LogReader *reader)
{
  guint64 items = 0;

  log_reader_begin (reader);
  for (int store = 0; store < N_STORES; store++)
    items += count_of (reader, (Store)store);
  log_reader_end (reader);
  return items == 0 && reader->problem == NULL;
}

void
log_reader_counts (LogReader *reader, LogStoreCounts *counts)
{
  counts->keys = count_of (reader, STORE_KEYS);
  counts->places = count_of (reader, STORE_PLACES);
  counts->accounts = count_of (reader, STORE_ACCOUNTS);
}

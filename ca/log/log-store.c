/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See log-store.h. A write is one transaction, which LMDB makes whole or not at all, whatever cuts
 * it. Pages that were changed are written to the file, never through the map, which is read-only.
 */
#include "ca/log/log-store-private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* The address space that the index may grow into; what is not written takes no disk. */
#if GLIB_SIZEOF_VOID_P >= 8
#define MAP_SIZE ((gsize)64 << 30)
#else
#define MAP_SIZE ((gsize)512 << 20)
#endif
#define MOST_READERS 8

/* ---- layout ---- */

StoreLayout
store_layout_offsets (void)
{
  return (StoreLayout){ STORE_OFFSETS, sizeof (guint64), OFFSETS_A_BLOCK, 0 };
}

StoreLayout
store_layout_nodes (guint level)
{
  const guint height = (level - 1) % BLOCK_LEVELS; /* above the group's lowest level */
  const guint64 a_block = 32 >> height;

  return (StoreLayout){ (Store)(STORE_NODES + (level - 1) / BLOCK_LEVELS), LOG_HASH, a_block,
                        (64 - 2 * a_block) * LOG_HASH };
}

void
store_put_number (guint8 out[sizeof (guint64)], guint64 number)
{
  const guint64 ordered = GUINT64_TO_BE (number);

  memcpy (out, &ordered, sizeof ordered);
}

/* ---- opening ---- */

static gboolean
refuse (GError **error, const char *doing, int result)
{
  if (result == 0)
    return TRUE;
  g_set_error (error, CA_ERROR, CA_ERROR_LOG, "%s: %s", doing, mdb_strerror (result));
  return FALSE;
}

static int
open_stores (LogStore *store)
{
  MDB_txn *txn;
  int result = mdb_txn_begin (store->env, NULL, 0, &txn);

  if (result != 0)
    return result;
  for (guint i = 0; i < N_STORES && result == 0; i++) {
    char name[8];

    g_snprintf (name, sizeof name, "%u", i);
    result = mdb_dbi_open (txn, name, MDB_CREATE, &store->stores[i]);
  }
  if (result == 0)
    return mdb_txn_commit (txn);
  mdb_txn_abort (txn);
  return result;
}

/* A file that was cut would end the process when the missing part is looked at. */
static int
check_length (LogStore *store)
{
  struct stat info;
  MDB_envinfo used;
  MDB_stat pages;
  int fd;

  if (mdb_env_get_fd (store->env, &fd) != 0 || fstat (fd, &info) < 0
      || mdb_env_info (store->env, &used) != 0 || mdb_env_stat (store->env, &pages) != 0)
    return EIO;
  return (guint64)info.st_size / pages.ms_psize > used.me_last_pgno ? 0 : MDB_CORRUPTED;
}

static int
open_env (LogStore *store, const char *folder)
{
  int result = mdb_env_create (&store->env);

  if (result != 0 || (result = mdb_env_set_mapsize (store->env, MAP_SIZE)) != 0
      || (result = mdb_env_set_maxdbs (store->env, N_STORES)) != 0
      || (result = mdb_env_set_maxreaders (store->env, MOST_READERS)) != 0
      || (result = mdb_env_open (store->env, folder, MDB_NOTLS | MDB_NORDAHEAD, 0640)) != 0
      || (result = check_length (store)) != 0)
    return result;
  return open_stores (store);
}

/* A line of /proc/self/maps; LMDB does not say where its map is. */
static gboolean
is_line_of (const char *line, guint64 inode, guint64 *from, guint64 *to)
{
  guint64 found;

  return sscanf (line,
                 "%" G_GINT64_MODIFIER "x-%" G_GINT64_MODIFIER "x %*s %*s %*s %" G_GUINT64_FORMAT,
                 from, to, &found)
             == 3
         && found == inode && *to - *from >= MAP_SIZE / 2;
}

static void
find_map (LogStore *store)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  struct stat info;
  guint64 from, to;
  int fd;

  if (mdb_env_get_fd (store->env, &fd) != 0 || fstat (fd, &info) < 0
      || !g_file_get_contents ("/proc/self/maps", &text, NULL, NULL))
    return;
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++) {
    if (!is_line_of (lines[i], info.st_ino, &from, &to))
      continue;
    store->map = (void *)(guintptr)from; /* NOLINT: the kernel says so */
    store->map_length = to - from;
  }
}

LogStore *
log_store_open (const char *folder, GError **error)
{
  LogStore *store = g_new0 (LogStore, 1);

  if ((g_mkdir_with_parents (folder, 0750) < 0 && !refuse (error, folder, errno))
      || !refuse (error, folder, open_env (store, folder)))
  {
    log_store_close (store);
    return NULL;
  }
  find_map (store);
  /* Nothing in it is secret, and it is large: it need not stay out of swap. */
  if (store->map != NULL)
    munlock (store->map, store->map_length);
  return store;
}

void
log_store_close (LogStore *store)
{
  if (store == NULL)
    return;
  if (store->env != NULL)
    mdb_env_close (store->env);
  g_free (store);
}

void
log_store_delete (const char *folder)
{
  static const char *const names[] = { "data.mdb", "lock.mdb" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *path = g_build_filename (folder, names[i], NULL);

    if (unlink (path) < 0 && errno != ENOENT)
      g_warning ("%s: can't be deleted: %s", path, g_strerror (errno));
  }
}

void
log_store_rest (LogStore *store)
{
  if (store->map != NULL)
    madvise (store->map, store->map_length, MADV_DONTNEED);
}

/* ---- writing ---- */

typedef struct {
  const LogStore *store;
  MDB_txn *txn;
  int result; /* of the first that failed, or 0 */
} Writer;

static void
put (Writer *writer, Store store, MDB_val key, MDB_val value, unsigned flags)
{
  if (writer->result == 0)
    writer->result = mdb_put (writer->txn, writer->store->stores[store], &key, &value, flags);
}

/* Some items of one block. */
static void
put_part (Writer *writer, StoreLayout layout, guint64 first, const void *items, gsize count)
{
  guint8 number[sizeof (guint64)], block[BLOCK] = { 0 };
  MDB_val key = { sizeof number, number };
  MDB_val old;
  int found;

  if (writer->result != 0)
    return;
  store_put_number (number, first / layout.a_block);
  found = mdb_get (writer->txn, writer->store->stores[layout.store], &key, &old);
  if (found == 0)
    memcpy (block, old.mv_data, MIN (old.mv_size, sizeof block));
  else if (found != MDB_NOTFOUND)
    writer->result = found;
  memcpy (block + layout.from + first % layout.a_block * layout.size, items, count * layout.size);
  put (writer, layout.store, key, (MDB_val){ sizeof block, block }, found == 0 ? 0 : MDB_APPEND);
}

static void
put_items (Writer *writer, StoreLayout layout, guint64 first, const GArray *items)
{
  for (guint64 done = 0; done < items->len;) {
    const guint64 room = layout.a_block - (first + done) % layout.a_block;
    const gsize count = (gsize)MIN (room, items->len - done);

    put_part (writer, layout, first + done, items->data + done * layout.size, count);
    done += count;
  }
}

static void
put_pair (Writer *writer, Store store, guint8 pair[STORE_PAIR])
{
  put (writer, store, (MDB_val){ STORE_PAIR, pair }, (MDB_val){ 0, pair }, 0);
}

typedef struct {
  guint8 bytes[STORE_PAIR];
} Pair;

static void
add_pair (const guint8 *prefix, guint64 place, gpointer data)
{
  Pair pair;

  memcpy (pair.bytes, prefix, STORE_PREFIX);
  store_put_number (pair.bytes + STORE_PREFIX, place);
  g_array_append_val ((GArray *)data, pair);
}

static int
compare_pairs (const void *one, const void *other)
{
  return memcmp (one, other, STORE_PAIR);
}

/* In order, so that each page is found once. */
static void
put_keys (Writer *writer, const LogIndex *keys)
{
  g_autoptr (GArray) pairs = g_array_new (FALSE, FALSE, sizeof (Pair));

  log_index_each (keys, add_pair, pairs);
  g_array_sort (pairs, compare_pairs);
  for (guint i = 0; i < pairs->len; i++)
    put_pair (writer, STORE_KEYS, g_array_index (pairs, Pair, i).bytes);
}

static void
put_places (Writer *writer, guint type, const GArray *places)
{
  for (guint i = 0; i < places->len; i++) {
    guint8 pair[STORE_PAIR];

    store_put_number (pair, type);
    store_put_number (pair + STORE_PREFIX, g_array_index (places, guint64, i));
    put_pair (writer, STORE_PLACES, pair);
  }
}

static MDB_val
value_of (GBytes *bytes)
{
  gsize length;
  gconstpointer data = g_bytes_get_data (bytes, &length);

  return (MDB_val){ length, (gpointer)data };
}

static void
put_accounts (Writer *writer, GHashTable *accounts)
{
  GHashTableIter iterator;
  gpointer key, value;

  g_hash_table_iter_init (&iterator, accounts);
  while (g_hash_table_iter_next (&iterator, &key, &value))
    put (writer, STORE_ACCOUNTS, value_of (key), value_of (value), 0);
}

static void
put_all (Writer *writer, const LogTail *tail, const LogStoreState *state)
{
  guint8 whole = 0;

  put_items (writer, store_layout_offsets (), tail->first, tail->offsets);
  for (guint level = 1; level < LOG_LEVELS; level++)
    put_items (writer, store_layout_nodes (level), tail->first >> level, tail->nodes[level]);
  put_keys (writer, tail->keys);
  for (guint type = 0; type <= LOG_ENTRY_LAST; type++)
    put_places (writer, type, tail->places[type]);
  put_accounts (writer, tail->accounts);
  put (writer, STORE_STATE, (MDB_val){ 1, &whole }, (MDB_val){ sizeof *state, (gpointer)state }, 0);
}

gboolean
log_store_write (LogStore *store, const LogTail *tail, const LogStoreState *state, GError **error)
{
  Writer writer = { .store = store };

  writer.result = mdb_txn_begin (store->env, NULL, 0, &writer.txn);
  if (writer.result == 0) {
    put_all (&writer, tail, state);
    if (writer.result == 0)
      writer.result = mdb_txn_commit (writer.txn);
    else
      mdb_txn_abort (writer.txn);
  }
  log_store_rest (store);
  return refuse (error, "the log's index can't be written", writer.result);
}

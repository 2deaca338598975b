/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How the index is laid out, for log-store.c (opening and writing) and log-reader.c.
 *
 * Numbers in keys are big-endian, so that they are in order. What is many and small stands in
 * blocks of BLOCK bytes, two of which fill a page: offsets, and nodes six levels at a time, one
 * block a subtree of 64 leaves (or of 64 nodes of the block below).
 */
#pragma once

#include "ca/log/log-store.h"

#include <lmdb.h>

#define BLOCK 2016
#define OFFSETS_A_BLOCK (BLOCK / sizeof (guint64))
#define BLOCK_LEVELS 6
#define NODE_GROUPS ((LOG_LEVELS + BLOCK_LEVELS - 1) / BLOCK_LEVELS)

typedef enum {
  STORE_STATE,
  STORE_OFFSETS,  /* number of the block */
  STORE_KEYS,     /* 8 bytes of the key, place; no value */
  STORE_PLACES,   /* type, place; no value */
  STORE_ACCOUNTS, /* as in LogTail */
  STORE_NODES,    /* and the next ones, one a group: number of the block */
  N_STORES = STORE_NODES + NODE_GROUPS,
} Store;

struct LogStore {
  MDB_env *env;
  MDB_dbi stores[N_STORES];
  void *map; /* where LMDB maps the file, or NULL where that is not known */
  gsize map_length;
};

/* Where item `index` of some kind stands. */
typedef struct {
  Store store;
  gsize size; /* of an item */
  guint64 a_block;
  gsize from; /* where the kind's part of the block begins */
} StoreLayout;

StoreLayout store_layout_offsets (void);
StoreLayout store_layout_nodes (guint level);

#define STORE_PREFIX 8
#define STORE_PAIR (STORE_PREFIX + sizeof (guint64))

/* Two numbers in order; the first as its bytes are where it is a key's prefix. */
void store_put_number (guint8 out[sizeof (guint64)], guint64 number);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is kept of some thousand keys that follow one another: the tails of their numbers, and the
 * product of their moduli. A block has a file of its own, whole or not there, and checked by its
 * hashes whenever it is read:
 *
 *   at   bytes
 *    0     8   "KCFLEET" and a line feed
 *    8     4   version, 1
 *   12     4   number of keys
 *   16     8   the keys above this id ...
 *   24     8   ... up to this one
 *   32     8   length of the product
 *   40    32   SHA-256 of the last key (type, number): whose ledger this block is of
 *   72    32   SHA-256 of the product
 *  104    32   SHA-256 of all before and of the tails
 *  136   8 n   the tails (number-set.h)
 *              the product
 *
 * All numbers are big-endian.
 */
#pragma once

#include <gmp.h>

#include "ca/fleet/fleet.h"

#define BLOCK_HASH 32

typedef struct {
  guint64 after;               /* the keys above this ... */
  guint64 last;                /* ... up to this one */
  GArray *tails;               /* of guint64, of all keys; NULL once it is in a file */
  mpz_t product;               /* of all moduli; 1 once it is in a file */
  guint8 last_key[BLOCK_HASH]; /* SHA-256 */
  guint8 product_hash[BLOCK_HASH];
  gsize product_length; /* bytes; for what is in a file */
  guint n_keys;
} Block;

/* Without keys. */
Block *block_new (guint64 after);
void block_free (Block *block);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Block, block_free)

/* `keys` follow those that are in it, `product` is that of their moduli. */
void block_append (Block *block, GPtrArray *keys, mpz_srcptr product);

/* The digest by which `key` is recognised as a block's last one. */
void block_key_digest (const FleetKey *key, guint8 digest[BLOCK_HASH]);

/* The name of the file of the block after `after`, and back. */
char *block_file_name (guint64 after);
gboolean block_file_after (const char *name, guint64 *after);

/* Writes it, durably, and leaves tails and product to the file. */
gboolean block_write (Block *block, const char *folder, GError **error);

/* All but the product; NULL with G_FILE_ERROR where the file is missing or damaged. `tails` are the
 * caller's to forget. */
Block *block_read (const char *folder, guint64 after, GError **error);

/* The product, from memory or, where `folder` is not NULL, from the block's file; FALSE with
 * G_FILE_ERROR where that is missing or damaged. */
gboolean block_product (const Block *block, const char *folder, mpz_t product, GError **error);

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is known of all keys up to the mark: the tails of their numbers in memory, the products of
 * their moduli in blocks, and the newest keys in a block that is still open. The caller's mark
 * decides; what the folder has beyond it, of another ledger or damaged, is made again from the
 * keys.
 */
#pragma once

#include "ca/fleet/block.h"
#include "ca/fleet/key-reader.h"
#include "ca/fleet/number-set.h"

typedef struct {
  KeyReader *reader;
  char *folder; /* NULL: all in memory */
  NumberSet *numbers;
  GPtrArray *blocks; /* of Block, each after the one before */
  Block *open;       /* what follows them */
  gboolean loaded;
} KeyArchive;

gboolean key_archive_make_folder (const char *folder, GError **error);

KeyArchive *key_archive_new (const char *folder, KeyReader *reader);
void key_archive_free (KeyArchive *archive);

/* Begins anew: the next key_archive_follow() loads everything. */
void key_archive_forget (KeyArchive *archive);

/* Knows the keys up to `mark` then, and no others. */
gboolean key_archive_follow (KeyArchive *archive, guint64 mark, GError **error);

/* `keys` come next; their numbers are in the set already, and `product` is that of their moduli. */
gboolean key_archive_join (KeyArchive *archive, GPtrArray *keys, mpz_srcptr product,
                           GError **error);

/* The product of block `place` of `blocks`. */
gboolean key_archive_product (KeyArchive *archive, guint place, mpz_t product, GError **error);

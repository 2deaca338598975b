/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The Merkle tree over the issuance log's leaf hashes: RFC 6962, section 2.1. Pure. Where the
 * hashes are kept is the caller's business: the signer keeps them all, a verifier only the right
 * edge.
 */
#pragma once

#include <glib.h>

#define MERKLE_HASH 32
#define MERKLE_MOST_PATH 64 /* hashes in a proof */

/* SHA-256 (0x00 || leaf), and SHA-256 (0x01 || left || right). `hash` may be `left` or `right`. */
void merkle_leaf_hash (const guint8 *leaf, gsize length, guint8 hash[MERKLE_HASH]);
void merkle_node_hash (const guint8 left[MERKLE_HASH], const guint8 right[MERKLE_HASH],
                       guint8 hash[MERKLE_HASH]);

/* The right edge: all that is needed to append, and to know the root. Starts as zeros. */
typedef struct {
  guint64 size;
  guint8 edge[64][MERKLE_HASH]; /* at level n the whole subtree of 2^n leaves, where size has that
                                   bit */
} MerkleEdge;

/* `completed` (may be NULL) is told of each node above the leaves that became whole with this leaf:
 * (level, index at that level). */
typedef void (*MerkleCompleted) (guint level, guint64 index, const guint8 hash[MERKLE_HASH],
                                 gpointer data);
void merkle_append (MerkleEdge *edge, const guint8 leaf[MERKLE_HASH], MerkleCompleted completed,
                    gpointer data);

/* Of the empty tree: SHA-256 of nothing. */
void merkle_root (const MerkleEdge *edge, guint8 root[MERKLE_HASH]);

/* Reads the whole subtree `index` of `level` (level 0: the leaves' hashes). FALSE where it can't.
 */
typedef gboolean (*MerkleRead) (guint level, guint64 index, guint8 hash[MERKLE_HASH],
                                gpointer data);

/* The root of the first `size` leaves of a tree that has more; FALSE where `read` failed. */
gboolean merkle_root_at (guint64 size, MerkleRead read, gpointer data, guint8 root[MERKLE_HASH]);

/* The path (GByteArray, a multiple of MERKLE_HASH bytes) from leaf `index` to the root of the first
 * `size` leaves, sibling of the leaf first (RFC 6962, section 2.1.1); and from the root of the
 * first `from` leaves to that of the first `to` (section 2.1.2). At most a few dozen reads. NULL
 * where `read` failed, or index >= size, or from > to. */
GByteArray *merkle_inclusion (guint64 index, guint64 size, MerkleRead read, gpointer data);
GByteArray *merkle_consistency (guint64 from, guint64 to, MerkleRead read, gpointer data);

/* TRUE where the path proves it: RFC 9162, sections 2.1.3.2 and 2.1.4.2. A size of 0 is consistent
 * with everything, with an empty path and the empty tree's root. */
gboolean merkle_verify_inclusion (const guint8 leaf[MERKLE_HASH], guint64 index, guint64 size,
                                  const guint8 *path, gsize path_length,
                                  const guint8 root[MERKLE_HASH]);
gboolean merkle_verify_consistency (guint64 from, const guint8 from_root[MERKLE_HASH], guint64 to,
                                    const guint8 to_root[MERKLE_HASH], const guint8 *path,
                                    gsize path_length);

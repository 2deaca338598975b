/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See merkle.h. Places in the tree are (level, index): the subtree of 2^level leaves from
 * index << level on. Only the last one of a level may be cut short by the tree's size, and is then
 * made of the whole ones below it, one for each bit of the size.
 */
#include "ca/proof/merkle.h"

#include <openssl/evp.h>
#include <string.h>

/* ---- hashes ---- */

static void
free_context (gpointer context)
{
  EVP_MD_CTX_free (context);
}

/* A context for each thread, with the algorithm looked up once: that costs more than the hash of a
 * node. */
static EVP_MD_CTX *
context_of_thread (void)
{
  static GPrivate contexts = G_PRIVATE_INIT (free_context);
  EVP_MD_CTX *context = g_private_get (&contexts);

  if (context != NULL)
    return EVP_DigestInit_ex2 (context, NULL, NULL) ? context : NULL;
  context = EVP_MD_CTX_new ();
  if (context == NULL || !EVP_DigestInit_ex2 (context, EVP_sha256 (), NULL)) {
    EVP_MD_CTX_free (context);
    return NULL;
  }
  g_private_set (&contexts, context);
  return context;
}

static void
hash_two (guint8 first, const guint8 *left, gsize left_length, const guint8 *right,
          gsize right_length, guint8 hash[MERKLE_HASH])
{
  EVP_MD_CTX *context = context_of_thread ();

  if (context == NULL || !EVP_DigestUpdate (context, &first, 1)
      || !EVP_DigestUpdate (context, left, left_length)
      || !EVP_DigestUpdate (context, right, right_length)
      || !EVP_DigestFinal_ex (context, hash, NULL))
    g_error ("OpenSSL can't compute SHA-256");
}

void
merkle_leaf_hash (const guint8 *leaf, gsize length, guint8 hash[MERKLE_HASH])
{
  hash_two (0, leaf, length, NULL, 0, hash);
}

void
merkle_node_hash (const guint8 left[MERKLE_HASH], const guint8 right[MERKLE_HASH],
                  guint8 hash[MERKLE_HASH])
{
  hash_two (1, left, MERKLE_HASH, right, MERKLE_HASH, hash);
}

static void
empty_root (guint8 root[MERKLE_HASH])
{
  if (!EVP_Digest (NULL, 0, root, NULL, EVP_sha256 (), NULL))
    g_error ("OpenSSL can't compute SHA-256");
}

/* ---- the right edge ---- */

void
merkle_append (MerkleEdge *edge, const guint8 leaf[MERKLE_HASH], MerkleCompleted completed,
               gpointer data)
{
  guint8 hash[MERKLE_HASH];
  guint level = 0;

  memcpy (hash, leaf, MERKLE_HASH);
  while (edge->size >> level & 1) {
    merkle_node_hash (edge->edge[level], hash, hash);
    level++;
    if (completed != NULL)
      completed (level, edge->size >> level, hash, data);
  }
  memcpy (edge->edge[level], hash, MERKLE_HASH);
  edge->size++;
}

static gboolean
read_edge (guint level, guint64 index, guint8 hash[MERKLE_HASH], gpointer data)
{
  const MerkleEdge *edge = data;

  memcpy (hash, edge->edge[level], MERKLE_HASH);
  return TRUE;
}

void
merkle_root (const MerkleEdge *edge, guint8 root[MERKLE_HASH])
{
  merkle_root_at (edge->size, read_edge, (gpointer)edge, root);
}

/* ---- any part of a tree that is kept ---- */

/* The last `rest` leaves of a tree of `size`, where `rest` are the low bits of `size`. */
static gboolean
read_rest (guint64 rest, guint64 size, MerkleRead read, gpointer data, guint8 hash[MERKLE_HASH])
{
  gboolean begun = FALSE;
  guint8 left[MERKLE_HASH];

  for (guint level = 0; level < 64; level++) {
    if (!(rest >> level & 1))
      continue;
    if (!read (level, (size >> level) - 1, begun ? left : hash, data))
      return FALSE;
    if (begun)
      merkle_node_hash (left, hash, hash);
    begun = TRUE;
  }
  return TRUE;
}

gboolean
merkle_root_at (guint64 size, MerkleRead read, gpointer data, guint8 root[MERKLE_HASH])
{
  if (size > 0)
    return read_rest (size, size, read, data, root);
  empty_root (root);
  return TRUE;
}

/* Puts the subtree at (level, index), of a tree of `size`, on the path. */
static gboolean
add_subtree (GByteArray *path, guint level, guint64 index, guint64 size, MerkleRead read,
             gpointer data)
{
  const gboolean whole = index < size >> level;
  guint8 hash[MERKLE_HASH];

  if (whole ? !read (level, index, hash, data)
            : !read_rest (size - (index << level), size, read, data, hash))
    return FALSE;
  g_byte_array_append (path, hash, MERKLE_HASH);
  return TRUE;
}

/* The siblings on the way up from (level, index). */
static gboolean
add_siblings (GByteArray *path, guint level, guint64 index, guint64 size, MerkleRead read,
              gpointer data)
{
  for (guint64 last = (size - 1) >> level; last > 0; last >>= 1, index >>= 1, level++) {
    if ((index & 1) == 0 && index == last)
      continue;
    if (!add_subtree (path, level, index ^ 1, size, read, data))
      return FALSE;
  }
  return TRUE;
}

GByteArray *
merkle_inclusion (guint64 index, guint64 size, MerkleRead read, gpointer data)
{
  g_autoptr (GByteArray) path = g_byte_array_new ();

  if (index >= size || !add_siblings (path, 0, index, size, read, data))
    return NULL;
  return g_steal_pointer (&path);
}

GByteArray *
merkle_consistency (guint64 from, guint64 to, MerkleRead read, gpointer data)
{
  g_autoptr (GByteArray) path = g_byte_array_new ();
  guint64 index = from - 1;
  guint level = 0;

  if (from > to)
    return NULL;
  if (from == 0 || from == to)
    return g_steal_pointer (&path);
  for (; index & 1; index >>= 1)
    level++;
  /* Where `from` is one whole subtree, the verifier has its hash: it is the earlier root. */
  if ((index > 0 && !add_subtree (path, level, index, to, read, data))
      || !add_siblings (path, level, index, to, read, data))
    return NULL;
  return g_steal_pointer (&path);
}

/* ---- verifying ---- */

/* A place on the way up; `last` is the last place of its level. RFC 9162 calls them fn and sn. */
typedef struct {
  guint64 index;
  guint64 last;
} Climb;

static void
up (Climb *climb)
{
  climb->index >>= 1;
  climb->last >>= 1;
}

/* TRUE where the next hash of the path stands to the left. A last place without a sibling is lifted
 * to where it has one. */
static gboolean
sibling_is_left (Climb *climb)
{
  if (!(climb->index & 1) && climb->index != climb->last)
    return FALSE;
  while (!(climb->index & 1) && climb->index != 0)
    up (climb);
  return TRUE;
}

gboolean
merkle_verify_inclusion (const guint8 leaf[MERKLE_HASH], guint64 index, guint64 size,
                         const guint8 *path, gsize path_length, const guint8 root[MERKLE_HASH])
{
  Climb climb = { index, size - 1 };
  guint8 hash[MERKLE_HASH];

  if (index >= size || path_length % MERKLE_HASH != 0)
    return FALSE;
  memcpy (hash, leaf, MERKLE_HASH);
  for (gsize at = 0; at < path_length; at += MERKLE_HASH, up (&climb)) {
    if (climb.last == 0)
      return FALSE;
    if (sibling_is_left (&climb))
      merkle_node_hash (path + at, hash, hash);
    else
      merkle_node_hash (hash, path + at, hash);
  }
  return climb.last == 0 && memcmp (hash, root, MERKLE_HASH) == 0;
}

/* `start` is the whole subtree that ends the earlier tree. */
static gboolean
climb_both (Climb climb, const guint8 start[MERKLE_HASH], const guint8 *path, gsize path_length,
            const guint8 from_root[MERKLE_HASH], const guint8 to_root[MERKLE_HASH])
{
  guint8 from_hash[MERKLE_HASH], to_hash[MERKLE_HASH];

  memcpy (from_hash, start, MERKLE_HASH);
  memcpy (to_hash, start, MERKLE_HASH);
  for (gsize at = 0; at < path_length; at += MERKLE_HASH, up (&climb)) {
    if (climb.last == 0)
      return FALSE;
    if (sibling_is_left (&climb)) {
      merkle_node_hash (path + at, from_hash, from_hash);
      merkle_node_hash (path + at, to_hash, to_hash);
    }
    else {
      merkle_node_hash (to_hash, path + at, to_hash);
    }
  }
  return climb.last == 0 && memcmp (from_hash, from_root, MERKLE_HASH) == 0
         && memcmp (to_hash, to_root, MERKLE_HASH) == 0;
}

/* Where one of both trees is empty, or they are of one size. */
static gboolean
verify_trivial (guint64 from, const guint8 from_root[MERKLE_HASH], guint64 to,
                const guint8 to_root[MERKLE_HASH], gsize path_length)
{
  guint8 nothing[MERKLE_HASH];

  empty_root (nothing);
  return path_length == 0 && (from > 0 || memcmp (from_root, nothing, MERKLE_HASH) == 0)
         && (from < to || memcmp (from_root, to_root, MERKLE_HASH) == 0);
}

gboolean
merkle_verify_consistency (guint64 from, const guint8 from_root[MERKLE_HASH], guint64 to,
                           const guint8 to_root[MERKLE_HASH], const guint8 *path, gsize path_length)
{
  Climb climb = { from - 1, to - 1 };

  if (from > to || path_length % MERKLE_HASH != 0)
    return FALSE;
  if (from == 0 || from == to)
    return verify_trivial (from, from_root, to, to_root, path_length);
  while (climb.index & 1)
    up (&climb);
  if (climb.index == 0)
    return climb_both (climb, from_root, path, path_length, from_root, to_root);
  return path_length > 0
         && climb_both (climb, path, path + MERKLE_HASH, path_length - MERKLE_HASH, from_root,
                        to_root);
}

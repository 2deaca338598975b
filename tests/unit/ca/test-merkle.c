/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The Merkle tree against the recursions of RFC 6962, section 2.1, written down here once more as
 * they stand there; against the known roots of Certificate Transparency's own eight leaves; and
 * against whoever changes a path.
 */
#include "base/encode.h"
#include "ca/proof/merkle.h"
#include "tests/unit/rounds.h"

#include <check.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define MOST 300

typedef struct {
  guint8 bytes[MERKLE_HASH];
} Hash;

static Hash leaves[MOST];
static Hash roots[MOST + 1];

static Hash
sha256 (const void *data, gsize length)
{
  Hash hash;

  ck_assert (EVP_Digest (data, length, hash.bytes, NULL, EVP_sha256 (), NULL));
  return hash;
}

/* ---- RFC 6962, section 2.1, word for word ---- */

static Hash
node (Hash left, Hash right)
{
  guint8 bytes[1 + 2 * MERKLE_HASH] = { 1 };

  memcpy (bytes + 1, left.bytes, MERKLE_HASH);
  memcpy (bytes + 1 + MERKLE_HASH, right.bytes, MERKLE_HASH);
  return sha256 (bytes, sizeof bytes);
}

/* The largest power of two smaller than n. */
static guint
split (guint n)
{
  guint k = 1;

  while (k * 2 < n)
    k *= 2;
  return k;
}

static Hash
tree (const Hash *d, guint n)
{
  if (n == 0)
    return sha256 ("", 0);
  return n == 1 ? d[0] : node (tree (d, split (n)), tree (d + split (n), n - split (n)));
}

static void
put (GByteArray *path, Hash hash)
{
  g_byte_array_append (path, hash.bytes, MERKLE_HASH);
}

static void
path_of (guint m, const Hash *d, guint n, GByteArray *path)
{
  const guint k = split (n);

  if (n == 1)
    return;
  path_of (m < k ? m : m - k, m < k ? d : d + k, m < k ? k : n - k, path);
  put (path, m < k ? tree (d + k, n - k) : tree (d, k));
}

static void
subproof (guint m, const Hash *d, guint n, gboolean complete, GByteArray *path)
{
  const guint k = split (n);

  if (m == n) {
    if (!complete)
      put (path, tree (d, n));
  }
  else if (m <= k) {
    subproof (m, d, k, complete, path);
    put (path, tree (d + k, n - k));
  }
  else {
    subproof (m - k, d + k, n - k, FALSE, path);
    put (path, tree (d, k));
  }
}

/* ---- what ours reads ---- */

static guint reads;

static gboolean
read_node (guint level, guint64 index, guint8 hash[MERKLE_HASH], gpointer data)
{
  const guint64 *size = data;
  Hash found;

  ck_assert_uint_le ((index + 1) << level, *size); /* whole ones only */
  found = tree (leaves + (index << level), 1u << level);
  memcpy (hash, found.bytes, MERKLE_HASH);
  reads++;
  return TRUE;
}

static gboolean
read_nothing (guint level, guint64 index, guint8 hash[MERKLE_HASH], gpointer data)
{
  return FALSE;
}

static void
setup (void)
{
  for (guint i = 0; i < MOST; i++) {
    const guint8 leaf[] = { 0, (guint8)(i >> 8), (guint8)i };
    guint8 ours[MERKLE_HASH];

    leaves[i] = sha256 (leaf, sizeof leaf);
    merkle_leaf_hash (leaf + 1, 2, ours);
    ck_assert_mem_eq (ours, leaves[i].bytes, MERKLE_HASH);
  }
  for (guint n = 0; n <= MOST; n++)
    roots[n] = tree (leaves, n);
}

/* ---- roots ---- */

/* The leaves and roots that the tests of Certificate Transparency's first log server have. */
START_TEST (test_the_known_roots_of_eight_leaves)
{
  static const char *const known_leaves[] = { "",
                                              "00",
                                              "10",
                                              "2021",
                                              "3031",
                                              "40414243",
                                              "5051525354555657",
                                              "606162636465666768696a6b6c6d6e6f" };
  static const char *const known_roots[] = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
  };
  MerkleEdge edge = { 0 };
  guint8 hash[MERKLE_HASH];

  for (guint i = 0; i < G_N_ELEMENTS (known_roots); i++) {
    g_autofree char *hex = NULL;
    g_autoptr (GBytes) leaf = NULL;

    merkle_root (&edge, hash);
    hex = hex_encode (hash, sizeof hash);
    ck_assert_str_eq (hex, known_roots[i]);
    if (i == G_N_ELEMENTS (known_leaves))
      break;
    leaf = hex_decode (known_leaves[i]);
    merkle_leaf_hash (g_bytes_get_data (leaf, NULL), g_bytes_get_size (leaf), hash);
    merkle_append (&edge, hash, NULL, NULL);
  }
}
END_TEST

static void
check_completed (guint level, guint64 index, const guint8 hash[MERKLE_HASH], gpointer data)
{
  guint *told = data;
  const Hash expected = tree (leaves + (index << level), 1u << level);

  ck_assert_uint_gt (level, 0);
  ck_assert_mem_eq (hash, expected.bytes, MERKLE_HASH);
  (*told)++;
}

START_TEST (test_appending_gives_every_root_and_tells_of_every_node)
{
  MerkleEdge edge = { 0 };
  guint told = 0;

  for (guint n = 0; n <= MOST; n++) {
    guint8 root[MERKLE_HASH];
    guint64 size = n;
    guint nodes = 0;

    merkle_root (&edge, root);
    ck_assert_mem_eq (root, roots[n].bytes, MERKLE_HASH);
    memset (root, 0, sizeof root);
    ck_assert (merkle_root_at (n, read_node, &size, root));
    ck_assert_mem_eq (root, roots[n].bytes, MERKLE_HASH);
    for (guint level = 1; n >> level > 0; level++)
      nodes += n >> level;
    ck_assert_uint_eq (told, nodes);
    if (n < MOST)
      merkle_append (&edge, leaves[n].bytes, check_completed, &told);
  }
  ck_assert (!merkle_root_at (5, read_nothing, NULL, (guint8[MERKLE_HASH]){ 0 }));
}
END_TEST

/* ---- paths ---- */

static gboolean
proves_inclusion (guint index, guint size, const GByteArray *path)
{
  return merkle_verify_inclusion (leaves[index].bytes, index, size, path->data, path->len,
                                  roots[size].bytes);
}

static gboolean
proves_consistency (guint from, guint to, const GByteArray *path)
{
  return merkle_verify_consistency (from, roots[from].bytes, to, roots[to].bytes, path->data,
                                    path->len);
}

static void
check_inclusion (guint index, guint64 size)
{
  g_autoptr (GByteArray) expected = g_byte_array_new ();
  g_autoptr (GByteArray) path = merkle_inclusion (index, size, read_node, &size);

  path_of (index, leaves, (guint)size, expected);
  ck_assert_uint_eq (path->len, expected->len);
  ck_assert (path->len == 0 || memcmp (path->data, expected->data, path->len) == 0);
  ck_assert (proves_inclusion (index, (guint)size, path));
  /* no other place, no other size */
  for (guint other = 0; other < size; other += rounds_of (1, 7))
    if (other != index)
      ck_assert (!merkle_verify_inclusion (leaves[index].bytes, other, size, path->data, path->len,
                                           roots[size].bytes));
}

START_TEST (test_every_leaf_of_every_size_has_its_path)
{
  for (guint size = 1; size <= MOST; size += size < 70 ? 1 : rounds_of (13, 57))
    for (guint index = 0; index < size; index++)
      check_inclusion (index, size);
}
END_TEST

static void
check_consistency (guint from, guint64 to)
{
  g_autoptr (GByteArray) expected = g_byte_array_new ();
  g_autoptr (GByteArray) path = merkle_consistency (from, to, read_node, &to);

  if (from > 0)
    subproof (from, leaves, (guint)to, TRUE, expected);
  ck_assert_uint_eq (path->len, expected->len);
  ck_assert (path->len == 0 || memcmp (path->data, expected->data, path->len) == 0);
  ck_assert (proves_consistency (from, (guint)to, path));
}

START_TEST (test_every_earlier_size_is_consistent_with_every_later_one)
{
  for (guint to = 0; to <= MOST; to += to < 70 ? 1 : rounds_of (13, 57))
    for (guint from = 0; from <= to; from++)
      check_consistency (from, to);
}
END_TEST

START_TEST (test_paths_take_a_few_dozen_reads)
{
  guint64 size = 255;
  g_autoptr (GByteArray) inclusion = NULL;
  g_autoptr (GByteArray) consistency = NULL;

  reads = 0;
  inclusion = merkle_inclusion (0, size, read_node, &size);
  consistency = merkle_consistency (129, size, read_node, &size);
  ck_assert_uint_le (reads, 4 * 8);
}
END_TEST

START_TEST (test_what_is_not_there_has_no_path)
{
  guint64 size = 10;

  ck_assert_ptr_null (merkle_inclusion (10, 10, read_node, &size));
  ck_assert_ptr_null (merkle_inclusion (0, 0, read_node, &size));
  ck_assert_ptr_null (merkle_consistency (11, 10, read_node, &size));
  ck_assert_ptr_null (merkle_inclusion (3, 10, read_nothing, NULL));
  ck_assert_ptr_null (merkle_consistency (3, 10, read_nothing, NULL));
}
END_TEST

/* ---- lies ---- */

static void
append_again (GByteArray *path, guint place)
{
  guint8 hash[MERKLE_HASH];

  memcpy (hash, path->data + place * MERKLE_HASH, MERKLE_HASH);
  g_byte_array_append (path, hash, MERKLE_HASH);
}

/* What may happen to a path on its way. */
static GByteArray *
changed (const GByteArray *path, GRand *random)
{
  GByteArray *other = g_byte_array_new ();
  const guint8 more[MERKLE_HASH] = { 0 };
  const guint hashes = path->len / MERKLE_HASH;
  const guint place = hashes > 0 ? (guint)g_rand_int_range (random, 0, (gint32)hashes) : 0;

  g_byte_array_append (other, path->data, path->len);
  switch (g_rand_int_range (random, 0, hashes > 0 ? 5 : 1)) {
  case 0:
    g_byte_array_append (other, more, sizeof more);
    break;
  case 1:
    g_byte_array_remove_range (other, place * MERKLE_HASH, MERKLE_HASH);
    break;
  case 2:
    g_byte_array_set_size (other, other->len - 1);
    break;
  case 3:
    append_again (other, place);
    break;
  case 4:
    other->data[g_rand_int_range (random, 0, (gint32)other->len)] ^=
        (guint8)(1 << g_rand_int_range (random, 0, 8));
    break;
  }
  return other;
}

START_TEST (test_a_changed_path_proves_nothing)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (6962);

  for (guint round = 0; round < rounds_of (4000, 400); round++) {
    const guint64 size = (guint64)g_rand_int_range (random, 1, MOST + 1);
    const guint index = (guint)g_rand_int_range (random, 0, (gint32)size);
    g_autoptr (GByteArray) path = merkle_inclusion (index, size, read_node, (gpointer)&size);
    g_autoptr (GByteArray) proof = merkle_consistency (index, size, read_node, (gpointer)&size);
    g_autoptr (GByteArray) bad_path = changed (path, random);
    g_autoptr (GByteArray) bad_proof = changed (proof, random);

    ck_assert (proves_inclusion (index, (guint)size, path));
    ck_assert (!proves_inclusion (index, (guint)size, bad_path));
    ck_assert (proves_consistency (index, (guint)size, proof));
    ck_assert (!proves_consistency (index, (guint)size, bad_proof));
  }
}
END_TEST

START_TEST (test_another_root_is_not_proved)
{
  guint64 size = 100;
  g_autoptr (GByteArray) path = merkle_inclusion (37, size, read_node, &size);
  g_autoptr (GByteArray) proof = merkle_consistency (37, size, read_node, &size);
  const guint8 *from = roots[37].bytes, *to = roots[100].bytes;

  ck_assert (proves_inclusion (37, 100, path));
  ck_assert (!merkle_verify_inclusion (leaves[37].bytes, 37, 100, path->data, path->len, from));
  ck_assert (!merkle_verify_inclusion (leaves[38].bytes, 37, 100, path->data, path->len, to));
  ck_assert (!merkle_verify_inclusion (leaves[37].bytes, 100, 100, path->data, path->len, to));
  ck_assert (merkle_verify_consistency (37, from, 100, to, proof->data, proof->len));
  ck_assert (!merkle_verify_consistency (37, to, 100, to, proof->data, proof->len));
  ck_assert (!merkle_verify_consistency (37, from, 100, from, proof->data, proof->len));
  ck_assert (!merkle_verify_consistency (100, to, 37, from, proof->data, proof->len));
  /* sizes without a path */
  ck_assert (merkle_verify_consistency (0, roots[0].bytes, 100, to, NULL, 0));
  ck_assert (!merkle_verify_consistency (0, from, 100, to, NULL, 0));
  ck_assert (!merkle_verify_consistency (0, roots[0].bytes, 100, to, proof->data, proof->len));
  ck_assert (merkle_verify_consistency (100, to, 100, to, NULL, 0));
  ck_assert (!merkle_verify_consistency (100, to, 100, from, NULL, 0));
  ck_assert (!merkle_verify_consistency (64, roots[64].bytes, 100, to, NULL, 0));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("ca-merkle");
  TCase *tests = tcase_create ("ca-merkle");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_set_timeout (tests, 60);
  tcase_add_unchecked_fixture (tests, setup, NULL);
  tcase_add_test (tests, test_the_known_roots_of_eight_leaves);
  tcase_add_test (tests, test_appending_gives_every_root_and_tells_of_every_node);
  tcase_add_test (tests, test_every_leaf_of_every_size_has_its_path);
  tcase_add_test (tests, test_every_earlier_size_is_consistent_with_every_later_one);
  tcase_add_test (tests, test_paths_take_a_few_dozen_reads);
  tcase_add_test (tests, test_what_is_not_there_has_no_path);
  tcase_add_test (tests, test_a_changed_path_proves_nothing);
  tcase_add_test (tests, test_another_root_is_not_proved);
  suite_add_tcase (suite, tests);
  srunner_run_all (runner, CK_ENV);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

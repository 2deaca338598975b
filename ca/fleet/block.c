/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See block.h.
 */
#include "ca/fleet/block.h"

#include "base/files.h"
#include "ca/fleet/key-reader.h"
#include "ca/fleet/number-set.h"

#include <openssl/sha.h>
#include <string.h>

#define MAGIC "KCFLEET\n"
#define VERSION 1
#define SUFFIX ".block"

enum {
  AT_VERSION = 8,
  AT_KEYS = 12,
  AT_AFTER = 16,
  AT_LAST = 24,
  AT_LENGTH = 32,
  AT_LAST_KEY = 40,
  AT_PRODUCT_HASH = 72,
  AT_HEAD_HASH = 104,
  HEAD = 136,
};

/* ---- in memory ---- */

Block *
block_new (guint64 after)
{
  Block *block = g_new0 (Block, 1);

  block->after = after;
  block->last = after;
  block->tails = g_array_new (FALSE, FALSE, sizeof (guint64));
  mpz_init_set_ui (block->product, 1);
  return block;
}

void
block_free (Block *block)
{
  if (block == NULL)
    return;
  g_clear_pointer (&block->tails, g_array_unref);
  mpz_clear (block->product);
  g_free (block);
}

void
block_key_digest (const FleetKey *key, guint8 digest[BLOCK_HASH])
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  guint8 type = (guint8)key->type;
  gsize length;
  const guint8 *number = g_bytes_get_data (key->number, &length);

  g_byte_array_append (bytes, &type, 1);
  g_byte_array_append (bytes, number, (guint)length);
  SHA256 (bytes->data, bytes->len, digest);
}

void
block_append (Block *block, GPtrArray *keys, mpz_srcptr product)
{
  for (guint i = 0; i < keys->len; i++) {
    guint64 tail = number_tail (fleet_key_number (g_ptr_array_index (keys, i)));

    g_array_append_val (block->tails, tail);
  }
  if (keys->len > 0) {
    const FleetKey *last = g_ptr_array_index (keys, keys->len - 1);

    block->last = last->id;
    block_key_digest (last, block->last_key);
  }
  block->n_keys += keys->len;
  mpz_mul (block->product, block->product, product);
}

/* ---- numbers in files ---- */

static void
put_u32 (guint8 *at, guint32 value)
{
  value = GUINT32_TO_BE (value);
  memcpy (at, &value, sizeof value);
}

static void
put_u64 (guint8 *at, guint64 value)
{
  value = GUINT64_TO_BE (value);
  memcpy (at, &value, sizeof value);
}

static guint32
get_u32 (const guint8 *at)
{
  guint32 value;

  memcpy (&value, at, sizeof value);
  return GUINT32_FROM_BE (value);
}

static guint64
get_u64 (const guint8 *at)
{
  guint64 value;

  memcpy (&value, at, sizeof value);
  return GUINT64_FROM_BE (value);
}

char *
block_file_name (guint64 after)
{
  return g_strdup_printf ("%020" G_GUINT64_FORMAT SUFFIX, after);
}

gboolean
block_file_after (const char *name, guint64 *after)
{
  g_autofree char *expected = NULL;

  *after = g_ascii_strtoull (name, NULL, 10);
  expected = block_file_name (*after);
  return g_str_equal (name, expected);
}

/* Over the head up to its own place, and the tails. */
static void
hash_head (const guint8 *file, guint n_keys, guint8 hash[BLOCK_HASH])
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  g_byte_array_append (bytes, file, AT_HEAD_HASH);
  g_byte_array_append (bytes, file + HEAD, n_keys * 8);
  SHA256 (bytes->data, bytes->len, hash);
}

/* ---- writing ---- */

static GByteArray *
encode (Block *block)
{
  gsize n_tails = block->tails->len;
  GByteArray *file = g_byte_array_new ();
  guint8 *product;

  block->product_length = (mpz_sizeinbase (block->product, 2) + 7) / 8;
  g_byte_array_set_size (file, (guint)(HEAD + 8 * n_tails + block->product_length));
  product = file->data + HEAD + 8 * n_tails;
  mpz_export (product, NULL, 1, 1, 1, 0, block->product);
  SHA256 (product, block->product_length, block->product_hash);
  memcpy (file->data, MAGIC, 8);
  put_u32 (file->data + AT_VERSION, VERSION);
  put_u32 (file->data + AT_KEYS, (guint32)n_tails);
  put_u64 (file->data + AT_AFTER, block->after);
  put_u64 (file->data + AT_LAST, block->last);
  put_u64 (file->data + AT_LENGTH, block->product_length);
  memcpy (file->data + AT_LAST_KEY, block->last_key, BLOCK_HASH);
  memcpy (file->data + AT_PRODUCT_HASH, block->product_hash, BLOCK_HASH);
  for (gsize i = 0; i < n_tails; i++)
    put_u64 (file->data + HEAD + 8 * i, g_array_index (block->tails, guint64, i));
  hash_head (file->data, block->tails->len, file->data + AT_HEAD_HASH);
  return file;
}

gboolean
block_write (Block *block, const char *folder, GError **error)
{
  g_autoptr (GByteArray) file = encode (block);
  g_autofree char *name = block_file_name (block->after);
  g_autofree char *path = g_build_filename (folder, name, NULL);

  if (!file_replace_durably (path, file->data, file->len, 0600, error))
    return FALSE;
  g_clear_pointer (&block->tails, g_array_unref);
  mpz_clear (block->product);
  mpz_init_set_ui (block->product, 1);
  return TRUE;
}

/* ---- reading ---- */

static gboolean
damaged (const char *path, const char *what, GError **error)
{
  g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s: %s", path, what);
  return FALSE;
}

static gboolean
check_head (GMappedFile *map, guint64 after, const char *path, GError **error)
{
  const guint8 *file = (const guint8 *)g_mapped_file_get_contents (map);
  gsize length = g_mapped_file_get_length (map);
  guint8 hash[BLOCK_HASH];
  guint64 n_keys, product_length;

  if (length < HEAD || memcmp (file, MAGIC, 8) != 0 || get_u32 (file + AT_VERSION) != VERSION)
    return damaged (path, "not a block of keys, or of another version", error);
  n_keys = get_u32 (file + AT_KEYS);
  product_length = get_u64 (file + AT_LENGTH);
  if (n_keys * 8 > length - HEAD || product_length != length - HEAD - n_keys * 8)
    return damaged (path, "the block is shorter or longer than it says", error);
  hash_head (file, (guint)n_keys, hash);
  if (memcmp (hash, file + AT_HEAD_HASH, BLOCK_HASH) != 0)
    return damaged (path, "the head of the block is damaged", error);
  return get_u64 (file + AT_AFTER) == after || damaged (path, "another block's file", error);
}

static GMappedFile *
map_file (const char *folder, guint64 after, GError **error)
{
  g_autofree char *name = block_file_name (after);
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GMappedFile) map = g_mapped_file_new (path, FALSE, error);

  if (map == NULL || !check_head (map, after, path, error))
    return NULL;
  return g_steal_pointer (&map);
}

Block *
block_read (const char *folder, guint64 after, GError **error)
{
  g_autoptr (GMappedFile) map = map_file (folder, after, error);
  const guint8 *file;
  Block *block;

  if (map == NULL)
    return NULL;
  file = (const guint8 *)g_mapped_file_get_contents (map);
  block = block_new (after);
  block->last = get_u64 (file + AT_LAST);
  block->n_keys = get_u32 (file + AT_KEYS);
  block->product_length = get_u64 (file + AT_LENGTH);
  memcpy (block->last_key, file + AT_LAST_KEY, BLOCK_HASH);
  memcpy (block->product_hash, file + AT_PRODUCT_HASH, BLOCK_HASH);
  for (gsize i = 0; i < block->n_keys; i++) {
    guint64 tail = get_u64 (file + HEAD + 8 * i);

    g_array_append_val (block->tails, tail);
  }
  return block;
}

gboolean
block_product (const Block *block, const char *folder, mpz_t product, GError **error)
{
  g_autofree char *name = block_file_name (block->after);
  g_autoptr (GMappedFile) map = NULL;
  guint8 hash[BLOCK_HASH];
  const guint8 *bytes;

  if (folder == NULL) {
    mpz_set (product, block->product);
    return TRUE;
  }
  map = map_file (folder, block->after, error);
  if (map == NULL)
    return FALSE;
  bytes = (const guint8 *)g_mapped_file_get_contents (map) + g_mapped_file_get_length (map)
          - block->product_length;
  if (g_mapped_file_get_length (map) != HEAD + 8 * block->n_keys + block->product_length)
    return damaged (name, "another block has its place", error);
  SHA256 (bytes, block->product_length, hash);
  if (memcmp (hash, block->product_hash, BLOCK_HASH) != 0)
    return damaged (name, "the product of the block is damaged", error);
  mpz_import (product, block->product_length, 1, 1, 1, 0, bytes);
  return TRUE;
}

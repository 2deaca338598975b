/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See archive.h.
 */
#include "ca/fleet/archive.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

/* A block is closed when it has as many keys, or a batch more: 4 MB for 2048-bit moduli. Smaller
 * ones only make more files, larger ones need more memory and take longer to make again. */
#define BLOCK_KEYS 16384

gboolean
key_archive_make_folder (const char *folder, GError **error)
{
  int code;

  if (g_mkdir_with_parents (folder, 0700) == 0)
    return TRUE;
  code = errno;
  g_set_error (error, G_FILE_ERROR, (int)g_file_error_from_errno (code),
               "cannot make the folder %s: %s", folder, g_strerror (code));
  return FALSE;
}

KeyArchive *
key_archive_new (const char *folder, KeyReader *reader)
{
  KeyArchive *archive = g_new0 (KeyArchive, 1);

  archive->reader = reader;
  archive->folder = g_strdup (folder);
  key_archive_forget (archive);
  return archive;
}

void
key_archive_free (KeyArchive *archive)
{
  if (archive == NULL)
    return;
  number_set_free (archive->numbers);
  g_ptr_array_unref (archive->blocks);
  block_free (archive->open);
  g_free (archive->folder);
  g_free (archive);
}

void
key_archive_forget (KeyArchive *archive)
{
  g_clear_pointer (&archive->numbers, number_set_free);
  g_clear_pointer (&archive->blocks, g_ptr_array_unref);
  g_clear_pointer (&archive->open, block_free);
  archive->numbers = number_set_new ();
  archive->blocks = g_ptr_array_new_with_free_func ((GDestroyNotify)block_free);
  archive->open = block_new (0);
  archive->loaded = FALSE;
}

/* ---- the open block ---- */

/* The folder may have been deleted in between. */
static gboolean
write_block (KeyArchive *archive, Block *block, GError **error)
{
  return archive->folder == NULL
         || (key_archive_make_folder (archive->folder, error)
             && block_write (block, archive->folder, error));
}

static gboolean
close_open_block (KeyArchive *archive, GError **error)
{
  guint64 last = archive->open->last;

  if (!write_block (archive, archive->open, error))
    return FALSE;
  g_ptr_array_add (archive->blocks, archive->open);
  archive->open = block_new (last);
  return TRUE;
}

gboolean
key_archive_join (KeyArchive *archive, GPtrArray *keys, mpz_srcptr product, GError **error)
{
  block_append (archive->open, keys, product);
  return archive->open->n_keys < BLOCK_KEYS || close_open_block (archive, error);
}

/* Takes in keys that were checked before. */
static gboolean
learn (KeyArchive *archive, GPtrArray *keys, GError **error)
{
  gboolean joined;
  mpz_t product;

  for (guint i = 0; i < keys->len; i++)
    number_set_add (archive->numbers, number_tail (fleet_key_number (g_ptr_array_index (keys, i))));
  mpz_init (product);
  fleet_keys_product (keys, product);
  joined = key_archive_join (archive, keys, product, error);
  mpz_clear (product);
  return joined;
}

static gboolean
learn_up_to (KeyArchive *archive, guint64 last, GError **error)
{
  while (archive->open->last < last) {
    g_autoptr (GPtrArray) keys =
        key_reader_read_up_to (archive->reader, archive->open->last, last, error);

    if (keys == NULL)
      return FALSE;
    if (keys->len == 0)
      break;
    if (!learn (archive, keys, error))
      return FALSE;
  }
  archive->open->last = MAX (archive->open->last, last);
  return TRUE;
}

/* ---- blocks of earlier runs ---- */

static void
delete_file (const KeyArchive *archive, const char *name)
{
  g_autofree char *path = g_build_filename (archive->folder, name, NULL);

  g_unlink (path);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

/* Names of blocks, in order; what a cut write left behind is deleted. */
static GPtrArray *
list_blocks (const KeyArchive *archive)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) folder = g_dir_open (archive->folder, 0, NULL);
  const char *name;
  guint64 after;

  while (folder != NULL && (name = g_dir_read_name (folder)) != NULL) {
    if (block_file_after (name, &after))
      g_ptr_array_add (names, g_strdup (name));
    else if (strstr (name, ".block.") != NULL)
      delete_file (archive, name);
  }
  g_ptr_array_sort (names, compare_names);
  return names;
}

/* By its last key. */
static gboolean
is_of_this_ledger (const KeyArchive *archive, const Block *block, gboolean *ours, GError **error)
{
  g_autoptr (GPtrArray) keys = key_reader_read (archive->reader, block->last - 1, 1, error);
  guint8 digest[BLOCK_HASH];
  const FleetKey *last;

  if (keys == NULL)
    return FALSE;
  *ours = FALSE;
  if (keys->len == 0)
    return TRUE;
  last = g_ptr_array_index (keys, 0);
  block_key_digest (last, digest);
  *ours = last->id == block->last && memcmp (digest, block->last_key, BLOCK_HASH) == 0;
  return TRUE;
}

/* FALSE where that can't be told. `block` is NULL where it has no place among those up to `mark`.
 */
static gboolean
read_usable (const KeyArchive *archive, guint64 after, guint64 mark, Block **block, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (Block) found = block_read (archive->folder, after, &problem);
  gboolean ours;

  *block = NULL;
  if (found == NULL)
    g_warning ("%s; it is made again from the keys", problem->message);
  if (found == NULL || after < archive->open->last || found->last <= after || found->last > mark)
    return TRUE;
  if (!is_of_this_ledger (archive, found, &ours, error))
    return FALSE;
  if (ours)
    *block = g_steal_pointer (&found);
  return TRUE;
}

static gboolean
take_block (KeyArchive *archive, Block *block, GError **error)
{
  if (!learn_up_to (archive, block->after, error)
      || (archive->open->n_keys > 0 && !close_open_block (archive, error)))
  {
    block_free (block);
    return FALSE;
  }
  for (guint i = 0; i < block->tails->len; i++)
    number_set_add (archive->numbers, g_array_index (block->tails, guint64, i));
  g_clear_pointer (&block->tails, g_array_unref);
  g_ptr_array_add (archive->blocks, block);
  block_free (archive->open);
  archive->open = block_new (block->last);
  return TRUE;
}

static gboolean
load (KeyArchive *archive, guint64 mark, GError **error)
{
  g_autoptr (GPtrArray) names = list_blocks (archive);

  for (guint i = 0; i < names->len; i++) {
    const char *name = g_ptr_array_index (names, i);
    Block *block;
    guint64 after;

    block_file_after (name, &after);
    if (!read_usable (archive, after, mark, &block, error))
      return FALSE;
    if (block == NULL)
      delete_file (archive, name);
    else if (!take_block (archive, block, error))
      return FALSE;
  }
  return TRUE;
}

gboolean
key_archive_follow (KeyArchive *archive, guint64 mark, GError **error)
{
  if (archive->open->last > mark)
    key_archive_forget (archive);
  if (!archive->loaded && archive->folder != NULL && !load (archive, mark, error)) {
    key_archive_forget (archive);
    return FALSE;
  }
  archive->loaded = TRUE;
  return learn_up_to (archive, mark, error);
}

/* ---- products ---- */

/* The same block from the keys again. */
static Block *
block_from_keys (KeyArchive *archive, const Block *lost, GError **error)
{
  g_autoptr (Block) block = block_new (lost->after);
  mpz_t product;

  while (block->last < lost->last) {
    g_autoptr (GPtrArray) keys =
        key_reader_read_up_to (archive->reader, block->last, lost->last, error);

    if (keys == NULL)
      return NULL;
    if (keys->len == 0)
      break;
    mpz_init (product);
    fleet_keys_product (keys, product);
    block_append (block, keys, product);
    mpz_clear (product);
  }
  if (block->last == lost->last && block->n_keys == lost->n_keys
      && memcmp (block->last_key, lost->last_key, BLOCK_HASH) == 0)
    return g_steal_pointer (&block);
  g_set_error (error, CA_ERROR, CA_ERROR_INTERNAL,
               "the keys up to %" G_GUINT64_FORMAT " are not those that were seen before",
               lost->last);
  return NULL;
}

gboolean
key_archive_product (KeyArchive *archive, guint place, mpz_t product, GError **error)
{
  Block **block = (Block **)&g_ptr_array_index (archive->blocks, place);
  g_autoptr (GError) problem = NULL;
  Block *again;

  if (block_product (*block, archive->folder, product, &problem))
    return TRUE;
  g_warning ("%s; it is made again from the keys", problem->message);
  again = block_from_keys (archive, *block, error);
  if (again == NULL)
    return FALSE;
  mpz_set (product, again->product);
  block_free (*block);
  *block = again;
  return write_block (archive, again, error);
}

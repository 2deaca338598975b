/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See find.h. All earlier moduli multiplied, modulo the product of the batch: one number that
 * is enough to tell for each key of the batch whether it shares a prime with any of them, or with
 * another of the batch. Who the partner is costs more, and is asked only then.
 */
#include "ca/fleet/batch-gcd.h"
#include "ca/fleet/find.h"
#include "ca/fleet/wanted.h"

/* The moduli of a batch, without those that are equal to an earlier key's: what that one shares was
 * told when it came. */
typedef struct {
  GPtrArray *keys; /* of FleetKey */
  GPtrArray *moduli;
} Batch;

static void
batch_clear (Batch *batch)
{
  g_clear_pointer (&batch->keys, g_ptr_array_unref);
  g_clear_pointer (&batch->moduli, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Batch, batch_clear)

static GHashTable *
ids_of_duplicates (GArray *findings)
{
  GHashTable *ids = g_hash_table_new (g_int64_hash, g_int64_equal);

  for (guint i = 0; i < findings->len; i++) {
    FleetFinding *finding = &g_array_index (findings, FleetFinding, i);
    if (finding->kind == CA_ERROR_DUPLICATE_KEY)
      g_hash_table_add (ids, &finding->key);
  }
  return ids;
}

static Batch
batch_of (GPtrArray *keys, GArray *findings)
{
  g_autoptr (GHashTable) duplicates = ids_of_duplicates (findings);
  Batch batch = { g_ptr_array_new (), moduli_new () };

  for (guint i = 0; i < keys->len; i++) {
    FleetKey *key = g_ptr_array_index (keys, i);

    if (!g_hash_table_contains (duplicates, &key->id)
        && fleet_key_append_modulus (key, batch.moduli))
      g_ptr_array_add (batch.keys, key);
  }
  return batch;
}

/* `rest` becomes the product of all earlier moduli, modulo `modulus`. */
static gboolean
fold (KeyArchive *archive, mpz_srcptr modulus, mpz_t rest, GError **error)
{
  gboolean ok = TRUE;
  mpz_t part;

  mpz_init (part);
  mpz_mod (rest, archive->open->product, modulus);
  for (guint i = 0; ok && i < archive->blocks->len; i++) {
    ok = !key_reader_is_stopped (archive->reader, error)
         && key_archive_product (archive, i, part, error);
    mpz_mod (part, part, modulus);
    mpz_mul (rest, rest, part);
    mpz_mod (rest, rest, modulus);
  }
  mpz_clear (part);
  return ok;
}

static void
want_primes (const Batch *batch, BatchGcd *tree, mpz_srcptr rest, WantedPrimes *wanted)
{
  mpz_t *common = g_new (mpz_t, batch->keys->len);

  for (guint i = 0; i < batch->keys->len; i++)
    mpz_init (common[i]);
  batch_gcd_common (tree, rest, common);
  for (guint i = 0; i < batch->keys->len; i++) {
    if (mpz_cmp_ui (common[i], 1) > 0)
      wanted_primes_add (wanted, g_ptr_array_index (batch->keys, i), common[i]);
    mpz_clear (common[i]);
  }
  g_free (common);
}

static void
try_primes (const FleetKey *candidate, gpointer wanted)
{
  wanted_primes_try (wanted, candidate);
}

/* Has the block a prime that is wanted? */
static gboolean
is_owner (KeyArchive *archive, guint place, const WantedPrimes *wanted, gboolean *owner,
          GError **error)
{
  gboolean ok;
  mpz_t primes, block;

  mpz_inits (primes, block, NULL);
  wanted_primes_product (wanted, primes);
  ok = key_archive_product (archive, place, block, error);
  mpz_mod (block, block, primes);
  mpz_gcd (block, block, primes);
  *owner = mpz_cmp_ui (block, 1) > 0;
  mpz_clears (primes, block, NULL);
  return ok;
}

/* From the oldest key on, so that each prime's first owner is told. Only blocks that have one of
 * the wanted primes are read key by key. */
static gboolean
find_owners (KeyArchive *archive, WantedPrimes *wanted, guint64 last, GError **error)
{
  for (guint i = 0; i < archive->blocks->len; i++) {
    const Block *block;
    gboolean owner;

    if (wanted_primes_is_empty (wanted))
      return TRUE;
    if (key_reader_is_stopped (archive->reader, error)
        || !is_owner (archive, i, wanted, &owner, error))
      return FALSE;
    block = g_ptr_array_index (archive->blocks, i);
    if (owner
        && !key_reader_visit (archive->reader, block->after, block->last, try_primes, wanted,
                              error))
      return FALSE;
  }
  return wanted_primes_is_empty (wanted)
         || key_reader_visit (archive->reader, archive->open->after, last, try_primes, wanted,
                              error);
}

gboolean
find_shared_primes (KeyArchive *archive, GPtrArray *keys, GArray *findings, mpz_t product,
                    GError **error)
{
  const FleetKey *last = g_ptr_array_index (keys, keys->len - 1);
  g_autoptr (WantedPrimes) wanted = wanted_primes_new (findings);
  g_auto (Batch) batch = batch_of (keys, findings);
  g_autoptr (BatchGcd) tree = NULL;
  gboolean folded;
  mpz_t rest;

  mpz_set_ui (product, 1);
  if (batch.keys->len == 0)
    return TRUE;
  tree = batch_gcd_new (batch.moduli);
  mpz_set (product, batch_gcd_product (tree));
  mpz_init (rest);
  folded = fold (archive, product, rest, error);
  if (folded)
    want_primes (&batch, tree, rest, wanted);
  mpz_clear (rest);
  return folded && find_owners (archive, wanted, last->id, error);
}

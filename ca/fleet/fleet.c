/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See fleet.h. What is known of the keys up to the mark: the tails of all numbers (number-set.h),
 * and the products of all moduli, block by block. A batch of new keys goes through four steps: are
 * any equal or near to an earlier one; what do the moduli share among one another and with all
 * blocks; who are the partners; then the batch joins what is known.
 */
#include "ca/fleet/fleet.h"

#include "ca/fleet/batch-gcd.h"
#include "ca/fleet/near-keys.h"
#include "ca/fleet/number-set.h"
#include "ca/fleet/wanted.h"

/* Keys that are read at once where nothing else asks for a number. */
#define READ_KEYS 4096
/* Keys of a block, or a batch more: 4 MB of 2048-bit moduli. */
#define BLOCK_KEYS 16384
/* Neighbours that are told of one key. */
#define NEAR_MOST 16

typedef struct {
  guint64 after; /* the keys above this ... */
  guint64 last;  /* ... up to this one */
  guint64 keys;
  mpz_t product; /* of their moduli */
} Block;

struct Fleet {
  FleetSource source;
  gpointer data;
  NearKeys *near;
  NumberSet *numbers;
  GPtrArray *blocks; /* of Block, without gaps */
  Block *open;       /* what follows them */
  gint stopped;
};

typedef void (*KeyVisit) (const FleetKey *key, gpointer data);

/* ---- keys and where they come from ---- */

FleetKey *
fleet_key_new (guint64 id, CsrKeyType type, const void *number, gsize length)
{
  const guint8 *from = number;
  FleetKey *key = g_new0 (FleetKey, 1);

  while (type == CSR_KEY_RSA && length > 0 && *from == 0) {
    from++;
    length--;
  }
  key->id = id;
  key->type = type;
  key->number = g_bytes_new (from, length);
  return key;
}

void
fleet_key_free (FleetKey *key)
{
  g_bytes_unref (key->number);
  g_free (key);
}

static gboolean
is_stopped (Fleet *fleet, GError **error)
{
  if (g_atomic_int_get (&fleet->stopped) == 0)
    return FALSE;
  g_set_error_literal (error, G_FILE_ERROR, G_FILE_ERROR_INTR, "the check of all keys was stopped");
  return TRUE;
}

static GPtrArray *
read_keys (Fleet *fleet, guint64 after, guint most, GError **error)
{
  g_autoptr (GPtrArray) keys = NULL;
  guint64 before = after;

  if (is_stopped (fleet, error))
    return NULL;
  keys = fleet->source (after, most, fleet->data, error);
  for (guint i = 0; keys != NULL && i < keys->len; i++) {
    const FleetKey *key = g_ptr_array_index (keys, i);

    if (key->id <= before) {
      g_set_error (error, CA_ERROR, CA_ERROR_INTERNAL,
                   "key %" G_GUINT64_FORMAT " came after key %" G_GUINT64_FORMAT, key->id, before);
      return NULL;
    }
    before = key->id;
  }
  return g_steal_pointer (&keys);
}

/* Shows `visit` all keys above `after` up to `last`. */
static gboolean
visit_keys (Fleet *fleet, guint64 after, guint64 last, KeyVisit visit, gpointer data,
            GError **error)
{
  while (after < last) {
    g_autoptr (GPtrArray) keys = read_keys (fleet, after, READ_KEYS, error);

    if (keys == NULL)
      return FALSE;
    if (keys->len == 0)
      return TRUE;
    for (guint i = 0; i < keys->len; i++) {
      const FleetKey *key = g_ptr_array_index (keys, i);

      if (key->id > last)
        return TRUE;
      visit (key, data);
      after = key->id;
    }
  }
  return TRUE;
}

/* ---- what is known ---- */

static Block *
block_new (guint64 after)
{
  Block *block = g_new0 (Block, 1);

  block->after = after;
  block->last = after;
  mpz_init_set_ui (block->product, 1);
  return block;
}

static void
block_free (Block *block)
{
  mpz_clear (block->product);
  g_free (block);
}

static void
begin_anew (Fleet *fleet)
{
  g_clear_pointer (&fleet->numbers, number_set_free);
  g_clear_pointer (&fleet->blocks, g_ptr_array_unref);
  g_clear_pointer (&fleet->open, block_free);
  fleet->numbers = number_set_new ();
  fleet->blocks = g_ptr_array_new_with_free_func ((GDestroyNotify)block_free);
  fleet->open = block_new (0);
}

Fleet *
fleet_open (const char *folder, FleetSource source, gpointer data, GError **error)
{
  Fleet *fleet = g_new0 (Fleet, 1);

  fleet->source = source;
  fleet->data = data;
  fleet->near = near_keys_new ();
  begin_anew (fleet);
  return fleet;
}

void
fleet_close (Fleet *fleet)
{
  if (fleet == NULL)
    return;
  near_keys_free (fleet->near);
  number_set_free (fleet->numbers);
  g_ptr_array_unref (fleet->blocks);
  block_free (fleet->open);
  g_free (fleet);
}

void
fleet_stop (Fleet *fleet)
{
  g_atomic_int_set (&fleet->stopped, 1);
}

static void
number_free (mpz_t *number)
{
  mpz_clear (*number);
  g_free (number);
}

static gboolean
add_modulus (GPtrArray *moduli, const FleetKey *key)
{
  mpz_t *modulus = g_new (mpz_t, 1);

  mpz_init (*modulus);
  if (!fleet_key_modulus (key, *modulus)) {
    number_free (modulus);
    return FALSE;
  }
  g_ptr_array_add (moduli, modulus);
  return TRUE;
}

/* The batch joins the open block, which is closed when it is large enough. */
static void
join (Fleet *fleet, GPtrArray *batch, mpz_srcptr product)
{
  const FleetKey *last = g_ptr_array_index (batch, batch->len - 1);

  mpz_mul (fleet->open->product, fleet->open->product, product);
  fleet->open->keys += batch->len;
  fleet->open->last = last->id;
  if (fleet->open->keys >= BLOCK_KEYS) {
    g_ptr_array_add (fleet->blocks, fleet->open);
    fleet->open = block_new (last->id);
  }
}

static void
learn (Fleet *fleet, GPtrArray *batch)
{
  g_autoptr (GPtrArray) moduli = g_ptr_array_new_with_free_func ((GDestroyNotify)number_free);
  g_autoptr (BatchGcd) tree = NULL;
  mpz_t one;

  for (guint i = 0; i < batch->len; i++) {
    const FleetKey *key = g_ptr_array_index (batch, i);

    number_set_add (fleet->numbers, number_tail (fleet_key_number (key)));
    add_modulus (moduli, key);
  }
  mpz_init_set_ui (one, 1);
  if (moduli->len > 0)
    tree = batch_gcd_new (moduli);
  join (fleet, batch, tree != NULL ? batch_gcd_product (tree) : one);
  mpz_clear (one);
}

/* Brings what is known to `mark`, which the caller keeps. */
static gboolean
follow (Fleet *fleet, guint64 mark, GError **error)
{
  if (fleet->open->last > mark)
    begin_anew (fleet);
  while (fleet->open->last < mark) {
    g_autoptr (GPtrArray) keys = read_keys (fleet, fleet->open->last, READ_KEYS, error);

    if (keys == NULL)
      return FALSE;
    while (keys->len > 0 && ((FleetKey *)g_ptr_array_index (keys, keys->len - 1))->id > mark)
      g_ptr_array_set_size (keys, (gint)keys->len - 1);
    if (keys->len == 0)
      break;
    learn (fleet, keys);
  }
  fleet->open->last = mark;
  return TRUE;
}

/* ---- equal and near keys ---- */

static void
want_neighbours (Fleet *fleet, WantedNumbers *wanted, const FleetKey *key)
{
  Span number = { NULL, 0 };
  const guint8 *neighbours;
  guint count, told = 0;

  number.data = g_bytes_get_data (key->number, &number.length);
  neighbours = near_keys_of (fleet->near, key->type, number, &count);
  for (guint i = 0; i < count && told < NEAR_MOST; i++) {
    Span x = { neighbours + i * (number.length / 2), number.length / 2 };

    if (!number_set_has (fleet->numbers, number_tail (x)))
      continue;
    wanted_numbers_add (wanted, key, x, CA_ERROR_EC_NEAR_KEY);
    told++;
  }
}

static void
try_number (const FleetKey *candidate, gpointer wanted)
{
  wanted_numbers_try (wanted, candidate);
}

static gboolean
find_equal_and_near (Fleet *fleet, GPtrArray *batch, GArray *findings, GError **error)
{
  g_autoptr (WantedNumbers) wanted = wanted_numbers_new (findings);
  const FleetKey *last = g_ptr_array_index (batch, batch->len - 1);

  for (guint i = 0; i < batch->len; i++) {
    const FleetKey *key = g_ptr_array_index (batch, i);
    Span number = fleet_key_number (key);

    if (is_stopped (fleet, error))
      return FALSE;
    if (number_set_has (fleet->numbers, number_tail (number)))
      wanted_numbers_add (wanted, key, number, CA_ERROR_DUPLICATE_KEY);
    if (key->type != CSR_KEY_RSA)
      want_neighbours (fleet, wanted, key);
    number_set_add (fleet->numbers, number_tail (number));
  }
  return wanted_numbers_is_empty (wanted)
         || visit_keys (fleet, 0, last->id, try_number, wanted, error);
}

/* ---- shared primes ---- */

/* The moduli of a batch, without those that are equal to an earlier key's: what that one shares was
 * told when it came. */
typedef struct {
  GPtrArray *keys; /* of FleetKey */
  GPtrArray *moduli;
} Moduli;

static void
moduli_clear (Moduli *moduli)
{
  g_clear_pointer (&moduli->keys, g_ptr_array_unref);
  g_clear_pointer (&moduli->moduli, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Moduli, moduli_clear)

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

static void
moduli_of (GPtrArray *batch, GArray *findings, Moduli *moduli)
{
  g_autoptr (GHashTable) duplicates = ids_of_duplicates (findings);

  moduli->keys = g_ptr_array_new ();
  moduli->moduli = g_ptr_array_new_with_free_func ((GDestroyNotify)number_free);
  for (guint i = 0; i < batch->len; i++) {
    FleetKey *key = g_ptr_array_index (batch, i);

    if (!g_hash_table_contains (duplicates, &key->id) && add_modulus (moduli->moduli, key))
      g_ptr_array_add (moduli->keys, key);
  }
}

/* `rest` becomes the product of all known moduli, modulo `modulus`. */
static gboolean
fold (Fleet *fleet, mpz_srcptr modulus, mpz_t rest, GError **error)
{
  mpz_t part;

  mpz_init (part);
  mpz_mod (rest, fleet->open->product, modulus);
  for (guint i = 0; i < fleet->blocks->len && !g_atomic_int_get (&fleet->stopped); i++) {
    const Block *block = g_ptr_array_index (fleet->blocks, i);

    mpz_mod (part, block->product, modulus);
    mpz_mul (rest, rest, part);
    mpz_mod (rest, rest, modulus);
  }
  mpz_clear (part);
  return !is_stopped (fleet, error);
}

static void
want_primes (const Moduli *moduli, BatchGcd *tree, mpz_srcptr rest, WantedPrimes *wanted)
{
  mpz_t *common = g_new (mpz_t, moduli->keys->len);

  for (guint i = 0; i < moduli->keys->len; i++)
    mpz_init (common[i]);
  batch_gcd_common (tree, rest, common);
  for (guint i = 0; i < moduli->keys->len; i++) {
    if (mpz_cmp_ui (common[i], 1) > 0)
      wanted_primes_add (wanted, g_ptr_array_index (moduli->keys, i), common[i]);
    mpz_clear (common[i]);
  }
  g_free (common);
}

static void
try_primes (const FleetKey *candidate, gpointer wanted)
{
  wanted_primes_try (wanted, candidate);
}

/* Only blocks that have one of the wanted primes are read key by key. */
static gboolean
find_owners (Fleet *fleet, WantedPrimes *wanted, guint64 last, GError **error)
{
  gboolean ok = TRUE;
  mpz_t product, shared;

  mpz_inits (product, shared, NULL);
  for (guint i = 0; ok && i < fleet->blocks->len; i++) {
    const Block *block = g_ptr_array_index (fleet->blocks, i);

    wanted_primes_product (wanted, product);
    mpz_mod (shared, block->product, product);
    mpz_gcd (shared, shared, product);
    if (mpz_cmp_ui (shared, 1) > 0)
      ok = visit_keys (fleet, block->after, block->last, try_primes, wanted, error);
  }
  wanted_primes_product (wanted, product);
  if (ok && mpz_cmp_ui (product, 1) > 0)
    ok = visit_keys (fleet, fleet->open->after, last, try_primes, wanted, error);
  mpz_clears (product, shared, NULL);
  return ok;
}

/* Ends with the batch's keys among the known ones. */
static gboolean
find_shared (Fleet *fleet, GPtrArray *batch, GArray *findings, GError **error)
{
  g_autoptr (WantedPrimes) wanted = wanted_primes_new (findings);
  const FleetKey *last = g_ptr_array_index (batch, batch->len - 1);
  g_auto (Moduli) moduli = { NULL, NULL };
  g_autoptr (BatchGcd) tree = NULL;
  gboolean ok = TRUE;
  mpz_t rest, product;

  moduli_of (batch, findings, &moduli);
  mpz_init (rest);
  mpz_init_set_ui (product, 1);
  if (moduli.keys->len > 0) {
    tree = batch_gcd_new (moduli.moduli);
    mpz_set (product, batch_gcd_product (tree));
    ok = fold (fleet, product, rest, error);
    if (ok) {
      want_primes (&moduli, tree, rest, wanted);
      ok = find_owners (fleet, wanted, last->id, error);
    }
  }
  if (ok)
    join (fleet, batch, product);
  mpz_clears (rest, product, NULL);
  return ok;
}

/* ---- a batch ---- */

static int
compare_findings (gconstpointer a, gconstpointer b)
{
  const FleetFinding *one = a;
  const FleetFinding *other = b;

  if (one->key != other->key)
    return one->key < other->key ? -1 : 1;
  return one->partner == other->partner ? 0 : one->partner < other->partner ? -1 : 1;
}

gboolean
fleet_check (Fleet *fleet, guint most, guint64 *mark, GArray *findings, GError **error)
{
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (FleetFinding));
  g_autoptr (GPtrArray) batch = NULL;

  if (!follow (fleet, *mark, error))
    return FALSE;
  batch = read_keys (fleet, *mark, most, error);
  if (batch == NULL)
    return FALSE;
  if (batch->len == 0)
    return TRUE;
  if (!find_equal_and_near (fleet, batch, found, error)
      || !find_shared (fleet, batch, found, error)) {
    begin_anew (fleet);
    return FALSE;
  }
  g_array_sort (found, compare_findings);
  g_array_append_vals (findings, found->data, found->len);
  *mark = ((const FleetKey *)g_ptr_array_index (batch, batch->len - 1))->id;
  return TRUE;
}

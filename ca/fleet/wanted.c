/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See wanted.h.
 */
#include "ca/fleet/wanted.h"

#include "ca/fleet/number-set.h"

typedef struct {
  guint64 later;
  CsrKeyType type;
  CaError kind;
  GBytes *number;
  gboolean found;
} WantedNumber;

struct WantedNumbers {
  GArray *findings;
  GHashTable *by_tail; /* guint64 → GPtrArray of WantedNumber */
};

typedef struct {
  guint64 later;
  mpz_t common; /* what is left of it; 1: all was found */
} WantedPrime;

struct WantedPrimes {
  GArray *findings;
  GPtrArray *primes; /* of WantedPrime, those whose partner is missing */
};

/* ---- numbers ---- */

static void
wanted_number_free (WantedNumber *wanted)
{
  g_bytes_unref (wanted->number);
  g_free (wanted);
}

WantedNumbers *
wanted_numbers_new (GArray *findings)
{
  WantedNumbers *wanted = g_new0 (WantedNumbers, 1);

  wanted->findings = findings;
  wanted->by_tail = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free,
                                           (GDestroyNotify)g_ptr_array_unref);
  return wanted;
}

void
wanted_numbers_free (WantedNumbers *wanted)
{
  if (wanted == NULL)
    return;
  g_hash_table_unref (wanted->by_tail);
  g_free (wanted);
}

static GPtrArray *
numbers_with_tail (WantedNumbers *wanted, guint64 tail)
{
  GPtrArray *numbers = g_hash_table_lookup (wanted->by_tail, &tail);

  if (numbers == NULL) {
    numbers = g_ptr_array_new_with_free_func ((GDestroyNotify)wanted_number_free);
    g_hash_table_insert (wanted->by_tail, g_memdup2 (&tail, sizeof tail), numbers);
  }
  return numbers;
}

void
wanted_numbers_add (WantedNumbers *wanted, const FleetKey *later, Span number, CaError kind)
{
  WantedNumber *entry = g_new0 (WantedNumber, 1);

  entry->later = later->id;
  entry->type = later->type;
  entry->kind = kind;
  entry->number = g_bytes_new (number.data, number.length);
  g_ptr_array_add (numbers_with_tail (wanted, number_tail (number)), entry);
}

gboolean
wanted_numbers_is_empty (const WantedNumbers *wanted)
{
  return g_hash_table_size (wanted->by_tail) == 0;
}

void
wanted_numbers_try (WantedNumbers *wanted, const FleetKey *candidate)
{
  Span number = fleet_key_number (candidate);
  guint64 tail = number_tail (number);
  GPtrArray *numbers = g_hash_table_lookup (wanted->by_tail, &tail);

  for (guint i = 0; numbers != NULL && i < numbers->len; i++) {
    WantedNumber *entry = g_ptr_array_index (numbers, i);
    FleetFinding finding = { entry->later, candidate->id, entry->kind };

    if (entry->found || candidate->id >= entry->later || candidate->type != entry->type
        || !span_equal (number, g_bytes_get_data (entry->number, NULL),
                        g_bytes_get_size (entry->number)))
      continue;
    g_array_append_val (wanted->findings, finding);
    entry->found = TRUE;
  }
}

/* ---- primes ---- */

static void
wanted_prime_free (WantedPrime *wanted)
{
  mpz_clear (wanted->common);
  g_free (wanted);
}

WantedPrimes *
wanted_primes_new (GArray *findings)
{
  WantedPrimes *wanted = g_new0 (WantedPrimes, 1);

  wanted->findings = findings;
  wanted->primes = g_ptr_array_new_with_free_func ((GDestroyNotify)wanted_prime_free);
  return wanted;
}

void
wanted_primes_free (WantedPrimes *wanted)
{
  if (wanted == NULL)
    return;
  g_ptr_array_unref (wanted->primes);
  g_free (wanted);
}

void
wanted_primes_add (WantedPrimes *wanted, const FleetKey *later, mpz_srcptr common)
{
  WantedPrime *entry = g_new0 (WantedPrime, 1);

  entry->later = later->id;
  mpz_init_set (entry->common, common);
  g_ptr_array_add (wanted->primes, entry);
}

gboolean
wanted_primes_is_empty (const WantedPrimes *wanted)
{
  return wanted->primes->len == 0;
}

void
wanted_primes_product (const WantedPrimes *wanted, mpz_t product)
{
  mpz_set_ui (product, 1);
  for (guint i = 0; i < wanted->primes->len; i++) {
    const WantedPrime *entry = g_ptr_array_index (wanted->primes, i);
    mpz_mul (product, product, entry->common);
  }
}

/* Takes the factors that `modulus` has out of `entry`. */
static gboolean
take_shared (WantedPrime *entry, mpz_srcptr modulus)
{
  gboolean shares;
  mpz_t shared;

  mpz_init (shared);
  mpz_gcd (shared, entry->common, modulus);
  shares = mpz_cmp_ui (shared, 1) > 0;
  if (shares)
    mpz_divexact (entry->common, entry->common, shared);
  mpz_clear (shared);
  return shares;
}

void
wanted_primes_try (WantedPrimes *wanted, const FleetKey *candidate)
{
  gboolean is_modulus;
  mpz_t modulus;

  mpz_init (modulus);
  is_modulus = fleet_key_modulus (candidate, modulus);
  for (guint i = wanted->primes->len; is_modulus && i-- > 0;) {
    WantedPrime *entry = g_ptr_array_index (wanted->primes, i);
    FleetFinding finding = { entry->later, candidate->id, CA_ERROR_RSA_SHARED_PRIME };

    if (candidate->id >= entry->later || !take_shared (entry, modulus))
      continue;
    g_array_append_val (wanted->findings, finding);
    if (mpz_cmp_ui (entry->common, 1) == 0)
      g_ptr_array_remove_index_fast (wanted->primes, i);
  }
  mpz_clear (modulus);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whose partner is looked for among the stored keys. First by number: a key with the same modulus
 * or X, or with the X of a neighbour. Then by a prime that is known to be shared.
 */
#pragma once

#include "ca/fleet/key-reader.h"

typedef struct WantedNumbers WantedNumbers;

/* Finds go to `findings`, which must outlive it. */
WantedNumbers *wanted_numbers_new (GArray *findings);
void wanted_numbers_free (WantedNumbers *wanted);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WantedNumbers, wanted_numbers_free)

/* A key of `later`'s type with `number`, and earlier than `later`, is its partner. */
void wanted_numbers_add (WantedNumbers *wanted, const FleetKey *later, Span number, CaError kind);
gboolean wanted_numbers_is_empty (const WantedNumbers *wanted);

/* Is it `candidate`? Only the first one that comes counts. */
void wanted_numbers_try (WantedNumbers *wanted, const FleetKey *candidate);

typedef struct WantedPrimes WantedPrimes;

WantedPrimes *wanted_primes_new (GArray *findings);
void wanted_primes_free (WantedPrimes *wanted);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WantedPrimes, wanted_primes_free)

/* An earlier key than `later` has a factor of `common`, which divides `later`'s modulus. */
void wanted_primes_add (WantedPrimes *wanted, const FleetKey *later, mpz_srcptr common);

gboolean wanted_primes_is_empty (const WantedPrimes *wanted);

/* `product` becomes that of all factors whose owners were not found yet; 1 where none is left. */
void wanted_primes_product (const WantedPrimes *wanted, mpz_t product);

/* Does `candidate` own some of them? The first one that comes owns a factor for all. */
void wanted_primes_try (WantedPrimes *wanted, const FleetKey *candidate);

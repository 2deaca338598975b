/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Small factors: all odd primes up to 65537, which takes a tenth of the time of a signature.
 * Dividing by one after another would take more than the signature, so
 *   - primes are multiplied together as long as they fit into a machine word, and the modulus is
 *     divided by these products,
 *   - from its low end (Hensel's division, as in GMP's mpn_modexact_1_odd): two multiplications a
 *     word and no division. The remainder comes out multiplied by a power of 2, which no odd prime
 *     minds: a prime divides it exactly where it divides the modulus,
 *   - four at a time, as each step waits for the one before.
 * That a prime divides the remainder is then seen by one multiplication: x * p^-1 modulo 2^64 is at
 * most 2^64 / p exactly for multiples of p (Granlund and Montgomery, 1994, section 9).
 */
#include "ca/judge/keycheck-private.h"
#include "ca/openssl.h"

#define MOST_PRIME 65537u
/* Primes from 3 to 65537, and products that hold them. */
#define PRIMES 6542u
#define MOST_WORDS (PRIMES / 2)
#define LANES 4u
#define MOST_MODULUS_BYTES 1024u

/* The machine's word, and what holds a product of two. */
#ifdef __SIZEOF_INT128__
typedef guint64 Word;
typedef unsigned __int128 DoubleWord;
#else
typedef guint32 Word;
typedef guint64 DoubleWord;
#endif
#define WORD_BITS (8 * sizeof (Word))

typedef struct {
  guint prime;
  Word inverse; /* modulo 2^WORD_BITS */
  Word most;    /* multiples of it within a word */
} Prime;

typedef struct {
  Word product;
  Word inverse;
  guint first; /* prime */
  guint end;
} Product;

typedef struct {
  Prime primes[PRIMES];
  Product products[MOST_WORDS + LANES];
  guint count; /* of products, a multiple of LANES */
} Table;

/* ---- the table ---- */

/* Of an odd number: Newton's method doubles the bits that are right, beginning with 3. */
static Word
inverse_of (Word odd)
{
  Word inverse = odd;

  for (guint bits = 3; bits < WORD_BITS; bits *= 2)
    inverse *= 2 - odd * inverse;
  return inverse;
}

static void
fill_primes (Prime *primes)
{
  guint count = 0;

  for (guint number = 3; number <= MOST_PRIME; number += 2)
    if (keycheck_is_prime (number)) {
      g_assert (count < PRIMES);
      primes[count++] = (Prime){ number, inverse_of (number), (Word)-1 / number };
    }
  g_assert (count == PRIMES);
}

static void
fill_products (Table *table)
{
  guint next = 0;

  while (next < PRIMES) {
    Product *product = &table->products[table->count++];

    *product = (Product){ .product = 1, .first = next };
    while (next < PRIMES && product->product <= (Word)-1 / table->primes[next].prime)
      product->product *= table->primes[next++].prime;
    product->end = next;
    product->inverse = inverse_of (product->product);
  }
  while (table->count % LANES != 0) /* 1, and no primes */
    table->products[table->count++] = (Product){ .product = 1, .inverse = 1 };
}

static const Table *
table_get (void)
{
  static gsize made;

  if (g_once_init_enter (&made)) {
    Table *table = g_new0 (Table, 1);

    fill_primes (table->primes);
    fill_products (table);
    g_once_init_leave (&made, GPOINTER_TO_SIZE (table));
  }
  return GSIZE_TO_POINTER (made);
}

/* ---- the division ---- */

/* One word more of the modulus: the part that the quotient takes away leaves zeros at the low end,
 * and the rest moves down by a word. */
static inline Word
step (Word rest, Word word, const Product *product)
{
  const Word quotient = (word - rest) * product->inverse;

  return (Word)((DoubleWord)quotient * product->product >> WORD_BITS) + (word < rest);
}

/* `rests` are the modulus's by LANES products, each times a power of 2. */
static void
divide (const Word *words, gsize count, const Product *products, Word rests[LANES])
{
  Word a = 0, b = 0, c = 0, d = 0;

  for (gsize i = 0; i < count; i++) {
    a = step (a, words[i], &products[0]);
    b = step (b, words[i], &products[1]);
    c = step (c, words[i], &products[2]);
    d = step (d, words[i], &products[3]);
  }
  rests[0] = a;
  rests[1] = b;
  rests[2] = c;
  rests[3] = d;
}

static gboolean
refuse_divisor (const Table *table, const Product *product, Word rest, GError **error)
{
  for (guint i = product->first; i < product->end; i++)
    if (rest * table->primes[i].inverse <= table->primes[i].most)
      return keycheck_refuse (error, CA_ERROR_RSA_SMALL_FACTOR, "%u divides the RSA modulus",
                              table->primes[i].prime);
  return TRUE;
}

/* Low words first; how many, or 0 where there is no room. */
static gsize
words_of (const BIGNUM *number, Word *words)
{
  guint8 bytes[MOST_MODULUS_BYTES];
  const gsize count = ((gsize)BN_num_bytes (number) + sizeof (Word) - 1) / sizeof (Word);

  if (count * sizeof (Word) > sizeof bytes
      || BN_bn2lebinpad (number, bytes, (int)(count * sizeof (Word))) < 0)
    return 0;
  for (gsize i = 0; i < count; i++) {
    words[i] = 0;
    for (gsize k = sizeof (Word); k-- > 0;)
      words[i] = words[i] << 8 | bytes[i * sizeof (Word) + k];
  }
  return count;
}

gboolean
keycheck_small_factors (const RsaNumbers *numbers, GError **error)
{
  const Table *table = table_get ();
  Word words[MOST_MODULUS_BYTES / sizeof (Word)];
  const gsize count = words_of (numbers->modulus, words);
  Word rests[LANES];

  if (count == 0)
    return openssl_refuse (error, CA_ERROR_INTERNAL, "the RSA modulus can't be divided");
  for (guint i = 0; i < table->count; i += LANES) {
    divide (words, count, &table->products[i], rests);
    for (guint lane = 0; lane < LANES; lane++)
      if (!refuse_divisor (table, &table->products[i + lane], rests[lane], error))
        return FALSE;
  }
  return TRUE;
}

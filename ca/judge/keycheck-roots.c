/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Moduli that a root gives away: powers, and products of two primes so close together that Fermat's
 * method, which begins at the square root, comes upon them. Both would take long roots of many
 * numbers; nearly all of them are told by their remainders not to be what is looked for.
 */
#include "ca/judge/keycheck-private.h"
#include "ca/openssl.h"

/* Let's Encrypt's number; the Baseline Requirements ask for 100. Each round is one more candidate
 * for (p + q) / 2. */
#define FERMAT_ROUNDS 110u

/* Half of all numbers are squares modulo a prime, so 13 leave one round in 3000. */
static const guint filters[] = { 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43 };
/* Products of the first eight and of the others. */
#define LOW_FILTERS 8u
#define LOW_PRODUCT 111546435u
#define HIGH_PRODUCT 58642669u

/* Where a root is so short, Newton's method begins at a power of 2. */
#define SMALL_ROOT_BITS 16

/* A root is above 2^16 where no small prime divides the number, so its power is at most this. */
#define ROOT_LEAST_BITS 16u
/* A cube passes one by accident in 3, and so on: three make the long root rare. */
#define POWER_FILTERS 3u
/* Moduli of 2048 bits need no k above 127. */
#define FIRST_FILTERS_MOST 127u

gboolean
keycheck_is_prime (guint number)
{
  if (number < 2 || (number % 2 == 0 && number != 2))
    return FALSE;
  for (guint divisor = 3; divisor * divisor <= number; divisor += 2)
    if (number % divisor == 0)
      return FALSE;
  return TRUE;
}

/* ---- roots ---- */

/* x^(k-1) to `power`. */
static gboolean
power_below (BIGNUM *power, const BIGNUM *x, guint k, BN_CTX *context)
{
  gboolean ok = BN_copy (power, x) != NULL;

  for (guint i = 2; ok && i < k; i++)
    ok = BN_mul (power, power, x, context);
  return ok;
}

/* Newton's method from above: falls until it has reached the root (Cohen, "A Course in
 * Computational Algebraic Number Theory", algorithm 1.7.1). */
static gboolean
root_from_above (BIGNUM *x, const BIGNUM *number, guint k, BN_CTX *context)
{
  BIGNUM *power = BN_CTX_get (context);
  BIGNUM *next = BN_CTX_get (context);

  if (next == NULL)
    return FALSE;
  for (;;) {
    if (!power_below (power, x, k, context) || !BN_div (next, NULL, number, power, context)
        || !BN_copy (power, x) || !BN_mul_word (power, k - 1) || !BN_add (next, next, power)
        || BN_div_word (next, k) == (BN_ULONG)-1)
      return FALSE;
    if (BN_cmp (next, x) >= 0)
      return TRUE;
    BN_swap (next, x);
  }
}

/* A number at or above the root: the root of the number's upper half (of the root's bits), plus 1.
 */
static gboolean
begin_root (BIGNUM *root, const BIGNUM *number, guint k, BN_CTX *context)
{
  const int bits = BN_num_bits (number) / (int)k + 1;
  const int half = bits / 2;
  BIGNUM *upper;

  if (bits <= SMALL_ROOT_BITS) {
    BN_zero (root);
    return BN_set_bit (root, bits);
  }
  upper = BN_CTX_get (context);
  return upper != NULL && BN_rshift (upper, number, half * (int)k)
         && keycheck_root (root, upper, k, context) && BN_add_word (root, 1)
         && BN_lshift (root, root, half);
}

gboolean
keycheck_root (BIGNUM *root, const BIGNUM *number, guint k, BN_CTX *context)
{
  gboolean ok;

  if (BN_is_zero (number)) { /* Newton's method would divide by it */
    BN_zero (root);
    return TRUE;
  }
  BN_CTX_start (context);
  ok = begin_root (root, number, k, context) && root_from_above (root, number, k, context);
  BN_CTX_end (context);
  return ok;
}

/* `is` tells whether root^k is the number. */
static gboolean
compare_power (gboolean *is, const BIGNUM *root, guint k, const BIGNUM *number, BN_CTX *context)
{
  BIGNUM *power;
  gboolean ok;

  BN_CTX_start (context);
  power = BN_CTX_get (context);
  ok = power != NULL && power_below (power, root, k + 1, context);
  *is = ok && BN_cmp (power, number) == 0;
  BN_CTX_end (context);
  return ok;
}

/* ---- powers ---- */

static guint
power_modulo (guint64 base, guint exponent, guint modulus)
{
  guint64 power = 1;

  for (; exponent > 0; exponent >>= 1) {
    if (exponent & 1)
      power = power * base % modulus;
    base = base * base % modulus;
  }
  return (guint)power;
}

/* The first prime after `above` that is 1 modulo 2k. */
static guint
next_filter (guint k, guint above)
{
  guint filter = above + 2 * k;

  while (!keycheck_is_prime (filter))
    filter += 2 * k;
  return filter;
}

/* Of the first filters for all k up to FIRST_FILTERS_MOST: the modulus by this product is short,
 * and has the same rests. Made once and never freed. */
static const BIGNUM *
first_filters (void)
{
  static gsize made;

  if (g_once_init_enter (&made)) {
    BIGNUM *product = BN_new ();
    gboolean ok = product != NULL && BN_one (product);

    for (guint k = 3; ok && k <= FIRST_FILTERS_MOST; k += 2)
      ok = !keycheck_is_prime (k) || BN_mul_word (product, next_filter (k, 1));
    if (!ok)
      g_error ("no memory for a number");
    g_once_init_leave (&made, GPOINTER_TO_SIZE (product));
  }
  return GSIZE_TO_POINTER (made);
}

/* Modulo a prime r = 2jk + 1 a k-th power is 0, or one of the 2j numbers whose 2j-th power is 1. */
static gboolean
passes_filter (const BIGNUM *number, guint k, guint filter)
{
  const guint rest = (guint)BN_mod_word (number, filter);

  return rest == 0 || power_modulo (rest, (filter - 1) / k, filter) == 1;
}

/* `rest` is the number by first_filters(). */
static gboolean
may_be_power (const BIGNUM *number, const BIGNUM *rest, guint k)
{
  guint filter = next_filter (k, 1);

  if (!passes_filter (k <= FIRST_FILTERS_MOST ? rest : number, k, filter))
    return FALSE;
  for (guint i = 1; i < POWER_FILTERS; i++) {
    filter = next_filter (k, filter);
    if (!passes_filter (number, k, filter))
      return FALSE;
  }
  return TRUE;
}

static gboolean
check_power (const RsaNumbers *numbers, guint k, gboolean *is)
{
  BIGNUM *root = BN_new ();
  const gboolean ok = root != NULL && keycheck_root (root, numbers->modulus, k, numbers->context)
                      && compare_power (is, root, k, numbers->modulus, numbers->context);

  BN_free (root);
  return ok;
}

static gboolean
refuse_power (guint k, GError **error)
{
  return keycheck_refuse (error, CA_ERROR_RSA_PERFECT_POWER,
                          "the RSA modulus is a number to the power of %u", k);
}

/* Odd primes k: other powers are powers of powers. */
static gboolean
judge_odd_powers (const RsaNumbers *numbers, const BIGNUM *rest, GError **error)
{
  const guint most = (guint)BN_num_bits (numbers->modulus) / ROOT_LEAST_BITS;
  gboolean is;

  for (guint k = 3; k <= most; k += 2) {
    if (!keycheck_is_prime (k) || !may_be_power (numbers->modulus, rest, k))
      continue;
    if (!check_power (numbers, k, &is))
      return openssl_refuse (error, CA_ERROR_INTERNAL, "OpenSSL can't take a root");
    if (is)
      return refuse_power (k, error);
  }
  return TRUE;
}

gboolean
keycheck_perfect_power (const RsaNumbers *numbers, GError **error)
{
  BIGNUM *rest = BN_new ();
  gboolean square, good;

  if (rest == NULL || !BN_mod (rest, numbers->modulus, first_filters (), numbers->context)
      || !compare_power (&square, numbers->root, 2, numbers->modulus, numbers->context))
    good = openssl_refuse (error, CA_ERROR_INTERNAL, "OpenSSL can't divide or square");
  else
    good = square ? refuse_power (2, error) : judge_odd_powers (numbers, rest, error);
  BN_free (rest);
  return good;
}

/* ---- close primes ---- */

typedef struct {
  const RsaNumbers *numbers;
  BIGNUM *start;                               /* the square root, rounded up */
  guint modulus_rests[G_N_ELEMENTS (filters)]; /* by the filters */
  guint start_rests[G_N_ELEMENTS (filters)];
  guint64 squares[G_N_ELEMENTS (filters)]; /* bit i: i is a square modulo the filter */
} Fermat;

/* (start + round)^2 - modulus, as far as remainders tell. */
static gboolean
may_be_square (const Fermat *fermat, guint round)
{
  for (guint i = 0; i < G_N_ELEMENTS (filters); i++) {
    const guint sum = fermat->start_rests[i] + round;
    const guint rest = (sum * sum + filters[i] - fermat->modulus_rests[i]) % filters[i];

    if ((fermat->squares[i] >> rest & 1) == 0)
      return FALSE;
  }
  return TRUE;
}

/* `is` tells whether (start + round)^2 - modulus is b^2, so that start + round + b and
 * start + round - b are the primes. */
static gboolean
check_round (const Fermat *fermat, guint round, gboolean *is)
{
  BN_CTX *context = fermat->numbers->context;
  BIGNUM *difference, *root;
  gboolean ok;

  BN_CTX_start (context);
  difference = BN_CTX_get (context);
  root = BN_CTX_get (context);
  ok = root != NULL && BN_copy (root, fermat->start) != NULL && BN_add_word (root, round)
       && BN_sqr (difference, root, context)
       && BN_sub (difference, difference, fermat->numbers->modulus)
       && keycheck_root (root, difference, 2, context)
       && compare_power (is, root, 2, difference, context);
  BN_CTX_end (context);
  return ok;
}

static void
divide_by_filters (const BIGNUM *number, guint rests[])
{
  const guint low = (guint)BN_mod_word (number, LOW_PRODUCT);
  const guint high = (guint)BN_mod_word (number, HIGH_PRODUCT);

  for (guint i = 0; i < G_N_ELEMENTS (filters); i++)
    rests[i] = (i < LOW_FILTERS ? low : high) % filters[i];
}

static gboolean
prepare (Fermat *fermat)
{
  gboolean square;

  if (BN_copy (fermat->start, fermat->numbers->root) == NULL
      || !compare_power (&square, fermat->start, 2, fermat->numbers->modulus,
                         fermat->numbers->context)
      || !BN_add_word (fermat->start, square ? 0 : 1))
    return FALSE;
  divide_by_filters (fermat->numbers->modulus, fermat->modulus_rests);
  divide_by_filters (fermat->start, fermat->start_rests);
  for (guint i = 0; i < G_N_ELEMENTS (filters); i++)
    for (guint number = 0; number < filters[i]; number++)
      fermat->squares[i] |= G_GUINT64_CONSTANT (1) << number * number % filters[i];
  return TRUE;
}

static gboolean
search (const Fermat *fermat, GError **error)
{
  gboolean found;

  for (guint round = 0; round < FERMAT_ROUNDS; round++) {
    if (!may_be_square (fermat, round))
      continue;
    if (!check_round (fermat, round, &found))
      return openssl_refuse (error, CA_ERROR_INTERNAL, "OpenSSL can't take a root");
    if (found)
      return keycheck_refuse (error, CA_ERROR_RSA_CLOSE_PRIMES,
                              "the primes of the RSA modulus are too close together: Fermat's "
                              "method finds them in round %u of %u",
                              round + 1, FERMAT_ROUNDS);
  }
  return TRUE;
}

gboolean
keycheck_close_primes (const RsaNumbers *numbers, GError **error)
{
  Fermat fermat = { .numbers = numbers, .start = BN_new () };
  const gboolean good =
      fermat.start != NULL && prepare (&fermat)
          ? search (&fermat, error)
          : openssl_refuse (error, CA_ERROR_INTERNAL, "OpenSSL can't begin Fermat's method");

  BN_free (fermat.start);
  return good;
}

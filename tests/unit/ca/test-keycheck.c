/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The rules on RSA keys. Every key here is made for its case and has signed its request, so that
 * nothing but the rule at hand can refuse it; each has a twin, as near as can be, that passes.
 */
#include "ca/judge/csr.h"
#include "ca/judge/keycheck-private.h"
#include "tests/unit/ca/expect.h"
#include "tests/unit/ca/make-rsa.h"
#include "tests/unit/rounds.h"

#include <check.h>

static BN_CTX *context;
/* Two that are far apart, of 1024 bits. */
static BIGNUM *p;
static BIGNUM *q;

static void
setup (void)
{
  context = BN_CTX_new ();
  p = rsa_prime (1024);
  q = rsa_prime (1024);
}

static void
teardown (void)
{
  BN_free (p);
  BN_free (q);
  BN_CTX_free (context);
}

static BIGNUM *
number (gulong word)
{
  BIGNUM *result = BN_new ();

  ck_assert (BN_set_word (result, word));
  return result;
}

/* ---- size ---- */

START_TEST (test_sizes)
{
  static const struct {
    guint bits;
    CaError code;
    const char *says; /* NULL: passes */
  } cases[] = {
    { 2040, CA_ERROR_RSA_TOO_SMALL, "2040 bits; at least 2048" },
    { 2047, CA_ERROR_RSA_TOO_SMALL, "2047 bits" },
    { 2048, 0, NULL },
    { 2049, CA_ERROR_RSA_MALFORMED, "2049 bits, not a whole number" },
    { 2056, 0, NULL },
    { 3072, 0, NULL },
    { 8192, 0, NULL },
    { 8193, CA_ERROR_RSA_TOO_LARGE, "8193 bits; at most 8192" },
    { 8200, CA_ERROR_RSA_TOO_LARGE, "8200 bits" },
  };
  RsaPrimes primes = { .count = 0 };
  GBytes *request;

  rsa_primes_fill (&primes, cases[_i].bits);
  request = rsa_request_usual (&primes);
  if (cases[_i].says == NULL)
    expect_accepted (request);
  else
    expect_refused (request, cases[_i].code, cases[_i].says);
  rsa_primes_clear (&primes);
}
END_TEST
#define N_SIZES 9

START_TEST (test_an_even_modulus)
{
  RsaPrimes primes = { .count = 0 };

  rsa_primes_add (&primes, number (2));
  rsa_primes_fill (&primes, 2048);
  expect_refused (rsa_request_usual (&primes), CA_ERROR_RSA_MALFORMED, "modulus is even");
  rsa_primes_clear (&primes);
}
END_TEST

/* ---- exponent ---- */

/* The first exponent from 2^bits + 1 on (or up to it) that is anybody's inverse. */
static BIGNUM *
exponent_near (guint bits, gboolean below, const RsaPrimes *primes)
{
  BIGNUM *exponent = BN_new ();
  BIGNUM *divisor = BN_new ();
  BIGNUM *less = BN_new ();
  gboolean fits;

  ck_assert (BN_set_bit (exponent, (int)bits));
  ck_assert (below ? BN_sub_word (exponent, 1) : BN_add_word (exponent, 1));
  do {
    fits = TRUE;
    for (guint i = 0; fits && i < primes->count; i++)
      fits = BN_sub (less, primes->primes[i], BN_value_one ())
             && BN_gcd (divisor, less, exponent, context) && BN_is_one (divisor);
    if (!fits)
      ck_assert (below ? BN_sub_word (exponent, 2) : BN_add_word (exponent, 2));
  } while (!fits);
  BN_free (less);
  BN_free (divisor);
  return exponent;
}

START_TEST (test_exponents_at_their_bounds)
{
  static const struct {
    guint modulus_bits;
    guint bits;
    gboolean below;
    const char *says;
  } cases[] = {
    { 2048, 256, TRUE, NULL },
    { 2048, 256, FALSE, "257 bits; it must be below 2^256" },
    { 2048, 16, FALSE, NULL },
    { 3072, 200, FALSE, NULL },
    { 3080, 64, TRUE, NULL },
    { 3080, 64, FALSE, "65 bits; with a modulus of more than 3072 bits at most 64" },
  };
  RsaPrimes primes = { .count = 0 };
  BIGNUM *exponent;

  rsa_primes_fill (&primes, cases[_i].modulus_bits);
  exponent = exponent_near (cases[_i].bits, cases[_i].below, &primes);
  if (cases[_i].says == NULL)
    expect_accepted (rsa_request (&primes, exponent));
  else
    expect_refused (rsa_request (&primes, exponent), CA_ERROR_RSA_EXPONENT, cases[_i].says);
  BN_free (exponent);
  rsa_primes_clear (&primes);
}
END_TEST
#define N_EXPONENTS 6

/* 3 is an exponent where no prime is 1 modulo 3. */
static BIGNUM *
prime_for_three (void)
{
  BIGNUM *prime = BN_new ();
  BIGNUM *twelve = number (12);
  BIGNUM *eleven = number (11);

  ck_assert (BN_generate_prime_ex (prime, 1024, FALSE, twelve, eleven, NULL));
  BN_free (twelve);
  BN_free (eleven);
  return prime;
}

START_TEST (test_small_exponents)
{
  RsaPrimes primes = { .count = 0 };
  BIGNUM *three = number (3);
  BIGNUM *two = number (2);
  BIGNUM *one = number (1);
  BIGNUM *zero = number (0);
  BIGNUM *modulus;

  do {
    rsa_primes_clear (&primes);
    rsa_primes_add (&primes, prime_for_three ());
    rsa_primes_add (&primes, prime_for_three ());
    modulus = rsa_modulus (&primes);
    if (BN_num_bits (modulus) != 2048)
      BN_clear_free (g_steal_pointer (&modulus));
  } while (modulus == NULL);
  expect_accepted (rsa_request (&primes, three));
  /* with 1 everything is its own signature; an even number has no inverse, so nobody can sign */
  expect_refused (rsa_request_of_numbers (modulus, one, one), CA_ERROR_RSA_EXPONENT,
                  "is 1; at least 3");
  expect_refused (rsa_request_of_numbers (modulus, two, one), CA_ERROR_RSA_EXPONENT, "is even");
  expect_refused (rsa_request_of_numbers (modulus, zero, one), CA_ERROR_RSA_EXPONENT, "is even");
  rsa_primes_clear (&primes);
  BN_free (modulus);
  BN_free (three);
  BN_free (two);
  BN_free (one);
  BN_free (zero);
}
END_TEST

/* ---- small factors ---- */

START_TEST (test_small_factors)
{
  static const struct {
    gulong factor;
    const char *says;
  } cases[] = {
    { 3, "3 divides" },
    { 5, "5 divides" },
    { 751, "751 divides" },
    { 757, "757 divides" },
    { 65521, "65521 divides" },
    { 65537, "65537 divides" },
    { 65539, NULL },
    { 65543, NULL },
  };
  RsaPrimes primes = { .count = 0 };

  rsa_primes_add (&primes, number (cases[_i].factor));
  /* 65537 - 1 is a power of 2, and 3 - 1 divides it: no inverse is in the way */
  rsa_primes_fill (&primes, 2048);
  if (cases[_i].says == NULL)
    expect_accepted (rsa_request_usual (&primes));
  else
    expect_refused (rsa_request_usual (&primes), CA_ERROR_RSA_SMALL_FACTOR, cases[_i].says);
  rsa_primes_clear (&primes);
}
END_TEST
#define N_FACTORS 8

/* The table has no gap: each prime is found in a modulus of any size, and named. */
START_TEST (test_every_small_prime_is_found)
{
  static const guint sizes[] = { 1024, 1032, 2048 };
  BIGNUM *others = rsa_prime (sizes[_i]);
  RsaNumbers numbers = { BN_new (), NULL, context };
  guint found = 0;

  for (guint factor = 3; factor < 66000; factor += 2) {
    g_autoptr (GError) problem = NULL;
    g_autofree char *says = g_strdup_printf ("%u divides the RSA modulus", factor);

    if (!keycheck_is_prime (factor))
      continue;
    ck_assert (BN_copy (numbers.modulus, others) && BN_mul_word (numbers.modulus, factor));
    if (keycheck_small_factors (&numbers, &problem)) {
      ck_assert_uint_gt (factor, 65537);
      continue;
    }
    ck_assert_uint_le (factor, 65537);
    ck_assert_str_eq (problem->message, says);
    found++;
  }
  ck_assert_uint_eq (found, 6542);
  BN_free (numbers.modulus);
  BN_free (others);
}
END_TEST

/* ---- powers ---- */

/* A prime whose k-th power has 2048 bits. */
static BIGNUM *
base_of_power (guint k)
{
  for (;;) {
    BIGNUM *all = BN_new ();
    BIGNUM *power = BN_new ();
    BIGNUM *root = BN_new ();
    BIGNUM *prime = NULL;
    BIGNUM *exponent = number (k);

    ck_assert (BN_rand (all, 2048, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY));
    ck_assert (keycheck_root (root, all, k, context));
    prime = rsa_prime_from (root);
    ck_assert (BN_exp (power, prime, exponent, context));
    BN_free (all);
    BN_free (root);
    BN_free (exponent);
    if (BN_num_bits (power) == 2048) {
      BN_free (power);
      return prime;
    }
    BN_free (power);
    BN_free (prime);
  }
}

/* In place of the last prime another one of its length, so that the modulus keeps its own. Of short
 * ones the nearest is taken, as a random one may be no more than 65537. */
static void
exchange_last (RsaPrimes *primes)
{
  BIGNUM *last = primes->primes[--primes->count];
  BIGNUM *modulus;

  if (BN_num_bits (last) > 30)
    rsa_primes_fill (primes, 2048);
  else {
    ck_assert (BN_add_word (last, 2));
    rsa_primes_add (primes, rsa_prime_from (last));
    modulus = rsa_modulus (primes);
    if (BN_num_bits (modulus) > 2048) {
      BN_free (primes->primes[--primes->count]);
      ck_assert (BN_sub_word (last, 4));
      while (BN_check_prime (last, context, NULL) != 1)
        ck_assert (BN_sub_word (last, 2));
      rsa_primes_add (primes, BN_dup (last));
    }
    BN_free (modulus);
  }
  BN_free (last);
}

START_TEST (test_powers)
{
  static const struct {
    guint k;
    const char *says; /* the smallest prime in k */
  } cases[] = { { 2, "power of 2" },   { 3, "power of 3" },    { 4, "power of 2" },
                { 5, "power of 5" },   { 7, "power of 7" },    { 9, "power of 3" },
                { 31, "power of 31" }, { 35, "power of 5" },   { 61, "power of 61" },
                { 97, "power of 97" }, { 121, "power of 11" }, { 127, "power of 127" } };
  RsaPrimes primes = { .count = 0 };
  BIGNUM *base = base_of_power (cases[_i].k);

  for (guint i = 0; i < cases[_i].k; i++)
    rsa_primes_add (&primes, BN_dup (base));
  expect_refused (rsa_request_usual (&primes), CA_ERROR_RSA_PERFECT_POWER, cases[_i].says);
  exchange_last (&primes);
  expect_accepted (rsa_request_usual (&primes));
  rsa_primes_clear (&primes);
  BN_free (base);
}
END_TEST
#define N_POWERS 12

/* ---- close primes ---- */

/* The prime above `p` whose product with it Fermat's method takes apart in this round, the first
 * being 0: with q = p + 2d, (p + q) / 2 lies d^2 / 2 sqrt (pq) above the root. */
static BIGNUM *
partner (guint round)
{
  BIGNUM *square = BN_dup (p);
  BIGNUM *distance = BN_new ();
  BIGNUM *result;

  ck_assert (BN_mul_word (square, 2 * round + 1));
  ck_assert (keycheck_root (distance, square, 2, context));
  ck_assert (BN_lshift1 (distance, distance) && BN_add (distance, distance, p));
  ck_assert (BN_add_word (distance, 2)); /* not p itself */
  result = rsa_prime_from (distance);
  BN_free (square);
  BN_free (distance);
  return result;
}

START_TEST (test_close_primes)
{
  static const struct {
    guint round;
    const char *says;
  } cases[] = { { 0, "round 1 of 110" },
                { 1, "round 2 of 110" },
                { 57, "round 58 of 110" },
                { 108, "round 109 of 110" },
                { 109, "round 110 of 110" },
                { 110, NULL },
                { 111, NULL },
                { 1000000, NULL } };
  RsaPrimes primes = { .count = 0 };
  BIGNUM *modulus;

  rsa_primes_add (&primes, BN_dup (p));
  rsa_primes_add (&primes, partner (cases[_i].round));
  modulus = rsa_modulus (&primes);
  ck_assert_int_eq (BN_num_bits (modulus), 2048);
  if (cases[_i].says == NULL)
    expect_accepted (rsa_request_usual (&primes));
  else
    expect_refused (rsa_request_usual (&primes), CA_ERROR_RSA_CLOSE_PRIMES, cases[_i].says);
  BN_free (modulus);
  rsa_primes_clear (&primes);
}
END_TEST
#define N_CLOSE 8

/* Next to one another: the first round, whatever the gap. */
START_TEST (test_neighbours)
{
  RsaPrimes primes = { .count = 0 };
  BIGNUM *above = BN_dup (p);

  ck_assert (BN_add_word (above, 2));
  rsa_primes_add (&primes, BN_dup (p));
  rsa_primes_add (&primes, rsa_prime_from (above));
  expect_refused (rsa_request_usual (&primes), CA_ERROR_RSA_CLOSE_PRIMES, "round 1 of 110");
  BN_free (above);
  rsa_primes_clear (&primes);
}
END_TEST

/* The rule alone finds a square too, in its first round: it begins at the root itself. */
START_TEST (test_fermat_begins_at_the_root)
{
  g_autoptr (GError) problem = NULL;
  RsaNumbers numbers = { BN_new (), BN_dup (p), context };

  ck_assert (BN_sqr (numbers.modulus, p, context));
  ck_assert (!keycheck_close_primes (&numbers, &problem));
  ck_assert_msg (g_str_has_suffix (problem->message, "in round 1 of 110"), "%s", problem->message);
  BN_free (numbers.modulus);
  BN_free (numbers.root);
}
END_TEST

/* Against the definition, for all small numbers. */
START_TEST (test_roots)
{
  BIGNUM *value = BN_new ();
  BIGNUM *root = BN_new ();

  for (guint k = 2; k < 6; k++)
    for (guint n = 0, wanted = 0; n < rounds_of (70000, 7000); n++) {
      guint next = 1;

      for (guint i = 0; i < k; i++)
        next *= wanted + 1;
      wanted += next <= n;
      ck_assert (BN_set_word (value, n) && keycheck_root (root, value, k, context));
      ck_assert_msg (BN_is_word (root, wanted), "%u-th root of %u", k, n);
    }
  BN_free (value);
  BN_free (root);
}
END_TEST

/* Long ones: r^k - 1, r^k and r^k + 1. */
START_TEST (test_long_roots)
{
  BIGNUM *root = BN_new (), *base = BN_new (), *power = BN_new (), *exponent = BN_new ();

  for (guint round = 0; round < rounds_of (3000, 300); round++) {
    const guint k = (guint)g_random_int_range (2, 12);

    ck_assert (BN_rand (base, g_random_int_range (2, 300), BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY));
    ck_assert (BN_set_word (exponent, k) && BN_exp (power, base, exponent, context));
    ck_assert (keycheck_root (root, power, k, context) && BN_cmp (root, base) == 0);
    ck_assert (BN_add_word (power, 1) && keycheck_root (root, power, k, context));
    ck_assert (BN_cmp (root, base) == 0);
    ck_assert (BN_sub_word (power, 2) && keycheck_root (root, power, k, context));
    ck_assert (BN_sub_word (base, 1) && BN_cmp (root, base) == 0);
  }
  BN_free (root);
  BN_free (base);
  BN_free (power);
  BN_free (exponent);
}
END_TEST

/* ---- ROCA ---- */

static BIGNUM *
primorial (guint most)
{
  BIGNUM *product = number (1);

  for (guint i = 2; i <= most; i++)
    if (keycheck_is_prime (i))
      ck_assert (BN_mul_word (product, i));
  return product;
}

/* A prime of `bits` bits, the upper two being 1, that is `rest` modulo `modulus`. */
static BIGNUM *
prime_with_rest (guint bits, const BIGNUM *modulus, const BIGNUM *rest)
{
  BIGNUM *prime = BN_new ();
  BIGNUM *excess = BN_new ();

  do {
    ck_assert (BN_rand (prime, (int)bits, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ANY));
    ck_assert (BN_mod (excess, prime, modulus, context));
    ck_assert (BN_sub (prime, prime, excess) && BN_add (prime, prime, rest));
  } while (BN_num_bits (prime) != (int)bits || !BN_is_bit_set (prime, (int)bits - 2)
           || BN_check_prime (prime, context, NULL) != 1);
  BN_free (excess);
  return prime;
}

/* As the library makes it: k * M + (65537^a mod M), M the product of the first 126 primes for
 * keys of 1984 to 3936 bits. */
static BIGNUM *
roca_prime (guint bits)
{
  BIGNUM *product = primorial (701);
  BIGNUM *generator = number (65537);
  BIGNUM *rest = BN_new ();
  BIGNUM *prime;

  ck_assert (BN_rand_range (rest, product));
  ck_assert (BN_mod_exp_recp (rest, generator, rest, product, context));
  prime = prime_with_rest (bits, product, rest);
  BN_free (product);
  BN_free (generator);
  BN_free (rest);
  return prime;
}

START_TEST (test_roca_keys_are_refused)
{
  static const guint sizes[] = { 2048, 2048, 3072 };
  RsaPrimes primes = { .count = 0 };

  rsa_primes_add (&primes, roca_prime (sizes[_i] / 2));
  rsa_primes_add (&primes, roca_prime (sizes[_i] / 2));
  expect_refused (rsa_request_usual (&primes), CA_ERROR_RSA_ROCA, "CVE-2017-15361");
  /* one of these primes alone is not what the rule looks for, nor is it broken */
  BN_free (primes.primes[--primes.count]);
  rsa_primes_fill (&primes, sizes[_i]);
  expect_accepted (rsa_request_usual (&primes));
  rsa_primes_clear (&primes);
}
END_TEST

/* The smallest number that is `rest` modulo `modulus`, and a power of 65537 modulo `prime`: some
 * power, chosen for this prime alone. */
static void
extend_by_power (BIGNUM *rest, BIGNUM *modulus, guint prime)
{
  guint power = 1;

  for (guint left = (guint)g_random_int_range (0, 1000); left > 0; left--)
    power = power * (65537 % prime) % prime;
  while (BN_mod_word (rest, prime) != power)
    ck_assert (BN_add (rest, rest, modulus));
  ck_assert (BN_mul_word (modulus, prime));
}

static BIGNUM *
prime_of_powers (void)
{
  BIGNUM *rest = number (1);
  BIGNUM *modulus = number (2);
  BIGNUM *prime;

  for (guint i = 3; i <= 167; i += 2)
    if (keycheck_is_prime (i))
      extend_by_power (rest, modulus, i);
  prime = prime_with_rest (1024, modulus, rest);
  BN_free (rest);
  BN_free (modulus);
  return prime;
}

static gboolean
is_power (guint rest, guint prime)
{
  guint power = 1;

  for (guint i = 0; i < prime; i++) {
    if (power == rest)
      return TRUE;
    power = power * (65537 % prime) % prime;
  }
  return FALSE;
}

/* What the widespread fingerprint takes for ROCA: a power modulo each prime, of whatever exponent.
 */
START_TEST (test_who_only_looks_like_roca_passes)
{
  RsaPrimes primes = { .count = 0 };
  BIGNUM *modulus;

  rsa_primes_add (&primes, prime_of_powers ());
  rsa_primes_add (&primes, prime_of_powers ());
  modulus = rsa_modulus (&primes);
  for (guint i = 3; i <= 167; i += 2)
    ck_assert (!keycheck_is_prime (i) || is_power ((guint)BN_mod_word (modulus, i), i));
  expect_accepted (rsa_request_usual (&primes));
  BN_free (modulus);
  rsa_primes_clear (&primes);
}
END_TEST

START_TEST (test_usual_keys_pass)
{
  RsaPrimes primes = { .count = 0 };

  rsa_primes_fill (&primes, 2048);
  expect_accepted (rsa_request_usual (&primes));
  rsa_primes_clear (&primes);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("ca keycheck");
  TCase *rules = tcase_create ("rsa");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_set_timeout (rules, 120);
  tcase_add_unchecked_fixture (rules, setup, teardown);
  tcase_add_loop_test (rules, test_sizes, 0, N_SIZES);
  tcase_add_test (rules, test_an_even_modulus);
  tcase_add_loop_test (rules, test_exponents_at_their_bounds, 0, N_EXPONENTS);
  tcase_add_test (rules, test_small_exponents);
  tcase_add_loop_test (rules, test_small_factors, 0, N_FACTORS);
  tcase_add_loop_test (rules, test_every_small_prime_is_found, 0, (int)rounds_of (3, 1));
  tcase_add_loop_test (rules, test_powers, 0, N_POWERS);
  tcase_add_loop_test (rules, test_close_primes, 0, N_CLOSE);
  tcase_add_test (rules, test_neighbours);
  tcase_add_test (rules, test_fermat_begins_at_the_root);
  tcase_add_test (rules, test_roots);
  tcase_add_test (rules, test_long_roots);
  tcase_add_loop_test (rules, test_roca_keys_are_refused, 0, 3);
  tcase_add_loop_test (rules, test_who_only_looks_like_roca_passes, 0, 3);
  tcase_add_loop_test (rules, test_usual_keys_pass, 0, 4);
  suite_add_tcase (suite, rules);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}

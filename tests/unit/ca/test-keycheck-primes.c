/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The rules on how an RSA key's primes were chosen: powers, close ones, those of ROCA. Every key
 * here is made for its case and has signed its request, so that nothing but the rule at hand can
 * refuse it; each has a twin, as near as can be, that passes.
 */
#include "ca/judge/csr.h"
#include "ca/judge/keycheck-private.h"
#include "tests/unit/ca/expect.h"
#include "tests/unit/ca/make-rsa.h"
#include "tests/unit/rounds.h"

#include <check.h>

static BN_CTX *context;
static BIGNUM *p; /* of 1024 bits */

static void
setup (void)
{
  context = BN_CTX_new ();
  p = rsa_prime (1024);
}

static void
teardown (void)
{
  BN_free (p);
  BN_CTX_free (context);
}

static BIGNUM *
number (gulong word)
{
  BIGNUM *result = BN_new ();

  ck_assert (BN_set_word (result, word));
  return result;
}

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

int
main (void)
{
  Suite *suite = suite_create ("ca keycheck primes");
  TCase *rules = tcase_create ("rsa");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_set_timeout (rules, 120);
  tcase_add_unchecked_fixture (rules, setup, teardown);
  tcase_add_loop_test (rules, test_powers, 0, N_POWERS);
  tcase_add_loop_test (rules, test_close_primes, 0, N_CLOSE);
  tcase_add_test (rules, test_neighbours);
  tcase_add_test (rules, test_fermat_begins_at_the_root);
  tcase_add_test (rules, test_roots);
  tcase_add_test (rules, test_long_roots);
  tcase_add_loop_test (rules, test_roca_keys_are_refused, 0, 3);
  tcase_add_loop_test (rules, test_who_only_looks_like_roca_passes, 0, 3);
  suite_add_tcase (suite, rules);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The rules on RSA keys: size, exponent, small factors. Every key here is made for its case and has
 * signed its request, so that nothing but the rule at hand can refuse it; each has a twin, as near
 * as can be, that passes.
 */
#include "ca/judge/csr.h"
#include "ca/judge/keycheck-private.h"
#include "tests/unit/ca/expect.h"
#include "tests/unit/ca/make-rsa.h"
#include "tests/unit/rounds.h"

#include <check.h>

static BN_CTX *context;

static void
setup (void)
{
  context = BN_CTX_new ();
}

static void
teardown (void)
{
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
  tcase_add_loop_test (rules, test_usual_keys_pass, 0, 4);
  suite_add_tcase (suite, rules);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}

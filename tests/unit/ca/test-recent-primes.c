/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Real RSA moduli whose primes the tests share out, of equal and of different length.
 */
#include "ca/judge/recent-primes.h"

#include <check.h>
#include <openssl/bn.h>

#define N_PRIMES 16

static BIGNUM *primes[N_PRIMES];

static BIGNUM *
prime_new (int bits)
{
  BIGNUM *prime = BN_new ();

  ck_assert (BN_generate_prime_ex (prime, bits, 0, NULL, NULL, NULL));
  return prime;
}

static void
setup (void)
{
  for (guint i = 0; i < N_PRIMES; i++)
    primes[i] = prime_new (1024);
}

static void
teardown (void)
{
  for (guint i = 0; i < N_PRIMES; i++)
    BN_free (primes[i]);
}

typedef struct {
  guint8 bytes[1024];
  gsize length;
} Modulus;

static Modulus
product_of (const BIGNUM *p, const BIGNUM *q)
{
  BN_CTX *context = BN_CTX_new ();
  BIGNUM *product = BN_new ();
  Modulus modulus;

  ck_assert (BN_mul (product, p, q, context));
  modulus.length = (gsize)BN_bn2bin (product, modulus.bytes);
  BN_free (product);
  BN_CTX_free (context);
  return modulus;
}

static void
add (RecentPrimes *recent, const BIGNUM *p, const BIGNUM *q, guint64 place)
{
  Modulus modulus = product_of (p, q);

  recent_primes_add (recent, (Span){ modulus.bytes, modulus.length }, place);
}

/* The place that is found; 0: none. */
static guint64
find (RecentPrimes *recent, const BIGNUM *p, const BIGNUM *q)
{
  Modulus modulus = product_of (p, q);
  guint64 place = 0;
  gboolean found = recent_primes_find (recent, (Span){ modulus.bytes, modulus.length }, &place);

  ck_assert (found == (place != 0));
  return place;
}

START_TEST (test_a_shared_prime_is_found)
{
  g_autoptr (RecentPrimes) recent = recent_primes_new (10, 0);

  ck_assert_uint_eq (find (recent, primes[0], primes[1]), 0);
  add (recent, primes[0], primes[1], 5);
  add (recent, primes[2], primes[3], 6);
  add (recent, primes[4], primes[5], 7);
  ck_assert_uint_eq (find (recent, primes[6], primes[7]), 0);
  ck_assert_uint_eq (find (recent, primes[0], primes[7]), 5);
  ck_assert_uint_eq (find (recent, primes[7], primes[3]), 6);
  ck_assert_uint_eq (find (recent, primes[5], primes[7]), 7);
}
END_TEST

START_TEST (test_the_newest_relative_is_named)
{
  g_autoptr (RecentPrimes) recent = recent_primes_new (10, 0);

  add (recent, primes[0], primes[1], 5);
  add (recent, primes[2], primes[0], 6);
  add (recent, primes[3], primes[4], 7);
  ck_assert_uint_eq (find (recent, primes[0], primes[5]), 6);
  ck_assert_uint_eq (find (recent, primes[1], primes[3]), 7);
}
END_TEST

/* The same key again, with its certificate made anew; a relative beside it is still found. */
START_TEST (test_an_equal_modulus_is_no_relative)
{
  g_autoptr (RecentPrimes) recent = recent_primes_new (10, 0);

  add (recent, primes[0], primes[1], 5);
  add (recent, primes[0], primes[1], 6);
  ck_assert_uint_eq (find (recent, primes[0], primes[1]), 0);
  add (recent, primes[1], primes[2], 7);
  ck_assert_uint_eq (find (recent, primes[0], primes[1]), 7);
}
END_TEST

START_TEST (test_the_oldest_makes_room)
{
  g_autoptr (RecentPrimes) recent = recent_primes_new (2, 0);

  add (recent, primes[0], primes[1], 5);
  add (recent, primes[2], primes[3], 6);
  ck_assert_uint_eq (find (recent, primes[0], primes[9]), 5);
  add (recent, primes[4], primes[5], 7);
  ck_assert_uint_eq (find (recent, primes[0], primes[9]), 0);
  ck_assert_uint_eq (find (recent, primes[2], primes[9]), 6);
  ck_assert_uint_eq (find (recent, primes[4], primes[9]), 7);
}
END_TEST

/* 2048 bits against 3072 and 2049 to 2560, both ways. */
START_TEST (test_sizes_may_differ)
{
  static const int bits[] = { 2048, 1025, 1056, 1088, 1536 };
  BIGNUM *large = BN_new ();
  g_autoptr (RecentPrimes) recent = recent_primes_new (10, 0);
  g_autoptr (RecentPrimes) other = recent_primes_new (10, 0);

  ck_assert (BN_rand (large, bits[_i], BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ODD));
  add (recent, primes[0], large, 5);
  add (recent, primes[2], primes[3], 6);
  ck_assert_uint_eq (find (recent, primes[0], primes[1]), 5);
  ck_assert_uint_eq (find (recent, primes[4], primes[5]), 0);
  add (other, primes[0], primes[1], 7);
  add (other, primes[2], primes[3], 8);
  ck_assert_uint_eq (find (other, primes[0], large), 7);
  ck_assert_uint_eq (find (other, large, primes[2]), 8);
  ck_assert_uint_eq (find (other, large, primes[4]), 0);
  BN_free (large);
}
END_TEST

START_TEST (test_it_rests_after_a_search)
{
  g_autoptr (RecentPrimes) recent = recent_primes_new (10, 1000000);

  add (recent, primes[0], primes[1], 5);
  ck_assert_uint_eq (find (recent, primes[0], primes[2]), 5);
  ck_assert_uint_eq (find (recent, primes[0], primes[2]), 0);
}
END_TEST

START_TEST (test_an_even_number_is_not_searched_for)
{
  static const guint8 even[] = { 6 };
  g_autoptr (RecentPrimes) recent = recent_primes_new (10, 0);
  guint64 place;

  add (recent, primes[0], primes[1], 5);
  ck_assert (!recent_primes_find (recent, (Span){ even, sizeof even }, &place));
}
END_TEST

static gpointer
run_thread (gpointer data)
{
  RecentPrimes *recent = data;

  for (guint i = 0; i < 20; i++) {
    add (recent, primes[i % 4], primes[4 + i % 4], 100 + i);
    ck_assert_uint_eq (find (recent, primes[12], primes[13]), 0);
    ck_assert_uint_ne (find (recent, primes[14], primes[15]), 0);
  }
  return NULL;
}

START_TEST (test_threads_share_it)
{
  g_autoptr (RecentPrimes) recent = recent_primes_new (1000, 0);
  GThread *threads[4];

  add (recent, primes[15], primes[11], 5);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new (NULL, run_thread, recent);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}
END_TEST

static Suite *
make_suite (void)
{
  Suite *suite = suite_create ("ca/recent-primes");
  TCase *recent = tcase_create ("recent");

  tcase_add_unchecked_fixture (recent, setup, teardown);
  tcase_set_timeout (recent, 60);
  tcase_add_test (recent, test_a_shared_prime_is_found);
  tcase_add_test (recent, test_the_newest_relative_is_named);
  tcase_add_test (recent, test_an_equal_modulus_is_no_relative);
  tcase_add_test (recent, test_the_oldest_makes_room);
  tcase_add_loop_test (recent, test_sizes_may_differ, 0, 5);
  tcase_add_test (recent, test_it_rests_after_a_search);
  tcase_add_test (recent, test_an_even_number_is_not_searched_for);
  tcase_add_test (recent, test_threads_share_it);
  suite_add_tcase (suite, recent);
  return suite;
}

int
main (void)
{
  SRunner *runner = srunner_create (make_suite ());
  int failed;

  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? 0 : 1;
}

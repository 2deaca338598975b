/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * RSA keys that are related, each beside strangers that must pass; and the mark up to which the
 * fleet is checked. Moduli are made of real primes that the tests share out.
 */
#include "ca/fleet/fleet.h"
#include "tests/unit/ca/fleet-ledger.h"

#include <check.h>
#include <openssl/bn.h>

#define N_PRIMES 40
#define SMALL_BITS 256

static BIGNUM *primes[N_PRIMES];

static guint64
add_product (Ledger *ledger, const BIGNUM *p, const BIGNUM *q)
{
  BN_CTX *context = BN_CTX_new ();
  BIGNUM *product = BN_new ();
  guint8 bytes[1024];
  int length;
  guint64 id;

  ck_assert (BN_mul (product, p, q, context));
  length = BN_bn2bin (product, bytes);
  id = ledger_add (ledger, CSR_KEY_RSA, bytes, (gsize)length);
  BN_free (product);
  BN_CTX_free (context);
  return id;
}

/* Of the primes with these numbers. */
static guint64
add_rsa (Ledger *ledger, guint p, guint q)
{
  ck_assert (p < N_PRIMES && q < N_PRIMES);
  return add_product (ledger, primes[p], primes[q]);
}

static BIGNUM *
prime_new (int bits)
{
  BIGNUM *prime = BN_new ();

  ck_assert (BN_generate_prime_ex (prime, bits, 0, NULL, NULL, NULL));
  return prime;
}

/* A key of two random odd numbers; they share no large factor with anything. */
static guint64
add_stranger (Ledger *ledger)
{
  BIGNUM *p = BN_new ();
  BIGNUM *q = BN_new ();
  guint64 id;

  ck_assert (BN_rand (p, 512, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ODD));
  ck_assert (BN_generate_prime_ex (q, 128, 0, NULL, NULL, NULL));
  ck_assert (BN_generate_prime_ex (p, 128, 0, NULL, NULL, NULL));
  id = add_product (ledger, p, q);
  BN_free (p);
  BN_free (q);
  return id;
}

static void
setup (void)
{
  for (guint i = 0; i < N_PRIMES; i++)
    primes[i] = prime_new (SMALL_BITS);
}

static void
teardown (void)
{
  for (guint i = 0; i < N_PRIMES; i++)
    BN_free (primes[i]);
}

/* Batch sizes that put partners into one batch, into two, and one key into each. */
static const guint batch_sizes[] = { 1, 2, 3, 7, 100 };
#define N_BATCH_SIZES ((int)G_N_ELEMENTS (batch_sizes))

START_TEST (test_strangers_pass)
{
  g_auto (Ledger) ledger = ledger_new ();
  g_autoptr (GArray) findings = NULL;

  for (guint i = 0; i + 1 < N_PRIMES; i += 2)
    add_rsa (&ledger, i, i + 1);
  findings = findings_of (&ledger, batch_sizes[_i]);
  ck_assert_uint_eq (findings->len, 0);
}
END_TEST

START_TEST (test_a_shared_prime_is_found)
{
  g_auto (Ledger) ledger = ledger_new ();
  g_autoptr (GArray) findings = NULL;
  guint64 first, second;

  add_rsa (&ledger, 0, 1);
  first = add_rsa (&ledger, 2, 3);
  add_rsa (&ledger, 4, 5);
  add_rsa (&ledger, 6, 7);
  second = add_rsa (&ledger, 8, 3);
  add_rsa (&ledger, 9, 10);
  findings = findings_of (&ledger, batch_sizes[_i]);
  ck_assert_uint_eq (findings->len, 1);
  ck_assert (has_finding (findings, second, first, CA_ERROR_RSA_SHARED_PRIME));
}
END_TEST

/* Each is told with the first of them, so all three are named. */
START_TEST (test_three_keys_of_one_prime_are_found)
{
  g_auto (Ledger) ledger = ledger_new ();
  g_autoptr (GArray) findings = NULL;
  guint64 first, second, third;

  first = add_rsa (&ledger, 0, 1);
  add_rsa (&ledger, 10, 11);
  second = add_rsa (&ledger, 2, 0);
  add_rsa (&ledger, 12, 13);
  third = add_rsa (&ledger, 0, 3);
  findings = findings_of (&ledger, batch_sizes[_i]);
  ck_assert_uint_eq (findings->len, 2);
  ck_assert (has_finding (findings, second, first, CA_ERROR_RSA_SHARED_PRIME));
  ck_assert (has_finding (findings, third, first, CA_ERROR_RSA_SHARED_PRIME));
}
END_TEST

START_TEST (test_both_primes_shared_with_two_keys)
{
  g_auto (Ledger) ledger = ledger_new ();
  g_autoptr (GArray) findings = NULL;
  guint64 one, other, both;

  one = add_rsa (&ledger, 0, 1);
  other = add_rsa (&ledger, 2, 3);
  add_rsa (&ledger, 4, 5);
  both = add_rsa (&ledger, 0, 3);
  findings = findings_of (&ledger, batch_sizes[_i]);
  ck_assert_uint_eq (findings->len, 2);
  ck_assert (has_finding (findings, both, one, CA_ERROR_RSA_SHARED_PRIME));
  ck_assert (has_finding (findings, both, other, CA_ERROR_RSA_SHARED_PRIME));
}
END_TEST

/* The one that shares both came first. */
START_TEST (test_two_keys_share_a_prime_each_with_an_earlier_one)
{
  g_auto (Ledger) ledger = ledger_new ();
  g_autoptr (GArray) findings = NULL;
  guint64 both, one, other;

  both = add_rsa (&ledger, 0, 3);
  one = add_rsa (&ledger, 0, 1);
  add_rsa (&ledger, 4, 5);
  other = add_rsa (&ledger, 2, 3);
  findings = findings_of (&ledger, batch_sizes[_i]);
  ck_assert_uint_eq (findings->len, 2);
  ck_assert (has_finding (findings, one, both, CA_ERROR_RSA_SHARED_PRIME));
  ck_assert (has_finding (findings, other, both, CA_ERROR_RSA_SHARED_PRIME));
}
END_TEST

START_TEST (test_an_equal_modulus_is_a_duplicate)
{
  g_auto (Ledger) ledger = ledger_new ();
  g_autoptr (GArray) findings = NULL;
  guint64 first, again, third;

  first = add_rsa (&ledger, 0, 1);
  add_rsa (&ledger, 2, 3);
  again = add_rsa (&ledger, 1, 0);
  add_rsa (&ledger, 4, 5);
  third = add_rsa (&ledger, 0, 1);
  findings = findings_of (&ledger, batch_sizes[_i]);
  ck_assert_uint_eq (findings->len, 2);
  ck_assert (has_finding (findings, again, first, CA_ERROR_DUPLICATE_KEY));
  ck_assert (has_finding (findings, third, first, CA_ERROR_DUPLICATE_KEY));
}
END_TEST

/* A duplicate beside it does not hide it. */
START_TEST (test_a_shared_prime_beside_a_duplicate)
{
  g_auto (Ledger) ledger = ledger_new ();
  g_autoptr (GArray) findings = NULL;
  guint64 first, again, relative;

  first = add_rsa (&ledger, 0, 1);
  again = add_rsa (&ledger, 0, 1);
  relative = add_rsa (&ledger, 1, 2);
  findings = findings_of (&ledger, batch_sizes[_i]);
  ck_assert_uint_eq (findings->len, 2);
  ck_assert (has_finding (findings, again, first, CA_ERROR_DUPLICATE_KEY));
  ck_assert (has_finding (findings, relative, first, CA_ERROR_RSA_SHARED_PRIME));
}
END_TEST

/* A generator that is stuck: everybody has prime 0. */
START_TEST (test_everybody_shares_one_prime)
{
  g_auto (Ledger) ledger = ledger_new ();
  g_autoptr (GArray) findings = NULL;
  guint64 first = add_rsa (&ledger, 0, 1);

  for (guint i = 2; i < N_PRIMES; i++)
    add_rsa (&ledger, 0, i);
  findings = findings_of (&ledger, batch_sizes[_i]);
  ck_assert_uint_eq (findings->len, N_PRIMES - 2);
  for (guint i = 0; i < findings->len; i++) {
    const FleetFinding *finding = &g_array_index (findings, FleetFinding, i);

    ck_assert_uint_eq (finding->partner, first);
    ck_assert_int_eq (finding->kind, CA_ERROR_RSA_SHARED_PRIME);
  }
}
END_TEST

/* 2048, 3072, 4096 and 8192 bits, and sizes whose primes are those of another size. */
START_TEST (test_keys_of_all_sizes_share_a_prime)
{
  static const int bits[] = { 1024, 1536, 2048, 1024 };
  g_auto (Ledger) ledger = ledger_new ();
  g_autoptr (GArray) findings = NULL;
  BIGNUM *shared = prime_new (1024);
  guint64 first = add_product (&ledger, shared, primes[0]);

  for (guint i = 0; i < G_N_ELEMENTS (bits); i++) {
    BIGNUM *other = BN_new ();

    ck_assert (BN_rand (other, bits[i], BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ODD));
    add_product (&ledger, shared, other);
    add_product (&ledger, other, primes[i + 1]);
    BN_free (other);
  }
  findings = findings_of (&ledger, batch_sizes[_i]);
  for (guint i = 0; i < G_N_ELEMENTS (bits); i++) {
    guint64 id = first + 3 + 6 * i;

    ck_assert (has_finding (findings, id, first, CA_ERROR_RSA_SHARED_PRIME));
    ck_assert (has_finding (findings, id + 3, id, CA_ERROR_RSA_SHARED_PRIME));
  }
  BN_free (shared);
}
END_TEST

START_TEST (test_an_8192_bit_key_and_a_2048_bit_key)
{
  g_auto (Ledger) ledger = ledger_new ();
  g_autoptr (GArray) findings = NULL;
  BIGNUM *shared = prime_new (1024);
  BIGNUM *large = BN_new ();
  BIGNUM *small = prime_new (1024);
  guint64 first, second;

  ck_assert (BN_rand (large, 8192 - 1024, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ODD));
  first = add_product (&ledger, shared, large);
  add_rsa (&ledger, 0, 1);
  second = add_product (&ledger, shared, small);
  findings = findings_of (&ledger, batch_sizes[_i]);
  ck_assert_uint_eq (findings->len, 1);
  ck_assert (has_finding (findings, second, first, CA_ERROR_RSA_SHARED_PRIME));
  BN_free (shared);
  BN_free (large);
  BN_free (small);
}
END_TEST

/* What no judge lets through must not take the others' findings away. */
START_TEST (test_odd_numbers_in_the_ledger_hide_nothing)
{
  static const guint8 zero[4] = { 0 };
  static const guint8 one[2] = { 0, 1 };
  g_auto (Ledger) ledger = ledger_new ();
  g_autoptr (GArray) findings = NULL;
  guint64 first, second;

  ledger_add (&ledger, CSR_KEY_RSA, zero, sizeof zero);
  first = add_rsa (&ledger, 0, 1);
  ledger_add (&ledger, CSR_KEY_RSA, one, sizeof one);
  ledger_add (&ledger, CSR_KEY_EC_P256, one, sizeof one);
  second = add_rsa (&ledger, 0, 2);
  findings = findings_of (&ledger, batch_sizes[_i]);
  ck_assert_uint_eq (findings->len, 1);
  ck_assert (has_finding (findings, second, first, CA_ERROR_RSA_SHARED_PRIME));
}
END_TEST

/* ---- the mark ---- */

START_TEST (test_a_failed_read_moves_nothing)
{
  g_auto (Ledger) ledger = ledger_new ();
  guint failures = 0;

  for (guint i = 0; i < 8; i++)
    add_rsa (&ledger, i % 4 == 3 ? 0 : 4 * i, 4 * i + 1);
  for (guint fail_at = 1; fail_at < 30; fail_at++) {
    g_autoptr (Fleet) fleet = fleet_open (NULL, ledger_read, &ledger, NULL);
    g_autoptr (GArray) findings = findings_new ();
    guint64 mark = 0;

    ledger.reads = 0;
    ledger.fail_at = fail_at;
    for (guint round = 0; round < 5; round++) {
      g_autoptr (GError) problem = NULL;
      guint64 before = mark;
      guint found = findings->len;

      if (fleet_check (fleet, 3, &mark, findings, &problem))
        continue;
      failures++;
      ck_assert_str_eq (problem->message, "the disk is gone");
      ck_assert_uint_eq (mark, before);
      ck_assert_uint_eq (findings->len, found);
    }
    ck_assert_uint_eq (mark, ledger_next_id (&ledger) - 3);
    ck_assert_uint_eq (findings->len, 2);
  }
  ck_assert_uint_gt (failures, 5);
}
END_TEST

/* The caller could not keep what it was told, or kept more than a new process knows. */
START_TEST (test_the_mark_is_the_truth)
{
  g_auto (Ledger) ledger = ledger_new ();
  g_autoptr (GArray) findings = findings_new ();
  g_autoptr (Fleet) fleet = fleet_open (NULL, ledger_read, &ledger, NULL);
  guint64 first = add_rsa (&ledger, 0, 1);
  guint64 middle = add_rsa (&ledger, 2, 3);
  guint64 second = add_rsa (&ledger, 0, 4);
  guint64 mark = middle;

  check_all (fleet, 100, &mark, findings);
  ck_assert_uint_eq (findings->len, 1);
  mark = first;
  check_all (fleet, 1, &mark, findings);
  ck_assert_uint_eq (findings->len, 2);
  ck_assert (has_finding (findings, second, first, CA_ERROR_RSA_SHARED_PRIME));
  mark = second + 100;
  check_all (fleet, 1, &mark, findings);
  ck_assert_uint_eq (mark, second + 100);
  ck_assert_uint_eq (findings->len, 2);
}
END_TEST

START_TEST (test_a_stopped_check_ends)
{
  g_auto (Ledger) ledger = ledger_new ();
  g_autoptr (GArray) findings = findings_new ();
  g_autoptr (Fleet) fleet = fleet_open (NULL, ledger_read, &ledger, NULL);
  g_autoptr (GError) problem = NULL;
  guint64 mark = 0;

  add_stranger (&ledger);
  fleet_stop (fleet);
  ck_assert (!fleet_check (fleet, 100, &mark, findings, &problem));
  ck_assert (g_error_matches (problem, G_FILE_ERROR, G_FILE_ERROR_INTR));
  ck_assert_uint_eq (mark, 0);
}
END_TEST

static Suite *
make_suite (void)
{
  Suite *suite = suite_create ("ca/fleet");
  TCase *shared = tcase_create ("shared");

  TCase *mark = tcase_create ("mark");

  tcase_add_unchecked_fixture (shared, setup, teardown);
  tcase_add_unchecked_fixture (mark, setup, teardown);
  tcase_set_timeout (shared, 60);

  tcase_add_loop_test (shared, test_strangers_pass, 0, N_BATCH_SIZES);
  tcase_add_loop_test (shared, test_a_shared_prime_is_found, 0, N_BATCH_SIZES);
  tcase_add_loop_test (shared, test_three_keys_of_one_prime_are_found, 0, N_BATCH_SIZES);
  tcase_add_loop_test (shared, test_both_primes_shared_with_two_keys, 0, N_BATCH_SIZES);
  tcase_add_loop_test (shared, test_two_keys_share_a_prime_each_with_an_earlier_one, 0,
                       N_BATCH_SIZES);
  tcase_add_loop_test (shared, test_an_equal_modulus_is_a_duplicate, 0, N_BATCH_SIZES);
  tcase_add_loop_test (shared, test_a_shared_prime_beside_a_duplicate, 0, N_BATCH_SIZES);
  tcase_add_loop_test (shared, test_everybody_shares_one_prime, 0, N_BATCH_SIZES);
  tcase_add_loop_test (shared, test_keys_of_all_sizes_share_a_prime, 0, N_BATCH_SIZES);
  tcase_add_loop_test (shared, test_an_8192_bit_key_and_a_2048_bit_key, 0, N_BATCH_SIZES);
  tcase_add_loop_test (shared, test_odd_numbers_in_the_ledger_hide_nothing, 0, N_BATCH_SIZES);
  suite_add_tcase (suite, shared);
  tcase_add_test (mark, test_a_failed_read_moves_nothing);
  tcase_add_test (mark, test_the_mark_is_the_truth);
  tcase_add_test (mark, test_a_stopped_check_ends);
  suite_add_tcase (suite, mark);
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

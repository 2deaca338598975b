/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * EC keys whose private keys lie a small number apart, each beside strangers that must pass.
 */
#include "ca/fleet/fleet.h"
#include "ca/fleet/near-keys.h"
#include "tests/unit/ca/fleet-ledger.h"

#include <check.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>

typedef struct {
  CsrKeyType type;
  int name;
  int width;
} Curve;

static const Curve curves[] = {
  { CSR_KEY_EC_P256, NID_X9_62_prime256v1, 32 },
  { CSR_KEY_EC_P384, NID_secp384r1, 48 },
  { CSR_KEY_EC_P521, NID_secp521r1, 66 },
};

static guint64
add_point (Ledger *ledger, const Curve *curve, const BIGNUM *private_key)
{
  EC_GROUP *group = EC_GROUP_new_by_curve_name (curve->name);
  EC_POINT *point = EC_POINT_new (group);
  guint8 bytes[1 + 2 * 66];
  gsize length;
  guint64 id;

  ck_assert (EC_POINT_mul (group, point, private_key, NULL, NULL, NULL));
  length =
      EC_POINT_point2oct (group, point, POINT_CONVERSION_UNCOMPRESSED, bytes, sizeof bytes, NULL);
  ck_assert_uint_eq (length, 1 + 2 * (gsize)curve->width);
  id = ledger_add (ledger, curve->type, bytes + 1, length - 1);
  EC_POINT_free (point);
  EC_GROUP_free (group);
  return id;
}

/* The private key `base` plus `difference`, or its negative. */
static guint64
add_ec (Ledger *ledger, const Curve *curve, const BIGNUM *base, int difference, gboolean negative)
{
  EC_GROUP *group = EC_GROUP_new_by_curve_name (curve->name);
  BIGNUM *private_key = BN_dup (base);
  guint64 id;

  if (difference >= 0)
    ck_assert (BN_add_word (private_key, (BN_ULONG)difference));
  else
    ck_assert (BN_sub_word (private_key, (BN_ULONG)-difference));
  if (negative)
    ck_assert (BN_sub (private_key, EC_GROUP_get0_order (group), private_key));
  id = add_point (ledger, curve, private_key);
  BN_free (private_key);
  EC_GROUP_free (group);
  return id;
}

static BIGNUM *
random_private_key (void)
{
  BIGNUM *key = BN_new ();

  ck_assert (BN_rand (key, 250, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY));
  return key;
}

START_TEST (test_near_keys_are_found)
{
  static const int differences[] = {
    1, -1, 2, 64, -64, NEAR_KEYS_DIFFERENCE, -NEAR_KEYS_DIFFERENCE
  };
  const Curve *curve = &curves[_i];

  for (guint i = 0; i < G_N_ELEMENTS (differences); i++) {
    g_auto (Ledger) ledger = ledger_new ();
    g_autoptr (GArray) findings = NULL;
    BIGNUM *base = random_private_key ();
    BIGNUM *other = random_private_key ();
    guint64 first = add_ec (&ledger, curve, base, 0, FALSE);
    guint64 second;

    add_ec (&ledger, curve, other, 0, FALSE);
    second = add_ec (&ledger, curve, base, differences[i], i % 2 == 1);
    findings = findings_of (&ledger, i % 2 == 0 ? 1 : 100);
    ck_assert_uint_eq (findings->len, 1);
    ck_assert (has_finding (findings, second, first, CA_ERROR_EC_NEAR_KEY));
    BN_free (base);
    BN_free (other);
  }
}
END_TEST

START_TEST (test_keys_that_are_just_far_enough_apart_pass)
{
  g_auto (Ledger) ledger = ledger_new ();
  g_autoptr (GArray) findings = NULL;
  BIGNUM *base = random_private_key ();

  for (int i = 0; i < 4; i++)
    add_ec (&ledger, &curves[_i], base, i * (NEAR_KEYS_DIFFERENCE + 1), i % 2 == 1);
  findings = findings_of (&ledger, 100);
  ck_assert_uint_eq (findings->len, 0);
  BN_free (base);
}
END_TEST

/* d and d + 1 on two curves are strangers, and so is an RSA key that ends like a point. */
START_TEST (test_curves_are_not_mixed_up)
{
  g_auto (Ledger) ledger = ledger_new ();
  g_autoptr (GArray) findings = NULL;
  BIGNUM *base = random_private_key ();
  const FleetKey *key;

  add_ec (&ledger, &curves[0], base, 0, FALSE);
  add_ec (&ledger, &curves[1], base, 1, FALSE);
  add_ec (&ledger, &curves[2], base, 2, FALSE);
  key = g_ptr_array_index (ledger.keys, 0);
  ledger_add (&ledger, CSR_KEY_RSA, g_bytes_get_data (key->number, NULL), 32);
  findings = findings_of (&ledger, 100);
  ck_assert_uint_eq (findings->len, 0);
  BN_free (base);
}
END_TEST

START_TEST (test_an_equal_or_negated_point_is_a_duplicate)
{
  g_auto (Ledger) ledger = ledger_new ();
  g_autoptr (GArray) findings = NULL;
  BIGNUM *base = random_private_key ();
  guint64 first = add_ec (&ledger, &curves[_i], base, 0, FALSE);
  guint64 equal = add_ec (&ledger, &curves[_i], base, 0, FALSE);
  guint64 negated = add_ec (&ledger, &curves[_i], base, 0, TRUE);

  findings = findings_of (&ledger, 2);
  ck_assert_uint_eq (findings->len, 2);
  ck_assert (has_finding (findings, equal, first, CA_ERROR_DUPLICATE_KEY));
  ck_assert (has_finding (findings, negated, first, CA_ERROR_DUPLICATE_KEY));
  BN_free (base);
}
END_TEST

/* A generator that counts: every key is named, none with more than 16 others. */
START_TEST (test_counted_keys_are_all_named)
{
  g_auto (Ledger) ledger = ledger_new ();
  g_autoptr (GArray) findings = NULL;
  g_autoptr (GHashTable) named = g_hash_table_new (g_int64_hash, g_int64_equal);
  BIGNUM *base = random_private_key ();

  for (int i = 0; i < 40; i++)
    add_ec (&ledger, &curves[0], base, i, FALSE);
  findings = findings_of (&ledger, 100);
  for (guint i = 0; i < findings->len; i++) {
    g_hash_table_add (named, &g_array_index (findings, FleetFinding, i).key);
    g_hash_table_add (named, &g_array_index (findings, FleetFinding, i).partner);
  }
  ck_assert_uint_eq (g_hash_table_size (named), 40);
  ck_assert_uint_le (findings->len, 40 * 16);
  BN_free (base);
}
END_TEST

/* The tiny keys themselves are the judge's to refuse; here they only must do no harm. */
START_TEST (test_tiny_private_keys_do_no_harm)
{
  g_auto (Ledger) ledger = ledger_new ();
  g_autoptr (GArray) findings = NULL;
  BIGNUM *one = BN_new ();
  BIGNUM *base = random_private_key ();
  guint64 first, second;

  BN_one (one);
  add_ec (&ledger, &curves[_i], one, 0, FALSE);
  first = add_ec (&ledger, &curves[_i], base, 0, FALSE);
  add_ec (&ledger, &curves[_i], one, NEAR_KEYS_DIFFERENCE - 1, FALSE);
  second = add_ec (&ledger, &curves[_i], base, 5, FALSE);
  findings = findings_of (&ledger, 100);
  ck_assert (has_finding (findings, second, first, CA_ERROR_EC_NEAR_KEY));
  BN_free (one);
  BN_free (base);
}
END_TEST

/* Whoever enters a point that lies on no curve makes nobody its neighbour. */
START_TEST (test_a_point_off_the_curve_is_nobodys_neighbour)
{
  NearKeys *near = near_keys_new ();
  guint8 point[64] = { 1, 2, 3 };
  guint count;

  near_keys_of (near, CSR_KEY_EC_P256, (Span){ point, sizeof point }, &count);
  ck_assert_uint_eq (count, 0);
  near_keys_free (near);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("ca/near-keys");
  TCase *near = tcase_create ("near");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_set_timeout (near, 60);
  tcase_add_loop_test (near, test_near_keys_are_found, 0, 3);
  tcase_add_loop_test (near, test_keys_that_are_just_far_enough_apart_pass, 0, 3);
  tcase_add_test (near, test_curves_are_not_mixed_up);
  tcase_add_loop_test (near, test_an_equal_or_negated_point_is_a_duplicate, 0, 3);
  tcase_add_test (near, test_counted_keys_are_all_named);
  tcase_add_loop_test (near, test_tiny_private_keys_do_no_harm, 0, 3);
  tcase_add_test (near, test_a_point_off_the_curve_is_nobodys_neighbour);
  suite_add_tcase (suite, near);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? 0 : 1;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The rule on EC keys: requests signed by private keys of chosen value, at the rule's bounds.
 */
#include "ca/judge/csr.h"
#include "ca/judge/keycheck-private.h"
#include "tests/unit/ca/expect.h"
#include "tests/unit/ca/make.h"

#include <check.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>

typedef struct {
  const char *name;
  int nid;
  CsrKeyType type;
} Curve;

static const Curve curves[] = { { "P-256", NID_X9_62_prime256v1, CSR_KEY_EC_P256 },
                                { "P-384", NID_secp384r1, CSR_KEY_EC_P384 },
                                { "P-521", NID_secp521r1, CSR_KEY_EC_P521 } };

/* So that the tables are made once, before tests fork. */
static void
setup (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (curves); i++)
    expect_accepted (make_good_request (curves[i].name, "SHA256"));
}

static void
teardown (void)
{
}

static EVP_PKEY *
key_of_number (const Curve *curve, const BIGNUM *number)
{
  EC_GROUP *group = EC_GROUP_new_by_curve_name (curve->nid);
  EC_POINT *point = EC_POINT_new (group);
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name (NULL, "EC", NULL);
  OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new ();
  OSSL_PARAM *parameters;
  guint8 encoded[1 + 2 * 66];
  gsize length;
  EVP_PKEY *key = NULL;

  ck_assert (EC_POINT_mul (group, point, number, NULL, NULL, NULL));
  length = EC_POINT_point2oct (group, point, POINT_CONVERSION_UNCOMPRESSED, encoded, sizeof encoded,
                               NULL);
  ck_assert_uint_gt (length, 0);
  OSSL_PARAM_BLD_push_utf8_string (builder, OSSL_PKEY_PARAM_GROUP_NAME, curve->name, 0);
  OSSL_PARAM_BLD_push_BN (builder, OSSL_PKEY_PARAM_PRIV_KEY, number);
  OSSL_PARAM_BLD_push_octet_string (builder, OSSL_PKEY_PARAM_PUB_KEY, encoded, length);
  parameters = OSSL_PARAM_BLD_to_param (builder);
  ck_assert_int_gt (EVP_PKEY_fromdata_init (context), 0);
  ck_assert_int_gt (EVP_PKEY_fromdata (context, &key, EVP_PKEY_KEYPAIR, parameters), 0);
  OSSL_PARAM_free (parameters);
  OSSL_PARAM_BLD_free (builder);
  EVP_PKEY_CTX_free (context);
  EC_POINT_free (point);
  EC_GROUP_free (group);
  return key;
}

/* `number`, or the group's order less it. */
static GBytes *
request_of_number (const Curve *curve, gulong number, gboolean negative)
{
  EC_GROUP *group = EC_GROUP_new_by_curve_name (curve->nid);
  BIGNUM *value = BN_new ();
  EVP_PKEY *key;
  RequestParts parts;
  GBytes *request;

  ck_assert (BN_set_word (value, number));
  if (negative)
    ck_assert (BN_sub (value, EC_GROUP_get0_order (group), value));
  key = key_of_number (curve, value);
  parts = make_parts (key, "SHA256");
  request = make_request (&parts);
  parts_clear (&parts);
  EVP_PKEY_free (key);
  BN_free (value);
  EC_GROUP_free (group);
  return request;
}

START_TEST (test_small_private_keys_are_refused)
{
  static const gulong numbers[] = { 1,   2,   3,   255, 256,   257,   258,
                                    513, 514, 515, 771, 65535, 65536, 4711 };

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++) {
    g_autofree char *says = g_strdup_printf ("private key is %lu, or", numbers[i]);

    expect_refused (request_of_number (&curves[_i], numbers[i], FALSE), CA_ERROR_EC_TINY_KEY, says);
    expect_refused (request_of_number (&curves[_i], numbers[i], TRUE), CA_ERROR_EC_TINY_KEY, says);
  }
}
END_TEST

START_TEST (test_larger_private_keys_pass)
{
  static const gulong numbers[] = { 65537, 65538, 65792, 65793, 131072, 0xffffffff };

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++) {
    expect_accepted (request_of_number (&curves[_i], numbers[i], FALSE));
    expect_accepted (request_of_number (&curves[_i], numbers[i], TRUE));
  }
}
END_TEST

/* The table has no gap and no number too much: G is added again and again. */
START_TEST (test_every_small_number_is_found)
{
  EC_GROUP *group = EC_GROUP_new_by_curve_name (curves[_i].nid);
  BN_CTX *context = BN_CTX_new ();
  const EC_POINT *generator = EC_GROUP_get0_generator (group);
  EC_POINT *point = EC_POINT_dup (generator, group);
  guint8 encoded[1 + 2 * 66];
  Csr csr = { .key_type = curves[_i].type, .point = { encoded, 0 } };

  for (guint number = 1; number < KEYCHECK_TINY_MOST + 1000; number++) {
    g_autoptr (GError) problem = NULL;
    g_autofree char *says =
        g_strdup_printf ("the EC private key is %u, or the group's order less %u", number, number);

    csr.point.length = EC_POINT_point2oct (group, point, POINT_CONVERSION_UNCOMPRESSED, encoded,
                                           sizeof encoded, context);
    ck_assert_int_eq (keycheck_ec_tiny (&csr, &problem), number > KEYCHECK_TINY_MOST);
    if (problem != NULL)
      ck_assert_str_eq (problem->message, says);
    ck_assert (EC_POINT_add (group, point, point, generator, context));
  }
  EC_POINT_free (point);
  BN_CTX_free (context);
  EC_GROUP_free (group);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("ca keycheck ec");
  TCase *rules = tcase_create ("ec");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_set_timeout (rules, 120);
  tcase_add_unchecked_fixture (rules, setup, teardown);
  tcase_add_loop_test (rules, test_small_private_keys_are_refused, 0, G_N_ELEMENTS (curves));
  tcase_add_loop_test (rules, test_larger_private_keys_pass, 0, G_N_ELEMENTS (curves));
  /* P-256 alone: the others' points cost OpenSSL ten times as much */
  tcase_add_loop_test (rules, test_every_small_number_is_found, 0, 1);
  suite_add_tcase (suite, rules);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}

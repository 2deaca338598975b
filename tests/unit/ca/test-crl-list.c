/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A revocation list as bytes: made of many serial numbers and read again, and every byte of it
 * counts.
 */
#include "base/encode.h"
#include "ca/crl/crl.h"
#include "ca/issue/config.h"
#include "ca/issue/generation.h"
#include "tests/unit/ca/make.h"
#include "tests/unit/rounds.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static char *folder;

static void
setup (void)
{
  folder = folder_make ();
  folder_fill (folder, "p-256");
}

static void
teardown (void)
{
  folder_remove (folder);
}

static Generation *
load_generation (void)
{
  g_autofree char *path = g_build_filename (folder, "signer.conf", NULL);
  g_autoptr (SignerConfig) config = signer_config_load (path, NULL);
  Generation *generation = generation_load (config, NULL);

  ck_assert_ptr_nonnull (generation);
  return generation;
}

/* Serials as the signer draws them: random, but the same ones each time. */
static gboolean
add_number (Crl *crl, guint32 number)
{
  guint8 serial[20] = { 1 };
  g_autoptr (GBytes) hash = sha256_of ((const guint8 *)&number, sizeof number);

  memcpy (serial + 1, g_bytes_get_data (hash, NULL), sizeof serial - 1);
  return crl_add (crl, (Span){ serial, sizeof serial }, 1700000000, CRL_SUPERSEDED);
}

START_TEST (test_a_hundred_thousand_are_revoked)
{
  g_autoptr (Generation) generation = load_generation ();
  g_autoptr (Crl) crl = crl_new ();
  g_autoptr (GBytes) der = NULL;
  g_autoptr (Crl) again = NULL;
  const guint32 many = rounds_of (100000, 10000);
  const gint64 start = g_get_monotonic_time ();
  const CrlHead head = { 300, 1700000000, 1700086400 };
  CrlHead found;

  for (guint32 i = 0; i < many; i++)
    ck_assert (add_number (crl, i));
  for (guint32 i = 0; i < many; i += 7)
    ck_assert (!add_number (crl, i));
  der = crl_make (crl, generation->issuing, &head, NULL);
  ck_assert_ptr_nonnull (der);
  again = crl_read (generation->issuing, der, &found, NULL);
  ck_assert_ptr_nonnull (again);
  ck_assert_uint_eq (crl_count (again), many);
  ck_assert_uint_eq (found.number, 300);
  ck_assert (!add_number (again, many - 1));
  ck_assert (add_number (again, many));
  printf ("%u revoked: %" G_GSIZE_FORMAT " bytes, %" G_GINT64_FORMAT " ms\n", many,
          g_bytes_get_size (der), (g_get_monotonic_time () - start) / 1000);
  ck_assert_int_lt (g_get_monotonic_time () - start, 10 * G_USEC_PER_SEC);
  folder_save (folder, "crl.der", der);
  folder_shell (folder, "openssl crl -inform DER -in crl.der -noout -verify -CAfile ca.pem");
}
END_TEST

/* Every byte of a list counts: a changed one is no list of this CA. */
START_TEST (test_a_changed_list_is_noticed)
{
  g_autoptr (Generation) generation = load_generation ();
  g_autoptr (Crl) crl = crl_new ();
  g_autoptr (GBytes) der = NULL;
  const CrlHead head = { 1, 1700000000, 1700086400 };
  CrlHead found;

  add_number (crl, 1);
  add_number (crl, 2);
  der = crl_make (crl, generation->issuing, &head, NULL);
  ck_assert_ptr_nonnull (der);
  for (gsize i = 0; i < g_bytes_get_size (der); i++) {
    g_autoptr (GBytes) changed = bytes_flipped (der, i, 1);
    g_autoptr (GBytes) shorter = bytes_resized (der, -(gssize)i - 1);

    ck_assert_ptr_null (crl_read (generation->issuing, changed, &found, NULL));
    ck_assert_ptr_null (crl_read (generation->issuing, shorter, &found, NULL));
  }
  g_autoptr (GBytes) longer = bytes_resized (der, 1);
  ck_assert_ptr_null (crl_read (generation->issuing, longer, &found, NULL));
  g_autoptr (Crl) same = crl_read (generation->issuing, der, &found, NULL);
  ck_assert_ptr_nonnull (same);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("ca crl list");
  TCase *tests = tcase_create ("all");
  SRunner *runner = srunner_create (suite);

  tcase_set_timeout (tests, 60);
  tcase_add_checked_fixture (tests, setup, teardown);
  tcase_add_test (tests, test_a_hundred_thousand_are_revoked);
  tcase_add_test (tests, test_a_changed_list_is_noticed);
  suite_add_tcase (suite, tests);
  srunner_run_all (runner, CK_NORMAL);
  const int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? 0 : 1;
}

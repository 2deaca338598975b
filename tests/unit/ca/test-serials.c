/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Serial numbers: random in every bit, positive, 20 bytes long, and none comes twice.
 */
#include "ca/issue/issue.h"
#include "ca/openssl.h"
#include "tests/unit/ca/make-ca.h"
#include "tests/unit/ca/make.h"
#include "tests/unit/rounds.h"

#include <check.h>
#include <math.h>
#include <time.h>

static char *folder;

static void
setup (void)
{
  folder = folder_make ();
}

static void
teardown (void)
{
  folder_remove (folder);
}

#define SERIAL_BYTES 20

/* A byte's values are as frequent as chance has it: chi-square over `values` of them, whose mean is
 * values - 1 and whose deviation is sqrt(2 (values - 1)); six deviations are never passed by
 * chance in a lifetime of test runs. */
static void
expect_even (const guint *counts, guint first, guint values, guint total)
{
  const double expected = (double)total / values;
  double sum = 0;

  for (guint i = first; i < first + values; i++)
    sum += (counts[i] - expected) * (counts[i] - expected) / expected;
  ck_assert_msg (fabs (sum - (values - 1)) < 6 * sqrt (2.0 * (values - 1)), "chi-square %f of %u",
                 sum, values);
}

static Span
serial_of (GBytes *der)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (der, &length);
  DerReader reader = der_reader (data, length);
  Span serial;

  ck_assert (der_enter (&reader, DER_SEQUENCE, "certificate", &reader, NULL)
             && der_enter (&reader, DER_SEQUENCE, "tbs", &reader, NULL)
             && der_read (&reader, DER_CONTEXT_0, "version", NULL, NULL, NULL)
             && der_read (&reader, DER_INTEGER, "serial", &serial, NULL, NULL));
  return serial;
}

START_TEST (test_ten_thousand_serials_are_random_and_differ)
{
  g_autoptr (EVP_PKEY) key = make_key ("P-256");
  Authority *authority = open_ca (folder, key, NULL, NULL, NULL);
  g_autoptr (Profile) profile =
      make_profile (folder, "[certificate]\nSubject=CN=a\nValidity=1d\nExtendedKeyUsage=\n");
  g_autoptr (IssueTemplate) plan = issue_template_new (authority, profile, NULL);
  g_autoptr (GHashTable) seen =
      g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
  g_autoptr (GBytes) request = make_good_request ("P-256", "SHA256");
  static guint counts[SERIAL_BYTES][256];
  const guint serials = rounds_of (10000, 2560);
  gsize length;
  const guint8 *data = g_bytes_get_data (request, &length);
  Csr csr;

  ck_assert (csr_parse (data, length, &csr, NULL));
  for (guint i = 0; i < serials; i++) {
    static const SubjectValues values = { "a", "b", "c", "d" };
    g_autoptr (GBytes) der = issue_certificate (plan, &csr, &values, (gint64)time (NULL), NULL);
    Span serial = serial_of (der);

    ck_assert_uint_eq (serial.length, SERIAL_BYTES);
    ck_assert (serial.data[0] >= 0x01 && serial.data[0] <= 0x7f);
    ck_assert (g_hash_table_add (seen, g_bytes_new (serial.data, SERIAL_BYTES)));
    for (guint k = 0; k < SERIAL_BYTES; k++)
      counts[k][serial.data[k]]++;
  }
  expect_even (counts[0], 1, 127, serials);
  for (guint k = 1; k < SERIAL_BYTES; k++)
    expect_even (counts[k], 0, 256, serials);
  authority_free (authority);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("ca serials");
  TCase *all = tcase_create ("serials");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_set_timeout (all, 120);
  tcase_add_checked_fixture (all, setup, teardown);
  tcase_add_test (all, test_ten_thousand_serials_are_random_and_differ);
  suite_add_tcase (suite, all);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}

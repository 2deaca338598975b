/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which reason of RFC 5280 a revocation list gives for what stands in the ledger.
 */
#include "station/crl-publisher.h"

#include <check.h>

static const struct {
  const char *reason;
  guint8 code;
} cases[] = {
  { "key-compromise", 1 },
  { "keyCompromise", 1 },
  { "Key Compromise: found in a forum", 1 },
  { "duplicate-key", 1 },
  { "rsa-shared-prime", 1 },
  { "affiliation-changed", 3 },
  { "superseded", 4 },
  { "key-lost", 4 },
  { "cessation-of-operation", 5 },
  { "scrapped after the burn-in", 5 },
  { "privilege_withdrawn", 9 },
  /* near twins: other text is no reason */
  { "", 0 },
  { "key", 0 },
  { "the key-compromise of last week", 0 },
  { "key: compromise", 0 },
  { "certificateHold", 0 },
  { "removeFromCRL", 0 },
  { "cACompromise", 0 },
  { "\xc3\xa9superseded", 0 },
  { "keycompromis", 0 },
};

START_TEST (a_reason_has_its_code)
{
  ck_assert_msg (crl_reason_of (cases[_i].reason) == cases[_i].code, "'%s': %u, not %u",
                 cases[_i].reason, crl_reason_of (cases[_i].reason), cases[_i].code);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("station-crl-reason");
  TCase *tests = tcase_create ("reasons");
  SRunner *runner = srunner_create (suite);

  tcase_add_loop_test (tests, a_reason_has_its_code, 0, G_N_ELEMENTS (cases));
  suite_add_tcase (suite, tests);
  srunner_run_all (runner, CK_NORMAL);
  const int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? 0 : 1;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Every error has a word and a sentence of its own, and every method a role.
 */
#include <check.h>
#include <gio/gio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ca/error.h"
#include "db/ledger.h"
#include "drivers/driver.h"
#include "station/error.h"
#include "station/reason.h"
#include "station/roles.h"
#include "station/station-api.h"
#include "station/step.h"

/* A word in lower case with dashes, and a sentence that an operator can read. */
static void
assert_reason (GQuark domain, int code)
{
  g_autoptr (GError) error = g_error_new_literal (domain, code, "detail");
  const char *word = reason_word (error);
  const char *text = reason_operator_text (word);

  ck_assert_ptr_nonnull (word);
  ck_assert_uint_eq (strspn (word, "abcdefghijklmnopqrstuvwxyz0123456789-"), strlen (word));
  ck_assert_msg (strlen (text) > 20 && g_str_has_suffix (text, "."), "%s: \"%s\"", word, text);
}

START_TEST (every_error_has_a_word_and_a_sentence)
{
  for (int code = 0; code <= DRIVER_ERROR_INTERNAL; code++)
    assert_reason (DRIVER_ERROR, code);
  for (int code = 0; code <= CA_ERROR_INTERNAL; code++)
    assert_reason (CA_ERROR, code);
  for (int code = 0; code <= LEDGER_ERROR_INVALID; code++)
    assert_reason (LEDGER_ERROR, code);
  for (int code = 0; code < N_STATION_ERRORS; code++)
    assert_reason (STATION_ERROR, code);
}
END_TEST

START_TEST (the_operator_is_told_what_to_do_with_the_unit)
{
  ck_assert_str_eq (reason_operator_text ("already-done"),
                    "This unit already has its identity. Put it with the finished ones.");
  ck_assert_str_eq (reason_operator_text ("rsa-too-small"),
                    ca_error_operator_text (CA_ERROR_RSA_TOO_SMALL));
  ck_assert (strstr (reason_operator_text ("unplugged"), "Put it in again") != NULL);
  ck_assert (strstr (reason_operator_text ("no such word"), "engineer") != NULL);
  ck_assert (strstr (reason_operator_text (NULL), "engineer") != NULL);
}
END_TEST

START_TEST (every_step_has_its_own_word)
{
  for (guint a = 0; a < N_STEPS; a++)
    for (guint b = 0; b < a; b++)
      ck_assert_str_ne (step_word ((Step)a), step_word ((Step)b));
}
END_TEST

static Role
role_of_call (const char *method, const char *second)
{
  g_autoptr (GVariant) parameters = g_variant_ref_sink (g_variant_new ("(ss)", "B", second));

  return role_for_call (method, parameters);
}

START_TEST (every_method_of_the_api_has_its_role)
{
  GDBusInterfaceInfo *info = api_station1_interface_info ();

  ck_assert_ptr_nonnull (info->methods);
  for (guint i = 0; info->methods[i] != NULL; i++)
    ck_assert_msg (role_knows_method (info->methods[i]->name), "%s", info->methods[i]->name);
  ck_assert_int_eq (role_of_call ("SomethingNew", "x"), ROLE_SUPERVISOR);
  ck_assert_int_eq (role_of_call ("ListSlots", "x"), ROLE_AUDITOR);
  ck_assert_int_eq (role_of_call ("SetBatchState", "running"), ROLE_OPERATOR);
  ck_assert_int_eq (role_of_call ("SetBatchState", "paused"), ROLE_SUPERVISOR);
  ck_assert_int_eq (role_of_call ("SetBatchState", "closed"), ROLE_SUPERVISOR);
  ck_assert_int_eq (role_of_call ("SetBatchState", "nonsense"), ROLE_SUPERVISOR);
}
END_TEST

START_TEST (roles_come_from_groups)
{
  Config config = { .operator_group = (char *)"tty",
                    .supervisor_group = (char *)"no-such-group",
                    .auditor_group = (char *)"nogroup" };
  const uid_t nobody = 65534, stranger = 54321;

  ck_assert_int_eq (role_of_peer (&config, 0, 0), ROLE_SUPERVISOR);
  ck_assert_int_eq (role_of_peer (&config, getuid (), getgid ()), ROLE_SUPERVISOR);
  ck_assert_int_eq (role_of_peer (&config, nobody, 65534), ROLE_AUDITOR);
  ck_assert_int_eq (role_of_peer (&config, stranger, 5), ROLE_OPERATOR); /* tty, on every Debian */
  ck_assert_int_eq (role_of_peer (&config, stranger, 54321), ROLE_NONE);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("station-reason");
  TCase *cases = tcase_create ("all");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_add_test (cases, every_error_has_a_word_and_a_sentence);
  tcase_add_test (cases, the_operator_is_told_what_to_do_with_the_unit);
  tcase_add_test (cases, every_step_has_its_own_word);
  tcase_add_test (cases, every_method_of_the_api_has_its_role);
  tcase_add_test (cases, roles_come_from_groups);
  suite_add_tcase (suite, cases);
  srunner_run_all (runner, CK_ENV);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
